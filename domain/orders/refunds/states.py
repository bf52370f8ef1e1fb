"""The states of a refund and of an order's money, as tables: the only writers of both."""

from __future__ import annotations

from enum import StrEnum

from domain.orders.status import RefundStatus


class RefundState(StrEnum):
    """Where a refund stands."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    SENT = "SENT"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


class RefundStep(StrEnum):
    """What happens to a refund."""

    APPROVE = "APPROVE"
    """Somebody who may decides for it: the goods are taken back."""
    REJECT = "REJECT"
    """Somebody who may decides against it: the buyer has the goods again."""
    WITHDRAW = "WITHDRAW"
    """Whoever asked, or the shop for its buyer, thinks better of it: the same without a decision."""
    SEND = "SEND"
    """The payment's provider is told; it is committed before the call."""
    SUCCEED = "SUCCEED"
    """The money is back."""
    FAIL = "FAIL"
    """The provider refused for certain; silence is not that."""


S, E = RefundState, RefundStep

TRANSITIONS: dict[tuple[RefundState, RefundStep], RefundState] = {
    (S.REQUESTED, E.APPROVE): S.APPROVED,
    (S.REQUESTED, E.REJECT): S.REJECTED,
    (S.REQUESTED, E.WITHDRAW): S.WITHDRAWN,
    (S.APPROVED, E.SUCCEED): S.SUCCEEDED,
    (S.APPROVED, E.SEND): S.SENT,
    (S.SENT, E.SUCCEED): S.SUCCEEDED,
    (S.SENT, E.FAIL): S.FAILED,
    (S.FAILED, E.SEND): S.SENT,
}
"""(state, step) → state. What has been approved is paid back: there is no way back from there."""

GIVEN_UP = frozenset({S.REJECTED, S.WITHDRAWN})
"""Nothing was paid back, and nothing will be: what was asked for can be asked for again."""

OPEN = frozenset({S.REQUESTED, S.APPROVED, S.SENT, S.FAILED})
"""Neither paid back nor refused."""


class ImpossibleRefundStep(Exception):
    """The table has no such step; a fault of ours, never an answer to a caller."""


def after(state: RefundState, step: RefundStep) -> RefundState:
    """The state after a step; raises ImpossibleRefundStep."""
    if (state, step) not in TRANSITIONS:
        raise ImpossibleRefundStep(f"A refund that is {state} cannot {step}.")
    return TRANSITIONS[state, step]


def status_of_order(total_minor: int, paid_back_minor: int, is_open: bool, ever: bool) -> RefundStatus:
    """How much of an order's money went back; `ever` says whether any refund of it has succeeded."""
    if is_open:
        return RefundStatus.PENDING
    if not ever:
        return RefundStatus.NONE
    return RefundStatus.REFUNDED if paid_back_minor >= total_minor else RefundStatus.PARTIALLY_REFUNDED
