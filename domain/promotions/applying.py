"""Applying one promotion to a basket as the ones before have left it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.promotions.basket import Basket, Open, Standing
from domain.promotions.promotion import Promotion
from domain.promotions.scope import Occasion, Presented, Usage
from domain.promotions.spreading import SpreadMode, spread

NOTHING_USED = Usage()


class Outcome(StrEnum):
    """What became of a promotion that was looked at."""

    APPLIED = "APPLIED"
    OUT_OF_SCOPE = "OUT_OF_SCOPE"
    CONDITION_UNMET = "CONDITION_UNMET"
    EXCLUDED = "EXCLUDED"
    AT_THE_FLOOR = "AT_THE_FLOOR"
    BETTER_PRICE = "BETTER_PRICE"
    NOT_CHOSEN = "NOT_CHOSEN"
    USED_UP = "USED_UP"


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One promotion, and how much it has taken off, in minor units."""

    promotion: Promotion
    coupon: str | None
    outcome: Outcome
    minor: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A promotion to be applied, with the coupon where it takes one."""

    promotion: Promotion
    coupon: Presented | None = None

    @property
    def code(self) -> str | None:
        """The coupon's."""
        return self.coupon.code if self.coupon else None

    @property
    def stack_group(self) -> str | None:
        """Of coupons of one promotion only one is taken for a line."""
        own = self.promotion.stack_group
        return str(self.promotion.id) if own is None and self.coupon else own

    @property
    def order(self) -> tuple[tuple[bool, int, int, int], int]:
        """The promotion's, then the coupon's id."""
        return self.promotion.order, self.coupon.coupon_id.int if self.coupon else 0


@dataclass(frozen=True, slots=True)
class Given:
    """What one promotion takes off which lines, in minor units."""

    candidate: Candidate
    lines: Mapping[int, int]

    @property
    def minor(self) -> int:
        """In all."""
        return sum(self.lines.values())


def judged(
    candidate: Candidate, standing: Standing, occasion: Occasion, mode: SpreadMode
) -> tuple[Outcome, Given | None]:
    """What a promotion would give now; it changes nothing."""
    promotion = candidate.promotion
    usage = occasion.left.get(promotion.id, NOTHING_USED)
    if 0 in (usage.orders, usage.pieces):
        return Outcome.USED_UP, None
    open_lines = [at for at in range(len(standing.lines)) if _may_touch(candidate, standing, at)]
    everything = tuple(Open(at, standing.lines[at], standing.left(at)) for at in open_lines)
    lines = tuple(one for one in everything if promotion.scope.covers(one.line))
    if not lines:
        covered = any(promotion.scope.covers(line) for line in standing.lines)
        return (Outcome.EXCLUDED if covered else Outcome.OUT_OF_SCOPE), None
    taken = _taken(candidate, Basket(lines, everything, usage.pieces), standing, occasion, mode)
    if taken is None:
        return Outcome.CONDITION_UNMET, None
    given = Given(candidate, taken)
    if not given.minor:
        return Outcome.AT_THE_FLOOR, None
    if usage.minor is not None and given.minor > usage.minor:
        return Outcome.USED_UP, None
    return Outcome.APPLIED, given


def _taken(
    candidate: Candidate, basket: Basket, standing: Standing, occasion: Occasion, mode: SpreadMode
) -> dict[int, int] | None:
    """What its reductions take off each line within the floors; None where it offers none."""
    offered = [one for one in candidate.promotion.kind.offer(basket, occasion) if one.minor > 0]
    if not offered:
        return None
    found: dict[int, int] = {}
    for one in offered:
        rooms = {at: standing.room(at) - found.get(at, 0) for at in one.over}
        for at, minor in spread(one.minor, one.over, rooms, mode).items():
            found[at] = found.get(at, 0) + minor
    return found


def _may_touch(candidate: Candidate, standing: Standing, at: int) -> bool:
    phase, group = candidate.promotion.phase, candidate.stack_group
    if phase in standing.closed[at] or (group is not None and group in standing.groups[at]):
        return False
    return not (candidate.promotion.exclusive and phase in standing.touched[at])


def applied(given: Given, standing: Standing) -> None:
    """Take it off, and remember what may not come on top of it."""
    promotion, group = given.candidate.promotion, given.candidate.stack_group
    for at, minor in given.lines.items():
        standing.taken[at] += minor
        standing.touched[at].add(promotion.phase)
        if promotion.exclusive:
            standing.closed[at].add(promotion.phase)
        if group is not None:
            standing.groups[at].add(group)
