"""The refund desk: asking for money back, deciding about it, and what waits to be decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import strawberry

from domain.access.permissions import REFUNDS_APPROVE, REFUNDS_READ, REFUNDS_WRITE
from domain.orders.refunds import refusals
from domain.orders.refunds.ask import RefundOrder, RequestRefund
from domain.orders.refunds.decide import ApproveRefund, RejectRefund, WithdrawRefund
from domain.orders.refunds.ports import RefundFilter
from domain.orders.refunds.views import RefundLineView, RefundView
from domain.orders.views import OrderView
from domain.paging import Page, PageRequest
from domain.selected import ALL, Selected
from schema import ids
from schema.context import Context
from schema.levels import level
from schema.nouns import shown
from schema.paging import After, Before, Connection, First, Last
from schema.refunds import (
    ApproveRefundInput,
    Refund,
    RefundsFilter,
    RejectRefundInput,
    RequestRefundInput,
    WithdrawRefundInput,
)
from schema.verbs import mutation, query

UNASKABLE = (
    refusals.OrderNotRefundable,
    refusals.NothingRefundable,
    refusals.ComponentNotRefundable,
    refusals.TooFewRefundable,
)
UNDECIDABLE = (refusals.RefundNotPossible, refusals.RefundNeedsHeadquarters)


@query(requires=REFUNDS_READ)
async def refunds(
    context: Context,
    filter: Annotated[RefundsFilter | None, strawberry.argument(description="Which refunds.")] = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    selected: Selected = ALL,
) -> Connection[Refund] | None:
    """Your refunds, or those of your channel and of all below it, the newest first."""
    request = PageRequest.of(first, after, last, before, "refunds")
    wanted = RefundFilter() if filter is None else filter.wanted()
    page = (
        Page[RefundView].empty()
        if wanted is None
        else await context.reads.refunds.page(context.caller, wanted, request, selected.nodes)
    )
    return shown(Connection[Refund], page)


@mutation(requires=REFUNDS_WRITE, fails_with=UNASKABLE)
async def request_refund(context: Context, input: RequestRefundInput) -> Refund:
    """Ask for money back, of your own order or as a back office of one below you.

    What is asked back cannot be used, shown or sent until somebody has decided.
    """
    order_id = ids.required("ord", input.order_id, "order", "orderId")
    command = RequestRefund(input.idempotency_key, order_id, input.targets(), input.reason or "")
    return shown(Refund, await context.perform(command))


@mutation(requires=REFUNDS_APPROVE, fails_with=(*UNASKABLE, refusals.RefundedCardStopped))
async def refund_order(context: Context, input: RequestRefundInput) -> Refund:
    """Ask and approve in one step. Where a card was seen it waits for headquarters, as REQUESTED."""
    order_id = ids.required("ord", input.order_id, "order", "orderId")
    command = RefundOrder(input.idempotency_key, order_id, input.targets(), input.reason or "")
    return shown(Refund, await context.perform(command))


@mutation(requires=REFUNDS_APPROVE, fails_with=(*UNDECIDABLE, refusals.RefundedCardStopped))
async def approve_refund(context: Context, input: ApproveRefundInput) -> Refund:
    """Pay back what was asked for, and take the goods back. Headquarters only where a card was seen."""
    refund_id = ids.required("rfd", input.refund_id, "refund", "refundId")
    command = ApproveRefund(input.idempotency_key, refund_id, input.note or "", input.issuer_pays_back)
    return shown(Refund, await context.perform(command))


@mutation(requires=REFUNDS_APPROVE, fails_with=UNDECIDABLE)
async def reject_refund(context: Context, input: RejectRefundInput) -> Refund:
    """Pay nothing back; the buyer can use the goods again."""
    refund_id = ids.required("rfd", input.refund_id, "refund", "refundId")
    used = tuple(
        ids.required("crd", card, "card of this refund", "usedCardIds") for card in input.used_card_ids or ()
    )
    command = RejectRefund(input.idempotency_key, refund_id, input.note, used)
    return shown(Refund, await context.perform(command))


@mutation(requires=REFUNDS_WRITE, fails_with=(refusals.RefundNotPossible,))
async def withdraw_refund(context: Context, input: WithdrawRefundInput) -> Refund:
    """Ask no more for what nobody has decided about; the buyer can use the goods again."""
    refund_id = ids.required("rfd", input.refund_id, "refund", "refundId")
    return shown(Refund, await context.perform(WithdrawRefund(input.idempotency_key, refund_id)))


@level(Refund, "id")
async def lines(refunds: Sequence[RefundView], context: Context) -> list[list[RefundLineView]]:
    """What each takes."""
    found = await context.reads.refunds.lines_of([refund.id for refund in refunds])
    return [found.get(refund.id, []) for refund in refunds]


@level(Refund, "order_id", joined=True)
async def order(
    refunds: Sequence[RefundView], context: Context, selected: Selected = ALL
) -> list[OrderView | None]:
    """The orders that the caller may see."""
    wanted = [refund.order_id for refund in refunds]
    found = await context.reads.orders.by_ids(context.caller, wanted, selected)
    return [found.get(refund.order_id) for refund in refunds]
