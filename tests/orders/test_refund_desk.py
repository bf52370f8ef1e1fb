"""The refund desk: who may ask, decide and look, and what is refused to whom."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from domain.access.callers import Caller
from domain.access.permissions import Role
from domain.orders.refunds.ask import RequestRefund
from domain.orders.refunds.decide import WithdrawRefund
from domain.orders.refunds.ports import RefundFilter
from domain.orders.refunds.refusals import (
    OrderNotRefundable,
    RefundNotPossible,
)
from domain.orders.refunds.rules import Target
from domain.orders.refunds.states import RefundState
from domain.orders.status import RefundStatus
from domain.paging import PageRequest
from domain.refusals import Forbidden, IdempotencyConflict, InvalidInput, NotFound
from persistence.orders.refund_reads import StoredRefundReads
from tests.orders.desk import approve, ask, cards_of, line_of, ours, refund, seen
from tests.orders.shop import Shop, line


async def test_who_may_not_changes_nothing(shop: Shop) -> None:
    buyer = await shop.customer()
    order = await shop.bought(buyer, line("TXV"))
    unpaid = await shop.place(buyer, line("TXV"))
    asked = await ask(shop, buyer, order)
    before = await shop.everything()
    for caller in (await shop.customer(), shop.agent("ZJ"), shop.api("refunds:write", channel="ZJ")):
        with pytest.raises(NotFound):
            await ask(shop, caller, order)
    for caller in (buyer, shop.storefront(), shop.agent("SHOP", Role.SUPPORT), shop.api("refunds:write")):
        with pytest.raises(Forbidden):
            await approve(shop, caller, asked)
        with pytest.raises(Forbidden):
            await refund(shop, caller, order)
    with pytest.raises(NotFound):
        await approve(shop, shop.agent("ZJ"), asked)
    with pytest.raises(OrderNotRefundable) as refused:
        await ask(shop, buyer, unpaid)
    assert refused.value.order_status == "AWAITING_PAYMENT"
    with pytest.raises(NotFound):
        await ask(shop, buyer, order, Target(await line_of(shop, unpaid, "TXV")))
    with pytest.raises(InvalidInput):
        RequestRefund("k", order.id, (), "x" * 501)
    assert await shop.everything() == before
    await ask(shop, buyer, await shop.bought(buyer, line("TXV")), key="same")
    with pytest.raises(IdempotencyConflict):
        await ask(shop, buyer, order, key="same")


async def test_a_buyer_thinks_better_of_it_until_somebody_has_decided(shop: Shop) -> None:
    buyer = await shop.customer()
    order = await shop.bought(buyer, line("TXV", 2))
    asked = await ask(shop, buyer, order)
    for stranger in (await shop.customer(), shop.agent("ZJ")):
        with pytest.raises(NotFound):
            await shop.perform(WithdrawRefund("w", asked.id), stranger)
    gone = await shop.perform(WithdrawRefund("w", asked.id), buyer)
    assert (gone.status, gone.decided_by, gone.finished_at is None) == ("WITHDRAWN", "CUSTOMER", False)
    assert await shop.states("TXV") == {"IN_STOCK": 8, "DELIVERED": 2}
    assert (await shop.order(order)).refund_status is RefundStatus.NONE
    with pytest.raises(RefundNotPossible) as refused:
        await approve(shop, shop.agent(), asked)
    assert (refused.value.refund_status, refused.value.wanted) == ("WITHDRAWN", "APPROVED")
    again = await ask(shop, buyer, order)
    assert again.amount == asked.amount
    await approve(shop, shop.agent(), again)
    with pytest.raises(RefundNotPossible):
        await shop.perform(WithdrawRefund("w2", again.id), buyer)


async def test_the_desk_lists_refunds_by_channel_status_order_and_review(shop: Shop) -> None:
    buyer, other = await shop.customer(), await shop.customer("ZJ")
    await ours(shop, minted=False)
    mine, seen_one, theirs = [await shop.bought(one, line("TXV")) for one in (buyer, buyer, other)]
    await seen(shop, *await cards_of(shop, seen_one))
    first = await refund(shop, shop.agent(), mine)
    second = await ask(shop, buyer, seen_one)
    third = await ask(shop, other, theirs)
    reads = StoredRefundReads(shop.database)

    async def found(caller: Caller, size: int = 20, /, **wanted: Any) -> list[UUID]:
        page = await reads.page(caller, RefundFilter(**wanted), PageRequest(size))
        assert await page.count() >= len(page.edges)
        return [edge.node.id for edge in page.edges]

    hq = shop.agent("HQ")
    assert await found(hq) == [third.id, second.id, first.id]
    assert await found(hq, 2) == [third.id, second.id]
    assert await found(shop.agent("GD")) == await found(buyer) == [second.id, first.id]
    assert await found(shop.storefront()) == await found(shop.agent("SHOP"), channel="ZJ") == []
    assert await found(hq, channel="ZJ") == await found(other) == [third.id]
    assert await found(hq, status=(RefundState.SUCCEEDED,)) == [first.id]
    assert await found(hq, status=()) == []
    assert await found(hq, order_id=seen_one.id) == await found(hq, review=True) == [second.id]
    assert await found(hq, requested_after=second.created_at) == [third.id]
    assert await found(hq, requested_before=second.created_at) == [first.id]
    assert (await reads.node(other, "Refund", third.id)) == third
    assert (await reads.node(other, "Refund", first.id)) is None
