"""What of an order can be paid back, and how much: pure decisions over what is known of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.catalog.fulfilment import Goods
from domain.catalog.kinds import settings_of
from domain.money import half_up
from domain.orders.fulfilment import method_of
from domain.orders.refunds.refusals import ComponentNotRefundable, NothingRefundable
from domain.orders.refunds.standing import PartFacts, Standing
from domain.refusals import NotFound

ASKED_BACK = "It was asked back already."
WAITS = "It waits for others to buy, and is delivered or paid back then."
UNDECIDED = "Nobody can say yet whether it was delivered or used."


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked back: a line, or of a bundle's line the components with this SKU."""

    line_id: UUID
    sku: str | None = None


@dataclass(frozen=True, slots=True)
class Refundable:
    """What of a part could be paid back now: `units` of `whole`, which are `amount_minor`."""

    part_id: UUID
    line_id: UUID
    sku: str
    units: int
    whole: int
    amount_minor: int
    goods: Goods
    review: bool = False
    """Whether headquarters has to decide."""
    refused: str | None = None
    """Why nothing of it is paid back; None when something is."""


def refundable(part: PartFacts, by_ourselves: bool = False) -> Refundable:
    """By the part's kind, less what nobody knows yet and what was asked back before.

    What was paid and not begun is paid back `by_ourselves` only: it may be begun at any moment. A component
    of a bundle is a part like any other, with its share of the bundle's net price.
    """
    standing = method_of(part.kind).standing(part)
    said = settings_of(part.kind, part.settings).refund(standing.progress)
    waits = standing.unbegun and not by_ourselves
    units = 0 if waits else max(said.share - standing.undecided - part.asked_units, 0)
    amount = due(part, units, said.whole)
    reason = None if units else said.refused or _why_not(standing, waits)
    return Refundable(
        part_id=part.id,
        line_id=part.line_id,
        sku=part.sku,
        units=units,
        whole=said.whole,
        amount_minor=amount,
        goods=said.goods,
        review=standing.review and units > 0,
        refused=reason,
    )


def _why_not(standing: Standing, waits: bool) -> str:
    return WAITS if waits else UNDECIDED if standing.undecided else ASKED_BACK


def due(part: PartFacts, units: int, whole: int) -> int:
    """What further units come to, in minor units.

    The share of all units asked back so far is rounded, and what was asked back before is taken off: however
    a part is divided, its refunds sum to what was paid for it and never exceed it.
    """
    if not units:
        return 0
    in_all = half_up(part.allocated_minor * (part.asked_units + units), whole)
    return max(in_all - part.asked_minor, 0)


def chosen(
    parts: Sequence[PartFacts], targets: Sequence[Target], by_ourselves: bool = False
) -> list[Refundable]:
    """The parts that a refund takes: of everything, or of the named lines and components.

    Of several parts those that cannot be paid back are left out; raises NothingRefundable where that is all
    of them, ComponentNotRefundable for one that was named, and NotFound for what the order does not have.
    """
    wanted = list(parts) if not targets else _named(parts, targets)
    found = [refundable(part, by_ourselves) for part in wanted]
    named = {(target.line_id, target.sku) for target in targets if target.sku is not None}
    for one in found:
        if one.refused is not None and (one.line_id, one.sku) in named:
            raise ComponentNotRefundable(one.sku, one.refused)
    takes = [one for one in found if one.refused is None]
    if not takes:
        raise NothingRefundable(found[0].refused or "")
    return takes


def _named(parts: Sequence[PartFacts], targets: Sequence[Target]) -> list[PartFacts]:
    picked: dict[UUID, PartFacts] = {}
    for index, target in enumerate(targets):
        of_line = [part for part in parts if part.line_id == target.line_id]
        if not of_line:
            raise NotFound("line of this order", f"lines.{index}.lineId")
        of_sku = [part for part in of_line if target.sku in (None, part.sku)]
        if not of_sku:
            raise NotFound("component of this line", f"lines.{index}.sku")
        picked |= {part.id: part for part in of_sku}
    return [part for part in parts if part.id in picked]
