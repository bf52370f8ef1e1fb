"""Ways to fulfil a part of an order: one file each, named after the delivery that product kinds declare."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from domain.catalog.kinds import kind_of
from domain.discovery import modules_of
from domain.orders.status import PartStatus

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.records import PartRecord
    from domain.orders.refunds.records import Claim
    from domain.orders.refunds.standing import PartFacts, Standing
    from domain.orders.views import OrderView
    from domain.work import UnitOfWork


class Method(Protocol):
    """How parts reach the buyer once they are paid for, and how they come back when the money does."""

    async def begin(
        self, order: OrderView, parts: Sequence[PartRecord], caller: Caller, work: UnitOfWork
    ) -> Mapping[UUID, PartStatus]:
        """Start, in the transaction that captured the payment; where each part stands afterwards."""

    def standing(self, part: PartFacts) -> Standing:
        """How far a part came, and what nobody knows of it yet."""

    async def stop(self, claims: Sequence[Claim], caller: Caller, work: UnitOfWork) -> None:
        """Money is asked back: nobody can use, see or send the goods until that is decided."""

    async def take_back(
        self, claims: Sequence[Claim], caller: Caller, work: UnitOfWork
    ) -> Mapping[UUID, PartStatus]:
        """The refund is approved: the goods are taken back for good; which parts thereby stand where."""

    async def let_go(
        self, claims: Sequence[Claim], used: Sequence[UUID], caller: Caller, work: UnitOfWork
    ) -> None:
        """The refund is rejected: the buyer has the goods again, but for cards that were `used`."""


@lru_cache(maxsize=1)
def methods() -> Mapping[str, Method]:
    """Delivery → its method: the `METHOD` of the file of that name."""
    found: dict[str, Method] = {}
    for module in modules_of(sys.modules[__name__]):
        method: Any = vars(module)["METHOD"]
        found[module.__name__.rpartition(".")[2]] = method
    return found


def method_of(kind: str) -> Method:
    """The method of a product kind (a bundle has none: its components have)."""
    return methods()[kind_of(kind).delivery.value]
