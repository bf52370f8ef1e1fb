"""What is remembered beside the things that are shown, and the room that all of it may take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MOST_TEXTS = 8
"""Ways in which one thing is remembered as it was written."""


class Room:
    """Counts bytes roughly, and calls `full` when more than `most` were taken: who remembers forgets then."""

    __slots__ = ("_full", "_most", "used")

    def __init__(self, most: int, full: Callable[[], None]) -> None:
        self._most, self._full = most, full
        self.used = 0

    def take(self, size: int) -> None:
        """Take room for something of `size` bytes."""
        self.used += size
        if self.used > self._most:
            self.used = 0
            self._full()


class Written(dict[int, Any]):
    """How one thing that does not change was written for its readers, by the number of what they asked."""

    __slots__ = ("_room",)

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room

    def keep(self, number: int, text: Any, size: int) -> None:
        """Remember one way of writing it, of `size` bytes."""
        if len(self) >= MOST_TEXTS:
            self.clear()
        self[number] = text
        self._room.take(size)
