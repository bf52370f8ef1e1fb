"""Flash sales as front ends show them: where one stands, and how many pieces are left for one's channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from domain.commands import Command, handles
from domain.events import Event, RecordedEvent
from domain.money import Money
from domain.promotions.views import PromotionStatus, status_at

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.work import UnitOfWork

FLASH_SALE = "FLASH_SALE"


class FlashSaleState(StrEnum):
    """Where a flash sale stands."""

    SCHEDULED = "SCHEDULED"
    LIVE = "LIVE"
    SOLD_OUT = "SOLD_OUT"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class FlashPrice:
    """What a piece of a SKU costs in a flash sale."""

    sku: str
    price: Money


@dataclass(frozen=True, slots=True)
class FlashSaleView:
    """A flash sale in one channel."""

    id: UUID
    name: str
    state: FlashSaleState
    prices: list[FlashPrice]
    per_buyer: int
    stock: int
    left: int
    starts_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class FlashSaleChange:
    """A flash sale moved on, or sold some."""

    position: str
    at: datetime
    flash_sale: FlashSaleView
    """The sale as it is now."""

    @classmethod
    def of(cls, event: RecordedEvent, sale: FlashSaleView) -> FlashSaleChange:
        """Read an event, beside the sale that the follower sees."""
        return cls(str(event.position), event.at, sale)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlashSaleChanged(Event):
    """A flash sale began, sold some, sold out or ended; told once a second at most, whatever is sold."""

    kind: ClassVar[str] = "flash_sale.changed"
    state: FlashSaleState

    def payload(self) -> dict[str, Any]:
        """Where it stands; how many are left is each channel's own."""
        return {"to": self.state}


@dataclass(frozen=True, slots=True)
class FlashSaleStanding:
    """A flash sale that is to be told about, with what was told last."""

    id: UUID
    owner_id: UUID
    status: str
    starts_at: datetime | None
    ends_at: datetime | None
    stock: int
    sold: int
    told: str | None


@dataclass(frozen=True, slots=True)
class TellFlashSales(Command):
    """Tell of every flash sale that changed since it was told of last; answers how many did."""


def state_of(
    status: str, starts_at: datetime | None, ends_at: datetime | None, left: int, now: datetime
) -> FlashSaleState:
    """Where a sale stands at a moment by the database's clock."""
    found = status_at(status, starts_at, ends_at, now)
    if found is PromotionStatus.LIVE:
        return FlashSaleState.LIVE if left > 0 else FlashSaleState.SOLD_OUT
    return FlashSaleState.SCHEDULED if found is PromotionStatus.SCHEDULED else FlashSaleState.ENDED


@handles(TellFlashSales)
async def tell_flash_sales(command: TellFlashSales, caller: Caller, work: UnitOfWork) -> int:
    """Time passes and pieces are sold without anybody's command: a look each second sees both."""
    moved: list[tuple[UUID, str]] = []
    for one in await work.promotions.flash_sales():
        state = state_of(one.status, one.starts_at, one.ends_at, one.stock - one.sold, work.now)
        text = f"{state.value}:{one.sold}"
        if text != one.told:
            moved.append((one.id, text))
            work.record(FlashSaleChanged(aggregate_id=one.id, channel_id=one.owner_id, state=state))
    await work.promotions.told(moved)
    return len(moved)
