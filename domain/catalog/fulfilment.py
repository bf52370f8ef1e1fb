"""What a product kind says of itself: how it is delivered, what it asks of the buyer, what a refund means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Delivery(StrEnum):
    """The ways of fulfilment; each is carried out by one part of the orders and supply areas."""

    CARDS = "cards"
    SUPPLIER = "supplier"
    SHIPMENT = "shipment"
    ENTITLEMENT = "entitlement"
    COMPONENTS = "components"


class Stock(StrEnum):
    """What limits how many can be sold."""

    CARDS = "cards"
    COUNT = "count"
    COMPONENTS = "components"
    NONE = "none"


class Asks(StrEnum):
    """Whether a line must, may or must not say for which account it is."""

    NEVER = "never"
    MAY = "may"
    MUST = "must"


class Goods(StrEnum):
    """What becomes of the goods of a refunded part."""

    BACK_TO_STOCK = "BACK_TO_STOCK"
    VOIDED = "VOIDED"
    VOID_AT_ISSUER_FIRST = "VOID_AT_ISSUER_FIRST"
    RETURNED = "RETURNED"
    NOTHING = "NOTHING"
    BY_COMPONENT = "BY_COMPONENT"


SEND_BACK = "Send it back first."
"""Why goods that left are not paid back."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a fulfilment came, in units; those that were used count as delivered too."""

    units: int
    delivered: int = 0
    revealed: int = 0
    used: int = 0
    returned: int = 0


@dataclass(frozen=True, slots=True)
class Refund:
    """What a refund means: `share` of `whole` units are paid back, and what becomes of the goods."""

    share: int
    whole: int
    goods: Goods
    refused: str | None = None
    """Why nothing is paid back, in a sentence; None when something is."""


@dataclass(frozen=True)
class ProductKind:
    """One kind of product; a subclass is a frozen dataclass whose fields are the settings of its variants."""

    delivery: ClassVar[Delivery]
    stock: ClassVar[Stock] = Stock.NONE
    account: ClassVar[Asks] = Asks.NEVER
    needs_address: ClassVar[bool] = False
    numbered: ClassVar[bool] = False
    """Whether an item from stock has a number beside its secret."""

    def refund(self, progress: Progress) -> Refund:
        """What a refund of this fulfilment would pay back."""
        left = progress.units - progress.delivered
        reason = None if left else "All of it was delivered."
        return Refund(left, progress.units, Goods.NOTHING, reason)


def refund_of_cards(progress: Progress) -> Refund:
    """Unrevealed goes back to stock; revealed is voided at the issuer first; used is not paid back."""
    if progress.used:
        unused = progress.units - progress.used
        reason = None if unused else "All of it was used."
        return Refund(unused, progress.units, Goods.VOID_AT_ISSUER_FIRST, reason)
    goods = Goods.VOID_AT_ISSUER_FIRST if progress.revealed else Goods.BACK_TO_STOCK
    return Refund(progress.units, progress.units, goods)
