"""The language of an article, as two letters of ISO 639-1."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.articles.declared import Declared
from pipeline.articles.jsonld import strings

#: ISO 639-1, complete.
_CODES = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da
    de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz
    ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln
    lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi
    pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti
    tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    """.split()  # noqa: SIM905 -- a table of 184 strings reads worse
)
#: Country codes and withdrawn codes that pages write for a language.
_MISTAKEN = {"jp": "ja", "cz": "cs", "dk": "da", "gr": "el", "ua": "uk", "iw": "he", "ji": "yi"}
#: ISO 639-2 codes that pages write (ISO 639-2/B and /T).
_LONG = {
    "eng": "en", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr", "spa": "es", "ita": "it",
    "por": "pt", "rus": "ru", "jpn": "ja", "zho": "zh", "chi": "zh", "ara": "ar", "nld": "nl",
    "swe": "sv", "dan": "da", "nor": "no", "fin": "fi", "pol": "pl", "tur": "tr", "kor": "ko",
}  # fmt: skip
_TAG = re.compile(r"\s*([A-Za-z]{2,3})(?![A-Za-z])")
#: Undetermined, by ISO 639-2: also what the store uses.
UNKNOWN = "und"
#: Less does not tell languages apart; more does not tell them better.
_SHORTEST, _LONGEST = 25, 1_000


def language_of(declared: Declared, *, feed: str | None, text: str) -> tuple[str, str]:
    """Return the language and its origin: the page's word, else the feed's, else the text's."""
    for origin, tag in _declarations(declared):
        if code := _code(tag):
            return code, origin
    if feed and (code := _code(feed)):
        return code, "feed"
    code = language_of_text(text)
    return (code, "text") if code != UNKNOWN else (UNKNOWN, "")


def language_of_text(text: str) -> str:
    """Return the language that a text is written in; UNKNOWN for too few letters."""
    code = _code(_classified(text[:_LONGEST])) if len(text) >= _SHORTEST else ""
    return code or UNKNOWN


def _declarations(declared: Declared) -> Iterator[tuple[str, str]]:
    """Yield (origin, tag) of the declared languages, most trusted first."""
    yield "html", declared.language
    for tag in strings(declared.json_ld.article.get("inLanguage")):
        yield "jsonld", tag
    for name in ("og:locale", "content-language", "language", "dc.language", "dcterms.language"):
        yield name, declared.meta(name)


def _code(tag: str) -> str:
    """Return the two letters of a language tag such as ``de-AT``, "" when it is none."""
    found = _TAG.match(tag)
    if found is None:
        return ""
    code = found[1].lower()
    code = _MISTAKEN.get(code) or _LONG.get(code) or code
    return code if code in _CODES else ""


def _classified(text: str) -> str:
    """Return the language that the letters of a text suggest."""
    import py3langid  # noqa: PLC0415 -- loads a model of 0.7 s that few pages need

    return str(py3langid.classify(text)[0])
