"""Several programs kept running side by side, their lines in one stream, until they are to end."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from workers.compose import Service

#: Seconds between the end of a program and its next start.
_PAUSE = 1.0
#: Seconds; a program that ran for so long had started well, and its earlier deaths are forgotten.
_STARTED_WELL = 30.0
#: Bytes; a longer line comes in pieces.
_LINE = 1 << 20

#: Seconds for what a dead program's pipe still holds.
_LAST_WORDS = 5.0
#: What a shell reports where there is no such program.
_NO_PROGRAM = 127

Say = Callable[[str, str], None]


async def keep(
    services: Sequence[Service], environs: Mapping[str, Mapping[str, str]], *, home: Path, say: Say
) -> bool:
    """Run services in `home` until SIGINT or SIGTERM; return whether all was well.

    Each starts, in its environment, once those it waits for are done, and again when it dies; one
    that dies for good ends all. `say` is given the name of a service and a line of it.
    """
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    done = {service.name: asyncio.Event() for service in services}
    kept = [_Kept(service, environs[service.name], home, say) for service in services]
    living = {asyncio.create_task(one.live(done)) for one in kept}
    asking = asyncio.create_task(asked.wait())
    try:
        while living and not asked.is_set():
            ended, _ = await asyncio.wait({*living, asking}, return_when=asyncio.FIRST_COMPLETED)
            living -= ended
            if not all(task.result() for task in ended):
                return False
    finally:
        for task in (*living, asking):
            task.cancel()
        await asyncio.gather(*living, asking, return_exceptions=True)
        # Beat and workers do not wait for each other's end: what a worker leaves behind is taken
        # up at the next start.
        await asyncio.gather(*(one.end() for one in kept))
    return True


class _Kept:
    """A service and its process."""

    def __init__(self, service: Service, environ: Mapping[str, str], home: Path, say: Say) -> None:
        self._service = service
        self._environ = environ
        self._home = home
        self._say = say
        self._process: Process | None = None
        self._pump: asyncio.Task[None] | None = None

    async def live(self, done: Mapping[str, asyncio.Event]) -> bool:
        """Run it as often as it may be; return False when it is dead for good."""
        name = self._service.name
        for other in self._service.waits_for:
            if other in done:
                await done[other].wait()
        tries = self._service.tries
        now = asyncio.get_running_loop().time
        while True:
            started = now()
            code = await self._run()
            if code == 0 and not self._service.is_lasting:
                done[name].set()
                return True
            tries = self._service.tries if now() - started > _STARTED_WELL else tries
            tries -= 1
            if not tries:
                self._tell(f"{name} ended with code {code} and is given up")
                return False
            self._tell(f"{name} ended with code {code}; starting it again")
            await asyncio.sleep(_PAUSE)

    async def end(self) -> None:
        """End it as a container is ended: SIGTERM, its time to end, SIGKILL for what is left."""
        if self._process is None:
            return
        name = self._service.name
        if self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), self._service.grace)
            except TimeoutError:
                self._tell(f"{name} did not end within {self._service.grace:g} s; killed")
        self._tell(f"{name} ended with code {await self._bury(self._process)}")

    async def _run(self) -> int:
        """Run it once; return its exit code."""
        name, argv = self._service.name, self._service.argv
        try:
            self._process = await asyncio.create_subprocess_exec(
                *argv,
                cwd=self._home,
                env=dict(self._environ),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=PIPE,
                stderr=STDOUT,
                limit=_LINE,
                # Ctrl-C is for us alone: we end all of them in order.
                start_new_session=True,
            )
        except OSError as error:
            self._say(name, f"{argv[0]}: {error.strerror}")
            return _NO_PROGRAM
        self._pump = asyncio.create_task(self._pass_on(self._process))
        self._tell(f"{name} started, process {self._process.pid}")
        await self._process.wait()
        code = await self._bury(self._process)
        self._process = None
        return code

    async def _bury(self, process: Process) -> int:
        """Kill what a program left running, hear its last words; return its exit code."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        code = await process.wait()
        if self._pump is not None:
            await asyncio.wait({self._pump}, timeout=_LAST_WORDS)
        return code

    async def _pass_on(self, process: Process) -> None:
        """Pass on line by line what it says."""
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:
                continue  # longer than the buffer, which is empty again
            if not line:
                return
            self._say(self._service.name, line.decode("utf-8", "replace").rstrip())

    def _tell(self, words: str) -> None:
        """Say something of our own."""
        self._say("dev", words)
