"""A mini-program: browsing, signing in, buying and looking at what was bought."""

from __future__ import annotations

from typing import Any

import pytest

from schema import ids
from tests.contract.documents import executes
from tests.contract.front_end import FrontEnd
from tests.contract.shopping import (
    ADDRESS,
    CARD,
    FIGURE,
    LINK,
    NUMBERED,
    SHOP,
    TOP_UP,
    buy,
    card_of,
    fen,
    key,
    new_phone,
    pay,
    place,
)


@pytest.fixture
def storefront(front_end: FrontEnd) -> str:
    """The publishable token of the shop."""
    return str(front_end.demo.guide["storefrontTokens"][SHOP])


@pytest.fixture
def customer(front_end: FrontEnd) -> str:
    """Somebody new who has signed in to the shop."""
    return front_end.demo.customer(new_phone(), SHOP)


@executes("Shop")
def test_the_shop_says_who_it_is_and_what_it_has(front_end: FrontEnd, storefront: str) -> None:
    shop = front_end.ask("Shop", storefront)
    (row,) = front_end.demo.rows("SELECT code, name, tier, sells_as FROM channel WHERE code = $1", SHOP)
    assert shop["viewer"]["kind"] == "STOREFRONT"
    assert shop["viewer"]["permissions"] == ["catalog:read", "customers:sign-in", "orders:place"]
    assert list(shop["viewer"]["channel"].values()) == list(row)
    counts = front_end.demo.rows(
        """SELECT c.slug, c.name, count(p.id) FROM category c JOIN product p ON p.category_id = c.id
            GROUP BY c.id ORDER BY c.position, c.id"""
    )
    assert [tuple(one.values()) for one in shop["categories"]] == [tuple(row) for row in counts]


@executes("ProductList")
@pytest.mark.parametrize("sort", [None, "NEWEST", "PRICE_ASC", "PRICE_DESC", "BEST_SELLING", "NAME"])
def test_pages_show_every_product_once(front_end: FrontEnd, storefront: str, sort: str | None) -> None:
    found: list[Any] = []
    after = None
    while True:
        page = front_end.ask("ProductList", storefront, sort=sort, first=15, after=after)
        found += [edge["node"] for edge in page["edges"]]
        assert page["edges"][-1]["cursor"] == page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    rows = front_end.demo.rows("SELECT slug FROM product")
    assert sorted(product["slug"] for product in found) == sorted(row["slug"] for row in rows)
    assert page["totalCount"] == len(rows)
    cheapest = [min(fen(one["price"]) for one in product["variants"]) for product in found]
    if sort in ("PRICE_ASC", "PRICE_DESC"):
        assert cheapest == sorted(cheapest, reverse=sort == "PRICE_DESC")
    skus = sorted(variant["sku"] for product in found for variant in product["variants"])
    assert skus == sorted(row["sku"] for row in front_end.demo.rows("SELECT sku FROM variant"))


@executes("ProductList")
def test_a_list_is_narrowed(front_end: FrontEnd, storefront: str) -> None:
    def slugs(**wanted: Any) -> list[str]:
        page = front_end.ask("ProductList", storefront, first=100, **wanted)
        assert page["totalCount"] == len(page["edges"])
        return sorted(edge["node"]["slug"] for edge in page["edges"])

    def rows(condition: str) -> list[str]:
        found = front_end.demo.rows(
            f"""SELECT p.slug FROM product p JOIN category c ON c.id = p.category_id
                 WHERE {condition} ORDER BY p.slug COLLATE "C" """
        )
        return [row["slug"] for row in found]

    assert slugs(category="music") == rows("c.slug = 'music'") != []
    assert slugs(kinds=["LINK", "PHYSICAL"]) == rows("p.kind IN ('LINK', 'PHYSICAL')") != []
    assert slugs(search="腾讯视频") == rows("p.name LIKE '%腾讯视频%' OR p.brand LIKE '%腾讯视频%'") != []
    assert slugs(category="no-such") == slugs(search="nothing is called that") == []


@executes("ProductDetail")
@pytest.mark.parametrize("slug", ["tencent-video-vip", "fan-box", "cmcc-topup"])
def test_a_product_is_shown_whole(front_end: FrontEnd, storefront: str, slug: str) -> None:
    shown = front_end.ask("ProductDetail", storefront, slug=slug)
    (row,) = front_end.demo.rows(
        """SELECT p.*, c.slug AS shelf FROM product p JOIN category c ON c.id = p.category_id
            WHERE p.slug = $1""",
        slug,
    )
    plain = ("slug", "name", "description", "kind", "brand")
    assert [shown[name] for name in plain] == [row[name] for name in plain]
    assert (shown["id"], shown["category"]["slug"]) == (ids.encode("prd", row["id"]), row["shelf"])
    assert (shown["accountTemplate"] is None) == (row["account_template"] is None)
    listed = {one["sku"]: fen(one["listPrice"]) for one in shown["variants"]}
    rows = front_end.demo.rows("SELECT sku, list_minor FROM variant WHERE product_id = $1", row["id"])
    assert listed == {one["sku"]: one["list_minor"] for one in rows}
    parts = front_end.demo.rows(
        """SELECT v.sku, k.quantity FROM component k JOIN variant v ON v.id = k.variant_id
            WHERE k.bundle_id = $1 ORDER BY k.position""",
        row["id"],
    )
    assert [(one["variant"]["sku"], one["quantity"]) for one in shown["components"]] == list(
        map(tuple, parts)
    )


@executes("ProductDetail")
def test_a_product_that_is_not_there_is_null(front_end: FrontEnd, storefront: str) -> None:
    assert front_end.ask("ProductDetail", storefront, slug="no-such") is None


@executes("SignIn")
def test_a_customer_signs_in_with_the_code_that_was_sent(front_end: FrontEnd, storefront: str) -> None:
    phone = new_phone()
    proof = front_end.demo.code_for(phone, storefront)
    said = {"method": "PHONE_CODE", "identifier": phone, "proof": proof, "deviceId": "d-1"}
    session = front_end.ask("SignIn", storefront, input=said)
    assert session["__typename"] == "CustomerSession"
    customer_id = ids.decode("cus", session["customer"]["id"])
    masked = f"{phone[:3]}****{phone[-4:]}"
    row = front_end.demo.rows("SELECT identifier_masked FROM customer WHERE id = $1", customer_id)
    assert [one["identifier_masked"] for one in row] == [masked]
    assert front_end.ask("Shop", session["accessToken"])["viewer"]["kind"] == "CUSTOMER"


@executes("SignIn")
def test_a_wrong_code_is_refused(front_end: FrontEnd, storefront: str) -> None:
    said = {"method": "PHONE_CODE", "identifier": new_phone(), "proof": "000000"}
    refused = front_end.ask("SignIn", storefront, input=said)
    assert (refused["__typename"], refused["code"]) == ("SignInFailed", "SIGN_IN_FAILED")


@executes("Quote", "PlaceOrder")
def test_a_quote_is_what_the_order_costs(front_end: FrontEnd, storefront: str, customer: str) -> None:
    lines: list[dict[str, Any]] = [{"sku": CARD, "quantity": 2}, {"sku": NUMBERED}]
    quote = front_end.ask("Quote", customer, input={"lines": lines})
    assert (quote["problems"], quote["adjustments"]) == ([], [])
    assert [(one["sku"], one["quantity"]) for one in quote["lines"]] == [(CARD, 2), (NUMBERED, 1)]
    order = place(front_end, customer, *lines, quoteToken=quote["token"])
    assert (order["total"], order["due"]) == (quote["total"], quote["total"])
    (row,) = front_end.demo.rows(
        "SELECT status, subtotal_minor, total_minor, number FROM orders WHERE id = $1",
        ids.decode("ord", order["id"]),
    )
    assert tuple(row) == (order["status"], fen(quote["subtotal"]), fen(quote["total"]), order["number"])
    assert order["status"] == "AWAITING_PAYMENT"
    assert [fen(one["total"]) for one in order["lines"]] == [fen(one["total"]) for one in quote["lines"]]
    problem = front_end.ask("Quote", storefront, input={"lines": [{"sku": "NO-SUCH"}]})["problems"]
    assert [one["code"] for one in problem] == ["NOT_FOUND"]


@executes("PlaceOrder")
def test_a_refused_order_says_why_and_leaves_nothing(front_end: FrontEnd, customer: str) -> None:
    before = front_end.demo.value("SELECT count(*) FROM orders")
    refused = place(front_end, customer, {"sku": CARD, "quantity": 900})
    assert (refused["__typename"], refused["code"]) == ("StockExhausted", "STOCK_EXHAUSTED")
    assert front_end.demo.value("SELECT count(*) FROM orders") == before


@executes("PlaceOrder", "PayOrder")
def test_a_guest_buys(front_end: FrontEnd, storefront: str) -> None:
    order = place(front_end, storefront, {"sku": CARD}, contact={"phone": "13800138000"})
    payment = pay(front_end, storefront, order)
    assert (payment["__typename"], payment["status"], payment["method"]) == ("Payment", "CAPTURED", "SANDBOX")
    assert payment["order"] == {"id": order["id"], "status": "FULFILLED"}
    (row,) = front_end.demo.rows(
        "SELECT p.status, o.status, p.amount_minor FROM payment p JOIN orders o ON o.id = p.order_id"
        " WHERE p.id = $1",
        ids.decode("pay", payment["id"]),
    )
    assert tuple(row) == ("CAPTURED", "FULFILLED", fen(order["total"]))


@executes("PlaceOrder", "PayOrder", "MyOrder")
def test_a_customer_sees_what_it_bought(front_end: FrontEnd, customer: str) -> None:
    account = {"phone": "13800138000"}
    order = buy(
        front_end, customer, {"sku": CARD, "quantity": 2}, {"sku": TOP_UP, "account": account},
        {"sku": FIGURE}, shippingAddress=ADDRESS,
    )  # fmt: skip
    front_end.demo.until(lambda: _topped_up(front_end, customer, order["id"]))
    shown = front_end.ask("MyOrder", customer, id=order["id"])
    cards, top_up, figure = shown["lines"]
    rows = front_end.demo.rows(
        "SELECT c.id, c.state, c.masked FROM card c WHERE c.order_id = $1 ORDER BY c.seq",
        ids.decode("ord", order["id"]),
    )
    assert [(one["id"], one["status"], one["masked"]) for one in cards["cards"]] == [
        (ids.encode("crd", row["id"]), row["state"], row["masked"]) for row in rows
    ]
    assert {one["status"] for one in cards["cards"]} == {"DELIVERED"}
    assert top_up["topUps"][0]["status"] == "SUCCEEDED"
    assert figure["shipment"]["status"] == "AWAITING_SHIPMENT"
    assert figure["variant"]["product"]["kind"] == "PHYSICAL"
    assert (shown["status"], shown["refundStatus"]) == ("FULFILLING", "NONE")


def _topped_up(front_end: FrontEnd, customer: str, order_id: str) -> bool:
    line = front_end.ask("MyOrder", customer, id=order_id)["lines"][1]
    return bool(line["topUps"]) and line["topUps"][0]["status"] == "SUCCEEDED"


@executes("MyOrders")
def test_a_customer_lists_its_own_orders(front_end: FrontEnd, customer: str) -> None:
    orders = [place(front_end, customer, {"sku": CARD}) for _ in range(3)]
    page = front_end.ask("MyOrders", customer, first=2)
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (3, True)
    rest = front_end.ask("MyOrders", customer, first=2, after=page["pageInfo"]["endCursor"])
    found = [edge["node"]["id"] for edge in (*page["edges"], *rest["edges"])]
    assert found == [order["id"] for order in reversed(orders)]
    assert rest["pageInfo"]["hasNextPage"] is False
    customer_id = front_end.demo.value(
        "SELECT customer_id FROM orders WHERE id = $1", ids.decode("ord", found[0])
    )
    stored = front_end.demo.value("SELECT count(*) FROM orders WHERE customer_id = $1", customer_id)
    assert stored == 3


@executes("MyOrder")
def test_the_order_of_another_is_null(front_end: FrontEnd, customer: str) -> None:
    another = front_end.demo.customer(new_phone(), SHOP)
    order = place(front_end, another, {"sku": CARD})
    assert front_end.ask("MyOrder", customer, id=order["id"]) is None


@executes("RevealCard")
@pytest.mark.parametrize(("sku", "shown"), [(CARD, "secret"), (NUMBERED, "number"), (LINK, "link")])
def test_the_owner_looks_at_a_card_once(front_end: FrontEnd, customer: str, sku: str, shown: str) -> None:
    card = card_of(front_end, customer, sku)
    said = {"cardId": card["id"], "idempotencyKey": key()}
    revealed = front_end.ask("RevealCard", customer, input=said)
    assert revealed["__typename"] == "RevealedCard"
    assert len(revealed[shown]) >= 8
    assert (revealed["link"] is None) == (sku != LINK)
    card_id = ids.decode("crd", card["id"])
    number = "SELECT o.number FROM orders o JOIN card c ON c.order_id = o.id WHERE c.id = $1"
    assert front_end.demo.value(number, card_id) in revealed["watermark"]
    assert revealed["card"] == {"id": card["id"], "status": "REVEALED"}
    assert front_end.ask("RevealCard", customer, input=said) == revealed
    again = front_end.ask("RevealCard", customer, input={"cardId": card["id"], "idempotencyKey": key()})
    assert again["__typename"] == "RevealLimitReached"
    assert front_end.demo.value("SELECT state FROM card WHERE id = $1", card_id) == "REVEALED"
    steps = front_end.demo.value(
        "SELECT count(*) FROM card_event WHERE card_id = $1 AND to_state = 'REVEALED'", card_id
    )
    assert steps == 1
