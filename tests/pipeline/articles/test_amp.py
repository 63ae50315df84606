from __future__ import annotations

import pytest

from pipeline.articles.amp import amp_cache_url, amp_url_of
from tests.pipeline.articles.pages import URL, declared, markup

CACHE = "cdn.ampproject.org"

#: The vectors of the AMP project's own cache-url package (ampproject/amp-toolbox, Apache-2.0).
SUBDOMAINS = {
    "something.com": "something-com",
    "SOMETHING.COM": "something-com",
    "hello-world.com": "hello--world-com",
    "hello--world.com": "hello----world-com",
    "toplevelnohyphens": "qsgpfjzulvuaxb66z77vlhb5gu2irvcnyp6t67cz6tqo5ae6fysa",
    "no-dot-domain": "4lxc7wqq7b25walg4rdiil62veijrmqui5z3ept2lyfqqwpowryq",
    "itwasadarkandstormynight.therainfellintorrents.exceptatoccasionalintervalswhenitwascheckedby"
    ".aviolentgustofwindwhichsweptupthestreets.com": (
        "dgz4cnrxufaulnwku4ow5biptyqnenjievjht56hd7wqinbdbteq"
    ),
    "xn--bcher-kva.ch": "xn--bcher-ch-65a",
    "xn--4gbrim.xn----rmckbbajlc6dj7bxne2c.xn--wgbh1c": "xn-------i5fvcbaopc6fkc0de0d9jybegt6cd",
    "hello.xn--4gbrim.xn----rmckbbajlc6dj7bxne2c.xn--wgbh1c": (
        "a6h5moukddengbsjm77rvbosevwuduec2blkjva4223o4bgafgla"
    ),
    "en-us.example.com": "0-en--us-example-com-0",
    "點看.com": "xn---com-k47jg78q",
}


@pytest.mark.parametrize(("host", "label"), SUBDOMAINS.items())
def test_a_host_becomes_the_label_of_the_cache(host: str, label: str) -> None:
    address = amp_cache_url(f"https://{host}/a")
    assert address is not None
    assert address.removeprefix("https://").partition("/")[0] == f"{label}.{CACHE}"


ADDRESSES = {
    "https://www.example.com": "www-example-com.{}/c/s/www.example.com",
    "http://www.example.com": "www-example-com.{}/c/www.example.com",
    "https://www.example.com/": "www-example-com.{}/c/s/www.example.com/",
    "https://www.example.com/index.html": "www-example-com.{}/c/s/www.example.com/index.html",
    "http://www.example.com/index.html": "www-example-com.{}/c/www.example.com/index.html",
    "https://www.example.com/image.png": "www-example-com.{}/i/s/www.example.com/image.png",
    "http://www.example.com/image.png": "www-example-com.{}/i/www.example.com/image.png",
    "https://www.example.com/font.woff2": "www-example-com.{}/r/s/www.example.com/font.woff2",
    "http://www.example.com/font.woff2": "www-example-com.{}/r/www.example.com/font.woff2",
    "https://example.com/g?value=Hello%20World": (
        "example-com.{}/c/s/example.com/g?value=Hello%20World"
    ),
}


@pytest.mark.parametrize(("url", "address"), ADDRESSES.items())
def test_an_address_becomes_that_of_the_cache(url: str, address: str) -> None:
    assert amp_cache_url(url) == "https://" + address.format(CACHE)


def test_a_viewer_has_its_own_letter() -> None:
    assert amp_cache_url("https://www.example.com", viewer=True) == (
        f"https://www-example-com.{CACHE}/v/s/www.example.com"
    )


def test_the_addresses_of_the_formats_example_come_out() -> None:
    assert amp_cache_url("https://www.bbc.com/news/amp/technology-51220654") == (
        f"https://www-bbc-com.{CACHE}/c/s/www.bbc.com/news/amp/technology-51220654"
    )
    assert amp_cache_url(
        "https://www.dailydot.com/layer8/twitter-clearview-cease-and-desist/?amp"
    ) == (
        f"https://www-dailydot-com.{CACHE}/c/s/www.dailydot.com"
        "/layer8/twitter-clearview-cease-and-desist/?amp"
    )


def test_an_address_in_the_cache_is_its_own_and_an_unusable_one_has_none() -> None:
    cached = f"https://www-example-com.{CACHE}/c/s/www.example.com/a"
    assert amp_cache_url(cached) == cached
    assert amp_cache_url("javascript:alert(1)") is None


def link(href: str, attributes: str = "") -> str | None:
    html = markup(f'<link rel="amphtml" href="{href}">' if href else "", attributes=attributes)
    return amp_url_of(declared(html), url=URL)


@pytest.mark.parametrize(
    ("href", "address"),
    [
        ("?amp", f"{URL}?amp"),
        (
            "https://amp.harbour-post.example/tide-mill",
            "https://amp.harbour-post.example/tide-mill",
        ),
        (
            f"https://www-harbour--post-example.{CACHE}/c/s/www.harbour-post.example/tide",
            f"https://www-harbour--post-example.{CACHE}/c/s/www.harbour-post.example/tide",
        ),
        ("https://m.harbour-post.test/tide-mill", "https://m.harbour-post.test/tide-mill"),
        ("https://m.harbour.test/tide-mill", None),
        ("https://other.example/tide-mill", None),
        (f"https://other-example.{CACHE}/c/s/other.example/a", None),
        ("/", None),
        ("javascript:alert(1)", None),
        ("", None),
    ],
)
def test_an_amp_address_is_taken_when_it_belongs_to_the_page(
    href: str, address: str | None
) -> None:
    assert link(href) == address


def test_a_domain_of_the_same_name_belongs_to_the_page() -> None:
    html = markup('<link rel="amphtml" href="https://m.harbourpost.example/a">')
    page_url = "https://harbourpost.families.example/a"
    assert (
        amp_url_of(declared(html, url=page_url), url=page_url) == "https://m.harbourpost.example/a"
    )


@pytest.mark.parametrize("attribute", [" amp", " ⚡"])
def test_a_page_that_is_amp_is_its_own_twin(attribute: str) -> None:
    assert link("", attribute) == URL
