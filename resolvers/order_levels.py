"""The fields of orders and lines that are fetched, one statement for all parents of a level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from domain.money import Money as MoneyView
from domain.orders.refunds.views import RefundableView, RefundView
from domain.orders.views import (
    AddressView,
    Adjustment,
    ContactView,
    EntitlementView,
    LineView,
    OrderView,
    ShipmentView,
    TopUpView,
)
from domain.payments.views import PaymentView
from domain.selected import ALL, Selected, attach
from schema.context import Context
from schema.levels import level
from schema.orders import Order, OrderLine
from schema.payments import Payment


def _ids(parents: Sequence[Any]) -> list[Any]:
    return [parent.id for parent in parents]


@level(Order, "id")
async def lines(
    orders: Sequence[OrderView], context: Context, selected: Selected = ALL
) -> list[list[LineView]]:
    """What was bought."""
    found = await context.reads.orders.lines_of(_ids(orders), selected)
    return [found.get(order.id, []) for order in orders]


@level(Order, "id", parents_are="order")
async def payments(
    orders: Sequence[OrderView], context: Context, selected: Selected = ALL
) -> list[list[PaymentView]]:
    """How it was paid."""
    found = await context.reads.orders.payments_of(_ids(orders), selected)
    for order in orders:
        for payment in found.get(order.id, []):
            attach(payment, order=order)
    return [found.get(order.id, []) for order in orders]


@level(Order, "channel_id", joined=True)
async def channel(orders: Sequence[OrderView], context: Context, selected: Selected = ALL) -> list[Any]:
    """Where it was sold."""
    return list(
        await context.reads.channels.by_ids(context.caller, [order.channel_id for order in orders], selected)
    )


@level(Order, "id")
async def margin(orders: Sequence[OrderView], context: Context) -> list[MoneyView | None]:
    """What the caller's channel keeps."""
    found = await context.reads.orders.margins_of(context.caller, _ids(orders))
    return [found[order.id].now if order.id in found else None for order in orders]


@level(Order, "id")
async def margin_at_sale(orders: Sequence[OrderView], context: Context) -> list[MoneyView | None]:
    """What the caller's channel had of the sale."""
    found = await context.reads.orders.margins_of(context.caller, _ids(orders))
    return [found[order.id].at_sale if order.id in found else None for order in orders]


@level(Order, "id", joined=True)
async def contact(orders: Sequence[OrderView], context: Context) -> list[ContactView | None]:
    """Whom to reach."""
    found = await context.reads.orders.contacts_of(_ids(orders))
    return [found.get(order.id) for order in orders]


@level(Order, "id", joined=True)
async def shipping_address(orders: Sequence[OrderView], context: Context) -> list[AddressView | None]:
    """Where to."""
    found = await context.reads.orders.addresses_of(_ids(orders))
    return [found.get(order.id) for order in orders]


@level(Order, "id", parents_are="order")
async def refunds(
    orders: Sequence[OrderView], context: Context, selected: Selected = ALL
) -> list[list[RefundView]]:
    """What was asked back."""
    found = await context.reads.refunds.of_orders(_ids(orders), selected.without("order"))
    for order in orders:
        for refund in found.get(order.id, []):
            attach(refund, order=order)
    return [found.get(order.id, []) for order in orders]


@level(Order, "id")
async def refundable(orders: Sequence[OrderView], context: Context) -> list[list[RefundableView]]:
    """What could be paid back now."""
    found = await context.reads.refunds.refundable_of(_ids(orders))
    return [found.get(order.id, []) for order in orders]


@level(OrderLine, "variant_id")
async def variant(lines: Sequence[LineView], context: Context) -> list[Any]:
    """What was bought, as it is now."""
    wanted = [line.variant_id for line in lines]
    return list(await context.reads.catalog.variants_by_ids(context.caller, wanted))


@level(OrderLine, "id", "discount")
async def adjustments(lines: Sequence[LineView], context: Context) -> list[list[Adjustment]]:
    """What promotions took off; of those who pay for it the caller's channel and those below."""
    given = [line.id for line in lines if line.discount.minor]
    found = await context.reads.orders.adjustments_of(given) if given else {}
    funders = list({one.channel_id for each in found.values() for offer in each for one in offer.funders})
    seen = await context.reads.channels.by_ids(context.caller, funders) if funders else []
    known = {channel.id for channel in seen if channel is not None}
    return [
        [
            replace(offer, funders=tuple(one for one in offer.funders if one.channel_id in known))
            for offer in found.get(line.id, [])
        ]
        for line in lines
    ]


@level(OrderLine, "id")
async def cards(lines: Sequence[LineView], context: Context, selected: Selected = ALL) -> list[list[Any]]:
    """The cards that the caller may see."""
    found = await context.reads.cards.of_lines(context.caller, _ids(lines), selected)
    return [list(found.get(line.id, [])) for line in lines]


@level(OrderLine, "id")
async def top_ups(lines: Sequence[LineView], context: Context) -> list[list[TopUpView]]:
    """What suppliers credit."""
    found = await context.reads.orders.top_ups_of(_ids(lines))
    return [found.get(line.id, []) for line in lines]


@level(OrderLine, "id")
async def shipments(lines: Sequence[LineView], context: Context) -> list[list[ShipmentView]]:
    """All parcels."""
    found = await context.reads.orders.shipments_of(_ids(lines))
    return [found.get(line.id, []) for line in lines]


@level(OrderLine, "id")
async def shipment(lines: Sequence[LineView], context: Context) -> list[ShipmentView | None]:
    """The first parcel."""
    return [next(iter(found), None) for found in await shipments(lines, context)]


@level(OrderLine, "id")
async def entitlements(lines: Sequence[LineView], context: Context) -> list[list[EntitlementView]]:
    """All metered rights."""
    found = await context.reads.orders.entitlements_of(_ids(lines))
    return [found.get(line.id, []) for line in lines]


@level(OrderLine, "id")
async def entitlement(lines: Sequence[LineView], context: Context) -> list[EntitlementView | None]:
    """The first metered right."""
    return [next(iter(found), None) for found in await entitlements(lines, context)]


@level(Payment, "order_id", "order", joined=True)
async def order(
    payments: Sequence[PaymentView], context: Context, selected: Selected = ALL
) -> list[OrderView]:
    """The order as the payment left it, or as it is now where the payment was read by itself."""
    wanted = [payment.order_id for payment in payments if payment.order is None]
    found = await context.reads.orders.by_ids(context.caller, wanted, selected) if wanted else {}
    return [payment.order or found[payment.order_id] for payment in payments]
