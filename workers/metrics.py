"""What monitoring reads: one exporter, every figure out of the database.

So it matters neither where the workers run nor how often they start anew. Labels come from closed
lists: stages, ends, reason codes, the catalogue's sites. Never a URL, never a source.
docs/operations/monitoring.md names every metric.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import accumulate

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from config.catalogue import Site
from config.settings import Settings
from pipeline.context import database_url
from pipeline.errors import NewsloomError, UsageError
from pipeline.io import freshness
from pipeline.io.store import Store, counts
from pipeline.io.store import health as rows
from pipeline.io.store.counts import Figure

#: What each metric tells. Samples of a counter end in _total, of a histogram in _bucket, _sum and
#: _count.
HELP = {
    "newsloom_database_up": "1 when the database could be asked.",
    "newsloom_due": "Rows that a stage could do now.",
    "newsloom_lag_seconds": "How long the oldest of them has waited.",
    "newsloom_queue_age_seconds": "Age of the oldest tick that is not at its end.",
    "newsloom_tick_age_seconds": "Time since a worker last took a tick.",
    "newsloom_done": "Members of batches by how they ended.",
    "newsloom_reasons": "Members that failed or were left out, by reason.",
    "newsloom_task_seconds": "Time that tasks took.",
    "newsloom_task_failures": "Tasks that broke.",
    "newsloom_quarantined": "Rows in quarantine.",
    "newsloom_feed_lateness_seconds": "Time from publication to first sight, newest entries.",
    "newsloom_coverage_risk_ratio": "Share of sources that may roll over between two polls.",
    "newsloom_quiet_sources": "Sources that have brought nothing new for ten usual gaps.",
    "newsloom_gate_failures": "Sets that the gate held back in the last day.",
    "newsloom_output_age_seconds": "Age of latest.json.",
    "newsloom_stories_behind": "Stories whose files are behind.",
}

#: Bounds as Prometheus writes them.
_BUCKETS = [*(str(bound) for bound in counts.BOUNDS[:-1]), "+Inf"]


class InstallationCollector(Collector):
    """Figures that the database tells, read anew whenever somebody asks."""

    def __init__(
        self, settings: Settings, sites: Mapping[str, Site], clock: Callable[[], datetime]
    ) -> None:
        """Read what `settings` name; each scrape opens the database anew."""
        self._settings, self._sites, self._clock = settings, sites, clock

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand: registering must not ask the database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; of a database that cannot be asked only that it cannot."""
        store = Store(database_url(self._settings))
        try:
            found = self._read(store)
        except (NewsloomError, SQLAlchemyError):
            yield _gauge("newsloom_database_up", {"": 0})
            return
        finally:
            store.close()
        yield _gauge("newsloom_database_up", {"": 1})
        yield from found

    def _read(self, store: Store) -> list[Metric]:
        """Ask the database and the sites' folders."""
        now = self._clock()
        with store.read() as tx:
            facts = rows.facts(tx, self._sites, now=now)
            late = rows.lateness(tx)
            gate = rows.gate_failures(tx, now=now)
            held = rows.quarantined(tx)
            oldest = rows.oldest_tick(tx)
            risk = rows.coverage_risk(tx)
            quiet = len(rows.alarming(tx, "quiet"))
            figures = counts.all_counts(tx)
        rung = {} if facts.rung_at is None else {"": _seconds(facts.rung_at, now)}
        quantiles = {} if late is None else {"0.5": late.median, "0.95": late.p95}
        behind = {name: site.behind for name, site in facts.sites.items()}
        return [
            *_backlog(facts, now),
            _gauge("newsloom_queue_age_seconds", {"": _seconds(oldest, now)}),
            _gauge("newsloom_tick_age_seconds", rung),
            _gauge("newsloom_quarantined", held, "kind"),
            _gauge("newsloom_feed_lateness_seconds", quantiles, "quantile"),
            _gauge("newsloom_coverage_risk_ratio", {"": risk}),
            _gauge("newsloom_quiet_sources", {"": quiet}),
            _gauge("newsloom_gate_failures", {site: gate.get(site, 0) for site in behind}, "site"),
            _gauge(
                "newsloom_output_age_seconds",
                freshness.ages(self._settings, self._sites, now=now),
                "site",
            ),
            _gauge("newsloom_stories_behind", behind, "site"),
            *_counted(figures),
        ]


def _backlog(facts: rows.Facts, now: datetime) -> Iterator[Metric]:
    """Yield what waits for each stage, and for how long; for writing, over all sites."""
    sites = facts.sites.values()
    since = min((site.behind_since for site in sites if site.behind_since), default=None)
    writes = rows.Backlog(count=sum(site.behind for site in sites), since=since)
    lines = {**facts.backlog, "write": writes}
    yield _gauge("newsloom_due", {stage: line.count for stage, line in lines.items()}, "stage")
    waits = {stage: _seconds(line.since, now) for stage, line in lines.items()}
    yield _gauge("newsloom_lag_seconds", waits, "stage")


def _seconds(since: datetime | None, now: datetime) -> float:
    """Return how long ago something was; 0 for nothing, and for a clock that runs ahead."""
    return max((now - since).total_seconds(), 0.0) if since else 0.0


def _gauge(name: str, found: Mapping[str, float], label: str = "") -> GaugeMetricFamily:
    """Return a gauge with a value for each member of `label`, or with just one."""
    family = GaugeMetricFamily(name, HELP[name], labels=(label,) if label else ())
    for member, value in found.items():
        family.add_metric((member,) if label else (), value)
    return family


def _counted(figures: Mapping[Figure, float]) -> Iterator[Metric]:
    """Yield what tasks have counted."""
    for name, kind, labels in (
        ("newsloom_done", "end", ("stage", "end")),
        ("newsloom_reasons", "reason", ("stage", "reason")),
        ("newsloom_task_failures", "broken", ("stage",)),
    ):
        family = CounterMetricFamily(name, HELP[name], labels=labels)
        for figure, value in figures.items():
            if figure.kind == kind:
                family.add_metric((figure.stage, figure.name)[: len(labels)], value)
        yield family
    yield _durations(figures)


def _durations(figures: Mapping[Figure, float]) -> HistogramMetricFamily:
    """Return the time that tasks took; a row holds a bucket alone, Prometheus wants them added."""
    name = "newsloom_task_seconds"
    family = HistogramMetricFamily(name, HELP[name], labels=("stage",))
    for figure, seconds in figures.items():
        if figure.kind == "seconds":
            stage = figure.stage
            own = [figures.get(Figure(stage, "took", str(bound)), 0.0) for bound in counts.BOUNDS]
            buckets = list(zip(_BUCKETS, accumulate(own), strict=True))
            family.add_metric((stage,), buckets, seconds)
    return family


def registry_of(
    settings: Settings, sites: Mapping[str, Site], clock: Callable[[], datetime]
) -> CollectorRegistry:
    """Return what is served."""
    registry = CollectorRegistry()
    registry.register(InstallationCollector(settings, sites, clock))
    return registry


def serve(
    registry: CollectorRegistry, *, host: str, port: int, told: Callable[[str], None]
) -> None:
    """Answer monitoring until the process ends; say where once it listens."""
    try:
        server, thread = start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        wrong = error.strerror or error
        raise UsageError(f"{host}:{port}: {wrong}; choose another --port") from error
    told(f"http://{host}:{server.server_port}/metrics")
    thread.join()
