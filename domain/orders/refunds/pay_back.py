"""Telling payment providers to pay back, in steps of one transaction each; the calls lie between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from domain.commands import Command, handles
from domain.orders.refunds.settle import pay_back_job, paying_back, step, succeed
from domain.orders.refunds.states import RefundState, RefundStep
from domain.supply.answers import Answer
from domain.supply.attempts import PAUSES
from domain.supply.states import AttemptState

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.refunds.views import RefundView
    from domain.orders.views import OrderView
    from domain.payments.methods import PaymentMethod
    from domain.payments.paying_back import PayBack
    from domain.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class BeginPayBack(Command):
    """Answers what a provider is to be told, None where there is nothing to tell."""

    refund_id: UUID


@dataclass(frozen=True, slots=True)
class RecordPayBack(Command):
    """Write down what a provider said; silence leaves the refund SENT, and it is told again."""

    refund_id: UUID
    answer: Answer


@handles(BeginPayBack)
async def begin_pay_back(
    command: BeginPayBack, caller: Caller, work: UnitOfWork
) -> tuple[PaymentMethod, PayBack] | None:
    """That it is sent was committed before this; a repetition is the same refund to the provider."""
    found = await _sent(command.refund_id, work)
    return None if found is None else await paying_back(*found, work)


@handles(RecordPayBack)
async def record_pay_back(command: RecordPayBack, caller: Caller, work: UnitOfWork) -> RefundState | None:
    """FAILED only for what is certain: a person pays back in another way, or has it sent again."""
    found = await _sent(command.refund_id, work)
    if found is None:
        return None
    refund, order = found
    if command.answer.state is AttemptState.SUCCEEDED:
        return (await succeed(refund, order, caller, work)).status
    if command.answer.state is AttemptState.FAILED:
        await work.refunds.open_case(refund, "PROVIDER_REFUSED", {"detail": command.answer.detail})
        return (await step(refund, RefundStep.FAIL, order, work)).status
    asked = await work.refunds.count_asking(refund)
    if asked > len(PAUSES):
        await work.refunds.open_case(refund, "NO_FINAL_ANSWER", {"asked": asked})
    else:
        await work.enqueue(pay_back_job(refund.id, asked), PAUSES[asked - 1])
    return refund.status


async def _sent(refund_id: UUID, work: UnitOfWork) -> tuple[RefundView, OrderView] | None:
    """The refund under its order's lock, where its provider has not answered for certain yet."""
    found = await work.refunds.find(refund_id)
    order = None if found is None else await work.orders.lock_any(found.order_id)
    locked = None if order is None else await work.refunds.find(refund_id)
    if order is None or locked is None or locked.status is not RefundState.SENT:
        return None
    return locked, order
