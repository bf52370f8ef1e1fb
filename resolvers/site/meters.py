"""Counts of operations by kind and outcome, and how long they took; never what was asked.

With `PROMETHEUS_MULTIPROC_DIR` in the environment before the first import, the counts of all processes are
kept in that directory and any of them answers for all.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client import REGISTRY as DEFAULT
from prometheus_client import generate_latest as written
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from domain.access.budgets import Scope
from resolvers.site.deadlines import Deadlines
from schema.engine.answers import executed
from schema.engine.compiled.execution import log_fallback
from schema.engine.engine import Engine
from schema.engine.refused import RequestRefused

if TYPE_CHECKING:
    from schema.engine.answers import Answer
    from schema.engine.execution import PreparedOperation
    from schema.engine.gateway import Context
    from schema.engine.requests import GraphQLRequest

CONTENT_TYPE = CONTENT_TYPE_LATEST
DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

REGISTRY = CollectorRegistry()
"""Our own: the default one would add what libraries register."""

OPERATIONS = Counter(
    "quanyi_operations", "Operations by kind and outcome.", ("kind", "outcome"), registry=REGISTRY
)
FALLBACKS = Counter(
    "quanyi_fallbacks",
    "Operations and events that graphql-core had to answer.",
    ("what", "reason"),
    registry=REGISTRY,
)
REFUSALS = Counter(
    "quanyi_refusals", "Operations refused before they ran, by code.", ("code",), registry=REGISTRY
)
EXHAUSTED = Counter(
    "quanyi_budget_refusals",
    "Operations refused for want of budget, by whose.",
    ("scope",),
    registry=REGISTRY,
)
COST = Counter("quanyi_cost", "Units of cost that were admitted, by who asked.", ("kind",), registry=REGISTRY)
SECONDS = Histogram(
    "quanyi_operation_seconds", "How long an operation ran.", ("kind",), buckets=_BUCKETS_S, registry=REGISTRY
)
ELSEWHERE = (
    "quanyi_forged_codes_total",
    "quanyi_shared_commands_bucket",
    "quanyi_shared_commands_count",
    "quanyi_shared_commands_sum",
    "quanyi_spoiled_transactions_total",
    "quanyi_ledger_differences",
    "quanyi_ledger_rewritten",
    "quanyi_subscriptions",
    "quanyi_feed_encoded_total",
    "quanyi_feed_delivered_total",
    "quanyi_feed_told_to_resume_total",
)
"""Meters of other layers, by the names of their samples."""
for _code in ("RATE_LIMITED", "COST_LIMITED"):
    REFUSALS.labels(_code)  # shown from the first scrape on, so that an alarm has a zero to rise from
for _scope in Scope:
    EXHAUSTED.labels(_scope)

OWN = {
    name: Gauge(f"quanyi_{name}", text, multiprocess_mode="livesum", registry=REGISTRY)
    for name, text in {
        "pool_connections": "Database connections that are open.",
        "pool_in_use": "Database connections at work.",
        "feed_followers": "Groups of subscribers that follow the log of events, and what else listens to it.",
    }.items()
}
SHARED = {
    "outbox_events": "Events that wait for the relay (10 000 at most are counted).",
    "outbox_age_seconds": "Age of the oldest of them.",
    "jobs_waiting": "Jobs that wait.",
    "jobs_running": "Jobs that run.",
    "jobs_held": "Jobs that failed for good and wait for a person.",
    "guessing_subjects": "Accounts and addresses that are slowed because they guess.",
}
"""Numbers that come from the database: they are asked for by whoever is asked, not added up."""


class MeteredEngine(Engine):
    """The engine, counting, and giving operations up that take longer than `operation_s` seconds."""

    def __init__(self, *given: Any, operation_s: float = 30.0, **named: Any) -> None:
        super().__init__(*given, **named)
        self._operation_s, self._deadlines = operation_s, Deadlines(operation_s)

    def prepare(self, request: GraphQLRequest) -> PreparedOperation:
        """Prepare, and count what is refused before it has a kind."""
        try:
            return super().prepare(request)
        except RequestRefused:
            OPERATIONS.labels("unknown", "refused").inc()
            raise

    async def admit(self, request: GraphQLRequest, context: Context) -> PreparedOperation:
        """Admit, and count the cost by who asks, and refusals by their code."""
        try:
            prepared = await super().admit(request, context)
        except RequestRefused as refused:
            REFUSALS.labels(refused.code).inc()
            if refused.code == "RATE_LIMITED":
                EXHAUSTED.labels(refused.errors[0]["extensions"]["scope"]).inc()
            raise
        kind = getattr(getattr(context, "caller", None), "kind", "UNKNOWN")
        _cost_of(kind).inc(prepared.cost)
        return prepared

    async def completed(self, request: GraphQLRequest, context: Context) -> GraphQLRequest:
        """Find the document, and count who may not send it or has to send it again."""
        try:
            return await super().completed(request, context)
        except RequestRefused:
            OPERATIONS.labels("unknown", "refused").inc()
            raise

    async def execute(self, prepared: PreparedOperation, context: Context) -> Answer:
        """Execute and time."""
        task = asyncio.current_task()
        assert task is not None
        began_s = time.monotonic()
        self._deadlines.begin(task, began_s)
        try:
            answer = await super().execute(prepared, context)
        except asyncio.CancelledError:
            if not self._deadlines.end(task) or task.uncancel() > 0:
                raise
            # A mutation's transaction was rolled back, or its idempotency key tells what came of it.
            message = f"This took longer than {self._operation_s:g} s: ask for less at a time, or again."
            answer = executed(self.codec, None, [{"message": message, "extensions": {"code": "TIMED_OUT"}}])
        else:
            if self._deadlines.end(task):
                task.uncancel()
        kind, outcome = prepared.kind, _outcome(answer) if answer.errors else "ok"
        _seconds_of(kind).observe(time.monotonic() - began_s)
        _operations_of(kind, outcome).inc()
        return answer

    async def open(self, prepared: PreparedOperation, context: Context) -> AsyncIterable[Any]:
        """Start a subscription, and count that."""
        try:
            source = await super().open(prepared, context)
        except RequestRefused:
            OPERATIONS.labels(prepared.kind, "refused").inc()
            raise
        OPERATIONS.labels(prepared.kind, "ok").inc()
        return source


@cache
def _seconds_of(kind: str) -> Histogram:
    return SECONDS.labels(kind)


@cache
def _cost_of(kind: str) -> Counter:
    return COST.labels(kind)


@cache
def _operations_of(kind: str, outcome: str) -> Counter:
    return OPERATIONS.labels(kind, outcome)


def count_fallback(what: str, reason: str, operation: str | None) -> None:
    """Count what compiled execution left to graphql-core, and write it to the log."""
    FALLBACKS.labels(what, reason).inc()
    log_fallback(what, reason, operation)


def _outcome(answer: Answer) -> str:
    codes = {error.get("extensions", {}).get("code") for error in answer.errors}
    if not codes:
        return "ok"
    return "fault" if "INTERNAL" in codes else "errors"


def exposition(shared: Mapping[str, int], own: Mapping[str, int]) -> bytes:
    """Everything in Prometheus' text format."""
    for name, value in own.items():
        OWN[name].set(value)
    now = CollectorRegistry()
    now.register(_Numbers(shared))
    return written(_all()) + written(now) + _elsewhere()


def _elsewhere() -> bytes:
    """What other layers count on the default registry; several processes' files hold it already."""
    return b"" if DIRECTORY in os.environ else written(DEFAULT.restricted_registry(ELSEWHERE))


class _Numbers(Collector):
    """Numbers of this moment, which belong to no process."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self._numbers = numbers

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, value in self._numbers.items():
            yield GaugeMetricFamily(f"quanyi_{name}", SHARED[name], value=value)


@contextmanager
def shared_directory(place: Path) -> Iterator[dict[str, str]]:
    """An empty directory for the counts of several processes, as their environment."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(mode=0o700, parents=True)
    try:
        yield {DIRECTORY: str(place.resolve())}
    finally:
        shutil.rmtree(place, ignore_errors=True)


def forget_process(process_id: int, place: str) -> None:
    """Drop the gauges of a process that is gone; its counts stay."""
    mark_process_dead(process_id, place)  # type: ignore[no-untyped-call]


def _all() -> CollectorRegistry:
    directory = os.environ.get(DIRECTORY)
    if directory is None:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry, directory)  # type: ignore[no-untyped-call]
    return registry
