"""Money that the shop took itself."""

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
class ShopCollected:
    """The shop took the buyer's money itself: an agent or an API client of the selling channel says so."""

    by_headquarters: ClassVar[bool] = False

    def is_available(self, terms: OrderTerms) -> bool:
        """Everywhere."""
        return True

    def is_allowed(self, purse: Purse) -> bool:
        """Not the channels above, which cannot know; never storefronts or customers, who might say it."""
        caller = purse.caller
        trusted = caller.kind in (CallerKind.AGENT, CallerKind.API_CLIENT)
        return trusted and caller.channel_id == purse.order.channel_id and caller.may(ORDERS_PAY)

    def pay_back(self, wanted: PayBack) -> Conversation | None:
        """The shop gives back what it took."""
        return None


METHOD = ShopCollected()
