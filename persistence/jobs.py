"""Jobs: work after the commit, queued in the same transaction, run by PgQueuer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import orjson
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.queries import Queries

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.commands import Command
    from domain.work import Job
    from persistence.cards.vault import Vault
    from persistence.database import Database
    from persistence.settings import Settings


class Perform(Protocol):
    """Carries out a command in a transaction of its own."""

    async def __call__(self, command: Command, caller: Caller) -> Any: ...


@dataclass(slots=True)
class Desk:
    """What a job may use."""

    database: Database
    perform: Perform
    vault: Vault
    settings: Settings


JobFunction = Callable[[dict[str, Any], Desk], Awaitable[None]]
_J = TypeVar("_J", bound=JobFunction)

JOBS: dict[str, JobFunction] = {}
"""Entry points by name; each runs at least once for each job, and must bear a repeat."""

GIVEN_UP: dict[str, JobFunction] = {}
"""What to do when a job has failed for good, by entry point."""

TIMERS: dict[str, tuple[str, JobFunction]] = {}
"""Regular work: name → (cron expression, function); one process at a time runs each."""


def job(entrypoint: str) -> Callable[[_J], _J]:
    """Declare the function that runs the jobs of an entry point."""

    def register(function: _J) -> _J:
        JOBS[entrypoint] = function
        return function

    return register


def gave_up(entrypoint: str) -> Callable[[_J], _J]:
    """Declare what is recorded when a job of an entry point has failed for good and waits for a person."""

    def register(function: _J) -> _J:
        GIVEN_UP[entrypoint] = function
        return function

    return register


def timer(name: str, cron: str) -> Callable[[_J], _J]:
    """Declare regular work by a cron expression (five fields, or six with seconds last)."""

    def register(function: _J) -> _J:
        TIMERS[name] = (cron, function)
        return function

    return register


async def enqueue(connection: Any, job: Job, after: timedelta | None = None) -> None:
    """Queue a job in the connection's transaction; a job with the same dedupe key that waits is kept."""
    await Queries(AsyncpgDriver(connection)).enqueue(
        job.entrypoint,
        orjson.dumps(job.facts),
        execute_after=after,
        dedupe_key=job.dedupe_key,
        on_conflict="skip",
    )
