"""A small world for tests of the whole line: sources, pages and a web that is a plain function."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path

import httpx
from pydantic import SecretStr

from config.catalogue import Catalogue, Organisation, Scoring, Site, SourceEntry, Topic
from config.settings import Settings
from pipeline import line
from pipeline.context import Context, FixedClock, open_context
from pipeline.io.embedder import Embedder
from pipeline.io.store import Store, ledger, sources, stories
from pipeline.outcomes import Tally
from pipeline.records import StoryId
from pipeline.seedfile.changes import fold
from pipeline.seedfile.document import SeedDocument
from pipeline.seedfile.parse import parse
from pipeline.seedfile.secured import DEMO_MASTER_KEY

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SCORING = Scoring(
    unknown_provider=20,
    amp=20,
    image=15,
    keyword_in_title=10,
    further_topic=2,
    further_topics_limit=5,
    video=50,
    voice=10,
    voices_limit=10,
    quality_gate=50,
)
Handler = Callable[[httpx.Request], httpx.Response]


@dataclass
class FakeWeb:
    """Answers by URL; counts what was asked."""

    answers: dict[str, Handler | str | bytes | int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        self.asked.append(url)
        answer = self.answers.get(url, 404)
        if callable(answer):
            return answer(request)
        if isinstance(answer, int):
            return httpx.Response(answer)
        kind = "application/xml" if url.endswith(".xml") else "text/html; charset=utf-8"
        content = answer.encode() if isinstance(answer, str) else answer
        return httpx.Response(200, content=content, headers={"content-type": kind})


def catalogue(sources: Iterable[SourceEntry], **changes: object) -> Catalogue:
    """Return a catalogue of these sources, one topic, one site that takes everything."""
    base = {
        "sources": {source.id: source for source in sources},
        "organisations": {
            "one.example": Organisation(domain="one.example", name="One", quality=50, logo=True),
        },
        "topics": (Topic(name="Harbour", keywords=("harbour",)),),
        "sites": {"all": Site(name="all", out="all", threshold=0)},
        "scoring": SCORING,
    }
    return Catalogue.model_validate({**base, **changes})


def source(name: str, host: str | None = None) -> SourceEntry:
    """Return a source whose feed lies at https://HOST/feed.xml."""
    host = host or f"{name}.example"
    return SourceEntry(id=name, feed=f"https://{host}/feed.xml", provider=host, title=name.title())


@dataclass(frozen=True, kw_only=True)
class Item:
    """An entry and its page."""

    url: str
    title: str
    text: str
    published: datetime | None = NOW - timedelta(hours=2)


def feed(items: Iterable[Item], title: str = "A feed") -> str:
    """Return an RSS 2.0 document."""
    entries = "".join(
        f"<item><title>{escape(item.title)}</title><link>{escape(item.url)}</link>"
        f"<guid>{escape(item.url)}</guid>"
        + (f"<pubDate>{format_datetime(item.published)}</pubDate>" if item.published else "")
        + "</item>"
        for item in items
    )
    channel = f"<channel><title>{title}</title>{entries}</channel>"
    return f"<?xml version='1.0'?><rss version='2.0'>{channel}</rss>"


def page(item: Item) -> str:
    """Return an article's page with the usual things around it."""
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in item.text.split("\n"))
    published = f"{item.published:%Y-%m-%dT%H:%M:%SZ}" if item.published else ""
    return (
        f"<!doctype html><html lang='en'><head><title>{escape(item.title)}</title>"
        f"<meta property='article:published_time' content='{published}'></head><body>"
        "<nav><a href='/'>Home</a><a href='/news'>News</a></nav>"
        f"<article><h1>{escape(item.title)}</h1>{paragraphs}</article>"
        "<footer>All rights reserved.</footer></body></html>"
    )


HARBOUR = (
    "The harbour authority closed the northern pier on Sunday after divers found cracks in two of "
    "its oldest pillars.\n"
    "Ferries to the outer islands will leave from the southern basin until engineers have finished "
    "their inspection, which is expected to take at least three weeks.\n"
    "Fishing boats may still unload at night, the authority said, as long as lorries stay off the "
    "pier and no crane is used.\n"
    "The pier was built ninety years ago and carries about four hundred passengers a day."
)
ORCHARD = (
    "Growers in the valley expect the smallest apple harvest in a decade after two nights of frost "
    "in the week when most trees were in blossom.\n"
    "The growers' association put the loss at sixty per cent for early varieties and at a third "
    "for late ones, and asked the district for help with next year's seedlings.\n"
    "Cider makers said that they would buy fruit from the coast instead and keep their prices.\n"
    "Bees, which had been moved to the valley in April, were not harmed."
)


def publish(web: FakeWeb, host: str, items: Iterable[Item]) -> None:
    """Put a feed and its pages on the web."""
    found = list(items)
    web.answers[f"https://{host}/feed.xml"] = feed(found)
    for item in found:
        web.answers[item.url] = page(item)


@contextmanager
def opened(
    home: Path,
    books: Catalogue,
    web: FakeWeb | httpx.AsyncBaseTransport,
    *,
    now: datetime = NOW,
    tally: Tally | None = None,
    embedder: Embedder | None = None,
    **changes: object,
) -> Iterator[Context]:
    """Open a Context on a fake web with its clock at `now` and no waiting for hosts."""
    settings = Settings.model_validate(
        {
            "home": home,
            "master_key": SecretStr(DEMO_MASTER_KEY),
            "host_spacing": timedelta(0),
            "children": 1,
            **changes,
        }
    )
    transport = httpx.MockTransport(web) if isinstance(web, FakeWeb) else web
    with open_context(
        settings,
        books,
        transport=transport,
        clock=FixedClock(now),
        tally=tally,
        embedder=embedder,
    ) as ctx:
        yield ctx


def tree(folder: Path) -> Mapping[str, bytes]:
    """Return what must be equal below `folder`.

    That is every file but the freshness file, whose bytes are
    the time, and of the change feed each story's final state.
    """
    return {
        str(path.relative_to(folder)): _folded(path.read_bytes())
        if path.name == "changes.jsonl"
        else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "latest.json"
    }


def _folded(changes: bytes) -> bytes:
    """Return the final state of each story, without numbers and times."""
    last = fold(changes.splitlines(keepends=True))
    return repr(sorted((one.story_id, one.path, one.sha256) for one in last.values())).encode()


PIER = Item(url="https://one.example/pier", title="Harbour closes northern pier", text=HARBOUR)
FERRIES = Item(
    url="https://two.example/ferries",
    title="Northern pier closed: harbour ferries move to southern basin",
    text="Ferries moved to the southern basin after divers found cracks in two old pillars of the "
    "harbour's northern pier.\nThe harbour authority closed the pier on Sunday; engineers need "
    "three weeks for their inspection.\nFour hundred passengers a day are affected.",
)
APPLES = Item(url="https://one.example/apples", title="Frost ruins apple harvest", text=ORCHARD)


class TwoOutlets:
    """One installation with two outlets, opened again and again at later times."""

    def __init__(self, home: Path, books: Catalogue | None = None) -> None:
        self.home, self.web = home, FakeWeb()
        self.books = books or catalogue([source("one"), source("two")])
        publish(self.web, "one.example", [PIER, APPLES])
        publish(self.web, "two.example", [FERRIES])
        self.minutes = 0

    @contextmanager
    def open(self, tally: Tally | None = None) -> Iterator[Context]:
        self.minutes += 60
        now = NOW + timedelta(minutes=self.minutes)
        with opened(self.home, self.books, self.web, now=now, tally=tally) as ctx:
            with ctx.store.write() as tx:
                sources.apply_sync(tx, self.books.sources, now=now)
            yield ctx

    def run(self) -> Tally:
        tally = Tally()
        with self.open(tally) as ctx:
            line.run(ctx)
            with ctx.store.read() as tx:
                assert [run for run in ledger.runs(tx) if run.difference] == []
        assert all(counts.difference == 0 for counts in tally.stages.values())
        return tally

    def stories(self) -> dict[str, StoryId]:
        with self.open() as ctx, ctx.store.read() as tx:
            return {row.title: StoryId(row.id) for row in stories.story_rows(tx)}

    def documents(self) -> dict[str, SeedDocument]:
        return {
            path.name: parse(path.read_bytes()).document
            for path in sorted((self.home / "out" / "all" / "_news").glob("*.md"))
        }

    def document(self, title: str) -> SeedDocument:
        [found] = [one for one in self.documents().values() if one.title == title]
        return found

    def changes(self) -> list[tuple[str, str]]:
        lines = (self.home / "out" / "all" / "changes.jsonl").read_text().splitlines()
        records = [json.loads(line_) for line_ in lines]
        assert [record["number"] for record in records] == list(range(1, len(records) + 1))
        return [(record["kind"], record["path"]) for record in records]

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.changes()]


def differences(home: Path) -> list[int]:
    """Return by how much the counts of each run of an installation fail to add up."""
    store = Store(f"sqlite:///{home / 'state' / 'newsloom.db'}")
    try:
        with store.read() as tx:
            return [run.difference for run in ledger.runs(tx)]
    finally:
        store.close()
