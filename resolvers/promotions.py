"""Verbs of promotions and coupons, and the fields of theirs that are fetched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from domain.access.permissions import COUPONS_HOLD, PROMOTIONS_FUND, PROMOTIONS_READ, PROMOTIONS_WRITE
from domain.money import Money
from domain.paging import PageRequest
from domain.promotions import refusals
from domain.promotions.answer_funding import AnswerFunding, StopPromotion
from domain.promotions.coupon_batches import ClaimCoupon, ExportCoupons, MakeCoupons
from domain.promotions.create_promotion import CreatePromotion
from domain.promotions.limits import NO_LIMITS
from domain.promotions.scoping import WantedScope
from domain.promotions.segments import SetCustomerSegments
from domain.promotions.views import PromotionStatus, PromotionView
from domain.refusals import InvalidInput, TooManyAttempts
from schema import ids
from schema import promotions as nouns
from schema.access import Customer
from schema.context import Context
from schema.levels import level
from schema.nouns import shown
from schema.paging import After, Before, Connection, First, Last
from schema.promotions import Coupon, CouponBatch, CouponExport, Promotion
from schema.verbs import mutation, query

Which = Annotated[
    PromotionStatus | None, strawberry.argument(description="Only those that stand there; all if left out.")
]


@query(requires=PROMOTIONS_READ)
async def promotions(
    context: Context,
    status: Which = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Connection[Promotion] | None:
    """What your channel and those below it offer, and what your channel is to pay for; the newest first."""
    request = PageRequest.of(first, after, last, before, "promotions")
    wanted = None if status is None else status.value
    return shown(Connection[Promotion], await context.reads.promotions.page(context.caller, wanted, request))


@query(requires=COUPONS_HOLD)
async def coupons(
    context: Context,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Connection[Coupon] | None:
    """Your coupons, the newest first."""
    request = PageRequest.of(first, after, last, before, "coupons")
    return shown(Connection[Coupon], await context.reads.promotions.wallet(context.caller, request))


@mutation(requires=PROMOTIONS_WRITE, fails_with=(refusals.FundingIncomplete,))
async def create_promotion(context: Context, input: nouns.CreatePromotionInput) -> Promotion:
    """Offer something in your channel and all below it; live once everybody who pays has accepted."""
    if not isinstance(input.settings, dict):
        raise InvalidInput("The settings are an object.", "settings")
    command = CreatePromotion(
        input.idempotency_key,
        name=input.name,
        kind=str(getattr(input.kind, "value", input.kind)),
        settings=input.settings,
        scope=WantedScope() if input.scope is None else input.scope.wanted(),
        funding=tuple((one.channel, one.share_bp) for one in input.funding),
        priority=input.priority,
        exclusive=input.exclusive,
        stack_group=input.stack_group,
        starts_at=input.starts_at,
        ends_at=input.ends_at,
        limits=NO_LIMITS if input.limits is None else input.limits.wanted(),
    )
    return shown(Promotion, await context.perform(command))


@mutation(
    requires=PROMOTIONS_WRITE, fails_with=(refusals.PromotionElsewhere, refusals.PromotionNotChangeable)
)
async def stop_promotion(context: Context, input: nouns.StopPromotionInput) -> Promotion:
    """Stop a promotion of your channel or below it; quotes that were given with it still hold."""
    promotion_id = ids.required("prm", input.promotion_id, "promotion", "promotionId")
    return shown(Promotion, await context.perform(StopPromotion(promotion_id)))


@mutation(requires=PROMOTIONS_FUND, fails_with=(refusals.NotAFunder, refusals.PromotionNotChangeable))
async def answer_funding(context: Context, input: nouns.AnswerFundingInput) -> Promotion:
    """Say whether your channel pays its share of a promotion."""
    promotion_id = ids.required("prm", input.promotion_id, "promotion", "promotionId")
    return shown(Promotion, await context.perform(AnswerFunding(promotion_id, input.accept)))


@mutation(
    requires=PROMOTIONS_WRITE,
    fails_with=(refusals.PromotionElsewhere, refusals.PromotionNotChangeable, refusals.CouponsGuessable),
)
async def make_coupons(context: Context, input: nouns.MakeCouponsInput) -> CouponBatch:
    """Make codes of a promotion that is given by code."""
    command = MakeCoupons(
        input.idempotency_key,
        ids.required("prm", input.promotion_id, "promotion", "promotionId"),
        input.quantity,
        input.length,
        input.alphabet,
        input.prefix,
        input.uses,
        input.valid_from,
        input.valid_until,
    )
    return shown(CouponBatch, await context.perform(command))


@mutation(requires=PROMOTIONS_WRITE, fails_with=(refusals.PromotionElsewhere, refusals.CouponsExported))
async def export_coupons(context: Context, input: nouns.ExportCouponsInput) -> CouponExport:
    """Hand out the codes of a batch, once: they are not to be read anywhere afterwards."""
    batch_id = ids.required("cbt", input.batch_id, "batch of coupons", "batchId")
    return shown(CouponExport, await context.perform(ExportCoupons(batch_id)))


@mutation(requires=PROMOTIONS_WRITE)
async def set_customer_segments(context: Context, input: nouns.SetCustomerSegmentsInput) -> Customer:
    """Say to which segments a customer belongs: promotions can be for some of them only."""
    customer_id = ids.required("cus", input.customer_id, "customer", "customerId")
    return shown(Customer, await context.perform(SetCustomerSegments(customer_id, tuple(input.segments))))


@mutation(requires=COUPONS_HOLD, fails_with=(refusals.CouponNotClaimable, TooManyAttempts))
async def claim_coupon(context: Context, input: nouns.ClaimCouponInput) -> Coupon:
    """Put a coupon into your wallet; nobody else can use it then."""
    return shown(Coupon, await context.perform(ClaimCoupon(input.code)))


def _ids(promotions: Sequence[PromotionView]) -> list[Any]:
    return [promotion.id for promotion in promotions]


@level(Promotion)
async def funders(promotions: Sequence[PromotionView], context: Context) -> list[list[Any]]:
    """Who pays."""
    found = await context.reads.promotions.funders_of(context.caller, _ids(promotions))
    return [list(found.get(promotion.id, [])) for promotion in promotions]


@level(Promotion)
async def cost(promotions: Sequence[PromotionView], context: Context) -> list[Money]:
    """What it has cost so far."""
    found = await context.reads.promotions.costs_of(_ids(promotions))
    return [
        found[promotion.id].cost if promotion.id in found else Money(0, promotion.currency)
        for promotion in promotions
    ]


@level(Promotion)
async def given(promotions: Sequence[PromotionView], context: Context) -> list[int]:
    """To how many orders."""
    found = await context.reads.promotions.costs_of(_ids(promotions))
    return [found[promotion.id].orders if promotion.id in found else 0 for promotion in promotions]


@level(Promotion)
async def batches(promotions: Sequence[PromotionView], context: Context) -> list[list[Any]]:
    """Its batches of codes."""
    found = await context.reads.promotions.batches_of(_ids(promotions))
    return [list(found.get(promotion.id, [])) for promotion in promotions]
