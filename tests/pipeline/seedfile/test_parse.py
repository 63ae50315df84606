"""Files of every generation come back byte for byte; the rest is named with line and remedy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SeedFileError
from pipeline.seedfile.document import SeedDocument
from pipeline.seedfile.parse import parse
from pipeline.seedfile.render import render
from pipeline.seedfile.style import STYLES, Style
from tests.pipeline.seedfile.world import DOCUMENT, EXAMPLE, HOSTILE, LATER, texts

#: The four generations and the other line end; the third and fourth differ in originalUrl only.
STYLES_FOUND = (
    STYLES["seed"],
    replace(STYLES["seed"], quoted_urls=True),
    STYLES["web"],
    replace(STYLES["web"], newline="\r\n"),
)


def _again(data: bytes) -> bytes:
    parsed = parse(data)
    return render(parsed.document, parsed.style)


@pytest.mark.parametrize("path", sorted(EXAMPLE.parent.glob("*.md")), ids=lambda path: path.name)
def test_every_golden_document_comes_back_byte_for_byte(path: Path) -> None:
    data = path.read_bytes()

    assert _again(data) == data


def test_the_users_example_is_of_the_first_generation() -> None:
    parsed = parse(EXAMPLE.read_bytes())

    assert parsed.style == STYLES["seed"]
    assert parsed.style.dialect == "seed"
    assert parsed.document.score is not None
    assert (parsed.document.score.quality, parsed.document.score.heat) == (87, 97)
    assert [one.provider.name for one in parsed.document.related] == ["The Daily Dot"]


@pytest.mark.parametrize("style", STYLES_FOUND)
@pytest.mark.parametrize("document", [DOCUMENT, LATER, replace(DOCUMENT, score=None)])
def test_every_generation_is_told_and_comes_back(style: Style, document: SeedDocument) -> None:
    parsed = parse(render(document, style))

    assert parsed.document == document
    assert parsed.style == style


def test_a_video_without_an_address_of_its_own_is_read() -> None:
    document = replace(LATER, url=None, amp=None, related=())
    data = render(document, "web")

    assert parse(data).document == document
    assert _again(data) == data


@settings(max_examples=100, deadline=None)
@given(texts, texts, texts)
def test_uncleaned_texts_come_back_too(title: str, excerpt: str, topic: str) -> None:
    title, excerpt, topic = (
        text.encode(errors="replace").decode() for text in (title, excerpt, topic)
    )
    document = replace(DOCUMENT, title=title, excerpt=excerpt, topics=(topic,))
    for style in STYLES_FOUND:
        data = render(document, style)
        parsed = parse(data)
        assert parsed.document == document
        assert render(parsed.document, parsed.style) == data


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("  name: One", "  name: 411"),
        ("  name: One", "  name: No"),
        ("  name: One", "  name: 'One'"),
        ("  - AI", "  - "),
        ("  - AI", "  -"),
        ('title: "A headline"', 'title: "A \\u0022headline\\u0022"'),
        ('title: "A headline"', "title: A headline"),
        ("sourceUrl: https://one.example/a", 'sourceUrl: "https://one.example/a"'),
        ("https://one.example/a.png", '"https://one.example/a b.png"'),
    ],
)
def test_another_spelling_of_a_value_is_kept(ours: str, theirs: str) -> None:
    data = render(DOCUMENT, "seed").decode().replace(ours, theirs).encode()

    assert theirs.encode() in data
    assert _again(data) == data


@pytest.mark.parametrize(
    ("before", "added"),
    [
        ("type: article\n", "locale: en-US\n"),
        ("type: article\n", "updatedDateTime: 2020-01-23T15:31:00Z\n"),
        ("\nprovider:", "\nlocale: en\n"),
        ("\nsecured:", "\nauthors:\n  - name: A\n    tags: [x, 'y']\n\n  - name: B\n"),
        ("\nsecured:", "\nnote: |\n  two\n\n  lines\n"),
        ("  domain: one.example\n", "  founded: 1.9e3\n"),
        ("    quality: 52\n", "    voices:\n      - 1\n      -   - 2\n"),
        ("    quality: 52\n", "    empty:\n"),
        ("  domain: one.example\n", "  founder: {a, b: [c]}\n"),
        ("    width: 640\n", "    attribution: \"A 'B' \\u0043\"\n"),
    ],
)
def test_unknown_keys_are_kept_where_they_stand(before: str, added: str) -> None:
    text = render(DOCUMENT, "seed").decode()
    assert before in text
    # Below the top level a new key goes to the end of its mapping, as a later generation would.
    at_end = {"    quality: 52\n", "  domain: one.example\n", "    width: 640\n"}
    place = text.index(before) + (len(before) if before in at_end else 0)
    if before == "    width: 640\n":
        place = text.index('    title: "A headline"\n') + len('    title: "A headline"\n')
    if before == "  domain: one.example\n":
        place = text.index("\n\ntopics:") + 1
    data = (text[:place] + added + text[place:]).encode()

    assert _again(data) == data


def test_unknown_keys_survive_a_change_of_dialect_and_of_content() -> None:
    data = render(DOCUMENT, "seed").replace(b"type: article\n", b"type: article\nlocale: en\n", 1)
    parsed = parse(data)
    changed = replace(parsed.document, images=(), tags=("US",))

    assert parsed.document.extra == {"locale": " en"}
    for style in (STYLES["web"], parsed.style):
        assert parse(render(changed, style)).document == changed


@pytest.mark.parametrize("character", "\t\x85\xa0\xad\u2028\u2029\ue000\ufeff\ufffd\U0001f600")
def test_raw_characters_that_yaml_allows_come_back(character: str) -> None:
    data = render(DOCUMENT, "web").decode().replace("A headline", f"A{character}headline").encode()

    assert _again(data) == data
    with pytest.raises(SeedFileError, match="line 10: quality"):
        parse(data.replace(b"quality: 87", b"quality: x"))


def test_braces_and_brackets_are_read_and_come_back_in_the_usual_form() -> None:
    data = render(DOCUMENT, "seed")
    flow = data.replace(b"topics:\n  - AI\n", b"topics: [AI]\n").replace(
        b'"QQ==;QQ=="', b'"QQ==;QQ=="\nlast: {a}'
    )
    parsed = parse(flow)

    assert replace(parsed.document, extra={}) == DOCUMENT
    assert parsed.document.extra == {"last": " {a}"}
    assert render(parsed.document, parsed.style) == data.replace(
        b'"QQ==;QQ=="', b'"QQ==;QQ=="\nlast: {a}'
    )


def test_a_byte_order_mark_and_missing_last_lines_are_forgiven() -> None:
    data = render(DOCUMENT, "seed")

    assert parse(b"\xef\xbb\xbf" + data).document == DOCUMENT
    assert parse(data.rstrip(b"\n")).document == DOCUMENT


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("---\ncategory", "\n---\ncategory", "line 1: a document begins with ---"),
        ("\n---\n\n", "\n", "line 43: the closing --- is missing"),
        ("\n---\n\n", "\n---\n\nA body\n", "text after the line '---'"),
        ("quality: 87", "quality: many", "line 10: quality: 'many' is no number"),
        ("quality: 87", "quality: 012", "line 10: quality: '012' is no number"),
        ("    quality: 52", "    quality: '52'", 'line 40: quality: "\'52\'" is no number'),
        ("published: true", "published: perhaps", "line 12: published: 'perhaps'; write true or"),
        ("published: true", 'published: "false"', "line 12: published: '\"false\"'; write true or"),
        ("published: true", "published: no", "line 12: published: 'no'; write true or false"),
        ("heat: 97\n", "", "line 10: quality stands without heat; add it or remove quality"),
        ("cdnAmpUrl: https://one-example.cdn.ampproject.org/c\n", "", "ampUrl stands without cdn"),
        ("publishedDateTime: 2020", "publishedDateTime: A2020", "line 5: publishedDateTime"),
        ("2020-01-23T15:31:00Z", '"2020-01-23T15:31:00Z"', "line 5: publishedDateTime"),
        ("2020-01-23T15:31:00Z", "2020-01-33T15:31:00Z", "line 5: publishedDateTime"),
        ("type: article\n", "", "type is missing; add it"),
        ("    type: article\n", "", "line 32: type of related is missing; add it"),
        ('title: "A headline"', "title:", "line 3: title is empty"),
        ('title: "A headline"', "title: [a]", "line 3: title is no single value"),
        ('title: "A headline"', 'title: "A "headline"', "line 3: no YAML"),
        ("name: Two", "name: Law360: News", "line 38: no YAML"),
        ("name: Two", "name: @Work", "line 38: no YAML"),
        ("topics:\n  - AI", "topics: AI", "line 22: topics is no list"),
        ("topics:\n  - AI", "topics:", "line 22: topics is no list"),
        ("topics:\n  - AI", "topics:\n  - a: b", "line 23: topics lists single texts"),
        ("provider:\n", "provider: x\nothers:\n", "line 14: provider holds no keys"),
        ("category: news", "\tcategory: news", "line 2: no YAML"),
        ("heat: 97", "heat: 97\nheat: 98", "line 12: heat stands twice"),
        ("heat: 97", "'heat': 97", "line 11: a key is a plain word"),
        ('title: "A', 'title: &a "A', "line 3: anchors and aliases"),
        ('title: "A', 'title: !!str "A', "line 3: the tag tag:yaml.org,2002:str is not read"),
        ("sourceUrl: https://one", "webUrl: https://one", "line 6: webUrl beside names such as"),
        ("heat: 97", "heat: 97\n...", "line 13: text after the line '...'"),
        ("type: article", "type: article\nx: " + "[" * 50_000, "line 10: nested more than 16 deep"),
        ("type: article", "type: article\nx: " + "- " * 50_000, "line 10: "),
        ("A headline", "A \x97 headline", "line 3: holds the control character U+0097; remove it"),
    ],
)  # fmt: skip
def test_a_broken_file_is_named_with_its_line(before: str, after: str, message: str) -> None:
    text = render(DOCUMENT, "seed").decode()
    assert before in text

    with pytest.raises(SeedFileError) as caught:
        parse(text.replace(before, after, 1).encode())
    assert message in str(caught.value)


def test_bytes_that_are_no_text_are_named_with_their_line() -> None:
    with pytest.raises(SeedFileError, match="line 3: not UTF-8"):
        parse(render(DOCUMENT, "seed").replace(b"A headline", b"\xff"))


@pytest.mark.parametrize("data", [b"", b"---\n---\n\n", b"---\n# c\n---\n", b"x" * 5_000_000])
def test_what_is_no_document_at_all_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(SeedFileError):
        parse(data)


@settings(max_examples=400, deadline=None)
@given(
    st.integers(0, 1200),
    st.integers(0, 30),
    st.one_of(st.sampled_from(HOSTILE), st.text(max_size=5), st.sampled_from("\n:-\"'[]{}&*!|> ")),
)
def test_no_damage_whatever_ends_in_anything_but_an_answer(start: int, cut: int, put: str) -> None:
    text = render(DOCUMENT, "seed").decode()
    data = (text[:start] + put + text[start + cut :]).encode(errors="surrogatepass")
    try:
        parsed = parse(data)
    except SeedFileError:
        return
    assert parse(render(parsed.document, parsed.style)).document == parsed.document
