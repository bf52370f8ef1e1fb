"""Stops: calls of repositories that are made once for everybody who waits for them in a transaction.

A repository declares a stop as one function over all that is asked, as a level of the API is declared:

    @stop(Turn.PAYMENTS, writes=True)
    async def _capture(on: Connection, asked: Sequence[Asked[Due]]) -> list[PaymentView | Refusal]: ...

    payment = await _capture(self._work, Due(order, method, caller))

A command that has its transaction to itself is a list of one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum, auto
from typing import TYPE_CHECKING, Generic, TypeVar

from domain.refusals import Refusal

if TYPE_CHECKING:
    from persistence.statements import Connection
    from persistence.work import Work

A = TypeVar("A")
R = TypeVar("R")


class Turn(IntEnum):
    """In which order a transaction reads, locks and writes: everybody's locks are taken in this order.

    Whoever waits for an earlier turn goes first, so those who need fewer stops meet the others again. What
    can refuse comes before the first turn that writes.
    """

    PRICES = auto()
    OFFERS = auto()
    """What promotions ask about buyers, coupons and counters, without locks."""
    ORDERS = auto()
    """Rows of orders, by id."""
    CLAIMS = auto()
    """What is counted of promotions, by key, then coupons by id."""
    SEATS = auto()
    """Rows of groups that buy together, by id."""
    GATE = auto()
    """Rows of stock, then of quotas, by key."""
    MONEY = auto()
    """Deposits and debts, by key."""
    PLACING = auto()
    CLAIMING = auto()
    TAKING = auto()
    PAYMENTS = auto()
    LEDGER = auto()
    PARTS = auto()
    DELIVERY = auto()
    PROGRESS = auto()


class Overtaken(Exception):
    """Somebody else has written what a transaction had found free; it is begun again, and sees it."""


@dataclass(frozen=True, slots=True)
class Asked(Generic[A]):
    """One call of a stop, and in whose name."""

    work: Work
    what: A


class Stop(Generic[A, R]):
    """One statement, or a few, for all who ask; the answers come in the order of what was asked.

    An answer that is a Refusal is raised to who asked, for whom then nothing was written. What else is raised
    is a fault of all.
    """

    __slots__ = ("holds", "run", "turn", "writes")

    def __init__(
        self,
        turn: Turn,
        run: Callable[[Connection, Sequence[Asked[A]]], Awaitable[Sequence[R | Refusal]]],
        *,
        writes: bool = False,
        holds: bool = False,
    ) -> None:
        self.turn, self.run = turn, run
        self.writes = writes
        """Whether those who are answered have changed something."""
        self.holds = holds
        """Whether what one is promised here is missing to those behind it."""

    async def __call__(self, work: Work, what: A) -> R:
        """Ask, and wait for whoever shares the transaction."""
        asked = Asked(work, what)
        if work.traveller is not None:
            shared: R = await work.traveller.stop_at(self, asked)
            return shared
        (answer,) = await self.run(work.connection, [asked])
        if isinstance(answer, Refusal):
            raise answer
        return answer


def stop(
    turn: Turn, *, writes: bool = False, holds: bool = False
) -> Callable[[Callable[[Connection, Sequence[Asked[A]]], Awaitable[Sequence[R | Refusal]]]], Stop[A, R]]:
    """Declare a stop."""

    def declare(
        run: Callable[[Connection, Sequence[Asked[A]]], Awaitable[Sequence[R | Refusal]]],
    ) -> Stop[A, R]:
        return Stop(turn, run, writes=writes, holds=holds)

    return declare
