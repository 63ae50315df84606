"""`newsloom evaluate stories`: how well labelled articles are grouped, as a stream and unseen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ConfigDict, ValidationError
from rich.table import Table

from pipeline.cli.common import AsJson, Home, out, print_json, require_known
from pipeline.cli.evaluate_corrections import report_corrections
from pipeline.errors import UsageError
from pipeline.io.embedder import MiniLM
from pipeline.outcomes import Tally
from pipeline.records import Article, ArticleId, ArticleType, PageId
from pipeline.stages.embed import embedded
from pipeline.stories.crossfit import (
    OPENING_PART,
    PARTS,
    REFINEMENT_PART,
    VETOES_PART,
    cross_fitted,
)
from pipeline.stories.replay import REFINE_EVERY, replay
from pipeline.stories.scoring import (
    Counts,
    b_cubed,
    bootstrap,
    counts_of,
    mistakes,
    pairwise,
    score,
)
from pipeline.stories.similarity import DENSE_TERMS, TERMS, PairModel, shipped_model
from pipeline.stories.training import Example, LabelledSet, examples

#: A label that says: this article stands alone.
_ALONE = "-"
_SHOWN_MISTAKES = 10

ArticleFiles = Annotated[
    list[Path],
    typer.Option(
        "--articles",
        help="JSON lines with id, title, text, url, provider, published; can be repeated.",
    ),
]
LabelFiles = Annotated[
    list[Path],
    typer.Option("--labels", help="Lines of id, tab, story (- : alone); one file for each set."),
]
Weights = Annotated[
    list[float] | None,
    typer.Option("--weight", help="What a set counts in fitting, one for each; default 1."),
]
Embeddings = Annotated[
    bool, typer.Option("--embeddings", help="Compare by the language model too.")
]


class _Line(BaseModel):
    """What is read of an article; more may stand beside it and is not looked at."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    title: str
    text: str = ""
    url: str
    provider: str
    domain: str = ""
    published: datetime
    language: str = "en"

    def article(self) -> Article:
        """Return the article that extraction would have made."""
        return Article(
            id=ArticleId(self.id),
            page_id=PageId(self.id),
            url=self.url,
            title=self.title,
            excerpt=self.text,
            text="",
            published_at=self.published.astimezone(UTC),
            language=self.language,
            type=ArticleType.ARTICLE,
            provider=self.domain or self.provider,
            provider_name=self.provider,
        )


def stories(
    articles: ArticleFiles = [],  # noqa: B006 -- typer copies it
    labels: LabelFiles = [],  # noqa: B006
    home: Home = None,
    corrections: Annotated[
        bool,
        typer.Option("--corrections", help="By what operators joined and parted, without labels."),
    ] = False,
    weights: Weights = None,
    embeddings: Embeddings = False,
    folds: Annotated[
        int,
        typer.Option(
            "--folds", min=0, help="Fit anew for each of so many folds, without it; 0: as shipped."
        ),
    ] = 0,
    without: Annotated[
        list[str] | None, typer.Option("--without", help=f"Leave out: {', '.join(PARTS)}.")
    ] = None,
    at_arrival: Annotated[
        bool, typer.Option("--at-arrival", help="As placed on arrival, never refined.")
    ] = False,
    show_wrong: Annotated[
        bool, typer.Option("--show-wrong", help="List the worst merges and splits.")
    ] = False,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="Write id, tab, story here.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Place labelled articles as the stream they were, and compare the stories with the labels.

    With --folds no story is judged by a model that was fitted on it. Figures with --folds are
    sums over the folds; without, those of the shipped model.

    Example: newsloom evaluate stories --articles days.jsonl --labels days.tsv --folds 4
    """
    if corrections:
        report_corrections(home, json_=as_json)
        return
    given = frozenset([*(without or ()), *([REFINEMENT_PART] if at_arrival else ())])
    _require_sense(given, folds=folds, embeddings=embeddings)
    texts = OPENING_PART not in given
    sets = read_sets(articles, labels, weights, embeddings=embeddings, texts=texts)
    model, pairs = shipped_model(dense=embeddings), [examples(one) for one in sets if folds]
    reports = [
        _cross_fitted(sets, pairs, number, folds, given, model)
        if folds
        else _as_shipped(one, given, model)
        for number, one in enumerate(sets)
    ]
    if out_file:
        _write_found(out_file, reports)
    named = zip((file.name for file in articles), reports, strict=True)
    shown = {name: _shown(report, show_wrong) for name, report in named}
    if as_json:
        print_json(shown)
    else:
        _print(shown)


def _write_found(file: Path, reports: Sequence[dict[str, Any]]) -> None:
    """Write which story each article was found in."""
    lines = [f"{one}\t{two}\n" for report in reports for one, two in report.pop("found")]
    file.write_text("".join(lines))


def _require_sense(given: Collection[str], *, folds: int, embeddings: bool) -> None:
    """Raise UsageError for parts that cannot be left out."""
    require_known("--without", sorted(given), PARTS)
    if not folds and set(given) & {*TERMS, *DENSE_TERMS}:
        raise UsageError("--without a term needs --folds: the other weights are fitted anew")
    if not embeddings and set(given) & set(DENSE_TERMS):
        raise UsageError(f"--without {', '.join(DENSE_TERMS)} needs --embeddings, which adds them")


def read_sets(
    articles: Sequence[Path],
    labels: Sequence[Path],
    weights: Sequence[float] | None,
    *,
    embeddings: bool = False,
    texts: bool = True,
) -> list[LabelledSet]:
    """Read the labelled sets, with embeddings on demand, or without their texts.

    Raises UsageError with file and line.
    """
    embedder = MiniLM() if embeddings else None
    if not articles:
        raise UsageError("name --articles with their --labels, or --corrections")
    if len(articles) != len(labels):
        raise UsageError(f"{len(articles)} --articles and {len(labels)} --labels: give one each")
    if weights and len(weights) != len(articles):
        raise UsageError(f"{len(articles)} --articles and {len(weights)} --weight: give one each")
    sets = [
        _read_set(article_file, label_file, weight)
        for article_file, label_file, weight in zip(
            articles, labels, weights or [1.0] * len(articles), strict=True
        )
    ]
    if not texts:
        sets = [_titles_only(one) for one in sets]
    return [replace(one, articles=embedded(embedder, one.articles, Tally())) for one in sets]


def _titles_only(given: LabelledSet) -> LabelledSet:
    return replace(given, articles=[replace(one, excerpt="") for one in given.articles])


def _read_set(article_file: Path, label_file: Path, weight: float) -> LabelledSet:
    labels: dict[ArticleId, str] = {}
    for number, line in enumerate(_lines(label_file), 1):
        name, tab, story = line.partition("\t")
        if not tab:
            raise UsageError(f"{label_file}:{number}: no tab; write id, tab, story")
        labels[ArticleId(name)] = f"{_ALONE}{name}" if story == _ALONE else story
    found = []
    for number, line in enumerate(_lines(article_file), 1):
        try:
            found.append(_Line.model_validate_json(line).article())
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise UsageError(f"{article_file}:{number}: {where}: {first['msg']}") from error
        if found[-1].id not in labels:
            raise UsageError(f"{label_file}: no label for {found[-1].id}; every article needs one")
    kept = {article.id: labels[article.id] for article in found}
    if len(kept) < len(found):
        raise UsageError(f"{article_file}: an id stands there twice")
    return LabelledSet(articles=found, labels=kept, weight=weight)


def _lines(file: Path) -> list[str]:
    try:
        return [line for line in file.read_text("utf-8").splitlines() if line.strip()]
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}; name a file that is there") from error


def _as_shipped(given: LabelledSet, without: Collection[str], model: PairModel) -> dict[str, Any]:
    """Return the figures of the shipped model."""
    if VETOES_PART in without:
        model = replace(model, vetoes=())
    refine_every = None if REFINEMENT_PART in without else REFINE_EVERY
    replayed = replay(given.articles, model=model, refine_every=refine_every)
    counts = list(counts_of(replayed.story_of, given.labels).values())
    titles = {article.id: article.title for article in given.articles}
    wrong = mistakes(replayed.story_of, given.labels)[:_SHOWN_MISTAKES]
    return {
        **score(replayed.story_of, given.labels).as_dict(),
        "churn": round(replayed.churn, 4),
        "interval_90": _intervals(counts),
        "found": sorted(replayed.story_of.items()),
        "wrong": [
            {
                "kind": one.kind,
                "story": one.story,
                "pairs": one.pairs,
                "parts": [[titles[ArticleId(name)] for name in part] for part in one.parts],
            }
            for one in wrong
        ],
    }


def _cross_fitted(
    sets: Sequence[LabelledSet],
    pairs: Sequence[Sequence[Example]],
    number: int,
    folds: int,
    without: Collection[str],
    model: PairModel,
) -> dict[str, Any]:
    """Return the figures of one set by models that have not seen its stories."""
    done = list(cross_fitted(sets, pairs, number, model, folds=folds, without=without))
    counts = [one for fold in done for one in fold.counts.values()]
    labels = sets[number].labels
    found = [
        (article, f"{place}:{fold.found[article]}")
        for place, fold in enumerate(done)
        for article, story in sorted(labels.items())
        if story in fold.counts
    ]
    pair_p, pair_r, pair_f1 = pairwise(counts)
    b3_p, b3_r, b3_f1 = b_cubed(counts)
    return {
        "pair_precision": round(pair_p, 4),
        "pair_recall": round(pair_r, 4),
        "pair_f1": round(pair_f1, 4),
        "b3_precision": round(b3_p, 4),
        "b3_recall": round(b3_r, 4),
        "b3_f1": round(b3_f1, 4),
        "articles": len(labels),
        "churn": round(sum(fold.churn for fold in done) / folds, 4),
        "interval_90": _intervals(counts),
        "thresholds": [fold.model.threshold for fold in done],
        "found": found,
    }


def _intervals(counts: Sequence[Counts]) -> dict[str, list[float]]:
    return {name: [round(v, 4) for v in ends] for name, ends in bootstrap(counts).items()}


def _shown(report: Mapping[str, Any], show_wrong: bool) -> dict[str, Any]:
    hidden = {"found"} if show_wrong else {"found", "wrong"}
    return {name: value for name, value in report.items() if name not in hidden}


def _print(shown: Mapping[str, Mapping[str, Any]]) -> None:
    """Print one column for each set."""
    table = Table(box=None, pad_edge=False)
    table.add_column("figure")
    for name in shown:
        table.add_column(name, justify="right")
    rows = [row for row in next(iter(shown.values())) if row != "wrong"]
    for row in rows:
        table.add_row(row, *(_cell(report[row]) for report in shown.values()))
    out.print(table)
    for name, report in shown.items():
        for one in report.get("wrong", ()):
            out.print(f"{name}: {one['kind']} {one['story']}: {one['pairs']} pairs", markup=False)
            for part in one["parts"]:
                out.print("    " + "\n      ".join(part), markup=False)


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name} {ends[0]:.3f} to {ends[1]:.3f}" for name, ends in value.items())
    if isinstance(value, list):
        return ", ".join(f"{one:g}" for one in value)
    return f"{value:.4f}" if isinstance(value, float) else str(value)
