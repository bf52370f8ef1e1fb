"""Asking: a channel says what it has paid in or wants paid out; headquarters may ask for any channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from domain.access.identifiers import storable
from domain.access.permissions import DEPOSITS_APPROVE, DEPOSITS_REQUEST
from domain.commands import IdempotentCommand, handles
from domain.ledger.cash import withdrawal_held
from domain.ledger.deposits.decide import approved
from domain.ledger.deposits.events import DepositRequestChanged
from domain.ledger.deposits.ports import RequestDraft
from domain.ledger.deposits.refusals import WithdrawalTooLarge
from domain.ledger.deposits.states import RequestKind
from domain.ledger.refusals import BalanceTooLow
from domain.money import Money
from domain.refusals import InvalidInput, NotFound

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.channels.tree import ChannelNode
    from domain.ledger.deposits.views import DepositRequestView
    from domain.work import UnitOfWork

LONGEST_NOTE = 200
"""Characters of what is said to a request."""


@dataclass(frozen=True, slots=True)
class RequestTopUp(IdempotentCommand):
    """Money was paid in for a channel's deposit; it counts once that is approved."""

    requires: ClassVar[str | None] = DEPOSITS_REQUEST

    channel: str
    amount: Money
    note: str = ""


@dataclass(frozen=True, slots=True)
class RequestWithdrawal(IdempotentCommand):
    """Pay a part of a channel's deposit out; it is set aside at once."""

    requires: ClassVar[str | None] = DEPOSITS_REQUEST

    channel: str
    amount: Money
    note: str = ""


@handles(RequestTopUp)
async def request_top_up(command: RequestTopUp, caller: Caller, work: UnitOfWork) -> DepositRequestView:
    """For the caller's channel or one below it."""
    channel = await _channel(command.channel, caller, work)
    return await _asked(RequestKind.TOP_UP, channel, command.amount, command.note, caller, work)


@handles(RequestWithdrawal)
async def request_withdrawal(
    command: RequestWithdrawal, caller: Caller, work: UnitOfWork
) -> DepositRequestView:
    """Only a channel itself, or headquarters, pays its deposit out."""
    channel = await _channel(command.channel, caller, work)
    if channel.id != caller.channel and not caller.at_headquarters:
        raise InvalidInput("Only a channel itself asks for money out of its deposit.", "channel")
    return await _asked(RequestKind.WITHDRAWAL, channel, command.amount, command.note, caller, work)


async def _asked(
    kind: RequestKind, channel: ChannelNode, amount: Money, note: str, caller: Caller, work: UnitOfWork
) -> DepositRequestView:
    if amount.minor <= 0:
        raise InvalidInput("An amount is more than nothing.", "amount")
    if len(note) > LONGEST_NOTE or not storable(note):
        raise InvalidInput(f"A note has up to {LONGEST_NOTE} characters.", "note")
    balances = (await work.ledger.balances([channel.id])).get(channel.id, [])
    if amount.currency not in {balance.currency for balance in balances}:
        raise InvalidInput(f"This channel has no deposit in {amount.currency}.", "amount")
    needed = 2 if amount.minor > work.deposits.two_persons_above_minor else 1
    request = await work.deposits.add(RequestDraft(kind, channel.id, amount, note, needed), caller)
    if kind is RequestKind.WITHDRAWAL:
        await _set_aside(request, caller, work)
    work.record(
        DepositRequestChanged(
            aggregate_id=request.id,
            channel_id=channel.id,
            of_kind=kind.value,
            from_status=None,
            to_status=request.status.value,
        )
    )
    # Who may approve has approved what it asks for.
    return await approved(request, caller, work) if caller.may(DEPOSITS_APPROVE) else request


async def _set_aside(request: DepositRequestView, caller: Caller, work: UnitOfWork) -> None:
    amount = request.amount
    held = withdrawal_held(request.id, request.channel_id, amount.minor, amount.currency)
    try:
        await work.ledger.post(held, caller)
    except BalanceTooLow:
        balances = (await work.ledger.balances([request.channel_id]))[request.channel_id]
        (found,) = (one for one in balances if one.currency == amount.currency)
        available = Money(max(found.deposit_minor, 0), amount.currency)
        raise WithdrawalTooLarge(available.amount, amount.amount) from None


async def _channel(code: str, caller: Caller, work: UnitOfWork) -> ChannelNode:
    channel = await work.tree.in_scope(caller, code)
    if channel is None:
        raise NotFound("channel", "channel")
    if channel.parent_id is None:
        raise InvalidInput("Headquarters keeps the deposits of others, and has none itself.", "channel")
    return channel
