"""Feed documents that strangers could serve: each is read for what is in it, or told apart."""

from __future__ import annotations

from collections.abc import Mapping

#: What the one good entry of a bad feed links to.
LINK = "/news/pier.html"


def rss(*entries: str, head: str = "", prolog: str = "") -> bytes:
    """Return an RSS 2.0 document around these entries."""
    body = "".join(f"<item>{entry}</item>" for entry in entries)
    text = (
        f"<?xml version='1.0' encoding='utf-8'?>{prolog}<rss version='2.0'><channel>"
        f"<title>Pier news</title>{head}{body}</channel></rss>"
    )
    return text.encode("utf-8", errors="surrogatepass")


def entry(more: str = "", *, link: str = LINK) -> str:
    """Return one entry that leads to the page, and whatever else it says."""
    return f"<title>The pier is closed</title><link>{link}</link>{more}"


_LAUGHS = "".join(
    f'<!ENTITY l{n} "{"".join(f"&l{n - 1};" for _ in range(10))}">' for n in range(1, 10)
)
_DATES = (
    "Mon, 01 Jan 0000 00:00:00 GMT", "0000-00-00", "2020-02-30T12:00:00Z", "9999-12-31T23:59:59Z",
    "Tue, 01 Jan 2019 00:00:00 +9999", "-0001-01-01T00:00:00Z", "1e400", "9" * 100_000,
    "Mon, 32 Dec 2029 25:61:61 GMT", "yesterday", "",
)  # fmt: skip

#: Name -> (body, what a poll of it ends in): "fetched", or the reason of its failure.
FEEDS: Mapping[str, tuple[bytes, str]] = {
    "empty": (b"", "empty-body"),
    "only a BOM": (b"\xef\xbb\xbf", "empty-body"),
    "only blanks": (b" \n\t " * 50, "empty-body"),
    "HTML": (b"<!doctype html><html><head><title>Log in</title></head></html>", "not-a-feed"),
    "a captcha": (b"<html><body><form>Are you human?</form></body></html>", "not-a-feed"),
    "JSON that is no feed": (b'{"error": "rate limited"}', "not-a-feed"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(300), "not-a-feed"),
    "billion laughs": (
        rss(
            entry("<description>&l9;</description>"),
            prolog=f'<!DOCTYPE rss [<!ENTITY l0 "ha">{_LAUGHS}]>',
        ),
        "fetched",
    ),
    "quadratic entity": (
        rss(
            entry(f"<description>{'&a;' * 5000}</description>"),
            prolog=f'<!DOCTYPE rss [<!ENTITY a "{"a" * 50_000}">]>',
        ),
        "fetched",
    ),
    "external entity": (
        rss(
            entry("<description>&f;</description>"),
            prolog='<!DOCTYPE rss [<!ENTITY f SYSTEM "file:///etc/hostname">]>',
        ),
        "fetched",
    ),
    "parameter entity": (
        rss(
            entry(),
            prolog='<!DOCTYPE rss [<!ENTITY % p SYSTEM "http://127.0.0.1/evil.dtd"> %p;]>',
        ),
        "fetched",
    ),
    "doctype of another host": (
        rss(entry(), prolog='<!DOCTYPE rss SYSTEM "http://127.0.0.1/rss.dtd">'),
        "fetched",
    ),
    "100,000 deep": (rss(entry("<x>" * 100_000 + "</x>" * 100_000)), "fetched"),
    "ill-formed": (rss(entry("<b>never closed & <i>")), "fetched"),
    "an author of 80 kB": (
        rss(entry(f"<author>a@{'a.' * 40_000}!</author>")),
        "fetched",
    ),
    "10,000 comments begun": (
        rss(entry(f"<description><![CDATA[{'<!--' * 10_000}]]></description>")),
        "fetched",
    ),
    "a guid of a megabyte": (rss(entry(f"<guid>{'g' * 2**20}</guid>")), "fetched"),
    "one guid for all": (
        rss(*(entry("<guid>same</guid>", link=f"{LINK}?page={n}") for n in range(5))),
        "fetched",
    ),
    "no link, no title, no guid": (rss("<description>nothing</description>", entry()), "fetched"),
    "dates that are none": (
        rss(*(entry(f"<pubDate>{date}</pubDate>") for date in _DATES)),
        "fetched",
    ),
    "controls and lone surrogates": (
        rss(entry("<description>a\x00b\x0bc\ud800d\ufffee</description>")),
        "fetched",
    ),
    "overlong UTF-8": (rss(entry("<description>XX</description>")).replace(b"XX", b"\xc0\xaf"),
                       "fetched"),
    "an encoding that does not exist": (
        rss(entry()).replace(b"utf-8", b"x-none"),
        "fetched",
    ),
    "a wrong encoding": (
        rss(entry("<description>Gr\u00fc\u00dfe</description>")).replace(b"utf-8", b"us-ascii"),
        "fetched",
    ),
    "UTF-16 without a BOM": (
        rss(entry()).decode().replace("utf-8", "utf-16").encode("utf-16-le"),
        "fetched",
    ),
    "links that lead inside": (
        rss(entry(), entry(link="http://169.254.169.254/latest/"), entry(link="file:///etc/passwd"),
            entry(link="javascript:alert(1)"), entry(link="http://[::1]:6379/")),
        "fetched",
    ),
    "a million entries": (
        rss(*(entry(link=f"{LINK}?n={n}") for n in range(60_000))), "fetched",
    ),
}  # fmt: skip
