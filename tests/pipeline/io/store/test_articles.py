"""Articles, stories, leases and the outbox on both databases."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

from pipeline.io.store import Store, articlerows, bodies, documents, leases, pages, stories
from pipeline.io.store.documents import DocumentRow
from pipeline.io.store.pages import ClaimedPage, PageResult
from pipeline.records import (
    Article,
    ArticleId,
    ArticleType,
    Image,
    Membership,
    Page,
    PageId,
    Part,
    Score,
    ScoredArticle,
    Story,
    StoryId,
)
from tests.pipeline.io.store.world import (
    MINUTE,
    NOW,
    add_sources,
    claim,
    claim_pages,
    open_tick,
    polled,
    save,
    terms,
)


def _article(page: ClaimedPage, id_: str, title: str = "A title") -> Article:
    return Article(
        id=ArticleId(id_),
        page_id=page.id,
        url=page.url,
        title=title,
        excerpt="An excerpt.",
        text="A text.",
        published_at=NOW - timedelta(hours=1),
        language="en",
        type=ArticleType.ARTICLE,
        provider="outlet.example",
        provider_name="Outlet",
        image=Image(url="https://outlet.example/a.png", width=640, height=480),
        authors=("The desk",),
        origins={"title": "h1"},
    )


def _page(claimed: ClaimedPage) -> Page:
    return Page(
        id=claimed.id,
        url=claimed.url,
        final_url=f"{claimed.url}?moved",
        body=b"<p>A text." * 100,
        content_type="text/html",
        fetched_at=NOW,
        robots_tag="noarchive",
    )


def _result(page: ClaimedPage, article: Article) -> PageResult:
    digest = hashlib.sha256(article.title.encode()).hexdigest()
    return PageResult(
        claimed=page, state="done", page=_page(page), article=article, content_hash=digest
    )


def _pages(store: Store, *urls: str) -> list[ClaimedPage]:
    add_sources(store, ["one"])
    open_tick(store)
    [source] = claim(store, ["one"], terms())
    save(store, polled(source, *urls))
    return claim_pages(store, terms())


def _save(store: Store, *results: PageResult) -> dict[PageId, str]:
    with store.write() as tx:
        return pages.save_pages(tx, results, version=1, now=NOW)


def test_an_article_comes_back_as_it_was_stored(store: Store) -> None:
    [page] = _pages(store, "https://one.example/x")
    article = _article(page, str(page.id))

    endings = _save(store, _result(page, article))

    with store.read() as tx:
        assert articlerows.load_articles(tx, [article.id]) == {article.id: article}
        assert bodies.stored_pages(tx, [page.id]) == {page.id: _page(page)}
        assert pages.pending_articles_of_pages(tx, [page.id]) == [article.id]
    assert endings == {page.id: "new"}


def test_of_two_pages_that_are_one_article_the_smaller_speaks_in_either_order(
    store: Store,
) -> None:
    small, large = sorted(
        _pages(store, "https://one.example/x", "https://one.example/y"), key=lambda page: page.id
    )
    of_small = _result(small, _article(small, "1-canonical", "From the smaller"))
    of_large = _result(large, _article(large, "1-canonical", "From the larger"))

    assert _save(store, of_large) == {large.id: "new"}
    assert _save(store, of_small) == {small.id: "updated"}
    with store.read() as tx:
        [article] = articlerows.load_articles(tx, [ArticleId("1-canonical")]).values()
    assert article.title == "From the smaller"


def test_the_larger_page_of_an_article_is_an_alias(store: Store) -> None:
    small, large = sorted(
        _pages(store, "https://one.example/x", "https://one.example/y"), key=lambda page: page.id
    )
    of_small = _result(small, _article(small, "1-canonical"))
    of_large = _result(large, _article(large, "1-canonical", "Other"))

    assert _save(store, of_small, of_large) == {small.id: "new", large.id: "alias"}


def test_a_corrected_article_waits_for_the_clusterer_again(store: Store) -> None:
    url = "https://one.example/x"
    [page] = _pages(store, url)
    article = _article(page, str(page.id))
    _save(store, _result(page, article))
    with store.write() as tx:
        stories.settle_articles(tx, [article.id], {})
    open_again = NOW + 31 * MINUTE
    open_tick(store, open_again)
    [source] = claim(store, ["one"], terms(open_again))
    changed = polled(source, url)
    corrected = replace(changed.intents[0].entry, title="Corrected", content_hash="other")
    changed = replace(changed, intents=(replace(changed.intents[0], entry=corrected),))
    save(store, changed, now=open_again)

    [page] = claim_pages(store, terms(open_again))
    endings = _save(store, _result(page, replace(article, title="Corrected")))

    assert page.facts.title == "Corrected"
    assert endings == {page.id: "updated"}
    with store.read() as tx:
        assert pages.pending_articles_of_pages(tx, [page.id]) == [article.id]


def _story(article: Article, id_: str = "abc") -> Story:
    score = Score(value=50, parts=(Part(name="provider", value=50.0),))
    return Story(
        id=StoryId(id_),
        lead=ScoredArticle(article=article, topics=("AI",), quality=score),
        related=(),
        memberships=(Membership(article_id=article.id),),
        topics=("AI",),
        heat=score,
        related_voices=0,
    )


def _with_story(store: Store) -> Story:
    [page] = _pages(store, "https://one.example/x")
    article = _article(page, str(page.id))
    _save(store, _result(page, article))
    story = _story(article)
    with store.write() as tx:
        stories.add_memberships(tx, [(story.id, "en", story.memberships[0])])
        stories.settle_articles(tx, [article.id], {})
        stories.save_story(tx, story, cluster_version=1, score_version=1)
    return story


def test_a_story_is_due_for_every_site_until_each_has_its_revision(store: Store) -> None:
    story = _with_story(store)

    with store.write() as tx:
        assert stories.unwritten(tx, ["a", "b"]) == {story.id: 1}
        stories.mark_written(tx, "a", {story.id: 1})
        assert stories.unwritten(tx, ["a"]) == {}
        assert stories.unwritten(tx, ["a", "b"]) == {story.id: 1}
        stories.save_story(tx, story, cluster_version=1, score_version=1)
        assert stories.unwritten(tx, ["a"]) == {story.id: 2}


def test_members_come_back_with_their_reasons(store: Store) -> None:
    story = _with_story(store)

    with store.read() as tx:
        [(article, membership)] = stories.members_of(tx, [story.id])[story.id]
        live = list(stories.live_articles(tx, "en", since=NOW - timedelta(days=3)))

    assert article == story.lead.article
    assert membership == story.memberships[0]
    assert live == [(article, story.id)]


def test_a_path_is_taken_in_whatever_case(store: Store) -> None:
    story = _with_story(store)
    row = DocumentRow(
        site="a",
        story_id=story.id,
        path="_news/2026-03-01-Title.md",
        state="live",
        published=True,
        published_at=NOW,
        sha256="0" * 64,
        revision=1,
        writer_version=1,
        content=b"the file's bytes",
        listing={"title": "Title"},
    )
    with store.write() as tx:
        documents.save_documents(tx, [row])
        documents.save_documents(tx, [replace(row, revision=2)])

        assert documents.documents_of(tx, "a") == [replace(row, revision=2)]
        assert documents.path_is_taken(tx, "a", "_news/2026-03-01-title.md")
        assert not documents.path_is_taken(tx, "b", "_news/2026-03-01-title.md")


def test_a_lease_has_one_holder_and_its_token_fences_the_last(store: Store) -> None:
    def take(owner: str, minutes: int = 0) -> int | None:
        with store.write() as tx:
            now = NOW + minutes * MINUTE
            return leases.take(tx, "write:a", owner=owner, now=now, lasts=2 * MINUTE)

    first = take("a")
    assert first is not None
    assert take("b") is None
    second = take("b", minutes=3)
    assert second is not None
    with store.write() as tx:
        assert not leases.holds(tx, "write:a", first)
        assert leases.holds(tx, "write:a", second)
        leases.give_back(tx, "write:a", second)
    assert take("a", minutes=3) is not None
