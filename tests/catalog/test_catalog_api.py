"""The catalogue and the tree through GraphQL, with the consumers' own documents."""

import re
from pathlib import Path
from typing import Any

import pytest

from domain.access.callers import ANONYMOUS, Caller
from domain.access.permissions import Role
from domain.channels.set_visibility import SetVisibility
from schema.ids import decode, encode
from tests.fixtures.market import Market

CONTRACT = Path(__file__).parents[1] / "contract"
SHOP = "gd-sz-mini01"


def document(persona: str, name: str) -> str:
    """One operation of a persona's file."""
    text = (CONTRACT / f"{persona}.graphql").read_text("utf-8")
    found = re.search(rf"^(?:query|mutation) {name}\b(?:.*?^\}}|[^\n]*\}}$)", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[0]


async def answer(market: Market, text: str, caller: Caller, **variables: Any) -> Any:
    """The data of a document that must go through without errors."""
    result = await market.query(text, caller, **variables)
    assert result.errors is None, result.errors
    return result.data


async def test_the_list_of_a_shop(market: Market) -> None:
    data = await answer(
        market,
        document("storefront", "ProductList"),
        market.storefront(SHOP),
        category="video",
        sort="NAME",
        first=2,
    )
    page = data["products"]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"], len(page["edges"])) == (6, True, 2)
    assert page["edges"][-1]["cursor"] == page["pageInfo"]["endCursor"]
    for edge in page["edges"]:
        assert edge["node"]["category"] == {"slug": "video", "name": "影视会员"}
        for variant in edge["node"]["variants"]:
            assert variant["price"] == variant["listPrice"]


async def test_the_detail_of_a_bundle_and_of_a_top_up(market: Market) -> None:
    shop, text = market.storefront(SHOP), document("storefront", "ProductDetail")
    box = (await answer(market, text, shop, slug="fan-box"))["product"]
    assert box["kind"] == "BUNDLE"
    assert [(c["quantity"], c["variant"]["product"]["slug"]) for c in box["components"]] == [
        (1, "bilibili-premium"), (1, "bili-figure"),
    ]  # fmt: skip
    topup = (await answer(market, text, shop, slug="cmcc-topup"))["product"]
    assert topup["accountTemplate"]["required"] == ["phone"]
    assert topup["components"] == []
    assert {one["availableQuantity"] for one in topup["variants"]} == {None}
    assert (await answer(market, text, shop, slug="nothing"))["product"] is None


async def test_the_price_book_of_an_agent(market: Market) -> None:
    data = await answer(market, document("agent", "PriceBook"), market.agent("gd-gz"), category="video")
    variants = {v["sku"]: v for e in data["products"]["edges"] for v in e["node"]["variants"]}
    assert variants["TXV-VIP-1M"] == {
        "sku": "TXV-VIP-1M",
        "listPrice": {"amount": "25.00"},
        "purchasePrice": {"amount": "21.25"},
        "price": {"amount": "25.00"},
        "floorPrice": {"amount": "22.50"},
        "margin": {"amount": "3.75"},
        "availableQuantity": 0,
    }


async def test_what_a_child_pays_and_why(market: Market) -> None:
    text = document("agent", "ChildPrice")
    data = await answer(market, text, market.agent("gd"), sku="TXV-VIP-1M", channel="gd-gz-live01")
    assert data["variant"]["purchasePrice"] == {"amount": "22.50"}
    steps = data["variant"]["priceTrace"]
    assert [(s["channel"]["code"], s["kind"], s["amount"]["amount"]) for s in steps] == [
        ("gd", "PURCHASE", "20.00"),
        ("gd-gz", "PURCHASE", "21.25"),
        ("gd-gz-live01", "PURCHASE", "22.50"),
        ("gd-gz-live01", "RETAIL", "25.00"),
        ("gd-gz-live01", "FLOOR", "23.00"),
    ]
    assert [s["rule"] and s["rule"]["version"] for s in steps] == [1, 1, 1, None, 1]


async def test_rules_set_above_are_named_and_not_told(market: Market) -> None:
    text = """query ($sku: String!) { variant(sku: $sku) {
        priceTrace { kind rule { id version mode base value } } } }"""
    data = await answer(market, text, market.agent("gd"), sku="TXV-VIP-1M")
    rule = data["variant"]["priceTrace"][0]["rule"]
    assert (rule["version"], rule["mode"], rule["base"], rule["value"]) == (1, None, None, None)
    rule_id = decode("prc", rule["id"])
    assert rule_id is not None
    assert await market.reads.node(market.agent("gd"), "PriceRule", rule_id) is None
    assert await market.reads.node(market.agent("hq"), "PriceRule", rule_id) is not None
    assert await market.reads.node(market.storefront("hq"), "PriceRule", rule_id) is None


@pytest.mark.parametrize("channel", ["hq", "zj", "zj-hz-app01", "nobody", "", "\0"])
async def test_a_channel_out_of_scope_has_no_prices(market: Market, channel: str) -> None:
    data = await answer(
        market, document("agent", "ChildPrice"), market.agent("gd"), sku="TXV-VIP-1M", channel=channel
    )
    assert data["variant"] == {"sku": "TXV-VIP-1M", "purchasePrice": None, "priceTrace": None}


async def test_the_cost_is_forbidden_below_headquarters(market: Market) -> None:
    text = document("agent", "Cost")
    result = await market.query(text, market.agent("gd"), sku="TXV-VIP-1M")
    assert result.data == {"variant": {"sku": "TXV-VIP-1M", "cost": None}}
    assert [error.path for error in result.errors] == [["variant", "cost"]]
    data = await answer(market, text, market.agent("hq"), sku="TXV-VIP-1M")
    assert data["variant"]["cost"] == {"amount": "17.50"}


async def test_headquarters_without_costs_does_not_find_them_elsewhere(market: Market) -> None:
    text = """{ variant(sku: "TXV-VIP-1M") { purchasePrice { amount } priceTrace { kind } } }"""
    data = await answer(market, text, market.agent("hq", Role.SALES))
    assert data["variant"] == {"purchasePrice": None, "priceTrace": [{"kind": "RETAIL"}]}


async def test_a_storefront_reads_retail_prices_only(market: Market) -> None:
    text = """{ variant(sku: "TXV-VIP-1M") { price { amount } purchasePrice { amount } floorPrice { amount }
                margin { amount } priceTrace { kind } } channel(code: "gd") { code } }"""
    result = await market.query(text, market.storefront(SHOP))
    assert result.data["variant"] == {
        "price": {"amount": "25.00"}, "purchasePrice": None, "floorPrice": None, "margin": None,
        "priceTrace": None,
    }  # fmt: skip
    assert result.data["channel"] is None
    assert len(result.errors) == 5


async def test_nobody_reads_nothing(market: Market) -> None:
    result = await market.query("{ products { totalCount } categories { slug } }", ANONYMOUS)
    assert result.data == {"products": None, "categories": None}
    assert len(result.errors) == 2


async def test_a_channel_with_its_parent_children_and_account(market: Market) -> None:
    text = """query ($code: String!) { channel(code: $code) {
        code tier sellsAs status parent { code name }
        account { balance { amount currency } credit { amount } available { amount } held { amount } }
        children(first: 50) { totalCount edges { node {
            code parent { code } account { balance { amount } } } } }
    } }"""
    found = (await answer(market, text, market.agent("gd"), code="gd"))["channel"]
    assert found["parent"] == {"code": "hq", "name": "总部"}
    assert found["account"] == {
        "balance": {"amount": "200000.00", "currency": "CNY"}, "credit": {"amount": "50000.00"},
        "available": {"amount": "250000.00"}, "held": {"amount": "0.00"},
    }  # fmt: skip
    assert [e["node"]["code"] for e in found["children"]["edges"]] == ["gd-gz", "gd-sz"]
    assert found["children"]["edges"][1]["node"]["account"] == {"balance": {"amount": "80000.00"}}
    for code in ("hq", "zj", "nobody"):
        assert (await answer(market, text, market.agent("gd"), code=code))["channel"] is None


async def test_mutations_answer_the_object_or_the_refusal(market: Market) -> None:
    rule = {"kind": "PURCHASE", "mode": "PERCENT", "base": "LIST", "value": "81", "channel": "gd"}
    text = document("agent", "SetPriceRule")
    done = await answer(market, text, market.agent("hq"), input={**rule, "variant": "TXV-VIP-1M"})
    kept = done["setPriceRule"]
    assert (kept["__typename"], kept["version"], kept["value"]) == ("PriceRule", 1, "81")
    refused = await answer(market, text, market.agent("gd"), input=rule)
    assert refused["setPriceRule"] == {
        "__typename": "NotFound", "code": "NOT_FOUND", "message": "There is no such child channel.",
        "field": ["channel"],
    }  # fmt: skip
    shown = await answer(
        market, document("agent", "SetVisibility"), market.agent("gd"),
        input={"channel": "gd-sz", "visible": False, "category": "ai"},
    )  # fmt: skip
    assert shown["setVisibility"] == {"__typename": "Channel", "code": "gd-sz"}
    new = {"code": "gd-fs", "name": "佛山", "tier": "CITY", "parent": "gd", "credit": {"amount": "10"}}
    opened = await answer(market, document("agent", "CreateChannel"), market.agent("gd"), input=new)
    assert opened["createChannel"]["parent"] == {"code": "gd"}
    product = {
        "slug": "drama", "name": "短剧", "kind": "METERED", "category": "shortdrama",
        "variants": [
            {"sku": "DRAMA", "name": "十集", "listPrice": {"amount": "9.90"}, "settings": {"units": 10}}
        ],
    }  # fmt: skip
    text = document("headquarters", "CreateProduct")
    made = (await answer(market, text, market.agent("hq"), input=product))["createProduct"]
    assert (made["__typename"], made["variants"][0]["sku"]) == ("Product", "DRAMA")
    denied = await market.query(text, market.agent("gd"), input=product)
    assert denied.data == {"createProduct": None}


async def test_an_id_of_what_is_hidden_finds_nothing(market: Market) -> None:
    shop = market.storefront(SHOP)
    product = await market.catalog.product(shop, "fan-box")
    variant = await market.catalog.variant(shop, "FAN-BOX")
    assert product is not None
    assert variant is not None
    assert await market.catalog.node(shop, "Product", product.id) == product
    assert await market.catalog.node(shop, "Variant", variant.id) == variant
    await market.perform(SetVisibility("gd", False, product="fan-box"), market.agent("hq"))
    assert await market.catalog.node(shop, "Product", product.id) is None
    assert await market.catalog.node(shop, "Variant", variant.id) is None
    assert encode("prd", product.id).startswith("prd_")
    (kept,) = await market.catalog.variants_by_ids(shop, [variant.id])
    assert kept is not None
