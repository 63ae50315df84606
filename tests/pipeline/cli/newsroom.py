"""Two outlets whose stories an operator corrects with the program itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.context import Context
from pipeline.io.store import stories
from pipeline.records import StoryId
from pipeline.seedfile.secured import DEMO_MASTER_KEY
from pipeline.stages.write import write
from tests.config.folders import catalogue_in
from tests.pipeline.cli.conftest import Answer, Run
from tests.world import TwoOutlets

_CATALOGUE = {
    "sources": "".join(
        f'[[source]]\nid = "{name}"\nfeed = "https://{name}.example/feed.xml"\n'
        f'provider = "{name}.example"\ntitle = "{name.title()}"\n'
        for name in ("one", "two")
    ),
    "organisations": '[[organisation]]\ndomain = "one.example"\nname = "One"\nquality = 50\n'
    "logo = true\n",
    "topics": '[[topic]]\nname = "Harbour"\nkeywords = ["harbour"]\n',
    "sites": '[[site]]\nname = "all"\nout = "all"\nthreshold = 0\n',
}


class Newsroom(TwoOutlets):
    """The world of two outlets, and the command line on it."""

    def __init__(self, home: Path, run: Run) -> None:
        super().__init__(home)
        self._run = run
        catalogue_in(home / "catalogue", **_CATALOGUE)
        text = f'catalogue = "catalogue"\nmaster_key = "{DEMO_MASTER_KEY}"\n'
        (home / "newsloom.toml").write_text(text)
        self.run()

    def __call__(self, *args: str) -> Answer:
        """Run a command of `newsloom stories`."""
        return self._run(self.home, "stories", *args)

    def decide(self, *args: str) -> Any:
        """Correct something, with a reason; return what the command tells machines."""
        answer = self(*args, "--who", "anna", "--why", "it is so", "--json")
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return json.loads(answer.stdout)

    def written(self) -> None:
        """Bring the files along."""
        with self.open() as ctx:
            write(ctx, behind(ctx))

    def members(self) -> dict[str, set[str]]:
        """Return the addresses of each live story's articles, by its id."""
        with self.open() as ctx, ctx.store.read() as tx:
            ids = [StoryId(row.id) for row in stories.story_rows(tx)]
            found = stories.members_of(tx, ids)
        return {key: {article.url for article, _ in rows} for key, rows in found.items()}

    def book(self) -> Sequence[Any]:
        """Return every correction, as `corrections --json` tells of it."""
        return [json.loads(line) for line in self("corrections", "--json").stdout.splitlines()]


def behind(ctx: Context) -> list[StoryId]:
    """Return the stories whose files are behind."""
    with ctx.store.read() as tx:
        return list(stories.unwritten(tx, ctx.catalogue.sites))
