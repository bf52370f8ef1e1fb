"""Reads fetch what is selected: seen in the SQL that PostgreSQL is sent, and in what a plan explains."""

from __future__ import annotations

from typing import Any

from domain.selected import Selected
from persistence.orders import lists
from persistence.selecting.variants import Reading, Variants
from schema import ids
from tests.engine.desk import Desk, read_of
from tests.orders import desk as refunds
from tests.orders.shop import line


async def test_a_list_reads_the_selected_columns_and_those_of_its_cursor(desk: Desk) -> None:
    shop = desk.shop
    order = await shop.bought(shop.agent(), line("TXV", 2))
    agent = shop.agent("GD")
    data = await desk.ask("{ orders(first: 5) { edges { node { number } } } }", agent)
    assert data == {"orders": {"edges": [{"node": {"number": order.number}}]}}
    assert [read_of(one) for one in desk.sent] == [{"o.id", "o.number", "o.placed_at"}]
    assert "total_minor" not in desk.sent[0]

    document = """query ($id: ID!) { order(id: $id) { ...A ... on Node { id } b: total { amount } } }
                  fragment A on Order { a: total { currency } lines { sku } }"""

    await desk.ask(document, agent, id=ids.encode("ord", order.id))
    assert [read_of(one) for one in desk.sent] == [
        {"o.id", "o.total_minor", "o.currency"},
        {"l.id", "l.order_id", "l.sku"},
    ]
    # The currency of a line is its order's, which is joined for the money alone.
    assert "orders" not in desk.sent[1]
    await desk.ask("{ orders { edges { node { lines { total { amount } } } } } }", agent)
    assert read_of(desk.sent[1]) == {"l.id", "l.order_id", "l.total_minor", "o.currency"}


async def test_a_relation_costs_no_statement_of_its_own_and_nothing_when_it_is_not_selected(
    desk: Desk,
) -> None:
    shop = desk.shop
    await shop.place(shop.agent(), line("TXV"))
    await shop.place(shop.storefront("ZJ"), line("TXV"))
    document = """query ($yes: Boolean!) { orders { edges { node {
                    number channel @include(if: $yes) { code } } } } }"""
    data = await desk.ask(document, shop.agent("HQ"), yes=True)
    found = [edge["node"]["channel"]["code"] for edge in data["orders"]["edges"]]
    assert found == ["ZJ", "SHOP"]
    assert [read_of(one) for one in desk.sent] == [
        {"o.id", "o.number", "o.channel_id", "o.placed_at", "och.id", "och.code"}
    ]
    await desk.ask(document, shop.agent("HQ"), yes=False)
    assert [read_of(one) for one in desk.sent] == [{"o.id", "o.number", "o.placed_at"}]
    assert "och" not in desk.sent[0]


async def test_what_a_joined_relation_shows_is_what_the_caller_sees(desk: Desk) -> None:
    shop = desk.shop
    customer = await shop.customer()
    await shop.place(customer, line("TXV"))
    document = "{ orders { edges { node { channel { code } } } } }"
    for caller in (customer, shop.agent(), shop.agent("HQ"), shop.api("orders:read")):
        data = await desk.ask(document, caller)
        assert [edge["node"]["channel"] for edge in data["orders"]["edges"]] == [{"code": "SHOP"}]
    await shop.run("UPDATE orders SET channel_id = $1", shop.channels["ZJ"])
    for caller, seen in ((customer, None), (shop.agent("HQ"), {"code": "ZJ"})):
        data = await desk.ask(document, caller)
        assert [edge["node"]["channel"] for edge in data["orders"]["edges"]] == [seen]


async def test_cards_refunds_and_payments_are_read_and_joined_alike(desk: Desk) -> None:
    shop = desk.shop
    order = await shop.bought(shop.agent(), line("TXV"))
    await refunds.ask(shop, shop.agent(), order, reason="too many")
    agent = shop.agent("GD")

    data = await desk.ask('{ cards(first: 1, filter: {sku: "TXV"}) { edges { node { masked } } } }', agent)
    assert len(data["cards"]["edges"]) == 1
    assert [read_of(one) for one in desk.sent] == [{"c.id", "c.masked"}]
    # What is sold is called by its variant's SKU, which is joined for that alone.
    data = await desk.ask(
        """{ orders { edges { node { contact { phone }
               lines { cards { sku channel { code } order { number channel { code } } } } } } } }""",
        agent,
    )
    (found,) = [edge["node"] for edge in data["orders"]["edges"]]
    (card,) = found["lines"][0]["cards"]
    place = {"code": "SHOP"}
    assert card == {"sku": "TXV", "channel": place, "order": {"number": order.number, "channel": place}}
    assert [read_of(one) for one in desk.sent] == [
        {"o.id", "o.contact", "o.placed_at"},
        {"l.id", "l.order_id"},
        {"c.id", "c.order_line_id", "v.sku", "c.channel_id", "c.pool_id", "c.order_id", "cch.id", "cch.code"}
        | {"o.id", "o.number", "o.channel_id", "och.id", "och.code"},
    ]

    data = await desk.ask("{ refunds { edges { node { reason order { number } } } } }", agent)
    assert data["refunds"]["edges"] == [{"node": {"reason": "too many", "order": {"number": order.number}}}]
    assert [read_of(one) for one in desk.sent] == [
        {"r.id", "r.order_id", "r.reason", "r.created_at", "o.id", "o.number"}
    ]
    await desk.ask("{ orders { edges { node { payments { method } refunds { note } } } } }", agent)
    assert [read_of(one) for one in desk.sent[1:]] == [
        {"p.id", "p.order_id", "p.method"},
        {"r.id", "r.order_id", "r.note"},
    ]


async def test_price_rules_come_with_the_child_that_they_are_for(desk: Desk) -> None:
    shop = desk.shop
    await shop.run(
        """INSERT INTO price_rule (id, setter_id, target_channel_id, kind, mode, base, value)
           VALUES (gen_random_uuid(), $1, $2, 'PURCHASE', 'PERCENT', 'LIST', 8050)""",
        shop.channels["GD"], shop.channels["SHOP"],
    )  # fmt: skip
    data = await desk.ask("{ priceRules { edges { node { value channel { code } } } } }", shop.agent("GD"))
    assert {"node": {"value": "80.5", "channel": {"code": "SHOP"}}} in data["priceRules"]["edges"]
    assert [read_of(one) for one in desk.sent] == [
        {"s.id", "s.mode", "s.value", "s.target_channel_id", "sch.id", "sch.code"}
    ]


async def test_channels_and_people_are_read_and_joined_alike(desk: Desk) -> None:
    shop = desk.shop
    await shop.place(shop.agent("GD"), line("TXV"))
    document = "{ orders { edges { node { channel { children { edges { node { tier } } } } } } } }"
    data = await desk.ask(document, shop.agent("HQ"))
    (found,) = data["orders"]["edges"]
    assert found["node"]["channel"]["children"]["edges"] == [{"node": {"tier": "SHOP"}}]
    assert [read_of(one) for one in desk.sent] == [
        {"o.id", "o.channel_id", "o.placed_at", "och.id"},
        {"c.id", "c.code", "c.parent_id", "c.tier"},
    ]
    await shop.run(
        """INSERT INTO agent (id, email, password_hash, name, channel_id, roles)
           VALUES (gen_random_uuid(), 'a@b.cn', 'x', 'Ann', $1, '{OWNER}')""",
        shop.channels["SHOP"],
    )
    data = await desk.ask("{ agents { edges { node { name channel { code } } } } }", shop.agent("GD"))
    assert data["agents"]["edges"] == [{"node": {"name": "Ann", "channel": {"code": "SHOP"}}}]
    assert [read_of(one) for one in desk.sent] == [
        {"x.id", "x.name", "x.channel_id", "x.created_at", "xch.id", "xch.code"}
    ]


async def test_what_is_worked_out_or_looked_up_for_a_row_is_so_when_it_is_selected(desk: Desk) -> None:
    shop = desk.shop
    hq, variant = shop.channels["HQ"], shop.variants["TXV"]
    await shop.run(
        """INSERT INTO sales_quota (id, channel_id, variant_id, period, zone, quantity, used, starts_at)
           VALUES (gen_random_uuid(), $1, $2, 'TOTAL', 'UTC', 9, 2, now())""",
        shop.channels["SHOP"], variant,
    )  # fmt: skip
    granted = "INSERT INTO stock_quota (channel_id, variant_id, granted) VALUES ($1, $2, 3)"
    await shop.run(granted, hq, variant)
    agent = shop.agent("HQ")
    data = await desk.ask("{ salesQuotas { edges { node { left channel { code } } } } }", agent)
    assert data["salesQuotas"]["edges"] == [{"node": {"left": 7, "channel": {"code": "SHOP"}}}]
    assert len(desk.sent) == 1
    assert "THEN 0 ELSE q.used END" in desk.sent[0]
    await desk.ask("{ salesQuotas { edges { node { quantity } } } }", agent)
    assert "q.used" not in desk.sent[0]
    data = await desk.ask("{ stockQuotas { edges { node { sku channel { name } } } } }", agent)
    assert data["stockQuotas"]["edges"] == [{"node": {"sku": "TXV", "channel": {"name": "HQ"}}}]
    assert "q.granted" not in desk.sent[0]

    await desk.ask("{ depositRequests { edges { node { note channel { code } } } } }", agent)
    assert [read_of(one) for one in desk.sent] == [{"r.id", "r.note", "r.channel_id", "rch.id", "rch.code"}]
    await desk.ask("{ depositRequests { edges { node { approvals } } } }", agent)
    assert [read_of(one) for one in desk.sent] == [{"r.id", "approved.ids"}]


async def test_a_joined_order_is_shown_to_those_who_may_read_orders(desk: Desk) -> None:
    shop = desk.shop
    order = await shop.bought(shop.agent(), line("TXV"))
    document = "{ cards(filter: {status: [DELIVERED]}) { edges { node { order { number } } } } }"
    for caller, seen in (
        (shop.agent("HQ"), {"number": order.number}),
        (shop.api("cards:read", "orders:read"), {"number": order.number}),
        (shop.api("cards:read"), None),
    ):
        data = await desk.ask(document, caller)
        assert [edge["node"]["order"] for edge in data["cards"]["edges"]] == [seen]
        assert len(desk.sent) == 1
    await shop.run("UPDATE orders SET channel_id = $1", shop.channels["ZJ"])
    data = await desk.ask(document, shop.agent("GD"))
    assert [edge["node"]["order"] for edge in data["cards"]["edges"]] == [None]


async def test_what_the_caller_may_not_see_is_not_even_read(desk: Desk) -> None:
    shop = desk.shop
    await shop.place(shop.storefront(), line("TXV"))
    document = "{ orders { edges { node { contact { phone } channel { code territory } } } } }"
    place: dict[str, Any] = {"code": "SHOP", "territory": None}
    for caller, read in ((shop.agent(), {"och.territory"}), (shop.api("orders:read"), set())):
        answers = [await desk.run(document, caller) for _ in range(2)]
        answer = answers[1]
        shown = {"contact": {"phone": "13800138000"}, "channel": place}
        assert answer.data["orders"]["edges"] == [{"node": shown}]
        assert bool(answer.errors) == (not read)
        own = {"o.id", "o.placed_at", "o.channel_id", "o.contact", "och.id", "och.code"}
        assert [read_of(one) for one in desk.sent] == [own | read]


async def test_an_order_that_is_reached_from_below_is_the_one_above(desk: Desk) -> None:
    shop = desk.shop
    order = await shop.bought(shop.agent(), line("TXV"))
    await refunds.ask(shop, shop.agent(), order)
    document = """{ orders { edges { node { payments { method order { number channel { name } } }
                    refunds { order { status } } } } } }"""
    data = await desk.ask(document, shop.agent())
    (found,) = data["orders"]["edges"][0]["node"]["refunds"]
    assert found == {"order": {"status": "FULFILLED"}}
    (payment,) = data["orders"]["edges"][0]["node"]["payments"]
    assert payment["order"]["number"] == order.number
    assert [read_of(one) for one in desk.sent] == [
        {"o.id", "o.placed_at", "o.number", "o.status", "o.channel_id", "och.id", "och.name"},
        {"p.id", "p.order_id", "p.method"},
        {"r.id", "r.order_id"},
    ]


async def test_a_plan_explains_columns_and_joins(desk: Desk) -> None:
    text = desk.explain(
        """query ($no: Boolean!) { orders { edges { node {
             number @skip(if: $no) channel { code } lines { sku total { amount } } } } } }"""
    )
    assert "    reads o.id o.number o.channel_id, joins channel (och.id och.code)\n" in text
    assert "reads l.id l.sku l.total_minor o.currency\n" in text
    plain = desk.execution.explain(desk.engine.documents.get("{ orders { edges { node { number } } } }"))
    assert "    reads number\n" in plain


async def test_a_variant_is_built_once_and_few_are_kept(desk: Desk) -> None:
    agent, pages = desk.shop.agent(), lists.BELOW
    await desk.ask("{ orders { edges { node { number } } } }", agent)
    built = pages.built
    await desk.ask("{ orders { edges { node { n: number ... { number } } } } }", agent)
    assert pages.built == built
    await desk.ask("{ orders { edges { node { expiresAt } } } }", agent)
    assert pages.built == built + 1

    async def kept_prepared() -> bool:
        kept = await desk.shop.rows("SELECT statement FROM pg_prepared_statements")
        return any("o.closed_at" in row["statement"] for row in kept)

    # What is asked once takes no place among the statements that the connection keeps prepared.
    for asked_before in (False, True):
        await desk.once("{ orders { edges { node { closedAt } } } }", agent)
        assert await kept_prepared() is asked_before

    names = list(pages.shape.parts)
    few = Variants(pages.shape, lambda chosen: Reading(chosen, chosen.select()), most=4)
    for name in names:
        few.of(Selected(frozenset({name})))
    assert few.kept == 4
    assert few.of(Selected(frozenset({names[-1]}))) is few.of(Selected(frozenset({names[-1], "id"})))
