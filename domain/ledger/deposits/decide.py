"""Deciding: headquarters approves or rejects, a channel cancels, and the bank pays out or does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from domain.access.identifiers import storable
from domain.access.permissions import DEPOSITS_APPROVE, DEPOSITS_REQUEST
from domain.commands import IdempotentCommand, handles
from domain.ledger.cash import topped_up, withdrawal_released, withdrawn
from domain.ledger.deposits.events import DepositRequestChanged
from domain.ledger.deposits.refusals import AnotherPersonNeeded, RequestSettled
from domain.ledger.deposits.states import RequestKind, RequestStatus, RequestStep, after
from domain.refusals import InvalidInput, NotFound

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.ledger.deposits.views import DepositRequestView
    from domain.ledger.transfers import Transfer
    from domain.work import UnitOfWork

LONGEST_TEXT = 200
"""Characters of a reason or of a bank's reference."""


class Payout(StrEnum):
    """How the bank's payment of a withdrawal ended."""

    PAID = "PAID"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class ApproveDepositRequest(IdempotentCommand):
    """Approve; with the last person that it needs a top-up is booked, and a withdrawal goes to the bank."""

    requires: ClassVar[str | None] = DEPOSITS_APPROVE

    request_id: UUID


@dataclass(frozen=True, slots=True)
class RejectDepositRequest(IdempotentCommand):
    """Do not; what was set aside is back in the deposit."""

    requires: ClassVar[str | None] = DEPOSITS_APPROVE

    request_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class CancelDepositRequest(IdempotentCommand):
    """The channel does not want it any more."""

    requires: ClassVar[str | None] = DEPOSITS_REQUEST

    request_id: UUID


@dataclass(frozen=True, slots=True)
class SettleWithdrawal(IdempotentCommand):
    """Say what the bank did; a failure gives the money back to the deposit."""

    requires: ClassVar[str | None] = DEPOSITS_APPROVE

    request_id: UUID
    outcome: Payout
    reference: str | None = None
    reason: str | None = None


@handles(ApproveDepositRequest)
async def approve_deposit_request(
    command: ApproveDepositRequest, caller: Caller, work: UnitOfWork
) -> DepositRequestView:
    """Nobody approves what it asked for itself, nor twice."""
    request = await _locked(command.request_id, caller, work)
    if request.status is not RequestStatus.PENDING:
        raise RequestSettled(request.status.value)
    if caller.subject_id in (request.requested_by_id, *request.approver_ids):
        raise AnotherPersonNeeded(request.missing)
    return await approved(request, caller, work)


@handles(RejectDepositRequest)
async def reject_deposit_request(
    command: RejectDepositRequest, caller: Caller, work: UnitOfWork
) -> DepositRequestView:
    """One person is enough to stop something."""
    request = await _locked(command.request_id, caller, work)
    return await _step(request, RequestStep.REJECT, caller, work, reason=_said(command.reason, "reason"))


@handles(CancelDepositRequest)
async def cancel_deposit_request(
    command: CancelDepositRequest, caller: Caller, work: UnitOfWork
) -> DepositRequestView:
    """Anybody of the channel, of headquarters, or who asked for it."""
    request = await _locked(command.request_id, caller, work)
    mine = request.channel_id == caller.channel or request.requested_by_id == caller.subject_id
    if not mine and not caller.at_headquarters:
        raise InvalidInput("Only the channel itself, or who asked for this, cancels it.", "depositRequestId")
    return await _step(request, RequestStep.CANCEL, caller, work)


@handles(SettleWithdrawal)
async def settle_withdrawal(
    command: SettleWithdrawal, caller: Caller, work: UnitOfWork
) -> DepositRequestView:
    """Until somebody says so, what was approved stays set aside."""
    paid = command.outcome is Payout.PAID
    reference = None if command.reference is None else _said(command.reference, "reference")
    reason = None if command.reason is None else _said(command.reason, "reason")
    request = await _locked(command.request_id, caller, work)
    step = RequestStep.PAY_OUT if paid else RequestStep.FAIL
    return await _step(request, step, caller, work, reason, reference)


async def approved(request: DepositRequestView, caller: Caller, work: UnitOfWork) -> DepositRequestView:
    """Count the caller's approval of a locked request, and carry it out when no other is missing."""
    request = await work.deposits.approve(request, caller)
    return request if request.missing else await _step(request, RequestStep.APPROVE, caller, work)


async def _locked(request_id: UUID, caller: Caller, work: UnitOfWork) -> DepositRequestView:
    request = await work.deposits.lock(request_id, caller)
    if request is None:
        raise NotFound("request", "depositRequestId")
    return request


async def _step(
    request: DepositRequestView,
    step: RequestStep,
    caller: Caller,
    work: UnitOfWork,
    reason: str | None = None,
    reference: str | None = None,
) -> DepositRequestView:
    status = after(request.kind, request.status, step)
    if status is None:
        raise RequestSettled(request.status.value)
    moved = await work.deposits.move(request, status, reason, reference)
    await work.ledger.post(_transfers(request, step), caller)
    work.record(
        DepositRequestChanged(
            aggregate_id=request.id,
            channel_id=request.channel_id,
            of_kind=request.kind.value,
            from_status=request.status.value,
            to_status=status.value,
        )
    )
    return moved


def _transfers(request: DepositRequestView, step: RequestStep) -> Sequence[Transfer]:
    """What a step moves: nothing where money was neither booked nor set aside."""
    what = request.id, request.channel_id, request.amount.minor, request.amount.currency
    if request.kind is RequestKind.TOP_UP:
        return topped_up(*what) if step is RequestStep.APPROVE else []
    if step is RequestStep.APPROVE:
        return []
    return withdrawn(*what) if step is RequestStep.PAY_OUT else withdrawal_released(*what)


def _said(text: str, at: str) -> str:
    text = text.strip()
    if not 0 < len(text) <= LONGEST_TEXT or not storable(text):
        raise InvalidInput(f"This is text of 1 to {LONGEST_TEXT} characters.", at)
    return text
