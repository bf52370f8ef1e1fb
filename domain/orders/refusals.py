"""What buying can be refused for; a quote lists the same refusals as its problems."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from domain.orders.changes import QuoteChange
from domain.refusals import Refusal


@dataclass(eq=False)
class _AtLine(Refusal):
    """A line cannot be bought."""

    sku: Annotated[str, "The SKU of the line."]
    at: str

    @property
    def field(self) -> list[str] | None:
        """The input field, as a path."""
        return self.at.split(".")


@dataclass(eq=False)
class NotSellable(_AtLine):
    """{sku} is not on sale in this channel at present."""


@dataclass(eq=False)
class BelowFloor(_AtLine):
    """The price of {sku} lies below the least that a channel above allows."""


@dataclass(eq=False)
class PriceNeedsReview(_AtLine):
    """The price of {sku} waits for somebody's approval."""


@dataclass(eq=False)
class AccountMissing(_AtLine):
    """{sku} is credited to an account; say which in `account`, as the product's accountTemplate describes."""


@dataclass(eq=False)
class AccountInvalid(_AtLine):
    """The account for {sku} is not right: {reason}"""

    reason: Annotated[str, "What is wrong with it."] = ""


@dataclass(eq=False)
class CouponNotApplicable(Refusal):
    """The coupon {coupon} does not apply to this order."""

    coupon: Annotated[str, "The code that was given."]
    at: str

    @property
    def field(self) -> list[str] | None:
        """The input field, as a path."""
        return self.at.split(".")


@dataclass(eq=False)
class QuoteExpired(Refusal):
    """This quote's time is over; ask for a new one."""

    @property
    def field(self) -> list[str] | None:
        """The token."""
        return ["quoteToken"]


@dataclass(eq=False)
class QuoteChanged(Refusal):
    """What was quoted is not what would be bought now; see what changed and ask for a new quote."""

    changes: Annotated[list[QuoteChange], "Everything that differs from the quote."]

    @property
    def field(self) -> list[str] | None:
        """The token."""
        return ["quoteToken"]


@dataclass(eq=False)
class ExternalIdTaken(Refusal):
    """Another order of this channel has the externalId {external_id}."""

    external_id: Annotated[str, "The id that is taken."]

    @property
    def field(self) -> list[str] | None:
        """The id."""
        return ["externalId"]


@dataclass(eq=False)
class ShippingAddressMissing(Refusal):
    """Something of this order is sent by post; say where to."""

    @property
    def field(self) -> list[str] | None:
        """The address."""
        return ["shippingAddress"]


@dataclass(eq=False)
class OrderNotPayable(Refusal):
    """This order cannot be paid: it is {order_status}."""

    order_status: Annotated[str, "The order's status."]


@dataclass(eq=False)
class OrderNotCancellable(Refusal):
    """This order cannot be cancelled any more: it is {order_status}."""

    order_status: Annotated[str, "The order's status."]


@dataclass(eq=False)
class ShipmentElsewhere(Refusal):
    """These goods lie with another channel, which ships them."""


@dataclass(eq=False)
class ShipmentNotPossible(Refusal):
    """This shipment cannot become {wanted}: it is {shipment_status}."""

    shipment_status: Annotated[str, "The shipment's status."]
    wanted: Annotated[str, "What it was asked to become."]


@dataclass(eq=False)
class ReturnTooLarge(Refusal):
    """Only {left} items of this parcel are still out; {wanted} were counted in."""

    wanted: Annotated[int, "How many were said to have come back."]
    left: Annotated[int, "How many have not been counted in yet."]

    @property
    def field(self) -> list[str] | None:
        """The quantity."""
        return ["quantity"]


@dataclass(eq=False)
class EntitlementExhausted(Refusal):
    """Only {left} units are left; {wanted} were asked for."""

    wanted: Annotated[int, "Units asked for."]
    left: Annotated[int, "Units left."]


@dataclass(eq=False)
class EntitlementExpired(Refusal):
    """This entitlement's time is over."""
