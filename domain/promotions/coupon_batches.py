"""Coupon codes in batches: made at once, handed out once, and put into wallets one by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from domain.access import attempts
from domain.access.callers import CallerKind
from domain.access.permissions import COUPONS_HOLD, PROMOTIONS_WRITE
from domain.commands import Command, IdempotentCommand, handles
from domain.ids import new_id
from domain.promotions import coupon_codes
from domain.promotions.answer_funding import seen
from domain.promotions.kinds import KINDS
from domain.promotions.ports import BatchDraft
from domain.promotions.refusals import (
    CouponNotClaimable,
    CouponsGuessable,
    PromotionElsewhere,
    PromotionNotChangeable,
)
from domain.promotions.views import CouponExport, PromotionView
from domain.refusals import Forbidden, InvalidInput, NotFound

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.promotions.views import CouponBatchView, CouponView
    from domain.work import UnitOfWork

MOST_CODES = 100_000
MOST_USES = 1_000_000
LONGEST_PREFIX = 16
LONGEST_RANDOM = 32


@dataclass(frozen=True, slots=True)
class MakeCoupons(IdempotentCommand):
    """Make codes for a promotion that is given by code."""

    requires: ClassVar[str | None] = PROMOTIONS_WRITE

    promotion_id: UUID
    quantity: int
    length: int = 12
    alphabet: str = coupon_codes.ALPHABET
    prefix: str = ""
    uses: int = 1
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ExportCoupons(Command):
    """Hand out the codes of a batch. Not idempotent: an answer that is kept would hold the codes."""

    requires: ClassVar[str | None] = PROMOTIONS_WRITE

    batch_id: UUID


@dataclass(frozen=True, slots=True)
class ClaimCoupon(Command):
    """Put a code into the calling customer's wallet; the same code again changes nothing."""

    requires: ClassVar[str | None] = COUPONS_HOLD

    code: str


@handles(MakeCoupons)
async def make_coupons(command: MakeCoupons, caller: Caller, work: UnitOfWork) -> CouponBatchView:
    """All of them in one transaction."""
    promotion = await _own(command.promotion_id, caller, work)
    if not KINDS[promotion.kind].by_code:
        raise InvalidInput("This promotion is not given by code.", "promotionId")
    if promotion.status.is_over:
        raise PromotionNotChangeable(promotion.status.value)
    prefix, alphabet = _checked(command)
    made_by = caller.subject_id if caller.kind is CallerKind.AGENT else None
    return await work.coupons.make(
        BatchDraft(
            new_id(),
            promotion.id,
            command.quantity,
            prefix,
            alphabet,
            command.length,
            command.uses,
            command.valid_from,
            command.valid_until,
            made_by,
        )
    )


@handles(ExportCoupons)
async def export_coupons(command: ExportCoupons, caller: Caller, work: UnitOfWork) -> CouponExport:
    """Only its owner has the codes, and only once; raises CouponsExported."""
    batch = await work.coupons.batch(command.batch_id)
    if batch is None:
        raise NotFound("batch of coupons", "batchId")
    await _own(batch.promotion_id, caller, work, "batch of coupons", "batchId")
    codes = await work.coupons.export(batch.id)
    return CouponExport(await work.coupons.batch(batch.id) or batch, codes)


@handles(ClaimCoupon)
async def claim_coupon(command: ClaimCoupon, caller: Caller, work: UnitOfWork) -> CouponView:
    """Wrong codes slow the customer down; unknown, used and foreign ones look alike."""
    if caller.customer_id is None:
        raise Forbidden(COUPONS_HOLD)
    attempt = await attempts.begin(work, caller, "coupon", caller.customer_id.hex)
    known = coupon_codes.is_code(command.code)
    code = coupon_codes.folded(command.code) if known else ""
    found = await work.coupons.claim(code, caller.customer_id, caller.channel) if known else None
    if found is None:
        raise await attempt.failed(CouponNotClaimable())
    await attempt.succeeded()
    return found


async def _own(
    promotion_id: UUID, caller: Caller, work: UnitOfWork, what: str = "promotion", at: str = "promotionId"
) -> PromotionView:
    promotion, _ = await seen(promotion_id, caller, work, what, at)
    if promotion.owner_id != caller.channel:
        raise PromotionElsewhere()
    return promotion


def _checked(command: MakeCoupons) -> tuple[str, str]:
    """Prefix and alphabet in the spelling that codes are compared in."""
    prefix = coupon_codes.folded(command.prefix)
    alphabet = "".join(dict.fromkeys(coupon_codes.folded(command.alphabet)))
    if not 1 <= command.quantity <= MOST_CODES:
        raise InvalidInput(f"Between 1 and {MOST_CODES:,} codes are made at a time.", "quantity")
    if len(prefix) > LONGEST_PREFIX or (prefix and not coupon_codes.is_code(prefix)):
        raise InvalidInput(f"A prefix has up to {LONGEST_PREFIX} letters and digits.", "prefix")
    if len(alphabet) < 2 or not coupon_codes.is_code(alphabet):
        raise InvalidInput("An alphabet has at least two letters and digits.", "alphabet")
    if not 1 <= command.length <= LONGEST_RANDOM:
        raise InvalidInput(f"A code has 1 to {LONGEST_RANDOM} characters behind its prefix.", "length")
    if not 1 <= command.uses <= MOST_USES:
        raise InvalidInput(f"A code is used 1 to {MOST_USES:,} times.", "uses")
    if command.valid_from and command.valid_until and command.valid_until <= command.valid_from:
        raise InvalidInput("Codes end after they have begun.", "validUntil")
    if not coupon_codes.is_safe(alphabet, command.length, command.quantity):
        raise CouponsGuessable()
    return prefix, alphabet
