"""A basket as promotions see it: lines with what is left to pay of each, and how low each may fall."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Line:
    """Goods to be sold; the amounts are minor units of one piece."""

    variant_id: UUID
    product_id: UUID
    category_id: UUID
    sku: str
    quantity: int
    unit_minor: int
    floor_minor: int = 0
    """The lowest price that the channels above allow."""

    @property
    def total_minor(self) -> int:
        """The line's price before promotions."""
        return self.unit_minor * self.quantity


@dataclass(frozen=True, slots=True)
class Open:
    """A line at one moment of an evaluation: what is left to pay of it."""

    at: int
    """Its place in the basket."""
    line: Line
    left_minor: int

    @property
    def sku(self) -> str:
        """What it is."""
        return self.line.sku

    @property
    def quantity(self) -> int:
        """How many."""
        return self.line.quantity

    def of(self, pieces: int) -> int:
        """What is left to pay of so many of its pieces, rounded down."""
        return self.left_minor * min(pieces, self.quantity) // self.quantity


@dataclass(frozen=True, slots=True)
class Basket:
    """What one promotion may look at: the lines it is for, and all that may be counted or given."""

    lines: tuple[Open, ...]
    """Those in its scope that nothing keeps it off."""
    everything: tuple[Open, ...]
    """Every line that nothing keeps it off, whatever its scope."""
    pieces_left: int | None = None
    """How many pieces it may still be given for; None is no limit."""

    @property
    def total_minor(self) -> int:
        """What is left to pay of the lines in its scope."""
        return sum(line.left_minor for line in self.lines)

    @property
    def pieces(self) -> int:
        """How many pieces the lines in its scope have."""
        return sum(line.quantity for line in self.lines)

    def named(self, sku: str) -> Iterator[Open]:
        """Every line of a SKU, whatever the scope."""
        return (line for line in self.everything if line.sku == sku)


@dataclass(frozen=True, slots=True)
class Reduction:
    """An amount to take off lines, in proportion to weights by their places."""

    minor: int
    over: Mapping[int, int]

    @classmethod
    def of(cls, minor: int, lines: Sequence[Open]) -> Reduction:
        """In proportion to what is left to pay."""
        return cls(minor, {line.at: line.left_minor for line in lines})


@dataclass(slots=True)
class Standing:
    """A basket while promotions are applied to it, one after the other."""

    lines: Sequence[Line]
    taken: list[int]
    """What was taken off each line so far."""
    groups: list[set[str]]
    """The stack groups of which something was applied to each line."""
    closed: list[set[int]]
    """The phases in which something exclusive was applied to each line."""
    touched: list[set[int]] = field(default_factory=list)
    """The phases in which anything was applied to each line."""

    @classmethod
    def of(cls, lines: Sequence[Line]) -> Standing:
        """Before anything was applied."""
        return cls(
            lines,
            [0] * len(lines),
            [set() for _ in lines],
            [set() for _ in lines],
            [set() for _ in lines],
        )

    def copy(self) -> Standing:
        """The same again, to try something."""
        return Standing(
            self.lines,
            list(self.taken),
            [set(one) for one in self.groups],
            [set(one) for one in self.closed],
            [set(one) for one in self.touched],
        )

    def left(self, at: int) -> int:
        """What is left to pay of a line."""
        return self.lines[at].total_minor - self.taken[at]

    def room(self, at: int) -> int:
        """What can still be taken off a line; nothing where it is sold at its floor or below."""
        line = self.lines[at]
        return max(0, self.left(at) - max(0, line.floor_minor) * line.quantity)
