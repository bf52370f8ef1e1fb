"""The worker: runs jobs and timers on PgQueuer; a job that fails for good is held for a person."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson
import structlog
from pgqueuer import PgQueuer
from pgqueuer.errors import RetryRequested

from persistence.jobs import JOBS, TIMERS, Desk, JobFunction

if TYPE_CHECKING:
    from pgqueuer.models import Job, Schedule

HEARTBEAT_S = 10
"""A job whose process has been silent for so long is picked up by another, seconds."""

RETRIES_S = (1, 5, 30, 120)
"""Pauses before a failed job is tried again; afterwards it is held."""

RESTART_S = 2.0


class Worker:
    """Any number of processes may run one; each job and each tick of a timer goes to one of them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Work until cancelled; a lost database is waited for."""
        while True:
            queue = PgQueuer.from_asyncpg_pool(self._desk.database.pool)
            self._register(queue)
            try:
                await queue.run(
                    dequeue_timeout=timedelta(seconds=5),
                    heartbeat_timeout=timedelta(seconds=HEARTBEAT_S),
                    log_aggregation_interval=timedelta(minutes=5),
                )
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, RuntimeError) as problem:
                self._log.warning("worker.restart", problem=type(problem).__name__)
            await asyncio.sleep(RESTART_S)

    def _register(self, queue: PgQueuer) -> None:
        for name, function in JOBS.items():
            queue.entrypoint(name, on_failure="hold")(self._runs(name, function))
        for name, (cron, function) in TIMERS.items():
            queue.schedule(name, cron, clean_old=True)(self._ticks(name, function))

    def _runs(self, name: str, function: JobFunction) -> Any:
        async def run(job: Job) -> None:
            try:
                await function(orjson.loads(job.payload or b"{}"), self._desk)
            except Exception as problem:
                attempts = job.attempts
                self._log.error("job.failed", job=name, attempts=attempts, problem=type(problem).__name__)
                if attempts < len(RETRIES_S):
                    raise RetryRequested(delay=timedelta(seconds=RETRIES_S[attempts])) from problem
                raise

        return run

    def _ticks(self, name: str, function: JobFunction) -> Any:
        async def tick(_schedule: Schedule) -> None:
            try:
                await function({}, self._desk)
            except Exception as problem:
                self._log.error("timer.failed", timer=name, problem=type(problem).__name__)

        return tick
