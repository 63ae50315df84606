"""`newsloom reprocess`: what was done by older rules, or not at all, done by today's."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal

import typer
from rich.syntax import Syntax

from pipeline import line
from pipeline.cli.common import (
    SOME_FAILED,
    AsJson,
    DryRun,
    Home,
    err,
    opened,
    out,
    print_json,
)
from pipeline.cli.report import as_json, print_summary, watched
from pipeline.context import Context
from pipeline.errors import UsageError
from pipeline.io.store.redo import Chosen
from pipeline.records import StoryId
from pipeline.stages.rehearse import FileChange, rehearse
from pipeline.stages.reprocess import COMPONENTS, Plan, begin, left_over, plan

Stage = Literal["extract", "cluster", "score", "write"]
What = Literal["missing", "failed", "all"]
Fetch = Literal["never", "missing"]


def reprocess(
    stage: Annotated[Stage, typer.Option("--stage", help="What is done again; the rest follows.")],
    home: Home = None,
    older_than: Annotated[
        str | None,
        typer.Option("--older-than", help="Only what a lower version made: extractor=3."),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Published from then on: 2026-03-01, or with T.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Published until then, that day included.")
    ] = None,
    story: Annotated[str | None, typer.Option("--story", help="Only this story.")] = None,
    provider: Annotated[
        str | None, typer.Option("--provider", help="Only what this publisher wrote.")
    ] = None,
    what: Annotated[
        What | None,
        typer.Option(
            "--what",
            help="Pages without an article, pages that failed, or all; default: all with "
            "--older-than or --story, else missing. Stages after extract know only all.",
        ),
    ] = None,
    fetch: Annotated[
        Fetch, typer.Option("--fetch", help="Whether pages whose bodies are gone are fetched.")
    ] = "missing",
    limit: Annotated[int, typer.Option("--limit", min=0, help="Differences shown.")] = 10,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Make it due, and leave it to the next run or worker.")
    ] = False,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Extract, group, score or write again what you choose, from stored pages where kept.

    Example: newsloom reprocess --stage extract --older-than extractor=3 --dry-run
    """
    chosen = Chosen(
        older_than=_version(stage, older_than),
        since=_moment("--since", since),
        until=_moment("--until", until, after=True),
        story=StoryId(story) if story else None,
        provider=provider,
    )
    meant = _meant(stage, what, chosen)
    with watched() as tally, opened(home, tally) as ctx:
        _check_times(chosen, ctx.clock())
        planned = plan(ctx, stage, chosen, what=meant, fetch=fetch == "missing")
        changes = rehearse(ctx, planned) if dry_run else []
        runs = [] if dry_run or not planned.size else _do(ctx, planned, wait=not no_wait)
    if dry_run:
        _print_rehearsal(planned, changes, limit=limit, json_=json_)
    elif runs:
        _print_done(ctx, planned, runs, json_=json_)
    else:
        _print_nothing(planned, json_=json_)
    raise typer.Exit(SOME_FAILED if tally.failed else 0)


def _version(stage: str, given: str | None) -> int | None:
    """Return the version that `--older-than COMPONENT=VERSION` names. Raise UsageError."""
    if given is None:
        return None
    component, today = COMPONENTS[stage]
    name, _, number = given.partition("=")
    if name != component or not number.isdecimal():
        raise UsageError(
            f"--older-than {given}: with --stage {stage} write {component}=N; today's is {today}"
        )
    if int(number) > today:
        raise UsageError(
            f"--older-than {given}: all would be; today's {component} has version {today}, "
            f"so {component}={today} means whatever is not up to date"
        )
    return int(number)


def _moment(option: str, given: str | None, *, after: bool = False) -> datetime | None:
    """Return the time an option names, a day's end with `after`. Raise UsageError."""
    if given is None:
        return None
    try:
        if len(given) == len("2026-03-01"):
            start = datetime.combine(date.fromisoformat(given), time(), UTC)
            return start + timedelta(days=1) if after else start
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise UsageError(
            f"{option} {given}: no date; write 2026-03-01 or 2026-03-01T06:00Z"
        ) from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _check_times(chosen: Chosen, now: datetime) -> None:
    """Raise UsageError for times that no article can have."""
    if chosen.since and chosen.since > now:
        raise UsageError(f"--since {chosen.since:%F %T}Z lies ahead; nothing is published yet")
    if chosen.since and chosen.until and chosen.since >= chosen.until:
        raise UsageError("--since is later than --until; change them over")


def _meant(stage: str, what: str | None, chosen: Chosen) -> str:
    """Return which rows are meant. Raise UsageError where that is not clear."""
    if stage == "extract":
        by_default = "all" if chosen.older_than is not None or chosen.story else "missing"
        return what or by_default
    if what not in (None, "all"):
        raise UsageError(f"--what {what} is about pages; with --stage {stage} leave it away")
    if what is None and chosen.is_everything:
        component, today = COMPONENTS[stage]
        raise UsageError(
            f"name what: --older-than {component}={today}, --since, --until, --story, --provider, "
            "or --what all"
        )
    return "all"


def _do(ctx: Context, planned: Plan, *, wait: bool) -> list[int]:
    """Make a plan's rows due and bring them to their end; return the runs it took."""
    runs = [begin(ctx, planned)]
    if not wait:
        return runs
    line.finish(ctx)
    left = left_over(ctx, planned)
    while left:  # a run ends at its deadline, so that it holds up nobody else's
        run_id = line.run(ctx, [], kind="reprocess")
        if run_id is not None:
            runs.append(run_id)
        before, left = left, left_over(ctx, planned)
        if left >= before:
            break
    return runs


def _told(planned: Plan) -> str:
    """Return a plan in one line."""
    if planned.stage != "extract":
        return f"{len(planned.story_ids)} stories"
    parts = [f"{len(planned.stored)} pages from their stored bodies"]
    if planned.fetched:
        parts.append(f"{len(planned.fetched)} to be fetched from {planned.hosts} hosts")
    parts += [f"{count} left alone: {reason}" for reason, count in sorted(planned.left.items())]
    return ", ".join(parts)


def _print_nothing(planned: Plan, *, json_: bool) -> None:
    """Say that nothing is to be done."""
    if json_:
        print_json({"run": None, "stage": planned.stage, "chosen": planned.counts()})
        return
    out.print(f"{planned.stage}: {_told(planned)}; nothing to do")


def _print_done(ctx: Context, planned: Plan, runs: list[int], *, json_: bool) -> None:
    """Report what was done, or made due."""
    if json_:
        told: dict[str, Any] = {"run": runs[0], "runs": runs, "stage": planned.stage}
        print_json(told | {"chosen": planned.counts()} | as_json(ctx.tally))
        return
    out.print(f"{planned.stage}: {_told(planned)}")
    if any(counts.due for counts in ctx.tally.stages.values()):
        print_summary(ctx.tally)
    else:
        out.print("made due; the next run, or a worker, does it")
    for run_id in runs:
        out.print(f"run {run_id}: `newsloom runs show {run_id}`")


def _print_rehearsal(planned: Plan, changes: list[FileChange], *, limit: int, json_: bool) -> None:
    """Show what would be done and which files would differ."""
    counts = {
        kind: sum(change.kind == kind for change in changes) for kind in ("created", "updated")
    }
    if json_:
        shown = [
            {"site": one.site, "path": one.path, "change": one.kind, "diff": one.diff}
            for one in changes[:limit]
        ]
        told = {"dry_run": True, "stage": planned.stage, "chosen": planned.counts()}
        print_json(told | {"files": {**counts, "shown": shown}})
        return
    for change in changes[:limit]:
        out.print(Syntax(change.diff, "diff") if out.is_terminal else change.diff, markup=False)
    if len(changes) > limit:
        out.print(f"... and {len(changes) - limit} more (--limit)")
    out.print(f"{planned.stage}: {_told(planned)}")
    if planned.fetched:
        err.print("what is to be fetched is not known before: it is not among the files")
    files = " + ".join(f"{count} {kind}" for kind, count in counts.items() if count) or "none"
    out.print(f"files that would change: {files}; nothing was changed (--dry-run)")
