"""Attempts at suppliers: how they begin, when they are asked about, and what an answer means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.ids import new_id
from domain.supply.answers import Answer, Submission
from domain.supply.states import FINAL, STEPS, AttemptState
from domain.work import Job

if TYPE_CHECKING:
    from domain.orders.records import PartRecord

PAUSES = tuple(timedelta(seconds=s) for s in (5, 15, 45, 120, 300, 900, 3600))
"""How long after an answer that is none the supplier is asked again; after the last, a person looks."""

SUBMIT_JOB = "supply.submit"
POLL_JOB = "supply.poll"
DEFAULT_SUPPLIER = "sandbox"

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class AttemptDraft:
    """An attempt to write, CREATED."""

    id: UUID
    fulfilment_id: UUID
    unit: int
    number: int
    supplier: str
    outgoing_number: str
    account: Any
    account_label: str
    face_minor: int | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt as it stands, locked."""

    id: UUID
    fulfilment_id: UUID
    order_id: UUID
    unit: int
    number: int
    supplier: str
    outgoing_number: str
    state: AttemptState
    sku: str
    account: Any
    face_minor: int | None
    settings: dict[str, Any]
    polls: int
    next_poll_at: datetime | None

    @property
    def wanted(self) -> Submission:
        """What is asked of the supplier."""
        return Submission(self.outgoing_number, self.sku, self.account, self.face_minor, self.settings)


def supplier_of(settings: Mapping[str, Any]) -> str:
    """The supplier that a variant's settings name."""
    return str(settings.get("supplier", DEFAULT_SUPPLIER))


def first_attempts(part: PartRecord) -> list[AttemptDraft]:
    """One attempt, numbered 1, for each unit of a fulfilment."""
    return [draft_attempt(part, unit, 1) for unit in range(1, part.quantity + 1)]


def draft_attempt(part: PartRecord, unit: int, number: int) -> AttemptDraft:
    """An attempt with an outgoing number that was never used: suppliers treat a repeated one as they like."""
    attempt_id = new_id()
    return AttemptDraft(
        id=attempt_id,
        fulfilment_id=part.id,
        unit=unit,
        number=number,
        supplier=supplier_of(part.settings),
        outgoing_number=f"Q{_written(attempt_id.int)}",
        account=part.account,
        account_label=label(part.account),
        face_minor=part.face_minor,
    )


def _written(number: int) -> str:
    """128 bits in 26 characters, far below the 50 that the shortest of suppliers takes."""
    text = ""
    for _ in range(26):
        number, digit = divmod(number, 32)
        text = _ALPHABET[digit] + text
    return text


def label(account: Any) -> str:
    """An account in one line, as its buyer recognises it."""
    values = account.values() if isinstance(account, dict) else [account]
    return " / ".join(str(value) for value in values if isinstance(value, str | int))


def submission(attempt_id: UUID) -> Job:
    """The job that sends an attempt."""
    return Job(SUBMIT_JOB, {"attempt": str(attempt_id)}, f"{SUBMIT_JOB}:{attempt_id}")


def poll(attempt_id: UUID, polls: int) -> Job:
    """The job that asks about an attempt after `polls` questions."""
    return Job(POLL_JOB, {"attempt": str(attempt_id)}, f"{POLL_JOB}:{attempt_id}:{polls}")


def contradicts(state: AttemptState, answer: Answer) -> bool:
    """Whether a final state is told to be another one, other than by a reversal."""
    return (
        state in FINAL
        and answer.state in FINAL
        and answer.state is not state
        and answer.state not in STEPS[state]
    )


def is_news(state: AttemptState, answer: Answer) -> bool:
    """Whether an answer moves an attempt on."""
    return answer.state in STEPS[state]
