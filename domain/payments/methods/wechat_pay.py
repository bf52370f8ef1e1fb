"""Money through WeChat Pay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from domain.orders.terms import OrderTerms
    from domain.payments.methods import Purse
    from domain.payments.paying_back import PayBack
    from domain.supply.answers import Conversation


@dataclass(frozen=True)
class WechatPay:
    """WeChat Pay (微信支付); no provider is connected yet."""

    by_headquarters: ClassVar[bool] = True

    def is_available(self, terms: OrderTerms) -> bool:
        """Not before a provider is."""
        return False

    def is_allowed(self, purse: Purse) -> bool:
        """Whoever sees the order."""
        return True

    def pay_back(self, wanted: PayBack) -> Conversation | None:
        """Nothing was ever paid so."""
        raise LookupError("No provider is connected.")


METHOD = WechatPay()
