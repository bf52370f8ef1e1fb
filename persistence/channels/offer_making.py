"""Offers put together from a price book and the stock behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING
from uuid import UUID

from domain.channels.book import Item
from domain.channels.offers import Offer, Part
from persistence.channels.shelf import Glance
from persistence.channels.stock_view import Place, quotas_among

if TYPE_CHECKING:
    from persistence.statements import Connection

Pools = Mapping[UUID, UUID]
"""The channel whose stock each variant is taken from."""


async def offers_of(
    connection: Connection, wanted: Sequence[tuple[Glance, Mapping[str, int]]]
) -> list[dict[str, Offer]]:
    """What channels sell of SKUs at quantities: one statement for all of them."""
    shown = [_shown(glance, skus) for glance, skus in wanted]
    places = {
        (variant, place.channel_id): None
        for (glance, _), items in zip(wanted, shown, strict=True)
        for variant in _variants(items.values())
        for place in glance.book.path
    }
    held = await quotas_among(connection, list(places))
    return [
        _offers(glance, skus, items, _pools(glance, items, held))
        for (glance, skus), items in zip(wanted, shown, strict=True)
    ]


def _shown(glance: Glance, skus: Iterable[str]) -> dict[str, Item]:
    book = glance.book
    found = {sku: book.catalogue.by_sku[sku] for sku in skus if sku in book.catalogue.by_sku}
    return {sku: item for sku, item in found.items() if book.shows(item.id)}


def _variants(items: Iterable[Item]) -> Iterator[UUID]:
    """Of the items and of their components."""
    for item in items:
        yield item.id
        yield from (part.variant_id for part, _ in item.goods.parts)


def _pools(glance: Glance, items: Mapping[str, Item], held: Set[Place]) -> dict[UUID, UUID]:
    """The last on the path that was given something of a variant; headquarters where nobody was."""
    path = [place.channel_id for place in glance.book.path]
    return {
        variant: next((holder for holder in reversed(path) if (variant, holder) in held), path[0])
        for variant in _variants(items.values())
    }


def _offers(
    glance: Glance, skus: Mapping[str, int], items: Mapping[str, Item], pools: Pools
) -> dict[str, Offer]:
    return {sku: _offer(glance, item, skus[sku], pools) for sku, item in items.items()}


def _offer(glance: Glance, item: Item, quantity: int, pools: Pools) -> Offer:
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
        components=_parts(glance, item, found.transfer_minor, found.parts, pools),
        settings=item.settings,
    )


def _parts(
    glance: Glance,
    item: Item,
    own: tuple[int, ...],
    transfers: tuple[tuple[int, ...], ...],
    pools: Pools,
) -> tuple[Part, ...]:
    if not item.goods.parts:
        return (_part(item, 1, own, pools),)
    items = glance.book.catalogue.items
    return tuple(
        _part(items[part.variant_id], count, transfer, pools)
        for (part, count), transfer in zip(item.goods.parts, transfers, strict=True)
    )


def _part(item: Item, quantity: int, transfer: tuple[int, ...], pools: Pools) -> Part:
    return Part(
        item.id,
        item.goods.sku,
        item.product_name,
        item.kind,
        quantity,
        item.goods.list_minor,
        item.cost_minor,
        transfer,
        pools[item.id],
        item.account_template,
        item.settings,
    )
