"""Counting pieces over lines: a SKU may stand in several, with an account in each."""

from __future__ import annotations

from collections.abc import Sequence

from domain.promotions.basket import Basket, Open


def pieces_of(basket: Basket, sku: str) -> int:
    """How many pieces of a SKU there are."""
    return sum(line.quantity for line in basket.named(sku))


def picked(lines: Sequence[Open], pieces: int) -> dict[int, int]:
    """What is left to pay of the first so many pieces of lines, by place."""
    found: dict[int, int] = {}
    for line in lines:
        count = min(pieces, line.quantity)
        if count:
            found[line.at] = line.of(count)
            pieces -= count
    return found
