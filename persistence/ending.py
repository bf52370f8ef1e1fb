"""The end of a transaction: all that it leaves behind, in one statement.

Transfers, events and the answers to keys have nothing to wait for but the commit, and each round trip between
the lock of a stock and the commit is paid by everybody who queues there.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from persistence import idempotency, outbox
from persistence.ledger import posting, sql
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.events import Event
    from persistence.idempotency import Answered
    from persistence.ledger.posting import Posting
    from persistence.statements import Connection


async def write(
    on: Connection, events: Sequence[Event], answered: Sequence[Answered], postings: Sequence[Posting]
) -> None:
    """Append events, keep answers, post transfers."""
    values: dict[str, Any] = {}
    if events:
        values |= outbox.values_of(events)
    if answered:
        values |= idempotency.values_of(answered)
    if postings:
        values |= posting.values_of(postings)
    if not values:
        return
    if not await _ending(bool(events), bool(answered), bool(postings)).value(on, **values):
        await posting.written(on, postings)


@cache
def _ending(events: bool, answers: bool, transfers: bool) -> Statement:
    """Its value is whether the transfers are written: false where one needs an account that is not open."""
    steps = [sql.ENTERING] if transfers else []
    steps += [f"told AS ({outbox.WRITE})"] if events else []
    steps += [f"answered AS ({idempotency.KEEP})"] if answers else []
    return Statement(f"WITH {', '.join(steps)} SELECT {sql.ENTERED if transfers else True}")
