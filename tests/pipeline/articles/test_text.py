from __future__ import annotations

from pipeline.articles.jsonld import read_json_ld
from pipeline.articles.markup import parse_markup
from pipeline.articles.standfirst import standfirst_of
from pipeline.articles.text import main_text
from pipeline.articles.titles import fold
from tests.pipeline.articles.pages import BODY, URL, article, markup

DESCRIPTION = (
    "An old mill on the north quay grinds flour again, and the town comes to watch it turn."
)


def text_of(html: str, *scripts: str, descriptions: tuple[str, ...] = ()) -> tuple[str, str]:
    json_ld = read_json_ld(scripts, url=URL)
    return main_text(
        parse_markup(html.encode(), ""),
        json_ld,
        url=URL,
        titles=("Tide mill turns again",),
        descriptions=descriptions,
    )


def test_the_text_is_a_line_for_each_paragraph() -> None:
    assert text_of(article()) == ("\n".join(BODY), "page")


def test_navigation_and_comments_are_left_out() -> None:
    around = "<nav><a href='/'>Front</a><a href='/b'>Sport</a></nav>"
    comments = "<div id='comments'><p>First! I have been waiting for this all morning.</p></div>"
    body = f"{around}<article><h1>Tide mill</h1>{''.join(f'<p>{p}</p>' for p in BODY)}</article>"
    text, _ = text_of(markup("", body + comments))
    assert "Sport" not in text
    assert "First!" not in text
    assert BODY[0] in text


def test_the_publishers_own_body_is_taken_where_the_page_shows_little_of_it() -> None:
    body = "\\n".join(BODY)
    script = f'{{"@type": "NewsArticle", "articleBody": "{body}"}}'
    assert text_of(markup("", "<p>Subscribe.</p>"), script) == ("\n".join(BODY), "jsonld")
    assert text_of(article(), script)[1] == "page"


def test_a_page_of_nothing_has_no_text() -> None:
    assert text_of("<html><script>var a = 1;</script></html>") == ("", "none: no text")


def test_a_costly_page_says_why_it_has_no_text() -> None:
    assert text_of(article(before="<br>" * 10_001)) == ("", "none: too many breaks")
    word = "w" * 100_001
    assert text_of(article(lines=(*BODY, word)))[1] == "none: a word without end"


def test_a_standfirst_in_the_header_opens_the_text() -> None:
    html = article(before=f'<div class="c-header__standfirst"><p>{DESCRIPTION}</p></div>')
    assert standfirst(html) == DESCRIPTION
    assert text_of(html)[0].startswith(f"{DESCRIPTION}\n{BODY[0]}")


def test_a_standfirst_is_recognised_as_the_description() -> None:
    html = article(before=f"<div><span>{DESCRIPTION}</span></div>")
    assert standfirst(html) == ""
    assert standfirst(html, descriptions=(DESCRIPTION[:60],)) == DESCRIPTION


def test_what_the_text_already_holds_is_not_added() -> None:
    html = article(before=f'<p class="lead-text">{BODY[0]}</p>')
    assert standfirst(html) == ""


def test_the_repeated_title_is_no_standfirst() -> None:
    title = "Tide mill turns again on the old north quay"
    html = article(before=f'<p class="intro">{title}</p><p class="intro">{DESCRIPTION}</p>')
    assert standfirst(html, titles=(title,)) == DESCRIPTION


def test_without_a_headline_or_a_text_there_is_no_standfirst() -> None:
    assert standfirst(markup("", f'<p class="intro">{DESCRIPTION}</p>')) == ""
    html = article(before=f'<p class="intro">{DESCRIPTION}</p>')
    tree = parse_markup(html.encode(), "").tree
    assert standfirst_of(tree, text="", headlines=frozenset(), descriptions=()) == ""


def standfirst(
    html: str, *, titles: tuple[str, ...] = (), descriptions: tuple[str, ...] = ()
) -> str:
    tree = parse_markup(html.encode(), "").tree
    headlines = frozenset(fold(title) for title in titles)
    return standfirst_of(tree, text="\n".join(BODY), headlines=headlines, descriptions=descriptions)


def test_a_page_that_is_one_form_keeps_its_text_and_loses_what_surrounds_it() -> None:
    text = "".join(f"<p>{line}</p>" for line in BODY)
    around = "<nav><p>All the news of the harbour, of the quay and of the market hall.</p></nav>"
    found, _ = text_of(markup(body=f"<form>{around}{text}</form>"))
    assert BODY[1] in found
    assert "All the news" not in found
