"""`newsloom stories train`: the weights of the pair score from labelled articles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.common import DryRun, out
from pipeline.cli.evaluate_stories import (
    ArticleFiles,
    Embeddings,
    LabelFiles,
    Weights,
    read_sets,
)
from pipeline.errors import UsageError
from pipeline.stories.replay import WINDOW
from pipeline.stories.similarity import as_json, shipped_model
from pipeline.stories.training import examples, fitted, with_threshold


def train(
    articles: ArticleFiles,
    labels: LabelFiles,
    weights: Weights = None,
    embeddings: Embeddings = False,
    out_file: Annotated[Path, typer.Option("--out", help="Where the weights go.")] = Path(
        "weights.json"
    ),
    dry_run: DryRun = False,
) -> None:
    """Fit the weights of the pair score, and the threshold, to labelled articles.

    Pairs within 3.5 days; a pair of a story of n articles counts 1 / sqrt(n - 1), times the
    --weight of its set. The same files give the same weights. The setting story_weights takes them
    into use.

    Example: newsloom stories train --articles days.jsonl --labels days.tsv --dry-run
    """
    sets = read_sets(articles, labels, weights, embeddings=embeddings)
    pairs = [pair for one in sets for pair in examples(one)]
    if not any(pair.is_same for pair in pairs):
        raise UsageError("no pair of one story in the labels: nothing to learn from")
    base = shipped_model(dense=embeddings)
    model = with_threshold(fitted(pairs, base), sets, window=WINDOW)
    text = json.dumps(as_json(model), indent=1) + "\n"
    out.print(text, end="", markup=False)
    if not dry_run:
        out_file.write_text(text, "utf-8")
        out.print(f"written to {out_file}; {len(pairs)} pairs", markup=False)
