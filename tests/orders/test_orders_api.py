"""Front ends quote, order, pay and look at their orders through GraphQL alone."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
import strawberry

import server
from domain.access.callers import Caller
from domain.access.permissions import Role
from persistence.reads import StoredReads
from schema import ids
from schema.context import Context
from tests.orders import goods
from tests.orders.shop import Shop, line

QUOTE = """query ($input: QuoteInput!) { quote(input: $input) { token expiresAt
  lines { sku quantity unitPrice { amount } discount { amount } total { amount } }
  subtotal { amount currency } discount { amount currency } total { amount currency }
  adjustments { code name amount { amount } } problems { code message field sku left } } }"""
PLACE = """mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { __typename
  ... on Order { id number status total { amount currency } due { amount currency } expiresAt
                 lines { id sku quantity total { amount } } }
  ... on StockExhausted { sku wanted left }
  ... on QuoteChanged { changes { sku kind quotedPrice { amount } currentPrice { amount } } }
  ... on Refusal { code message field } } }"""
PAY = """mutation ($input: PayOrderInput!) { payOrder(input: $input) { __typename
  ... on Payment { id status method nextAction order { id status lines { status cards { status masked } } } }
  ... on OrderNotPayable { orderStatus }
  ... on Refusal { code message field } } }"""
ORDER = """query ($id: ID!) { order(id: $id) { id number status refundStatus placedAt total { amount }
  channel { code } contact { phone } margin { amount } payments { method order { number } }
  lines { id sku quantity status variant { sku product { slug kind } } cards { id status masked expiresAt }
    topUps { account status reference } shipment { carrier trackingNumber status }
    entitlement { units left } } } }"""
ORDERS = """query ($filter: OrdersFilter) { orders(filter: $filter) { totalCount pageInfo { hasNextPage }
  edges { cursor node { number status margin { amount } } } } }"""


@pytest.fixture(scope="module")
def api() -> strawberry.Schema:
    return server.build_schema()


class Client:
    """Sends documents as one caller or another."""

    def __init__(self, shop: Shop, api: strawberry.Schema) -> None:
        self.shop, self.api = shop, api
        self.reads: Any = StoredReads(shop.database, shop.tools)

    async def run(self, document: str, caller: Caller, **variables: Any) -> Any:
        feed: Any = None
        context = Context(caller, self.reads, self.shop.perform, feed)
        return await self.api.execute(document, variable_values=variables, context_value=context)

    async def ask(self, document: str, caller: Caller, **variables: Any) -> Any:
        answer = await self.run(document, caller, **variables)
        assert answer.errors is None, answer.errors
        (found,) = answer.data.values()
        return found

    async def say(self, document: str, caller: Caller, **said: Any) -> Any:
        return await self.ask(document, caller, input={"idempotencyKey": uuid4().hex, **said})


@pytest.fixture
def client(shop: Shop, api: strawberry.Schema) -> Client:
    return Client(shop, api)


async def test_from_quote_to_cards(shop: Shop, client: Client) -> None:
    buyer = await shop.customer()
    lines = [{"sku": "TXV", "quantity": 2}, {"sku": "FIGURE"}]
    quote = await client.ask(QUOTE, buyer, input={"lines": lines})
    assert (quote["total"], quote["problems"], quote["adjustments"]) == (
        {"amount": "149.00", "currency": "CNY"}, [], []
    )  # fmt: skip
    address = {"recipient": "李雷", "phone": "1", "province": "广东", "city": "广州", "line": "1 号"}
    placed = await client.say(
        PLACE, buyer, lines=lines, quoteToken=quote["token"], contact={"phone": "2"}, shippingAddress=address
    )
    assert (placed["__typename"], placed["status"], placed["due"]["amount"]) == (
        "Order", "AWAITING_PAYMENT", "149.00"
    )  # fmt: skip
    paid = await client.say(PAY, buyer, orderId=placed["id"], method="SANDBOX")
    assert (paid["status"], paid["method"], paid["nextAction"]) == ("CAPTURED", "SANDBOX", None)
    cards, parcel = paid["order"]["lines"]
    assert [card["status"] for card in cards["cards"]] == ["DELIVERED", "DELIVERED"]
    assert (paid["order"]["status"], parcel["status"]) == ("FULFILLING", "PENDING")
    found = (await client.run(ORDER, buyer, id=placed["id"])).data["order"]
    assert found["lines"][0]["variant"] == {"sku": "TXV", "product": {"slug": "txv", "kind": "CARD_KEY"}}
    assert found["lines"][1]["shipment"] == {
        "carrier": None, "trackingNumber": None, "status": "AWAITING_SHIPMENT"
    }  # fmt: skip
    assert found["contact"] == {"phone": "2"}
    assert found["payments"] == [{"method": "SANDBOX", "order": {"number": placed["number"]}}]


async def test_refusals_carry_their_facts(shop: Shop, client: Client) -> None:
    agent = shop.agent()
    short = await client.say(PLACE, agent, lines=[{"sku": "TXV", "quantity": 11}])
    assert (short["code"], short["wanted"], short["left"]) == ("STOCK_EXHAUSTED", 11, 10)
    hasty = Client(shop.with_settings(quote_minutes=0), client.api)
    quote = await hasty.ask(QUOTE, agent, input={"lines": [{"sku": "TXV"}]})
    await goods.add_rule(shop, "SHOP", "RETAIL", "FIXED", 2600)
    changed = await client.say(PLACE, agent, lines=[{"sku": "TXV"}], quoteToken=quote["token"])
    assert (changed["code"], changed["field"]) == ("QUOTE_CHANGED", ["quoteToken"])
    assert changed["changes"] == [
        {
            "sku": "TXV",
            "kind": "PRICE",
            "quotedPrice": {"amount": "25.00"},
            "currentPrice": {"amount": "26.00"},
        }
    ]
    unknown = await client.say(PAY, agent, orderId=ids.encode("ord", uuid4()), method="SHOP_COLLECTED")
    assert (unknown["__typename"], unknown["code"], unknown["field"]) == (
        "NotFound",
        "NOT_FOUND",
        ["orderId"],
    )
    huge = await client.say(PLACE, agent, lines=[{"sku": "CMCC", "account": {"phone": 10**30}}])
    assert huge["field"] == ["lines", "0", "account"]


async def test_margin_is_for_those_who_may_see_it_and_once_an_error_for_the_rest(
    shop: Shop, client: Client
) -> None:
    for _ in range(2):
        await shop.place(shop.storefront(), line("TXV"))
    answer = await client.run(ORDERS, shop.agent("SHOP", Role.SUPPORT), filter={"channel": "SHOP"})
    assert [edge["node"]["margin"] for edge in answer.data["orders"]["edges"]] == [None, None]
    assert [error.path for error in answer.errors] == [["orders", "edges", 0, "node", "margin"]]
    found = await client.ask(ORDERS, shop.agent("GD", Role.FINANCE), filter={"status": ["AWAITING_PAYMENT"]})
    assert found["totalCount"] == 2
    assert [edge["node"]["margin"]["amount"] for edge in found["edges"]] == ["2.50", "2.50"]


async def test_a_foreign_order_is_as_null_as_one_that_never_was(shop: Shop, client: Client) -> None:
    order = await shop.place(shop.storefront(), line("TXV"))
    for caller in (await shop.customer(), shop.agent("ZJ")):
        for text in (
            ids.encode("ord", order.id),
            ids.encode("ord", uuid4()),
            "nonsense",
            ids.encode("crd", order.id),
        ):
            answer = await client.run(ORDER, caller, id=text)
            assert (answer.data, answer.errors) == ({"order": None}, None)
    answer = await client.run(ORDER, shop.storefront(), id=ids.encode("ord", order.id))
    assert answer.data == {"order": None}
    assert len(answer.errors) == 1
