"""Variants with their prices, as one channel is shown them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.access.permissions import COST_READ
from domain.catalog.views import VariantView
from domain.channels.offers import BELOW_FLOOR
from domain.channels.views import PriceRuleView, PriceStepView
from domain.money import Money

if TYPE_CHECKING:
    from uuid import UUID

    from domain.access.callers import Caller
    from domain.channels.book import Item
    from persistence.channels.shelf import Glance


def variant_of(item: Item, glance: Glance) -> VariantView:
    """A variant priced for one piece in the channel of a glance; the same object while the prices hold.

    What the channel hides has no price there, though an order or a bundle may name it.
    """
    prices = glance.prices
    found: VariantView | None = prices.shown.get(item.id)
    return prices.keep(_made(item, glance)) if found is None else found


def on_sale_of(product_id: UUID, glance: Glance) -> list[VariantView]:
    """The variants of a product that the channel shows to everybody."""
    prices = glance.prices
    found: list[VariantView] | None = prices.on_sale.get(product_id)
    if found is None:
        found = [variant_of(item, glance) for item in glance.book.on_sale(product_id)]
        prices.on_sale[product_id] = found
    return found


def _made(item: Item, glance: Glance) -> VariantView:
    found, goods, currency = glance.price_of(item), item.goods, item.currency
    hidden = is_hidden(item, glance)
    price = None if hidden else found.retail_minor
    margin = None if price is None else price - _paid(item, found.transfer_minor)
    return VariantView(
        id=item.id,
        product_id=goods.product_id,
        sku=goods.sku,
        name=item.name,
        list_price=Money(goods.list_minor, currency),
        face=None if goods.face_minor is None else Money(goods.face_minor, currency),
        price=None if price is None else Money(price, currency),
        floor_price=Money(found.floor_minor, currency) if found.floor_minor and not hidden else None,
        margin=None if margin is None else Money(margin, currency),
        cost=None if item.cost_minor is None else Money(item.cost_minor, currency),
        valid_days=item.valid_days,
        published=item.on_sale,
        settings=item.settings,
        sells=price is not None and found.problem != BELOW_FLOOR,
        glance=glance,
    )


def is_hidden(item: Item, glance: Glance) -> bool:
    """Whether a selection on the path keeps something from the channel that is on sale elsewhere."""
    return item.on_sale and not glance.book.shows(item.id)


def _paid(item: Item, transfers: tuple[int, ...]) -> int:
    """What the channel pays for a piece; headquarters what the suppliers really charge, also for a bundle."""
    at_root = len(transfers) == 1 and item.cost_minor is not None
    return item.cost_minor or 0 if at_root else transfers[-1]


def purchase_price(item: Item, glance: Glance, caller: Caller) -> Money | None:
    """T[n]; at the root it is the supplier's price, for those who may read that."""
    transfers = glance.price_of(item).transfer_minor
    if not transfers or (len(transfers) == 1 and not caller.may(COST_READ)):
        return None
    return Money(transfers[-1], item.currency)


def trace(item: Item, glance: Glance, caller: Caller) -> list[PriceStepView]:
    """The steps from the caller's channel down; what was decided above it only by the rules' names."""
    path = [place.channel_id for place in glance.book.path]
    known = set(path[path.index(caller.channel) :])
    steps = []
    for step in glance.price_of(item).steps:
        if step.channel_id not in known or (step.kind == "COST" and not caller.may(COST_READ)):
            continue
        rule = None
        if step.rule_id is not None and step.version is not None:
            rule = _rule(step.rule_id, step.version, step.kind, glance, known)
        steps.append(PriceStepView(step.channel_id, step.kind, Money(step.amount_minor, item.currency), rule))
    return steps


def _rule(rule_id: UUID, version: int, kind: str, glance: Glance, known: set[UUID]) -> PriceRuleView:
    rule = glance.book.rules[rule_id]
    return PriceRuleView.of(rule) if rule.setter_id in known else PriceRuleView(rule_id, version, kind)
