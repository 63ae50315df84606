"""`newsloom evaluate stories --corrections`: the clusterer by what people had to tell it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.cli.common import opened, out, print_json
from pipeline.stages.whatif import Verdict, Verdicts, judged_corrections

#: Mistakes shown on a terminal; JSON has all of them.
_SHOWN = 10


def report_corrections(home: Path | None, *, json_: bool) -> None:
    """Say how much of the operators' corrections the clusterer does by itself."""
    with opened(home) as ctx:
        found = judged_corrections(ctx)
    misses = sorted(
        (one for one in found.pairs if not one.judged.is_right),
        key=lambda one: (-one.judged.wrongness, one.number, one.titles),
    )
    if json_:
        print_json({**_counts(found), "misses": [_as_dict(one) for one in misses]})
        return
    counts = _counts(found)
    out.print(
        f"{counts['corrections']} corrections: joined pairs {counts['must']['right']} of "
        f"{counts['must']['pairs']} found together, parted pairs {counts['cannot']['right']} of "
        f"{counts['cannot']['pairs']} found apart; {counts['left_out']} pairs left out"
    )
    for one in misses[:_SHOWN]:
        done = "apart, though joined" if one.judged.kind == "must" else "together, though parted"
        score = "too far apart" if one.judged.score is None else f"score {one.judged.score:.3f}"
        out.print(f"{done} by correction {one.number}, {score}", markup=False)
        out.print(f"    {one.titles[0]}\n    {one.titles[1]}", markup=False)
    if len(misses) > _SHOWN:
        out.print(f"... and {len(misses) - _SHOWN} more; --json has them all")


def _counts(found: Verdicts) -> dict[str, Any]:
    """Count what is right, by kind."""
    by_kind = {
        kind: [one for one in found.pairs if one.judged.kind == kind] for kind in ("must", "cannot")
    }
    counted = {
        kind: {"pairs": len(pairs), "right": sum(one.judged.is_right for one in pairs)}
        for kind, pairs in by_kind.items()
    }
    return {"corrections": found.corrections, **counted, "left_out": found.left_out}


def _as_dict(one: Verdict) -> dict[str, Any]:
    """Return a mistake for machines."""
    score = one.judged.score
    return {
        "correction": one.number,
        "kind": one.judged.kind,
        "articles": list(one.judged.pair),
        "titles": list(one.titles),
        "score": None if score is None else round(score, 4),
    }
