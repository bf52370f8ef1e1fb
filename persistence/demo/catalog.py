"""The demo's catalogue and tree of channels, entered through the same commands that people use."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.access.callers import SYSTEM, Caller
from domain.access.permissions import ALL
from domain.catalog.create_product import ComponentDraft, CreateCategory, CreateProduct, VariantDraft
from domain.channels.grow import CreateChannel, FoundHeadquarters
from domain.channels.rules import PriceBase, RuleKind, RuleMode
from domain.channels.set_price_rule import SetPriceRule
from domain.channels.tree import ChannelTier, SellsAs
from domain.money import Money

if TYPE_CHECKING:
    from domain.channels.views import ChannelView
    from domain.reads import Performs

_FOLDER = Path(__file__).parent
_BUNDLES = "bundle"
SECRET_PATTERNS = {
    "TXV-VIP-1M": "secret:[A-HJ-NP-Z2-9]{16}",
    "IQY-GOLD-3M": r"number:\d{17} secret:\d{12}",
}


def _entered(**properties: dict[str, Any]) -> dict[str, Any]:
    """A template of text fields that must all be entered."""
    return {
        "type": "object",
        "properties": {name: {"type": "string", **said} for name, said in properties.items()},
        "required": list(properties),
        "additionalProperties": False,
    }


_GAME_ID = {"title": "游戏ID", "pattern": r"^\d{5,20}$"}
_QQ = {"title": "QQ号", "pattern": r"^[1-9]\d{4,11}$"}
ACCOUNT_TEMPLATES = {
    "手机号": _entered(phone={"title": "手机号", "pattern": r"^1[3-9]\d{9}$"}),
    "QQ号": _entered(qq=_QQ),
    "QQ号/微信": _entered(account={"title": "QQ号/微信", "pattern": r"^[A-Za-z0-9_-]{5,30}$"}),
    "游戏ID+大区": _entered(
        gameId=_GAME_ID, server={"title": "大区", "enum": ["安卓QQ", "安卓微信", "苹果QQ", "苹果微信"]}
    ),
    "UID+服务器": _entered(
        uid={"title": "UID", "pattern": r"^[1-9]\d{8,9}$"},
        server={"title": "服务器", "enum": ["官服", "渠道服", "国际服"]},
    ),
}
"""What the catalogue calls an account → what a buyer must enter."""


async def load_catalog(perform: Performs) -> dict[str, ChannelView]:
    """Enter the demo into an empty database; answers the channels by code."""
    catalog: dict[str, Any] = json.loads((_FOLDER / "catalog.json").read_text("utf-8"))
    network: dict[str, Any] = json.loads((_FOLDER / "channels.json").read_text("utf-8"))
    root = next(one for one in network["channels"] if one["parent"] is None)
    headquarters = await perform(FoundHeadquarters(root["code"], root["name"]), SYSTEM)
    own = acting_for(headquarters)
    await _enter_categories(catalog, perform, own)
    # Most goods last: each term is checked for all goods on sale below, which is most of what a first start
    # would have to wait for. A test holds all terms against all goods.
    products = catalog["products"]
    first = {said["category"]: said for said in reversed(products)}
    firsts = [said for said in products if said is first[said["category"]]]
    await _enter_products(firsts, perform, own)
    channels = await _enter_channels(network, perform, headquarters)
    await _enter_products([said for said in products if said not in firsts], perform, own)
    for said in catalog["bundles"]:
        await perform(_bundle(said), own)
    return channels


def acting_for(channel: ChannelView) -> Caller:
    """Our own worker with every right of a channel."""
    return replace(SYSTEM, permissions=ALL, channel_id=channel.id, channel_path=channel.path)


async def _enter_categories(catalog: dict[str, Any], perform: Performs, caller: Caller) -> None:
    categories = [*catalog["categories"], {"slug": _BUNDLES, "name": "组合套餐", "name_en": "Bundles"}]
    for at, said in enumerate(categories):
        await perform(CreateCategory(said["slug"], said["name"], said["name_en"], at), caller)


async def _enter_products(products: Iterable[dict[str, Any]], perform: Performs, caller: Caller) -> None:
    for said in products:
        await perform(_product(said), caller)


def _product(said: dict[str, Any]) -> CreateProduct:
    account = said.get("account")
    return CreateProduct(
        slug=said["slug"],
        name=said["name"],
        kind=said["kind"],
        category=said["category"],
        brand=said["brand"],
        name_en=said.get("name_en", ""),
        account_template=None if account is None else ACCOUNT_TEMPLATES[account],
        variants=tuple(_variant(one) for one in said["variants"]),
    )


def _variant(said: dict[str, Any]) -> VariantDraft:
    weight = said.get("weight_grams")
    return VariantDraft(
        sku=said["sku"],
        name=said["name"],
        list_price=Money.parse(said["list_price"]),
        cost=Money.parse(said["cost"]),
        face=Money.parse(said["face_value"]) if "face_value" in said else None,
        valid_days=said.get("valid_days"),
        secret_pattern=SECRET_PATTERNS.get(said["sku"]),
        settings={} if weight is None else {"weight_grams": weight},
    )


def _bundle(said: dict[str, Any]) -> CreateProduct:
    return CreateProduct(
        slug=said["slug"],
        name=said["name"],
        name_en=said["name_en"],
        kind="BUNDLE",
        category=_BUNDLES,
        variants=(VariantDraft(said["slug"].upper(), said["name"], Money.parse(said["list_price"])),),
        components=tuple(ComponentDraft(one["sku"], one["quantity"]) for one in said["components"]),
    )


async def _enter_channels(
    network: dict[str, Any], perform: Performs, headquarters: ChannelView
) -> dict[str, ChannelView]:
    """Each channel with its parent's terms for it: for everything, and for the categories of thin margin."""
    found = {headquarters.code: headquarters}
    for said in network["channels"]:
        if said["parent"] is None:
            continue
        parent = acting_for(found[said["parent"]])
        command = CreateChannel(
            code=said["code"],
            name=said["name"],
            tier=ChannelTier(said["tier"]),
            parent=said["parent"],
            sells_as=SellsAs(said["sells_as"]) if "sells_as" in said else None,
            credit=Money.parse(said["credit"]),
            deposit=Money.parse(said["deposit"]),
        )
        found[said["code"]] = await perform(command, parent)
        # The thin margins first: without their own terms those for everything would be refused.
        for category, by_tier in network["category_terms"].items():
            await _enter_terms(said["code"], category, by_tier[said["tier"]], perform, parent)
        await _enter_terms(said["code"], None, said, perform, parent)
    return found


async def _enter_terms(
    channel: str, category: str | None, terms: dict[str, Any], perform: Performs, parent: Caller
) -> None:
    for kind, share in (
        (RuleKind.PURCHASE, terms["purchase_discount"]),
        (RuleKind.FLOOR, terms["floor"]),
    ):
        rule = SetPriceRule(
            kind, RuleMode.PERCENT, PriceBase.LIST, _percent(share), channel=channel, category=category
        )
        await perform(rule, parent)


def _percent(share: str) -> str:
    """`0.988` of something as percent: `98.80`."""
    whole, _, decimals = share.partition(".")
    digits = whole + decimals.ljust(4, "0")
    return f"{int(digits[:-2])}.{digits[-2:]}"
