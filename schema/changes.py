"""Changes as subscribers receive them: their place in the order of events, and the object as it is now."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain import changes
from schema.audiences import open_to_all
from schema.nouns import noun

if TYPE_CHECKING:
    from schema.cards import Card, CardStatus
    from schema.channels import Channel, ChannelAccount
    from schema.orders import Order

POSITION = (
    "The event's place in the one order of all events: give the last one you saw as `after` when you "
    "reconnect; the same position is the same event."
)


@noun(changes.OrderChange, description="An order changed.")
class OrderChange:
    """One event of one order."""

    position: str = open_to_all(POSITION)
    at: datetime = open_to_all("When it happened.")
    order: Annotated[Order, strawberry.lazy("schema.orders")] = open_to_all("The order as it is now.")


@noun(changes.CardStatusChange, description="A card's status changed.")
class CardStatusChange:
    """One step of one card."""

    position: str = open_to_all(POSITION)
    at: datetime = open_to_all("When it happened.")
    from_: Annotated[CardStatus, strawberry.lazy("schema.cards")] | None = open_to_all(
        "The status before; null for a new card.", name="from"
    )
    to: Annotated[CardStatus, strawberry.lazy("schema.cards")] = open_to_all("The status after.")
    card: Annotated[Card, strawberry.lazy("schema.cards")] = open_to_all("The card as it is now.")


@noun(changes.AccountChange, description="Money came to a channel's accounts, went or was set aside.")
class AccountChange:
    """What happened to a channel's accounts within about a second."""

    position: str = open_to_all(POSITION)
    at: datetime = open_to_all("When it was seen.")
    channel: Annotated[Channel, strawberry.lazy("schema.channels")] = open_to_all("Whose accounts.")
    account: Annotated[ChannelAccount, strawberry.lazy("schema.channels")] = open_to_all(
        "What is on them now."
    )
