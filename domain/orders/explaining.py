"""Why a quote says what it says, to back offices: each sees its own channel's part and what lies below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from domain.access.permissions import COST_READ
from domain.channels.views import PriceRuleView, PriceStepView
from domain.money import Money
from domain.orders.views import Adjustment, LevelMargin, PromotionStep
from domain.promotions.applying import Outcome

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.channels.offers import Offer
    from domain.orders.pricing import Priced, PricedLine
    from domain.promotions.evaluate import Adjustment as Given


def levels_of(caller: Caller, path: Sequence[UUID]) -> tuple[UUID, ...]:
    """The channels of a path that the caller knows: its own and those below; none for buyers."""
    if not caller.is_back_office or caller.channel not in path:
        return ()
    return tuple(path[path.index(caller.channel) :])


def adjustment_of(given: Given, currency: str, levels: Sequence[UUID]) -> Adjustment:
    """A promotion's effect: negative, for it is taken off; of those who pay only who is known."""
    return Adjustment(
        given.coupon or given.promotion.code,
        given.promotion.name,
        Money(-given.minor, currency),
        given.promotion.id,
        given.phase,
        tuple(
            LevelMargin(funder, Money(minor, currency))
            for funder, minor in given.funders.items()
            if funder in levels
        ),
    )


def promotion_steps(priced: Priced, levels: Sequence[UUID]) -> list[PromotionStep]:
    """What became of every promotion that was looked at.

    One of a channel above that is not for this sale is nobody's business here: it may be for a sibling.
    """
    return [
        PromotionStep(
            step.promotion.id,
            step.promotion.name,
            step.promotion.phase,
            step.coupon,
            step.outcome,
            Money(-step.minor, priced.currency),
        )
        for step in priced.given.trace
        if step.outcome is not Outcome.OUT_OF_SCOPE or step.promotion.owner_id in levels
    ]


def price_steps(line: PricedLine, caller: Caller, levels: Sequence[UUID]) -> list[PriceStepView]:
    """How a unit price came about; rules of channels above are named and not told."""
    return [
        PriceStepView(
            step.channel_id,
            step.kind,
            Money(step.amount_minor, line.offer.currency),
            PriceRuleView(step.rule_id, step.version, step.kind)
            if step.rule_id is not None and step.version is not None
            else None,
        )
        for step in line.offer.rules
        if step.channel_id in levels and (step.kind != "COST" or caller.may(COST_READ))
    ]


def margins(priced: Priced, levels: Sequence[UUID]) -> list[LevelMargin]:
    """What each channel would earn, less what it pays of the discounts."""
    shares = priced.given.shares
    return [
        LevelMargin(
            channel,
            Money(
                sum(_earned(line, channel) for line in priced.lines) - shares.get(channel, 0), priced.currency
            ),
        )
        for channel in levels
    ]


def _earned(line: PricedLine, channel: UUID) -> int:
    """A seller keeps what the goods cost less its own price; a channel above, what its child pays."""
    offer: Offer = line.offer
    at = offer.path.index(channel)
    pays = offer.transfer_minor[at]
    if at == 0 and offer.cost_minor is not None:
        pays = offer.cost_minor
    gets = line.unit_minor if at + 1 == len(offer.path) else offer.transfer_minor[at + 1]
    return (gets - pays) * line.wanted.quantity
