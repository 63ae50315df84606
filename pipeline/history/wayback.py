"""Pure: old articles by the snapshots of a feed that the Wayback Machine kept.

Its index (the CDX server) lists when the feed was kept; a snapshot shows as many entries as the
feed did. So snapshots are read from the end of the span backwards, each time the earliest that was
taken when the oldest entry known was still new: no more than are needed, and where there is none,
a gap that is told.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from urllib.parse import unquote_plus, urlencode

from pipeline.entries import content_hash
from pipeline.history.chain import read_moment, read_object
from pipeline.history.lookup import Answer, Ask, Coverage, Estimate, Look, Missing, Place, Span
from pipeline.history.pruning import found, pending, within
from pipeline.records import Entry, Media
from pipeline.urls import resolve

WAYBACK = "https://web.archive.org"
_INDEX, _SNAPSHOT = "index", "snapshot"
#: Lines of the index that are asked for at a time: a memo of 15 kB.
_ROWS = 1_000
#: Entries of the span's last days stand in snapshots taken later, of a slow feed much later.
_TAIL = timedelta(days=30)
#: How far a snapshot is taken to reach whose entries have no dates.
_UNDATED = timedelta(hours=6)
#: A tenth of the entries may be older than what the feed shows without a break: pinned ones are.
_PINNED = 10
#: What a feed is taken to hold while no snapshot was read: a day, as feeds of news do.
_USUAL_LENGTH = timedelta(days=1)
#: Gaps that an estimate names.
_NAMED_GAPS = 3
#: Nothing was on the Web, or could be kept, outside of these.
_FIRST, _LAST = datetime(1990, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
_LONGEST = timedelta(days=365 * 50)
_STAMP = "%Y%m%d%H%M%S"
_DIGITS = re.compile(r"[0-9]{14}")
#: An address within the archive: its snapshot's time with how it is to be shown, then the original.
_ARCHIVED = re.compile(r"/web/[0-9]{1,14}(?:[a-z]{2}_)?/(https?:/+)?(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Where the walk backwards stands: what a snapshot's memo carries."""

    at: datetime
    #: Snapshots taken before, in the order of time.
    left: tuple[datetime, ...] = ()
    #: As far back as the entries go without a break, and as far as they are to go.
    known: datetime
    floor: datetime
    #: How long a stretch the last snapshot showed; None before the first.
    length: timedelta | None = None

    def memo(self) -> str:
        """Write it down."""
        said = {
            "at": f"{self.at:{_STAMP}}",
            "left": " ".join(f"{one:{_STAMP}}" for one in self.left),
            "known": self.known.isoformat(),
            "floor": self.floor.isoformat(),
            "length": self.length.total_seconds() if self.length else 0,
        }
        return json.dumps({name: value for name, value in said.items() if value})

    def back(self) -> Walk | None:
        """Return the next snapshot: the earliest that shows what is known last, else the latest.

        None when it has gone far enough, or when there is none.
        """
        if not self.left or self.known <= self.floor:
            return None
        place = min(bisect_left(self.left, self.known), len(self.left) - 1)
        return replace(self, at=self.left[place], left=self.left[:place])

    @property
    def gap(self) -> str:
        """Return the time that no snapshot shows, in words; "" when it joins."""
        return f"{self.at:%F %R} to {self.known:%F %R}" if self.at < self.known else ""


class Wayback:
    """Reads a feed as the Wayback Machine kept it."""

    name = "wayback"

    def __init__(self, base_url: str = WAYBACK) -> None:
        """Ask the archive at `base_url`."""
        self._base = base_url.rstrip("/")

    def begin(self, place: Place, span: Span) -> tuple[Ask, ...]:
        """Return the index of the feed's snapshots."""
        return self._index(place, span)

    def read(self, answer: Answer | Missing, place: Place, span: Span) -> Look:
        """Choose snapshots by the index, and take the entries of a snapshot."""
        if answer.ask.role == _INDEX:
            return self._chosen(answer, place, span)
        walk = _read_walk(answer.ask.memo)
        if walk is None:
            return Look(note=f"{answer.ask.url}: no snapshot that was chosen")
        if isinstance(answer, Missing) or answer.feed is None:
            told = answer.reason if isinstance(answer, Missing) else "not a feed"
            return self._on(walk, place, Look(note=f"{answer.ask.url}: {told}"))
        entries = [self._original(entry, place) for entry in answer.feed.entries]
        kept, outside = within(entries, span)
        reach = _reach(entries, walk.at)
        walk = replace(walk, known=min(reach, walk.known), length=walk.at - reach)
        look = Look(entries=kept, skipped=(*answer.feed.skipped, *outside))
        return self._on(walk, place, look)

    def estimate(
        self, seen: Sequence[tuple[Ask, Look]], place: Place, span: Span
    ) -> Estimate | None:
        """Judge by when the feed was kept and by how much it shows at a time."""
        _ = place, span
        asks = {ask.url: ask for ask, _ in seen} | {
            ask.url: ask for _, lk in seen for ask in lk.asks
        }
        walks = {url: walk for url, ask in asks.items() if (walk := _read_walk(ask.memo))}
        if not walks:
            return None
        done = {ask.url for ask, _ in seen}
        lengths = [walk.length.total_seconds() for walk in walks.values() if walk.length]
        length = timedelta(seconds=median(lengths)) if lengths else _USUAL_LENGTH
        ahead = [walk for url, walk in walks.items() if url not in done]
        steps = [step for walk in ahead for step in _walked(walk, length)]
        gaps = [look.note for _, look in seen if look.note]
        gaps += [f"nothing was kept from {step.gap}" for step in steps if step.gap]
        read = sum(1 for ask, look in seen if ask.role == _SNAPSHOT and look.entries)
        kept = found(seen)
        indexes = pending(seen) - len(ahead)
        return Estimate(
            coverage=Coverage.PARTIAL,
            requests=len(seen) + len(steps) + indexes,
            entries=round(kept * (read + len(steps)) / read) if read else None,
            note=_note(len(steps) + read, gaps, is_guess=not lengths),
        )

    # --- asks ---------------------------------------------------------------------------------

    def _index(
        self, place: Place, span: Span, *, resume: str = "", floor: datetime | None = None
    ) -> tuple[Ask, ...]:
        """Return the ask for a part of the index; `floor` is where the part before it ends."""
        wanted = {
            "url": place.feed_url,
            "output": "json",
            "from": f"{span.since:{_STAMP}}",
            "to": f"{min(span.until, _LAST - _TAIL) + _TAIL:{_STAMP}}",
            "fl": "timestamp,original,digest,statuscode",
            "filter": "statuscode:200",
            "collapse": "digest",
            "limit": str(_ROWS),
            "showResumeKey": "true",
        }
        # The key comes as it is to stand in an address, encoded already.
        query = urlencode(wanted | ({"resumeKey": unquote_plus(resume)} if resume else {}))
        url = resolve("", f"{self._base}/cdx/search/cdx?{query}")
        memo = floor.isoformat() if floor else ""
        return (Ask(url=url, kind="page", role=_INDEX, memo=memo),) if url else ()

    def _snapshot(self, walk: Walk, place: Place) -> tuple[Ask, ...]:
        """Return the ask for a snapshot, as it was served: without the archive's own frame."""
        url = resolve("", f"{self._base}/web/{walk.at:{_STAMP}}id_/{place.feed_url}")
        return (Ask(url=url, kind="feed", role=_SNAPSHOT, memo=walk.memo()),) if url else ()

    def _chosen(self, answer: Answer | Missing, place: Place, span: Span) -> Look:
        """Return the first snapshot to read of a part of the index, and the next part."""
        if isinstance(answer, Missing):
            return Look(note=f"{answer.ask.url}: {answer.reason}")
        stamps, resume = _read_index(answer.body)
        if not stamps:
            return Look(note="" if answer.ask.memo else "no snapshot of this feed")
        following = self._index(place, span, resume=resume, floor=stamps[-1]) if resume else ()
        # Behind the first part of several come others, so that nothing is missing after it.
        known = min(span.until, stamps[-1]) if resume else span.until
        floor = max(span.since, read_moment(answer.ask.memo) or span.since)
        first = Walk(at=known, left=stamps, known=known, floor=floor).back()
        if first is None:
            return Look(asks=following)
        gap = f"nothing was kept from {first.gap}" if first.gap else ""
        return Look(asks=(*self._snapshot(first, place), *following), note=gap)

    def _on(self, walk: Walk, place: Place, look: Look) -> Look:
        """Go on to the next snapshot, and tell what lies between the two."""
        if walk.known <= walk.floor:
            return look
        following = walk.back()
        gap = following.gap if following else f"{walk.floor:%F %R} to {walk.known:%F %R}"
        told = (look.note, f"nothing was kept from {gap}" if gap else "")
        return replace(
            look,
            asks=self._snapshot(following, place) if following else (),
            note="; ".join(filter(None, told)),
        )

    # --- addresses ----------------------------------------------------------------------------

    def _original(self, entry: Entry, place: Place) -> Entry:
        """Return an entry with the addresses that the site itself gave."""
        url = self._unwrapped(entry.url, place)
        return replace(
            entry,
            guid=self._unwrapped(entry.guid, place) if entry.guid else "",
            url=url,
            media=tuple(self._picture(one, place) for one in entry.media),
            content_hash=content_hash(entry.title, entry.summary, url),
        )

    def _picture(self, media: Media, place: Place) -> Media:
        """Return a picture with its own address."""
        return replace(media, url=self._unwrapped(media.url, place))

    def _unwrapped(self, url: str, place: Place) -> str:
        """Return the original of an address of the archive; any other is what it is.

        Relative links were resolved against the archive: they lead nowhere there.
        """
        for base in dict.fromkeys((self._base, WAYBACK, WAYBACK.replace("https:", "http:"))):
            if url.startswith(f"{base}/"):
                path = url.removeprefix(base)
                match = _ARCHIVED.fullmatch(path)
                if match is None:
                    return resolve(place.feed_url, path) or url
                scheme = "http://" if (match[1] or "").startswith("http:") else "https://"
                return resolve("", f"{scheme}{match[2]}") or url
        return url


def _read_index(body: bytes) -> tuple[tuple[datetime, ...], str]:
    """Return when a feed was kept, in the order of time, and the key of the index' next part."""
    try:
        rows = json.loads(body)
    except (ValueError, RecursionError):
        return (), ""
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], list):
        return (), ""
    names = [str(name) for name in rows[0]]
    # The last row but one is empty where a key follows.
    is_cut = len(rows) > 2 and rows[-2] == [] and isinstance(rows[-1], list) and rows[-1]  # noqa: PLR2004 -- the header and these two
    lines = rows[1:-2] if is_cut else rows[1:]
    kept = {moment for line in lines if (moment := _kept(names, line))}
    return tuple(sorted(kept)), str(rows[-1][0]) if is_cut else ""


def _kept(names: Sequence[str], line: Any) -> datetime | None:
    """Return the time of a line of the index; None for a snapshot of an error, and for nonsense."""
    said = dict(zip(names, line, strict=False)) if isinstance(line, list) else {}
    if str(said.get("statuscode", "200")) != "200":
        return None
    return _moment(str(said.get("timestamp", "")))


def _moment(stamp: str) -> datetime | None:
    """Read the archive's fourteen digits."""
    if not _DIGITS.fullmatch(stamp):
        return None
    try:
        moment = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment if _FIRST <= moment <= _LAST else None


def _read_walk(memo: str) -> Walk | None:
    """Read what `Walk.memo` wrote, None for anything else."""
    said = read_object(memo)
    at = _moment(str(said.get("at")))
    known, floor = read_moment(said.get("known")), read_moment(said.get("floor"))
    if at is None or known is None or floor is None:
        return None
    left = sorted(filter(None, map(_moment, str(said.get("left", "")).split())))
    seconds = said.get("length")
    is_length = isinstance(seconds, int | float) and 0 < seconds < _LONGEST.total_seconds()
    length = timedelta(seconds=float(seconds or 0)) if is_length else None
    return Walk(at=at, left=tuple(left), known=known, floor=floor, length=length)


def _reach(entries: Sequence[Entry], at: datetime) -> datetime:
    """Return how far back a snapshot shows everything."""
    dates = sorted(one.published_at for one in entries if one.published_at)
    return min(dates[len(dates) // _PINNED], at) if dates else at - _UNDATED


def _walked(walk: Walk, length: timedelta) -> list[Walk]:
    """Return the snapshots that will be read if each shows as long a stretch."""
    steps: list[Walk] = []
    following: Walk | None = walk
    while following is not None:
        steps.append(following)
        following = replace(following, known=min(following.known, following.at - length)).back()
    return steps


def _note(snapshots: int, gaps: Sequence[str], *, is_guess: bool) -> str:
    """Say how complete it can be."""
    told = f"{snapshots} snapshots of the feed show what it held then"
    if is_guess:
        told += ", if it holds a day's entries"
    more = len(gaps) - _NAMED_GAPS
    named = "; ".join(gaps[:_NAMED_GAPS])
    return "; ".join(filter(None, (told, named, f"and {more} more gaps" if more > 0 else "")))
