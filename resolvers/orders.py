"""Buying: quotes, orders, parcels and metered rights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from domain.access.permissions import CARDS_REDEEM, ORDERS_PLACE, ORDERS_READ, SHIPMENTS_WRITE
from domain.cards.refusals import StockExhausted
from domain.ledger.refusals import BalanceTooLow
from domain.orders import refusals
from domain.orders.closing import CancelOrder
from domain.orders.metering import ConsumeEntitlement
from domain.orders.place import PlaceOrder
from domain.orders.ports import OrderFilter
from domain.orders.quote import AskQuote
from domain.orders.returns import ReceiveReturn
from domain.orders.shipping import ShipFulfilment, UpdateShipment
from domain.orders.views import AddressView, ContactView, LevelMargin
from domain.paging import PageRequest
from domain.promotions.groups import GroupOver, GroupPriceNotGiven, SeatTaken
from domain.promotions.refusals import PromotionUsedUp
from domain.refusals import BadRequest, InvalidInput, NotFound
from domain.selected import ALL, Selected
from schema import ids, quotes
from schema.context import Context
from schema.levels import level
from schema.nouns import shown
from schema.orders import Entitlement, Order, OrdersFilter, Shipment
from schema.paging import After, Before, Connection, First, Last
from schema.quotes import ChannelAmount, Quote
from schema.verbs import mutation, query

UNBUYABLE = (
    refusals.NotSellable,
    refusals.BelowFloor,
    refusals.PriceNeedsReview,
    refusals.AccountMissing,
    refusals.AccountInvalid,
    refusals.CouponNotApplicable,
    PromotionUsedUp,
    GroupOver,
    SeatTaken,
    GroupPriceNotGiven,
    StockExhausted,
)


@query(requires=ORDERS_PLACE)
async def quote(
    context: Context,
    input: Annotated[quotes.QuoteInput, strawberry.argument(description="What to price.")],
) -> Quote | None:
    """What lines cost in your channel, with every problem that ordering them would meet."""
    try:
        lines, codes = quotes.wanted_lines(input.lines), tuple(input.coupon_codes or ())
        command = AskQuote(lines, codes, input.channel, *quotes.group_bought_in(input.group_buy))
        return shown(Quote, await context.perform(command))
    except NotFound:
        return None
    except InvalidInput as problem:
        # A query has no refusals; what could never be ordered is no basket with problems either.
        raise BadRequest(f"{problem.at}: {problem.message}") from None


@level(ChannelAmount)
async def channel(amounts: Sequence[LevelMargin], context: Context, selected: Selected = ALL) -> list[Any]:
    """Whose amount it is."""
    return list(
        await context.reads.channels.by_ids(context.caller, [one.channel_id for one in amounts], selected)
    )


@query(requires=ORDERS_READ)
async def order(
    context: Context,
    id: Annotated[strawberry.ID, strawberry.argument(description="The order's id.")],
    selected: Selected = ALL,
) -> Order | None:
    """An order; null where there is none that you may see."""
    order_id = ids.decode("ord", id)
    if order_id is None:
        return None
    found = await context.reads.orders.by_ids(context.caller, [order_id], selected)
    return shown(Order, found.get(order_id))


@query(requires=ORDERS_READ)
async def orders(
    context: Context,
    filter: Annotated[OrdersFilter | None, strawberry.argument(description="Which orders.")] = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    selected: Selected = ALL,
) -> Connection[Order] | None:
    """Your orders, or those of your channel and of all below it, the newest first."""
    request = PageRequest.of(first, after, last, before, "orders")
    wanted = OrderFilter() if filter is None else filter.wanted()
    page = await context.reads.orders.page(context.caller, wanted, request, selected.nodes)
    return shown(Connection[Order], page)


@mutation(
    requires=ORDERS_PLACE,
    fails_with=(
        *UNBUYABLE,
        refusals.QuoteExpired,
        refusals.QuoteChanged,
        refusals.ExternalIdTaken,
        refusals.ShippingAddressMissing,
        BalanceTooLow,
    ),
)
async def place_order(context: Context, input: quotes.PlaceOrderInput) -> Order:
    """Buy what the quote promised; the goods are reserved until the order is paid or expires."""
    contact, address = input.contact, input.shipping_address
    group_of, group_id = quotes.group_bought_in(input.group_buy)
    command = PlaceOrder(
        idempotency_key=input.idempotency_key,
        lines=quotes.wanted_lines(input.lines),
        coupon_codes=tuple(input.coupon_codes or ()),
        quote_token=input.quote_token,
        contact=None if contact is None else ContactView(**vars(contact)),
        shipping_address=None if address is None else AddressView(**vars(address)),
        external_id=input.external_id,
        device_id=input.device_id,
        group_of=group_of,
        group_id=group_id,
    )
    return shown(Order, await context.perform(command))


@mutation(requires=ORDERS_PLACE, fails_with=(refusals.OrderNotCancellable,))
async def cancel_order(context: Context, input: quotes.CancelOrderInput) -> Order:
    """Give an order up that is not paid; its goods are for sale again."""
    order_id = ids.required("ord", input.order_id, "order", "orderId")
    return shown(Order, await context.perform(CancelOrder(input.idempotency_key, order_id)))


@mutation(requires=SHIPMENTS_WRITE, fails_with=(refusals.ShipmentElsewhere, refusals.ShipmentNotPossible))
async def ship_fulfilment(context: Context, input: quotes.ShipFulfilmentInput) -> Shipment:
    """Say which carrier has a parcel; headquarters, or the channel whose stock the goods come from."""
    shipment_id = ids.required("shp", input.shipment_id, "shipment", "shipmentId")
    command = ShipFulfilment(shipment_id, input.carrier, input.tracking_number)
    return shown(Shipment, await context.perform(command))


@mutation(requires=SHIPMENTS_WRITE, fails_with=(refusals.ShipmentElsewhere, refusals.ShipmentNotPossible))
async def update_shipment(context: Context, input: quotes.UpdateShipmentInput) -> Shipment:
    """Correct a parcel that is on its way, or say that it has arrived or come back."""
    shipment_id = ids.required("shp", input.shipment_id, "shipment", "shipmentId")
    command = UpdateShipment(
        shipment_id, input.carrier, input.tracking_number, input.delivered, input.returned
    )
    return shown(Shipment, await context.perform(command))


@mutation(
    requires=SHIPMENTS_WRITE,
    fails_with=(refusals.ShipmentElsewhere, refusals.ShipmentNotPossible, refusals.ReturnTooLarge),
)
async def receive_return(context: Context, input: quotes.ReceiveReturnInput) -> Shipment:
    """Count items in that have come back; headquarters, or the channel whose stock the goods came from.

    Whoever bought them can be paid back as many.
    """
    shipment_id = ids.required("shp", input.shipment_id, "shipment", "shipmentId")
    command = ReceiveReturn(input.idempotency_key, shipment_id, input.condition, input.quantity)
    return shown(Shipment, await context.perform(command))


@mutation(requires=CARDS_REDEEM, fails_with=(refusals.EntitlementExhausted, refusals.EntitlementExpired))
async def consume_entitlement(context: Context, input: quotes.ConsumeEntitlementInput) -> Entitlement:
    """Use units of a metered right; what is not there cannot be used."""
    entitlement_id = ids.required("ent", input.entitlement_id, "entitlement", "entitlementId")
    command = ConsumeEntitlement(input.idempotency_key, entitlement_id, input.units)
    return shown(Entitlement, await context.perform(command))
