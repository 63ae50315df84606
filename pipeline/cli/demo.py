"""`newsloom demo`: the whole line on the recorded web, offline, beside the golden documents."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr
from rich.table import Table

from config.load import load_catalogue
from config.settings import Settings
from pipeline import line
from pipeline.cli.common import SOME_FAILED, AsJson, out, print_json
from pipeline.cli.report import as_json, print_summary, watched
from pipeline.context import Context, FixedClock, open_context
from pipeline.errors import UsageError
from pipeline.io.recorded import RecordedWeb
from pipeline.io.store import documents, sources, stories
from pipeline.outcomes import Tally
from pipeline.seedfile.secured import DEMO_MASTER_KEY

#: The repository's folder of the reference set; the demo runs from a clone.
SEEDS = Path(__file__).parents[2] / "seeds"
#: The two rounds: between them one page of the recorded web is corrected.
ROUNDS = (
    datetime(2020, 1, 23, 17, 0, tzinfo=UTC),
    datetime(2020, 1, 23, 20, 0, tzinfo=UTC),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How the files of a run differ from the golden documents."""

    equal: tuple[str, ...]
    different: tuple[str, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Say whether nothing differs."""
        return not (self.different or self.missing or self.extra)


def demo(
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Write into this folder and leave it there.")
    ] = None,
    json_: AsJson = False,
) -> None:
    """Run the whole line on the recorded web and compare what it writes with the golden documents.

    Needs no network and changes nothing in the repository. Example: newsloom demo --keep /tmp/demo
    """
    if not (SEEDS / "web").is_dir():
        raise UsageError(f"{SEEDS}: not there; run the demo from a clone of the repository")
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        raise typer.Exit(_demo(keep, json_=json_))
    with tempfile.TemporaryDirectory(prefix="newsloom-demo-") as folder:
        raise typer.Exit(_demo(Path(folder), json_=json_))


def demo_settings(home: Path) -> Settings:
    """Return the settings of a rehearsal in `home`: the published key, no waiting for hosts."""
    return Settings(
        home=home,
        catalogue=SEEDS / "catalogue",
        master_key=SecretStr(DEMO_MASTER_KEY),
        host_spacing=timedelta(0),
    )


@contextmanager
def rehearsal(
    settings: Settings, moment: datetime, tally: Tally | None = None
) -> Iterator[Context]:
    """Open a Context whose web is the recorded one and whose clock stands at `moment`."""
    clock = FixedClock(moment)
    web = RecordedWeb(SEEDS / "web", clock=clock)
    with open_context(
        settings,
        load_catalogue(settings.catalogue),
        transport=web,
        resolve=web.resolve,
        clock=clock,
        tally=tally,
    ) as ctx:
        with ctx.store.write() as tx:
            sources.apply_sync(tx, ctx.catalogue.sources, now=moment)
        yield ctx


def run_rounds(
    settings: Settings, tally: Tally, rounds: Sequence[datetime] = ROUNDS
) -> list[dict[str, Any]]:
    """Run the rounds on the recorded web; return the stories they end with, for the table."""
    for moment in rounds:
        with rehearsal(settings, moment, tally) as ctx:
            line.run(ctx)
            with ctx.store.read() as tx:
                found = stories.story_rows(tx)
                paths = {row.story_id: row.path for row in documents.documents_of(tx, _SITE)}
    return [
        {
            "story": row.id,
            "heat": row.heat,
            "articles": row.members,
            "title": row.title,
            "provider": row.provider_name,
            "file": paths.get(row.id),
        }
        for row in found
    ]


#: The one site of the reference catalogue.
_SITE = "ai"


def _demo(home: Path, *, json_: bool) -> int:
    """Run, show and compare; return the exit code."""
    with watched() as tally:
        shown = run_rounds(demo_settings(home), tally)
    compared = compare(home / "out" / "_news", SEEDS / "_news")
    if json_:
        print_json({**as_json(tally), "stories": shown, "golden": asdict(compared)})
    else:
        _print(shown, compared, tally)
    return 0 if compared.agrees and not tally.failed else SOME_FAILED


def compare(written: Path, golden: Path) -> Compared:
    """Compare two folders of documents byte for byte, the secured line aside.

    That line of the user's own example was made with a key we do not have; ours must open.
    """
    ours = {path.name: path.read_bytes() for path in sorted(written.glob("*.md"))}
    theirs = {path.name: path.read_bytes() for path in sorted(golden.glob("*.md"))}
    both = sorted(ours.keys() & theirs.keys())
    equal = [name for name in both if _open_part(ours[name]) == _open_part(theirs[name])]
    return Compared(
        equal=tuple(equal),
        different=tuple(name for name in both if name not in equal),
        missing=tuple(sorted(theirs.keys() - ours.keys())),
        extra=tuple(sorted(ours.keys() - theirs.keys())),
    )


def _open_part(data: bytes) -> list[bytes]:
    """Return the lines of a document without the secured one, whose form is still checked."""
    lines = data.split(b"\n")
    secured = [number for number, line_ in enumerate(lines) if line_.startswith(b"secured: ")]
    return [line_ for number, line_ in enumerate(lines) if number not in secured[-1:]]


def _print(shown: list[dict[str, Any]], compared: Compared, tally: Tally) -> None:
    """Print the stories, what was written, and how it compares."""
    table = Table(box=None, pad_edge=False)
    for column in ("heat", "articles", "lead", "file"):
        table.add_column(column)
    for row in shown:
        lead = f"{row['title']} ({row['provider']})"
        table.add_row(
            str(row["heat"]), str(row["articles"]), lead, row["file"] or "- (other topic)"
        )
    out.print(table)
    print_summary(tally)
    for word in ("different", "missing", "extra"):
        for name in getattr(compared, word):
            out.print(f"{word}: {name}")
    total = len(compared.equal) + len(compared.different) + len(compared.missing)
    out.print(f"golden documents: {len(compared.equal)} of {total} equal")
