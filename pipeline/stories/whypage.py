"""Pure: an explained story -> a page for a browser, without scripts and without requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

from pipeline.plaintext import clean_line

#: Log-odds at which a bar is full: beyond it a term decides alone.
_FULL: Final = 8.0

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}"
    "article{border-top:1px solid #8886;padding:.8rem 0}h1{font-size:1.4rem}h2{font-size:1.05rem;"
    "margin:0}p{margin:.2rem 0}.dim{opacity:.7;font-size:.9rem;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;font-size:.9rem}td{padding:.1rem .6rem .1rem 0}"
    ".bar{display:inline-block;height:.7rem;background:#0072b2}.minus{background:#d55e00}"
    ":root{color-scheme:light dark}"
)


def why_page(explained: Mapping[str, Any]) -> str:
    """Return the page of a story as `explain.explain_story` tells it."""
    lead = next(one for one in explained["members"] if one["lead"])
    title = _text(lead["title"])
    body = "\n".join(part for one in explained["members"] for part in _member(one))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Why: {title}</title><style>{_STYLE}</style></head><body>\n<h1>{title}</h1>\n"
        f'<p class="dim">story {_text(explained["story"])} · topics '
        f"{_text(', '.join(explained['topics'])) or 'none'}</p>\n"
        f"<p>Heat {_sum(explained['heat'])}</p>\n{body}\n</body></html>\n"
    )


def _member(member: Mapping[str, Any]) -> Iterator[str]:
    """Yield an article and why it is in the story."""
    role = "lead" if member["lead"] else "related"
    yield f"<article><h2>{_text(member['title'])}</h2>"
    yield (
        f'<p class="dim">{role} · {_text(member["provider"])} · {_text(member["published_at"])}'
        f"<br>{_text(member['url'])}</p>"
    )
    yield f"<p>Quality {_sum(member['quality'])}</p>"
    yield from _placed(member["placed"])
    yield "</article>"


def _placed(placed: Mapping[str, Any]) -> Iterator[str]:
    """Yield why an article was placed where it is."""
    if placed["founded"]:
        yield "<p>It founded the story.</p>"
        return
    yield (
        f"<p>It joined at {placed['score']:.2f}, nearest to "
        f"<em>{_text(placed['nearest_title'])}</em>.</p>"
    )
    yield from _bars(placed["pair"])
    if placed["shared"]:
        yield f"<p>Shared terms: {_text(', '.join(placed['shared']))}</p>"
    if "vetoes_passed" in placed:
        yield f"<p>Vetoes passed: {_text(', '.join(placed['vetoes_passed']))}</p>"
    if "copy_of" in placed:
        yield "<p>Its text is a copy: the two are one voice.</p>"
    if "rule" in placed:
        yield f"<p>By the rule of a topic: {_text(placed['rule'])}</p>"
    if "runner_up" in placed:
        other = placed["runner_up"]
        yield f'<p class="dim">Runner-up: {_text(other["detail"])} at {other["value"]:.2f}</p>'


def _bars(terms: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the terms of the nearest pair as bars, in log-odds."""
    yield "<table>"
    for term in terms:
        width = round(min(abs(term["value"]) / _FULL, 1.0) * 12, 2)
        look = "bar minus" if term["value"] < 0 else "bar"
        yield (
            f"<tr><td>{_text(term['name'])}</td><td>{term['value']:+.2f}</td>"
            f'<td><span class="{look}" style="width:{width}rem"></span></td>'
            f'<td class="dim">{_text(term["detail"])}</td></tr>'
        )
    yield "</table>"


def _sum(score: Mapping[str, Any]) -> str:
    """Return a score as the sum it is."""
    parts = (
        f"{_text(part['name'])} {part['value']:g}"
        + (f" ({_text(part['detail'])})" if part["detail"] else "")
        for part in score["parts"]
    )
    return f"{score['value']} = {' + '.join(parts)}"


def _text(text: str) -> str:
    """Return text as it may stand in HTML."""
    return escape(clean_line(str(text)))
