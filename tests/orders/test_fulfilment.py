"""Every kind of goods reaches its buyer in its own way."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.access.callers import Caller
from domain.access.permissions import Role
from domain.orders.metering import ConsumeEntitlement
from domain.orders.refusals import (
    EntitlementExhausted,
    EntitlementExpired,
    ShipmentElsewhere,
    ShipmentNotPossible,
)
from domain.orders.shipping import ShipFulfilment, UpdateShipment
from domain.orders.status import OrderStatus
from domain.orders.views import EntitlementView, OrderView
from domain.refusals import Forbidden, InvalidInput, NotFound
from tests.orders import goods
from tests.orders.shop import Shop, line, top_up


async def shipment_of(shop: Shop, order: OrderView) -> UUID:
    found: UUID = await shop.value(
        "SELECT s.id FROM shipment s JOIN fulfilment f ON f.id = s.fulfilment_id WHERE f.order_id = $1",
        order.id,
    )
    return found


async def consume(shop: Shop, entitlement_id: UUID, units: int, caller: Caller, key: str = "") -> Any:
    return await shop.perform(ConsumeEntitlement(key or uuid4().hex, entitlement_id, units), caller)


async def test_cards_of_every_kind_are_the_buyers_once_paid(shop: Shop) -> None:
    order = await shop.bought(shop.storefront(), line("TXV", 2), line("IQY"), line("FILM"))
    assert order.status is OrderStatus.FULFILLED
    assert order.paid_at
    assert [(await shop.states(sku)).get("DELIVERED") for sku in ("TXV", "IQY", "FILM")] == [2, 1, 1]


async def test_a_parcel_is_sent_and_arrives(shop: Shop) -> None:
    order = await shop.bought(shop.storefront(), line("FIGURE", 2))
    assert order.status is OrderStatus.PAID
    shipment, hq = await shipment_of(shop, order), shop.agent("HQ")
    with pytest.raises(ShipmentNotPossible):
        await shop.perform(UpdateShipment(shipment, delivered=True), hq)
    await shop.perform(ShipFulfilment(shipment, "顺丰", "SF1"), hq)
    assert (await shop.order(order)).status is OrderStatus.FULFILLING
    with pytest.raises(ShipmentNotPossible):
        await shop.perform(ShipFulfilment(shipment, "顺丰", "SF2"), hq)
    await shop.perform(UpdateShipment(shipment, tracking_number="SF3"), hq)
    view = await shop.perform(UpdateShipment(shipment, delivered=True), hq)
    assert (view.carrier, view.tracking_number, view.status) == ("顺丰", "SF3", "DELIVERED")
    assert (await shop.order(order)).status is OrderStatus.FULFILLED
    with pytest.raises(ShipmentNotPossible):
        await shop.perform(UpdateShipment(shipment, carrier="EMS"), hq)


async def test_whoever_holds_the_goods_ships_them(shop: Shop) -> None:
    shipment = await shipment_of(shop, await shop.bought(shop.storefront(), line("FIGURE")))
    before = await shop.everything()
    with pytest.raises(ShipmentElsewhere):
        await shop.perform(ShipFulfilment(shipment, "EMS", "1"), shop.agent("GD"))
    with pytest.raises(NotFound):
        await shop.perform(ShipFulfilment(shipment, "EMS", "1"), shop.agent("ZJ"))
    with pytest.raises(Forbidden):
        await shop.perform(ShipFulfilment(shipment, "EMS", "1"), shop.agent("HQ", Role.FINANCE))
    with pytest.raises(InvalidInput):
        await shop.perform(ShipFulfilment(shipment, " ", "1"), shop.agent("HQ"))
    assert await shop.everything() == before
    await shop.run("UPDATE fulfilment SET pool_id = $1", shop.channels["GD"])
    assert await shop.perform(ShipFulfilment(shipment, "EMS", "1"), shop.agent("GD", Role.SUPPORT))


async def test_units_are_used_up_and_never_more_than_there_are(shop: Shop) -> None:
    order = await shop.bought(shop.storefront(), line("DRAW", 2))
    assert order.status is OrderStatus.FULFILLED
    entitlement, server = await shop.value("SELECT id FROM entitlement"), shop.api("cards:redeem")
    view: EntitlementView = await consume(shop, entitlement, 60, server)
    assert (view.units, view.used, view.left) == (200, 60, 140)
    answers = await asyncio.gather(
        *(consume(shop, entitlement, 30, server) for _ in range(8)), return_exceptions=True
    )
    refused = [one for one in answers if isinstance(one, EntitlementExhausted)]
    assert len(refused) == 4
    assert refused[-1].wanted == 30
    with pytest.raises(EntitlementExhausted) as short:
        await consume(shop, entitlement, 30, server)
    assert short.value.left == 20
    assert await shop.value("SELECT used FROM entitlement") == 180


async def test_a_repeated_use_uses_once(shop: Shop) -> None:
    await shop.bought(shop.storefront(), line("DRAW"))
    entitlement, server = await shop.value("SELECT id FROM entitlement"), shop.api("cards:redeem")
    answers = await asyncio.gather(*(consume(shop, entitlement, 7, server, "k") for _ in range(10)))
    assert {answer.used for answer in answers} == {7} == {await shop.value("SELECT used FROM entitlement")}


async def test_units_end_with_their_time_and_are_nobody_elses(shop: Shop) -> None:
    await shop.bought(shop.storefront(), line("DRAW"))
    entitlement = await shop.value("SELECT id FROM entitlement")
    before = await shop.everything()
    for caller in (shop.api("cards:redeem", channel="ZJ"), shop.api("cards:redeem", channel="ZJ")):
        with pytest.raises(NotFound):
            await consume(shop, entitlement, 1, caller)
    with pytest.raises(Forbidden):
        await consume(shop, entitlement, 1, shop.agent())
    for units in (0, -1, 1_000_001):
        with pytest.raises(InvalidInput):
            await consume(shop, entitlement, units, shop.api("cards:redeem"))
    await shop.run("UPDATE entitlement SET expires_at = now() - interval '1 second'")
    with pytest.raises(EntitlementExpired):
        await consume(shop, entitlement, 1, shop.api("cards:redeem", channel="HQ"))
    assert await shop.everything() == before


async def test_a_bundle_of_mixed_kinds_is_fulfilled_when_all_of_it_is(shop: Shop) -> None:
    order = await shop.bought(shop.storefront(), line("PACK", 1, {"phone": "13800138000"}), line("GIFT"))
    assert order.status is OrderStatus.FULFILLING
    await shop.work_off()
    lines = await shop.rows("SELECT sku, status FROM order_line ORDER BY position")
    assert [tuple(row) for row in lines] == [("PACK", "FULFILLED"), ("GIFT", "FULFILLING")]
    shipment = await shipment_of(shop, order)
    await shop.perform(ShipFulfilment(shipment, "EMS", "1"), shop.agent("HQ"))
    await shop.perform(UpdateShipment(shipment, delivered=True), shop.agent("HQ"))
    assert (await shop.order(order)).status is OrderStatus.FULFILLED


async def test_a_failed_component_fails_a_bundle_unless_the_rest_is_wanted_anyway(shop: Shop) -> None:
    await goods.add_bundle(shop, "SOFT", 7000, {"TXV": 1, "CMCC": 1}, best_effort=True)
    account = {"phone": "13800000002"}
    strict = await shop.bought(shop.storefront(), line("PACK", 1, account))
    soft = await shop.bought(shop.storefront(), line("SOFT", 1, {"CMCC": account}))
    mixed = await shop.bought(shop.storefront(), line("TXV"), top_up("0000002"))
    await shop.work_off()
    statuses = [(await shop.order(order)).status for order in (strict, soft, mixed)]
    assert statuses == [OrderStatus.FAILED, OrderStatus.PARTIALLY_FULFILLED, OrderStatus.PARTIALLY_FULFILLED]
