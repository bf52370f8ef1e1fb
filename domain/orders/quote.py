"""Quotes: what a basket would cost, and a promise of these prices for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from domain.access.permissions import ORDERS_PLACE
from domain.commands import Command, handles
from domain.money import Money
from domain.orders.basket import Basket, WantedLine
from domain.orders.pricing import Priced, price, short_of_stock, taken, unsupplied
from domain.orders.promises import Promise, PromisedPrice
from domain.orders.refusals import CouponNotApplicable
from domain.orders.views import Quote, QuoteProblem

if TYPE_CHECKING:
    from datetime import datetime

    from domain.access.callers import Caller
    from domain.refusals import Refusal
    from domain.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class AskQuote(Command):
    """Price these lines for the caller's channel; changes nothing."""

    requires: ClassVar[str | None] = ORDERS_PLACE

    lines: tuple[WantedLine, ...]
    coupon_codes: tuple[str, ...] = ()


@handles(AskQuote)
async def ask_quote(command: AskQuote, caller: Caller, work: UnitOfWork) -> Quote:
    """Every problem at once, so that a front end can show them all beside their fields."""
    book = work.orders
    basket = Basket.of(command.lines, book.terms)
    offers = await work.prices.offers(caller.channel, basket.quantities) if basket.lines else {}
    priced = price(basket, offers, work.catalog.account_templates.problem)
    priced.problems += unsupplied(priced.lines, book.terms.sandbox)
    places = sorted(taken(priced.lines))
    if places:
        left = await book.stock_left(places, caller.channel)
        priced.problems += short_of_stock(priced.lines, left)
    priced.problems += coupon_problems(command.coupon_codes)
    expires_at = work.now + book.terms.quote_ttl
    token = (
        None if priced.problems else _promise(priced, caller, expires_at).token(work.credentials.fingerprint)
    )
    return _view(priced, token, expires_at)


def coupon_problems(codes: Sequence[str]) -> list[Refusal]:
    """No promotion exists yet to which a coupon could belong; a code is never silently ignored."""
    return [CouponNotApplicable(code, f"couponCodes.{index}") for index, code in enumerate(codes)]


def _promise(priced: Priced, caller: Caller, expires_at: datetime) -> Promise:
    prices: dict[str, PromisedPrice] = {}
    for line in priced.lines:
        before = prices[line.offer.sku].quantity if line.offer.sku in prices else 0
        quantity = before + line.wanted.quantity
        prices[line.offer.sku] = PromisedPrice(quantity, line.unit_minor, line.offer.currency)
    return Promise(caller.channel, caller.customer_id, expires_at, prices)


def _view(priced: Priced, token: str | None, expires_at: datetime) -> Quote:
    total = Money(priced.total_minor, priced.currency)
    return Quote(
        token=token,
        expires_at=expires_at,
        lines=[line.view() for line in priced.lines],
        subtotal=total,
        discount=total.zero(),
        total=total,
        adjustments=[],
        problems=[QuoteProblem.of(problem) for problem in priced.problems],
    )
