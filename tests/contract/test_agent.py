"""An agent's back office: signing in, the tree, prices, goods, orders and cards of its subtree."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from schema import ids
from tests.contract.documents import executes
from tests.contract.front_end import FrontEnd
from tests.contract.shopping import CARD, SHOP, buy, card_of, fen, key, new_phone, redeem, redeemer, reveal

PROVINCE, CITY, ELSEWHERE = "gd", "gd-sz", "zj"


@pytest.fixture
def province(front_end: FrontEnd) -> str:
    """The owner of the province above the shop."""
    return front_end.demo.sign_in(PROVINCE)


def code() -> str:
    """A new channel's code."""
    return f"c-{uuid4().hex[:12]}"


@executes("SignInAgent")
def test_an_agent_signs_in(front_end: FrontEnd) -> None:
    person = next(one for one in front_end.demo.guide["agents"] if one["channel"] == PROVINCE)
    said = {"email": person["email"], "password": person["password"]}
    session = front_end.ask("SignInAgent", input=said)
    assert session["__typename"] == "AgentSession"
    (row,) = front_end.demo.rows(
        """SELECT a.id, a.name, a.roles, c.code, c.tier FROM agent a JOIN channel c ON c.id = a.channel_id
            WHERE a.email = $1""",
        person["email"],
    )
    agent = session["agent"]
    assert (ids.decode("agt", agent["id"]), agent["name"], agent["roles"]) == tuple(row)[:3]
    assert agent["channel"] == {"code": row["code"], "tier": row["tier"]}
    assert front_end.ask("MyChannel", session["accessToken"])["channel"]["code"] == PROVINCE


@executes("SignInAgent")
def test_a_wrong_password_is_refused(front_end: FrontEnd) -> None:
    person = next(one for one in front_end.demo.guide["agents"] if one["channel"] == CITY)
    refused = front_end.ask("SignInAgent", input={"email": person["email"], "password": "not the password"})
    assert (refused["__typename"], refused["code"]) == ("SignInFailed", "SIGN_IN_FAILED")


@executes("MyChannel")
def test_an_agent_sees_its_channel_and_those_right_below(front_end: FrontEnd, province: str) -> None:
    viewer = front_end.ask("MyChannel", province)
    assert viewer["kind"] == "AGENT"
    (own,) = front_end.demo.rows(
        """SELECT c.name, c.tier, a.credit_minor, p.code AS above, p.name AS above_name,
                  (SELECT sum(e.minor)::int FROM ledger_entry e WHERE e.account_id = a.id) AS balance
             FROM channel c
             JOIN ledger_account a ON a.channel_id = c.id AND a.kind = 'DEPOSIT'
             JOIN channel p ON p.id = c.parent_id WHERE c.code = $1""",
        PROVINCE,
    )
    shown = viewer["channel"]
    assert [shown[name] for name in ("code", "name", "tier")] == [PROVINCE, own["name"], own["tier"]]
    assert shown["parent"] == {"code": own["above"], "name": own["above_name"]}
    account = {name: fen(money) for name, money in shown["account"].items()}
    assert account == {
        "balance": own["balance"], "credit": own["credit_minor"], "held": 0,
        "available": own["balance"] + own["credit_minor"],
    }  # fmt: skip
    below = front_end.demo.rows(
        "SELECT code FROM channel WHERE parent_id = (SELECT id FROM channel WHERE code = $1) ORDER BY code",
        PROVINCE,
    )
    assert [edge["node"]["code"] for edge in shown["children"]["edges"]] == [row["code"] for row in below]


@executes("PriceBook")
def test_the_price_book_is_the_agents_own(front_end: FrontEnd, province: str) -> None:
    page = front_end.ask("PriceBook", province, category="music")
    variants = [one for edge in page["edges"] for one in edge["node"]["variants"]]
    rules = front_end.demo.rows(
        """SELECT DISTINCT ON (kind) kind, value FROM price_rule r
             JOIN channel c ON c.id = r.target_channel_id
            WHERE c.code = $1 AND r.category_id IS NULL AND r.kind IN ('PURCHASE', 'FLOOR')""",
        PROVINCE,
    )
    share = {row["kind"]: row["value"] for row in rows_of(rules)}
    assert variants
    for one in variants:
        listed = fen(one["listPrice"])
        assert fen(one["purchasePrice"]) == (listed * share["PURCHASE"] + 5_000) // 10_000
        assert fen(one["floorPrice"]) == (listed * share["FLOOR"] + 5_000) // 10_000
        assert fen(one["price"]) == listed
        assert fen(one["margin"]) == listed - fen(one["purchasePrice"])
        assert one["availableQuantity"] > 0


def rows_of(rules: Any) -> Any:
    """The rules for everything: those of the demo's price list are percentages of the list price."""
    assert {row["kind"] for row in rules} == {"PURCHASE", "FLOOR"}
    return rules


@executes("ChildPrice")
def test_the_price_of_a_child_is_traced_to_its_rule(front_end: FrontEnd, province: str) -> None:
    shown = front_end.ask("ChildPrice", province, sku=CARD, channel=CITY)
    step = next(
        one for one in shown["priceTrace"] if one["kind"] == "PURCHASE" and one["channel"]["code"] == CITY
    )
    assert step["amount"] == shown["purchasePrice"]
    (rule,) = front_end.demo.rows(
        "SELECT version FROM price_rule WHERE id = $1", ids.decode("prc", step["rule"]["id"])
    )
    assert rule["version"] == step["rule"]["version"]
    foreign = front_end.ask("ChildPrice", province, sku=CARD, channel=ELSEWHERE)
    unknown = front_end.ask("ChildPrice", province, sku=CARD, channel="no-such")
    assert foreign == unknown == {"sku": CARD, "purchasePrice": None, "priceTrace": None}


@executes("Cost")
def test_the_cost_is_headquarters_alone(front_end: FrontEnd, province: str) -> None:
    found = front_end.send("Cost", province, sku=CARD)
    assert found.data == {"variant": {"sku": CARD, "cost": None}}
    (error,) = found.errors
    assert (error["path"], error["extensions"]["code"]) == (["variant", "cost"], "FORBIDDEN")
    seen = front_end.ask("Cost", front_end.demo.sign_in("hq"), sku=CARD)
    assert fen(seen["cost"]) == front_end.demo.value("SELECT cost_minor FROM variant WHERE sku = $1", CARD)


@executes("CreateChannel")
def test_an_agent_opens_a_channel(front_end: FrontEnd, province: str) -> None:
    said = {
        "code": code(), "name": "新店", "tier": "SHOP", "parent": CITY, "sellsAs": "MINI_PROGRAM",
        "territory": "深圳", "credit": {"amount": "100.00", "currency": "CNY"},
    }  # fmt: skip
    made = front_end.ask("CreateChannel", province, input=said)
    assert made["__typename"] == "Channel"
    assert made["parent"] == {"code": CITY}
    (row,) = front_end.demo.rows(
        """SELECT c.id, c.name, c.tier, c.sells_as, c.territory, a.credit_minor FROM channel c
             JOIN ledger_account a ON a.channel_id = c.id AND a.kind = 'DEPOSIT' WHERE c.code = $1""",
        said["code"],
    )
    stored = (ids.decode("chn", made["id"]), "新店", "SHOP", "MINI_PROGRAM", "深圳", 10_000)
    assert tuple(row) == stored
    taken = front_end.ask("CreateChannel", province, input=said)
    assert (taken["__typename"], taken["field"]) == ("CodeTaken", ["code"])
    said |= {"code": code(), "parent": ELSEWHERE}
    assert front_end.ask("CreateChannel", province, input=said)["__typename"] == "NotFound"


@executes("SetPriceRule")
def test_an_agent_sets_a_price(front_end: FrontEnd, province: str) -> None:
    said = {
        "kind": "RETAIL", "mode": "FIXED", "base": "LIST", "value": "30.00", "variant": "BILI-1M",
        "minQuantity": None,
    }  # fmt: skip
    rule = front_end.ask("SetPriceRule", province, input=said)
    assert rule["__typename"] == "PriceRule"
    (row,) = front_end.demo.rows(
        "SELECT version, kind, mode, base, value, min_quantity FROM price_rule WHERE id = $1",
        ids.decode("prc", rule["id"]),
    )
    assert tuple(row) == (rule["version"], "RETAIL", "FIXED", "LIST", 3_000, 1)
    dumping = {"kind": "PURCHASE", "mode": "FIXED", "base": "LIST", "value": "0.01", "channel": CITY}
    refused = front_end.ask("SetPriceRule", province, input={**dumping, "variant": CARD})
    assert refused["__typename"] == "MarginTooSmall"


@executes("SetVisibility")
def test_an_agent_hides_goods_below_it(front_end: FrontEnd, province: str) -> None:
    storefront = front_end.demo.guide["storefrontTokens"][SHOP]
    said = {"channel": CITY, "visible": False, "product": "wps-super"}
    assert front_end.ask("SetVisibility", province, input=said) == {"__typename": "Channel", "code": CITY}
    assert front_end.ask("ProductDetail", storefront, slug="wps-super") is None
    hidden = front_end.demo.rows(
        """SELECT v.visible, s.code FROM visibility v JOIN channel c ON c.id = v.channel_id
             JOIN channel s ON s.id = v.setter_id JOIN product p ON p.id = v.product_id
            WHERE c.code = $1 AND p.slug = 'wps-super'""",
        CITY,
    )
    assert [tuple(row) for row in hidden] == [(False, PROVINCE)]
    front_end.ask("SetVisibility", province, input={**said, "visible": True})
    assert front_end.ask("ProductDetail", storefront, slug="wps-super")["slug"] == "wps-super"


@executes("AllocateStock")
def test_stock_is_handed_down_once(front_end: FrontEnd) -> None:
    headquarters = front_end.demo.sign_in("hq")
    said = {"channel": PROVINCE, "sku": "BILI-3M", "quantity": 20, "idempotencyKey": key()}
    quota = front_end.ask("AllocateStock", headquarters, input=said)
    assert quota == {
        "__typename": "StockQuota", "sku": "BILI-3M", "channel": {"code": PROVINCE}, "granted": 20, "used": 0,
        "left": 20,
    }  # fmt: skip
    assert front_end.ask("AllocateStock", headquarters, input=said) == quota
    moved = front_end.demo.value(
        """SELECT count(*) FROM card c JOIN channel p ON p.id = c.pool_id
             JOIN variant v ON v.id = c.variant_id
            WHERE p.code = $1 AND v.sku = 'BILI-3M' AND c.state = 'ALLOCATED'""",
        PROVINCE,
    )
    assert moved == 20
    too_many = {**said, "quantity": 10_000, "idempotencyKey": key()}
    assert front_end.ask("AllocateStock", headquarters, input=too_many)["__typename"] == "QuotaExceeded"


@executes("CreateStorefrontToken")
def test_an_agent_makes_a_token(front_end: FrontEnd, province: str) -> None:
    said = {"kind": "STOREFRONT", "channel": SHOP, "name": "mini-program"}
    made = front_end.ask("CreateStorefrontToken", province, input=said)
    assert (made["__typename"], made["kind"], made["channel"]) == (
        "CreatedToken", "STOREFRONT", {"code": SHOP},
    )  # fmt: skip
    assert front_end.ask("Shop", made["token"])["viewer"]["channel"]["code"] == SHOP
    stored = front_end.demo.rows("SELECT t::text AS row FROM token t WHERE name = 'mini-program'")
    assert len(stored) == 1
    assert made["token"] not in stored[0]["row"]


@executes("ChannelOrders")
def test_an_agent_lists_the_orders_of_its_subtree(front_end: FrontEnd, province: str) -> None:
    token = front_end.demo.guide["storefrontTokens"][SHOP]
    own = [buy(front_end, token, {"sku": CARD}, contact={"phone": new_phone()}) for _ in range(2)]
    elsewhere = front_end.demo.guide["storefrontTokens"]["zj-hz-app01"]
    buy(front_end, elsewhere, {"sku": CARD}, contact={"phone": new_phone()})
    page = front_end.ask("ChannelOrders", province, channel=SHOP, status=["FULFILLED"], first=1)
    assert page["pageInfo"]["hasNextPage"]
    rest = front_end.ask("ChannelOrders", province, channel=SHOP, after=page["pageInfo"]["endCursor"])
    found = [edge["node"] for edge in (*page["edges"], *rest["edges"])]
    assert [one["number"] for one in found][:2] == [order["number"] for order in reversed(own)]
    assert {one["channel"]["code"] for one in found} == {SHOP}
    stored = front_end.demo.value(
        """SELECT count(*) FROM orders o JOIN channel c ON c.id = o.channel_id
             JOIN channel a ON a.id = ANY (c.path) WHERE a.code = $1""",
        PROVINCE,
    )
    assert front_end.ask("ChannelOrders", province)["totalCount"] == stored
    line = front_end.demo.rows(
        """SELECT l.transfer_minor FROM order_line l JOIN orders o ON o.id = l.order_id
            WHERE o.number = $1""",
        found[0]["number"],
    )
    # What the province keeps: what the city pays it, less what it pays headquarters.
    assert fen(found[0]["margin"]) == line[0]["transfer_minor"][2] - line[0]["transfer_minor"][1]
    assert front_end.ask("ChannelOrders", province, channel=ELSEWHERE)["totalCount"] == 0
    late = front_end.ask("ChannelOrders", province, placedAfter="2999-01-01T00:00:00Z")
    assert late["edges"] == []


@executes("ChannelCards")
def test_an_agent_lists_the_cards_of_its_subtree(front_end: FrontEnd, province: str) -> None:
    customer = front_end.demo.customer(new_phone(), SHOP)
    card = card_of(front_end, customer)
    redeem(front_end, redeemer(front_end), secret=reveal(front_end, customer, card)["secret"])
    page = front_end.ask("ChannelCards", province, channel=SHOP, status=["REDEEMED"], sku=CARD)
    assert card["id"] in [edge["node"]["id"] for edge in page["edges"]]
    assert {edge["node"]["channel"]["code"] for edge in page["edges"]} == {SHOP}
    rows = front_end.demo.rows(
        """SELECT c.id, c.masked FROM card c JOIN channel s ON s.id = c.channel_id
             JOIN variant v ON v.id = c.variant_id WHERE s.code = $1 AND v.sku = $2 AND c.state = 'REDEEMED'
            ORDER BY c.id DESC""",
        SHOP,
        CARD,
    )
    shown = [(edge["node"]["id"], edge["node"]["masked"]) for edge in page["edges"]]
    assert shown == [(ids.encode("crd", row["id"]), row["masked"]) for row in rows]
    assert page["totalCount"] == len(rows)
