"""What the API shows of quotes, and what it asks of those who buy."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from domain.access.permissions import MARGIN_READ, PRICES_READ, PROMOTIONS_READ
from domain.orders import changes, views
from domain.orders.basket import WantedLine
from domain.orders.changes import ChangeKind
from domain.orders.views import Condition
from domain.promotions.applying import Outcome
from domain.promotions.promotion import Phase
from domain.refusals import NotFound
from schema import ids
from schema import promotions as _promotions  # noqa: F401 - describes the phases and outcomes
from schema.audiences import asked, open_to_all, visible_to
from schema.channels import Channel, PriceStep
from schema.money import Money
from schema.nouns import noun
from schema.words import described

described(
    ChangeKind,
    "What of a SKU is not as it was quoted.",
    PRICE="Its price.",
    QUANTITY="How many are ordered.",
    NOT_QUOTED="It is ordered, but was not quoted.",
    NOT_ORDERED="It was quoted, but is not ordered.",
    NOT_AVAILABLE="It is not on sale any more.",
)


def _promotion_id(root: strawberry.Parent[Any]) -> strawberry.ID:
    return strawberry.ID(ids.encode("prm", root.promotion_id))


@noun(changes.QuoteChange, description="One difference between a quote and the order that was to use it.")
class QuoteChange:
    """A difference."""

    sku: str = open_to_all("The SKU.")
    kind: ChangeKind = open_to_all("What is different.")
    quoted_price: Money | None = open_to_all("The unit price of the quote.")
    current_price: Money | None = open_to_all("The unit price of today, where it matters.")
    quoted_quantity: int | None = open_to_all("How many were quoted.")
    ordered_quantity: int | None = open_to_all("How many were to be ordered.")


@noun(views.QuoteLine, description="A line with its price.")
class QuoteLine:
    """A line."""

    sku: str = open_to_all("The SKU.")
    quantity: int = open_to_all("How many.")
    unit_price: Money = open_to_all("The price of one.")
    list_price: Money = open_to_all("The list price of one.")
    discount: Money = open_to_all("What is taken off the line.")
    total: Money = open_to_all("The line's price.")
    price_trace: list[PriceStep] | None = visible_to(
        PRICES_READ, "How the unit price came about, from your channel down."
    )


@noun(views.LevelMargin, description="An amount of one channel: what it earns, or pays of a discount.")
class ChannelAmount:
    """An amount."""

    channel: Channel | None = open_to_all("The channel.")
    amount: Money = open_to_all("How much.")


@noun(views.Adjustment, description="What changes a total beside the prices of the lines.")
class Adjustment:
    """A promotion's or coupon's effect."""

    code: str = open_to_all("The coupon's code, or the promotion's kind.")
    name: str = open_to_all("What people call it.")
    amount: Money = open_to_all("By how much, negative where it is taken off.")
    phase: Phase = open_to_all("When it was applied.")
    promotion_id: strawberry.ID = open_to_all("The promotion's id.", resolver=_promotion_id)
    funders: list[ChannelAmount] | None = visible_to(
        MARGIN_READ, "What your channel and those below it pay of it."
    )


@noun(views.PromotionStep, description="What became of a promotion that was looked at.")
class PromotionStep:
    """A step of the promotions' trace."""

    promotion_id: strawberry.ID = open_to_all("The promotion's id.", resolver=_promotion_id)
    name: str = open_to_all("What people call it.")
    phase: Phase = open_to_all("When it has its say.")
    coupon: str | None = open_to_all("The code that was shown for it.")
    outcome: Outcome = open_to_all("What became of it.")
    amount: Money = open_to_all("By how much the total changes: negative, or nothing.")


@noun(views.QuoteProblem, description="Why this could not be ordered: the refusal that placing would answer.")
class QuoteProblem:
    """A problem."""

    code: str = open_to_all("What front ends switch on, such as `STOCK_EXHAUSTED`.")
    message: str = open_to_all("A sentence for people, in English.")
    field: list[str] | None = open_to_all("The path of the input field to change, where there is one.")
    sku: str | None = open_to_all("The SKU that it is about, where it is about one.")
    left: int | None = open_to_all("How many are left, where stock is short.")


@noun(views.Quote, description="What lines cost, promised for a while.")
class Quote:
    """A quote."""

    token: str | None = open_to_all(
        "Give it to `placeOrder` to buy at these prices; null while there are problems."
    )
    expires_at: datetime = open_to_all("Until when the prices hold.")
    lines: list[QuoteLine] = open_to_all("The lines that have a price; equal ones are merged.")
    subtotal: Money = open_to_all("The sum of the lines before discounts.")
    discount: Money = open_to_all("What is taken off.")
    total: Money = open_to_all("What would be paid.")
    adjustments: list[Adjustment] = open_to_all("What changes the total beside the lines.")
    problems: list[QuoteProblem] = open_to_all("Everything that stands in the way; empty when nothing does.")
    promotion_trace: list[PromotionStep] | None = visible_to(
        PROMOTIONS_READ, "Every promotion that was looked at, in order, and what became of it."
    )
    margins: list[ChannelAmount] | None = visible_to(
        MARGIN_READ, "What your channel and those below it would earn, less what they pay of discounts."
    )


@strawberry.input(description="Something to buy.")
class OrderLineInput:
    """A line."""

    sku: str = asked("The SKU.")
    quantity: int = asked("How many.", default=1)
    account: JSON | None = asked(
        "Which account is credited, as the product's `accountTemplate` describes. Of a bundle: one account "
        "for all, or an object of accounts by the components' SKUs.",
        default=None,
    )


@strawberry.input(description="What to price.")
class QuoteInput:
    """A basket."""

    lines: list[OrderLineInput] = asked("What is to be bought.")
    coupon_codes: list[str] | None = asked("Coupons to apply.", default=None)
    channel: str | None = asked(
        "Back offices: the code of a channel below yours, to see what its buyers are quoted; such a quote "
        "has no token.",
        default=None,
    )
    group_buy: strawberry.ID | None = asked(
        "To buy in a group: the id of a group to join, or of a promotion to open one of.", default=None
    )


@strawberry.input(description="Whom to reach about an order.")
class ContactInput:
    """A contact."""

    name: str | None = asked("The name.", default=None)
    phone: str | None = asked("The phone number; guests must give one.", default=None)
    email: str | None = asked("The e-mail address.", default=None)


@strawberry.input(description="Where an order's parcels go.")
class AddressInput:
    """An address."""

    recipient: str = asked("Who receives it.")
    phone: str = asked("The recipient's phone number.")
    province: str = asked("The province.")
    city: str = asked("The city.")
    line: str = asked("Street, house and door.")
    district: str | None = asked("The district.", default=None)
    postcode: str | None = asked("The postcode.", default=None)


@strawberry.input(description="What to buy.")
class PlaceOrderInput:
    """An order."""

    idempotency_key: str = asked("The same key never buys twice.")
    lines: list[OrderLineInput] = asked("What is to be bought.")
    coupon_codes: list[str] | None = asked("Coupons to apply.", default=None)
    quote_token: str | None = asked("The token of a quote for these lines.", default=None)
    contact: ContactInput | None = asked("Whom to reach.", default=None)
    shipping_address: AddressInput | None = asked("Where to, for what is sent by post.", default=None)
    external_id: str | None = asked("Your own id of the order, unique in your channel.", default=None)
    device_id: str | None = asked("What the front end knows the device by.", default=None)
    group_buy: strawberry.ID | None = asked(
        "To buy in a group: the id of a group to join, or of a promotion to open one of.", default=None
    )


@strawberry.input(description="Which order to give up.")
class CancelOrderInput:
    """A cancellation."""

    order_id: strawberry.ID = asked("The order.")
    idempotency_key: str = asked("The same key cancels once.")


@strawberry.input(description="Which parcel was handed to whom.")
class ShipFulfilmentInput:
    """A hand-over."""

    shipment_id: strawberry.ID = asked("The shipment.")
    carrier: str = asked("Who carries it.")
    tracking_number: str = asked("The carrier's number.")


@strawberry.input(description="What is new of a parcel on its way.")
class UpdateShipmentInput:
    """News."""

    shipment_id: strawberry.ID = asked("The shipment.")
    carrier: str | None = asked("Another carrier.", default=None)
    tracking_number: str | None = asked("Another number.", default=None)
    delivered: bool = asked("Whether it has arrived.", default=False)
    returned: bool = asked("Whether it has come back.", default=False)


@strawberry.input(description="What of a parcel has come back.")
class ReceiveReturnInput:
    """A return."""

    shipment_id: strawberry.ID = asked("The shipment.")
    condition: Condition = asked("Whether it can be sold again.")
    quantity: int | None = asked("How many items; all that are still out without it.", default=None)
    idempotency_key: str = asked("The same key counts in once.")


@strawberry.input(description="How many units of which right to use.")
class ConsumeEntitlementInput:
    """A use."""

    entitlement_id: strawberry.ID = asked("The entitlement.")
    units: int = asked("How many units.", default=1)
    idempotency_key: str = asked("The same key uses units once.")


def wanted_lines(lines: list[OrderLineInput]) -> tuple[WantedLine, ...]:
    """The lines as the domain reads them; raises InvalidInput for what cannot be stored."""
    return tuple(
        WantedLine.said(line.sku, line.quantity, line.account, f"lines.{index}")
        for index, line in enumerate(lines)
    )


def group_bought_in(said: strawberry.ID | None) -> tuple[UUID | None, UUID | None]:
    """The promotion of which a group is to be opened, and the group that is to be joined; raises NotFound."""
    if said is None:
        return None, None
    promotion_id, group_id = ids.decode("prm", said), ids.decode("grp", said)
    if promotion_id is None and group_id is None:
        raise NotFound("group", "groupBuy")
    return promotion_id, group_id
