"""What an order is given: what its quote has promised, or what promotions offer at this moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.orders.quote import coupon_problems
from domain.orders.refusals import CouponNotApplicable
from domain.promotions.claims import Claims
from domain.promotions.coupon_codes import folded
from domain.promotions.offering import Buyer, claims_of, occasion_of, offered, read_codes
from domain.promotions.promised import given_again

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.place import PlaceOrder
    from domain.orders.pricing import Priced
    from domain.orders.promises import Promise
    from domain.work import UnitOfWork

NOTHING = Claims()


async def with_promotions(
    priced: Priced, promise: Promise | None, command: PlaceOrder, caller: Caller, work: UnitOfWork
) -> tuple[Priced, Claims]:
    """The order's lines less their discounts, and what is claimed for them; raises what stands in the way."""
    phone = command.contact.phone if command.contact else None
    hmac = work.credentials.phone_hmac(phone) if phone and caller.customer_id is None else None
    buyer = Buyer(caller, caller.channel, hmac, command.device_id)
    lines = priced.for_promotions
    if promise is not None:
        _check_codes(promise, command.coupon_codes)
        if not promise.discounts:
            return priced, NOTHING
        promotions = await work.promotions.by_ids([one.promotion_id for one in promise.discounts])
        given = given_again(promise.discounts, lines, promotions, work.promotions.spread)
        occasion = occasion_of(buyer, work.promotions.here(caller.channel), work)
    else:
        found, asked = await offered(lines, read_codes(command.coupon_codes), buyer, work)
        problems = coupon_problems(command.coupon_codes, found)
        if problems:
            raise problems[0]
        if asked is None:
            return priced, NOTHING
        given, occasion = found, asked
    return priced.discounted(given), claims_of(given, lines, occasion, caller.customer_id)


def _check_codes(promise: Promise, codes: tuple[str, ...]) -> None:
    """Coupons are part of a promise; others than it was given for would be ignored, which is not done."""
    for index, code in enumerate(codes):
        if folded(code) not in promise.codes:
            raise CouponNotApplicable(code, f"couponCodes.{index}")
