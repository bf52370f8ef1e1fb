"""What is counted of a promotion, so that it never costs more, or is given more often, than was decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.promotions.scope import Usage


class Unit(StrEnum):
    """What a meter counts."""

    ORDER = "ORDER"
    MINOR = "MINOR"
    PIECE = "PIECE"


@dataclass(frozen=True, slots=True)
class Meter:
    """One thing that is counted of a promotion: under which name, in what, and up to how many."""

    subject: str
    most: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Limits:
    """What a promotion may cost and how often it may be given; None is no limit."""

    budget_minor: int | None = None
    orders: int | None = None
    per_customer: int | None = None
    per_device: int | None = None

    def meters(self, buyers: Sequence[str], device: str) -> list[Meter]:
        """One for each limit that there is, and that of a customer for each name of the buyer."""
        said = (
            (BUDGET, self.budget_minor, Unit.MINOR),
            ("orders", self.orders, Unit.ORDER),
            *((f"buyer:{name}", self.per_customer, Unit.ORDER) for name in buyers),
            (f"device:{device}", self.per_device, Unit.ORDER),
        )
        return [Meter(subject, most, unit) for subject, most, unit in said if most is not None]


NO_LIMITS = Limits()
BUDGET = "budget"
"""The subject under which what a promotion costs is counted."""


def usage_of(meters: Iterable[Meter], used: Mapping[str, int]) -> Usage:
    """What meters leave, where so much was used by subject."""
    left: dict[Unit, int] = {}
    for meter in meters:
        rest = max(0, meter.most - used.get(meter.subject, 0))
        left[meter.unit] = min(rest, left.get(meter.unit, rest))
    return Usage(left.get(Unit.ORDER), left.get(Unit.MINOR), left.get(Unit.PIECE))
