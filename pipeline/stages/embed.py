"""Before articles are compared: what they say, as vectors, where the installation wants that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.io.embedder import Embedder
from pipeline.outcomes import Tally
from pipeline.records import Article, Embedding
from pipeline.stories.dense import quantised, texts_of


def embedded(embedder: Embedder | None, articles: Sequence[Article], tally: Tally) -> list[Article]:
    """Return articles of one language with their embeddings, all of them or none.

    None where there is no embedder, where it does not know the language, and where it fails: then
    the whole batch is compared by its words, because half of it would be compared by two measures.
    """
    bare = [replace(article, embedding=None) for article in articles]
    if embedder is None or not bare or bare[0].language.partition("-")[0] not in embedder.languages:
        return bare
    try:
        vectors = embedder([text for article in bare for text in texts_of(article)])
        pairs = [
            quantised(whole) + quantised(title)
            for whole, title in zip(vectors[::2], vectors[1::2], strict=True)
        ]
    except Exception as error:  # noqa: BLE001 -- whatever a model raises, the stories go on
        tally.note("cluster", bare[0].language, f"embedder: {error!r}; compared by words alone")
        return bare
    return [
        replace(article, embedding=Embedding(embedder.model, vectors))
        for article, vectors in zip(bare, pairs, strict=True)
    ]
