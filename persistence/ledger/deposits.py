"""Requests to top deposits up and to pay them out, as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.ids import new_id
from domain.ledger.deposits.states import RequestKind, RequestStatus
from domain.ledger.deposits.views import DepositRequestView
from domain.money import Money
from persistence.ledger.deposit_shape import APPROVALS
from persistence.statements import Statement

if TYPE_CHECKING:
    import asyncpg

    from domain.access.callers import Caller
    from domain.ledger.deposits.ports import RequestDraft
    from persistence.work import Work

COLUMNS = """r.*, coalesce(approved.names, CAST(ARRAY[] AS text[])) AS approved_by,
             coalesce(approved.ids, CAST(ARRAY[] AS uuid[])) AS approver_ids"""
APPROVED = f"LEFT JOIN LATERAL ({APPROVALS}) AS approved ON true"

_ADD = Statement(
    """INSERT INTO deposit_request (id, kind, channel_id, amount_minor, currency, status, note,
              approvals_needed, requested_by_id, requested_by)
       VALUES (:id, :kind, :channel, :minor, :currency, 'PENDING', :note, :needed, :agent, :name)"""
)
_LOCK = Statement(
    """SELECT r.id FROM deposit_request r JOIN channel c ON c.id = r.channel_id
        WHERE r.id = :id AND c.path @> ARRAY[CAST(:scope AS uuid)] FOR NO KEY UPDATE OF r"""
)
_READ = Statement(f"SELECT {COLUMNS} FROM deposit_request r {APPROVED} WHERE r.id = :id")
_APPROVE = Statement(
    """INSERT INTO deposit_approval (request_id, agent_id, name) VALUES (:id, :agent, :name)
       ON CONFLICT DO NOTHING"""
)
_MOVE = Statement(
    """UPDATE deposit_request
          SET status = :status, reason = coalesce(:reason, reason),
              reference = coalesce(:reference, reference), changed_at = now()
        WHERE id = :id AND status = :before"""
)


class StoredDeposits:
    """Fills `domain.ledger.deposits.ports.DepositRequests`."""

    def __init__(self, work: Work) -> None:
        self._on: Any = work.connection
        self._settings = work.tools.settings

    @property
    def two_persons_above_minor(self) -> int:
        """The operator's threshold."""
        return self._settings.two_persons_above_minor

    async def add(self, draft: RequestDraft, caller: Caller) -> DepositRequestView:
        """Write a new one."""
        made = new_id()
        await _ADD.run(
            self._on,
            id=made,
            kind=draft.kind.value,
            channel=draft.channel_id,
            minor=draft.amount.minor,
            currency=draft.amount.currency,
            note=draft.note,
            needed=draft.approvals_needed,
            agent=caller.subject_id,
            name=caller.name,
        )
        return await self._read(made)

    async def lock(self, request_id: UUID, caller: Caller) -> DepositRequestView | None:
        """Lock one, and read it behind the lock: its approvals are rows of their own."""
        found = await _LOCK.value(self._on, id=request_id, scope=caller.channel)
        return None if found is None else await self._read(found)

    async def approve(self, request: DepositRequestView, caller: Caller) -> DepositRequestView:
        """Add the caller's approval."""
        await _APPROVE.run(self._on, id=request.id, agent=caller.subject_id, name=caller.name)
        return await self._read(request.id)

    async def move(
        self,
        request: DepositRequestView,
        status: RequestStatus,
        reason: str | None = None,
        reference: str | None = None,
    ) -> DepositRequestView:
        """Write the new status."""
        moved = await _MOVE.run(
            self._on,
            id=request.id,
            status=status.value,
            before=request.status.value,
            reason=reason,
            reference=reference,
        )
        assert moved == 1, "A locked request has changed."
        return await self._read(request.id)

    async def _read(self, request_id: UUID) -> DepositRequestView:
        row = await _READ.one(self._on, id=request_id)
        assert row is not None
        return request_of(row)


def request_of(row: asyncpg.Record) -> DepositRequestView:
    """A request with COLUMNS."""
    return DepositRequestView(
        id=row["id"],
        kind=RequestKind(row["kind"]),
        channel_id=row["channel_id"],
        amount=Money(row["amount_minor"], row["currency"]),
        status=RequestStatus(row["status"]),
        note=row["note"],
        requested_by=row["requested_by"],
        requested_by_id=row["requested_by_id"],
        approvals_needed=row["approvals_needed"],
        approved_by=tuple(row["approved_by"]),
        approver_ids=tuple(row["approver_ids"]),
        reason=row["reason"],
        reference=row["reference"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
    )
