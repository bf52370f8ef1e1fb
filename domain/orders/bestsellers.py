"""Counting what sells, away from the sale: one pass over new events instead of one hot row per product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.commands import Command, handles

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class CountSold(Command):
    """Add what was paid since the last count to the products' counters; answers how many events were read."""

    limit: int = 5_000


@handles(CountSold)
async def count_sold(command: CountSold, caller: Caller, work: UnitOfWork) -> int:
    """Exactly once: counters and the position up to which events are counted change together."""
    return await work.orders.count_sold(command.limit)
