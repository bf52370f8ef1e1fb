"""The states of a request, and the only steps between them."""

from __future__ import annotations

from enum import StrEnum


class RequestKind(StrEnum):
    """Which way the money goes."""

    TOP_UP = "TOP_UP"
    WITHDRAWAL = "WITHDRAWAL"


class RequestStatus(StrEnum):
    """Where a request is."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    """A withdrawal on its way to the bank."""
    COMPLETED = "COMPLETED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
    """The bank did not pay it out."""


class RequestStep(StrEnum):
    """What happens to a request."""

    APPROVE = "APPROVE"
    """As many persons as it needs have approved it."""
    REJECT = "REJECT"
    CANCEL = "CANCEL"
    PAY_OUT = "PAY_OUT"
    FAIL = "FAIL"


_STEPS = {
    (RequestKind.TOP_UP, RequestStatus.PENDING, RequestStep.APPROVE): RequestStatus.COMPLETED,
    (RequestKind.WITHDRAWAL, RequestStatus.PENDING, RequestStep.APPROVE): RequestStatus.APPROVED,
    **{(kind, RequestStatus.PENDING, RequestStep.REJECT): RequestStatus.REJECTED for kind in RequestKind},
    **{(kind, RequestStatus.PENDING, RequestStep.CANCEL): RequestStatus.CANCELLED for kind in RequestKind},
    (RequestKind.WITHDRAWAL, RequestStatus.APPROVED, RequestStep.PAY_OUT): RequestStatus.COMPLETED,
    (RequestKind.WITHDRAWAL, RequestStatus.APPROVED, RequestStep.FAIL): RequestStatus.FAILED,
}


def after(kind: RequestKind, status: RequestStatus, step: RequestStep) -> RequestStatus | None:
    """The status that a step leads to; None where it is not possible."""
    return _STEPS.get((kind, status, step))
