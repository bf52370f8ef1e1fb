"""Where an order stands, derived in one place from what became of its parts."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class PartStatus(StrEnum):
    """Where one part (a fulfilment, or a line of several) stands."""

    AWAITING_PAYMENT = "AWAITING_PAYMENT"
    PENDING = "PENDING"
    FULFILLING = "FULFILLING"
    FULFILLED = "FULFILLED"
    PARTIALLY_FULFILLED = "PARTIALLY_FULFILLED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class OrderStatus(StrEnum):
    """Where an order stands."""

    RISK_HOLD = "RISK_HOLD"
    AWAITING_PAYMENT = "AWAITING_PAYMENT"
    PAID = "PAID"
    FULFILLING = "FULFILLING"
    FULFILLED = "FULFILLED"
    PARTIALLY_FULFILLED = "PARTIALLY_FULFILLED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class RefundStatus(StrEnum):
    """How much of the buyer's money went back."""

    NONE = "NONE"
    PENDING = "PENDING"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"


class BundlePolicy(StrEnum):
    """What a bundle is worth to its buyer when one component fails."""

    ALL_OR_NOTHING = "ALL_OR_NOTHING"
    BEST_EFFORT = "BEST_EFFORT"


class Phase(StrEnum):
    """What is decided about the order as a whole, before its parts have a say."""

    HELD = "HELD"
    OPEN = "OPEN"
    PAID = "PAID"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


_S = PartStatus
STEPS: dict[PartStatus, frozenset[PartStatus]] = {
    _S.AWAITING_PAYMENT: frozenset({_S.PENDING, _S.FULFILLING, _S.FULFILLED, _S.CANCELLED}),
    _S.PENDING: frozenset({_S.FULFILLING, _S.FULFILLED, _S.PARTIALLY_FULFILLED, _S.FAILED}),
    _S.FULFILLING: frozenset({_S.FULFILLED, _S.PARTIALLY_FULFILLED, _S.FAILED}),
    _S.FULFILLED: frozenset({_S.PARTIALLY_FULFILLED, _S.FAILED}),
    _S.PARTIALLY_FULFILLED: frozenset({_S.FAILED}),
    _S.FAILED: frozenset(),
    _S.CANCELLED: frozenset(),
}
"""From → to of a part; FULFILLED can only be lost by a supplier's reversal."""

_OPEN = frozenset({_S.AWAITING_PAYMENT, _S.PENDING, _S.FULFILLING})

_OF_PHASE = {
    Phase.HELD: OrderStatus.RISK_HOLD,
    Phase.OPEN: OrderStatus.AWAITING_PAYMENT,
    Phase.CANCELLED: OrderStatus.CANCELLED,
    Phase.EXPIRED: OrderStatus.EXPIRED,
}
_OF_PAID = {
    _S.AWAITING_PAYMENT: OrderStatus.PAID,
    _S.PENDING: OrderStatus.PAID,
    _S.FULFILLING: OrderStatus.FULFILLING,
    _S.FULFILLED: OrderStatus.FULFILLED,
    _S.PARTIALLY_FULFILLED: OrderStatus.PARTIALLY_FULFILLED,
    _S.FAILED: OrderStatus.FAILED,
    _S.CANCELLED: OrderStatus.CANCELLED,
}

PHASE_OF = {
    OrderStatus.RISK_HOLD: Phase.HELD,
    OrderStatus.AWAITING_PAYMENT: Phase.OPEN,
    OrderStatus.CANCELLED: Phase.CANCELLED,
    OrderStatus.EXPIRED: Phase.EXPIRED,
}
"""Every other status belongs to Phase.PAID."""


def together(parts: Iterable[PartStatus], policy: BundlePolicy | None = None) -> PartStatus:
    """What several parts amount to; of a bundle that is ALL_OR_NOTHING one failure is the whole's."""
    found = set(parts)
    if len(found) == 1:
        return found.pop()
    if policy is BundlePolicy.ALL_OR_NOTHING and found & {_S.FAILED, _S.PARTIALLY_FULFILLED}:
        return _S.FULFILLING if found & _OPEN else _S.FAILED
    return _S.FULFILLING if found & _OPEN else _S.PARTIALLY_FULFILLED


def order_status(phase: Phase, lines: Iterable[PartStatus]) -> OrderStatus:
    """The order's status: its phase until it is paid, then what its lines amount to."""
    if phase is not Phase.PAID:
        return _OF_PHASE[phase]
    return _OF_PAID[together(lines)]
