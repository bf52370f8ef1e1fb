"""The states of an attempt at a supplier, as one table."""

from __future__ import annotations

from enum import StrEnum


class AttemptState(StrEnum):
    """What is known of an attempt; UNKNOWN is an answer too: it may have been carried out."""

    CREATED = "CREATED"
    SENT = "SENT"
    ACCEPTED = "ACCEPTED"
    UNKNOWN = "UNKNOWN"
    SUCCEEDED = "SUCCEEDED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    REVERSED = "REVERSED"


_S = AttemptState
_ANSWERS = frozenset({_S.SUCCEEDED, _S.FAILED, _S.PARTIAL})

STEPS: dict[AttemptState, frozenset[AttemptState]] = {
    _S.CREATED: frozenset({_S.SENT}),
    _S.SENT: _ANSWERS | {_S.ACCEPTED, _S.UNKNOWN},
    _S.ACCEPTED: _ANSWERS | {_S.UNKNOWN},
    _S.UNKNOWN: _ANSWERS | {_S.ACCEPTED},
    _S.SUCCEEDED: frozenset({_S.REVERSED}),
    _S.PARTIAL: frozenset(),
    _S.FAILED: frozenset(),
    _S.REVERSED: frozenset(),
}
"""From → to; staying where one is is no step."""

FINAL = _ANSWERS | {_S.REVERSED}
"""States that only a person may doubt."""

WAITING = frozenset({_S.SENT, _S.ACCEPTED, _S.UNKNOWN})
"""States in which the supplier is asked again."""
