"""Promotions and coupons as they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.money import Money


class PromotionStatus(StrEnum):
    """Where a promotion stands; what depends on the time is derived when it is read."""

    AWAITING_FUNDING = "AWAITING_FUNDING"
    REFUSED = "REFUSED"
    SCHEDULED = "SCHEDULED"
    LIVE = "LIVE"
    ENDED = "ENDED"
    STOPPED = "STOPPED"

    @property
    def is_over(self) -> bool:
        """Whether it will never be given again."""
        return self in (PromotionStatus.STOPPED, PromotionStatus.REFUSED, PromotionStatus.ENDED)


class FundingAnswer(StrEnum):
    """What a funder says."""

    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"


def status_at(
    stored: str, starts_at: datetime | None, ends_at: datetime | None, now: datetime
) -> PromotionStatus:
    """What a stored status is at a moment."""
    status = PromotionStatus(stored)
    if status is not PromotionStatus.LIVE:
        return status
    if ends_at is not None and ends_at <= now:
        return PromotionStatus.ENDED
    return PromotionStatus.SCHEDULED if starts_at is not None and now < starts_at else status


@dataclass(frozen=True, slots=True)
class FunderView:
    """One who pays for a promotion."""

    channel_id: UUID
    code: str | None
    share_bp: int
    answer: FundingAnswer | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionTerms:
    """What its owner has decided of a promotion."""

    id: UUID
    owner_id: UUID
    name: str
    kind: str
    settings: Mapping[str, Any]
    scope: Mapping[str, Any]
    """As it was said: codes, SKUs and slugs, each with its id."""
    priority: int
    exclusive: bool
    stack_group: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    per_customer: int | None
    per_device: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionView(PromotionTerms):
    """One promotion, to its owner, its funders and those above its owner."""

    owner: str
    """The owner's code."""
    status: PromotionStatus
    budget: Money | None
    orders: int | None
    created_at: datetime
    stopped_at: datetime | None
    currency: str = "CNY"


@dataclass(frozen=True, slots=True)
class PromotionCost:
    """What a promotion has cost so far: orders that were given up or paid back do not count."""

    orders: int
    cost: Money


@dataclass(frozen=True, slots=True)
class CouponBatchView:
    """A batch of codes, without the codes."""

    id: UUID
    promotion_id: UUID
    quantity: int
    uses: int
    valid_from: datetime | None
    valid_until: datetime | None
    created_at: datetime
    exported_at: datetime | None


@dataclass(frozen=True, slots=True)
class CouponExport:
    """The codes of a batch, once."""

    batch: CouponBatchView
    codes: list[str]


class CouponStatus(StrEnum):
    """Whether a coupon can be used."""

    AVAILABLE = "AVAILABLE"
    USED = "USED"
    EXPIRED = "EXPIRED"
    NOT_YET = "NOT_YET"


@dataclass(frozen=True, slots=True)
class CouponView:
    """A coupon in its owner's wallet."""

    id: UUID
    promotion_id: UUID
    promotion: str
    """The promotion's name."""
    code: str
    """Readable by its owner, to whom alone it is shown."""
    status: CouponStatus
    claimed_at: datetime
    valid_from: datetime | None
    valid_until: datetime | None


def coupon_status(
    used: int, uses: int, valid_from: datetime | None, valid_until: datetime | None, now: datetime
) -> CouponStatus:
    """What a coupon is at a moment."""
    if used >= uses:
        return CouponStatus.USED
    if valid_until is not None and valid_until <= now:
        return CouponStatus.EXPIRED
    if valid_from is not None and now < valid_from:
        return CouponStatus.NOT_YET
    return CouponStatus.AVAILABLE
