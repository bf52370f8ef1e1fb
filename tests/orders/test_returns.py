"""Goods that come back: counted in once, to where they came from, and a loss only where they are damaged."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.orders.refunds.refusals import TooFewRefundable
from domain.orders.refunds.rules import Target
from domain.orders.refunds.views import RefundView
from domain.orders.refusals import ReturnTooLarge, ShipmentElsewhere, ShipmentNotPossible
from domain.orders.returns import ReceiveReturn
from domain.orders.shipping import ShipFulfilment, UpdateShipment
from domain.orders.status import OrderStatus
from domain.orders.views import Condition, OrderView, ShipmentView
from domain.refusals import Forbidden, IdempotencyConflict, InvalidInput, NotFound, Refusal
from persistence.ledger.check import differences
from tests.orders.crowd import kinds
from tests.orders.desk import approve, ask, capped, line_of, refund
from tests.orders.shop import Shop, line
from tests.orders.test_margins import kept
from tests.orders.test_order_money import FULL, headquarters, money

SELLABLE, DAMAGED = Condition.SELLABLE, Condition.DAMAGED


async def sent(shop: Shop, quantity: int, delivered: bool = True) -> tuple[OrderView, UUID]:
    """An order of figures that left, and its parcel."""
    order = await shop.bought(await shop.customer(), line("FIGURE", quantity))
    parcel = await shop.value(
        "SELECT s.id FROM shipment s JOIN fulfilment f ON f.id = s.fulfilment_id WHERE f.order_id = $1",
        order.id,
    )
    await shop.perform(ShipFulfilment(parcel, "SF", "1"), shop.agent("HQ"))
    if delivered:
        await shop.perform(UpdateShipment(parcel, delivered=True), shop.agent("HQ"))
    return order, parcel


async def receive(
    shop: Shop, parcel: UUID, quantity: int | None = None, condition: Condition = SELLABLE, **said: Any
) -> ShipmentView:
    key, caller = said.get("key", uuid4().hex), said.get("caller") or shop.agent("HQ")
    done: ShipmentView = await shop.perform(ReceiveReturn(key, parcel, condition, quantity), caller)
    return done


async def back(shop: Shop, order: OrderView, quantity: int) -> int:
    """What so many figures that are paid back come to."""
    at = await line_of(shop, order, "FIGURE")
    return (await refund(shop, shop.agent(), order, Target(at, quantity=quantity))).amount.minor


async def losses(shop: Shop) -> int:
    return (await headquarters(shop)).get("LOSSES", 0)


async def test_what_comes_back_is_for_sale_again_and_can_be_paid_back_item_by_item(shop: Shop) -> None:
    await capped(shop, "FIGURE", 5)
    order, parcel = await sent(shop, 3)
    used = "SELECT own_used FROM sales_quota ORDER BY handed_on LIMIT 1"
    assert (await shop.stock("FIGURE"), await shop.value(used)) == (2, 3)
    one = await receive(shop, parcel, 1)
    assert (one.status, one.quantity, one.sellable, one.damaged) == ("DELIVERED", 3, 1, 0)
    assert (await shop.stock("FIGURE"), await shop.value(used)) == (3, 2)
    with pytest.raises(TooFewRefundable) as few:
        await back(shop, order, 2)
    assert few.value.left == 1
    assert await back(shop, order, 1) == 9_900
    # Paying back takes nothing into stock: what came back is there already.
    assert (await shop.stock("FIGURE"), await shop.value(used)) == (3, 2)
    rest = await receive(shop, parcel)
    assert (rest.status, rest.sellable, rest.delivered_at is None) == ("RETURNED", 3, False)
    assert await back(shop, order, 2) == 2 * 9_900
    assert (await shop.stock("FIGURE"), await shop.value(used)) == (5, 0)
    assert (await shop.order(order)).status is OrderStatus.FULFILLED
    assert (await losses(shop), await money(shop, "SHOP")) == (0, (FULL, 0, 0, 0))
    rows = await shop.rows("SELECT quantity, condition, by_kind FROM goods_return ORDER BY id")
    assert [tuple(row) for row in rows] == [(1, "SELLABLE", "AGENT"), (2, "SELLABLE", "AGENT")]


async def test_damaged_goods_are_a_loss_whether_they_are_looked_at_or_paid_back_first(shop: Shop) -> None:
    order, parcel = await sent(shop, 5)
    _, at_sale = await kept(shop, order)
    await receive(shop, parcel, 1, DAMAGED)
    assert (await losses(shop), await shop.stock("FIGURE")) == (0, 0)
    await back(shop, order, 1)
    assert await losses(shop) == -5_000
    await shop.perform(UpdateShipment(parcel, returned=True), shop.agent("HQ"))
    waits = await ask(shop, shop.agent(), order)
    await receive(shop, parcel, 2, DAMAGED)
    assert await losses(shop) == -5_000
    await approve(shop, shop.agent(), waits)
    assert await losses(shop) == -3 * 5_000
    looked_at = await receive(shop, parcel, 1, SELLABLE)
    assert (looked_at.sellable, looked_at.damaged, await shop.stock("FIGURE")) == (1, 3, 1)
    await receive(shop, parcel, None, DAMAGED)
    assert await losses(shop) == -4 * 5_000
    # One was fit for sale: its cost is the supplier's again, that of the four others is lost.
    left = {kind: minor for kind, minor in (await headquarters(shop)).items() if minor}
    revenue = left["REVENUE"]
    assert left == {
        "REVENUE": revenue, "SALES_RETURNS": -revenue, "LOSSES": -20_000, "SUPPLIER_PREPAID": 20_000
    }  # fmt: skip
    assert await kept(shop, order) == ((-20_000, 0, 0), at_sale)
    assert await differences(shop.database) == []


async def test_what_was_paid_back_before_it_left_is_no_part_of_what_is_damaged(shop: Shop) -> None:
    order = await shop.bought(await shop.customer(), line("FIGURE", 3))
    assert await back(shop, order, 1) == 9_900
    parcel, stockroom = await shop.value("SELECT id FROM shipment"), shop.agent("HQ")
    await shop.perform(ShipFulfilment(parcel, "SF", "1"), stockroom)
    await shop.perform(UpdateShipment(parcel, delivered=True), stockroom)
    for at, lost in ((1, -5_000), (2, -10_000)):
        came = await receive(shop, parcel, 1, DAMAGED)
        assert (came.quantity, came.damaged, await losses(shop)) == (2, at, lost + 5_000)
        assert await back(shop, order, 1) == 9_900
        assert await losses(shop) == lost
    assert await shop.stock("FIGURE") == 3


async def test_a_parcel_that_nobody_accepted_has_come_back_whole(shop: Shop) -> None:
    order, parcel = await sent(shop, 2, delivered=False)
    came = await receive(shop, parcel, 1)
    assert (came.status, came.sellable, came.delivered_at) == ("RETURNED", 1, None)
    assert ((await shop.order(order)).status, await shop.stock("FIGURE")) == (OrderStatus.FAILED, 4)
    assert await back(shop, order, 2) == 2 * 9_900
    assert (await receive(shop, parcel)).sellable == 2
    assert await shop.stock("FIGURE") == 5


async def test_goods_go_back_to_the_pool_that_they_came_from_and_its_channel_counts_them(shop: Shop) -> None:
    _, parcel = await sent(shop, 2)
    await shop.run(
        "INSERT INTO stock_level (variant_id, pool_id) VALUES ($1, $2)",
        shop.variants["FIGURE"], shop.channels["GD"],
    )  # fmt: skip
    await shop.run("UPDATE fulfilment SET pool_id = $1", shop.channels["GD"])
    before = await shop.everything()
    with pytest.raises(ShipmentElsewhere):
        await receive(shop, parcel, caller=shop.agent("SHOP"))
    for caller in (shop.agent("ZJ"), shop.api("shipments:write", channel="ZJ")):
        with pytest.raises(NotFound):
            await receive(shop, parcel, caller=caller)
    for caller in (await shop.customer(), shop.storefront(), shop.api("orders:read")):
        with pytest.raises(Forbidden):
            await receive(shop, parcel, caller=caller)
    assert await shop.everything() == before
    await receive(shop, parcel, 1, caller=shop.agent("GD"), key="k")
    assert (await receive(shop, parcel, 1, caller=shop.agent("HQ"))).sellable == 2
    rows = await shop.rows(
        "SELECT pool_id, available FROM stock_level WHERE variant_id = $1", shop.variants["FIGURE"]
    )
    levels = {row["pool_id"]: row["available"] for row in rows}
    assert levels == {shop.channels["HQ"]: 3, shop.channels["GD"]: 2}


async def test_more_than_was_sent_or_before_it_was_sent_changes_nothing(shop: Shop) -> None:
    _, parcel = await sent(shop, 2)
    stockroom = shop.agent("HQ")
    waiting = await shop.bought(await shop.customer(), line("FIGURE"))
    asleep = await shop.value("SELECT id FROM shipment WHERE status = 'AWAITING_SHIPMENT'")
    assert waiting.status is OrderStatus.PAID
    first = await receive(shop, parcel, 1, caller=stockroom, key="k")
    before = await shop.everything()
    assert await receive(shop, parcel, 1, caller=stockroom, key="k") == first
    with pytest.raises(IdempotencyConflict):
        await receive(shop, parcel, 1, DAMAGED, caller=stockroom, key="k")
    with pytest.raises(ReturnTooLarge) as large:
        await receive(shop, parcel, 2)
    assert (large.value.wanted, large.value.left, large.value.field) == (2, 1, ["quantity"])
    with pytest.raises(ShipmentNotPossible):
        await receive(shop, asleep)
    with pytest.raises(NotFound):
        await receive(shop, uuid4())
    with pytest.raises(InvalidInput):
        ReceiveReturn("k", parcel, SELLABLE, 0)
    assert await shop.everything() == before
    await receive(shop, parcel)
    with pytest.raises(ReturnTooLarge) as nothing:
        await receive(shop, parcel)
    assert (nothing.value.wanted, nothing.value.left) == (2, 0)
    for more in ("sellable", "damaged"):
        (answer,) = await asyncio.gather(
            shop.run(f"UPDATE shipment SET {more} = {more} + 1 WHERE id = $1", parcel), return_exceptions=True
        )
        assert type(answer).__name__ == "CheckViolationError"


async def test_of_all_who_count_a_parcel_in_at_once_each_item_is_counted_once(shop: Shop) -> None:
    order, parcel = await sent(shop, 5)
    hq, one = shop.agent("HQ"), Target(await line_of(shop, order, "FIGURE"), quantity=1)
    counts = [receive(shop, parcel, 2, condition) for condition in (SELLABLE, DAMAGED) * 3]
    repeats = [receive(shop, parcel, 1, caller=hq, key="same") for _ in range(3)]
    refunds = [refund(shop, shop.agent(), order, one) for _ in range(6)]
    answers = await asyncio.gather(*counts, *repeats, *refunds, return_exceptions=True)
    assert [one for one in answers if isinstance(one, Exception) and not isinstance(one, Refusal)] == []
    assert kinds(answers)["ReturnTooLarge"] >= 4
    row = (await shop.rows("SELECT sellable, damaged FROM shipment"))[0]
    counted = [tuple(one) for one in await shop.rows("SELECT condition, quantity FROM goods_return")]
    assert row["sellable"] == sum(quantity for condition, quantity in counted if condition == "SELLABLE")
    assert row["damaged"] == sum(quantity for condition, quantity in counted if condition == "DAMAGED")
    assert sum(quantity == 1 for _, quantity in counted) <= 1
    assert await shop.stock("FIGURE") == row["sellable"]
    paid = sum(one.amount.minor for one in answers if isinstance(one, RefundView))
    assert paid == await shop.value("SELECT refunded_minor FROM fulfilment")
    if row["sellable"] + row["damaged"] < 5:
        await receive(shop, parcel)
    if paid < 5 * 9_900:
        paid += (await refund(shop, shop.agent(), order)).amount.minor
    assert (paid, await losses(shop)) == (5 * 9_900, -5_000 * row["damaged"])
    assert await shop.stock("FIGURE") == 5 - row["damaged"]
    assert await differences(shop.database) == []
