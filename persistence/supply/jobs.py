"""Jobs that speak to suppliers: commit, call, commit."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from domain.access.callers import SYSTEM
from domain.supply.adapters import adapters
from domain.supply.attempts import POLL_JOB, SUBMIT_JOB, poll
from domain.supply.converse import BeginAttempt, BeginPoll, RecordAnswer
from persistence import jobs
from persistence.http import Caller
from persistence.jobs import Desk, job, timer
from persistence.supply.attempts import OVERDUE

SWEEP = 200
"""Attempts that one sweep takes up at most."""

_callers: dict[asyncio.AbstractEventLoop, Caller] = {}


@job(SUBMIT_JOB)
async def submit(facts: dict[str, Any], desk: Desk) -> None:
    """Send an attempt, after it was committed that it is sent."""
    attempt = await desk.perform(BeginAttempt(UUID(facts["attempt"])), SYSTEM)
    if attempt is None:
        return
    conversation = adapters()[attempt.supplier].submit(attempt.wanted)
    answer = await _caller().converse(conversation, repeatable=False)
    await desk.perform(RecordAnswer(attempt.id, answer, attempt.polls), SYSTEM)


@job(POLL_JOB)
async def ask(facts: dict[str, Any], desk: Desk) -> None:
    """Ask what became of an attempt."""
    attempt = await desk.perform(BeginPoll(UUID(facts["attempt"])), SYSTEM)
    if attempt is None:
        return
    conversation = adapters()[attempt.supplier].query(attempt.wanted)
    answer = await _caller().converse(conversation, repeatable=True)
    await desk.perform(RecordAnswer(attempt.id, answer, attempt.polls), SYSTEM)


@timer("supply.sweep", "* * * * *")
async def sweep(_facts: dict[str, Any], desk: Desk) -> None:
    """Queue questions whose job was lost; a job that still waits under the same key is kept."""
    async with desk.database.transaction() as connection:
        for row in await OVERDUE.all(connection, limit=SWEEP):
            await jobs.enqueue(connection, poll(row["id"], row["polls"]))


def _caller() -> Caller:
    """The client of this event loop; connections do not outlive their loop."""
    loop = asyncio.get_running_loop()
    if loop not in _callers:
        for closed in [known for known in _callers if known.is_closed()]:
            del _callers[closed]
        _callers[loop] = Caller()
    return _callers[loop]
