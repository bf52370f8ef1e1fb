"""Attempts at suppliers as stored; every step is a guarded UPDATE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.ids import new_id
from domain.supply.answers import Answer
from domain.supply.attempts import Attempt, AttemptDraft
from domain.supply.states import FINAL, AttemptState
from persistence.repository import Repository
from persistence.statements import Statement

_ADD = Statement(
    """INSERT INTO attempt
         (id, fulfilment_id, unit, number, supplier, outgoing_number, state, account, account_label,
          face_minor)
       VALUES
         (:id, :fulfilment_id, :unit, :number, :supplier, :outgoing_number, 'CREATED', :account,
          :account_label, :face_minor)"""
)
_ORDER_OF = Statement(
    "SELECT f.order_id FROM attempt a JOIN fulfilment f ON f.id = a.fulfilment_id WHERE a.id = :attempt_id"
)
_ID_OF = Statement("SELECT id FROM attempt WHERE supplier = :supplier AND outgoing_number = :number")
_LOCK = Statement(
    """SELECT a.id, a.fulfilment_id, f.order_id, a.unit, a.number, a.supplier, a.outgoing_number, a.state,
              f.sku, a.account, a.face_minor, v.settings, a.polls, a.next_poll_at
         FROM attempt a JOIN fulfilment f ON f.id = a.fulfilment_id JOIN variant v ON v.id = f.variant_id
        WHERE a.id = :attempt_id FOR NO KEY UPDATE OF a"""
)
_SENT = Statement(
    """UPDATE attempt SET state = 'SENT', sent_at = now(), next_poll_at = :next_poll_at
        WHERE id = :attempt_id AND state = 'CREATED'"""
)
_MOVE = Statement(
    """UPDATE attempt
          SET state = CAST(:state AS text), reference = coalesce(:reference, reference),
              charged_minor = coalesce(:charged, charged_minor), detail = nullif(CAST(:detail AS text), ''),
              finished_at = CASE WHEN CAST(:final AS boolean) THEN now() END,
              next_poll_at = CASE WHEN NOT CAST(:final AS boolean) THEN next_poll_at END
        WHERE id = :attempt_id AND state = :before"""
)
_SCHEDULE = Statement(
    "UPDATE attempt SET polls = :polls, next_poll_at = :next_poll_at WHERE id = :attempt_id"
)
_STATES = Statement(
    """SELECT DISTINCT ON (unit) state FROM attempt WHERE fulfilment_id = :fulfilment_id
        ORDER BY unit, number DESC"""
)
_OPEN_CASE = Statement(
    """INSERT INTO case_file (id, subject, subject_id, reason, facts)
       SELECT :id, 'attempt', :attempt_id, CAST(:reason AS text), CAST(:facts AS jsonb)
        WHERE NOT EXISTS (SELECT FROM case_file WHERE subject = 'attempt' AND subject_id = :attempt_id
                             AND reason = CAST(:reason AS text) AND facts = CAST(:facts AS jsonb))"""
)
OVERDUE = Statement(
    """SELECT id, polls FROM attempt
        WHERE state IN ('SENT', 'ACCEPTED', 'UNKNOWN') AND next_poll_at < now() - interval '10 seconds'
        ORDER BY next_poll_at LIMIT :limit"""
)
"""Attempts that should have been asked about already; their job may be lost."""


class StoredAttempts(Repository):
    """The Attempts of one transaction."""

    async def add(self, drafts: Sequence[AttemptDraft]) -> None:
        """Write new attempts, CREATED."""
        await _ADD.many(self._on, [asdict(draft) for draft in drafts])

    async def order_of(self, attempt_id: UUID) -> UUID | None:
        """The order that an attempt belongs to."""
        found: UUID | None = await _ORDER_OF.value(self._on, attempt_id=attempt_id)
        return found

    async def id_of(self, supplier: str, outgoing_number: str) -> UUID | None:
        """The attempt that a supplier speaks of."""
        found: UUID | None = await _ID_OF.value(self._on, supplier=supplier, number=outgoing_number)
        return found

    async def lock(self, attempt_id: UUID) -> Attempt | None:
        """An attempt, locked until the commit."""
        row = await _LOCK.one(self._on, attempt_id=attempt_id)
        return None if row is None else Attempt(**{**row, "state": AttemptState(row["state"])})

    async def mark_sent(self, attempt_id: UUID, next_poll_at: datetime) -> None:
        """CREATED → SENT; it is asked about at `next_poll_at` if nothing is heard before."""
        _one(await _SENT.run(self._on, attempt_id=attempt_id, next_poll_at=next_poll_at))

    async def move(self, attempt_id: UUID, before: AttemptState, answer: Answer) -> None:
        """Write what a supplier answered."""
        _one(
            await _MOVE.run(
                self._on,
                attempt_id=attempt_id,
                before=before.value,
                state=answer.state.value,
                reference=answer.reference,
                charged=answer.charged_minor,
                detail=answer.detail,
                final=answer.state in FINAL,
            )
        )

    async def schedule(self, attempt_id: UUID, polls: int, next_poll_at: datetime | None) -> None:
        """Say when it is asked about next; None when a person has to."""
        await _SCHEDULE.run(self._on, attempt_id=attempt_id, polls=polls, next_poll_at=next_poll_at)

    async def states_of(self, fulfilment_id: UUID) -> list[AttemptState]:
        """The state of the newest attempt of each unit."""
        rows = await _STATES.all(self._on, fulfilment_id=fulfilment_id)
        return [AttemptState(row["state"]) for row in rows]

    async def open_case(self, attempt_id: UUID, reason: str, facts: dict[str, Any]) -> None:
        """Put something before a person, once for each reason and the same facts."""
        await _OPEN_CASE.run(self._on, id=new_id(), attempt_id=attempt_id, reason=reason, facts=facts)


def _one(touched: int) -> None:
    if touched != 1:
        raise RuntimeError("An attempt moved while it was locked.")
