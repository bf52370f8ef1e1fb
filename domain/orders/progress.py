"""Progress: the one way in which an order's parts, lines and the order itself change their status."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from domain.orders.events import OrderChanged
from domain.orders.records import PartRecord
from domain.orders.status import PHASE_OF, STEPS, PartStatus, Phase, order_status, together

if TYPE_CHECKING:
    from domain.orders.views import OrderView
    from domain.work import UnitOfWork


async def advance(
    order: OrderView,
    parts: Sequence[PartRecord],
    moved: Mapping[UUID, PartStatus],
    work: UnitOfWork,
    phase: Phase | None = None,
    failures: Mapping[UUID, str] | None = None,
) -> OrderView:
    """Move parts of a locked order, derive its lines' status and its own, and tell whoever follows it.

    `phase` is a decision about the whole order (paid, cancelled, expired); None leaves it as it is.
    Raises ValueError for a step that the table does not have.
    """
    changed = {
        part.id: moved[part.id] for part in parts if moved.get(part.id, part.status) is not part.status
    }
    for part in parts:
        if part.id in changed and changed[part.id] not in STEPS[part.status]:
            raise ValueError(f"A part cannot go from {part.status.value} to {changed[part.id].value}.")
    lines = _lines(parts, changed)
    phase = phase or PHASE_OF.get(order.status, Phase.PAID)
    status = order_status(phase, lines.values())
    before = {part.line_id: part.line_status for part in parts}
    lines = {line_id: line for line_id, line in lines.items() if before[line_id] is not line}
    if status is order.status and not changed and not lines:
        return order
    after = await work.orders.move(order, status, changed, lines, failures or {})
    if status is not order.status:
        work.record(
            OrderChanged(
                aggregate_id=order.id,
                channel_id=order.channel_id,
                customer_id=order.customer_id,
                status=status,
                from_status=order.status,
            )
        )
    return after


def _lines(parts: Sequence[PartRecord], moved: Mapping[UUID, PartStatus]) -> dict[UUID, PartStatus]:
    by_line: dict[UUID, list[PartRecord]] = defaultdict(list)
    for part in parts:
        by_line[part.line_id].append(part)
    return {
        line_id: together([moved.get(part.id, part.status) for part in of_line], of_line[0].policy)
        for line_id, of_line in by_line.items()
    }
