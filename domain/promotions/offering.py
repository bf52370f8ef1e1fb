"""What a basket is given: reads what its promotions ask about, and no more; then the engine decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from domain.promotions import coupon_codes
from domain.promotions.basket import Line
from domain.promotions.claims import Claims, claim_of
from domain.promotions.evaluate import MOST_COUPONS, Evaluation, evaluate
from domain.promotions.limits import usage_of
from domain.promotions.scope import Occasion
from domain.refusals import InvalidInput

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.promotions.ports import Market
    from domain.promotions.promotion import Promotion
    from domain.work import UnitOfWork


def name_of_customer(customer_id: UUID) -> str:
    """Under which name a customer is counted."""
    return customer_id.hex


def name_of_phone(phone_hmac: str) -> str:
    """Under which name a guest with this phone is counted."""
    return f"phone:{phone_hmac}"


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who buys, as far as it is known."""

    caller: Caller
    seller: UUID
    """The channel in which is bought."""
    phone_hmac: str | None = None
    device_id: str | None = None
    group_of: UUID | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Under which names what is limited for each customer is counted; the limit holds for each of them.

        Guests are known by phone and by device, so that neither another phone nor another device makes them
        somebody else. Whoever is not known at all counts as one buyer for the whole channel.
        """
        if self.caller.customer_id is not None:
            return (name_of_customer(self.caller.customer_id),)
        phone = (name_of_phone(self.phone_hmac),) if self.phone_hmac else ()
        device = (f"device:{self._device}",) if self._device else ()
        return phone + device or (f"anyone:{self.seller.hex}",)

    @property
    def device(self) -> str:
        """The device, or the network address where it is not said."""
        return self._device or f"address:{self.caller.address}"

    @property
    def _device(self) -> str | None:
        return self.device_id or self.caller.device_id


def occasion_of(buyer: Buyer, market: Market, work: UnitOfWork) -> Occasion:
    """The sale as far as it is known without asking anybody."""
    return Occasion(
        now=work.now.astimezone(work.promotions.zone),
        path=tuple(place.channel_id for place in market.path),
        tier=market.path[-1].tier,
        codes=tuple(place.code for place in market.path),
        buyers=buyer.names,
        device=buyer.device,
        customer_id=buyer.caller.customer_id,
        group_of=buyer.group_of,
    )


def read_codes(codes: Sequence[str]) -> list[str]:
    """The codes as they are compared, each once; raises InvalidInput where there are too many."""
    if len(codes) > MOST_COUPONS:
        raise InvalidInput(f"An order takes up to {MOST_COUPONS} coupons.", "couponCodes")
    return list(dict.fromkeys(coupon_codes.folded(code) for code in codes if coupon_codes.is_code(code)))


async def offered(
    lines: Sequence[Line], codes: Sequence[str], buyer: Buyer, work: UnitOfWork
) -> tuple[Evaluation, Occasion | None]:
    """What promotions make of lines; the occasion is None where nobody offers anything.

    Where no promotion is live on the path this costs nothing but a look into memory.
    """
    market = work.promotions.here(buyer.seller)
    if not market.promotions or not lines:
        return Evaluation((0,) * len(lines)), None
    occasion = await _informed(occasion_of(buyer, market, work), codes, market.promotions, work)
    return evaluate(lines, occasion, market.promotions, work.promotions.spread), occasion


async def _informed(
    occasion: Occasion, codes: Sequence[str], promotions: Sequence[Promotion], work: UnitOfWork
) -> Occasion:
    """The occasion with what the promotions ask about: coupons, segments, a first order, what is used up."""
    customer_id = occasion.customer_id
    if codes:
        occasion = replace(occasion, coupons=tuple(await work.coupons.shown(codes, customer_id)))
    if customer_id is not None and any(one.scope.segments for one in promotions):
        occasion = replace(occasion, segments=await work.promotions.segments_of(customer_id))
    if customer_id is not None and any(one.scope.first_order for one in promotions):
        occasion = replace(occasion, first_order=not await work.promotions.has_bought(customer_id))
    shown = {coupon.promotion_id for coupon in occasion.coupons}
    limited = {
        one.id: meters
        for one in promotions
        if (one.id in shown or not one.kind.by_code) and one.is_for(occasion)
        if (meters := one.meters(occasion))
    }
    if not limited:
        return occasion
    asked = {one: [meter.subject for meter in meters] for one, meters in limited.items()}
    used = await work.promotions.used(asked)
    return replace(occasion, left={one: usage_of(meters, used[one]) for one, meters in limited.items()})


def claims_of(
    evaluation: Evaluation, lines: Sequence[Line], occasion: Occasion, customer_id: UUID | None
) -> Claims:
    """What an order takes of what it was given."""
    return Claims(tuple(claim_of(one, lines, occasion) for one in evaluation.adjustments), customer_id)
