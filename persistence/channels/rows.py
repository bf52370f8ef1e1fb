"""Rows of the tree and of its prices, as the domain knows them."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from asyncpg import Record as Row

from domain.channels.book import Item, Selection
from domain.channels.rules import FloorAction, Goods, PriceBase, PriceRule, RuleKind, RuleMode
from domain.channels.tree import ChannelNode, ChannelStatus, ChannelTier, SellsAs


def node_of(row: Row) -> ChannelNode:
    """A channel."""
    return ChannelNode(
        row["id"],
        row["code"],
        row["name"],
        ChannelTier(row["tier"]),
        row["parent_id"],
        tuple(row["path"]),
        ChannelStatus(row["status"]),
        SellsAs(row["sells_as"]) if row["sells_as"] else None,
        row["territory"],
        row["settings"],
    )


def rule_of(row: Row) -> PriceRule:
    """A price rule or floor."""
    return PriceRule(
        id=row["id"],
        setter_id=row["setter_id"],
        kind=RuleKind(row["kind"]),
        mode=RuleMode(row["mode"]),
        base=PriceBase(row["base"]),
        value=row["value"],
        target_channel_id=row["target_channel_id"],
        target_tier=row["target_tier"],
        variant_id=row["variant_id"],
        product_id=row["product_id"],
        category_id=row["category_id"],
        action=FloorAction(row["action"]) if row["action"] else None,
        min_quantity=row["min_quantity"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        version=row["version"],
        changed_at=row["changed_at"],
    )


def selection_of(row: Row) -> Selection:
    """What a channel has selected."""
    return Selection(
        row["setter_id"],
        row["channel_id"],
        row["visible"],
        row["variant_id"],
        row["product_id"],
        row["category_id"],
    )


def items_of(variants: Iterable[Row], components: Iterable[Row]) -> list[Item]:
    """Variants with their goods; those of bundles hold their components'."""
    rows = list(variants)
    plain = {row["id"]: _goods(row) for row in rows}
    of_bundle: dict[UUID, list[tuple[Goods, int]]] = {}
    for row in components:
        of_bundle.setdefault(row["bundle_id"], []).append((plain[row["variant_id"]], row["quantity"]))
    return [_item(row, _goods(row, tuple(of_bundle.get(row["product_id"], ())))) for row in rows]


def _goods(row: Row, parts: tuple[tuple[Goods, int], ...] = ()) -> Goods:
    return Goods(
        row["id"],
        row["product_id"],
        row["category_id"],
        row["sku"],
        row["list_minor"],
        row["cost_minor"],
        row["face_minor"],
        parts,
    )


def _item(row: Row, goods: Goods) -> Item:
    return Item(
        goods,
        row["name"],
        row["product_name"],
        row["kind"],
        row["currency"],
        row["on_sale"],
        row["valid_days"],
        row["account_template"],
        row["settings"],
        row["product_slug"],
    )
