"""Questions about the clusterer that change nothing: other weights, and nobody's corrections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from pipeline.context import Context
from pipeline.io.store import correctionbook, partitions, stories
from pipeline.io.store.articlerows import load_articles
from pipeline.records import Article, ArticleId, StoryId
from pipeline.stages.regroup import is_taken
from pipeline.stories.cluster import LiveArticle
from pipeline.stories.judged import Judged, judge
from pipeline.stories.refine import Pair, Refinement, refine
from pipeline.stories.similarity import PairModel
from pipeline.stories.strictness import rules_of

# --- other weights --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Merge:
    """A stored story that another would take over."""

    story: StoryId
    into: StoryId


@dataclass(frozen=True, slots=True)
class Split:
    """Articles of a stored story that would be one of their own."""

    story: StoryId
    articles: tuple[ArticleId, ...]


Change = Merge | Split


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """How the stored stories of one language would change, by the one model and by the other."""

    language: str
    articles: int
    stories: int
    #: By the other model alone, by today's alone, by both.
    gained: tuple[Change, ...]
    lost: tuple[Change, ...]
    either_way: tuple[Change, ...]
    #: Of every article, and for each story that a change names that of its oldest one.
    titles: Mapping[str, str]


def what_if(ctx: Context, model: PairModel, *, since: timedelta) -> Iterator[WhatIf]:
    """Group the live stories anew by another model and by today's, language by language.

    Live are the stories with an article in the time `since` up to the newest. What operators said
    holds for both.
    """
    with ctx.store.read() as tx:
        newest = partitions.newest_articles(tx, until=ctx.clock())
    for language, moment in newest.items():
        with ctx.store.read() as tx:
            members = stories.live_members(tx, language, since=moment - since)
        before = _changes(_regrouped(ctx, members, ctx.model), members)
        after = _changes(_regrouped(ctx, members, model), members)
        named = {one.story for one in before | after} | {
            one.into for one in before | after if isinstance(one, Merge)
        }
        yield WhatIf(
            language=language,
            articles=len(members),
            stories=len({story_id for _, story_id in members}),
            gained=_ordered(after - before),
            lost=_ordered(before - after),
            either_way=_ordered(before & after),
            titles={
                **{article.id: article.title for article, _ in members},
                **{story: article.title for article, story in reversed(members) if story in named},
            },
        )


def _regrouped(
    ctx: Context, members: Sequence[tuple[Article, StoryId]], model: PairModel
) -> Refinement:
    """Group stories anew."""
    with ctx.store.read() as tx:
        ties = partitions.ties_of(tx, [article.id for article, _ in members])
    return refine(
        [LiveArticle(article=article, story_id=story_id) for article, story_id in members],
        window=ctx.settings.window,
        is_taken=partial(is_taken, ctx),
        must=ties.must,
        cannot=ties.cannot,
        model=model,
        rule_of=rules_of(ctx.catalogue.topics),
    )


def _changes(found: Refinement, members: Sequence[tuple[Article, StoryId]]) -> set[Change]:
    """Return what a refinement does to the stored stories."""
    groups: dict[StoryId, list[ArticleId]] = defaultdict(list)
    for article, _ in members:
        groups[found.story_of[article.id]].append(article.id)
    merges = {Merge(old, into) for old, into in found.aliases.items()}
    splits = {Split(origin, tuple(groups[new])) for new, origin in found.splits.items()}
    return {*merges, *splits}


def _ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda one: (type(one).__name__, one.story, repr(one))))


# --- nobody's corrections -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the bare clusterer makes of one pair of a correction."""

    number: int
    judged: Judged
    titles: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What the bare clusterer makes of all corrections."""

    #: Merges and splits that hold.
    corrections: int
    #: Pairs of which an article is in no story any more.
    left_out: int
    pairs: tuple[Verdict, ...]


def judged_corrections(ctx: Context) -> Verdicts:
    """Return what the clusterer would do by itself with what people joined and parted."""
    with ctx.store.read() as tx:
        book = correctionbook.all_of(tx)
        said = _said(book)
        articles = load_articles(tx, {article for pair in said for article in pair})
        clustered = stories.stories_of(tx, articles)
    asked = {pair: kind for pair, (kind, _) in said.items() if all(a in clustered for a in pair)}
    found: list[Judged] = []
    for pairs in _close_together(asked, articles, ctx.settings.window):
        found += _judged(ctx, {pair: asked[pair] for pair in pairs}, articles)
    return Verdicts(
        corrections=sum(one.holds and one.kind in ("merge", "split") for one in book),
        left_out=len(said) - len(found),
        pairs=tuple(
            Verdict(
                number=said[one.pair][1],
                judged=one,
                titles=(articles[one.pair[0]].title, articles[one.pair[1]].title),
            )
            for one in found
        ),
    )


def _said(book: Sequence[correctionbook.Correction]) -> dict[Pair, tuple[str, int]]:
    """Return what was said of each pair last, and by which correction."""
    kinds = {"merge": "must", "split": "cannot"}
    return {
        (min(one, other), max(one, other)): (kinds[correction.kind], correction.number)
        for correction in book
        if correction.holds and correction.kind in kinds
        for one in correction.articles
        for other in correction.others
    }


def _close_together(
    pairs: Iterable[Pair], articles: Mapping[ArticleId, Article], window: timedelta
) -> Iterator[list[Pair]]:
    """Yield the pairs in parts of one language that are too far apart to know of each other."""

    def begins(pair: Pair) -> tuple[str, datetime]:
        one, other = (articles[article] for article in pair)
        return one.language, min(one.published_at, other.published_at)

    part: list[Pair] = []
    last: tuple[str, datetime] | None = None
    for pair in sorted(pairs, key=lambda pair: (begins(pair), pair)):
        language, moment = begins(pair)
        if last is not None and (language != last[0] or moment > last[1] + 2 * window):
            yield part
            part, last = [], None
        part.append(pair)
        ends = max(articles[article].published_at for article in pair)
        last = (language, max(ends, last[1]) if last else ends)
    if part:
        yield part


def _judged(
    ctx: Context, asked: Mapping[Pair, str], articles: Mapping[ArticleId, Article]
) -> list[Judged]:
    """Judge pairs of one language and time among all that was published around them."""
    window = ctx.settings.window
    own = [articles[article] for pair in asked for article in pair]
    since = min(one.published_at for one in own) - window
    until = max(one.published_at for one in own) + window
    with ctx.store.read() as tx:
        around = list(stories.live_articles(tx, own[0].language, since=since, until=until))
    return judge(
        [article for article, _ in around],
        list(asked.items()),
        window=window,
        model=ctx.model,
        rule_of=rules_of(ctx.catalogue.topics),
    )
