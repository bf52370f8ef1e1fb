"""The goods of a refund: each part's by the method that delivered it, each method once for its parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from domain.catalog.kinds import kind_of
from domain.orders.fulfilment import Method, methods
from domain.orders.status import PartStatus

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.refunds.records import Claim
    from domain.work import UnitOfWork


_GIVEN_UP = {PartStatus.AWAITING_PAYMENT: PartStatus.CANCELLED, PartStatus.PENDING: PartStatus.FAILED}
"""What was never begun, or never sent."""


async def stop(claims: Sequence[Claim], caller: Caller, work: UnitOfWork) -> None:
    """Nobody can use or send what is asked back."""
    for method, theirs in _by_method(claims):
        await method.stop(theirs, caller, work)


async def take_back(claims: Sequence[Claim], caller: Caller, work: UnitOfWork) -> dict[UUID, PartStatus]:
    """The goods are taken back for good; which parts thereby stand where.

    A part that was paid and never begun (its group of buyers did not fill) is given up whole.
    """
    await work.cards.lock([claim.part_id for claim in claims])
    moved: dict[UUID, PartStatus] = {}
    for method, theirs in _by_method(claims):
        moved |= await method.take_back(theirs, caller, work)
    whole = [claim for claim in claims if claim.units == claim.whole]
    return moved | {claim.part_id: _GIVEN_UP[claim.status] for claim in whole if claim.status in _GIVEN_UP}


async def let_go(claims: Sequence[Claim], used: Sequence[UUID], caller: Caller, work: UnitOfWork) -> None:
    """The buyer has the goods again, but for cards that were used."""
    for method, theirs in _by_method(claims):
        await method.let_go(theirs, used, caller, work)


def _by_method(claims: Sequence[Claim]) -> Iterator[tuple[Method, list[Claim]]]:
    """In the order of the deliveries' names."""
    by_delivery: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_delivery[kind_of(claim.kind).delivery.value].append(claim)
    for delivery in sorted(by_delivery):
        yield methods()[delivery], by_delivery[delivery]
