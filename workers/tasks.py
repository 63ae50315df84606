"""Stages, a tick, housekeeping, backfills: address labels. Ids in, a call, the next doorbells out.

A stage has committed before it returns, so nothing is rung too early; whatever is rung too late
or never, the next tick rings again.
"""

from __future__ import annotations

from pipeline import line, pastline
from pipeline.records import ArticleId, PageId, SourceId, StoryId
from pipeline.stages.alert import alert as alert_stage
from pipeline.stages.cluster import cluster as cluster_stage
from pipeline.stages.extract import extract as extract_stage
from pipeline.stages.fetch import fetch as fetch_stage
from pipeline.stages.find import find as find_stage
from pipeline.stages.housekeep import housekeep as housekeep_stage
from pipeline.stages.write import write as write_stage
from workers import ring
from workers.app import app
from workers.health import note_rung
from workers.runtime import context


@app.task(name="workers.tasks.tick")
def tick() -> None:
    """Take what is due into a tick, ring for everything that waits."""
    if note_rung(context()):
        line.open_tick(context())
        ring.everything(context())
        ring.backfills(context())
        ring.alert(context())


# A task of its own: a day's old rows may take minutes, and a tick should not wait behind them.
@app.task(name="workers.tasks.housekeep")
def housekeep() -> None:
    """Forget what nobody will ask for again, once a day."""
    housekeep_stage(context())


@app.task(name="workers.tasks.fetch")
def fetch(ids: list[SourceId]) -> None:
    """Poll sources; ring for their pages, and for the sources whose hosts were busy."""
    if line.waits(context(), "fetch", ids):
        ring.extract(context(), fetch_stage(context(), ids))
        ring.again(context(), "fetch", ids)


@app.task(name="workers.tasks.extract")
def extract(ids: list[PageId]) -> None:
    """Read pages; ring for their articles, and for the pages whose hosts were busy."""
    if line.waits(context(), "extract", ids):
        ring.cluster_at_end(context(), extract_stage(context(), ids))
        ring.again(context(), "extract", ids)


# Grouping a hundred thousand live articles anew takes many minutes; its lease is renewed meanwhile.
@app.task(name="workers.tasks.cluster", time_limit=3000, soft_time_limit=2900)
def cluster(ids: list[ArticleId]) -> None:
    """Cluster the ticks that are ready; ring for the stories that changed."""
    ring.write(context(), cluster_stage(context(), ids))
    ring.cluster_again(context())


@app.task(name="workers.tasks.find")
def find(ids: list[str]) -> None:
    """Look for old articles; ring for their pages, and for the next look-ups."""
    if line.waits(context(), "find", ids):
        ring.find(context(), find_stage(context(), ids))
        ring.backfills(context())


@app.task(name="workers.tasks.place")
def place(ids: list[int]) -> None:
    """Place what backfills have read, for a while; ring for the rest, and for the stories."""
    for number in ids:
        ring.placed(context(), number, pastline.place_some(context(), number))


# Its own task: a webhook that does not answer must not hold up a tick.
@app.task(name="workers.tasks.alert")
def alert() -> None:
    """Tell the operator's webhook what has changed."""
    alert_stage(context())


@app.task(name="workers.tasks.write")
def write(ids: list[StoryId]) -> None:
    """Write the files of stories."""
    write_stage(context(), ids)
