"""Other prices instead of the usual ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.promotions.basket import Open, Reduction


def replaced(
    lines: Sequence[Open], prices: Mapping[str, int], most: int | None = None
) -> Sequence[Reduction]:
    """What pieces at these prices (minor units by SKU) cost less, for up to `most` pieces of each SKU."""
    found = []
    left = dict.fromkeys(prices, most)
    for line in lines:
        price = prices.get(line.sku)
        if price is None or price >= line.line.unit_minor:
            continue
        can = left[line.sku]
        pieces = line.quantity if can is None else min(line.quantity, can)
        if can is not None:
            left[line.sku] = can - pieces
        if pieces:
            found.append(Reduction((line.line.unit_minor - price) * pieces, {line.at: 1}))
    return found
