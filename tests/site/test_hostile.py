"""What a document says is shown as text, whatever it says: never markup, never a template."""

from __future__ import annotations

import pytest
from lxml import html

from pipeline.seedfile.listing import page_path
from tests.site.hostile import TEXTS
from tests.site.world import Site, path_of

pytestmark = pytest.mark.site


def _form(page: html.HtmlElement) -> list[tuple[object, list[str]]]:
    """Return the tags of a page with the names of their attributes."""
    return [(element.tag, list(element.keys())) for element in page.iter()]


def test_hostile_documents_build_without_a_word_of_complaint(hostile: Site) -> None:
    assert (hostile.exit_code, hostile.complaints) == (0, [])


def test_every_text_is_shown_as_it_is(hostile: Site) -> None:
    for number, text in enumerate(TEXTS):
        page = hostile.page(page_path(path_of(number)))
        shown = {
            xpath: [str(found) for found in page.xpath(xpath)]
            for xpath in (
                "//h1/text()",
                "//blockquote/p/text()",
                "//*[@class='labels']/li/*/text()",
                "//header//*[@class='name']/text()",
                "//a[@class='button']/bdi/text()",
                "//article/div/img/@alt",
                "//section//h3/a/text()",
                "//section//*[@class='excerpt']/text()",
                "//section//*[@class='name']/text()",
                "//meta[@name='description']/@content",
            )
        }
        assert shown == {xpath: [text] for xpath in shown}
        assert page.xpath("//title/text()") == [f"{text} · The Loom"]


def test_no_text_changes_the_form_of_its_page(hostile: Site) -> None:
    plain = _form(hostile.page(page_path(path_of(len(TEXTS)))))

    assert len(plain) > 50
    for number, text in enumerate(TEXTS):
        assert _form(hostile.page(page_path(path_of(number)))) == plain, ascii(text[:60])


def test_lists_show_the_texts_as_they_are(hostile: Site) -> None:
    latest = hostile.page("/latest/").xpath("//h3/a/text()")

    assert sorted(map(str, latest)) == sorted([*TEXTS, "Plain"])
    for _, page in hostile.pages():
        assert page.xpath("//script | //img[not(@loading)] | //b") == []
