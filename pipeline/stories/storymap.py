"""Pure: live stories -> a picture of them over time, as SVG.

A row is a story, from its first article to its last: the lead is a full dot, related articles are
lighter ones, copies are rings. Articles that stand alone are strokes at the bottom.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Final

from pipeline.plaintext import clean_line
from pipeline.records import ArticleId

#: Pixels.
_WIDTH: Final = 1200
_MARGIN: Final = 24
_TOP: Final = 64
_ROW: Final = 26
_STRIP: Final = 56
#: Room for a title beside its row; a letter of 12 pixels is about so wide.
_LETTER: Final = 6.4
_LONGEST_LABEL: Final = 90
#: Hues by topic, told apart by people who see few colours as well (after Okabe and Ito, 2008).
_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#7a5195")
_OTHER: Final = "#777777"

_STYLE: Final = (
    "text{font:12px system-ui,sans-serif;fill:#222}.dim{fill:#666}.grid{stroke:#ddd}"
    ".page{fill:#fff}"
    "@media(prefers-color-scheme:dark){text{fill:#eee}.dim{fill:#aaa}.grid{stroke:#444}"
    ".page{fill:#161616}}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """An article of a story."""

    article_id: ArticleId
    title: str
    provider: str
    published_at: datetime
    is_copy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A story, its articles oldest first."""

    title: str
    topic: str
    heat: int
    lead_id: ArticleId
    dots: tuple[Dot, ...]


def draw_map(rows: Sequence[Row], *, since: datetime, until: datetime) -> str:
    """Return the picture of stories between two moments, by the time of their first article.

    Articles before `since` stand at the left edge. Nothing in it can be run or fetched.
    """
    told = sorted(
        (row for row in rows if len(row.dots) > 1),
        key=lambda row: (row.dots[0].published_at, row.title),
    )
    alone = [row.dots[0] for row in rows if len(row.dots) == 1]
    height = _TOP + _ROW * len(told) + _STRIP
    scale = _Scale(since, max(until, since + timedelta(hours=1)))
    colours = _colours(told)
    size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size}>',
        f"<title>Live stories</title><style>{_STYLE}</style>",
        f'<rect class="page" width="{_WIDTH}" height="{height}"/>',
        *_legend(told, alone, colours),
        *_grid(scale, height),
    ]
    for number, row in enumerate(told):
        parts += _row(row, _TOP + _ROW * number + _ROW // 2, scale, colours.get(row.topic, _OTHER))
    parts += _strip(alone, height - _STRIP + 20, scale)
    return "\n".join([*parts, "</svg>"]) + "\n"


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where a moment stands."""

    since: datetime
    until: datetime

    def x(self, moment: datetime) -> float:
        """Return the pixels from the left."""
        share = (moment - self.since) / (self.until - self.since)
        return round(_MARGIN + min(max(share, 0.0), 1.0) * (_WIDTH - 2 * _MARGIN), 1)


def _colours(rows: Sequence[Row]) -> Mapping[str, str]:
    """Give the topics with most stories a colour."""
    counts: dict[str, int] = {}
    for row in rows:
        if row.topic:
            counts[row.topic] = counts.get(row.topic, 0) + 1
    ranked = sorted(counts, key=lambda topic: (-counts[topic], topic))
    return dict(zip(ranked, _COLOURS, strict=False))


def _legend(rows: Sequence[Row], alone: Sequence[Dot], colours: Mapping[str, str]) -> Iterator[str]:
    """Yield the line at the top: how many, and which colour is which topic."""
    members = sum(len(row.dots) for row in rows)
    text = f"{len(rows)} stories of {members} articles; alone: {len(alone)}"
    yield f'<text x="{_MARGIN}" y="20">{text}</text>'
    x = _WIDTH - _MARGIN
    for topic, colour in reversed([*colours.items()]):
        x -= int(len(topic) * 7) + 22
        yield f'<circle cx="{x}" cy="16" r="5" fill="{colour}"/>'
        yield f'<text x="{x + 9}" y="20">{_text(topic)}</text>'


def _grid(scale: _Scale, height: int) -> Iterator[str]:
    """Yield a line for each midnight, or for each sixth hour of a short time."""
    step = (
        timedelta(days=1) if scale.until - scale.since > timedelta(days=2) else timedelta(hours=6)
    )
    moment = scale.since.replace(hour=0, minute=0, second=0, microsecond=0)
    while moment <= scale.until:
        if moment >= scale.since:
            x = scale.x(moment)
            name = f"{moment:%d %b}" if moment.hour == 0 else f"{moment:%H:%M}"
            yield f'<path class="grid" d="M{x} 44V{height - 8}"/>'
            yield f'<text class="dim" x="{x + 3}" y="44">{name}</text>'
        moment += step


def _row(row: Row, y: int, scale: _Scale, colour: str) -> Iterator[str]:
    """Yield a story."""
    places = [scale.x(dot.published_at) for dot in row.dots]
    first, last = min(places), max(places)
    yield f'<path d="M{first} {y}H{last}" stroke="{colour}" stroke-width="2" opacity=".5"/>'
    ordered = sorted(zip(row.dots, places, strict=True), key=lambda one: _is_lead(row, one[0]))
    for dot, x in ordered:
        said = f"{dot.title} ({dot.provider}, {dot.published_at:%d %b %H:%M})"
        look = f'fill="{colour}" opacity=".55"'
        if _is_lead(row, dot):
            look = f'fill="{colour}"'
        elif dot.is_copy:
            look = f'fill="none" stroke="{colour}" stroke-width="1.5"'
        radius = 6 if _is_lead(row, dot) else 4
        yield f'<circle cx="{x}" cy="{y}" r="{radius}" {look}><title>{_text(said)}</title></circle>'
    yield _label(row, y, first, last)


def _is_lead(row: Row, dot: Dot) -> bool:
    return dot.article_id == row.lead_id


def _label(row: Row, y: int, first: float, last: float) -> str:
    """Return a story's title, on the side of its row that has more room."""
    counts = f"{len(row.dots)}, heat {row.heat}"
    right, left = _WIDTH - _MARGIN - last, first - _MARGIN
    room = int((max(right, left) - 14) / _LETTER) - len(counts) - 2
    title = clean_line(row.title)
    limit = max(min(room, _LONGEST_LABEL), 8)
    title = title if len(title) <= limit else f"{title[: limit - 1].rstrip()}…"
    side = f'x="{last + 12}"' if right >= left else f'x="{first - 12}" text-anchor="end"'
    return f'<text {side} y="{y + 4}">{_text(title)} <tspan class="dim">{counts}</tspan></text>'


def _strip(alone: Sequence[Dot], y: int, scale: _Scale) -> Iterator[str]:
    """Yield the articles that are in no one's company."""
    for dot in sorted(alone, key=lambda one: (one.published_at, one.article_id)):
        x = scale.x(dot.published_at)
        said = _text(f"{dot.title} ({dot.provider})")
        yield f'<path d="M{x} {y}v16" stroke="{_OTHER}" opacity=".6"><title>{said}</title></path>'


def _text(text: str) -> str:
    """Return text as it may stand in XML: no control characters, no markup."""
    return escape(clean_line(text))
