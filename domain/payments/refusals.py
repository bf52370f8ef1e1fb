"""What a payment can be refused for, beside the state of its order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from domain.refusals import Refusal


@dataclass(eq=False)
class _OfMethod(Refusal):
    """A method cannot be used."""

    method: Annotated[str, "The payment method that was asked for."]

    @property
    def field(self) -> list[str] | None:
        """The method."""
        return ["method"]


@dataclass(eq=False)
class PaymentMethodUnavailable(_OfMethod):
    """{method} is not available here; choose another method."""


@dataclass(eq=False)
class PaymentMethodNotAllowed(_OfMethod):
    """{method} cannot be used by you for this order."""
