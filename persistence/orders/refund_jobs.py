"""Jobs that tell payment providers to pay back: commit, call, commit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from domain.access.callers import SYSTEM
from domain.orders.refunds.pay_back import BeginPayBack, RecordPayBack
from domain.orders.refunds.settle import PAY_BACK_JOB, pay_back_job
from persistence import jobs
from persistence.http import Caller
from persistence.jobs import Desk, job, timer
from persistence.statements import Statement

SWEEP = 200
"""Refunds that one sweep takes up at most."""

_UNHEARD_OF = Statement(
    """SELECT id, asked FROM refund WHERE status = 'SENT' AND asked_at < now() - interval '2 hours'
          AND asked <= :most ORDER BY asked_at LIMIT :limit"""
)


@job(PAY_BACK_JOB)
async def pay_back(facts: dict[str, Any], desk: Desk) -> None:
    """Tell a provider, as often as it takes: the number of the refund is always the same."""
    refund_id = UUID(facts["refund"])
    begun = await desk.perform(BeginPayBack(refund_id), SYSTEM)
    if begun is None:
        return
    method, wanted = begun
    conversation = method.pay_back(wanted)
    if conversation is None:
        return
    caller = Caller()
    try:
        answer = await caller.converse(conversation, repeatable=True)
    finally:
        await caller.close()
    await desk.perform(RecordPayBack(refund_id, answer), SYSTEM)


@timer("payments.sweep-refunds", "*/5 * * * *")
async def sweep(_facts: dict[str, Any], desk: Desk) -> None:
    """Queue those whose job was lost; a job that still waits under the same key is kept."""
    async with desk.database.transaction() as connection:
        for row in await _UNHEARD_OF.all(connection, limit=SWEEP, most=7):
            await jobs.enqueue(connection, pay_back_job(row["id"], row["asked"]))
