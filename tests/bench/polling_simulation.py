"""When sources are polled: our rules beside those of others, on a simulated clock.

    python -m tests.bench.polling_simulation [--sources 10000] [--days 30] [--seed 1]

The world is the same for all: sources of known rhythm, from several hundred entries a day to none,
each showing its newest 10 to 50. Ten days are for learning, the rest is measured. A delay is the
time from an entry's publication to the poll that shows it; an entry is missed when it has left the
feed before any poll. Ours is `next_poll` itself, with the settings' `poll_eagerness`. Others:

- fixed: every 60 minutes;
- miniflux's entry frequency: a week divided by the entries of the last week, 5 minutes to 24 hours;
- CommaFeed's empirical interval: half the mean gap, 5 minutes to 4 hours; nothing for 7, 14 or 30
  days: a quarter, a half, all of the longest.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table

from pipeline.feeds.schedule import PollKind, PollOutcome, next_poll
from pipeline.records import PollState

_START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
_LEARNING_DAYS = 10
_WEEK = 7 * 24.0


@dataclass(frozen=True, slots=True)
class World:
    """One source: when its entries come, in hours, and how many of them it shows."""

    times: list[float]
    shows: int


#: (hour, entries new at this poll, entries shown before, times of all shown) -> hour of the next.
Policy = Callable[[float, int, int, Sequence[float]], float]


def worlds(count: int, days: float, seed: int) -> Iterator[World]:
    """Yield sources: busy (5 %), newsrooms and desks (50 %), columns (20 %), blogs, odd ones."""
    for number in range(count):
        yield _world(random.Random(seed * 1_000_003 + number), days * 24)


def _world(rng: random.Random, end: float) -> World:
    kind, peak = rng.random(), rng.uniform(0, 24)
    for share, rates, depth, weekend, shows in _DAILY:
        if kind < share:
            rate = rng.uniform(*rates) / 24
            return World(_daily(rng, rate, end, _Day(peak, depth, weekend)), rng.randint(*shows))
    if kind < _COLUMNS:
        first = rng.uniform(0, _WEEK)
        weeks = range(math.ceil(end / _WEEK))
        return World(sorted(first + _WEEK * week + rng.gauss(0, 1.5) for week in weeks), 10)
    if kind < _AUTOMATIC:
        minute = rng.random()
        return World([minute + hour for hour in range(int(end))], 24)
    return World(_bursts(rng, end), 50) if kind < _BURSTS else World([], 10)


#: Share of the sources up to here, entries a day, depth of the day's rhythm, share of an ordinary
#: day on a weekend's, entries shown: busy feeds, newsrooms, desks, blogs.
_DAILY = (
    (0.05, (100, 400), 0.7, 1.0, (20, 50)),
    (0.30, (10, 60), 0.9, 0.5, (20, 50)),
    (0.55, (2, 10), 0.8, 1.0, (10, 30)),
    (0.70, (0.1, 1), 0.0, 1.0, (10, 10)),
)
#: Weekly columns, an entry every hour, bursts; what is left is dead.
_COLUMNS, _AUTOMATIC, _BURSTS = 0.90, 0.93, 0.96
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class _Day:
    """How a day's entries are spread: when most come, how unevenly, and how many at weekends."""

    peak: float
    depth: float
    weekend: float

    def level(self, hour: float) -> float:
        """Return the rate at an hour, 1 on average."""
        level = 1 + self.depth * math.cos((hour - self.peak) * math.pi / 12)
        return level * (self.weekend if int(hour // 24) % 7 >= _SATURDAY else 1.0)


def _daily(rng: random.Random, rate: float, end: float, day: _Day) -> list[float]:
    """Return the times of a Poisson process of `rate` an hour that rises and falls with the day."""
    times, now, most = [], 0.0, 1 + day.depth
    while (now := now + rng.expovariate(rate * most)) < end:
        if rng.random() * most < day.level(now):
            times.append(now)
    return times


def _bursts(rng: random.Random, end: float) -> list[float]:
    """Return many entries within an hour, now and then."""
    times: list[float] = []
    now = 0.0
    while (now := now + rng.expovariate(1 / 40)) < end - 2:
        times += (now + rng.random() for _ in range(rng.randint(15, 40)))
    return sorted(times)


def fixed(_rng: random.Random) -> Policy:
    """Poll once an hour."""
    return lambda now, _new, _known, _shown: now + 1.0


def miniflux(_rng: random.Random) -> Policy:
    """Poll as often as entries came in the last week."""
    stored: list[float] = []

    def poll(now: float, new: int, _known: int, shown: Sequence[float]) -> float:
        nonlocal stored
        stored = [one for one in [*stored, *shown[len(shown) - new :]] if one > now - _WEEK]
        return now + min(max(_WEEK / max(len(stored), 1), 5 / 60), 24.0)

    return poll


def commafeed(_rng: random.Random) -> Policy:
    """Poll twice in each mean gap."""
    longest = 4.0

    def poll(now: float, _new: int, _known: int, shown: Sequence[float]) -> float:
        if len(shown) <= 1:
            return now + longest
        idle = now - shown[-1]
        for days, share in ((30, 1.0), (14, 0.5), (7, 0.25)):
            if idle > days * 24:
                return now + longest * share
        gap = (shown[-1] - shown[0]) / (len(shown) - 1)
        return now + min(max(gap / 2, 5 / 60), longest)

    return poll


def ours(eagerness: float) -> Callable[[random.Random], Policy]:
    """Poll by `next_poll`."""

    def make(rng: random.Random) -> Policy:
        state = PollState()

        def poll(now: float, new: int, known: int, shown: Sequence[float]) -> float:
            nonlocal state
            fresh = tuple(_moment(one) for one in shown[len(shown) - new :])
            outcome = PollOutcome(
                kind=PollKind.SUCCESS if new else PollKind.NOT_MODIFIED,
                published=tuple(map(_moment, shown)) if state.last_success_at is None else (),
                new=fresh,
                known=known,
            )
            state, _ = next_poll(
                state,
                outcome,
                now=_moment(now),
                override=None,
                default=timedelta(minutes=30),
                jitter=rng.random(),
                eagerness=eagerness,
            )
            assert state.next_fetch_at is not None
            return (state.next_fetch_at - _START).total_seconds() / 3600

        return poll

    return make


def _moment(hours: float) -> datetime:
    return _START + timedelta(hours=hours)


@dataclass(slots=True)
class Score:
    """What a policy cost and brought."""

    polls: int
    delays: list[float]
    missed: int


def simulate(world: World, policy: Policy, end: float, rng: random.Random, score: Score) -> None:
    """Poll one source until `end` and add to the score what came after the days of learning."""
    begin = _LEARNING_DAYS * 24.0
    now, seen = rng.random(), 0
    first = True
    while now < end:
        newest = bisect_right(world.times, now)
        oldest = max(0, newest - world.shows)
        fresh = max(seen, oldest)
        if now >= begin and not first:
            score.polls += 1
            score.missed += sum(one >= begin for one in world.times[seen:oldest])
            score.delays += (now - one for one in world.times[fresh:newest] if one >= begin)
        now = policy(now, newest - fresh, fresh - oldest, world.times[oldest:newest])
        seen, first = newest, False


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--eagerness", type=float, nargs="*", default=[0.6, 1.0, 1.2, 2.0])
    given = parser.parse_args()
    policies = {
        "fixed 60 min": fixed,
        "miniflux": miniflux,
        "CommaFeed": commafeed,
        **{f"newsloom, eagerness {value:g}": ours(value) for value in given.eagerness},
    }
    scores = {name: Score(0, [], 0) for name in policies}
    end = (given.days + _LEARNING_DAYS) * 24.0
    for number, world in enumerate(worlds(given.sources, given.days + _LEARNING_DAYS, given.seed)):
        for name, make in policies.items():
            rng = random.Random(number)
            simulate(world, make(rng), end, rng, scores[name])
    _print(scores)


def _print(scores: dict[str, Score]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in (
        "rules", "polls per entry", "median min", "mean min", "95 % min", "worst h", "missed %",
    ):  # fmt: skip
        table.add_column(column, justify="right")
    for name, score in scores.items():
        delays = sorted(score.delays)
        found = len(delays)
        table.add_row(
            name,
            f"{score.polls / found:.3f}",
            f"{60 * delays[found // 2]:.1f}",
            f"{60 * statistics.fmean(delays):.1f}",
            f"{60 * delays[int(0.95 * found)]:.1f}",
            f"{delays[-1]:.1f}",
            f"{100 * score.missed / (found + score.missed):.3f}",
        )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
