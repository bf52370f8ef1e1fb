"""The worker: runs jobs and timers on PgQueuer; a job that fails for good is held for a person."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson
import structlog
from pgqueuer import PgQueuer
from pgqueuer.errors import RetryRequested

from persistence.jobs import GIVEN_UP, JOBS, TIMERS, Desk, JobFunction

if TYPE_CHECKING:
    from pgqueuer.models import Job, Schedule

HEARTBEAT_S = 10
"""A job whose process has been silent for so long is picked up by another, seconds."""

RETRIES_S = (1, 5, 30, 120)
"""Pauses before a failed job is tried again; afterwards it is held."""

RESTART_S = 2.0


DRAIN_S = 4.0
"""How long a stopping worker waits for its jobs before it hands them to another process, seconds."""


class JobFailed(Exception):
    """A job failed; the text is the kind of its exception only, for PgQueuer stores it."""


class Worker:
    """Any number of processes may run one; each job and each tick of a timer goes to one of them."""

    def __init__(
        self, desk: Desk, *, drain_s: float = DRAIN_S, retries_s: Sequence[float] = RETRIES_S
    ) -> None:
        self._desk, self._drain_s, self._retries_s = desk, drain_s, retries_s
        self._log = structlog.get_logger()
        self._at_work: set[asyncio.Task[Any]] = set()
        self._stopping = False

    async def run(self) -> None:
        """Work until cancelled, then end in order; a lost database is waited for."""
        while True:
            queue = PgQueuer.from_asyncpg_pool(self._desk.database.pool)
            self._register(queue)
            running = asyncio.create_task(
                queue.run(
                    dequeue_timeout=timedelta(seconds=5),
                    heartbeat_timeout=timedelta(seconds=HEARTBEAT_S),
                    log_aggregation_interval=timedelta(minutes=5),
                )
            )
            try:
                await asyncio.shield(running)
            except asyncio.CancelledError:
                await self._stop(queue, running)
                raise
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, RuntimeError) as problem:
                self._log.warning("worker.restart", problem=type(problem).__name__)
            await asyncio.sleep(RESTART_S)

    async def _stop(self, queue: PgQueuer, running: asyncio.Task[None]) -> None:
        """Take no more jobs and finish those at hand; PgQueuer alone would throw away what is cancelled."""
        self._stopping = True
        queue.shutdown.set()
        _, unfinished = await asyncio.wait({running}, timeout=self._drain_s)
        if unfinished:
            for job in self._at_work:
                job.cancel()
            _, unfinished = await asyncio.wait({running}, timeout=self._drain_s)
        if unfinished:
            running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    def _register(self, queue: PgQueuer) -> None:
        for name, function in JOBS.items():
            queue.entrypoint(name, on_failure="hold")(self._runs(name, function))
        for name, (cron, function) in TIMERS.items():
            queue.schedule(name, cron, clean_old=True)(self._ticks(name, function))

    def _runs(self, name: str, function: JobFunction) -> Any:
        async def run(job: Job) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._at_work.add(task)
            try:
                await function(orjson.loads(job.payload or b"{}"), self._desk)
            except asyncio.CancelledError:
                if not self._stopping:
                    raise
                task.uncancel()
                raise RetryRequested(delay=timedelta(0)) from None
            except Exception as problem:
                kind, attempts = type(problem).__name__, job.attempts
                self._log.error("job.failed", job=name, attempts=attempts, exc_info=problem)
                if attempts < len(self._retries_s):
                    raise RetryRequested(delay=timedelta(seconds=self._retries_s[attempts])) from None
                await self._give_up(name, job)
                raise JobFailed(kind) from None
            finally:
                self._at_work.discard(task)

        return run

    async def _give_up(self, name: str, job: Job) -> None:
        """Let the job's subject say that it failed; the job itself is held either way."""
        if name not in GIVEN_UP:
            return
        try:
            await GIVEN_UP[name](orjson.loads(job.payload or b"{}"), self._desk)
        except Exception as problem:
            self._log.error("job.not-given-up", job=name, exc_info=problem)

    def _ticks(self, name: str, function: JobFunction) -> Any:
        async def tick(_schedule: Schedule) -> None:
            try:
                await function({}, self._desk)
            except Exception as problem:
                self._log.error("timer.failed", timer=name, exc_info=problem)

        return tick
