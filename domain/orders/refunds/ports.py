"""What refunds write and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from domain.orders.refunds.states import RefundState

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.records import ReturnDraft
    from domain.orders.refunds.money import PartSale
    from domain.orders.refunds.records import Claim, RefundDraft, Sums
    from domain.orders.refunds.settle import Decision
    from domain.orders.refunds.standing import PartFacts
    from domain.orders.refunds.views import RefundableView, RefundLineView, RefundView
    from domain.orders.status import RefundStatus
    from domain.orders.views import OrderView, ShipmentView
    from domain.paging import Page, PageRequest
from domain.selected import ALL, Selected


class Refunds(Protocol):
    """Refunds in one transaction, of orders that are locked: an order's row decides among all of them."""

    async def facts(self, order: OrderView) -> list[PartFacts]:
        """What is known of an order's parts, their goods locked until the commit: gates, then cards."""

    async def add(self, draft: RefundDraft) -> RefundView:
        """Write a refund with its lines, and count it against what was paid for each part."""

    async def find(self, refund_id: UUID) -> RefundView | None:
        """A refund; whoever goes on locks its order and asks again."""

    async def claims_of(self, refund_id: UUID) -> list[Claim]:
        """What a refund takes of which parts."""

    async def move(
        self, refund: RefundView, to: RefundState, caller: Caller | None, said: Decision
    ) -> RefundView:
        """Write where a refund stands; with a caller, who decided it. One that is given up
        leaves its share free again.
        """

    async def sales_of(self, refund_id: UUID) -> list[PartSale]:
        """The sale of each part of a refund that has not succeeded yet."""

    async def completes(self, refund: RefundView) -> bool:
        """Whether with this refund all of every part of its order is paid back."""

    async def count_asking(self, refund: RefundView) -> int:
        """Count that a provider was told and has not answered for certain; how often it was."""

    async def open_case(self, refund: RefundView, reason: str, facts: Mapping[str, Any]) -> None:
        """Put a refund before a person."""

    async def sums(self, order_id: UUID) -> Sums:
        """The refunds of an order together."""

    async def mark(self, order: OrderView, status: RefundStatus) -> None:
        """Write how much of an order's money went back."""

    @property
    def returns(self) -> Returns:
        """Goods that come back."""

    async def hold_parcels(self, part_ids: Sequence[UUID]) -> None:
        """Parcels that were not sent are held."""

    async def free_parcels(self, claims: Sequence[Claim]) -> None:
        """Held parcels can be sent again, but for those that another refund holds as well."""

    async def unpack_parcels(self, claims: Sequence[Claim]) -> list[UUID]:
        """What refunds take of held parcels is not sent; the parts of which nothing is left to send."""

    async def hold_units(self, units: Mapping[UUID, int]) -> None:
        """Take so many units of parts' metered rights out of use; give them back where negative."""


class Returns(Protocol):
    """Items of parcels that came back, of orders that are locked."""

    async def add(self, draft: ReturnDraft, caller: Caller) -> ShipmentView:
        """Count items in, once; a check of the table stands behind how many were out."""

    async def lost_by(self, draft: ReturnDraft) -> PartSale:
        """Of which units a damaged return makes a loss though they were paid back as come back."""


class CardRefunds(Protocol):
    """Cards that are asked back, in one transaction."""

    async def stop(self, claims: Sequence[Claim], caller: Caller) -> None:
        """The claims' cards become REFUND_PENDING, and are kept in the refund; what is still reserved for a
        paid order stays so.
        """

    async def take_back(self, claims: Sequence[Claim], caller: Caller) -> list[UUID]:
        """VOIDED where it was ever seen, for sale again otherwise; the parts that are still reserved.

        Raises RefundedCardStopped where not every card of the refund is there.
        """

    async def let_go(self, claims: Sequence[Claim], used: Sequence[UUID], caller: Caller) -> None:
        """Back to where each was; those in `used` are REDEEMED. NotFound for a card of another refund."""


@dataclass(frozen=True, slots=True)
class RefundFilter:
    """Which refunds; None does not narrow. `channel` is a code, and means its subtree."""

    channel: str | None = None
    status: tuple[RefundState, ...] | None = None
    order_id: UUID | None = None
    review: bool | None = None
    requested_after: datetime | None = None
    requested_before: datetime | None = None


class RefundReads(Protocol):
    """Refunds as the caller may see them: customers of their own orders, back offices of their subtree's."""

    async def page(
        self, caller: Caller, wanted: RefundFilter, request: PageRequest, selected: Selected = ALL
    ) -> Page[RefundView]:
        """Refunds with what is selected of them, the newest first."""

    async def node(self, caller: Caller, type_name: str, id: UUID) -> RefundView | None:
        """A Refund; None where it is out of scope."""

    async def of_orders(
        self, order_ids: Sequence[UUID], selected: Selected = ALL
    ) -> dict[UUID, list[RefundView]]:
        """Refunds by order, the oldest first; the caller has the orders already."""

    async def lines_of(self, refund_ids: Sequence[UUID]) -> dict[UUID, list[RefundLineView]]:
        """What refunds take, by refund."""

    async def refundable_of(self, order_ids: Sequence[UUID]) -> dict[UUID, list[RefundableView]]:
        """What could be paid back now of each part of paid orders."""
