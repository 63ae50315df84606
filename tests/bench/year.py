"""A year of an installation in some minutes: what its database grows by, month by month.

    python -m tests.bench.year [--days 365] [--each 4] [--json]

Runs the whole line once a simulated day on a made-up web of two outlets: each shows new articles
every day, one page that is none, and one entry that stands in its feed for ever; stories are
corrected by their publishers, so that files change. Rows and bytes are those of SQLite, free pages
aside (they are used again). Exits 1 when what is kept for a time grows after the fourth month.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from rich.console import Console
from sqlalchemy import text

from pipeline import line
from pipeline.context import Context
from pipeline.io.store import sources
from tests.world import NOW, FakeWeb, Item, catalogue, opened, page, publish, source

#: Kept for ever, with their reasons in docs/operations/retention.md.
FOR_EVER: Final = frozenset(
    {"articles", "article_aliases", "stories", "memberships", "documents", "written"}
)
#: Rows that grow along with articles: the entries and pages that led to them, the runs that name
#: them, and the changes told of them up to `keep_changes`.
ALONG: Final = frozenset({"entries", "pages", "ticks"})
#: Days of a month here.
MONTH: Final = 30
#: From this month on nothing that is kept for a time may grow.
SETTLED: Final = 4
_HOSTS: Final = ("one.example", "two.example")
_CHANGES: Final = 100

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Month:
    """How large the database is at a month's end."""

    number: int
    rows: Mapping[str, int]
    bytes: Mapping[str, int]


def months(home: Path, *, days: int, each: int) -> Iterator[Month]:
    """Run the days one after another; yield the size at the end of each month."""
    web = FakeWeb()
    books = catalogue([source("one"), source("two")])
    names = random.Random(7)
    with opened(home, books, web, keep_changes=_CHANGES, recheck_after=()) as ctx:
        for day in range(1, days + 1):
            now = NOW + timedelta(days=day)
            ctx.clock.now = now  # type: ignore[attr-defined]  # a FixedClock
            for host in _HOSTS:
                _show(web, host, now, each, names)
            with ctx.store.write() as tx:
                sources.apply_sync(tx, books.sources, now=now)
                sources.make_due(tx, [row.id for row in sources.all_sources(tx)], now=now)
            line.run(ctx)
            if day % MONTH == 0:
                yield _measured(ctx, day // MONTH)


def _show(web: FakeWeb, host: str, now: datetime, each: int, names: random.Random) -> None:
    """Put a day's feed on the web, and take yesterday's pages off."""
    web.answers = {url: answer for url, answer in web.answers.items() if host not in url}
    items = [_item(host, f"{now:%Y%m%d}-{number}", now, names) for number in range(each)]
    items.append(_item(host, "evergreen", NOW, random.Random(host)))
    publish(web, host, items)
    refused = items[0]
    web.answers[refused.url] = page(refused).replace(
        "<head>", "<head><meta name='robots' content='noindex'>"
    )


def _item(host: str, name: str, now: datetime, names: random.Random) -> Item:
    """Make an article up: words nobody else has, as long as news are."""
    words = ["".join(names.choices("abcdefghijklmnoprstuvw", k=7)) for _ in range(400)]
    sentences = [" ".join(words[at : at + 12]).capitalize() + "." for at in range(0, 400, 12)]
    title = " ".join(words[:6]).capitalize()
    published = now - timedelta(hours=2)
    return Item(
        url=f"https://{host}/{name}", title=title, text="\n".join(sentences), published=published
    )


def _measured(ctx: Context, number: int) -> Month:
    """Return how many rows and bytes each table has, indexes included."""
    with ctx.store.read() as tx:
        tables = {
            row.name: row.tbl_name
            for row in tx.execute(text("SELECT name, tbl_name FROM sqlite_master"))
        }
        sizes = dict.fromkeys(sorted(set(tables.values())), 0)
        for row in tx.execute(text("SELECT name, sum(pgsize) AS size FROM dbstat GROUP BY name")):
            if row.name in tables:
                sizes[tables[row.name]] += row.size
        rows = {
            name: tx.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in sizes
        }
    return Month(number, rows, sizes)


def grown(found: list[Month]) -> list[str]:
    """Return the tables that are kept for a time and grew after the fourth month all the same.

    A tenth more may be chance: rows go by the day, pages of the file by the batch.
    """
    settled, last = found[SETTLED - 1], found[-1]
    return [
        name
        for name, count in last.rows.items()
        if name not in FOR_EVER | ALONG and count > settled.rows[name] * 1.1 + 5
    ]


def main() -> int:
    """Run the year and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--each", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory(prefix="newsloom-year-") as folder:
        for month in months(Path(folder), days=given.days, each=given.each):
            found.append(month)
            if not given.json:
                _print(month)
    bad = grown(found) if len(found) > SETTLED else []
    if given.json:
        told = [{"month": one.number, "rows": one.rows, "bytes": one.bytes} for one in found]
        out.print_json(json.dumps(told))
    err.print(f"grew after month {SETTLED}: {', '.join(bad) or 'nothing'}")
    return 1 if bad else 0


def _print(month: Month) -> None:
    """Print a month as one line: what is kept for ever, and what for a time."""
    for_ever = sum(size for name, size in month.bytes.items() if name in FOR_EVER)
    along = sum(size for name, size in month.bytes.items() if name in ALONG)
    rest = sum(month.bytes.values()) - for_ever - along
    counts = ", ".join(
        f"{name} {month.rows[name]}"
        for name in ("articles", "entries", "page_bodies", "ledger", "ticks", "changes")
    )
    out.print(
        f"month {month.number:2}: for ever {for_ever / 2**20:5.2f} MB, along {along / 2**20:5.2f} "
        f"MB, for a time {rest / 2**20:5.2f} MB\n          {counts}",
    )


if __name__ == "__main__":
    sys.exit(main())
