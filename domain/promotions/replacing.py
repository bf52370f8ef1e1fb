"""Other prices instead of the usual ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.promotions.basket import Line, Open, Reduction


def replaced(
    lines: Sequence[Open], prices: Mapping[str, int], most: int | None = None
) -> Sequence[Reduction]:
    """What pieces at these prices (minor units by SKU) cost less, for up to `most` pieces of each SKU."""
    found = []
    left = dict.fromkeys(prices, most)
    for line in lines:
        if line.sku not in prices:
            continue
        off = line.line.unit_minor - _price(prices, line.line)
        if off < 1:
            continue
        can = left[line.sku]
        pieces = line.quantity if can is None else min(line.quantity, can)
        if can is not None:
            left[line.sku] = can - pieces
        if pieces:
            found.append(Reduction(off * pieces, {line.at: 1}))
    return found


def pieces_for(prices: Mapping[str, int], line: Line, minor: int) -> int:
    """For how many pieces of a line a discount was given: all of them got the same price."""
    off = line.unit_minor - _price(prices, line) if line.sku in prices else 0
    return min(line.quantity, -(-minor // off)) if off > 0 else line.quantity


def _price(prices: Mapping[str, int], line: Line) -> int:
    """Not below the floor, so that a piece is sold at the price or not at all."""
    return max(prices[line.sku], line.floor_minor)
