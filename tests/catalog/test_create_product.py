"""Products are entered and changed: what is kept, what is refused, and what buyers then see."""

from dataclasses import replace
from typing import Any

import pytest

from domain.access.permissions import Role
from domain.catalog.create_product import ComponentDraft, CreateCategory, CreateProduct, VariantDraft
from domain.catalog.update_product import AddVariant, UpdateProduct, UpdateVariant
from domain.channels.refusals import CodeTaken, MarginTooSmall
from domain.money import Money
from domain.refusals import Forbidden, InvalidInput, NotFound
from tests.fixtures.market import Market

YEAR = VariantDraft("NEW-12M", "年卡", Money(100_00), Money(60_00))
NEW = CreateProduct("new-vip", "新会员", "CARD_KEY", "video", (YEAR,), brand="新", name_en="New membership")
BOX = CreateProduct(
    "new-box", "礼包", "BUNDLE", "video", (replace(YEAR, sku="NEW-BOX", cost=None),),
    (ComponentDraft("TXV-VIP-1M", 2), ComponentDraft("BILI-FIG")),
)  # fmt: skip


async def test_a_new_product_is_on_sale_at_once_at_the_terms_of_its_category(market: Market) -> None:
    created = await market.perform(NEW, market.agent("hq"))
    assert (created.slug, created.kind) == ("new-vip", "CARD_KEY")
    shop = market.agent("gd-sz-mini01")
    variant = await market.catalog.variant(shop, "NEW-12M")
    assert variant is not None
    assert variant.price == Money(100_00)
    assert await market.catalog.purchase_prices(shop, [variant], None) == [Money(88_00)]
    assert await market.catalog.stock_of(shop, [variant]) == [0]


async def test_a_bundle_holds_its_components(market: Market) -> None:
    created = await market.perform(BOX, market.agent("hq"))
    (components,) = await market.catalog.components_of(market.agent("hq"), [created])
    assert [(one.quantity, one.variant.sku) for one in components] == [(2, "TXV-VIP-1M"), (1, "BILI-FIG")]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"slug": "New VIP"}, ["slug"]),
        ({"name": "  "}, ["name"]),
        ({"name": "a\u202eb"}, ["name"]),
        ({"variants": ()}, ["variants"]),
        ({"variants": (replace(YEAR, sku="坏"),)}, ["variants", "0", "sku"]),
        ({"variants": (replace(YEAR, list_price=Money(1, "USD")),)}, ["variants", "0", "listPrice"]),
        ({"variants": (replace(YEAR, settings={"units": 1}),)}, ["variants", "0", "settings"]),
        ({"variants": (replace(YEAR, secret_pattern="(a+)+"),)}, ["secretPattern"]),
        ({"variants": (replace(YEAR, valid_days=0),)}, ["variants", "0", "validDays"]),
        ({"components": (ComponentDraft("TXV-VIP-1M"),)}, ["components"]),
        ({"account_template": {"type": "nothing"}}, ["accountTemplate"]),
        ({"kind": "LINK", "account_template": {"type": "object"}}, ["accountTemplate"]),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_kept(
    market: Market, change: dict[str, Any], field: list[str]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await market.perform(replace(NEW, **change), market.agent("hq"))
    assert refused.value.field == field
    assert await market.value("SELECT count(*) FROM product") == 37
    assert await market.value("SELECT count(*) FROM outbox WHERE payload->>'slug' LIKE 'new%'") == 0


@pytest.mark.parametrize(
    ("components", "refusal"),
    [
        ((), InvalidInput),
        ((ComponentDraft("NOBODY"),), NotFound),
        ((ComponentDraft("RELAX-PACK"),), InvalidInput),
        ((ComponentDraft("TXV-VIP-1M", 0),), InvalidInput),
        ((ComponentDraft("TXV-VIP-1M"), ComponentDraft("TXV-VIP-1M")), InvalidInput),
    ],
)
async def test_a_bundle_of_nonsense_is_refused(
    market: Market, components: tuple[ComponentDraft, ...], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await market.perform(replace(BOX, components=components), market.agent("hq"))


async def test_names_are_given_once(market: Market) -> None:
    hq = market.agent("hq")
    with pytest.raises(CodeTaken):
        await market.perform(replace(NEW, slug="q-coin"), hq)
    with pytest.raises(CodeTaken):
        await market.perform(replace(NEW, variants=(YEAR, replace(YEAR, sku="TXV-VIP-1M"))), hq)
    with pytest.raises(CodeTaken):
        await market.perform(CreateCategory("video", "影视"), hq)
    assert await market.value("SELECT count(*) FROM variant WHERE sku = 'NEW-12M'") == 0


async def test_only_headquarters_writes_the_catalogue(market: Market) -> None:
    for caller in (market.agent("gd"), market.agent("hq", Role.FINANCE), market.storefront("gd-sz-mini01")):
        with pytest.raises(Forbidden):
            await market.perform(NEW, caller)


async def test_taken_off_sale_it_is_gone_for_all_but_its_editors(market: Market) -> None:
    hq, shop = market.agent("hq"), market.storefront("gd-sz-mini01")
    await market.perform(UpdateProduct("q-coin", published=False, name="Q 币"), hq)
    assert await market.catalog.product(shop, "q-coin") is None
    assert await market.catalog.product(market.agent("gd"), "q-coin") is None
    seen = await market.catalog.product(hq, "q-coin")
    assert seen is not None
    assert (seen.name, seen.published) == ("Q 币", False)
    await market.perform(UpdateProduct("q-coin", published=True), hq)
    assert await market.catalog.product(shop, "q-coin") is not None


async def test_a_variant_is_added_and_taken_off_sale(market: Market) -> None:
    hq, shop = market.agent("hq"), market.storefront("gd-sz-mini01")
    await market.perform(AddVariant("tencent-video-vip", YEAR), hq)
    product = await market.catalog.product(shop, "tencent-video-vip")
    assert product is not None
    (variants,) = await market.catalog.variants_of(shop, [product])
    assert [one.sku for one in variants] == ["TXV-VIP-1M", "TXV-VIP-3M", "TXV-VIP-12M", "NEW-12M"]
    await market.perform(UpdateVariant("NEW-12M", published=False), hq)
    assert await market.catalog.variant(shop, "NEW-12M") is None


async def test_a_list_price_that_breaks_a_margin_is_refused_and_a_cost_is_a_fact(market: Market) -> None:
    hq = market.agent("hq")
    with pytest.raises(MarginTooSmall) as refused:
        await market.perform(UpdateVariant("TXV-VIP-1M", list_price=Money(20_00)), hq)
    assert refused.value.sku == "TXV-VIP-1M"
    await market.perform(UpdateVariant("TXV-VIP-1M", cost=Money(24_00)), hq)
    variant = await market.catalog.variant(hq, "TXV-VIP-1M")
    assert variant is not None
    assert (variant.cost, variant.list_price) == (Money(24_00), Money(25_00))
