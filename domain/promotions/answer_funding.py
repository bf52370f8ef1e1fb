"""Those who are to pay for a promotion agree, or do not; it goes live with the last who agrees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from domain.access.permissions import PROMOTIONS_FUND, PROMOTIONS_WRITE
from domain.commands import Command, handles
from domain.promotions.create_promotion import tell
from domain.promotions.refusals import NotAFunder, PromotionElsewhere, PromotionNotChangeable
from domain.promotions.views import FundingAnswer, PromotionStatus
from domain.refusals import NotFound

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.promotions.views import FunderView, PromotionView
    from domain.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class AnswerFunding(Command):
    """Agree to pay the caller's channel's share of a promotion, or refuse to."""

    requires: ClassVar[str | None] = PROMOTIONS_FUND

    promotion_id: UUID
    accept: bool


@dataclass(frozen=True, slots=True)
class StopPromotion(Command):
    """Stop a promotion of the caller's channel, or one below it; what was quoted with it still holds."""

    requires: ClassVar[str | None] = PROMOTIONS_WRITE

    promotion_id: UUID


@handles(AnswerFunding)
async def answer_funding(command: AnswerFunding, caller: Caller, work: UnitOfWork) -> PromotionView:
    """One refusal is enough to end it; the same answer again changes nothing."""
    await work.prices.begin_change()
    promotion, funders = await seen(command.promotion_id, caller, work)
    mine = funders.get(caller.channel)
    if mine is None:
        raise NotAFunder()
    answer = FundingAnswer.ACCEPTED if command.accept else FundingAnswer.REFUSED
    if mine.answer is answer:
        return promotion
    if promotion.status is not PromotionStatus.AWAITING_FUNDING:
        raise PromotionNotChangeable(promotion.status.value)
    await work.promotions.answer(promotion.id, caller.channel, answer, caller)
    others = [one for one in funders.values() if one is not mine]
    if answer is FundingAnswer.REFUSED:
        status = PromotionStatus.REFUSED
    elif all(one.answer is FundingAnswer.ACCEPTED for one in others):
        status = PromotionStatus.LIVE
    else:
        return promotion
    moved = await work.promotions.move(promotion, status.value)
    tell(moved, promotion.status.value, work)
    return moved


@handles(StopPromotion)
async def stop_promotion(command: StopPromotion, caller: Caller, work: UnitOfWork) -> PromotionView:
    """By its owner, or by a channel above: a funder who does not want to pay any more asks the owner."""
    await work.prices.begin_change()
    promotion, _ = await seen(command.promotion_id, caller, work)
    owner = (await work.tree.by_ids([promotion.owner_id]))[promotion.owner_id]
    if not owner.is_within(caller.channel):
        raise PromotionElsewhere()
    if promotion.status is PromotionStatus.STOPPED:
        return promotion
    if promotion.status.is_over:
        raise PromotionNotChangeable(promotion.status.value)
    moved = await work.promotions.move(promotion, PromotionStatus.STOPPED.value)
    tell(moved, promotion.status.value, work)
    return moved


async def seen(
    promotion_id: UUID,
    caller: Caller,
    work: UnitOfWork,
    what: str = "promotion",
    at: str = "promotionId",
) -> tuple[PromotionView, dict[UUID, FunderView]]:
    """A locked promotion and who pays; for others than these and those above its owner there is none."""
    promotion = await work.promotions.lock(promotion_id)
    if promotion is None:
        raise NotFound(what, at)
    funders = {one.channel_id: one for one in await work.promotions.funders_of(promotion.id)}
    if caller.channel not in funders:
        owner = (await work.tree.by_ids([promotion.owner_id]))[promotion.owner_id]
        if not owner.is_within(caller.channel):
            raise NotFound(what, at)
    return promotion, funders
