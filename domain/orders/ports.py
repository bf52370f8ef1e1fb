"""What use cases of orders write and read, and what the API reads of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from domain.access.callers import Caller
from domain.orders.records import OrderDraft, PartRecord, ShipmentRecord
from domain.orders.status import OrderStatus, PartStatus
from domain.orders.terms import OrderTerms
from domain.orders.views import (
    AddressView,
    Adjustment,
    ContactView,
    EntitlementView,
    LineView,
    Margin,
    OrderView,
    ShipmentView,
    TopUpView,
)
from domain.paging import Page, PageRequest
from domain.selected import ALL, Selected

if TYPE_CHECKING:
    from domain.orders.trades import Sold
    from domain.payments.views import PaymentView


class OrderBook(Protocol):
    """Orders in one transaction. Whoever changes an order locks its row first, and stock after it."""

    @property
    def terms(self) -> OrderTerms:
        """The settings that buying follows."""

    async def stock_left(
        self, places: Sequence[tuple[UUID, UUID]], channel_id: UUID
    ) -> dict[tuple[UUID, UUID], int]:
        """What a channel can take of each (variant, pool): free stock, within every quota on its path.

        Those that nothing limits are absent.
        """

    async def add(self, draft: OrderDraft) -> OrderView:
        """Write an order with lines and fulfilments; raises ExternalIdTaken."""

    async def lock(self, order_id: UUID, caller: Caller) -> OrderView | None:
        """An order that the caller may act on, locked until the commit; None as for one that never was."""

    async def lock_any(self, order_id: UUID) -> OrderView:
        """An order for the system's own work."""

    async def lock_overdue(self, limit: int) -> list[OrderView]:
        """Unpaid orders whose time is over and that nobody holds, locked in key order."""

    async def parts_of(self, order_ids: Sequence[UUID]) -> list[PartRecord]:
        """All fulfilments of orders."""

    async def sold(self, order_ids: Sequence[UUID]) -> dict[UUID, Sold]:
        """The trades and parts of orders, by order, and what the ledger has of them."""

    async def move(
        self,
        order: OrderView,
        status: OrderStatus,
        parts: Mapping[UUID, PartStatus],
        lines: Mapping[UUID, PartStatus],
        failures: Mapping[UUID, str],
    ) -> OrderView:
        """Write new statuses of a locked order and of what changed of its parts."""

    async def open_shipments(self, fulfilment_ids: Sequence[UUID]) -> None:
        """One shipment for each, AWAITING_SHIPMENT."""

    async def grant(self, fulfilment_id: UUID, units: int, expires_at: datetime | None) -> None:
        """Open an entitlement."""

    async def find_shipment(self, shipment_id: UUID) -> ShipmentRecord | None:
        """A shipment; whoever goes on locks its order and asks again."""

    async def move_shipment(
        self, shipment_id: UUID, status: str, carrier: str | None, tracking_number: str | None
    ) -> ShipmentView:
        """Write where a parcel is; None leaves what is known of carrier and number."""

    async def consume(self, entitlement_id: UUID, units: int, caller: Caller) -> EntitlementView | None:
        """Use units of an entitlement that the caller may use; None when there is none such.

        Raises EntitlementExhausted or EntitlementExpired, having used nothing.
        """

    async def adopt(self, customer_id: UUID, channel_id: UUID, phone_hmac: str) -> list[UUID]:
        """Make a phone's guest orders a customer's; which they were."""

    async def count_sold(self, limit: int) -> int:
        """Add the lines of newly paid orders to their products; how many events were read."""


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders; None does not narrow. `channel` is a code, and means its subtree."""

    channel: str | None = None
    status: tuple[OrderStatus, ...] | None = None
    placed_after: datetime | None = None
    placed_before: datetime | None = None
    external_id: str | None = None


class OrderReads(Protocol):
    """Orders as the caller may see them: customers their own, back offices those of their subtree."""

    async def node(self, caller: Caller, type_name: str, id: UUID) -> Any | None:
        """An Order, OrderLine, Payment, Shipment, TopUp or Entitlement; None where it is out of scope."""

    async def by_ids(
        self, caller: Caller, ids: Sequence[UUID], selected: Selected = ALL
    ) -> dict[UUID, OrderView]:
        """The orders of these that the caller sees, with what is selected of them."""

    async def page(
        self, caller: Caller, wanted: OrderFilter, request: PageRequest, selected: Selected = ALL
    ) -> Page[OrderView]:
        """Orders with what is selected of them, the newest first."""

    async def lines_of(
        self, order_ids: Sequence[UUID], selected: Selected = ALL
    ) -> dict[UUID, list[LineView]]:
        """Lines by order; the caller has the orders already, as with everything below."""

    async def margins_of(self, caller: Caller, order_ids: Sequence[UUID]) -> dict[UUID, Margin]:
        """What the caller's channel earns of each order; absent where it has no part in the sale."""

    async def contacts_of(self, order_ids: Sequence[UUID]) -> dict[UUID, ContactView]:
        """Whom to reach."""

    async def addresses_of(self, order_ids: Sequence[UUID]) -> dict[UUID, AddressView]:
        """Where to."""

    async def payments_of(
        self, order_ids: Sequence[UUID], selected: Selected = ALL
    ) -> dict[UUID, list[PaymentView]]:
        """Payments by order, oldest first."""

    async def adjustments_of(self, line_ids: Sequence[UUID]) -> dict[UUID, list[Adjustment]]:
        """What promotions took off lines, with all who pay for it: callers are shown their own part."""

    async def top_ups_of(self, line_ids: Sequence[UUID]) -> dict[UUID, list[TopUpView]]:
        """The newest attempt of each unit, by line."""

    async def shipments_of(self, line_ids: Sequence[UUID]) -> dict[UUID, list[ShipmentView]]:
        """Parcels by line."""

    async def entitlements_of(self, line_ids: Sequence[UUID]) -> dict[UUID, list[EntitlementView]]:
        """Entitlements by line."""
