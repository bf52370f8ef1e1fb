"""What the API shows of orders and their parts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from domain.access.permissions import MARGIN_READ, ORDERS_READ, REFUNDS_READ
from domain.orders import views
from domain.orders.ports import OrderFilter
from domain.orders.status import OrderStatus, PartStatus, RefundStatus
from domain.orders.views import Condition, ShipmentStatus, TopUpStatus
from schema import ids
from schema.audiences import asked, identified, open_to_all, visible_to
from schema.levels import reading
from schema.money import Money
from schema.nouns import Node, noun
from schema.words import described

if TYPE_CHECKING:
    from schema.cards import Card
    from schema.catalog import Variant
    from schema.channels import Channel
    from schema.payments import Payment
    from schema.quotes import Adjustment
    from schema.refunds import Refund, Refundable

described(
    OrderStatus,
    "Where an order stands, derived from its parts.",
    RISK_HOLD="Somebody looks at it before it may be paid.",
    AWAITING_PAYMENT="Its goods are reserved until `expiresAt`.",
    PAID="Paid; nothing has been delivered or begun yet.",
    FULFILLING="Some of it is on its way.",
    FULFILLED="All of it was delivered.",
    PARTIALLY_FULFILLED="Some of it was delivered, the rest will not be.",
    FAILED="Paid, but none of it can be delivered.",
    CANCELLED="Given up before it was paid.",
    EXPIRED="Not paid in time; its goods are for sale again.",
)
described(
    PartStatus,
    "Where a line of an order stands.",
    AWAITING_PAYMENT="Its order is not paid.",
    PENDING="Paid, and not begun.",
    FULFILLING="On its way.",
    FULFILLED="Delivered.",
    PARTIALLY_FULFILLED="Delivered in part, and no more will be.",
    FAILED="Will not be delivered. A bundle that is all or nothing fails with any of its components.",
    CANCELLED="Its order was not paid.",
)
described(
    RefundStatus,
    "How much of the buyer's money went back.",
    NONE="Nothing.",
    PENDING="Some is on its way.",
    PARTIALLY_REFUNDED="A part.",
    REFUNDED="All.",
)
described(
    ShipmentStatus,
    "Where a parcel is.",
    AWAITING_SHIPMENT="Not handed over yet.",
    HELD="Not to be handed over until a refund is decided.",
    SHIPPED="With its carrier.",
    DELIVERED="With its recipient.",
    RETURNED="It came back.",
    CANCELLED="Paid back before it was handed over.",
)
described(
    Condition,
    "What goods are like that came back.",
    name="ReturnCondition",
    SELLABLE="For sale again: they go back to the stock that they came from.",
    DAMAGED="They cannot be sold. Once they are paid back their cost is a loss.",
)
described(
    TopUpStatus,
    "What became of a top-up.",
    PROCESSING="The supplier has not said yet. It may have been credited: do not buy it again.",
    SUCCEEDED="Credited.",
    PARTIAL="Credited in part.",
    FAILED="Not credited.",
    REVERSED="Credited, and taken back by the supplier.",
)


@noun(views.ContactView, description="Whom to reach about an order.")
class Contact:
    """A contact."""

    name: str | None = open_to_all("The name.")
    phone: str | None = open_to_all("The phone number, as it was given.")
    email: str | None = open_to_all("The e-mail address.")


@noun(views.AddressView, description="Where an order's parcels go.")
class Address:
    """An address."""

    recipient: str = open_to_all("Who receives it.")
    phone: str = open_to_all("The recipient's phone number.")
    province: str = open_to_all("The province.")
    city: str = open_to_all("The city.")
    district: str | None = open_to_all("The district.")
    line: str = open_to_all("Street, house and door.")
    postcode: str | None = open_to_all("The postcode.")


@noun(views.TopUpView, description="A unit that a supplier credits to an account.", prefix="top")
class TopUp(Node):
    """A top-up."""

    id: strawberry.ID = identified("top", "The top-up's id.")
    account: str = open_to_all("The account that is credited, as the buyer entered it.")
    status: TopUpStatus = open_to_all("What became of it.")
    reference: str | None = open_to_all("The supplier's number, to ask them about it.")


@noun(views.ShipmentView, description="A parcel.", prefix="shp")
class Shipment(Node):
    """A parcel."""

    id: strawberry.ID = identified("shp", "The shipment's id.")
    status: ShipmentStatus = open_to_all("Where it is.")
    carrier: str | None = open_to_all("Who carries it; null until it is shipped.")
    tracking_number: str | None = open_to_all("The carrier's number; null until it is shipped.")
    shipped_at: datetime | None = open_to_all("When it was handed over.")
    delivered_at: datetime | None = open_to_all("When it arrived.")
    quantity: int = open_to_all("How many items are in it: those that were paid back before it left are not.")
    sellable: int = open_to_all("How many of them came back and are for sale again.")
    damaged: int = open_to_all("How many came back and cannot be sold.")


@noun(views.EntitlementView, description="Units that are used up one call at a time.", prefix="ent")
class Entitlement(Node):
    """A metered right."""

    id: strawberry.ID = identified("ent", "The entitlement's id.")
    units: int = open_to_all("How many units were bought.")
    used: int = open_to_all("How many are used up.")
    asked_back: int = open_to_all("How many were paid back, or may be: a refund is to be decided.")
    left: int = open_to_all("How many can still be used.")
    expires_at: datetime | None = open_to_all("Until when; null for no end.")


@noun(views.LineView, description="A line of an order.", prefix="lin")
class OrderLine(Node):
    """A line."""

    id: strawberry.ID = identified("lin", "The line's id.")
    sku: str = open_to_all("What was bought.")
    quantity: int = open_to_all("How many.")
    status: PartStatus = open_to_all("Where it stands.")
    unit_price: Money = open_to_all("The price of one.")
    list_price: Money = open_to_all("The list price of one at that time.")
    discount: Money = open_to_all("What was taken off the line.")
    total: Money = open_to_all("The line's price.")
    adjustments: list[Annotated[Adjustment, strawberry.lazy("schema.quotes")]] = open_to_all(
        "What promotions took off the line."
    )
    variant: Annotated[Variant, strawberry.lazy("schema.catalog")] | None = open_to_all(
        "What was bought, as it is now."
    )
    cards: list[Annotated[Card, strawberry.lazy("schema.cards")]] = open_to_all(
        "The cards of the line; empty before they are yours to see."
    )
    top_ups: list[TopUp] = open_to_all("What suppliers credit for the line, a unit each.")
    shipment: Shipment | None = open_to_all("The line's parcel; the first of a bundle's.")
    shipments: list[Shipment] = open_to_all("All parcels of the line.")
    entitlement: Entitlement | None = open_to_all("The line's metered right; the first of a bundle's.")
    entitlements: list[Entitlement] = open_to_all("All metered rights of the line.")


@reading("group_id")
def _group_id(root: strawberry.Parent[Any]) -> strawberry.ID | None:
    return None if root.group_id is None else strawberry.ID(ids.encode("grp", root.group_id))


@noun(views.OrderView, description="An order.", prefix="ord")
class Order(Node):
    """An order."""

    id: strawberry.ID = identified("ord", "The order's id.")
    number: str = open_to_all("What people call it by.")
    external_id: str | None = open_to_all("The shop's own id, unique in its channel.")
    status: OrderStatus = open_to_all("Where it stands.")
    refund_status: RefundStatus = open_to_all("How much of the money went back.")
    subtotal: Money = open_to_all("The sum of the lines before discounts.")
    discount: Money = open_to_all("What was taken off.")
    total: Money = open_to_all("What the buyer pays.")
    due: Money = open_to_all("What is still to be paid.")
    placed_at: datetime = open_to_all("When it was placed.")
    group_id: strawberry.ID | None = open_to_all(
        "The group in which it has a seat; it is delivered once that is complete.", resolver=_group_id
    )
    expires_at: datetime | None = open_to_all("Until when it can be paid.")
    paid_at: datetime | None = open_to_all("When it was paid.")
    closed_at: datetime | None = open_to_all("When it was cancelled or had expired.")
    lines: list[OrderLine] = open_to_all("What was bought.")
    payments: list[Annotated[Payment, strawberry.lazy("schema.payments")]] = open_to_all(
        "How it was paid, the oldest first."
    )
    refunds: list[Annotated[Refund, strawberry.lazy("schema.refunds")]] | None = visible_to(
        REFUNDS_READ, "What was asked back of it, the oldest first."
    )
    refundable: list[Annotated[Refundable, strawberry.lazy("schema.refunds")]] | None = visible_to(
        REFUNDS_READ, "What could be paid back now, product by product; empty until it is paid."
    )
    channel: Annotated[Channel, strawberry.lazy("schema.channels")] | None = open_to_all("Where it was sold.")
    margin: Money | None = visible_to(
        MARGIN_READ,
        "What your channel keeps of it after refunds, as the ledger has it; null where it has no part in it.",
    )
    margin_at_sale: Money | None = visible_to(
        MARGIN_READ, "What your channel earned by it before anything was paid back."
    )
    contact: Contact | None = visible_to(ORDERS_READ, "Whom to reach.")
    shipping_address: Address | None = visible_to(ORDERS_READ, "Where its parcels go.")


@strawberry.input(description="Which orders; what is left out does not narrow.")
class OrdersFilter:
    """A filter."""

    channel: str | None = asked("The code of a channel: it and all below it.", default=None)
    status: list[OrderStatus] | None = asked("One of these; none for an empty list.", default=None)
    placed_after: datetime | None = asked("Placed later than this.", default=None)
    placed_before: datetime | None = asked("Placed earlier than this.", default=None)
    external_id: str | None = asked("The shop's own id.", default=None)

    def wanted(self) -> OrderFilter:
        """The filter as the domain reads it."""
        status = None if self.status is None else tuple(self.status)
        return OrderFilter(
            self.channel, status, _zoned(self.placed_after), _zoned(self.placed_before), self.external_id
        )


def _zoned(moment: datetime | None) -> datetime | None:
    """A time without an offset is UTC."""
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
