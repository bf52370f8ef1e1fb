"""Groups that buy together: a seat for each, goods for all once every seat is paid, or the money back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Protocol
from uuid import UUID

from domain.events import Event, RecordedEvent
from domain.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.orders.views import OrderView

FULFIL_JOB = "groups.fulfil"
PAY_BACK_JOB = "groups.pay-back"


class GroupState(StrEnum):
    """Where a group stands; it leaves OPEN once."""

    OPEN = "OPEN"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class SeatState(StrEnum):
    """Where a seat stands; RELEASED is given up without having been paid."""

    RESERVED = "RESERVED"
    PAID = "PAID"
    CONFIRMED = "CONFIRMED"
    REFUNDED = "REFUNDED"
    RELEASED = "RELEASED"


@dataclass(frozen=True, slots=True)
class SeatWanted:
    """A seat that an order is to take: in a group, or in a new one of a promotion."""

    promotion_id: UUID
    group_id: UUID | None
    customer_id: UUID
    channel_id: UUID
    seats: int = 0
    """Of a new group."""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group of buyers, without who they are."""

    id: UUID
    promotion_id: UUID
    channel_id: UUID
    name: str
    """The promotion's."""
    state: GroupState
    seats: int
    taken: int
    paid: int
    expires_at: datetime

    @property
    def left(self) -> int:
        """Seats that nobody has taken."""
        return self.seats - self.taken


@dataclass(frozen=True, slots=True)
class GroupBuyChange:
    """Something happened in a group."""

    position: str
    at: datetime
    group: GroupView
    """The group as it is now."""

    @classmethod
    def of(cls, event: RecordedEvent, group: GroupView) -> GroupBuyChange:
        """Read an event, beside the group that the follower sees."""
        return cls(str(event.position), event.at, group)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChanged(Event):
    """A seat was taken, paid or given up, or the group is complete or has failed."""

    kind: ClassVar[str] = "group.changed"
    state: GroupState
    taken: int
    paid: int

    @classmethod
    def of(cls, group: GroupView) -> GroupChanged:
        """A group as it stands now."""
        return cls(
            aggregate_id=group.id,
            channel_id=group.channel_id,
            state=group.state,
            taken=group.taken,
            paid=group.paid,
        )

    def payload(self) -> dict[str, Any]:
        """State and numbers; nobody's name."""
        return {"to": self.state, "taken": self.taken, "paid": self.paid}


@dataclass(eq=False)
class GroupOver(Refusal):
    """This group cannot be joined or paid for any more: it is full, complete, or its time is over."""


@dataclass(eq=False)
class SeatTaken(Refusal):
    """You have a seat in this group already."""


@dataclass(eq=False)
class GroupPriceNotGiven(Refusal):
    """Nothing of this order is sold at that group's price; {reason}"""

    reason: Annotated[str, "What would be right."]

    @property
    def field(self) -> list[str] | None:
        """The group."""
        return ["groupBuy"]


class Groups(Protocol):
    """Groups in one transaction: whoever changes one has locked the orders that it concerns."""

    async def find(self, group_id: UUID, channel_id: UUID) -> GroupView | None:
        """A group of a channel."""

    async def hold(self, wanted: SeatWanted) -> None:
        """Lock a group and see that there is a seat; raises GroupOver or SeatTaken."""

    async def take(self, order_id: UUID, wanted: SeatWanted) -> GroupView:
        """Write the seat of an order, and the group where it opens one."""

    async def check(self, order: OrderView) -> None:
        """Lock the group of an order that is to be paid; raises GroupOver."""

    async def pay(self, order: OrderView) -> GroupView:
        """Write that a seat is paid, and that the group has succeeded where it was the last."""

    async def release(self, order_ids: Sequence[UUID]) -> list[GroupView]:
        """Give the unpaid seats of closed orders up; the groups that had them."""

    async def due(self, limit: int) -> list[UUID]:
        """Open groups whose time is over."""

    async def orders_of(self, group_id: UUID, state: SeatState) -> list[UUID]:
        """The orders whose seats stand so, by id."""

    async def lock(self, group_id: UUID) -> GroupView | None:
        """A group, locked until the commit."""

    async def end(self, group: GroupView, state: GroupState) -> GroupView:
        """Write that a locked group is over."""

    async def move(self, order_ids: Sequence[UUID], state: SeatState) -> None:
        """Write where the seats of locked orders stand."""
