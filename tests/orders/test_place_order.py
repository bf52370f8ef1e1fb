"""Placing: goods are reserved, prices are settled, and a refusal leaves no trace."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.access.permissions import Role
from domain.cards.refusals import StockExhausted
from domain.money import Money
from domain.orders.place import PlaceOrder
from domain.orders.refusals import (
    AccountInvalid,
    AccountMissing,
    ExternalIdTaken,
    NotSellable,
    ShippingAddressMissing,
)
from domain.orders.status import OrderStatus
from domain.orders.views import ContactView, OrderView
from domain.refusals import Forbidden, IdempotencyConflict, InvalidInput, NotFound, Refusal
from tests.orders import goods
from tests.orders.shop import GUEST, Shop, line, top_up


async def test_an_order_reserves_its_goods_and_waits_for_payment(shop: Shop) -> None:
    order = await shop.place(shop.storefront(), line("TXV", 2), line("FIGURE"), external_id="A-1")
    assert (order.status, order.total, order.due) == (
        OrderStatus.AWAITING_PAYMENT, Money(14900), Money(14900)
    )  # fmt: skip
    assert order.expires_at == order.placed_at + timedelta(minutes=15)
    assert re.fullmatch(r"\d{6}-[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}", order.number)
    assert (await shop.stock("TXV"), await shop.stock("FIGURE")) == (8, 4)
    assert await shop.states("TXV") == {"IN_STOCK": 8, "RESERVED": 2}
    assert await shop.value("SELECT payload FROM outbox WHERE kind = 'order.changed'") == {
        "status": "AWAITING_PAYMENT", "from": None, "to": "AWAITING_PAYMENT"
    }  # fmt: skip


async def test_a_number_begins_with_the_day_of_the_operators_calendar(shop: Shop) -> None:
    # 25 hours apart: it is never the same day.
    for zone in ("Pacific/Kiritimati", "Pacific/Niue"):
        order = await shop.with_settings(calendar_zone=zone).place(shop.storefront(), line("DRAW"))
        assert order.number[:6] == f"{order.placed_at.astimezone(ZoneInfo(zone)):%y%m%d}"


async def test_a_line_keeps_the_path_and_what_each_channel_pays(shop: Shop) -> None:
    await shop.place(shop.agent(), line("TXV"))
    (row,) = await shop.rows("SELECT path, transfer_minor, cost_minor, unit_minor, trace FROM order_line")
    assert row["path"] == [shop.channels[code] for code in ("HQ", "GD", "SHOP")]
    assert (list(row["transfer_minor"]), row["cost_minor"], row["unit_minor"]) == (
        [1750, 2000, 2250],
        1750,
        2500,
    )
    assert row["trace"]["rules"]


async def test_a_bundle_becomes_parts_whose_prices_add_up_to_it(shop: Shop) -> None:
    await shop.place(shop.agent(), line("PACK", 3, {"phone": "13800138000"}))
    rows = await shop.rows("SELECT kind, quantity, allocated_minor, account FROM fulfilment ORDER BY kind")
    assert [(row["kind"], row["quantity"]) for row in rows] == [
        ("CARD_KEY", 3), ("DIRECT_TOPUP", 3), ("LINK", 6)
    ]  # fmt: skip
    assert sum(row["allocated_minor"] for row in rows) == 30_000
    assert [row["account"] for row in rows] == [
        {"phone": "13800138000"}, {"phone": "13800138000"}, None
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sku", "account", "refusal"),
    [
        ("NOPE", None, NotFound),
        ("TXV", None, StockExhausted),
        ("CMCC", None, AccountMissing),
        ("CMCC", {"phone": "12"}, AccountInvalid),
        ("PACK", None, AccountMissing),
    ],
)
async def test_a_refused_order_has_changed_nothing(
    shop: Shop, sku: str, account: object, refusal: type[Refusal]
) -> None:
    before = await shop.everything()
    with pytest.raises(refusal):
        await shop.place(shop.storefront(), line("FILM"), line(sku, 11, account))
    assert await shop.everything() == before


async def test_a_channel_without_a_purchase_price_sells_nothing(shop: Shop) -> None:
    await shop.run("UPDATE price_rule SET ended_at = now() WHERE setter_id = $1", shop.channels["GD"])
    await goods.refresh(shop)
    before = await shop.everything()
    with pytest.raises(NotSellable):
        await shop.place(shop.storefront(), line("TXV"))
    assert await shop.everything() == before


async def test_a_phone_that_is_left_is_one_and_parcels_need_an_address(shop: Shop) -> None:
    before = await shop.everything()
    with pytest.raises(InvalidInput):
        await shop.place(shop.storefront(), line("TXV"), contact=ContactView(phone="call me"))
    with pytest.raises(ShippingAddressMissing):
        await shop.place(shop.storefront(), line("GIFT"), shipping_address=None)
    assert await shop.everything() == before
    await shop.place(shop.agent(), line("TXV"), shipping_address=None)


async def test_a_guest_may_leave_no_contact(shop: Shop) -> None:
    order = await shop.place(shop.storefront(), line("TXV"), contact=None)
    assert (order.status, order.total) == (OrderStatus.AWAITING_PAYMENT, Money(2500))


async def test_what_cannot_be_stored_is_refused_before_anything_happens(shop: Shop) -> None:
    for wrong in (
        {"contact": ContactView(name="\x00", phone="13800138000")},
        {"external_id": ""},
        {"external_id": "x" * 201},
        {"device_id": "\ud800"},
        {"key": "\x00"},
        {"key": "k" * 256},
    ):
        with pytest.raises(InvalidInput):
            await shop.place(shop.storefront(), line("TXV"), **wrong)


async def test_an_external_id_belongs_to_one_order_of_a_channel(shop: Shop) -> None:
    await shop.place(shop.agent(), line("TXV"), external_id="E1")
    before = await shop.everything()
    with pytest.raises(ExternalIdTaken):
        await shop.place(shop.agent(), line("TXV"), external_id="E1")
    assert await shop.everything() == before
    await shop.place(shop.agent("ZJ"), line("TXV"), external_id="E1")


async def test_a_repeated_key_answers_the_same_order_and_reserves_once(shop: Shop) -> None:
    guest = shop.storefront()
    answers = await asyncio.gather(*(shop.place(guest, line("TXV"), key="k") for _ in range(10)))
    assert len({answer.id for answer in answers}) == 1
    assert answers[0] == answers[9]
    assert await shop.stock("TXV") == 9
    with pytest.raises(IdempotencyConflict):
        await shop.place(guest, line("TXV", 2), key="k")
    assert await shop.stock("TXV") == 9


async def test_a_refused_key_may_be_tried_again(shop: Shop) -> None:
    with pytest.raises(StockExhausted):
        await shop.place(shop.storefront(), line("TXV", 11), key="again")
    await goods.add_cards(shop, "TXV", 10)
    await shop.run("UPDATE stock_level SET available = 20 WHERE variant_id = $1", shop.variants["TXV"])
    await shop.place(shop.storefront(), line("TXV", 11), key="again")


async def test_many_buyers_of_few_cards_get_each_card_once(shop: Shop) -> None:
    guests = [shop.storefront() for _ in range(30)]
    wanted = [line("TXV") if n % 2 else line("PACK", 1, {"phone": "13800138000"}) for n in range(30)]
    answers = await asyncio.gather(
        *(shop.place(guest, one) for guest, one in zip(guests, wanted, strict=True)), return_exceptions=True
    )
    orders = [answer for answer in answers if isinstance(answer, OrderView)]
    assert all(isinstance(answer, OrderView | StockExhausted) for answer in answers)
    assert await shop.value("SELECT count(DISTINCT fulfilment_id) FROM card WHERE variant_id = $1",
                            shop.variants["TXV"]) == len(orders)  # fmt: skip
    assert (await shop.states("TXV")).get("RESERVED") == len(orders) <= 10


async def test_an_order_of_nothing_to_pay_is_an_order(shop: Shop) -> None:
    await goods.add_rule(shop, "SHOP", "RETAIL", "FIXED", 0)
    order = await shop.place(shop.storefront(), line("TXV"))
    assert order.due == Money(0)
    assert order.status is OrderStatus.AWAITING_PAYMENT
    assert (await shop.pay(shop.storefront(), order)).amount == Money(0)


async def test_placing_needs_the_right_to_do_so(shop: Shop) -> None:
    for caller in (shop.api("cards:redeem"), shop.agent("SHOP", Role.SUPPORT)):
        with pytest.raises(Forbidden):
            await shop.place(caller, line("TXV"))
    await shop.place(shop.api("orders:place"), line("TXV"))


async def test_a_command_can_be_made_of_a_list_that_is_read_once(shop: Shop) -> None:
    command = PlaceOrder("k1", (line("TXV"), top_up()), contact=GUEST)
    order = await shop.perform(command, shop.storefront())
    assert await shop.perform(command, shop.storefront()) == order
