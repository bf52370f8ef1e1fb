"""Ways to pay: one file each, its name the method's code, its class' docstring the description in the API."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from domain.discovery import modules_of

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.terms import OrderTerms
    from domain.orders.views import OrderView
    from domain.payments.paying_back import PayBack
    from domain.supply.answers import Conversation


@dataclass(frozen=True, slots=True)
class Purse:
    """Who wants to pay what, and under which terms."""

    order: OrderView
    caller: Caller
    terms: OrderTerms


class PaymentMethod(Protocol):
    """One way to pay."""

    by_headquarters: ClassVar[bool]
    """Whether the money comes to headquarters, which then owes it to the seller."""

    def is_available(self, terms: OrderTerms) -> bool:
        """Whether it exists in this installation."""

    def is_allowed(self, purse: Purse) -> bool:
        """Whether this caller may pay this order so; the caller can see the order."""

    def pay_back(self, wanted: PayBack) -> Conversation | None:
        """How the provider is told, which may be repeated; None where the money goes back without it.

        It answers SUCCEEDED, FAILED for what is certain, and UNKNOWN or ACCEPTED for everything else.
        """


@lru_cache(maxsize=1)
def payment_methods() -> Mapping[str, PaymentMethod]:
    """Code → method: the `METHOD` of every file here."""
    found: dict[str, PaymentMethod] = {}
    for module in modules_of(sys.modules[__name__]):
        method: Any = vars(module)["METHOD"]
        found[module.__name__.rpartition(".")[2].upper()] = method
    return found
