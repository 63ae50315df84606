"""Embeddings through the stage: made once, kept, all or none, and never in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Row, select

from pipeline.errors import UsageError
from pipeline.io import embedder as embedder_module
from pipeline.io.embedder import MiniLM
from pipeline.io.schema import articles, memberships
from pipeline.outcomes import Tally
from pipeline.records import Article
from pipeline.stages.cluster import cluster
from pipeline.stages.embed import embedded
from pipeline.stories.dense import dense_cosine, quantised
from tests.pipeline.stages.test_cluster import arrive, article
from tests.world import NOW, FakeWeb, catalogue, opened

ONE = article(1, "Ministers resign over the bridge toll", "The toll had doubled in May. " * 9, NOW)
TWO = article(2, "Cabinet quits over bridge fees", "Drivers pay twice as much in May. " * 9, NOW)
LONE = article(3, "Potatoes are dear", "A cold spring and a wet summer. " * 9, NOW)
HERE = [ONE, TWO, LONE]


class Meanings:
    """Says that all but potatoes means one thing; counts what it is asked."""

    languages = frozenset({"en"})

    def __init__(self, *, model: str = "fake/2", fails_from: int = 1000) -> None:
        self.model = model
        self.texts: list[str] = []
        self._fails_from = fails_from

    def __call__(self, texts: Sequence[str]) -> list[Sequence[float]]:
        self.texts += texts
        if len(self.texts) >= self._fails_from:
            raise RuntimeError("no memory")
        return [(0.0, 1.0) if "otato" in text else (1.0, 0.05) for text in texts]


def clustered(
    home: Path, embedder: Meanings | None, new: Sequence[Article] = HERE, *, hours: int = 0
) -> tuple[Tally, list[Row[tuple[object, ...]]]]:
    """Cluster articles in a tick of their own; return the tally and all articles' rows."""
    tally, now = Tally(), NOW + timedelta(hours=hours)
    with opened(home, catalogue([]), FakeWeb(), now=now, tally=tally, embedder=embedder) as ctx:
        arrive(ctx, new)
        cluster(ctx, [])
        with ctx.store.read() as tx:
            joined = articles.join(memberships, memberships.c.article_id == articles.c.id)
            columns = (articles.c.title, articles.c.embedding, articles.c.embedding_model)
            query = select(*columns, memberships.c.story_id, memberships.c.parts)
            return tally, list(tx.execute(query.select_from(joined).order_by(articles.c.url)))


def test_articles_of_one_meaning_become_one_story_and_say_so(tmp_path: Path) -> None:
    _, bare = clustered(tmp_path / "bare", None)
    _, rows = clustered(tmp_path / "dense", Meanings())
    assert len({row.story_id for row in bare}) == 3
    one, two, lone = rows
    assert one.story_id == two.story_id != lone.story_id
    terms = {part["name"] for part in (*one.parts, *two.parts)}
    assert "pair.meaning" in terms
    assert all(row.embedding is None for row in bare)


def test_a_text_is_embedded_once_and_its_vectors_serve_the_next_round(tmp_path: Path) -> None:
    first, second = Meanings(), Meanings()
    clustered(tmp_path, first, [ONE, LONE])
    _, rows = clustered(tmp_path, second, [TWO], hours=1)
    assert len(first.texts) == 4
    assert len(second.texts) == 2
    assert rows[0].story_id == rows[1].story_id
    assert {row.embedding_model for row in rows} == {"fake/2"}


def test_where_the_model_fails_the_whole_batch_is_compared_by_words(tmp_path: Path) -> None:
    tally, rows = clustered(tmp_path, Meanings(fails_from=1))
    assert len({row.story_id for row in rows}) == 3
    assert all(row.embedding is None for row in rows)
    reasons = tally.stages["cluster"].reasons
    assert [member for member, reason in reasons if "no memory" in reason] == ["en"]


def test_vectors_of_another_model_are_not_compared(tmp_path: Path) -> None:
    clustered(tmp_path, Meanings(), [ONE])
    _, rows = clustered(tmp_path, Meanings(model="other/2"), [TWO], hours=1)
    assert rows[0].story_id != rows[1].story_id


def test_a_language_the_model_does_not_know_goes_without() -> None:
    asked = Meanings()
    german = [replace(one, language="de") for one in HERE]
    assert embedded(asked, german, Tally()) == german
    assert asked.texts == []


def test_an_old_embedding_does_not_outlive_its_text() -> None:
    (old,) = embedded(Meanings(), [ONE], Tally())
    assert old.embedding is not None
    (now,) = embedded(Meanings(fails_from=1), [replace(old, title="Another")], Tally())
    assert now.embedding is None


def test_the_shipped_model_tells_likeness_and_does_not_mind_company() -> None:
    model = MiniLM()
    texts = [
        "The cabinet resigned over the bridge toll.",
        "Ministers quit in row about crossing fees.",
        "Growers expect the smallest apple harvest in a decade after two nights of frost.",
        "",
        "word " * 5000,
        "\x00 <b>\u202e",
    ]
    together = [quantised(vector) for vector in model(texts)]
    alone = [quantised(model([text])[0]) for text in texts]
    assert dense_cosine(together[0], together[1]) > dense_cosine(together[0], together[2]) + 0.2
    for one, other in zip(together, alone, strict=True):
        assert len(one) == 384
        assert dense_cosine(one, other) > 0.98


def test_a_missing_package_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedder_module, "_PACKAGES", ("no_such_package",))
    with pytest.raises(UsageError, match=r"no_such_package.*newsloom\[embeddings\]"):
        MiniLM()
