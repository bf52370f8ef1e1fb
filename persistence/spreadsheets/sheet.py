"""A sheet that is being read: its rows, and how far the reading has come."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

from domain.cards.importing.rows import Row

BLOCK_BYTES = 1 << 16


@dataclass(frozen=True)
class Sheet:
    """Rows in file order, read once; reading may raise `UnreadableFile` at any row."""

    rows: Iterator[Row]
    percent_read: Callable[[], int]
    """0 to 100, by bytes."""

    def close(self) -> None:
        """Let go of the source, which has to outlive the rows; for readings that end early."""
        if isinstance(self.rows, Generator):
            self.rows.close()
