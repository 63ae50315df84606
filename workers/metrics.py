"""What monitoring reads: counts of the workers, and gauges read from the database when asked.

Labels come from closed lists: stages, ends, reason codes, the catalogue's sites. Never a URL, never
a source. docs/operations/monitoring.md names every metric.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from billiard.process import current_process
from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server, values
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from config.catalogue import Site
from config.settings import Settings
from pipeline.articles import refusals
from pipeline.context import database_url
from pipeline.errors import NewsloomError, UsageError
from pipeline.io.store import Store
from pipeline.io.store import health as rows
from pipeline.outcomes import StageCounts
from workers import health

OTHER = "other"
#: How members end, over all stages (the tally's words).
ENDS = frozenset(
    (
        *("failed", "lease-lost", "deferred", "fetched", "not-modified", "unchanged"),
        *("new", "updated", "alias", "withdrawn", "skipped", "kept", "gone", "done"),
        *("rescored", "founded", "joined"),
        *("created", "removed", "elsewhere", "held-back", "not-written"),
    )
)
#: Codes of `pipeline.io.failures`, of feeds, of `pipeline.io.jobs` and of the stages; those of
#: pages that are no articles come from where they are kept.
REASONS = frozenset(
    (
        *refusals.ALL,
        *("bad-url", "blocked-address", "blocked-port", "dns", "connect", "tls", "proxy"),
        *("deadline", "too-large", "truncated", "bad-encoding", "bad-response", "no-secret"),
        *("redirect-loop", "too-many-redirects", "not-modified-without-validators"),
        *("client-error", "http-4xx", "http-5xx", "host-busy", "robots-disallowed"),
        *("not-a-feed", "unreadable-feed", "empty-body", "sitemap-index", "truncated-feed"),
        *("entry-without-link", "entry-without-news", "readers-differ"),
        *("parse-timeout", "parse-memory", "parse-crash", "parse-too-large", "worker-died"),
        *("gate", "bad-document"),
    )
)
STAGES = frozenset(("fetch", "extract", "cluster", "write", "tick"))
_STATUS = re.compile(r"http-([45])[0-9]{2}")
#: From a batch of nothing to the time limit of a task, in seconds.
_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)


def _process() -> str:
    """Name this process for its file of counts: a worker's child by its place, not its number.

    Children are replaced all day; a replacement goes on counting in its predecessor's file, so a
    worker has as many files as children. Host and parent keep workers apart that share a folder.
    """
    place = getattr(current_process(), "index", None)
    own = f"p{os.getpid()}" if place is None else f"{os.getppid()}-{place}"
    return f"{socket.gethostname()}-{own}".replace("_", "-")


# The library chooses by PROMETHEUS_MULTIPROC_DIR, when it is imported, whether counts go to files;
# its documented way to name them otherwise than by process number is to replace the class.
if values.ValueClass._multiprocess:  # noqa: SLF001 -- it has no other word for its choice
    values.ValueClass = values.MultiProcessValue(_process)  # type: ignore[no-untyped-call]

MEMBERS = Counter("newsloom_members", "Members of batches by how they ended.", ("stage", "end"))
REFUSED = Counter("newsloom_reasons", "Reasons why members ended so.", ("stage", "reason"))
TASK_SECONDS = Histogram(
    "newsloom_task_seconds", "Time a task took.", ("stage", "status"), buckets=_BUCKETS
)


def reason_code(reason: str) -> str:
    """Return the code at the beginning of a reason, `other` for one that nobody listed."""
    code = reason.partition(":")[0]
    status = _STATUS.fullmatch(code)
    if status is not None:
        return f"http-{status[1]}xx"
    return code if code in REASONS else OTHER


def count_task(stage: str, *, seconds: float, failed: bool) -> None:
    """Count a task at its end."""
    status = "failed" if failed else "done"
    TASK_SECONDS.labels(stage if stage in STAGES else OTHER, status).observe(seconds)


def count_members(stage: str, counts: StageCounts) -> None:
    """Count what became of the members of a task."""
    for end, number in counts.ended.items():
        if number > 0:
            MEMBERS.labels(stage, end if end in ENDS else OTHER).inc(number)
    for _, reason in counts.reasons:
        REFUSED.labels(stage, reason_code(reason)).inc()


class InstallationCollector(Collector):
    """Gauges that the database tells, read anew whenever somebody asks."""

    def __init__(
        self, settings: Settings, sites: Mapping[str, Site], clock: Callable[[], datetime]
    ) -> None:
        """Read what `settings` name; each scrape opens the database anew."""
        self._settings, self._sites, self._clock = settings, sites, clock

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand: registering must not ask the database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges; of a database that cannot be asked only that it cannot."""
        up = GaugeMetricFamily("newsloom_database_up", "1 when the database could be asked.")
        store = Store(database_url(self._settings))
        try:
            found = self._read(store)
        except (NewsloomError, SQLAlchemyError):
            up.add_metric((), 0)
            yield up
            return
        finally:
            store.close()
        up.add_metric((), 1)
        yield up
        yield from found

    def _read(self, store: Store) -> list[Metric]:
        """Ask the database and the sites' folders."""
        now = self._clock()
        with store.read() as tx:
            facts = rows.facts(tx, self._sites, now=now)
            late = rows.lateness(tx)
            gate = rows.gate_failures(tx, now=now)
            held = rows.quarantined(tx)
            single = {
                "newsloom_coverage_risk_ratio": rows.coverage_risk(tx),
                "newsloom_quiet_sources": len(rows.alarming(tx, "quiet")),
            }
        ages = health.ages(self._settings, self._sites, now=now)
        lags = {
            kind: (now - line.since).total_seconds() if line.since else 0.0
            for kind, line in facts.backlog.items()
        }
        quantiles = {} if late is None else {"0.5": late.median, "0.95": late.p95}
        if facts.rung_at is not None:
            single["newsloom_tick_age_seconds"] = (now - facts.rung_at).total_seconds()
        behind = {name: site.behind for name, site in facts.sites.items()}
        failures = {site: gate.get(site, 0) for site in self._sites}
        due = {kind: line.count for kind, line in facts.backlog.items()}
        return [
            *(_gauge(name, {"": value}) for name, value in single.items()),
            _gauge("newsloom_due", due, "kind"),
            _gauge("newsloom_oldest_overdue_seconds", lags, "kind"),
            _gauge("newsloom_quarantined", held, "kind"),
            _gauge("newsloom_feed_lateness_seconds", quantiles, "quantile"),
            _gauge("newsloom_gate_failures", failures, "site"),
            _gauge("newsloom_output_age_seconds", ages, "site"),
            _gauge("newsloom_stories_behind", behind, "site"),
        ]


#: What each gauge tells.
HELP = {
    "newsloom_coverage_risk_ratio": "Share of sources with a memory gap share of 10 % and more.",
    "newsloom_quiet_sources": "Sources that have brought nothing new for ten usual gaps.",
    "newsloom_tick_age_seconds": "Time since a worker last took a tick.",
    "newsloom_due": "Rows that could be done now.",
    "newsloom_oldest_overdue_seconds": "How long the oldest of them has waited: the lag.",
    "newsloom_quarantined": "Rows in quarantine.",
    "newsloom_feed_lateness_seconds": "Time from publication to first sight, newest entries.",
    "newsloom_gate_failures": "Sets that the gate held back in the last day.",
    "newsloom_output_age_seconds": "Age of latest.json.",
    "newsloom_stories_behind": "Stories whose files are behind.",
}


def _gauge(name: str, found: Mapping[str, float], label: str = "") -> GaugeMetricFamily:
    """Return a gauge with a value for each member of `label`, or with just one."""
    family = GaugeMetricFamily(name, HELP[name], labels=(label,) if label else ())
    for member, value in found.items():
        family.add_metric((member,) if label else (), value)
    return family


def registry_of(
    settings: Settings, sites: Mapping[str, Site], clock: Callable[[], datetime]
) -> tuple[CollectorRegistry, bool]:
    """Return what is served, and whether the workers' counts are part of it."""
    registry = CollectorRegistry()
    registry.register(InstallationCollector(settings, sites, clock))
    try:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    except ValueError:  # no PROMETHEUS_MULTIPROC_DIR, or it is no folder
        return registry, False
    return registry, True


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
