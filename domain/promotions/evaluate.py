"""What promotions make of a basket: phase by phase, never below a floor, every unit paid by somebody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from uuid import UUID

from domain.promotions.applying import Candidate, Given, Outcome, TraceStep, applied, judged
from domain.promotions.basket import Line, Standing
from domain.promotions.promotion import Phase, Promotion
from domain.promotions.scope import Occasion
from domain.promotions.spreading import SpreadMode, fund

MOST_COUPONS = 5
"""Codes that one order may show: every combination of them is tried."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One promotion's effect on a basket, in minor units."""

    promotion: Promotion
    coupon: str | None
    """The code by which it was given."""
    coupon_id: UUID | None
    lines: Mapping[int, int]
    """What it takes off each line, by its place; never 0."""
    shares: Mapping[int, Mapping[UUID, int]]
    """Who pays how much of that, for each line."""

    @property
    def phase(self) -> Phase:
        """When it was applied."""
        return self.promotion.phase

    @property
    def minor(self) -> int:
        """What it takes off in all."""
        return sum(self.lines.values())

    @property
    def funders(self) -> dict[UUID, int]:
        """Who pays how much of it."""
        return _summed(self.shares.values())


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What promotions make of a basket."""

    discounts: tuple[int, ...]
    """What is taken off each line, in minor units."""
    adjustments: tuple[Adjustment, ...] = ()
    trace: tuple[TraceStep, ...] = ()
    """Every promotion that was looked at, in the order of evaluation, and what became of it."""

    @property
    def minor(self) -> int:
        """What is taken off in all."""
        return sum(self.discounts)

    @property
    def shares(self) -> dict[UUID, int]:
        """Who pays how much of all discounts."""
        return _summed(one.funders for one in self.adjustments)

    def unused(self, codes: Iterable[str]) -> list[str]:
        """The codes that give nothing here, by themselves or with others."""
        useful = {step.coupon for step in self.trace if step.outcome in (Outcome.APPLIED, Outcome.NOT_CHOSEN)}
        return [code for code in codes if code not in useful]


def evaluate(
    lines: Sequence[Line], occasion: Occasion, promotions: Sequence[Promotion], mode: SpreadMode
) -> Evaluation:
    """Apply promotions to lines: prices, lines, thresholds, then the best combination of coupons."""
    going = _Evaluating(Standing.of(lines), occasion, mode)
    if not promotions:
        return Evaluation(tuple(going.standing.taken))
    ordered = [
        Candidate(one) for one in sorted(promotions, key=lambda one: one.order) if not one.kind.by_code
    ]
    for phase in (Phase.PRICE, Phase.LINE, Phase.THRESHOLD):
        candidates = going.admitted(one for one in ordered if one.promotion.phase is phase)
        if phase is Phase.PRICE:
            going.give_lowest(candidates)
        else:
            going.give_in_turn(candidates)
    going.give_best(going.admitted(_shown(promotions, occasion)))
    return Evaluation(
        _discounts(lines, going.given), tuple(map(_adjustment, going.given)), tuple(going.trace)
    )


def _discounts(lines: Sequence[Line], given: Sequence[Given]) -> tuple[int, ...]:
    off = [0] * len(lines)
    for one in given:
        for at, minor in one.lines.items():
            off[at] += minor
    return tuple(off)


def _shown(promotions: Sequence[Promotion], occasion: Occasion) -> list[Candidate]:
    """The coupons that were shown."""
    by_id = {one.id: one for one in promotions if one.kind.by_code}
    coupons = occasion.coupons[:MOST_COUPONS]
    return [Candidate(by_id[one.promotion_id], one) for one in coupons if one.promotion_id in by_id]


class _Evaluating:
    """An evaluation under way: what was given so far, what that has left, and what was looked at."""

    def __init__(self, standing: Standing, occasion: Occasion, mode: SpreadMode) -> None:
        self.standing, self._occasion, self._mode = standing, occasion, mode
        self.given: list[Given] = []
        self.trace: list[TraceStep] = []

    def admitted(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """Those that this occasion admits, whatever is in the basket."""
        found = []
        for one in candidates:
            if one.promotion.is_for(self._occasion):
                found.append(one)
            else:
                self._note(one, Outcome.OUT_OF_SCOPE, 0)
        return found

    def give_in_turn(self, candidates: Iterable[Candidate]) -> None:
        """One after the other, each on what the others have left."""
        for one in candidates:
            self._give(one, *self._judged(one))

    def give_lowest(self, candidates: Sequence[Candidate]) -> None:
        """For each line the one price that is the lowest; of equal ones the first in order."""
        offered = [(one, *self._judged(one)) for one in candidates]
        best: dict[int, Candidate] = {}
        most: dict[int, int] = defaultdict(int)
        for candidate, _, given in offered:
            for at, minor in (given.lines if given else {}).items():
                if minor > most[at]:
                    best[at], most[at] = candidate, minor
        for candidate, outcome, given in offered:
            if given is None:
                self._give(candidate, outcome, None)
                continue
            kept = {at: minor for at, minor in given.lines.items() if best[at] is candidate}
            if kept:
                self._give(candidate, outcome, replace(given, lines=kept))
            else:
                self._give(candidate, Outcome.BETTER_PRICE, None)

    def give_best(self, candidates: Sequence[Candidate]) -> None:
        """Of all combinations of coupons the one that saves most, of equal ones that with the fewest."""
        best, saved = _Evaluating(self.standing, self._occasion, self._mode), 0
        alone: dict[int, Outcome] = {}
        for count in range(1, len(candidates) + 1):
            for chosen in combinations(range(len(candidates)), count):
                attempt = _Evaluating(self.standing.copy(), self._occasion, self._mode)
                attempt.give_in_turn(sorted((candidates[at] for at in chosen), key=lambda one: one.order))
                if count == 1:
                    alone[chosen[0]] = attempt.trace[0].outcome
                minor = sum(one.minor for one in attempt.given)
                if minor > saved and len(attempt.given) == count:
                    best, saved = attempt, minor
        self.given += best.given
        used = {one.candidate.code: one.minor for one in best.given}
        for at, candidate in enumerate(candidates):
            outcome = Outcome.APPLIED if candidate.code in used else alone[at]
            if outcome is Outcome.APPLIED and candidate.code not in used:
                outcome = Outcome.NOT_CHOSEN
            self._note(candidate, outcome, used.get(candidate.code, 0))

    def _judged(self, candidate: Candidate) -> tuple[Outcome, Given | None]:
        return judged(candidate, self.standing, self._occasion, self._mode)

    def _give(self, candidate: Candidate, outcome: Outcome, given: Given | None) -> None:
        self._note(candidate, outcome, given.minor if given else 0)
        if given is not None:
            applied(given, self.standing)
            self.given.append(given)

    def _note(self, candidate: Candidate, outcome: Outcome, minor: int) -> None:
        self.trace.append(TraceStep(candidate.promotion, candidate.code, outcome, minor))


def _adjustment(given: Given) -> Adjustment:
    candidate = given.candidate
    funding = candidate.promotion.funding
    shares = fund(given.lines, funding)
    coupon_id = candidate.coupon.coupon_id if candidate.coupon else None
    return Adjustment(candidate.promotion, candidate.code, coupon_id, given.lines, shares)


def _summed(shares: Iterable[Mapping[UUID, int]]) -> dict[UUID, int]:
    found: dict[UUID, int] = {}
    for one in shares:
        for funder, minor in one.items():
            found[funder] = found.get(funder, 0) + minor
    return found
