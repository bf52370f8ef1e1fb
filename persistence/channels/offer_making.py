"""Offers put together from a price book and the stock behind it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from domain.channels.book import Item
from domain.channels.offers import Offer, Part
from persistence.channels.shelf import Glance
from persistence.channels.stock_view import Left


def make_offer(glance: Glance, item: Item, quantity: int, left: Mapping[UUID, Left]) -> Offer:
    """One SKU as the channel sells it at a quantity."""
    found = glance.price_of(item, quantity)
    goods = item.goods
    return Offer(
        variant_id=item.id,
        product_id=goods.product_id,
        category_id=goods.category_id,
        sku=goods.sku,
        name=item.name,
        product_name=item.product_name,
        kind=item.kind,
        currency=item.currency,
        list_minor=goods.list_minor,
        face_minor=goods.face_minor,
        cost_minor=item.cost_minor,
        retail_minor=found.retail_minor,
        floor_minor=found.floor_minor,
        transfer_minor=found.transfer_minor,
        path=tuple(place.channel_id for place in glance.book.path),
        rules=found.steps,
        problem=found.problem,
        account_template=item.account_template,
        valid_days=item.valid_days,
        components=_parts(glance, item, found.transfer_minor, found.parts, left),
        settings=item.settings,
    )


def _parts(
    glance: Glance,
    item: Item,
    own: tuple[int, ...],
    transfers: tuple[tuple[int, ...], ...],
    left: Mapping[UUID, Left],
) -> tuple[Part, ...]:
    if not item.goods.parts:
        return (_part(item, 1, own, left),)
    items = glance.book.catalogue.items
    return tuple(
        _part(items[part.variant_id], count, transfer, left)
        for (part, count), transfer in zip(item.goods.parts, transfers, strict=True)
    )


def _part(item: Item, quantity: int, transfer: tuple[int, ...], left: Mapping[UUID, Left]) -> Part:
    return Part(
        item.id,
        item.goods.sku,
        item.product_name,
        item.kind,
        quantity,
        item.goods.list_minor,
        item.cost_minor,
        transfer,
        left[item.id].pool_id,
        item.account_template,
        item.settings,
    )
