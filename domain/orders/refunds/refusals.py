"""What asking for money back, and deciding about it, can be refused for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from domain.refusals import Refusal


@dataclass(eq=False)
class OrderNotRefundable(Refusal):
    """Nothing was paid for this order: it is {order_status}."""

    order_status: Annotated[str, "The order's status."]


@dataclass(eq=False)
class NothingRefundable(Refusal):
    """Nothing of this can be paid back. {reason}"""

    reason: Annotated[str, "Why, in a sentence."]


@dataclass(eq=False)
class ComponentNotRefundable(Refusal):
    """{sku} cannot be paid back. {reason}"""

    sku: Annotated[str, "The component that was named."]
    reason: Annotated[str, "Why, in a sentence."]

    @property
    def field(self) -> list[str] | None:
        """The lines."""
        return ["lines"]


@dataclass(eq=False)
class TooFewRefundable(Refusal):
    """Only {left} of this can be paid back; {wanted} were asked for."""

    wanted: Annotated[int, "How many were asked for."]
    left: Annotated[int, "How many can be."]
    at: str

    @property
    def field(self) -> list[str] | None:
        """The quantity that was asked for."""
        return self.at.split(".")


@dataclass(eq=False)
class RefundNotPossible(Refusal):
    """This refund cannot become {wanted}: it is {refund_status}."""

    refund_status: Annotated[str, "The refund's status."]
    wanted: Annotated[str, "What it was asked to become."]


@dataclass(eq=False)
class RefundNeedsHeadquarters(Refusal):
    """Cards of this refund were seen by the buyer; headquarters asks their issuer and decides."""


@dataclass(eq=False)
class RefundedCardStopped(Refusal):
    """A card of this refund is {status}; it is decided about when the card is cleared."""

    status: Annotated[str, "The card's status."]
