from __future__ import annotations

import pytest

from pipeline.articles.language import UNKNOWN, language_of
from tests.pipeline.articles.pages import declared, json_ld, markup, meta

GERMAN = "Die Gezeitenmühle am Nordkai mahlt nach neunzig Jahren Stillstand wieder Mehl."


def language(
    head: str = "", *, lang: str = "", feed: str | None = None, text: str = ""
) -> tuple[str, str]:
    html = markup(head, "", f' lang="{lang}"' if lang else "")
    return language_of(declared(html), feed=feed, text=text)


@pytest.mark.parametrize(
    ("lang", "code"),
    [
        ("en", "en"),
        ("de-AT", "de"),
        ("PT_br", "pt"),
        ("eng", "en"),
        ("jp", "ja"),
        ("zh-Hans", "zh"),
        ("nb", "nb"),
    ],
)
def test_the_pages_own_word_comes_first(lang: str, code: str) -> None:
    assert language(meta("og:locale", "fr_FR"), lang=lang, feed="es", text=GERMAN) == (code, "html")


def test_then_its_metadata_then_the_feed_then_the_text() -> None:
    assert language(json_ld(inLanguage="de"), lang="utf") == ("de", "jsonld")
    assert language(meta("og:locale", "fr_FR"), feed="es") == ("fr", "og:locale")
    assert language(feed="es-MX", text=GERMAN) == ("es", "feed")
    assert language(lang="x-default", text=GERMAN) == ("de", "text")


def test_where_nothing_tells_it_is_undetermined() -> None:
    assert language(lang="utf-8", text="Mehl") == (UNKNOWN, "")
