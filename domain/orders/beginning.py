"""Beginning to deliver what was paid for: every part by its own method."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from domain.catalog.kinds import kind_of
from domain.orders.fulfilment import methods

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.records import PartRecord
    from domain.orders.status import PartStatus
    from domain.orders.views import OrderView
    from domain.work import UnitOfWork


async def begin(
    order: OrderView, parts: Sequence[PartRecord], caller: Caller, work: UnitOfWork
) -> Mapping[UUID, PartStatus]:
    """Start every part by its own method, each method once for all of its parts."""
    by_delivery: dict[str, list[PartRecord]] = defaultdict(list)
    for part in parts:
        by_delivery[kind_of(part.kind).delivery.value].append(part)
    moved: dict[UUID, PartStatus] = {}
    for delivery in sorted(by_delivery):
        moved |= await methods()[delivery].begin(order, by_delivery[delivery], caller, work)
    return moved
