"""Corrections in a file: out of one database and into another, which was rebuilt.

Each line is one decision with all that it is about, so that it can be made again where stories have
other ids, or articles are yet to come.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from pipeline.context import Context
from pipeline.errors import UsageError
from pipeline.io.store import correctionbook
from pipeline.io.store.correctionbook import Correction
from pipeline.records import ArticleId, StoryId
from pipeline.stages.enact import enact


class _Line(BaseModel):
    """One correction as a line of JSON."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int = 0
    at: AwareDatetime
    kind: Literal["merge", "split", "pin-lead", "retitle", "retract", "block", "forget"]
    who: str
    why: str
    story: str | None = None
    other: str | None = None
    value: str = ""
    label: str = ""
    articles: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    undone_at: AwareDatetime | None = None
    undone_by: str | None = None
    undone_why: str | None = None

    def correction(self) -> Correction:
        """Return what it tells of, without its number: that is another one here."""
        return Correction(
            kind=self.kind,
            at=self.at,
            who=self.who,
            why=self.why,
            story=StoryId(self.story) if self.story else None,
            other=StoryId(self.other) if self.other else None,
            value=self.value,
            label=self.label,
            articles=tuple(map(ArticleId, self.articles)),
            others=tuple(map(ArticleId, self.others)),
            undone_at=self.undone_at,
            undone_by=self.undone_by,
            undone_why=self.undone_why,
        )


def as_dict(one: Correction) -> dict[str, Any]:
    """Return a correction as plain data, what only its own database can use left out."""
    return {
        name: getattr(one, name)
        for name in _Line.model_fields
        if getattr(one, name) not in (None, "", ())
    }


def as_line(one: Correction) -> str:
    """Return a correction as the line that `corrections_in` reads."""
    return json.dumps(as_dict(one), ensure_ascii=False, default=datetime.isoformat)


def corrections_in(name: str, lines: Iterable[str]) -> list[Correction]:
    """Return the corrections of a file's lines. Raise UsageError with file and line."""
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found.append(_Line.model_validate_json(line).correction())
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise UsageError(
                f"{name}:{number}: {where}: {first['msg']}; "
                "`newsloom stories corrections --json` writes such lines"
            ) from error
    return found


def apply(ctx: Context, given: Sequence[Correction]) -> list[Correction]:
    """Make corrections of another database again; return those that were not known yet.

    All of it is one transaction, and doing it again changes nothing.
    """
    done = []
    with ctx.store.write() as tx:
        known = {one.identity for one in correctionbook.all_of(tx)}
        for one in given:
            if one.identity in known:
                continue
            known.add(one.identity)
            noted = correctionbook.add(tx, one)
            if noted.holds:
                noted = replace(noted, before=enact(ctx, tx, noted))
                correctionbook.keep_before(tx, noted)
            done.append(noted)
    return done
