"""Pure: how often a feed brings something new, and when to look for the next of it.

Each poll adds what it found and the time it covers to two counts that fade alike; their ratio is
the feed's rate, whatever its entries say about their own times, and a poll that finds nothing
counts as much as one that does. The interval is a power of the usual gap: polls in proportion to
the entries (the power 1 of most readers) spend nearly all on the busiest feeds, where each saves
little. For the least mean delay the power is 1/2 (the square-root law of page refreshing, Cho and
Garcia-Molina 2003); 4/5 keeps the median of busy feeds low, too (docs/polling.md has the figures).
Within a day polls are spread as the entries are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import sqrt

from pipeline.records import Rhythm

#: Bounds of what is learned: below five minutes nobody is polite, and a day is the longest.
FASTEST = timedelta(minutes=5)
SLOWEST = timedelta(hours=24)
#: Interval in hours of a feed with an entry an hour; the price of freshness (docs/polling.md).
_EFFORT = 0.5
_POWER = 0.8
#: Entries that a first look takes for the feed's rate, and how far back.
_FIRST_ENTRIES = 20
_FIRST_DAYS = 30
#: Half of what is counted fades in ten usual gaps, in two days at least and a month at most.
_FADING_GAPS = 10
_FADING_LEAST, _FADING_MOST = 48.0, 720.0
#: What a feed without any entry is taken for: a third of one, so that its gap goes on growing.
_FEWEST = 0.3
#: Share of what the feed shows that may be new at a poll on average; the rest is for bursts.
_WINDOW = 0.35
#: A poll that knows no entry halves the interval, twice at most; each that does takes a fifth back.
_HASTE_LEAST, _HASTE_BACK = 0.25, 1.2
#: Polls that the share of those without overlap is taken over, about.
_GAPS_OVER = 20
#: Hours of the day fade in two weeks; a dozen of no hour keep a few entries from making a rhythm.
_HOURS = 24
_DAY_FADING = 14 * 24.0
_EVEN = 12.0
#: So many usual gaps without news are no chance (e^-10), nor is a weekend news.
_QUIET_GAPS = 10
_QUIET_LEAST = timedelta(days=4)


def first_rhythm(published: Sequence[datetime], shown: int, now: datetime) -> Rhythm:
    """Return what a feed's own times tell at first sight: its newest entries of the last month.

    Fewer than three different times tell nothing.
    """
    recent = sorted({one for one in published if timedelta(0) <= now - one}, reverse=True)
    newest = [one for one in recent if now - one <= timedelta(days=_FIRST_DAYS)][:_FIRST_ENTRIES]
    if len(recent) < 3:  # noqa: PLR2004 -- one gap is an accident
        return Rhythm(shown=shown)
    shows_more = len(recent) > len(newest)
    month = timedelta(days=_FIRST_DAYS)
    span = month if shows_more and len(newest) < _FIRST_ENTRIES else now - newest[-1]
    rhythm = Rhythm(
        entries=float(len(newest)),
        hours=max(_hours(span), _hours(FASTEST)),
        by_hour=_with_hours((), newest, 0.0),
        shown=shown,
        last_new_at=recent[0],
    )
    return replace(rhythm, last_gap=_gap_hours(rhythm))


def learn(
    rhythm: Rhythm,
    *,
    new: Sequence[datetime],
    known: int,
    since: datetime,
    now: datetime,
) -> Rhythm:
    """Return the rhythm after a poll of a feed that was last seen at `since`.

    `new` are the times of the entries that were not there then, `known` counts the others; a poll
    that brought no feed at all (304, equal bytes) has no new ones and knows what was shown.
    """
    elapsed = _hours(now - since)
    fading = min(max(_FADING_GAPS * _gap_hours(rhythm), _FADING_LEAST), _FADING_MOST)
    kept = 0.5 ** (elapsed / fading)
    missed = bool(new) and known == 0
    counted = replace(
        rhythm,
        entries=rhythm.entries * kept + len(new),
        hours=rhythm.hours * kept + elapsed,
    )
    return replace(
        counted,
        by_hour=_with_hours(rhythm.by_hour, new, elapsed),
        shown=len(new) + known,
        haste=max(rhythm.haste / 2, _HASTE_LEAST)
        if missed
        else min(rhythm.haste * _HASTE_BACK, 1.0),
        gaps=rhythm.gaps + (missed - rhythm.gaps) / _GAPS_OVER,
        last_new_at=now if new else rhythm.last_new_at,
        last_gap=_gap_hours(counted) if new else rhythm.last_gap,
    )


def usual_gap(rhythm: Rhythm) -> timedelta:
    """Return the time between two new entries, as far as it is known."""
    return timedelta(hours=_gap_hours(rhythm))


def learned_interval(rhythm: Rhythm, eagerness: float = 1.0) -> timedelta | None:
    """Return how long to wait between two polls on average; None while nothing is known.

    With an `eagerness` of 2 it is half as long, except where the feed would roll over. A feed that
    has brought nothing yet is watched for a day first.
    """
    if not rhythm.hours or (rhythm.entries < 1 and rhythm.hours < _HOURS):
        return None
    gap = _gap_hours(rhythm)
    wait = _EFFORT / eagerness * gap**_POWER
    if rhythm.shown:
        wait = min(wait, _WINDOW * rhythm.shown * gap)
    return min(max(timedelta(hours=wait * rhythm.haste), FASTEST), SLOWEST)


def next_look(rhythm: Rhythm, interval: timedelta, now: datetime) -> datetime:
    """Return when `interval` is over, hours that bring more going faster than others.

    The polls of a whole day remain as many; at most a day is waited.
    """
    speeds = _speeds(rhythm.by_hour)
    left = _hours(interval)
    waited = 0.0
    hour, past = now.hour, (now.minute + now.second / 60) / 60
    while waited < _HOURS:
        speed, length = speeds[hour], 1.0 - past
        if left <= speed * length:
            return now + timedelta(hours=waited + left / speed)
        left -= speed * length
        waited, hour, past = waited + length, (hour + 1) % _HOURS, 0.0
    return now + SLOWEST


def is_quiet(rhythm: Rhythm, now: datetime) -> bool:
    """Say whether a feed has brought nothing for far longer than it used to."""
    if rhythm.last_new_at is None or not rhythm.last_gap:
        return False
    usual = timedelta(hours=rhythm.last_gap)
    return now - rhythm.last_new_at > max(_QUIET_GAPS * usual, _QUIET_LEAST)


def _gap_hours(rhythm: Rhythm) -> float:
    """Return the usual gap in hours."""
    return rhythm.hours / max(rhythm.entries, _FEWEST)


def _with_hours(
    by_hour: Sequence[float], new: Sequence[datetime], elapsed: float
) -> tuple[float, ...]:
    """Return the counts by hour of the day after `elapsed` hours and these entries."""
    kept = 0.5 ** (elapsed / _DAY_FADING)
    counts = [count * kept for count in by_hour] or [0.0] * _HOURS
    for one in new:
        counts[one.hour] += 1.0
    return tuple(round(count, 3) for count in counts)


def _speeds(by_hour: Sequence[float]) -> list[float]:
    """Return how fast each hour goes, 1 on average: as the root of its share of the entries."""
    if not by_hour:
        return [1.0] * _HOURS
    even = (sum(by_hour) + _EVEN) / _HOURS
    smooth = [
        (by_hour[hour] + (by_hour[hour - 1] + by_hour[(hour + 1) % _HOURS]) / 2) / 2
        for hour in range(_HOURS)
    ]
    roots = [sqrt((count + _EVEN / _HOURS) / even) for count in smooth]
    mean = sum(roots) / _HOURS
    return [root / mean for root in roots]


def _hours(length: timedelta) -> float:
    """Return a length of time in hours, none below zero."""
    return max(length.total_seconds() / 3600, 0.0)
