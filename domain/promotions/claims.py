"""Claims: what an order takes of the promotions that it was given, counted before it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from domain.promotions.limits import Unit

if TYPE_CHECKING:
    from domain.promotions.basket import Line
    from domain.promotions.evaluate import Adjustment
    from domain.promotions.groups import SeatWanted
    from domain.promotions.scope import Occasion


@dataclass(frozen=True, slots=True)
class Count:
    """So many more under a subject, of which there are `most`."""

    subject: str
    by: int
    most: int


@dataclass(frozen=True, slots=True)
class Claim:
    """One promotion, or one coupon of it, that an order takes."""

    promotion_id: UUID
    name: str
    coupon_id: UUID | None
    coupon: str | None
    """The code as it was shown, for whoever has to be told of it."""
    minor: int
    counts: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class Claims:
    """Everything that one order takes, and who buys: a coupon in a wallet is its owner's."""

    claims: tuple[Claim, ...] = ()
    customer_id: UUID | None = None
    seat: SeatWanted | None = None
    """The seat in a group that the order takes."""

    @property
    def counted(self) -> bool:
        """Whether there is anything to be locked."""
        return any(one.counts or one.coupon_id for one in self.claims)


def claim_of(adjustment: Adjustment, lines: Sequence[Line], occasion: Occasion) -> Claim:
    """What an adjustment takes, by the meters of its promotion."""
    promotion = adjustment.promotion
    pieces = sum(promotion.kind.pieces(lines[at], minor) for at, minor in adjustment.lines.items())
    by = {Unit.ORDER: 1, Unit.MINOR: adjustment.minor, Unit.PIECE: pieces}
    return Claim(
        promotion.id,
        promotion.name,
        adjustment.coupon_id,
        adjustment.coupon,
        adjustment.minor,
        tuple(Count(one.subject, by[one.unit], one.most) for one in promotion.meters(occasion)),
    )
