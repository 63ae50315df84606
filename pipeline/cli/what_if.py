"""`newsloom cluster --what-if`: what another threshold or other weights would do, and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from pipeline.cli.common import opened, out, print_json
from pipeline.context import Context, pair_model
from pipeline.errors import UsageError
from pipeline.stages.whatif import Change, Merge, WhatIf, what_if
from pipeline.stories.similarity import PairModel

#: Changes of a kind shown on a terminal; JSON has all of them.
_SHOWN = 20


def tell_what_if(
    home: Path | None, given: Sequence[str], since: timedelta | None, *, json_: bool
) -> None:
    """List merges and splits gained and lost against the stored stories; change nothing."""
    with opened(home) as ctx:
        model = _model(ctx, given)
        found = list(what_if(ctx, model, since=since or ctx.settings.window))
    if json_:
        print_json([_as_dict(one) for one in found])
        return
    for one in found:
        _tell(one)
    out.print("nothing was changed; take it into use with story_weights in newsloom.toml")


def _model(ctx: Context, given: Sequence[str]) -> PairModel:
    """Return the model that is asked about. Raise UsageError."""
    model = ctx.model
    asked = dict(one.partition("=")[::2] for one in given)
    for name, value in asked.items():
        if name not in ("threshold", "weights") or not value:
            raise UsageError(f"--what-if {name}: write threshold=NUMBER or weights=FILE")
    if "weights" in asked:
        settings = ctx.settings.model_copy(update={"story_weights": Path(asked["weights"])})
        model = pair_model(settings, dense=ctx.embedder is not None)
    if "threshold" in asked:
        try:
            threshold = float(asked["threshold"])
        except ValueError:
            threshold = 0.0
        if not 0 < threshold < 1:
            raise UsageError(f"--what-if threshold={asked['threshold']}: between 0 and 1")
        model = replace(model, threshold=threshold)
    return model


def _tell(found: WhatIf) -> None:
    """Print what would change in one language."""
    out.print(f"{found.language}: {found.articles} articles in {found.stories} live stories")
    for sign, changes, what in (
        ("+", found.gained, "gained"),
        ("-", found.lost, "lost"),
        ("=", found.either_way, "due anyway"),
    ):
        merges = sum(isinstance(one, Merge) for one in changes)
        out.print(f"  {what}: {merges} merges, {len(changes) - merges} splits")
        for one in changes[:_SHOWN]:
            out.print(f"  {sign} {_in_words(one, found.titles)}", markup=False)
        if len(changes) > _SHOWN:
            out.print(f"    ... and {len(changes) - _SHOWN} more; --json has them all")


def _in_words(one: Change, titles: Mapping[str, str]) -> str:
    """Say what a change is."""
    if isinstance(one, Merge):
        return f"merge {one.story} ({titles[one.story]}) into {one.into} ({titles[one.into]})"
    more = f" and {len(one.articles) - 1} more" if len(one.articles) > 1 else ""
    return f"split off {one.story} ({titles[one.story]}): {titles[one.articles[0]]}{more}"


def _as_dict(found: WhatIf) -> dict[str, Any]:
    """Return what would change, for machines."""
    return {
        "language": found.language,
        "articles": found.articles,
        "stories": found.stories,
        **{
            name: [_change(one, found.titles) for one in changes]
            for name, changes in (
                ("gained", found.gained),
                ("lost", found.lost),
                ("either_way", found.either_way),
            )
        },
    }


def _change(one: Change, titles: Mapping[str, str]) -> dict[str, Any]:
    if isinstance(one, Merge):
        return {"kind": "merge", "story": one.story, "into": one.into, "title": titles[one.story]}
    return {
        "kind": "split",
        "story": one.story,
        "title": titles[one.story],
        "articles": list(one.articles),
    }
