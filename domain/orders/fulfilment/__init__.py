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
    from domain.orders.views import OrderView
    from domain.work import UnitOfWork


class Method(Protocol):
    """How parts reach the buyer once they are paid for."""

    async def begin(
        self, order: OrderView, parts: Sequence[PartRecord], caller: Caller, work: UnitOfWork
    ) -> Mapping[UUID, PartStatus]:
        """Start, in the transaction that captured the payment; where each part stands afterwards."""


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
