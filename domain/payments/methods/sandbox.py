"""Play money, for demonstrations and tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from domain.access.callers import CallerKind
from domain.access.permissions import ORDERS_PAY

if TYPE_CHECKING:
    from domain.orders.terms import OrderTerms
    from domain.payments.methods import Purse
    from domain.payments.paying_back import PayBack
    from domain.supply.answers import Conversation


@dataclass(frozen=True)
class Sandbox:
    """Pays at once with no money; exists only where the settings allow it."""

    by_headquarters: ClassVar[bool] = True

    def is_available(self, terms: OrderTerms) -> bool:
        """In the demo, and where an operator says so."""
        return terms.sandbox

    def is_allowed(self, purse: Purse) -> bool:
        """The buyer, and back offices that may take payments."""
        if purse.caller.kind in (CallerKind.AGENT, CallerKind.API_CLIENT):
            return purse.caller.may(ORDERS_PAY)
        return purse.caller.kind in (CallerKind.CUSTOMER, CallerKind.STOREFRONT)

    def pay_back(self, wanted: PayBack) -> Conversation | None:
        """At once: there is no money."""
        return None


METHOD = Sandbox()
