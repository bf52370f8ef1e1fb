"""What an order is given: what its quote has promised, or what promotions offer at this moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from domain.orders.quote import coupon_problems
from domain.orders.refusals import CouponNotApplicable
from domain.promotions.claims import Claims
from domain.promotions.coupon_codes import folded
from domain.promotions.groups import GroupPriceNotGiven, SeatWanted
from domain.promotions.kinds.group_buy import GroupBuy
from domain.promotions.offering import Buyer, claims_of, occasion_of, offered, read_codes
from domain.promotions.promised import given_again
from domain.refusals import NotFound

if TYPE_CHECKING:
    from uuid import UUID

    from domain.access.callers import Caller
    from domain.orders.place import PlaceOrder
    from domain.orders.pricing import Priced
    from domain.orders.promises import Promise
    from domain.promotions.evaluate import Evaluation
    from domain.work import UnitOfWork

NOTHING = Claims()


async def with_promotions(
    priced: Priced, promise: Promise | None, command: PlaceOrder, caller: Caller, work: UnitOfWork
) -> tuple[Priced, Claims]:
    """The order's lines less their discounts, and what is claimed for them; raises what stands in the way."""
    if not _asks_for_any(promise, command, caller, work):
        return priced, NOTHING
    phone = command.contact.phone if command.contact else None
    hmac = work.credentials.phone_hmac(phone) if phone and caller.customer_id is None else None
    group_of = await _group_of(command, caller, work)
    buyer = Buyer(caller, caller.channel, hmac, command.device_id, group_of)
    lines = priced.for_promotions
    if promise is not None:
        _check_codes(promise, command.coupon_codes)
        if not promise.discounts and group_of is None:
            return priced, NOTHING
        promotions = await work.promotions.by_ids([one.promotion_id for one in promise.discounts])
        given = given_again(promise.discounts, lines, promotions, work.promotions.spread)
        occasion = occasion_of(buyer, work.promotions.here(caller.channel), work)
    else:
        found, asked = await offered(lines, read_codes(command.coupon_codes), buyer, work)
        problems = coupon_problems(command.coupon_codes, found)
        if problems:
            raise problems[0]
        if asked is None and group_of is None:
            return priced, NOTHING
        given = found
        occasion = asked or occasion_of(buyer, work.promotions.here(caller.channel), work)
    claims = claims_of(given, lines, occasion, caller.customer_id)
    return priced.discounted(given), replace(claims, seat=_seat(given, command, group_of, caller, work))


def _asks_for_any(promise: Promise | None, command: PlaceOrder, caller: Caller, work: UnitOfWork) -> bool:
    """Whether there is anything to work out: for most orders there is not."""
    if command.coupon_codes or command.group_of or command.group_id:
        return True
    return bool(promise.discounts if promise else work.promotions.here(caller.channel).promotions)


async def _group_of(command: PlaceOrder, caller: Caller, work: UnitOfWork) -> UUID | None:
    """The promotion of the group that the order opens or joins; raises NotFound."""
    if command.group_id is None:
        return command.group_of
    group = await work.groups.find(command.group_id, caller.channel)
    if group is None:
        raise NotFound("group", "groupBuy")
    return group.promotion_id


def _seat(
    given: Evaluation, command: PlaceOrder, group_of: UUID | None, caller: Caller, work: UnitOfWork
) -> SeatWanted | None:
    """The seat that goes with the group's price; neither is had without the other."""
    offers = [one.promotion for one in given.adjustments if one.promotion.kind.by_seat]
    if group_of is None and not offers:
        return None
    if caller.customer_id is None:
        raise GroupPriceNotGiven("sign in first: a seat is somebody's.")
    promotion = next((one for one in offers if one.id == group_of), None)
    if promotion is None:
        raise GroupPriceNotGiven("name the group, and buy what it is about.")
    kind = promotion.kind
    if not isinstance(kind, GroupBuy):
        raise TypeError("Only a group buy is given by seat.")
    until = work.now + timedelta(minutes=kind.open_minutes)
    return SeatWanted(promotion.id, command.group_id, caller.customer_id, caller.channel, kind.seats, until)


def _check_codes(promise: Promise, codes: tuple[str, ...]) -> None:
    """Coupons are part of a promise; others than it was given for would be ignored, which is not done."""
    for index, code in enumerate(codes):
        if folded(code) not in promise.codes:
            raise CouponNotApplicable(code, f"couponCodes.{index}")
