"""How well pages are read: the article on each against what is expected of it.

Texts are compared by their letters and digits, caseless, so that a typographic quote is no error.
An expected value that is null is not judged. A page refused by mistake answers nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean
from urllib.parse import unquote

from pipeline.articles.images import choose, fits
from pipeline.articles.titles import fold
from pipeline.records import ExtractedArticle
from pipeline.urls import resolve, url_key

#: What a time may differ by and be right to the minute.
_MINUTE = timedelta(seconds=60)
#: Words of a shingle, by which two texts are compared: the measure of the article extraction
#: benchmark.
_SHINGLE = 4
#: The opening is right when the body's first words stand, in a row, among the first extracted.
_OPENING, _WITHIN = 8, 30
#: A loose title shares so many of the words of both.
_LOOSE = 0.5
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedPage:
    """What is expected of one page, as the layout of a page folder has it; None is not judged."""

    file: str
    url: str
    title: str | None = None
    #: A time with an offset; judged to the minute.
    published: str | None = None
    #: The day where the publisher is.
    day: str | None = None
    description: str | None = None
    #: The pictures that the page declares, and those that its editors chose.
    images: tuple[str, ...] | None = None
    covers: tuple[str, ...] | None = None
    #: Address -> (width, height), as measuring would find.
    image_sizes: Mapping[str, tuple[int, int] | None] | None = None
    lang: str | None = None
    amp: str | None = None
    canonical: str | None = None
    body: str | None = None
    #: Letter by letter; "" for none.
    excerpt: str | None = None
    #: The code of `refusals` with which the page is no article.
    refusal: str | None = None
    #: Who says when it was published: `annotated`, `annotated-day`, `declared`.
    published_by: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """One field of one page."""

    field: str
    expected: str
    #: "" when the page gave no answer.
    found: str
    right: bool


@dataclass(frozen=True, slots=True)
class FieldScore:
    """One field of all pages where it was expected."""

    pages: int
    answered: int
    right: int
    wrong: int

    @property
    def share(self) -> float:
        """Return the share of right answers."""
        return self.right / self.pages if self.pages else 0.0


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of two texts is the same, as shares of the shingles of each."""

    precision: float
    recall: float


def verdicts_of(
    expected: ExpectedPage, found: ExtractedArticle | None, *, refused: str = ""
) -> Iterator[Verdict]:
    """Yield the verdict on each field that is expected of the page.

    `found` is None for a page that was refused, with the code `refused`.
    """
    if expected.refusal is not None:
        yield Verdict("refusal", expected.refusal, refused, refused == expected.refusal)
    if expected.title is not None:
        yield from _of_title(expected.title, found.title if found else "")
    yield from _of_time(expected, found)
    excerpt = found.excerpt if found else ""
    if expected.description or expected.body:
        yield Verdict("excerpt", "any", excerpt, bool(excerpt))
    if expected.excerpt is not None:
        yield Verdict("excerpt, exact", expected.excerpt, excerpt, excerpt == expected.excerpt)
    yield from _of_images(expected, found)
    if expected.lang is not None:
        language = found.language if found and found.language != "und" else ""
        yield Verdict("language", expected.lang, language, language == expected.lang)
    for name, address, own in (
        ("amp", expected.amp, found.amp_url if found else None),
        ("canonical", expected.canonical, found.url if found else None),
    ):
        if address is not None:
            yield Verdict(name, address, own or "", _is_same_page(address, own or ""))
    if expected.body:
        yield _of_opening(expected.body, found.text if found else "")


def overlap_of(expected: ExpectedPage, found: ExtractedArticle | None) -> Overlap | None:
    """Return how far the text is the expected body; None when no body is expected."""
    if not expected.body:
        return None
    wanted, own = _shingles(expected.body), _shingles(found.text if found else "")
    common = (wanted & own).total()
    return Overlap(precision=common / own.total() if own else 0.0, recall=common / wanted.total())


def f1_of(overlaps: Sequence[Overlap]) -> float:
    """Return the F1 of the mean precision and the mean recall over pages."""
    precision = fmean(one.precision for one in overlaps)
    recall = fmean(one.recall for one in overlaps)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def scores_of(verdicts: Sequence[Verdict]) -> dict[str, FieldScore]:
    """Return the score of each field, in the order in which the fields first come."""
    scores: dict[str, FieldScore] = {}
    for name in dict.fromkeys(verdict.field for verdict in verdicts):
        own = [verdict for verdict in verdicts if verdict.field == name]
        scores[name] = FieldScore(
            pages=len(own),
            answered=sum(1 for one in own if one.found),
            right=sum(1 for one in own if one.right),
            # Nothing found where nothing is expected is right, and no answer.
            wrong=sum(1 for one in own if one.found and not one.right),
        )
    return scores


# --- field by field -------------------------------------------------------------------------------


def _of_title(expected: str, found: str) -> Iterator[Verdict]:
    """Yield whether it is the title, and whether it can be recognised as it."""
    wanted, own = fold(expected), fold(found)
    yield Verdict("title", expected, found, wanted == own)
    loose = bool(own) and (own in wanted or wanted in own or _shared(expected, found) >= _LOOSE)
    yield Verdict("title, loose", expected, found, loose)


def _shared(one: str, other: str) -> float:
    """Return the share of the words of both that stand in both."""
    words = [frozenset(_WORD.findall(text.casefold())) for text in (one, other)]
    return len(words[0] & words[1]) / max(len(words[0] | words[1]), 1)


def _of_time(expected: ExpectedPage, found: ExtractedArticle | None) -> Iterator[Verdict]:
    """Yield whether the day is right, and the minute where people or the page say one.

    A time that is right to the minute has the right day wherever that was counted.
    """
    own = found.published_at if found else None
    shown = own.isoformat() if own else ""
    at = datetime.fromisoformat(expected.published) if expected.published else None
    to_the_minute = at is not None and own is not None and abs(own - at) <= _MINUTE
    if expected.day is not None:
        same_day = own is not None and own.date().isoformat() == expected.day
        yield Verdict("day", expected.day, shown, same_day or to_the_minute)
    if at is not None and expected.published_by != "annotated-day":
        yield Verdict("minute", at.isoformat(), shown, to_the_minute)


def _of_images(expected: ExpectedPage, found: ExtractedArticle | None) -> Iterator[Verdict]:
    """Yield whether a declared picture was found, and whether the one taken is fit to be shown.

    `image declared`: one of the page's declared pictures is among the candidates. `image taken`:
    after measuring, a picture was kept that is declared or chosen by the editors and passes the
    gate; judged where there is one such picture of known size.
    """
    declared = {_folded_address(url) for url in expected.images or ()}
    if declared:
        candidates = [one.url for one in found.image_candidates] if found else []
        hit = next((url for url in candidates if _folded_address(url) in declared), "")
        shown = hit or next(iter(candidates), "")
        yield Verdict("image declared", (expected.images or ("",))[0], shown, bool(hit))
    sizes = {url: size for url, size in (expected.image_sizes or {}).items() if size}
    measured = {resolve(expected.url, url) or url: size for url, size in sizes.items()}
    fitting = [url for url, size in measured.items() if fits(*size)]
    if fitting:
        taken = choose(found.image_candidates, measured) if found else None
        known = declared | {_folded_address(url) for url in expected.covers or ()}
        right = taken is not None and _folded_address(taken.url) in known
        yield Verdict("image taken", fitting[0], taken.url if taken else "", right)


def _of_opening(body: str, text: str) -> Verdict:
    """Return whether the text begins where the body does."""
    wanted = _WORD.findall(body.casefold())[:_OPENING]
    own = _WORD.findall(text.casefold())[:_WITHIN]
    right = any(own[at : at + len(wanted)] == wanted for at in range(len(own)))
    return Verdict("opening", " ".join(wanted), " ".join(own), right)


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    """Return the runs of words of a text; a shorter text is one run."""
    words = _WORD.findall(text.casefold())
    count = max(len(words) - _SHINGLE + 1, 1 if words else 0)
    return Counter(tuple(words[at : at + _SHINGLE]) for at in range(count))


def _folded_address(url: str) -> str:
    """Return an address in the spelling of the line, its accents composed."""
    resolved = resolve("", url) or url
    return unicodedata.normalize("NFC", unquote(resolved))


def _is_same_page(one: str, other: str) -> bool:
    """Say whether two addresses are one page's."""
    try:
        return url_key(one) == url_key(other)
    except ValueError:
        return False
