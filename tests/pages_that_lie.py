"""Web pages that lie, swell and break off: what each is, and how reading it ends."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import NoReturn

from pipeline.records import EntryFacts, Page

#: A paragraph that a page is worth reading for.
NEWS = (
    "The harbour authority closed the northern pier on Sunday after divers found cracks in two of "
    "its oldest pillars, and ferries to the outer islands leave from the southern basin."
)
ARTICLE = "article"


@dataclass(frozen=True, slots=True)
class Lie:
    """A page and how its reading ends: `article`, or the code of the reason."""

    name: str
    body: bytes
    end: str = ARTICLE
    #: Words that nothing which is shown of the article may hold.
    never: tuple[str, ...] = ()
    #: The reason why it is no article where no feed has told of it; "" when it is one by itself.
    alone: str = ""
    #: Whether it may have an AMP page, whether nothing of it may be shown.
    amp: bool = True
    silent: bool = False


def page(inside: str, head: str = "") -> bytes:
    """Return a page with a title, a description and one paragraph around what lies."""
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Northern pier closed"
        "</title><meta property='og:description' content='Divers found cracks in two of the "
        f"harbour&#39;s oldest pillars; ferries move.'>{head}</head><body><article>"
        f"<h1>Northern pier closed</h1><p>{NEWS}</p>{inside}</article></body></html>"
    ).encode()


def _json_ld(text: str) -> str:
    return f"<script type='application/ld+json'>{text}</script>"


_DEEP = '{"a":' * 5_000 + "1" + "}" * 5_000
_LARGE = json.dumps({"@type": "NewsArticle", "articleBody": "pier " * 1_000_000})
_TWICE = '{"@type":"NewsArticle","headline":"One","headline":"Northern pier closed","x":NaN}'
_SIDES = ("99999999999", "-1", "abc", "1e400", "12px", "")
_PICTURES = "".join(f"<img src='/p.jpg' width='{side}' height='{side}'>" for side in _SIDES)
_OTHER = "<link rel='canonical' href='https://other.example/x'>"
_SCRIPT = "<link rel='canonical' href='javascript:alert(1)'>"
_AMP_AWAY = "<link rel='amphtml' href='https://other.example/amp'>"
_AMP_SELF = "<link rel='amphtml' href='https://one.example/pier'>"
_AMP_SCRIPT = "<link rel='amphtml' href='javascript:alert(1)'>"
_LOOP = (
    "<link rel='canonical' href='https://one.example/amp/pier'>"
    "<link rel='amphtml' href='https://one.example/pier'>"
)
_LAUGHS = "".join(
    f'<!ENTITY l{n} "{"".join(f"&l{n - 1};" for _ in range(10))}">' for n in range(1, 10)
)
_OUTSIDE = '<!ENTITY f SYSTEM "file:///etc/passwd">'
_SOURCES = ", ".join(f"/p{n}.jpg {n}w" for n in range(100_000))
_ROWS = "".join(f"<tr><td>Row {n}</td><td>{NEWS}</td></tr>" for n in range(4_000))
_SCRIPTS = _json_ld('{"@type":"NewsArticle"}') * 5_000
_BODY = json.dumps({"@type": "NewsArticle", "articleBody": "<p>pier</p> &amp; " * 50_000})
_LINKS = "<link rel='canonical' href='/x'><link rel='amphtml' href='/y'>" * 20_000


def xhtml(declarations: str, entity: str) -> bytes:
    """Return a page as XML that declares entities and uses one in its text."""
    prolog = f'<?xml version="1.0"?><!DOCTYPE html [{declarations}]>'
    return page(f"<p>{entity}</p>").replace(b"<!doctype html>", prolog.encode())


LIES = (
    Lie("200,000 nested div", page("<div>" * 200_000)),
    Lie("20,000 nested b", page("<b>" * 20_000 + "x")),
    Lie("100,000 line breaks", page("<br>" * 100_000)),
    Lie("100,000 tiny paragraphs", page("<p>x</p>" * 100_000)),
    Lie("50,000 list entries", page("<ul>" + "<li>x" * 50_000)),
    Lie("20 MB", page("<p>" + "pier and quay " * 1_500_000 + "</p>")),
    Lie("one word of 5 MB", page("x" * 5_000_000)),
    Lie("half a megabyte of <", page("<" * 500_000)),
    Lie("20,000 attributes", page("<p " + " ".join(f"a{n}=1" for n in range(20_000)) + ">x</p>")),
    Lie("JSON-LD 5,000 deep", page("", _json_ld(_DEEP))),
    Lie("JSON-LD of 5 MB", page("", _json_ld(_LARGE))),
    Lie("JSON-LD with double keys and NaN", page("", _json_ld(_TWICE))),
    Lie("JSON-LD cut short", page("", _json_ld('{"@type":"NewsArticle","headline":"No'))),
    Lie("JSON-LD 5,000 times", page("", _SCRIPTS)),
    Lie("JSON-LD with a body of tags", page("", _json_ld(_BODY))),
    Lie("laughing entities", xhtml(f'<!ENTITY l0 "ha">{_LAUGHS}', "&l9;"), never=("haha",)),
    Lie("an entity from outside", xhtml(_OUTSIDE, "&f;"), never=("root:",)),
    Lie("nothing", b"", alone="no-title"),
    Lie("an empty body", b"<html><title>T</title><body></body></html>", alone="no-text"),
    Lie(
        "only a script", b"<html><title>T</title><script>let a = 1</script></html>", alone="no-text"
    ),
    Lie("only comments", b"<!-- a -->" * 10_000, alone="no-title"),
    Lie("a PDF named html", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + b"\x00" * 100_000, "not-html"),
    Lie("a JPEG named html", b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\x00" * 100_000, "not-html"),
    Lie(
        "a frame set",
        b"<html><title>T</title><frameset><frame src='/a.html'></frameset></html>",
        alone="no-text",
    ),
    Lie("10,000 pictures", page("<img src='/a.jpg' width=900>" * 10_000)),
    Lie("a data: picture of 5 MB", page(f"<img width=900 src='data:image/png;{'A' * 5_000_000}'>")),
    Lie("drawings and pixels", page("<img src='/a.svg' width=900><img src='/b.gif' width=1>")),
    Lie("impossible sides", page(_PICTURES)),
    Lie("100,000 sizes of one picture", page(f"<img srcset='{_SOURCES}'>")),
    Lie("a canonical of another site", page("", _OTHER), never=("other.example",)),
    Lie("a canonical that is a script", page("", _SCRIPT), never=("javascript:",)),
    Lie("an AMP page of another site", page("", _AMP_AWAY), never=("other.example",)),
    Lie("an AMP page that is itself", page("", _AMP_SELF), amp=False),
    Lie("canonical and AMP page in a circle", page("", _LOOP), amp=False),
    Lie("20,000 canonicals and AMP pages", page("", _LINKS)),
    Lie("an AMP page that is a script", page("", _AMP_SCRIPT), never=("javascript:",)),
    Lie(
        "an og:title of 1 MB", page("", f"<meta property='og:title' content='{'pier ' * 200_000}'>")
    ),
    Lie("100,000 metas", page("", "<meta name='keywords' content='pier'>" * 100_000)),
    Lie("a headline of bars", page(f"<h1>{'pier | ' * 50_000}</h1>")),
    Lie("a megabyte of blanks", page(f"<p>{' ' * 2**20}</p><h1>{' ' * 2**20}</h1>")),
    Lie("datelines without end", page(f"<p>{'PIER (AP) - ' * 20_000}</p>")),
    Lie("brackets without end", page(f"<p>{'[Photo by (' * 20_000}</p>")),
    Lie("cookies without end", page(f"<p>{'we use ' * 50_000}</p>")),
    Lie("a table of 4,000 rows", page(f"<table>{_ROWS}</table>")),
    Lie("1,000 tables within each other", page("<table><tr><td>" * 1_000 + NEWS)),
    Lie(
        "5,000 headings that lead elsewhere",
        page("<h2><a href='/x'>Pier</a></h2>" * 5_000),
        "listing",
    ),
    Lie("noindex", page("", "<meta name='robots' content='noindex'>"), never=("Sunday",)),
    Lie("nosnippet", page("", "<meta name='robots' content='nosnippet'>"), silent=True),
    Lie("max-snippet:0", page("", "<meta name='robots' content='max-snippet:0'>"), silent=True),
    Lie("broken characters", page("<p>\x00\x0b\x1b[31m\u202e</p>").replace(b"Sunday", b"\xff\xfe")),
)


def hang(page: Page, facts: EntryFacts) -> NoReturn:
    """Read a page as a program does that never comes back, in one call of C code."""
    re.match(r"(a+)+$", "a" * 60 + "b")
    raise AssertionError("nobody waits that long")
