"""Refunds carried out: what happens to the goods, to the order, and to those who may not."""

from __future__ import annotations

from uuid import uuid4

import pytest

from domain.access.callers import SYSTEM
from domain.access.permissions import Role
from domain.cards.hold_card import ExpireCards, FreezeCard, UnfreezeCard
from domain.orders.metering import ConsumeEntitlement
from domain.orders.refunds.decide import RejectRefund
from domain.orders.refunds.refusals import (
    ComponentNotRefundable,
    NothingRefundable,
    RefundedCardStopped,
    RefundNeedsHeadquarters,
    RefundNotPossible,
)
from domain.orders.refunds.rules import Target
from domain.orders.refunds.states import RefundState
from domain.orders.refusals import EntitlementExhausted, ShipmentNotPossible
from domain.orders.shipping import ShipFulfilment, UpdateShipment
from domain.orders.status import OrderStatus, RefundStatus
from domain.refusals import InvalidInput, NotFound
from tests.orders.desk import approve, ask, capped, cards_of, offers, ours, refund, reject, seen
from tests.orders.shop import Shop, line, top_up


async def refunded(shop: Shop, order_id: object) -> int:
    """What the order's parts have given, in minor units."""
    return int(await shop.value("SELECT sum(refunded_minor) FROM fulfilment WHERE order_id = $1", order_id))


async def test_cards_that_nobody_has_seen_are_for_sale_again(shop: Shop) -> None:
    buyer = await shop.customer()
    order = await shop.bought(buyer, line("TXV", 2), line("IQY"))
    asked = await ask(shop, buyer, order, reason="changed my mind", key="k")
    assert (asked.status, asked.amount.minor, asked.review) == (RefundState.REQUESTED, 8000, False)
    assert await ask(shop, buyer, order, reason="changed my mind", key="k") == asked
    assert await shop.states("TXV") == {"IN_STOCK": 8, "REFUND_PENDING": 2}
    assert (await shop.order(order)).refund_status is RefundStatus.PENDING
    done = await approve(shop, shop.agent("SHOP", Role.FINANCE), asked)
    assert (done.status, done.decided_by, done.finished_at is None) == (RefundState.SUCCEEDED, "AGENT", False)
    assert await shop.states("TXV") == {"IN_STOCK": 10}
    assert (await shop.stock("TXV"), await shop.stock("IQY")) == (10, 10)
    after = await shop.order(order)
    assert (after.status, after.refund_status) == (OrderStatus.FULFILLED, RefundStatus.REFUNDED)
    assert await cards_of(shop, order) == []
    again = await shop.bought(buyer, line("TXV", 10))
    assert again.status is OrderStatus.FULFILLED
    told = "SELECT payload FROM outbox WHERE kind = 'refund.changed' AND aggregate_id = $1 ORDER BY id"
    steps = [row["payload"] for row in await shop.rows(told, order.id)]
    assert [(one["from"], one["to"]) for one in steps] == [
        (None, "REQUESTED"), ("REQUESTED", "APPROVED"), ("APPROVED", "SUCCEEDED")
    ]  # fmt: skip
    assert {one["refund_id"] for one in steps} == {str(asked.id)}


async def test_cards_that_were_seen_are_void_and_headquarters_decides_about_those_of_others(
    shop: Shop,
) -> None:
    await ours(shop, minted=False)
    order = await shop.bought(await shop.customer(), line("TXV", 3))
    first, second, third = await cards_of(shop, order)
    await seen(shop, first)
    asked = await refund(shop, shop.agent("SHOP"), order)
    assert (asked.status, asked.review, asked.amount.minor) == (RefundState.REQUESTED, True, 7500)
    before = await shop.everything()
    with pytest.raises(RefundNeedsHeadquarters):
        await approve(shop, shop.agent("GD"), asked)
    with pytest.raises(RefundNeedsHeadquarters):
        await reject(shop, shop.agent("GD"), asked, first)
    assert await shop.everything() == before
    assert (await approve(shop, shop.agent("HQ"), asked)).status is RefundState.SUCCEEDED
    rows = await shop.rows(
        "SELECT id, state, order_id FROM card WHERE id = ANY ($1::uuid[])", [first, second, third]
    )
    assert {row["id"]: (row["state"], row["order_id"]) for row in rows} == {
        first: ("VOIDED", order.id), second: ("IN_STOCK", None), third: ("IN_STOCK", None)
    }  # fmt: skip
    assert await shop.stock("TXV") == 9
    outcomes = await shop.rows("SELECT card_id, outcome FROM refund_card")
    assert {row["card_id"]: row["outcome"] for row in outcomes} == {
        first: "VOIDED", second: "RESTOCKED", third: "RESTOCKED"
    }  # fmt: skip


async def test_a_code_of_ours_that_was_seen_is_void_at_once_for_we_are_its_issuer(shop: Shop) -> None:
    order = await shop.bought(await shop.customer(), line("TXV"))
    await seen(shop, *await cards_of(shop, order))
    done = await refund(shop, shop.agent("SHOP"), order)
    assert (done.status, done.review) == (RefundState.SUCCEEDED, False)
    assert await shop.states("TXV") == {"IN_STOCK": 9, "VOIDED": 1}
    assert await shop.stock("TXV") == 9


async def test_a_rejected_refund_gives_the_goods_back_and_they_can_be_asked_back_again(shop: Shop) -> None:
    await ours(shop, minted=False)
    buyer = await shop.customer()
    order = await shop.bought(buyer, line("TXV", 3), line("DRAW"), line("FIGURE"))
    first, second, third = await cards_of(shop, order)
    await seen(shop, first)
    await seen(shop, second, state="ACTIVATED")
    asked = await ask(shop, buyer, order)
    assert asked.amount.minor == 7500 + 1000 + 9900
    with pytest.raises(NothingRefundable):
        await ask(shop, buyer, order)
    with pytest.raises(InvalidInput):
        RejectRefund("k", asked.id, " ")
    with pytest.raises(NotFound):
        await reject(shop, shop.agent("HQ"), asked, uuid4())
    no = await reject(shop, shop.agent("HQ"), asked, first)
    assert (no.status, no.note) == (RefundState.REJECTED, "too late")
    rows = await shop.rows("SELECT id, state FROM card WHERE order_id = $1", order.id)
    assert {row["id"]: row["state"] for row in rows} == {
        first: "REDEEMED", second: "ACTIVATED", third: "DELIVERED"
    }  # fmt: skip
    assert (await shop.order(order)).refund_status is RefundStatus.NONE
    assert await refunded(shop, order.id) == 0
    left = await offers(shop, order)
    assert {sku: one.amount.minor for sku, one in left.items()} == {"TXV": 5000, "DRAW": 1000, "FIGURE": 9900}
    for late in (approve, reject):
        with pytest.raises(RefundNotPossible):
            await late(shop, shop.agent("HQ"), asked)
    done = await refund(shop, shop.agent("HQ"), order)
    assert done.amount.minor == 5000 + 1000 + 9900
    assert (await shop.order(order)).refund_status is RefundStatus.PARTIALLY_REFUNDED
    assert await shop.states("TXV") == {"IN_STOCK": 8, "REDEEMED": 1, "VOIDED": 1}


async def test_a_frozen_card_waits_with_its_refund_until_it_is_cleared(shop: Shop) -> None:
    order = await shop.bought(await shop.customer(), line("TXV"))
    asked = await ask(shop, shop.agent(), order)
    (card,) = await cards_of(shop, order)
    risk = shop.agent("HQ", Role.RISK)
    await shop.perform(FreezeCard(card, "looks odd"), risk)
    await shop.run("UPDATE card SET expires_at = now() - interval '1 year' WHERE id = $1", card)
    assert await shop.do(ExpireCards()) == 0
    await shop.run("UPDATE card SET expires_at = NULL WHERE id = $1", card)
    with pytest.raises(RefundedCardStopped) as stopped:
        await approve(shop, shop.agent(), asked)
    assert stopped.value.status == "FROZEN"
    await reject(shop, shop.agent(), asked)
    assert (await shop.perform(UnfreezeCard(card, "cleared"), risk)).status == "DELIVERED"
    assert (await refund(shop, shop.agent(), order)).status is RefundState.SUCCEEDED


async def test_parcels_and_metered_rights_stop_while_their_refund_is_decided(shop: Shop) -> None:
    buyer = await shop.customer()
    order = await shop.bought(buyer, line("FIGURE"), line("DRAW"))
    right = await shop.value("SELECT id FROM entitlement")
    parcel = await shop.value("SELECT id FROM shipment")
    machine = shop.api("cards:redeem")
    await shop.perform(ConsumeEntitlement("c1", right, 25), machine)
    asked = await ask(shop, buyer, order)
    assert asked.amount.minor == 9900 + 750
    with pytest.raises(EntitlementExhausted) as exhausted:
        await shop.perform(ConsumeEntitlement("c2", right, 1), machine)
    assert exhausted.value.left == 0
    with pytest.raises(ShipmentNotPossible):
        await shop.perform(ShipFulfilment(parcel, "SF", "1"), shop.agent("HQ"))
    await reject(shop, shop.agent(), asked)
    await shop.perform(ConsumeEntitlement("c3", right, 25), machine)
    done = await refund(shop, shop.agent(), order)
    assert done.amount.minor == 9900 + 500
    assert await shop.stock("FIGURE") == 5
    assert await shop.value("SELECT status FROM shipment") == "CANCELLED"
    after = await shop.order(order)
    assert (after.status, after.refund_status) == (
        OrderStatus.PARTIALLY_FULFILLED, RefundStatus.PARTIALLY_REFUNDED
    )  # fmt: skip
    with pytest.raises(EntitlementExhausted):
        await shop.perform(ConsumeEntitlement("c4", right, 1), machine)


async def test_a_parcel_that_left_is_paid_back_when_it_has_come_back(shop: Shop) -> None:
    order = await shop.bought(await shop.customer(), line("FIGURE"))
    parcel, stockroom = await shop.value("SELECT id FROM shipment"), shop.agent("HQ")
    await shop.perform(ShipFulfilment(parcel, "SF", "1"), stockroom)
    await shop.perform(UpdateShipment(parcel, delivered=True), stockroom)
    with pytest.raises(NothingRefundable) as refused:
        await refund(shop, shop.agent(), order)
    assert refused.value.reason == "Send it back first."
    back = await shop.perform(UpdateShipment(parcel, returned=True), stockroom)
    assert (back.status, back.delivered_at is None) == ("RETURNED", False)
    assert (await refund(shop, shop.agent(), order)).amount.minor == 9900
    assert (await shop.order(order)).status is OrderStatus.FULFILLED
    assert await shop.stock("FIGURE") == 4
    refused_at_the_door = await shop.bought(await shop.customer(), line("FIGURE"))
    parcel = await shop.value("SELECT id FROM shipment WHERE status = 'AWAITING_SHIPMENT'")
    await shop.perform(ShipFulfilment(parcel, "SF", "2"), stockroom)
    await shop.perform(UpdateShipment(parcel, returned=True), stockroom)
    assert (await shop.order(refused_at_the_door)).status is OrderStatus.FAILED
    assert (await refund(shop, shop.agent(), refused_at_the_door)).amount.minor == 9900


async def test_top_ups_give_back_what_was_not_charged_and_silence_nothing(shop: Shop) -> None:
    buyer = await shop.customer()
    half = await shop.bought(buyer, top_up("0000004"))
    failed = await shop.bought(buyer, top_up("0000002"))
    silent = await shop.bought(buyer, top_up("0000003"))
    with pytest.raises(NothingRefundable):
        await ask(shop, buyer, failed)
    await shop.work_off()
    assert (await refund(shop, shop.agent(), half)).amount.minor == 2500
    assert (await refund(shop, shop.agent(), failed)).amount.minor == 5000
    assert (await shop.order(failed)).refund_status is RefundStatus.REFUNDED
    with pytest.raises(NothingRefundable) as refused:
        await refund(shop, shop.agent("HQ"), silent)
    assert refused.value.reason == "Nobody can say yet whether it was delivered or used."


async def test_a_bundle_is_paid_back_by_the_net_price_of_what_its_buyer_has_not_had(shop: Shop) -> None:
    buyer = await shop.customer()
    order = await shop.bought(
        buyer, line("PACK", 1, {"phone": "13800000002"}), line("PACK", 1, {"phone": "13800138000"})
    )
    await shop.work_off()
    first, second = [row["id"] for row in await shop.rows(
        "SELECT id FROM order_line WHERE order_id = $1 ORDER BY position", order.id)]  # fmt: skip
    parts = await shop.rows("SELECT order_line_id AS line, sku, allocated_minor AS paid FROM fulfilment")
    assert {(row["line"], row["sku"]): row["paid"] for row in parts} == {
        (first, "TXV"): 1613, (first, "FILM"): 5161, (first, "CMCC"): 3226,
        (second, "TXV"): 1613, (second, "FILM"): 5161, (second, "CMCC"): 3226,
    }  # fmt: skip
    with pytest.raises(ComponentNotRefundable) as refused:
        await ask(shop, buyer, order, Target(second, "CMCC"))
    assert (refused.value.sku, refused.value.reason) == ("CMCC", "All of it was credited.")
    part = await refund(shop, shop.agent(), order, Target(first, "CMCC"))
    assert part.amount.minor == 3226
    whole = await refund(shop, shop.agent(), order, Target(first))
    assert whole.amount.minor == 10_000 - 3226
    rest = await refund(shop, shop.agent(), order)
    assert rest.amount.minor == 1613 + 5161
    assert (await shop.order(order)).refund_status is RefundStatus.PARTIALLY_REFUNDED
    assert await refunded(shop, order.id) == 20_000 - 3226


async def test_what_is_for_sale_again_is_no_part_of_a_quota_any_more(shop: Shop) -> None:
    await capped(shop, "TXV", 2)
    order = await shop.bought(await shop.customer(), line("TXV", 2))
    (first, _) = await cards_of(shop, order)
    await seen(shop, first)
    await refund(shop, shop.agent(), order)
    counted = await shop.rows("SELECT used, own_used FROM sales_quota ORDER BY handed_on DESC")
    assert [tuple(row) for row in counted] == [(1, 0), (1, 1)]


async def test_what_was_paid_and_never_begun_goes_back_without_a_person(shop: Shop) -> None:
    buyer = await shop.customer()
    order = await shop.place(buyer, line("TXV", 2), line("FIGURE"), line("DRAW"), top_up())
    await shop.run(
        "INSERT INTO payment (id, order_id, method, status, amount_minor, captured_by_kind, captured_at)"
        " VALUES ($1, $2, 'SANDBOX', 'CAPTURED', $3, 'CUSTOMER', now())",
        uuid4(), order.id, order.total.minor,
    )  # fmt: skip
    await shop.run("UPDATE orders SET status = 'PAID', paid_at = now(), due_minor = 0")
    for caller in (buyer, shop.agent("HQ")):
        with pytest.raises(NothingRefundable):
            await ask(shop, caller, order)
    # Some of it may have been said to be under way already.
    await shop.run("UPDATE fulfilment SET status = 'PENDING' WHERE kind IN ('METERED', 'CARD_KEY')")
    done = await refund(shop, SYSTEM, order)
    assert (done.status, done.amount) == (RefundState.SUCCEEDED, order.total)
    assert (await shop.stock("TXV"), await shop.stock("FIGURE")) == (10, 5)
    assert await shop.states("TXV") == {"IN_STOCK": 10}
    after = await shop.order(order)
    assert (after.status, after.refund_status) == (OrderStatus.PARTIALLY_FULFILLED, RefundStatus.REFUNDED)
    statuses = await shop.rows("SELECT kind, status FROM fulfilment")
    assert {row["kind"]: row["status"] for row in statuses} == {
        "CARD_KEY": "FAILED", "METERED": "FAILED", "PHYSICAL": "CANCELLED", "DIRECT_TOPUP": "CANCELLED"
    }  # fmt: skip
