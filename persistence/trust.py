"""How long what was read may be believed without reading it again: half a second, and never beyond a change
that this process makes itself.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

TRUSTED_S = 0.5
"""Seconds after a read began in which it counts as of now: within them shows what other processes change."""


class Mark(NamedTuple):
    """When a read began."""

    generation: int
    read_s: float

    @property
    def age_s(self) -> float:
        """Seconds since then."""
        return time.monotonic() - self.read_s


class Trust:
    """Vouches for reads of one kind of fact. Safe between tasks of one event loop.

    Who changes such facts says so on the transaction's connection before it changes them. Nothing is believed
    until that transaction is over, and nothing that was read before its end afterwards.
    """

    __slots__ = ("_changing", "_generation")

    def __init__(self) -> None:
        self._generation = 0
        self._changing: list[Any] = []

    def doubt(self, connection: Any) -> None:
        """A transaction on this connection is about to change such facts."""
        self._changing.append(connection)

    def over(self, connection: Any) -> None:
        """The transaction on this connection has ended, whether it was committed or not."""
        if self._changing and connection in self._changing:
            self._changing = [other for other in self._changing if other is not connection]
            self._generation += 1

    def mark(self) -> Mark:
        """The beginning of a read; take it before the statement is sent."""
        return Mark(self._generation, time.monotonic())

    def holds(self, mark: Mark) -> bool:
        """Whether what was read then may still be believed."""
        return (
            not self._changing
            and mark.generation == self._generation
            and time.monotonic() - mark.read_s < TRUSTED_S
        )
