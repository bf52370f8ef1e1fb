"""Changes: what a live feed shows of one recorded event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from domain.cards.views import CardView
from domain.channels.views import AccountView, ChannelView
from domain.events import RecordedEvent
from domain.orders.views import OrderView


@dataclass(frozen=True, slots=True)
class Change:
    """One event of one object, with the position to resume behind."""

    position: str
    at: datetime
    from_: str | None
    """The state before, None where the object is new."""
    to: str


@dataclass(frozen=True, slots=True)
class OrderChange(Change):
    """An order's status changed."""

    order: OrderView
    """The order as it is now."""

    @classmethod
    def of(cls, event: RecordedEvent, order: OrderView) -> Self:
        """Read an event, beside the order that the follower sees."""
        return cls(*_told(event), order)


@dataclass(frozen=True, slots=True)
class CardStatusChange(Change):
    """A card's state changed."""

    card: CardView
    """The card as it is now."""

    @classmethod
    def of(cls, event: RecordedEvent, card: CardView) -> Self:
        """Read an event, beside the card that the follower sees."""
        return cls(*_told(event), card)


@dataclass(frozen=True, slots=True)
class AccountChange:
    """A channel's accounts changed, once or often."""

    position: str
    at: datetime
    channel: ChannelView
    account: AccountView
    """As they are now."""

    @classmethod
    def of(cls, event: RecordedEvent, channel: ChannelView, account: AccountView) -> Self:
        """Read an event, beside what the follower sees."""
        return cls(str(event.position), event.at, channel, account)


def _told(event: RecordedEvent) -> tuple[str, datetime, str | None, str]:
    """What an event says whose payload names its states `from` and `to`."""
    return str(event.position), event.at, event.payload.get("from"), event.payload["to"]
