"""Planning a backfill: a few look-ups a source tell by which way old articles are best found there.

Every way is tried with its first requests, at the pace of the hosts and as their robots.txt allows;
what they estimate is compared, and nothing but the plan is stored.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pipeline.context import Context
from pipeline.errors import Rejected
from pipeline.history.current import CurrentFeed
from pipeline.history.finders import finders
from pipeline.history.lookup import Answer, Ask, Coverage, Estimate, Finder, Look, Missing, Span
from pipeline.io.lookjob import Asked, read_looks
from pipeline.io.store.backfills import PlannedPart
from pipeline.outcomes import Fetched, FetchFailed
from pipeline.records import Source
from pipeline.stages.admission import admit
from pipeline.stages.find import answer_of, feeds_of, place_of, request_of
from pipeline.urls import host_of

#: The first requests of a way and two that follow from them show whether it leads anywhere.
_ROUNDS: Final = 3
#: Requests of one way in one round: an index may name hundreds.
_ASKS: Final = 3
#: Requests to one host at a time: nobody waits longer than ten spacings for a turn.
_AT_ONCE: Final = 6
#: Of an address that is told: the Wayback Machine's are three lines long.
_QUERY: Final = re.compile(r"\?[^\s?]{20,}(?=: )")
_BEST_FIRST: Final = (Coverage.COMPLETE, Coverage.PARTIAL, Coverage.UNKNOWN)


@dataclass(slots=True)
class _Trial:
    """One way tried for one source."""

    source: Source
    obeys_robots: bool
    finder: Finder
    asks: list[Ask]
    seen: list[tuple[Ask, Look]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An address that somebody wants to ask for."""

    ask: Ask
    source: Source
    obeys_robots: bool

    @property
    def url(self) -> str:
        """The address."""
        return self.ask.url

    @property
    def host(self) -> str:
        """Whose robots.txt counts."""
        return host_of(self.ask.url)


def plan_sources(
    ctx: Context, given: Sequence[tuple[Source, bool]], span: Span, *, only: str | None = None
) -> list[PlannedPart]:
    """Return for each source, given with whether it obeys robots.txt, the best way.

    `only` names the one way to try.
    """
    trials = [
        _Trial(
            source=source,
            obeys_robots=obeys,
            finder=finder,
            asks=list(finder.begin(place_of(source), span)),
        )
        for source, obeys in given
        for finder in finders(ctx.settings.wayback_url)
        if only in (None, finder.name)
    ]
    for _ in range(_ROUNDS):
        _look(ctx, trials, span)
    return [
        _best(source, [one for one in trials if one.source.id == source.id], span)
        for source, _ in given
    ]


def _look(ctx: Context, trials: Sequence[_Trial], span: Span) -> None:
    """Ask for the next few addresses of each trial, each address once, and read the answers."""
    wanted: dict[str, _Wanted] = {}
    for trial in trials:
        for ask in trial.asks[:_ASKS]:
            one = _Wanted(ask, trial.source, trial.obeys_robots)
            # A feed is asked for as one where any trial wants it so.
            if ask.url not in wanted or ask.kind == "feed":
                wanted[ask.url] = one
    answers = _answers(ctx, list(wanted.values()))
    asked = [
        (trial, Asked(finder=trial.finder, answer=answer, place=place_of(trial.source), span=span))
        for trial in trials
        for answer in (_for(answers[ask.url], ask) for ask in trial.asks[:_ASKS])
    ]
    looks = read_looks(
        ctx.children, [one for _, one in asked], wayback_url=ctx.settings.wayback_url
    )
    for trial in trials:
        del trial.asks[:_ASKS]
    for (trial, read), look in zip(asked, looks, strict=True):
        ask = read.answer.ask
        if isinstance(look, Rejected):
            look = Look(note=f"{ask.url}: {look}")  # noqa: PLW2901 -- said as a finder says it
        trial.seen.append((ask, look))
        known = {seen.url for seen, _ in trial.seen} | {after.url for after in trial.asks}
        trial.asks += [after for after in look.asks if after.url not in known]


def _for(answer: Answer | Missing, ask: Ask) -> Answer | Missing:
    """Return an answer as that to another ask for the same address."""
    if isinstance(answer, Missing):
        return Missing(ask=ask, reason=answer.reason, status=answer.status)
    return Answer(
        ask=ask,
        final_url=answer.final_url,
        body=answer.body,
        headers=answer.headers,
        feed=answer.feed if ask.kind == "feed" else None,
    )


def _answers(ctx: Context, wanted: Sequence[_Wanted]) -> dict[str, Answer | Missing]:
    """Ask for addresses, a few of a host at a time."""
    answers: dict[str, Answer | Missing] = {}
    for batch in _batches(wanted):
        admission = admit(ctx, batch, reserved=False)
        allowed = [*admission.allowed, *admission.waiting]
        for refused in (*admission.forbidden, *admission.unknown):
            reason = "robots-disallowed" if refused in admission.forbidden else "robots-unreachable"
            answers[refused.url] = Missing(ask=refused.ask, reason=reason)
        asks = [one.ask for one in allowed]
        outcomes = ctx.web.get_many(
            [request_of(one.ask, one.source, claimed=False) for one in allowed]
        )
        for ask, outcome, feed in zip(asks, outcomes, feeds_of(ctx, asks, outcomes), strict=True):
            if isinstance(outcome, Fetched):
                answers[ask.url] = answer_of(ask, outcome, feed)
                continue
            assert isinstance(outcome, FetchFailed), "an unconditional GET has no third outcome"
            answers[ask.url] = Missing(ask=ask, reason=str(outcome), status=outcome.status)
    return answers


def _batches(wanted: Iterable[_Wanted]) -> Iterator[list[_Wanted]]:
    """Yield batches with a few addresses of each host."""
    left = list(wanted)
    while left:
        of_host: Counter[str] = Counter()
        batch: list[_Wanted] = []
        later: list[_Wanted] = []
        for one in left:
            of_host[one.host] += 1
            (batch if of_host[one.host] <= _AT_ONCE else later).append(one)
        yield batch
        left = later


def _best(source: Source, trials: Sequence[_Trial], span: Span) -> PlannedPart:
    """Return the plan for one source by the most complete way that leads anywhere."""
    place = place_of(source)
    usable = [
        (trial, estimate)
        for trial in trials
        if (estimate := trial.finder.estimate(trial.seen, place, span)) is not None
    ]
    if not usable:
        return PlannedPart(
            source_id=source.id,
            feed_url=source.feed_url,
            provider=source.provider,
            method="",
            coverage=Coverage.UNKNOWN.value,
            note=_why_none(trials),
            requests={},
            entries=None,
        )
    trial, estimate = min(usable, key=lambda one: _rank(one[0].finder, one[1]))
    return PlannedPart(
        source_id=source.id,
        feed_url=source.feed_url,
        provider=source.provider,
        method=trial.finder.name,
        coverage=estimate.coverage.value,
        note=estimate.note,
        requests=_by_host(trial, estimate),
        entries=estimate.entries,
        page_hosts=dict(
            Counter(host_of(entry.url) for _, look in trial.seen for entry in look.entries)
        ),
    )


def _rank(finder: Finder, estimate: Estimate) -> tuple[bool, bool, int]:
    """Return the place of an estimate among those of a source; equal ones keep their order.

    What the feed shows now is taken before an archive only if it shows all of the span.
    """
    is_rest = finder.name == CurrentFeed.name and estimate.coverage is not Coverage.COMPLETE
    return (estimate.entries == 0, is_rest, _BEST_FIRST.index(estimate.coverage))


def _by_host(trial: _Trial, estimate: Estimate) -> Mapping[str, int]:
    """Share the estimated look-ups out among the hosts that the first ones went to."""
    seen = Counter(host_of(ask.url) for ask, _ in trial.seen)
    seen.update(host_of(ask.url) for ask in trial.asks)
    main = max(seen, key=lambda host: (seen[host], host), default="")
    made = {host: count for host, count in seen.items() if host != main}
    return {**made, main: max(estimate.requests - sum(made.values()), 1)} if main else {}


def _why_none(trials: Sequence[_Trial]) -> str:
    """Say what was tried in vain."""
    return "; ".join(
        f"{trial.finder.name}: {_last_note(trial) or 'nothing found'}" for trial in trials
    )


def _last_note(trial: _Trial) -> str:
    """Return what the finder said last, addresses without their queries."""
    said = next((look.note for _, look in reversed(trial.seen) if look.note), "")
    return _QUERY.sub("?...", said)
