"""Dividing an amount: over lines within what each can give, and over those who pay for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from domain.money import FULL_BP, split

K = TypeVar("K")
L = TypeVar("L")


class SpreadMode(StrEnum):
    """Where the units go that are left when every part is rounded down."""

    REMAINDER_LAST = "REMAINDER_LAST"
    LARGEST_REMAINDER = "LARGEST_REMAINDER"
    REMAINDER_FIRST = "REMAINDER_FIRST"


def divide(minor: int, weights: Sequence[int], mode: SpreadMode) -> list[int]:
    """An amount in proportion to weights that are not negative; the parts sum to it.

    Without any weight there is nobody to take it: every part is 0.
    """
    total = sum(weights)
    if total == 0:
        return [0] * len(weights)
    if mode is SpreadMode.LARGEST_REMAINDER:
        return split(minor, weights)
    parts = [minor * weight // total for weight in weights]
    weighing = [at for at, weight in enumerate(weights) if weight]
    at = weighing[0 if mode is SpreadMode.REMAINDER_FIRST else -1]
    parts[at] += minor - sum(parts)
    return parts


def spread(minor: int, weights: Mapping[K, int], rooms: Mapping[K, int], mode: SpreadMode) -> dict[K, int]:
    """Take an amount off lines in proportion to weights, from each at most its room.

    What a line cannot give is asked of the others, again in proportion; what nobody can give is not given.
    Lines that give nothing are absent. Rooms and the amount are minor units and not negative.
    """
    given: dict[K, int] = {}
    open_lines = [key for key, weight in weights.items() if weight > 0 and rooms[key] > 0]
    while open_lines and minor > 0:
        parts = divide(minor, [weights[key] for key in open_lines], mode)
        short = [key for key, part in zip(open_lines, parts, strict=True) if part > rooms[key]]
        if not short:
            given |= {key: part for key, part in zip(open_lines, parts, strict=True) if part}
            break
        for key in short:
            given[key] = rooms[key]
            minor -= rooms[key]
        open_lines = [key for key in open_lines if key not in short]
    return given


def fund(lines: Mapping[L, int], funders: Mapping[K, int]) -> dict[L, dict[K, int]]:
    """What each of those who fund a discount pays of it on each line, by basis points that sum to 10,000.

    What rounding leaves of the whole is paid by who is named first, less than a minor unit for each of the
    others; those pay their rate of it, rounded down. Each line sums to its part of the discount. Who pays
    nothing of a line is absent there.
    """
    if sum(funders.values()) != FULL_BP:
        raise ValueError("Shares of funding sum to 10,000 basis points.")
    if len(funders) == 1:
        return {line: dict.fromkeys(funders, minor) if minor else {} for line, minor in lines.items()}
    rates = list(funders.values())
    sure = {line: [minor * rate // FULL_BP for rate in rates] for line, minor in lines.items()}
    owed = divide(sum(lines.values()), rates, SpreadMode.REMAINDER_FIRST)
    left = [whole - sum(parts) for whole, parts in zip(owed, zip(*sure.values(), strict=True), strict=False)]
    found: dict[L, dict[K, int]] = {}
    for line, parts in sure.items():
        rounded = [0] * len(rates)
        for _ in range(lines[line] - sum(parts)):
            # Of those who have something left to pay, who is rounded up least here, then who has most left.
            at = min(range(len(rates)), key=lambda at: (not left[at], rounded[at], -left[at], at))
            rounded[at] += 1
            parts[at] += 1
            left[at] -= 1
        found[line] = {funder: part for funder, part in zip(funders, parts, strict=True) if part}
    return found
