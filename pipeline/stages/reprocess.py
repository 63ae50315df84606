"""What was done once is done again, by today's rules: an operator chooses, the line does it.

Nothing is done here but choosing rows and making them due in a run of their own; the ordinary
stages then find them. Pages are read from their stored bodies where these are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Row

from pipeline.articles.refusals import ALL as REFUSALS
from pipeline.context import Context
from pipeline.errors import UsageError
from pipeline.io.store import bodies, ledger, redo, stories
from pipeline.io.store.quarantine import DROPPED
from pipeline.io.store.redo import Chosen
from pipeline.records import PageId, StoryId
from pipeline.stages.extract import EXTRACTOR_VERSION
from pipeline.stages.score import CLUSTER_VERSION, SCORE_VERSION
from pipeline.stages.write import WRITER_VERSION

#: Stage -> the component whose versions its rows carry, and today's.
COMPONENTS: Final[Mapping[str, tuple[str, int]]] = {
    "extract": ("extractor", EXTRACTOR_VERSION),
    "cluster": ("cluster", CLUSTER_VERSION),
    "score": ("score", SCORE_VERSION),
    "write": ("writer", WRITER_VERSION),
}
WHAT: Final = ("missing", "failed", "all")
#: Why a page that was had, or that nobody may have, is skipped: no failure.
_LASTING: Final = frozenset({*REFUSALS, redo.BY_RULE, "robots-disallowed", DROPPED, "blocked"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be done again."""

    stage: str
    #: Pages to be read from their stored bodies, and those to be fetched.
    stored: tuple[PageId, ...] = ()
    fetched: tuple[PageId, ...] = ()
    hosts: int = 0
    #: Chosen, but not done, by reason.
    left: Counter[str] = field(default_factory=Counter)
    story_ids: tuple[StoryId, ...] = ()

    @property
    def size(self) -> int:
        """How many pages or stories it is."""
        return len(self.stored) + len(self.fetched) + len(self.story_ids)

    def counts(self) -> dict[str, Any]:
        """Return its counts, by name."""
        if self.stage != "extract":
            return {"stories": len(self.story_ids)}
        return {
            "pages": self.size,
            "from_stored_bodies": len(self.stored),
            "to_be_fetched": len(self.fetched),
            "hosts_asked": self.hosts,
            "left": dict(sorted(self.left.items())),
        }


def plan(ctx: Context, stage: str, chosen: Chosen, *, what: str, fetch: bool) -> Plan:
    """Return what an operator's choice comes to. Raise UsageError for a story that is not.

    `what`: pages that hold no article (``missing``), pages that could not be had or read
    (``failed``), or ``all``. Without `fetch` pages whose bodies are not kept are left alone.
    """
    with ctx.store.read() as tx:
        if chosen.story is not None and chosen.story not in stories.fates_of(tx, [chosen.story]):
            raise UsageError(f"story {chosen.story}: there is none; see `newsloom stories list`")
        if stage != "extract":
            found = redo.stories_chosen(tx, chosen, stage, list(ctx.catalogue.sites))
            return Plan(stage=stage, story_ids=tuple(found))
        rows = [row for row in redo.pages_chosen(tx, chosen) if _is_meant(row, what)]
    kept = [row for row in rows if row.kept]
    asked = [row for row in rows if not row.kept] if fetch else []
    return Plan(
        stage=stage,
        stored=tuple(PageId(row.id) for row in kept),
        fetched=tuple(PageId(row.id) for row in asked),
        hosts=len({row.host for row in asked}),
        left=+Counter({"body not kept": len(rows) - len(kept) - len(asked)}),
    )


def _is_meant(row: Row[Any], what: str) -> bool:
    """Say whether a page is one of those an operator speaks of."""
    if what == "all":
        return True
    if what == "missing":
        return row.article_id is None
    if row.quarantined or (row.state == "pending" and row.failures):
        return True
    reason = (row.last_error or "").partition(":")[0]
    return bool(row.state == "skipped" and reason and reason not in _LASTING)


def begin(ctx: Context, planned: Plan) -> int:
    """Make the rows of a plan due in a run of their own; return the run's id."""
    now = ctx.clock()
    deadline = now + ctx.settings.tick_deadline
    with ctx.store.write() as tx:
        if planned.stage == "write":
            redo.make_documents_due(tx, list(ctx.catalogue.sites), planned.story_ids)
            return ledger.add_ended(tx, "reprocess", now=now)
        kind = "regroup" if planned.stage == "cluster" else "reprocess"
        run_id = redo.open_run(tx, kind, now=now, deadline=deadline)
        if planned.stage == "extract":
            for ids, read_from in ((planned.stored, bodies.STORED), (planned.fetched, bodies.WEB)):
                redo.make_pages_due(tx, run_id, ids, read_from=read_from, now=now)
        else:
            leads_only = planned.stage == "score"
            redo.make_articles_due(tx, run_id, planned.story_ids, leads_only=leads_only)
    return run_id


def left_over(ctx: Context, planned: Plan) -> int:
    """Count the pages of a plan that a run's deadline left, and that could be read now."""
    ids: Collection[PageId] = (*planned.stored, *planned.fetched)
    with ctx.store.read() as tx:
        return redo.still_due(tx, ids, now=ctx.clock())
