"""Pure: the form of a headline, as far as form tells what kind of page stands below it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.stories import tokens

_ROUNDUP: Final = re.compile(
    r"\b(?:round-?up|newsletter|digest|(?:morning|evening|daily|weekly|news)"
    r" (?:briefing|brief|bulletin)|live (?:updates?|blog|coverage)|(?:news|latest|daily"
    r"|coronavirus|covid-19) updates|(?:week|month|year) in review|top (?:stories|headlines)"
    r"|as it happened)\b|^live ?[:|–-]",
    re.IGNORECASE,
)
_MARKET: Final = re.compile(r"\bmarket\b|\bcagr\b", re.IGNORECASE)
_MARKET_WORD: Final = re.compile(
    r"\b(?:cagr|size|share|growth|trends?|forecasts?|outlook|segments?|opportunities|key players"
    r"|20[23]\d)\b",
    re.IGNORECASE,
)
#: What counts the parts of a series; the number that follows tells them apart.
_INSTALMENT: Final = re.compile(
    r"\b(part|episode|ep|week|day|chapter|volume|vol|no|issue|round|january|february|march|april"
    r"|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept"
    r"|sep|oct|nov|dec)\b\.? ?#?(\d{1,4})\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadlineForm:
    """What the form of a headline shows."""

    #: A roundup or a live page: it touches many events.
    roundup: bool
    #: A market-size report, one of thousands made from a template.
    market_report: bool
    #: Unit (part, week, may ...) -> the number behind it.
    instalments: Mapping[str, str]
    numbers: frozenset[str]


def form_of(headline: str) -> HeadlineForm:
    """Read the form of a headline."""
    return HeadlineForm(
        roundup=bool(_ROUNDUP.search(headline)),
        market_report=bool(_MARKET.search(headline) and _MARKET_WORD.search(headline)),
        instalments={unit.lower(): number for unit, number in _INSTALMENT.findall(headline)},
        numbers=tokens.numbers(headline),
    )
