"""What is shown of requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.ledger.deposits.states import RequestKind, RequestStatus
from domain.money import Money
from domain.selected import Joining


@dataclass(frozen=True, slots=True)
class DepositRequestView(Joining):
    """A top-up or withdrawal of a channel's deposit."""

    id: UUID
    kind: RequestKind
    channel_id: UUID
    amount: Money
    status: RequestStatus
    note: str
    """What its author said of it: the bank's reference of a top-up, where to pay a withdrawal."""
    requested_by: str
    requested_by_id: UUID
    approvals_needed: int
    approved_by: tuple[str, ...]
    """The names of those who approved it, the first first."""
    approver_ids: tuple[UUID, ...]
    reason: str | None
    reference: str | None
    """The bank's, of a withdrawal that was paid out."""
    created_at: datetime
    changed_at: datetime

    @property
    def approvals(self) -> int:
        """How many have approved it."""
        return len(self.approver_ids)

    @property
    def missing(self) -> int:
        """How many have to approve it yet."""
        return max(self.approvals_needed - self.approvals, 0)
