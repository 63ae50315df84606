from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.urls import (
    MAX_LENGTH,
    host_of,
    is_home_page,
    normalised_url,
    registrable_domain,
    resolve,
    same_site,
    url_key,
)

BASE = "https://news.example/world/today/story.html"

RESOLVED = {
    "a relative path": ("../yesterday/", "https://news.example/world/yesterday/"),
    "the same scheme": ("//cdn.example/a.jpg", "https://cdn.example/a.jpg"),
    "only a query": ("?amp", "https://news.example/world/today/story.html?amp"),
    "a trailing slash": ("https://news.example/a/", "https://news.example/a/"),
    "capitals in the path": ("HTTPS://News.Example/A/b", "https://news.example/A/b"),
    "the default port": ("https://news.example:443/a", "https://news.example/a"),
    "user-info": ("https://reader:secret@news.example/a", "https://news.example/a"),
    "a quote and a space": ('/a "b"', "https://news.example/a%20%22b%22"),
    "a backslash in the query": ("/a?b=\\c", "https://news.example/a?b=%5Cc"),
    "template braces": ("/a?b={{c}}", "https://news.example/a?b=%7B%7Bc%7D%7D"),
    "letters beyond ASCII": ("/é", "https://news.example/%C3%A9"),
    "a host beyond ASCII": ("http://bücher.example/", "http://xn--bcher-kva.example/"),
    "a host of look-alike letters": ("http://bb\u0441.example/", "http://xn--bb-pmc.example/"),
    "line breaks inside": ("https://news.exa\r\nmple/a", "https://news.example/a"),
    "a named entity": ("/a?b=1&amp;c=2", "https://news.example/a?b=1&c=2"),
    "a numbered entity": ("/a?b=1&#038;c=2", "https://news.example/a?b=1&c=2"),
    "an entity escaped twice": ("/a?b=1&amp;amp;c=2", "https://news.example/a?b=1&c=2"),
    "a parameter that looks like an entity": (
        "/a?b=1&copy=2",
        "https://news.example/a?b=1&copy=2",
    ),
    "a full-width dot": ("http://127。0。0。1/", "http://127.0.0.1/"),
    "a fragment": ("/a#b", "https://news.example/a#b"),
}


@pytest.mark.parametrize(("reference", "expected"), RESOLVED.values(), ids=RESOLVED)
def test_a_reference_becomes_a_printable_absolute_address(reference: str, expected: str) -> None:
    assert resolve(BASE, reference) == expected


UNUSABLE = {
    "empty": "",
    "blank": " \n",
    "a file": "file:///etc/passwd",
    "a script": "javascript:alert(1)",
    "data": "data:image/png;base64,AAAA",
    "mail": "mailto:desk@news.example",
    "ftp": "ftp://news.example/a",
    "gopher": "gopher://news.example/",
    "jar": "jar:https://news.example!/a",
    "no host": "http:///a",
    "no host but a colon": "http://:80/",
    "a label of 70 letters": f"http://{'a' * 70}.example/",
    "a host of 300 letters": f"http://{'a.' * 150}example/",
    "punycode of nothing": "http://xn--/",
    "broken punycode": "http://xn--0.example/",
    "an empty label": "http://news..example/",
    "a space in the host": "http://news example/",
    "a quote in the host": 'http://news".example/',
    "a bidi control in the host": "http://news\u202e.example/",
    "a port out of range": "http://news.example:99999/",
    "a lone surrogate": "http://news.example/\ud800",
    "100,000 characters": "http://news.example/" + "a" * 100_000,
    "more than 2,048 characters": "http://news.example/" + "a" * MAX_LENGTH,
}


@pytest.mark.parametrize("reference", UNUSABLE.values(), ids=UNUSABLE)
def test_an_unusable_reference_gives_nothing(reference: str) -> None:
    assert resolve(BASE, reference) is None
    with pytest.raises(ValueError, match="not a usable web address"):
        url_key(reference)


def test_a_relative_reference_without_a_base_gives_nothing() -> None:
    assert resolve("", "/a") is None
    assert resolve("", "//news.example/a") is None


@given(st.text(max_size=60), st.sampled_from(["", "https://news.example/", "/", "?", "//"]))
@settings(max_examples=300)
def test_whatever_comes_in_an_address_is_printable_and_stable(text: str, before: str) -> None:
    address = resolve(BASE, before + text)
    if address is not None:
        assert address.isascii()
        assert address.isprintable()
        assert not set(address) & set(' "<>\\^`{|}')
        assert address.startswith(("http://", "https://"))
        assert "@" not in address.partition("://")[2].partition("/")[0]
        assert len(address) <= MAX_LENGTH
        assert resolve("", address) == address
        assert url_key(address) == url_key(address)


ONE_PAGE = {
    "scheme": ("http://news.example/a", "https://news.example/a"),
    "default port": ("http://news.example:80/a", "http://news.example/a"),
    "host in capitals": ("https://NEWS.example/a", "https://news.example/a"),
    "www": ("https://www.news.example/a", "https://news.example/a"),
    "m": ("https://m.news.example/a", "https://www.news.example/a"),
    "amp host": ("https://amp.news.example/a", "https://news.example/a"),
    "www.m": ("https://www.m.news.example/a", "https://news.example/a"),
    "final dot of the host": ("https://news.example./a", "https://news.example/a"),
    "fragment": ("https://news.example/a#comments", "https://news.example/a"),
    "trailing slash": ("https://news.example/a/", "https://news.example/a"),
    "slash of the root": ("https://news.example/", "https://news.example"),
    "dot segments": ("https://news.example/b/../a", "https://news.example/a"),
    "campaign": ("https://news.example/a?utm_source=x&UTM_Medium=y", "https://news.example/a"),
    "click ids": ("https://news.example/a?fbclid=1&gclid=2", "https://news.example/a"),
    "order of parameters": ("https://news.example/?b=2&a=1", "https://news.example/?a=1&b=2"),
    "empty query": ("https://news.example/a?", "https://news.example/a"),
    "amp parameter": ("https://news.example/a?amp", "https://news.example/a"),
    "amp=1 among others": ("https://news.example/a?amp=1&id=7", "https://news.example/a?id=7"),
    "amp output": ("https://news.example/a?outputType=amp", "https://news.example/a"),
    "amp cache": (
        "https://news-example.cdn.ampproject.org/c/s/news.example/a?b=1",
        "https://news.example/a?b=1",
    ),
    "amp cache of plain http": (
        "https://news-example.cdn.ampproject.org/c/news.example/a",
        "http://news.example/a",
    ),
    "amp viewer": (
        "https://www-news-example.cdn.ampproject.org/v/s/www.news.example/a?amp_js_v=0.1&usqp=x",
        "https://news.example/a",
    ),
    "amp on a search engine": (
        "https://www.google.co.uk/amp/s/www.news.example/a",
        "https://news.example/a",
    ),
    "feed mark with its value": (
        "https://news.example/a?partner=rss&emc=rss",
        "https://news.example/a",
    ),
    "how a video was found": (
        "https://www.youtube.com/watch?v=abc&feature=youtu.be",
        "https://youtube.com/watch?v=abc",
    ),
    "percent triplets": ("https://news.example/%c3%a9", "https://news.example/é"),
}


@pytest.mark.parametrize(("one", "other"), ONE_PAGE.values(), ids=ONE_PAGE)
def test_addresses_of_one_page_have_one_key(one: str, other: str) -> None:
    assert url_key(one) == url_key(other)


TWO_PAGES = {
    "video": ("https://youtube.com/watch?v=abc", "https://youtube.com/watch?v=abd"),
    "id": ("https://news.example/?id=1", "https://news.example/?id=2"),
    "post number": ("https://news.example/?p=1", "https://news.example/?p=2"),
    "post number or none": ("https://news.example/?p=1", "https://news.example/"),
    "case of the path": ("https://news.example/A", "https://news.example/a"),
    "case of the query": ("https://news.example/?a=B", "https://news.example/?a=b"),
    "another host below the domain": ("https://blog.news.example/a", "https://news.example/a"),
    "another port": ("http://news.example:8080/a", "http://news.example/a"),
    "partner that is no feed": ("https://news.example/?partner=2", "https://news.example/"),
    "source that is no feed": ("https://news.example/?source=ap", "https://news.example/"),
    "a page of a list": ("https://news.example/a?page=2", "https://news.example/a"),
    "a domain that begins with m.": ("https://m.example/a", "https://example/a"),
    "an escaped slash": ("https://news.example/a%2Fb", "https://news.example/a/b"),
}


@pytest.mark.parametrize(("one", "other"), TWO_PAGES.values(), ids=TWO_PAGES)
def test_addresses_of_two_pages_have_two_keys(one: str, other: str) -> None:
    assert url_key(one) != url_key(other)


def test_the_key_is_fixed_for_ever() -> None:
    # A change here is a new version of the key and a migration of every stored row.
    assert (
        normalised_url("https://www.News.example/A/?b=2&utm_id=1&a=1#c") == "news.example/A?a=1&b=2"
    )
    assert (
        url_key("https://news.example/a")
        == "1-a034b736288d3c3001d6a0364c0d4b27280c152a9df7feb32ff84a872cf9cd21"
    )


def test_fifty_tracking_variants_are_one_page() -> None:
    names = ("utm_source", "utm_campaign", "fbclid", "mc_cid", "ocid")
    variants = [f"https://news.example/a?{name}={n}" for name in names for n in range(10)]
    assert len({url_key(variant) for variant in variants}) == 1


OWNERS = {
    "www.news.example": "news.example",
    "news.co.uk": "news.co.uk",
    "www.news.co.uk": "news.co.uk",
    "co.uk": "co.uk",
    "one.blogspot.com": "one.blogspot.com",
    "a.b.unknown-suffix": "b.unknown-suffix",
    "localhost": "localhost",
    "127.0.0.1": "127.0.0.1",
    "[::1]": "[::1]",
    "NEWS.example.": "news.example",
}


@pytest.mark.parametrize(("host", "domain"), OWNERS.items())
def test_the_registrable_domain_is_one_label_below_the_public_suffix(
    host: str, domain: str
) -> None:
    assert registrable_domain(host) == domain


def test_hosts_of_one_owner_are_one_site_and_addresses_only_equal_ones() -> None:
    assert same_site("https://www.news.co.uk/a", "http://amp.news.co.uk/b")
    assert not same_site("https://news.co.uk/", "https://other.co.uk/")
    assert not same_site("https://one.blogspot.com/", "https://two.blogspot.com/")
    assert same_site("http://127.0.0.1:8001/a", "http://127.0.0.1:8002/b")
    assert not same_site("http://127.0.0.1/", "http://127.0.0.2/")


def test_the_host_is_lower_case_punycode_without_a_port() -> None:
    assert host_of("https://Bücher.Example:8443/a") == "xn--bcher-kva.example"
    with pytest.raises(ValueError, match="not a usable"):
        host_of("/a")


@pytest.mark.parametrize("path", ["", "/", "/index.html", "/en", "/en-gb/", "/home", "/#top"])
def test_a_front_page_is_recognised(path: str) -> None:
    assert is_home_page(f"https://news.example{path}")


@pytest.mark.parametrize("path", ["/a", "/?p=1", "/news/", "/2020/01/", "/en/a", "/eng/"])
def test_a_page_below_the_front_is_not_the_front(path: str) -> None:
    assert not is_home_page(f"https://news.example{path}")
