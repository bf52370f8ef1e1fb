"""What callers see of orders: their own, their subtree's, and nothing of anybody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.access.callers import ANONYMOUS, Caller
from domain.money import Money
from domain.orders.adopting import adopt_guest_orders
from domain.orders.bestsellers import CountSold
from domain.orders.ports import OrderFilter
from domain.orders.status import OrderStatus
from domain.orders.views import ContactView, Margin, OrderView, TopUpStatus
from domain.paging import PageRequest, cursor_of
from domain.refusals import BadRequest
from persistence.relay import Relay
from persistence.work import Work
from tests.orders.shop import ADDRESS, GUEST, Shop, line, top_up


async def listed(shop: Shop, caller: Caller, wanted: OrderFilter | None = None, **page: Any) -> list[str]:
    first, after, last, before = (page.get(name) for name in ("first", "after", "last", "before"))
    request = PageRequest.of(first, after, last, before, "orders")
    found = await shop.reads.page(caller, wanted or OrderFilter(), request)
    assert await found.count() >= len(found.edges)
    return [edge.node.number for edge in found.edges]


async def test_customers_see_their_own_and_back_offices_their_subtree(shop: Shop) -> None:
    one, other = await shop.customer(), await shop.customer()
    mine = await shop.place(one, line("TXV"))
    guests = await shop.place(shop.storefront(), line("TXV"))
    far = await shop.place(shop.storefront("ZJ"), line("TXV"))
    assert await listed(shop, one) == [mine.number]
    assert await listed(shop, other) == []
    for caller in (shop.agent(), shop.agent("GD"), shop.api("orders:read")):
        assert await listed(shop, caller) == [guests.number, mine.number]
    assert await listed(shop, shop.agent("ZJ")) == [far.number]
    assert len(await listed(shop, shop.agent("HQ"))) == 3
    for caller in (shop.storefront(), ANONYMOUS, shop.api("cards:redeem")):
        assert await listed(shop, caller) == []
        assert await shop.reads.by_ids(caller, [mine.id, guests.id]) == {}
    assert set(await shop.reads.by_ids(one, [mine.id, guests.id, uuid4()])) == {mine.id}


async def test_filters_narrow_and_what_is_out_of_scope_is_empty(shop: Shop) -> None:
    order = await shop.place(shop.agent(), line("TXV"), external_id="E")
    paid = await shop.bought(shop.storefront(), line("TXV"))
    hq, shop_agent = shop.agent("HQ"), shop.agent()
    assert await listed(shop, hq, OrderFilter(channel="GD")) == [paid.number, order.number]
    for code in ("HQ", "GD", "ZJ", "NOPE", "\x00"):
        assert await listed(shop, shop_agent, OrderFilter(channel=code)) == []
    assert await listed(shop, hq, OrderFilter(status=(OrderStatus.FULFILLED,))) == [paid.number]
    assert await listed(shop, hq, OrderFilter(status=())) == []
    assert await listed(shop, hq, OrderFilter(external_id="E")) == [order.number]
    later = order.placed_at + timedelta(hours=1)
    assert await listed(shop, hq, OrderFilter(placed_after=later)) == []
    assert len(await listed(shop, hq, OrderFilter(placed_before=later))) == 2


async def test_a_customer_learns_nothing_of_the_tree_by_filtering(shop: Shop) -> None:
    customer = await shop.customer()
    order = await shop.place(customer, line("TXV"))
    assert await listed(shop, customer, OrderFilter(channel="SHOP")) == [order.number]
    assert await listed(shop, customer, OrderFilter(channel="GD")) == []


async def test_pages_go_on_where_they_ended_in_both_directions(shop: Shop) -> None:
    agent = shop.agent()
    numbers = [(await shop.place(agent, line("DRAW"))).number for _ in range(5)][::-1]
    first = await shop.reads.page(agent, OrderFilter(), PageRequest.of(2, None, None, None, "orders"))
    assert [edge.node.number for edge in first.edges] == numbers[:2]
    assert first.page_info.has_next_page
    end = first.page_info.end_cursor
    assert await listed(shop, agent, first=9, after=end) == numbers[2:]
    assert await listed(shop, agent, last=2) == numbers[3:]
    assert await listed(shop, agent, last=9, before=end) == numbers[:1]
    too_early = cursor_of("orders", ["0001-01-01T00:00:00+14:00", "0" * 32])
    for cursor in ("x", "WyJvcmRlcnMiLDEsMl0", too_early):
        with pytest.raises(BadRequest):
            await listed(shop, agent, first=1, after=cursor)


async def test_each_channel_sees_its_own_margin(shop: Shop) -> None:
    order = await shop.place(shop.storefront(), line("TXV", 2), line("FILM"))
    ids = [order.id]
    # list 25 and 40: headquarters pays 17.50 and 30, GD pays 80 %, SHOP pays 90 %
    expected = {"HQ": 2 * 250 + 200, "GD": 2 * 250 + 400, "SHOP": 2 * 250 + 400}
    for code, minor in expected.items():
        both = Margin(now=Money(minor), at_sale=Money(minor))
        assert await shop.reads.margins_of(shop.agent(code), ids) == {order.id: both}
    assert await shop.reads.margins_of(shop.agent("ZJ"), ids) == {}
    own = await shop.place(shop.agent("HQ"), line("TXV"))
    assert (await shop.reads.margins_of(shop.agent("HQ"), [own.id]))[own.id].now == Money(750)


async def test_the_parts_of_a_line_are_read_together(shop: Shop) -> None:
    order = await shop.bought(shop.storefront(), top_up(), line("FIGURE"), line("DRAW"))
    await shop.work_off()
    lines = (await shop.reads.lines_of([order.id]))[order.id]
    assert [one.sku for one in lines] == ["CMCC", "FIGURE", "DRAW"]
    ids = [one.id for one in lines]
    ((one,),) = (await shop.reads.top_ups_of(ids)).values()
    assert (one.account, one.status, bool(one.reference)) == ("13800138000", TopUpStatus.SUCCEEDED, True)
    assert [len(found) for found in (await shop.reads.shipments_of(ids)).values()] == [1]
    assert [found[0].left for found in (await shop.reads.entitlements_of(ids)).values()] == [100]
    assert await shop.reads.contacts_of([order.id]) == {order.id: GUEST}
    assert await shop.reads.addresses_of([order.id]) == {order.id: ADDRESS}
    assert [one.method for one in (await shop.reads.payments_of([order.id]))[order.id]] == ["SANDBOX"]


async def test_objects_are_found_by_id_only_in_scope(shop: Shop) -> None:
    customer = await shop.customer()
    order = await shop.bought(customer, top_up(), line("FIGURE"), line("DRAW"))
    tables = {"OrderLine": "order_line", "Payment": "payment", "Shipment": "shipment", "TopUp": "attempt",
              "Entitlement": "entitlement", "Order": "orders"}  # fmt: skip
    for name, table in tables.items():
        found = await shop.value(f"SELECT id FROM {table} LIMIT 1")
        for caller in (customer, shop.agent(), shop.agent("GD")):
            node: Any = await shop.reads.node(caller, name, found)
            assert node.id == found
        for caller in (await shop.customer(), shop.agent("ZJ"), shop.storefront(), ANONYMOUS):
            assert await shop.reads.node(caller, name, found) is None
    assert await shop.reads.node(customer, "Card", order.id) is None


async def test_a_guests_orders_become_those_of_the_phone_that_was_proven(shop: Shop) -> None:
    guest = await shop.bought(shop.storefront(), line("TXV"), contact=ContactView(phone="+86 138-0013-8000"))
    other = await shop.place(shop.storefront(), line("TXV"), contact=ContactView(phone="13900139000"))
    far = await shop.place(shop.storefront("ZJ"), line("TXV"))
    customer = await shop.customer()
    assert customer.customer_id is not None
    for adopted in (1, 0):
        async with shop.database.transaction() as connection:
            work = Work(connection, shop.tools, "test")
            await work.begin()
            phone = work.credentials.phone_hmac("13800138000") or ""
            channel = shop.channels["SHOP"]
            assert await adopt_guest_orders(customer.customer_id, channel, phone, work) == adopted
    assert await listed(shop, customer) == [guest.number]
    assert (
        await shop.value("SELECT customer_id FROM card WHERE order_id = $1", guest.id) == customer.customer_id
    )
    for order in (other, far):
        assert (await shop.order(order)).customer_id is None


async def test_what_is_paid_is_counted_once_for_its_product(shop: Shop) -> None:
    async def sold() -> dict[str, int]:
        await Relay(shop.database, shop.perform._bell).move()
        await shop.do(CountSold(2))
        while await shop.do(CountSold(2)):
            pass
        rows = await shop.rows("SELECT slug, sold FROM product WHERE sold > 0")
        return {row["slug"]: row["sold"] for row in rows}

    order: OrderView = await shop.place(shop.storefront(), line("TXV", 3))
    await shop.bought(shop.storefront(), line("TXV", 2), line("PACK", 1, {"phone": "13800138000"}))
    assert await sold() == {"txv": 2, "pack": 1}
    await shop.pay(shop.storefront(), order)
    await shop.work_off()
    assert await sold() == {"txv": 5, "pack": 1}
    assert await sold() == {"txv": 5, "pack": 1}
