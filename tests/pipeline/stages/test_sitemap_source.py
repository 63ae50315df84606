"""A news sitemap watched like any feed, from its address to a story."""

from __future__ import annotations

from pathlib import Path

from config.catalogue import SourceEntry
from pipeline import line
from pipeline.io.store import sources, stories
from tests.world import APPLES, NOW, PIER, FakeWeb, catalogue, opened, page

SITEMAP = "https://one.example/news.xml"
SOURCE = SourceEntry(id="one", feed=SITEMAP, provider="one.example", title="One")


def _sitemap() -> str:
    urls = "".join(
        f"<url><loc>{item.url}</loc><n:news><n:title>{item.title}</n:title>"
        f"<n:publication_date>{item.published:%Y-%m-%dT%H:%M:%SZ}</n:publication_date></n:news>"
        "</url>"
        for item in (PIER, APPLES)
    )
    return f"<urlset xmlns:n='http://www.google.com/schemas/sitemap-news/0.9'>{urls}</urlset>"


def test_a_news_sitemap_becomes_stories(tmp_path: Path) -> None:
    web = FakeWeb({SITEMAP: _sitemap(), **{item.url: page(item) for item in (PIER, APPLES)}})
    books = catalogue([SOURCE])
    with opened(tmp_path, books, web) as ctx:
        with ctx.store.write() as tx:
            sources.apply_sync(tx, books.sources, now=NOW)
        line.run(ctx)
        with ctx.store.read() as tx:
            [row] = sources.all_sources(tx)
            titles = {story.title for story in stories.story_rows(tx)}

    assert (row.dialect, row.parser, row.entries) == ("news-sitemap", "sitemap", 2)
    assert row.entry_key_kind == "link"
    assert titles == {PIER.title, APPLES.title}
