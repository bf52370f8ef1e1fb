"""Verbs of deposits: top-ups and withdrawals are asked for, approved, rejected, cancelled and settled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import strawberry

from domain.access.permissions import ACCOUNT_READ, DEPOSITS_APPROVE, DEPOSITS_REQUEST
from domain.ledger.deposits import ask, decide
from domain.ledger.deposits.ports import RequestFilter
from domain.ledger.deposits.refusals import AnotherPersonNeeded, RequestSettled, WithdrawalTooLarge
from domain.ledger.deposits.views import DepositRequestView
from domain.paging import PageRequest
from domain.selected import ALL, Selected
from schema import deposits as nouns
from schema.context import Context
from schema.deposits import DepositRequest
from schema.ids import required
from schema.levels import level
from schema.nouns import shown
from schema.paging import After, Before, Connection, First, Last
from schema.verbs import mutation, query


@query(requires=ACCOUNT_READ)
async def deposit_requests(
    context: Context,
    filter: Annotated[
        nouns.DepositRequestsFilter | None, strawberry.argument(description="Which requests.")
    ] = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    selected: Selected = ALL,
) -> Connection[DepositRequest] | None:
    """Top-ups and withdrawals of your channel and of all below it, the newest first."""
    request = PageRequest.of(first, after, last, before, "deposit-requests")
    wanted = RequestFilter() if filter is None else filter.wanted()
    page = await context.reads.deposits.requests(context.caller, wanted, request, selected.nodes)
    return shown(Connection[DepositRequest], page)


@mutation(requires=DEPOSITS_REQUEST)
async def request_top_up(context: Context, input: nouns.RequestTopUpInput) -> DepositRequest:
    """Say what was paid in; it is in the deposit once headquarters has approved it."""
    amount = input.amount.value("amount")
    command = ask.RequestTopUp(input.idempotency_key, input.channel, amount, input.note)
    return shown(DepositRequest, await context.perform(command))


@mutation(requires=DEPOSITS_REQUEST, fails_with=(WithdrawalTooLarge,))
async def request_withdrawal(context: Context, input: nouns.RequestWithdrawalInput) -> DepositRequest:
    """Ask for money out of a deposit; it is set aside at once, and paid out once headquarters approved it."""
    amount = input.amount.value("amount")
    command = ask.RequestWithdrawal(input.idempotency_key, input.channel, amount, input.note)
    return shown(DepositRequest, await context.perform(command))


@mutation(requires=DEPOSITS_APPROVE, fails_with=(RequestSettled, AnotherPersonNeeded))
async def approve_deposit_request(
    context: Context, input: nouns.ApproveDepositRequestInput
) -> DepositRequest:
    """Approve. With the last person it needs, a top-up is booked and a withdrawal goes to the bank."""
    command = decide.ApproveDepositRequest(input.idempotency_key, _id(input.deposit_request_id))
    return shown(DepositRequest, await context.perform(command))


@mutation(requires=DEPOSITS_APPROVE, fails_with=(RequestSettled,))
async def reject_deposit_request(context: Context, input: nouns.RejectDepositRequestInput) -> DepositRequest:
    """Do not approve; what was set aside goes back to the deposit."""
    request_id = _id(input.deposit_request_id)
    command = decide.RejectDepositRequest(input.idempotency_key, request_id, input.reason)
    return shown(DepositRequest, await context.perform(command))


@mutation(requires=DEPOSITS_REQUEST, fails_with=(RequestSettled,))
async def cancel_deposit_request(context: Context, input: nouns.CancelDepositRequestInput) -> DepositRequest:
    """Think better of it, as long as it is not approved."""
    command = decide.CancelDepositRequest(input.idempotency_key, _id(input.deposit_request_id))
    return shown(DepositRequest, await context.perform(command))


@mutation(requires=DEPOSITS_APPROVE, fails_with=(RequestSettled,))
async def settle_withdrawal(context: Context, input: nouns.SettleWithdrawalInput) -> DepositRequest:
    """Say what the bank did with an approved withdrawal."""
    command = decide.SettleWithdrawal(
        input.idempotency_key, _id(input.deposit_request_id), input.outcome, input.reference, input.reason
    )
    return shown(DepositRequest, await context.perform(command))


@level(DepositRequest, "channel_id", joined=True)
async def channel(
    requests: Sequence[DepositRequestView], context: Context, selected: Selected = ALL
) -> list[Any]:
    """Whose deposit."""
    return list(
        await context.reads.channels.by_ids(context.caller, [one.channel_id for one in requests], selected)
    )


def _id(text: strawberry.ID) -> UUID:
    return required("dpr", text, "request", "depositRequestId")
