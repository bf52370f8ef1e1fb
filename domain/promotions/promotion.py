"""A promotion as it stands: one kind with its settings, an owner, who pays, and what limits it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from domain.promotions.limits import NO_LIMITS, Limits, Meter, Unit
from domain.promotions.scope import Scope

if TYPE_CHECKING:
    from domain.promotions.basket import Basket, Line, Reduction
    from domain.promotions.scope import Occasion


class Phase(IntEnum):
    """When a promotion has its say; tenders (points, welfare grants) come after all of them."""

    PRICE = 1
    """Another price instead of the usual one: of all that could be, the lowest."""
    LINE = 2
    THRESHOLD = 3
    COUPON = 4


@dataclass(frozen=True)
class PromotionKind:
    """One kind of promotion; a subclass is a frozen dataclass whose fields are the settings."""

    phase: ClassVar[Phase]
    by_code: ClassVar[bool] = False
    """Whether it is given only to whoever shows a coupon of it."""
    by_seat: ClassVar[bool] = False
    """Whether it is given only to an order that takes a seat in a group."""
    for_members: ClassVar[bool] = False
    """Whether the buyer must be known."""

    def offer(self, basket: Basket, occasion: Occasion) -> Sequence[Reduction]:
        """What it takes off which lines; nothing where its conditions are not met."""
        return ()

    def meters(self, occasion: Occasion) -> Sequence[Meter]:
        """What it counts by itself, beside the limits that every promotion may have."""
        return ()

    def pieces(self, line: Line, minor: int) -> int:
        """How many pieces of a line a discount of `minor` was given for, where pieces are counted."""
        return line.quantity

    @property
    def skus(self) -> frozenset[str]:
        """The SKUs that its settings name."""
        return frozenset()

    @property
    def channels(self) -> frozenset[str]:
        """The codes of channels that its settings name."""
        return frozenset()


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Promotion:
    """One promotion; it is for the subtree of its owner, narrowed by its scope."""

    id: UUID
    name: str
    code: str
    """The kind's."""
    kind: PromotionKind
    owner_id: UUID
    owner_depth: int
    """1 where headquarters owns it."""
    funding: Mapping[UUID, int]
    """Channel → basis points of the discount that it pays; they sum to 10,000."""
    scope: Scope = EVERYTHING
    priority: int = 0
    """The greater comes first."""
    exclusive: bool = False
    """Whether it keeps the others of its phase off the lines that it was applied to."""
    stack_group: str | None = None
    """Of one group only one is applied to a line, in whatever phase."""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    limits: Limits = NO_LIMITS

    @property
    def phase(self) -> Phase:
        """When it has its say."""
        return self.kind.phase

    def meters(self, occasion: Occasion) -> list[Meter]:
        """Everything that is counted when it is given on this occasion."""
        names = occasion.buyers if self.scope.first_order else ()
        once = (Meter(f"first:{name}", 1, Unit.ORDER) for name in names)
        return [*self.limits.meters(occasion.buyers, occasion.device), *once, *self.kind.meters(occasion)]

    @property
    def order(self) -> tuple[bool, int, int, int]:
        """Within a phase: exclusive first, then priority, the owner nearest the root, the id."""
        return not self.exclusive, -self.priority, self.owner_depth, self.id.int

    def runs_at(self, now: datetime) -> bool:
        """Whether it has begun and not ended."""
        return (self.starts_at is None or self.starts_at <= now) and (
            self.ends_at is None or now < self.ends_at
        )

    def is_for(self, occasion: Occasion) -> bool:
        """Whether it can be given on this occasion at all, whatever is in the basket."""
        return (
            self.owner_id in occasion.path
            and self.runs_at(occasion.now)
            and (not self.kind.by_seat or occasion.group_of == self.id)
            and (not self.kind.for_members or occasion.customer_id is not None)
            and self.scope.admits(occasion)
        )
