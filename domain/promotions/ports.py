"""What promotions need of the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from domain.promotions.views import PromotionTerms

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from domain.access.callers import Caller
    from domain.access.views import Customer
    from domain.channels.rules import Place
    from domain.paging import Page, PageRequest
    from domain.promotions.claims import Claims
    from domain.promotions.flash_sales import FlashSaleStanding, FlashSaleView
    from domain.promotions.groups import GroupView
    from domain.promotions.promotion import Promotion
    from domain.promotions.scope import Presented
    from domain.promotions.spreading import SpreadMode
    from domain.promotions.views import (
        CouponBatchView,
        CouponView,
        FunderView,
        FundingAnswer,
        PromotionCost,
        PromotionView,
    )


@dataclass(frozen=True, slots=True)
class Market:
    """Where something is sold, and the promotions that may be given there."""

    path: tuple[Place, ...]
    promotions: tuple[Promotion, ...]


@dataclass(frozen=True, slots=True)
class FunderDraft:
    """One who is to pay; `accepted` where it is the owner itself."""

    channel_id: UUID
    share_bp: int
    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionDraft(PromotionTerms):
    """A promotion to write."""

    status: str
    budget_minor: int | None
    most_orders: int | None
    made_by: UUID | None
    funders: tuple[FunderDraft, ...]


@dataclass(frozen=True, slots=True)
class BatchDraft:
    """Codes to make."""

    id: UUID
    promotion_id: UUID
    quantity: int
    prefix: str
    alphabet: str
    length: int
    uses: int
    valid_from: datetime | None
    valid_until: datetime | None
    made_by: UUID | None


class Promotions(Protocol):
    """Promotions in one transaction."""

    @property
    def spread(self) -> SpreadMode:
        """Where the setting lets the remainder of a discount go."""

    @property
    def zone(self) -> ZoneInfo:
        """The operator's calendar, by whose clock days and hours of scopes are counted."""

    def here(self, channel_id: UUID) -> Market:
        """What may be given in a channel, as the prices that this transaction has read stand with it."""

    async def by_ids(self, ids: Sequence[UUID]) -> dict[UUID, Promotion]:
        """Promotions as they were decided, whatever has become of them."""

    async def used(self, subjects: Mapping[UUID, Sequence[str]]) -> dict[UUID, dict[str, int]]:
        """What is counted under subjects of promotions."""

    async def segments_of(self, customer_id: UUID) -> frozenset[str]:
        """The segments of a customer."""

    async def segment(self, customer_id: UUID, segments: Sequence[str], channel_id: UUID) -> Customer | None:
        """Write the segments of a customer of a channel's subtree; None where there is no such customer."""

    async def has_bought(self, customer_id: UUID) -> bool:
        """Whether a customer has an order that was not given up."""

    async def hold(self, claims: Claims) -> None:
        """Lock what is counted and see that it is there; raises PromotionUsedUp or CouponNotApplicable."""

    async def keep(self, order_id: UUID, claims: Claims) -> None:
        """Write what was held, for an order."""

    async def adopt(self, order_ids: Sequence[UUID], guest: str, customer: str) -> None:
        """Count what orders took under one name of a buyer under another one as well."""

    async def release(self, order_ids: Sequence[UUID]) -> None:
        """Give back all that orders have taken: they are closed, and locked."""

    async def reverse(self, order_id: UUID, minor: Mapping[UUID, int], unused: bool) -> None:
        """Take back so much of each promotion's discount (minor units), of a locked order that is refunded.

        With `unused` nothing of the order was used: coupons and turns come back, too.
        """

    async def flash_sales(self) -> list[FlashSaleStanding]:
        """The flash sales that may have changed, locked."""

    async def told(self, moved: Sequence[tuple[UUID, str]]) -> None:
        """Remember what was told of flash sales."""

    async def add(self, draft: PromotionDraft) -> PromotionView:
        """Write a promotion with its funders."""

    async def lock(self, promotion_id: UUID) -> PromotionView | None:
        """A promotion, locked until the commit."""

    async def funders_of(self, promotion_id: UUID) -> list[FunderView]:
        """Who pays, in their order."""

    async def answer(
        self, promotion_id: UUID, channel_id: UUID, answer: FundingAnswer, caller: Caller
    ) -> None:
        """Write what a funder says."""

    async def move(self, promotion: PromotionView, status: str) -> PromotionView:
        """Write a new status of a locked promotion."""


class Coupons(Protocol):
    """Coupons in one transaction; a code is known by its keyed hash alone."""

    async def shown(self, codes: Sequence[str], customer_id: UUID | None) -> list[Presented]:
        """Those of the codes that this buyer could use now, in their order."""

    async def make(self, draft: BatchDraft) -> CouponBatchView:
        """Make a batch of codes, sealed one by one."""

    async def export(self, batch_id: UUID) -> list[str]:
        """The codes of a batch that was not exported before; raises CouponsExported."""

    async def batch(self, batch_id: UUID) -> CouponBatchView | None:
        """A batch."""

    async def claim(self, code: str, customer_id: UUID, channel_id: UUID) -> CouponView | None:
        """Put a coupon of the channel's promotions into a wallet; None where it is not to be had."""


class PromotionReads(Protocol):
    """Promotions and coupons as callers may see them."""

    async def node(self, caller: Caller, type_name: str, id: UUID) -> Any | None:
        """A Promotion, CouponBatch or Coupon; None where it is out of scope."""

    async def page(self, caller: Caller, status: str | None, request: PageRequest) -> Page[PromotionView]:
        """What the caller's channel and those below own, and what it is to pay for; the newest first."""

    async def costs_of(self, promotion_ids: Sequence[UUID]) -> dict[UUID, PromotionCost]:
        """What promotions have cost; the caller has them already, as with everything below."""

    async def funders_of(self, caller: Caller, promotion_ids: Sequence[UUID]) -> dict[UUID, list[FunderView]]:
        """Who pays; of those above the caller's channel nothing but that it is they."""

    async def batches_of(self, promotion_ids: Sequence[UUID]) -> dict[UUID, list[CouponBatchView]]:
        """Batches of codes, the newest first."""

    async def flash_sales(self, caller: Caller) -> list[FlashSaleView]:
        """The flash sales of the caller's channel that have not ended."""

    async def flash_sale(self, caller: Caller, id: UUID) -> FlashSaleView | None:
        """One of them, ended or not; None where it is not for the channel."""

    async def groups(self, caller: Caller) -> list[GroupView]:
        """The groups of the caller's channel that can be joined, and those in which the caller has a seat."""

    async def group(self, caller: Caller, id: UUID) -> GroupView | None:
        """A group of the caller's channel, or for back offices of one below it."""

    async def wallet(self, caller: Caller, request: PageRequest) -> Page[CouponView]:
        """The calling customer's coupons, the newest first."""
