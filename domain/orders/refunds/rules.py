"""What of an order can be paid back, and how much: pure decisions over what is known of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.catalog.fulfilment import Goods, ProductKind, Progress
from domain.catalog.kinds import settings_of
from domain.money import half_up
from domain.orders.fulfilment import method_of
from domain.orders.refunds.refusals import ComponentNotRefundable, NothingRefundable, TooFewRefundable
from domain.orders.refunds.standing import CardFact, PartFacts, Standing
from domain.refusals import InvalidInput, NotFound

ASKED_BACK = "It was asked back already."
WAITS = "It waits for others to buy, and is delivered or paid back then."
UNDECIDED = "Nobody can say yet whether it was delivered or used."


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked back: a line, or of a bundle's line the components with this SKU."""

    line_id: UUID
    sku: str | None = None
    quantity: int | None = None
    """So many items of it, of a bundle's line so many bundles; None for all that can be paid back."""


@dataclass(frozen=True, slots=True)
class Refundable:
    """What of a part could be paid back now: `units` of `whole`, which are `amount_minor`."""

    part_id: UUID
    line_id: UUID
    sku: str
    quantity: int
    """How many items that is; one of which a share is left counts as one."""
    units: int
    whole: int
    amount_minor: int
    goods: Goods
    review: bool = False
    """Whether headquarters has to decide: its buyer may have used up elsewhere what comes back."""
    refused: str | None = None
    """Why nothing of it is paid back; None when something is."""
    cards: tuple[UUID, ...] = ()
    """Those that go back."""


def refundable(part: PartFacts, by_ourselves: bool = False, most: int | None = None) -> Refundable:
    """By the part's kind, less what nobody knows yet and what was asked back before; `most` items of it.

    What was paid and not begun is paid back `by_ourselves` only: it may be begun at any moment. A component
    of a bundle is a part like any other, with its share of the bundle's net price. An item is as many units
    as the part is measured in by one; what was not touched goes back first.
    """
    standing = method_of(part.kind).standing(part)
    kind = settings_of(part.kind, part.settings)
    said = kind.refund(standing.progress)
    waits = standing.unbegun and not by_ourselves
    units = 0 if waits else max(said.share - standing.undecided - part.asked_units, 0)
    if most is not None:
        units = min(units, _ceiling(most * said.whole, part.quantity))
    cards = standing.cards[:units]
    return Refundable(
        part_id=part.id,
        line_id=part.line_id,
        sku=part.sku,
        quantity=_ceiling(units * part.quantity, said.whole),
        units=units,
        whole=said.whole,
        amount_minor=due(part, units, said.whole),
        goods=_goods(kind, cards) if cards else said.goods,
        review=any(card.seen and not card.minted for card in cards),
        refused=None if units else said.refused or _why_not(standing, waits),
        cards=tuple(card.id for card in cards),
    )


def _goods(kind: ProductKind, cards: Sequence[CardFact]) -> Goods:
    """What becomes of these cards, whatever became of the part's others."""
    seen = sum(card.seen for card in cards)
    return kind.refund(Progress(len(cards), delivered=len(cards), revealed=seen)).goods


def _ceiling(amount: int, by: int) -> int:
    return -(-amount // by)


def _why_not(standing: Standing, waits: bool) -> str:
    return WAITS if waits else UNDECIDED if standing.undecided else standing.rest or ASKED_BACK


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
    of them, ComponentNotRefundable for one that was named, TooFewRefundable for more items than can be paid
    back, and NotFound for what the order does not have.
    """
    wanted = _named(parts, targets) if targets else [(part, None) for part in parts]
    found = [refundable(part, by_ourselves, most) for part, most in wanted]
    named = {(target.line_id, target.sku) for target in targets if target.sku is not None}
    for one in found:
        if one.refused is not None and (one.line_id, one.sku) in named:
            raise ComponentNotRefundable(one.sku, one.refused)
    takes = [one for one in found if one.refused is None]
    if not takes:
        raise NothingRefundable(found[0].refused or "")
    return takes


def _named(parts: Sequence[PartFacts], targets: Sequence[Target]) -> list[tuple[PartFacts, int | None]]:
    picked: dict[UUID, int | None] = {}
    for index, target in enumerate(targets):
        of_target = _parts_of(parts, target, index)
        _check_left(of_target, target, index)
        for part in of_target:
            most = None if target.quantity is None else target.quantity * _items(part, target)
            if part.id in picked and (most is not None or picked[part.id] is not None):
                raise InvalidInput("Name it once, with how many.", f"lines.{index}.quantity")
            picked[part.id] = most
    return [(part, picked[part.id]) for part in parts if part.id in picked]


def _parts_of(parts: Sequence[PartFacts], target: Target, index: int) -> list[PartFacts]:
    of_line = [part for part in parts if part.line_id == target.line_id]
    if not of_line:
        raise NotFound("line of this order", f"lines.{index}.lineId")
    of_sku = [part for part in of_line if target.sku in (None, part.sku)]
    if not of_sku:
        raise NotFound("component of this line", f"lines.{index}.sku")
    return of_sku


def _items(part: PartFacts, target: Target) -> int:
    """Items of a part to one of what is named: a bundle has so many of its component."""
    return 1 if target.sku == part.sku else part.quantity // part.line_quantity


def _check_left(parts: Sequence[PartFacts], target: Target, index: int) -> None:
    """Of a bundle's components those that can be paid back are, as many as there are."""
    if target.quantity is None:
        return
    all_left = [(part, refundable(part)) for part in parts]
    left = max(_ceiling(one.quantity, _items(part, target)) for part, one in all_left)
    if not left:
        raise NothingRefundable(all_left[0][1].refused or "")
    if target.quantity > left:
        raise TooFewRefundable(target.quantity, left, f"lines.{index}.quantity")
