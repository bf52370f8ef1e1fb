"""Prices for a basket: pure decisions over offers, each problem a refusal that placing would answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from domain.cards.refusals import StockExhausted
from domain.catalog.fulfilment import Asks, Delivery
from domain.catalog.kinds import kind_of
from domain.channels.offers import BELOW_FLOOR, NEEDS_REVIEW, Offer, Part
from domain.money import Money
from domain.orders import refusals
from domain.orders.basket import Basket, BasketLine
from domain.orders.views import QuoteLine
from domain.promotions.basket import Line
from domain.promotions.evaluate import Evaluation
from domain.refusals import NotFound, Refusal
from domain.supply.adapters import usable
from domain.supply.attempts import supplier_of

AccountCheck = Callable[[dict[str, Any], Any], str | None]
"""(JSON Schema, account) → what is wrong, or None."""

Place = tuple[UUID, UUID]
"""A variant in a pool."""

NOTHING_GIVEN = Evaluation(())

_OF_PROBLEM = {BELOW_FLOOR: refusals.BelowFloor, NEEDS_REVIEW: refusals.PriceNeedsReview}


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line that can be bought, with everything that it was priced by."""

    wanted: BasketLine
    offer: Offer
    unit_minor: int
    discount_minor: int = 0

    @property
    def total_minor(self) -> int:
        """The line's price after discounts."""
        return self.unit_minor * self.wanted.quantity - self.discount_minor

    @property
    def for_promotions(self) -> Line:
        """The line as promotions see it."""
        offer = self.offer
        return Line(
            offer.variant_id,
            offer.product_id,
            offer.category_id,
            offer.sku,
            self.wanted.quantity,
            self.unit_minor,
            offer.floor_minor,
        )

    def view(self) -> QuoteLine:
        """The line as a quote shows it."""
        return QuoteLine(
            sku=self.offer.sku,
            quantity=self.wanted.quantity,
            unit_price=Money(self.unit_minor, self.offer.currency),
            list_price=Money(self.offer.list_minor, self.offer.currency),
            discount=Money(self.discount_minor, self.offer.currency),
            total=Money(self.total_minor, self.offer.currency),
        )


@dataclass(slots=True)
class Priced:
    """The lines that have a price, and what stands in the way of ordering."""

    lines: list[PricedLine]
    problems: list[Refusal]
    given: Evaluation = NOTHING_GIVEN

    def discounted(self, given: Evaluation) -> Priced:
        """The same with what promotions have taken off each line."""
        if not given.minor:
            return Priced(self.lines, self.problems, given)
        lines = [
            replace(line, discount_minor=minor)
            for line, minor in zip(self.lines, given.discounts, strict=True)
        ]
        return Priced(lines, self.problems, given)

    @property
    def for_promotions(self) -> list[Line]:
        """The lines as promotions see them."""
        return [line.for_promotions for line in self.lines]

    @property
    def total_minor(self) -> int:
        """The sum of the lines."""
        return sum(line.total_minor for line in self.lines)

    @property
    def discount_minor(self) -> int:
        """What promotions take off."""
        return sum(line.discount_minor for line in self.lines)

    @property
    def currency(self) -> str:
        """The one currency of the lines."""
        return self.lines[0].offer.currency if self.lines else "CNY"


def price(
    basket: Basket,
    offers: Mapping[str, Offer],
    check: AccountCheck,
    promised: Mapping[str, int] | None = None,
) -> Priced:
    """Price every line, at the `promised` unit prices (minor units by SKU) where there are any."""
    lines: list[PricedLine] = []
    problems = list(basket.problems)
    for wanted in basket.lines:
        offer = offers.get(wanted.sku)
        unit_minor = None if promised is None else promised.get(wanted.sku)
        if offer is None:
            problems.append(NotFound(f"product with the SKU {wanted.sku}", f"{wanted.at}.sku"))
            continue
        if unit_minor is None or not offer.transfer_minor:
            unit_minor = asked_of(offer)
        refused = _unsold(offer, wanted.at) if unit_minor is None else None
        problems += [refused] if refused else []
        problems += _account_problems(wanted, offer, check)
        if unit_minor is not None:
            lines.append(PricedLine(wanted, offer, unit_minor))
    return Priced(lines, problems)


def asked_of(offer: Offer) -> int | None:
    """Today's unit price in minor units; None where it cannot be bought today."""
    return offer.retail_minor if offer.problem is None and offer.transfer_minor else None


def _unsold(offer: Offer, at: str) -> Refusal:
    return _OF_PROBLEM.get(offer.problem or "", refusals.NotSellable)(offer.sku, f"{at}.sku")


def _account_problems(wanted: BasketLine, offer: Offer, check: AccountCheck) -> list[Refusal]:
    at = f"{wanted.at}.account"
    for part in offer.components:
        account = account_for(part, offer, wanted.account)
        if account is None:
            if kind_of(part.kind).account is Asks.MUST:
                return [refusals.AccountMissing(offer.sku, at)]
        elif part.account_template is not None:
            reason = check(part.account_template, account)
            if reason is not None:
                return [refusals.AccountInvalid(offer.sku, at, reason)]
    return []


def account_for(part: Part, offer: Offer, account: Any) -> Any:
    """The account of one component: of a bundle, what is said under its SKU, or what is said for all."""
    if kind_of(part.kind).account is Asks.NEVER:
        return None
    if len(offer.components) > 1 and isinstance(account, dict) and part.sku in account:
        return account[part.sku]
    return account


def unsupplied(lines: Sequence[PricedLine], sandbox: bool) -> list[Refusal]:
    """What nobody would deliver: its supplier is not connected, or only pretends and this is no sandbox."""
    return [
        refusals.NotSellable(line.offer.sku, f"{line.wanted.at}.sku")
        for line in lines
        if any(
            kind_of(part.kind).delivery is Delivery.SUPPLIER
            and not usable(supplier_of(part.settings), sandbox)
            for part in line.offer.components
        )
    ]


def taken(lines: Sequence[PricedLine]) -> dict[Place, tuple[str, int]]:
    """What the lines take of stock and quotas: the place, its SKU and how many, over all lines."""
    found: dict[Place, tuple[str, int]] = {}
    for line in lines:
        for part in line.offer.components:
            if part.pool_id is not None:
                place = part.variant_id, part.pool_id
                before = found.get(place, (part.sku, 0))[1]
                found[place] = part.sku, before + part.quantity * line.wanted.quantity
    return found


def short_of_stock(lines: Sequence[PricedLine], left: Mapping[Place, int]) -> list[Refusal]:
    """What there is not enough of."""
    return [
        StockExhausted(sku, count, left[place])
        for place, (sku, count) in taken(lines).items()
        if place in left and count > left[place]
    ]
