"""The web of the chaos runs: 40 outlets, about a thousand entries, four hundred events."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from pipeline.io.recorded import Handler, HostedWeb
from tests.world import Item, feed, page

OUTLETS = 40
EVENTS = 400
#: Tellings of an event, drawn from these: two and a half on average.
TELLINGS = (1, 1, 2, 2, 3, 3, 3, 5)
SYLLABLES = ("ka", "lo", "mi", "ru", "ten", "vor", "sil", "dan", "pek", "ush", "gra", "bel", "nor")
#: In every text: they tell nothing.
_COMMON = (
    "the of to and in a for on with that was is said by from has will after at year people city "
    "week new more council report office month plan work road water local day between under"
)
COMMON = _COMMON.split()


@dataclass(frozen=True)
class Corpus:
    """A web, and the catalogue that watches it."""

    web: HostedWeb
    entries: int

    def write_catalogue(self, folder: Path) -> None:
        """Write the catalogue of these outlets: one site that takes everything."""
        folder.mkdir(parents=True)
        sources = "".join(
            f'[[source]]\nid = "{name}"\nfeed = "https://{name}.example/feed.xml"\n'
            f'provider = "{name}.example"\ntitle = "Outlet {name}"\nlanguage = "en"\n\n'
            for name in _names()
        )
        (folder / "sources.toml").write_text(sources)
        (folder / "organisations.toml").write_text("")
        (folder / "topics.toml").write_text('[[topic]]\nname = "All"\nkeywords = ["council"]\n')
        site = '[[site]]\nname = "all"\ntopics = []\nout = "."\nthreshold = 0\n'
        (folder / "sites.toml").write_text(site)


def corpus(seed: int = 1, *, events: int = EVENTS, page_bytes: int = 0) -> Corpus:
    """Make the web; the same seed gives the same one, but for the hour it begins in.

    `page_bytes`: pages have so much around their articles as those of newspapers have.
    """
    rng = random.Random(seed)
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=30)
    items: dict[str, list[Item]] = defaultdict(list)
    for event in range(events):
        words = ["".join(rng.choices(SYLLABLES, k=3)) for _ in range(16)]
        at = start + timedelta(minutes=rng.randint(0, 1500))
        for name in rng.sample(_names(), rng.choice(TELLINGS)):
            items[name].append(_telling(rng, name, event, words, at))
    hosts = {f"{name}.example": _outlet(name, items[name], page_bytes) for name in _names()}
    return Corpus(web=HostedWeb(hosts), entries=sum(map(len, items.values())))


def _names() -> list[str]:
    return [f"outlet{number:02}" for number in range(OUTLETS)]


def _telling(rng: random.Random, name: str, event: int, words: list[str], at: datetime) -> Item:
    """Return what one outlet says of an event."""
    title, text = telling(rng, words)
    return Item(
        url=f"https://{name}.example/{event}-{title.split()[0].lower()}",
        title=title,
        text=text,
        published=at + timedelta(minutes=rng.randint(0, 240)),
    )


def telling(rng: random.Random, words: list[str]) -> tuple[str, str]:
    """Return a title and a text of three paragraphs on the event that has these words."""
    title = " ".join(rng.sample(words, 6)).capitalize()
    sentences = []
    for _ in range(9):
        said = [rng.choice(words if rng.random() < 0.45 else COMMON) for _ in range(14)]
        sentences.append(" ".join(said).capitalize() + ".")
    return title, "\n".join(" ".join(sentences[at : at + 3]) for at in range(0, 9, 3))


def _dressed(html: str, name: str, page_bytes: int) -> bytes:
    """Put scripts into the head of a page, and teasers of other news below it, half and half."""
    missing = max(page_bytes - len(html), 0) // 2
    slots = ",".join(['{"slot":17,"w":300}'] * 40)
    script = f"<script>window.layout=[{slots}]</script>"
    teaser = (
        f"<li class='card'><a href='https://{name}.example/other'><img src='/s.jpg' alt=''>"
        "<h3>Council to vote on road works</h3></a><p class='dek'>A week of work.</p>"
        "<span class='byline'>Staff</span><time>09:00</time></li>"
    )
    head = script * (missing // len(script))
    aside = f"<aside><h2>More</h2><ul>{teaser * (missing // len(teaser))}</ul></aside>"
    dressed = html.replace("</head>", f"{head}</head>").replace("<footer>", f"{aside}<footer>")
    return dressed.encode()


def _outlet(name: str, items: list[Item], page_bytes: int) -> Handler:
    """Return the host of an outlet: its feed, its pages, no robots.txt."""
    pages = {
        item.url.rpartition("/")[2]: _dressed(page(item), name, page_bytes)
        if page_bytes
        else page(item).encode()
        for item in items
    }
    xml = feed(sorted(items, key=lambda one: one.url), f"Outlet {name}").encode()

    def answer(request: httpx.Request) -> httpx.Response:
        wanted = request.url.path.rpartition("/")[2]
        if wanted == "feed.xml":
            return httpx.Response(200, content=xml, headers={"content-type": "application/rss+xml"})
        if wanted in pages:
            headers = {"content-type": "text/html; charset=utf-8"}
            return httpx.Response(200, content=pages[wanted], headers=headers)
        return httpx.Response(404)

    return answer
