"""Figures for Prometheus: about the installation as its database tells it, and about this process's requests.

No label is an identifier of a person, a recording or an address: routes are templates, states and places are words.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy.exc import DBAPIError

from candor import __version__
from candor.core.errors import CandorError
from candor.footage.tables import part, recording
from candor.health.checks.machine import free, places
from candor.health.findings import Level
from candor.health.place import Place
from candor.health.state import is_watched, kept
from candor.jobs import JobState
from candor.jobs.tables import job
from candor.recovery.runs import last_backup

__all__ = ["CONTENT_TYPE", "Metrics"]

CONTENT_TYPE = CONTENT_TYPE_LATEST
#: Seconds for which sums over whole tables are reused: a scrape must cost little however often it comes.
_SUMS_KEPT = 60.0
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)


class Metrics:
    """The figures of one process."""

    def __init__(self, place: Place) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._registry.register(_OfInstallation(place))
        self._requests = Counter(
            "candor_http_requests",
            "Requests answered, by method, route and class of status.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "candor_http_request_seconds",
            "Time from a request to the end of its answer.",
            ("route",),
            buckets=_BUCKETS,
            registry=self._registry,
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request. `route` is a template, never a path."""
        known = method if method in _METHODS else "other"
        self._requests.labels(known, route, f"{status // 100}xx").inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Prometheus' text format."""
        return generate_latest(self._registry)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _OfInstallation(Collector):
    """Asked at each scrape. What cannot be asked is left out, and `candor_up` is 0 while the database is away."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._guard = threading.Lock()
        self._sums: tuple[float, int, int] | None = None

    def describe(self) -> Iterable[Metric]:
        return []  # nothing is asked of the database when the site is put together

    def collect(self) -> Iterable[Metric]:
        info = GaugeMetricFamily("candor_info", "Always 1, with the version.", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        yield self._disk()
        up = 1
        found: list[Metric] = []
        for ask in (self._custody, self._jobs, self._intake, self._backup, self._health):
            try:
                found += ask()
            except (CandorError, DBAPIError):
                up = 0
        yield from found
        yield GaugeMetricFamily("candor_up", "1 when the database answered everything asked for this.", value=up)

    def _disk(self) -> Metric:
        gauge = GaugeMetricFamily("candor_disk_free_bytes", "Free bytes, by what lies there.", labels=["place"])
        for what, path in places(self._place.settings, self._place.database_file):
            room = free(path)
            if room is not None:
                gauge.add_metric([what.removeprefix("the ")], room[0])
        return gauge

    def _custody(self) -> list[Metric]:
        status = self._place.log.status()
        if status is None:
            return []
        now = self._place.clock.now()
        waited = 0.0 if status.waiting_since is None else max(0.0, (now - status.waiting_since).total_seconds())
        entries = GaugeMetricFamily("candor_custody_entries", "Entries of the custody log.", labels=["state"])
        for state, size in (
            ("placed", status.size),
            ("signed", status.signed_size),
            ("witnessed", status.witnessed_size),
        ):
            entries.add_metric([state], size)
        witnesses = GaugeMetricFamily("candor_witnesses", "Witnesses, by how they do.", labels=["state"])
        away = sum(one.problem is not None for one in status.witnesses)
        witnesses.add_metric(["cosigning"], len(status.witnesses) - away)
        witnesses.add_metric(["away"], away)
        return [
            entries,
            witnesses,
            GaugeMetricFamily("candor_custody_lag_seconds", "Newest act to its signature.", value=status.lag or 0.0),
            GaugeMetricFamily("candor_custody_waiting_events", "Events without a place.", value=status.waiting),
            GaugeMetricFamily("candor_custody_waiting_seconds", "Age of the oldest of them.", value=waited),
            GaugeMetricFamily(
                "candor_custody_refusing", "1 while it refuses to sign.", value=int(bool(status.refusal))
            ),
        ]

    def _jobs(self) -> list[Metric]:
        gauge = GaugeMetricFamily("candor_jobs", "Jobs, by state.", labels=["state"])
        with self._place.read() as tx:
            counts = {
                str(state): int(count)
                for state, count in tx.execute(sa.select(job.c.state, sa.func.count()).group_by(job.c.state))
            }
        for state in JobState:
            gauge.add_metric([state.value], counts.get(state.value, 0))
        return [gauge]

    def _intake(self) -> list[Metric]:
        with self._guard:
            if self._sums is None or time.monotonic() - self._sums[0] > _SUMS_KEPT:
                with self._place.read() as tx:
                    recordings = int(tx.scalar(sa.select(sa.func.count()).select_from(recording)) or 0)
                    taken = int(tx.scalar(sa.select(sa.func.sum(part.c.size))) or 0)
                self._sums = (time.monotonic(), recordings, taken)
            _, recordings, taken = self._sums
        return [
            CounterMetricFamily("candor_intake_recordings", "Recordings taken in.", value=recordings),
            CounterMetricFamily("candor_intake_bytes", "Bytes of originals taken in.", value=taken),
        ]

    def _backup(self) -> list[Metric]:
        with self._place.read() as tx:
            made = last_backup(tx)
        if made is None:
            return []
        age = (self._place.clock.now() - made.started_at).total_seconds()
        return [GaugeMetricFamily("candor_backup_age_seconds", "Age of the newest backup.", value=age)]

    def _health(self) -> list[Metric]:
        with self._place.read() as tx:
            found = [one.finding.level for one in kept(tx)]
            watched = is_watched(tx, self._place.clock.now())
        gauge = GaugeMetricFamily("candor_health_findings", "Findings of the watch, by level.", labels=["level"])
        for level in Level:
            gauge.add_metric([level.value], found.count(level))
        return [gauge, GaugeMetricFamily("candor_watched", "1 while somebody watches.", value=int(watched))]
