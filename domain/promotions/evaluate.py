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
    standing = Standing.of(lines)
    if not promotions:
        return Evaluation(tuple(standing.taken))
    given: list[Given] = []
    trace: list[TraceStep] = []
    for phase in (Phase.PRICE, Phase.LINE, Phase.THRESHOLD):
        candidates = _candidates(promotions, occasion, phase, trace)
        apply = _lowest if phase is Phase.PRICE else _in_turn
        given += apply(candidates, standing, occasion, mode, trace)
    shown = _shown(promotions, occasion, trace)
    given += _best(shown, standing, occasion, mode, trace)
    return Evaluation(_discounts(lines, given), tuple(map(_adjustment, given)), tuple(trace))


def _discounts(lines: Sequence[Line], given: Sequence[Given]) -> tuple[int, ...]:
    off = [0] * len(lines)
    for one in given:
        for at, minor in one.lines.items():
            off[at] += minor
    return tuple(off)


def _candidates(
    promotions: Sequence[Promotion], occasion: Occasion, phase: Phase, trace: list[TraceStep]
) -> list[Candidate]:
    """The promotions of a phase that this occasion admits, in their order."""
    found = []
    for promotion in sorted(promotions, key=lambda one: one.order):
        if promotion.phase is phase and not promotion.kind.by_code:
            if promotion.is_for(occasion):
                found.append(Candidate(promotion))
            else:
                trace.append(TraceStep(promotion, None, Outcome.OUT_OF_SCOPE))
    return found


def _shown(promotions: Sequence[Promotion], occasion: Occasion, trace: list[TraceStep]) -> list[Candidate]:
    """The coupons that were shown and that this occasion admits."""
    by_id = {one.id: one for one in promotions if one.kind.by_code}
    found = []
    for coupon in occasion.coupons[:MOST_COUPONS]:
        promotion = by_id.get(coupon.promotion_id)
        if promotion is None:
            continue
        if promotion.is_for(occasion):
            found.append(Candidate(promotion, coupon))
        else:
            trace.append(TraceStep(promotion, coupon.code, Outcome.OUT_OF_SCOPE))
    return found


def _in_turn(
    candidates: Sequence[Candidate],
    standing: Standing,
    occasion: Occasion,
    mode: SpreadMode,
    trace: list[TraceStep],
) -> list[Given]:
    """One after the other, each on what the others have left."""
    found = []
    for candidate in candidates:
        outcome, given = judged(candidate, standing, occasion, mode)
        trace.append(TraceStep(candidate.promotion, candidate.code, outcome, given.minor if given else 0))
        if given is not None:
            applied(given, standing)
            found.append(given)
    return found


def _lowest(
    candidates: Sequence[Candidate],
    standing: Standing,
    occasion: Occasion,
    mode: SpreadMode,
    trace: list[TraceStep],
) -> list[Given]:
    """For each line the one price that is the lowest; of equal ones the first in order."""
    offered = [(one, *judged(one, standing, occasion, mode)) for one in candidates]
    best: dict[int, Candidate] = {}
    most: dict[int, int] = defaultdict(int)
    for candidate, _, given in offered:
        for at, minor in (given.lines if given else {}).items():
            if minor > most[at]:
                best[at], most[at] = candidate, minor
    found = []
    for candidate, outcome, given in offered:
        kept = {at: minor for at, minor in (given.lines if given else {}).items() if best[at] is candidate}
        if given is not None and not kept:
            outcome = Outcome.BETTER_PRICE
        trace.append(TraceStep(candidate.promotion, candidate.code, outcome, sum(kept.values())))
        if given is not None and kept:
            found.append(replace(given, lines=kept))
            applied(found[-1], standing)
    return found


def _best(
    candidates: Sequence[Candidate],
    standing: Standing,
    occasion: Occasion,
    mode: SpreadMode,
    trace: list[TraceStep],
) -> list[Given]:
    """Of all combinations of coupons the one that saves most, of equal ones that with the fewest."""
    best: tuple[int, list[Given]] = 0, []
    alone: dict[int, Outcome] = {}
    for count in range(1, len(candidates) + 1):
        for chosen in combinations(range(len(candidates)), count):
            attempt: list[TraceStep] = []
            ordered = sorted((candidates[at] for at in chosen), key=lambda one: one.order)
            given = _in_turn(ordered, standing.copy(), occasion, mode, attempt)
            if count == 1:
                alone[chosen[0]] = attempt[0].outcome
            saved = sum(one.minor for one in given)
            if saved > best[0] and len(given) == count:
                best = saved, given
    used = {one.candidate.code: one.minor for one in best[1]}
    for at, candidate in enumerate(candidates):
        outcome = Outcome.APPLIED if candidate.code in used else alone[at]
        if outcome is Outcome.APPLIED and candidate.code not in used:
            outcome = Outcome.NOT_CHOSEN
        trace.append(TraceStep(candidate.promotion, candidate.code, outcome, used.get(candidate.code, 0)))
    return best[1]


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
