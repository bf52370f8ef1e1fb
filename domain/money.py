"""Money as integers of minor units, so that no fen is ever rounded away by accident."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

DIGITS = {"CNY": 2, "HKD": 2, "USD": 2, "EUR": 2, "JPY": 0}
"""Decimal digits of each currency that the system keeps books in (ISO 4217)."""

_AMOUNT = re.compile(r"(-?)(\d{1,13})(?:\.(\d+))?")
FULL_BP = 10_000
"""Basis points in a whole: 80 % is 8,000."""


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies were added or compared."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount of `minor` units (fen for CNY) of one currency."""

    minor: int
    currency: str = "CNY"

    @classmethod
    def parse(cls, amount: str, currency: str = "CNY") -> Money:
        """Read a decimal string such as `25.00`; ValueError when it is not one or has too many digits."""
        digits = DIGITS.get(currency)
        found = _AMOUNT.fullmatch(amount.strip())
        if digits is None:
            raise ValueError(f"{currency} is not a currency that is kept here.")
        if found is None or len(found[3] or "") > digits:
            raise ValueError(f"An amount of {currency} is written with at most {digits} decimals.")
        minor = int(found[2]) * 10**digits + int((found[3] or "").ljust(digits, "0") or "0")
        return cls(-minor if found[1] else minor, currency)

    @property
    def amount(self) -> str:
        """The decimal string with the currency's digits, such as `25.00`."""
        return _decimal(self.minor, DIGITS[self.currency])

    def zero(self) -> Money:
        """Nothing, in the same currency."""
        return Money(0, self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __mul__(self, count: int) -> Money:
        return Money(self.minor * count, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._same(other)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not add up.")
        return other.minor


@lru_cache(maxsize=65_536)
def _decimal(minor: int, digits: int) -> str:
    """Shops show the same amounts again and again."""
    sign, whole = ("-", -minor) if minor < 0 else ("", minor)
    if digits == 0:
        return f"{sign}{whole}"
    return f"{sign}{whole // 10**digits}.{whole % 10**digits:0{digits}d}"


def half_up(numerator: int, denominator: int) -> int:
    """Numerator / denominator rounded half-up (halves away from zero); denominator > 0."""
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return magnitude if numerator >= 0 else -magnitude


def share(minor: int, rate_bp: int) -> int:
    """`rate_bp` basis points of an amount in minor units, half-up."""
    return half_up(minor * rate_bp, FULL_BP)


def split(minor: int, weights: Sequence[int]) -> list[int]:
    """Divide an amount in proportion to weights by largest remainder; the parts always sum to it.

    Weights are not negative; when all are zero the first part takes everything.
    """
    total = sum(weights)
    if total == 0:
        return [minor, *[0] * (len(weights) - 1)] if weights else []
    parts = [minor * weight // total for weight in weights]
    rest = minor - sum(parts)
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(minor * weights[i] % total), i))
    for i in by_remainder[:rest]:
        parts[i] += 1
    return parts
