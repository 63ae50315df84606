from __future__ import annotations

import pytest

from pipeline.articles.images import choose, fits, image_candidates, to_measure
from pipeline.articles.markup import parse_markup
from pipeline.records import EntryFacts, Image, ImageCandidate, Media
from tests.pipeline.articles.pages import declared, json_ld, markup, meta

SITE = "https://www.harbour-post.example"


def candidates(html: str, facts: EntryFacts | None = None) -> tuple[ImageCandidate, ...]:
    tree = parse_markup(html.encode(), "text/html").tree
    return image_candidates(declared(html), facts or EntryFacts(), tree)


def candidate(url: str, width: int | None = None, height: int | None = None) -> ImageCandidate:
    return ImageCandidate(url=url, origin="og", width=width, height=height)


def test_pictures_are_found_in_the_order_of_trust() -> None:
    html = markup(
        meta("og:image", "/og.jpg")
        + meta("twitter:image", "/twitter.jpg")
        + json_ld(image=["/ld.jpg"], thumbnailUrl="/ld-small.jpg")
        + '<link rel="image_src" href="/link.jpg">',
        '<img src="/wide.jpg" width="640" height="360"><img src="/tiny.jpg" width="40">',
    )
    facts = EntryFacts(media=(Media(url=f"{SITE}/feed.jpg", width=200),))
    found = [(one.url.removeprefix(SITE), one.origin) for one in candidates(html, facts)]
    assert found == [
        ("/og.jpg", "og"),
        ("/ld.jpg", "jsonld"),
        ("/twitter.jpg", "twitter"),
        ("/ld-small.jpg", "jsonld"),
        ("/feed.jpg", "feed"),
        ("/link.jpg", "link"),
        ("/wide.jpg", "body"),
    ]


def test_a_described_wide_photograph_of_known_size_leads() -> None:
    image = {"@type": "ImageObject", "url": "/ld.jpg", "width": "1200px", "height": {"value": 800}}
    first = candidates(markup(meta("og:image", "/og.jpg") + json_ld(image=image)))[0]
    assert first == ImageCandidate(url=f"{SITE}/ld.jpg", origin="jsonld", width=1200, height=800)


def test_sizes_belong_to_the_og_image_before_them() -> None:
    head = "".join(
        [
            meta("og:image", "/a.jpg?x=1&amp;#038;y=2"),
            meta("og:image:width", "1200"),
            meta("og:image:height", "630"),
            meta("og:image", "/b.jpg"),
            meta("og:image:width", "0"),
        ]
    )
    assert [(one.url, one.width, one.height) for one in candidates(markup(head))] == [
        (f"{SITE}/a.jpg?x=1&y=2", 1200, 630),
        (f"{SITE}/b.jpg", None, None),
    ]


def test_the_largest_picture_of_a_srcset_is_taken() -> None:
    body = '<img srcset="/s.jpg 200w, /m,1.jpg 640w,/l.jpg 1280w" src="/s.jpg">'
    assert [(one.url, one.width) for one in candidates(markup("", body))] == [
        (f"{SITE}/l.jpg", 1280)
    ]


@pytest.mark.parametrize(
    "name",
    [
        "logo.png",
        "harbour-post-logo-1200x630.png",
        "og-default.jpg",
        "placeholder.gif",
        "social_share_default_image.png",
        "pixel.gif",
        "1x1.gif",
        "drawing.svg",
        "icon.ico",
        "blank.jpg",
    ],
)
def test_what_is_no_picture_of_any_news_is_refused_by_its_name(name: str) -> None:
    assert candidates(markup(meta("og:image", f"/img/{name}"))) == ()


@pytest.mark.parametrize(
    "name",
    ["twitter-logo.jpg", "maxresdefault.jpg", "tide-mill-1200x630.jpg", "a1b2c3", "10x11.jpg"],
)
def test_a_picture_of_a_logo_is_a_picture(name: str) -> None:
    assert len(candidates(markup(meta("og:image", f"/default/logo/{name}")))) == 1


@pytest.mark.parametrize(
    "reference", ["data:image/png;base64,AAAA", "javascript:x", "", SITE, f"{SITE}/", "http://["]
)
def test_what_is_no_address_of_a_picture_is_dropped(reference: str) -> None:
    assert candidates(markup(meta("og:image", reference))) == ()


@pytest.mark.parametrize("side", ["99999999999", "-1", "abc", "", "1e9", "NaN", "70000"])
def test_an_impossible_size_is_unknown(side: str) -> None:
    head = meta("og:image", "/a.jpg") + meta("og:image:width", side)
    assert [one.width for one in candidates(markup(head))] == [None]


def test_ten_thousand_pictures_are_bounded() -> None:
    body = "".join(f'<img src="/{n}.jpg" width="640">' for n in range(10_000))
    assert len(candidates(markup("", body))) == 12


@pytest.mark.parametrize(
    ("width", "height", "passes"),
    [
        (251, 201, True),
        (250, 201, False),
        (251, 200, False),
        (603, 201, True),
        (604, 201, False),
        (400, 1000, True),
        (399, 1000, False),
        (0, 0, False),
        (100_000, 50_000, False),
    ],
)
def test_the_gate_of_the_format(width: int, height: int, passes: bool) -> None:
    assert fits(width, height) is passes


def test_only_what_is_needed_is_measured_and_never_more_than_three() -> None:
    unknown = [candidate(f"https://news.example/{n}.jpg") for n in range(5)]
    small = candidate("https://news.example/small.jpg", 100, 100)
    good = candidate("https://news.example/good.jpg", 1200, 630)
    assert to_measure(unknown, {}) == [one.url for one in unknown[:3]]
    assert to_measure([small, unknown[0], good, unknown[1]], {}) == [unknown[0].url, good.url]
    assert to_measure([good, unknown[0]], {}) == [good.url]


def test_what_is_known_needs_no_measuring() -> None:
    first, second = (candidate(f"https://news.example/{n}.jpg", 1200, 630) for n in range(2))
    assert to_measure([first, second], {first.url: (640, 360)}) == []
    assert to_measure([first, second], {first.url: (1, 1)}) == [second.url]
    assert to_measure([first, second], {first.url: None}) == []
    assert choose([first, second], {first.url: None}) == Image(
        url=first.url, width=1200, height=630
    )
    assert choose([first], {first.url: (0, 0)}) is None


def test_the_first_that_passes_is_chosen_and_a_measured_size_beats_a_declared_one() -> None:
    first, second = (
        candidate("https://news.example/a.jpg", 1200, 630),
        candidate("https://n.example/b"),
    )
    assert choose([first, second], {}) == Image(url=first.url, width=1200, height=630)
    sizes = {first.url: (1, 1), second.url: (640, 360)}
    assert choose([first, second], sizes) == Image(url=second.url, width=640, height=360)
    assert choose([second], {}) is None
    assert choose([], {}) is None


@pytest.mark.parametrize(
    "address",
    [
        "https://pubads.g.doubleclick.net/gampad/ad?iu=/285/mill&sz=300x250",
        "https://ads.harbour-post.example/mill.jpg",
        "https://cdn.harbour-post.example/adserver/mill.jpg",
    ],
)
def test_an_advertisement_is_no_picture_of_the_news(address: str) -> None:
    assert candidates(markup("", f'<img width="640" height="480" src="{address}">')) == ()
    assert candidates(markup("", f'<img width="640" height="480" src="{SITE}/ad-hoc.jpg">')) != ()
