"""Quotes: what a basket would cost, and a promise of these prices for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from domain.access.permissions import ORDERS_PLACE
from domain.commands import Command, handles
from domain.money import Money
from domain.orders.basket import Basket, WantedLine
from domain.orders.explaining import adjustment_of, levels_of, margins, price_steps, promotion_steps
from domain.orders.pricing import Priced, price, short_of_stock, taken, unsupplied
from domain.orders.promises import Promise, PromisedPrice
from domain.orders.refusals import CouponNotApplicable
from domain.orders.views import Quote, QuoteProblem
from domain.promotions.coupon_codes import folded
from domain.promotions.evaluate import Evaluation
from domain.promotions.offering import Buyer, offered, read_codes
from domain.promotions.promised import promised
from domain.refusals import InvalidInput, NotFound

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
    channel: str | None = None
    """The code of another channel of the caller's subtree, whose quote is only looked at: it has no token."""
    group_of: UUID | None = None
    """The promotion of which a group would be opened."""
    group_id: UUID | None = None
    """The group that would be joined."""


@handles(AskQuote)
async def ask_quote(command: AskQuote, caller: Caller, work: UnitOfWork) -> Quote:
    """Every problem at once, so that a front end can show them all beside their fields."""
    book, seller = work.orders, await _seller(command, caller, work)
    basket = Basket.of(command.lines, book.terms)
    offers = await work.prices.offers(seller, basket.quantities) if basket.lines else {}
    priced = price(basket, offers, work.catalog.account_templates.problem)
    priced.problems += unsupplied(priced.lines, book.terms.sandbox)
    places = sorted(taken(priced.lines))
    if places:
        left = await book.stock_left(places, seller)
        priced.problems += short_of_stock(priced.lines, left)
    group_of = command.group_of
    if command.group_id is not None:
        group = await work.groups.find(command.group_id, seller)
        group_of = group.promotion_id if group else None
    priced = await _with_promotions(
        priced, command.coupon_codes, Buyer(caller, seller, group_of=group_of), work
    )
    expires_at = work.now + book.terms.quote_ttl
    token = (
        None
        if priced.problems or seller != caller.channel
        else _promise(priced, command, caller, expires_at).token(work.credentials.fingerprint)
    )
    return _view(priced, token, expires_at, caller)


async def _seller(command: AskQuote, caller: Caller, work: UnitOfWork) -> UUID:
    """Back offices may look at the quotes of the channels below them; raises NotFound for any other."""
    if command.channel is None:
        return caller.channel
    node = await work.tree.in_scope(caller, command.channel) if caller.is_back_office else None
    if node is None:
        raise NotFound("channel", "channel")
    return node.id


async def _with_promotions(priced: Priced, codes: Sequence[str], buyer: Buyer, work: UnitOfWork) -> Priced:
    """Prices less what is given; a basket without prices is shown the problem of its coupons all the same."""
    if not priced.lines:
        priced.problems += coupon_problems(codes, Evaluation(()))
        return priced
    try:
        given, _ = await offered(priced.for_promotions, read_codes(codes), buyer, work)
    except InvalidInput as problem:
        priced.problems.append(problem)
        return priced
    priced.problems += coupon_problems(codes, given)
    return priced.discounted(given)


def coupon_problems(codes: Sequence[str], given: Evaluation) -> list[Refusal]:
    """Codes that give nothing here: a code is never silently ignored."""
    unused = given.unused([folded(code) for code in codes])
    return [
        CouponNotApplicable(code, f"couponCodes.{index}")
        for index, code in enumerate(codes)
        if folded(code) in unused
    ]


def _promise(priced: Priced, command: AskQuote, caller: Caller, expires_at: datetime) -> Promise:
    prices: dict[str, PromisedPrice] = {}
    for line in priced.lines:
        before = prices[line.offer.sku].quantity if line.offer.sku in prices else 0
        quantity = before + line.wanted.quantity
        prices[line.offer.sku] = PromisedPrice(quantity, line.unit_minor, line.offer.currency)
    discounts = promised(priced.given, priced.for_promotions)
    codes = tuple(map(folded, command.coupon_codes))
    return Promise(caller.channel, caller.customer_id, expires_at, prices, tuple(discounts), codes)


def _view(priced: Priced, token: str | None, expires_at: datetime, caller: Caller) -> Quote:
    total = Money(priced.total_minor, priced.currency)
    discount = Money(priced.discount_minor, priced.currency)
    levels = levels_of(caller, priced.lines[0].offer.path) if priced.lines else ()
    return Quote(
        token=token,
        expires_at=expires_at,
        lines=[replace(line.view(), price_trace=price_steps(line, caller, levels)) for line in priced.lines],
        subtotal=total + discount,
        discount=discount,
        total=total,
        adjustments=[adjustment_of(one, priced.currency, levels) for one in priced.given.adjustments],
        problems=[QuoteProblem.of(problem) for problem in priced.problems],
        promotion_trace=promotion_steps(priced, levels) if levels else [],
        margins=margins(priced, levels),
    )
