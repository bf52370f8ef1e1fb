"""From rows of orders to what the domain calls them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from domain.money import Money
from domain.orders.records import PartRecord
from domain.orders.status import BundlePolicy, OrderStatus, PartStatus, RefundStatus
from domain.orders.views import (
    AddressView,
    Adjustment,
    ContactView,
    EntitlementView,
    LevelMargin,
    LineView,
    OrderView,
    ShipmentStatus,
    ShipmentView,
)
from domain.promotions.promotion import Phase

ORDER_COLUMNS = """o.id, o.number, o.channel_id, o.customer_id, o.external_id, o.status,
    o.refund_status, o.currency, o.subtotal_minor, o.discount_minor, o.total_minor, o.due_minor,
    o.placed_by_kind, o.placed_at, o.expires_at, o.paid_at, o.closed_at, o.group_id"""

LINE_COLUMNS = """l.id, l.order_id, l.variant_id, l.sku, l.quantity, l.status, l.unit_minor, l.list_minor,
    l.discount_minor, l.total_minor, o.currency, o.channel_id"""

SHIPMENT_COLUMNS = """s.id, s.status, s.carrier, s.tracking_number, s.shipped_at, s.delivered_at,
    s.quantity, s.sellable, s.damaged, s.fulfilment_id, f.order_line_id, f.order_id, f.pool_id"""

Row = Any
"""An asyncpg record."""


def order_of(row: Row) -> OrderView:
    """An order's own row."""
    currency = row["currency"]
    return OrderView(
        id=row["id"],
        number=row["number"],
        channel_id=row["channel_id"],
        customer_id=row["customer_id"],
        external_id=row["external_id"],
        status=OrderStatus(row["status"]),
        refund_status=RefundStatus(row["refund_status"]),
        subtotal=Money(row["subtotal_minor"], currency),
        discount=Money(row["discount_minor"], currency),
        total=Money(row["total_minor"], currency),
        due=Money(row["due_minor"], currency),
        placed_by_kind=row["placed_by_kind"],
        placed_at=row["placed_at"],
        expires_at=row["expires_at"],
        paid_at=row["paid_at"],
        closed_at=row["closed_at"],
        group_id=row["group_id"],
    )


def contact_of(facts: dict[str, Any] | None) -> ContactView | None:
    """Whom to reach; None where nobody was named."""
    return ContactView(**facts) if facts else None


def address_of(facts: dict[str, Any] | None) -> AddressView | None:
    """Where to; None for an order without parcels."""
    return AddressView(**facts) if facts else None


def line_of(row: Row) -> LineView:
    """A line with its order's currency and channel."""
    currency = row["currency"]
    return LineView(
        id=row["id"],
        order_id=row["order_id"],
        channel_id=row["channel_id"],
        variant_id=row["variant_id"],
        sku=row["sku"],
        quantity=row["quantity"],
        status=PartStatus(row["status"]),
        unit_price=Money(row["unit_minor"], currency),
        list_price=Money(row["list_minor"], currency),
        discount=Money(row["discount_minor"], currency),
        total=Money(row["total_minor"], currency),
    )


def part_of(row: Row) -> PartRecord:
    """A fulfilment with its line and variant."""
    return PartRecord(
        id=row["id"],
        order_id=row["order_id"],
        line_id=row["order_line_id"],
        variant_id=row["variant_id"],
        sku=row["sku"],
        kind=row["kind"],
        quantity=row["quantity"],
        pool_id=row["pool_id"],
        status=PartStatus(row["status"]),
        line_status=PartStatus(row["line_status"]),
        policy=BundlePolicy(row["policy"]) if row["policy"] else None,
        account=row["account"],
        settings=row["settings"],
        valid_days=row["valid_days"],
        face_minor=row["face_minor"],
    )


def shipment_of(row: Row) -> ShipmentView:
    """A parcel with its fulfilment."""
    return ShipmentView(
        id=row["id"],
        line_id=row["order_line_id"],
        order_id=row["order_id"],
        fulfilment_id=row["fulfilment_id"],
        pool_id=row["pool_id"],
        status=ShipmentStatus(row["status"]),
        carrier=row["carrier"],
        tracking_number=row["tracking_number"],
        shipped_at=row["shipped_at"],
        delivered_at=row["delivered_at"],
        quantity=row["quantity"],
        sellable=row["sellable"],
        damaged=row["damaged"],
    )


def entitlement_of(row: Row) -> EntitlementView:
    """A metered right with its line."""
    return EntitlementView(
        row["id"], row["order_line_id"], row["units"], row["used"], row["expires_at"], row["asked_back"]
    )


def adjustments_of(row: Row) -> list[Adjustment]:
    """What promotions took off a line, and who pays for it."""
    currency = row["currency"]
    return [
        Adjustment(
            one["kind"],
            one["name"],
            Money(-one["minor"], currency),
            UUID(one["promotion"]),
            Phase[one["phase"]],
            tuple(LevelMargin(UUID(funder), Money(minor, currency)) for funder, minor in one["shares"]),
        )
        for one in row["discounts"]["given"]
    ]
