"""The states of a batch and what moves it from one to another; nothing else writes a status."""

from __future__ import annotations

from enum import StrEnum


class BatchStatus(StrEnum):
    """Where a batch stands."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    WITHDRAWING = "WITHDRAWING"
    WITHDRAWN = "WITHDRAWN"


class Origin(StrEnum):
    """Where the cards of a batch come from."""

    FILE = "FILE"
    MINT = "MINT"


class Step(StrEnum):
    """What happens to a batch."""

    BEGIN = "BEGIN"
    """A worker takes it up, for the first time or after another died."""
    STORE = "STORE"
    """Some more rows are done."""
    FINISH = "FINISH"
    FAIL = "FAIL"
    WITHDRAW = "WITHDRAW"
    EMPTY = "EMPTY"
    """All of its cards are void."""
    KEEP_WHOLE = "KEEP_WHOLE"
    """A card was sold while a finished batch was being withdrawn: it stays."""
    KEEP_PART = "KEEP_PART"
    """The same of a batch that had not been finished."""


_S, _T = BatchStatus, Step

MOVES: dict[tuple[BatchStatus, Step], BatchStatus] = {
    (_S.QUEUED, _T.BEGIN): _S.RUNNING,
    (_S.RUNNING, _T.BEGIN): _S.RUNNING,
    (_S.RUNNING, _T.STORE): _S.RUNNING,
    (_S.RUNNING, _T.FINISH): _S.SUCCEEDED,
    (_S.QUEUED, _T.FAIL): _S.FAILED,
    (_S.RUNNING, _T.FAIL): _S.FAILED,
    (_S.QUEUED, _T.WITHDRAW): _S.WITHDRAWING,
    (_S.RUNNING, _T.WITHDRAW): _S.WITHDRAWING,
    (_S.SUCCEEDED, _T.WITHDRAW): _S.WITHDRAWING,
    (_S.FAILED, _T.WITHDRAW): _S.WITHDRAWING,
    (_S.WITHDRAWING, _T.EMPTY): _S.WITHDRAWN,
    (_S.WITHDRAWING, _T.KEEP_WHOLE): _S.SUCCEEDED,
    (_S.WITHDRAWING, _T.KEEP_PART): _S.FAILED,
}

ENDED = frozenset({BatchStatus.SUCCEEDED, BatchStatus.FAILED, BatchStatus.WITHDRAWN})
"""Nothing more happens by itself."""


def after(status: BatchStatus, step: Step) -> BatchStatus | None:
    """The status that the step leads to; None where it cannot happen."""
    return MOVES.get((status, step))
