"""`newsloom evaluate`: how well pages are read, on data that need not be in the repository."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import process_time
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError
from rich.table import Table

from pipeline.articles.scoring import (
    ExpectedPage,
    FieldScore,
    Overlap,
    Verdict,
    f1_of,
    overlap_of,
    scores_of,
    verdicts_of,
)
from pipeline.cli.common import AsJson, out, print_json
from pipeline.cli.evaluate_stories import stories
from pipeline.errors import NotAnArticle, UsageError
from pipeline.records import EntryFacts, ExtractedArticle, Page, PageId

app = typer.Typer(no_args_is_help=True, help="Figures on the quality of what newsloom does.")
app.command()(stories)

_EXPECTED: TypeAdapter[list[ExpectedPage]] = TypeAdapter(list[ExpectedPage])


@dataclass(frozen=True, slots=True)
class _Reading:
    """One page of the folder: what is expected, what was found, or why nothing was."""

    expected: ExpectedPage
    verdicts: tuple[Verdict, ...]
    overlap: Overlap | None
    refused: str | None


@app.command("pages")
def pages(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Holds expected.json and the pages it names.")
    ],
    field: Annotated[
        str | None, typer.Option("--field", help="Only this field.", show_default=False)
    ] = None,
    show_wrong: Annotated[
        bool, typer.Option("--show-wrong", help="List what was expected and what was found.")
    ] = False,
    cpu: Annotated[
        bool, typer.Option("--cpu", help="Time each page side by side with trafilatura.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read every page of a folder and count, field by field, what is right, answered and wrong.

    The folder holds expected.json, a list of objects {file, url, title, published, day, ...}, and
    the pages themselves, as HTML or gzip; docs/extraction.md names every field.

    Example: newsloom evaluate pages data/pages --field day --show-wrong
    """
    expected = _expected(folder)
    bodies = [_body(folder / one.file) for one in expected]
    if cpu and len(expected) == 1:
        raise UsageError("--cpu: one page is no measurement; the folder needs two or more")
    now = datetime.now(UTC)
    costs = _cpu(expected, bodies, now=now) if cpu else None
    readings = [_read(one, body, now=now) for one, body in zip(expected, bodies, strict=True)]
    verdicts = [verdict for reading in readings for verdict in reading.verdicts]
    scores = scores_of(verdicts)
    if field is not None and field not in scores:
        raise UsageError(f"--field {field}: unknown; known: {', '.join(scores)}")
    shown = [field] if field else list(scores)
    overlaps = [reading.overlap for reading in readings if reading.overlap]
    report = {
        "pages": len(readings),
        "refused": {one.expected.file: one.refused for one in readings if one.refused},
        "fields": {name: _as_dict(scores[name]) for name in shown},
        "text_f1": round(f1_of(overlaps), 4) if overlaps else None,
        "cpu": costs,
        "wrong": _wrong(readings, shown) if show_wrong else None,
    }
    if as_json:
        print_json({name: value for name, value in report.items() if value is not None})
    else:
        _print(report)


def _expected(folder: Path) -> list[ExpectedPage]:
    """Return what is expected of the pages of a folder."""
    file = folder / "expected.json"
    try:
        return _EXPECTED.validate_json(file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}; name a folder with expected.json") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{file}: {where}: {first['msg']}") from error


def _body(file: Path) -> bytes:
    """Return the bytes of a page, unpacked."""
    try:
        raw = file.read_bytes()
        return gzip.decompress(raw) if file.suffix == ".gz" else raw
    except (OSError, EOFError) as error:
        raise UsageError(f"{file}: {error}; expected.json names it") from error


def _page(expected: ExpectedPage, body: bytes, now: datetime) -> Page:
    """Return the record of a page, as if it had just been fetched."""
    return Page(
        id=PageId("0"),
        url=expected.url,
        final_url=expected.url,
        body=body,
        content_type="text/html",
        fetched_at=now,
    )


def _read(expected: ExpectedPage, body: bytes, *, now: datetime) -> _Reading:
    """Read one page and judge what was found."""
    found = _extracted(expected, body, now)
    article = found if isinstance(found, ExtractedArticle) else None
    refused = found if isinstance(found, NotAnArticle) else None
    verdicts = verdicts_of(expected, article, refused=refused.reason if refused else "")
    return _Reading(
        expected,
        tuple(verdicts),
        overlap_of(expected, article),
        str(refused) if refused else None,
    )


def _extracted(
    expected: ExpectedPage, body: bytes, now: datetime
) -> ExtractedArticle | NotAnArticle:
    """Return the article on a page, read without a feed's help, or why there is none."""
    from pipeline.articles.page import read_page  # noqa: PLC0415 -- no other command extracts

    try:
        return read_page(_page(expected, body, now), EntryFacts(), now=now)
    except NotAnArticle as refusal:
        return refusal


def _as_dict(score: FieldScore) -> dict[str, float]:
    """Return a score as its figures."""
    return {
        "pages": score.pages,
        "answered": score.answered,
        "right": score.right,
        "wrong": score.wrong,
        "share": round(score.share, 4),
    }


def _wrong(readings: Sequence[_Reading], fields: Sequence[str]) -> list[dict[str, str]]:
    """Return what is not right in the fields, page by page."""
    return [
        {
            "file": reading.expected.file,
            "url": reading.expected.url,
            "field": verdict.field,
            "expected": verdict.expected,
            "found": verdict.found or (f"refused: {reading.refused}" if reading.refused else ""),
        }
        for reading in readings
        for verdict in reading.verdicts
        if verdict.field in fields and not verdict.right
    ]


# --- cost -----------------------------------------------------------------------------------------


def _cpu(
    expected: Sequence[ExpectedPage], bodies: Sequence[bytes], *, now: datetime
) -> dict[str, float]:
    """Return the CPU time of a page, ours and trafilatura's with metadata, and their ratios."""
    from trafilatura import bare_extraction  # noqa: PLC0415 -- no other command extracts

    ours, theirs = [], []
    # Both keep what they computed of a page, and a page comes only once: so each is read once
    # here, before anything else; the first page, which pays for what is loaded, is not counted.
    for number, (one, body) in enumerate(zip(expected, bodies, strict=True)):
        calls: list[Callable[[], Any]] = [
            lambda one=one, body=body: _extracted(one, body, now),  # type: ignore[misc]  # a loop's values
            lambda one=one, body=body: bare_extraction(body, url=one.url, with_metadata=True),  # type: ignore[misc]  # likewise
        ]
        # The order changes from page to page, so that warm caches serve both alike.
        first = number % 2
        spent = {side: _seconds(calls[side]) for side in (first, 1 - first)}
        if number:
            ours.append(spent[0])
            theirs.append(spent[1])
    return {
        "ours_ms": round(1000 * median(ours), 2),
        "trafilatura_ms": round(1000 * median(theirs), 2),
        "ratio_of_totals": round(sum(ours) / sum(theirs), 3),
        "median_ratio": round(median(a / b for a, b in zip(ours, theirs, strict=True)), 3),
    }


def _seconds(call: Callable[[], Any]) -> float:
    """Return the CPU seconds that a call takes."""
    start = process_time()
    call()
    return process_time() - start


# --- for people -----------------------------------------------------------------------------------


def _print(report: dict[str, Any]) -> None:
    """Print the figures as a table, what was wrong below it."""
    table = Table(box=None)
    for heading in ("field", "pages", "answered", "right", "wrong", "share"):
        table.add_column(heading, justify="left" if heading == "field" else "right")
    for name, score in report["fields"].items():
        counts = [str(score[key]) for key in ("pages", "answered", "right", "wrong")]
        table.add_row(name, *counts, f"{score['share']:.1%}")
    out.print(table)
    out.print(f"{report['pages']} pages, {len(report['refused'])} refused as no article")
    if report["text_f1"] is not None:
        out.print(f"text F1 {report['text_f1']:.3f}")
    if times := report["cpu"]:
        out.print(
            f"CPU a page {times['ours_ms']} ms, trafilatura {times['trafilatura_ms']} ms (medians);"
            f" ratio {times['median_ratio']} (median), {times['ratio_of_totals']} (totals)"
        )
    for one in report["wrong"] or ():
        out.print(
            f"\n{one['file']} {one['url']}\n  {one['field']}: expected {one['expected']}"
            f"\n  found {one['found'] or 'nothing'}",
            markup=False,
        )
