"""What the API shows of cards, and what it asks of them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.cards import views
from domain.cards.ports import CardFilter
from domain.cards.states import CardState
from domain.cards.views import ActorKind, RedemptionOutcome, RedemptionStatus
from schema.audiences import asked, identified, open_to_all, own_only
from schema.nouns import Node, noun
from schema.words import described

if TYPE_CHECKING:
    from schema.channels import Channel
    from schema.orders import Order

described(
    CardState,
    "Where a card is in its life.",
    name="CardStatus",
    IN_STOCK="In headquarters' stock.",
    ALLOCATED="In the stock of a channel that it was handed to.",
    RESERVED="Held for an unpaid order.",
    SOLD="Paid for.",
    DELIVERED="The buyer can reach it.",
    REVEALED="The buyer has looked at its secret.",
    ACTIVATED="Activated by the buyer or the issuer.",
    REDEEMING="A redeemer is using it.",
    REDEEMED="Used.",
    FROZEN="Stopped; it can go on where it was.",
    REFUND_PENDING="The buyer asked for the money back.",
    VOIDED="Will never be used.",
    EXPIRED="Its time is over.",
    QUARANTINED="A conflict was found; headquarters decides.",
)
described(
    RedemptionStatus,
    "How a redemption stands.",
    PENDING="Begun; the redeemer has not said yet how it ended.",
    SUCCEEDED="The card is used.",
    FAILED="It failed, and the card is as it was.",
)
described(
    RedemptionOutcome,
    "How a redemption ended.",
    SUCCEEDED="The card was used.",
    FAILED="It was certainly not used. A time-out is not that.",
)
described(
    ActorKind,
    "Who takes steps with cards.",
    STOREFRONT="The front end of a shop, for a guest.",
    CUSTOMER="A customer.",
    AGENT="A person who works in a channel.",
    API_CLIENT="The server of a portal or of a redeemer.",
    SYSTEM="Our own worker.",
)
CardStatus = CardState


@noun(views.CardView, description="One item of a SKU: one code, sold once, used once.", prefix="crd")
class Card(Node):
    """A card."""

    id: strawberry.ID = identified("crd", "The opaque, stable id.")
    sku: str = open_to_all("What it is a card of.")
    status: CardState = open_to_all("Where it is in its life.")
    masked: str = open_to_all("What may be shown of its number, secret or link.")
    expires_at: datetime | None = open_to_all("Until when it can be used; null without an end.")
    changed_at: datetime = open_to_all("When it took its last step.")
    channel: Annotated[Channel, strawberry.lazy("schema.channels")] | None = open_to_all(
        "Where it was sold, or in whose stock it lies; null where you may not see that channel."
    )
    order: Annotated[Order, strawberry.lazy("schema.orders")] | None = open_to_all(
        "The order it was sold in; null for unsold cards and for orders that you may not see."
    )


@noun(views.RevealedCard, description="A card with its secret, for its owner. Show it; do not keep it.")
class RevealedCard:
    """Only ever answered to the owner."""

    number: str | None = own_only("The card number, of cards that have one.")
    secret: str | None = own_only("The secret; null for links.")
    link: str | None = own_only("The link, of cards that are links.")
    expires_at: datetime = own_only("Until when it may be shown, and its idempotencyKey answers again.")
    watermark: str = own_only("What to print across it: viewer, order and time.")
    card: Card = own_only("The card as it is now.")


@noun(views.RedemptionView, description="The use of a card.", prefix="rdm")
class Redemption(Node):
    """A redemption."""

    id: strawberry.ID = identified("rdm", "The opaque, stable id.")
    at: datetime = open_to_all("When it was begun.")
    status: RedemptionStatus = open_to_all("How it stands.")
    lease_until: datetime | None = open_to_all("Until when a pending one is to be settled.")
    card: Card = open_to_all("The card as it is now.")


@noun(views.Actor, description="Who did something.")
class TraceActor:
    """By kind and name."""

    kind: ActorKind = open_to_all("Which kind of principal it was.")
    name: str = open_to_all("Its name, masked for customers.")


@noun(views.TraceEventView, description="One step in a card's life.")
class CardTraceEvent:
    """An event of the chain."""

    at: datetime = open_to_all("When it happened.")
    from_: CardState | None = open_to_all("The status before; null for the first.", name="from")
    to: CardState = open_to_all("The status after.")
    actor: TraceActor = open_to_all("Who did it.")
    channel: Annotated[Channel, strawberry.lazy("schema.channels")] | None = open_to_all(
        "Where: the stock it went to, the shop that sold it, the channel that redeemed it."
    )
    reason: str = open_to_all("Why, where somebody gave a reason.")


@noun(views.CardTraceView, description="Through whose hands a card went (溯源).")
class CardTrace:
    """For headquarters."""

    card: Card = open_to_all("The card as it is now.")
    chain_intact: bool = open_to_all("Whether every event is as it was written, and none is missing.")
    events: list[CardTraceEvent] = open_to_all("Everything that happened to it, the oldest first.")


@noun(views.StockQuotaView, description="What a channel was handed of a SKU (库存配额).", prefix="stq")
class StockQuota(Node):
    """Of one channel and SKU."""

    id: strawberry.ID = identified(
        "stq", "The opaque id; an allocation that follows an ended one has a new one."
    )
    sku: str = open_to_all("What was handed on.")
    channel: Annotated[Channel, strawberry.lazy("schema.channels")] | None = open_to_all("To whom.")
    granted: int = open_to_all("How many in all.")
    used: int = open_to_all("How many of them the channel and those below it have sold or reserved.")
    left: int = open_to_all("How many of them they can still sell.")


@noun(views.PresentationView, description="The code to show at a counter now; another follows in seconds.")
class CardPresentation:
    """Only ever sent to the owner."""

    token: str = own_only("The text to show, as a QR code say. It works once, and only for some seconds.")
    expires_at: datetime = own_only("When the next one comes.")


@strawberry.input(description="Which cards; every condition that is given must hold.")
class CardsFilter:
    """Of the list of cards."""

    channel: str | None = asked("Only cards of this channel (its code) and of those below it.", default=None)
    status: list[CardState] | None = asked(
        "Only cards in one of these; none for an empty list.", default=None
    )
    sku: str | None = asked("Only cards of this SKU.", default=None)

    def wanted(self) -> CardFilter:
        """As the domain says it."""
        return CardFilter(self.channel, None if self.status is None else tuple(self.status), self.sku)


@strawberry.input(description="What to look at.")
class RevealCardInput:
    """Of revealCard."""

    card_id: strawberry.ID = asked("Your card.")
    idempotency_key: str = asked("The same key shows it again, without counting, while the reveal lasts.")


@strawberry.input(description="What to use: a secret, a number, both, or a presentation code.")
class RedeemCardInput:
    """Of redeemCard and beginRedemption."""

    secret: str | None = asked("The secret or link, however it was typed.", default=None)
    number: str | None = asked("The card number.", default=None)
    presentation: str | None = asked("The code that the buyer presents.", default=None)
    sku: str | None = asked("The SKU that it must be of.", default=None)
    idempotency_key: str = asked("The same key never uses a second card.")


@strawberry.input(description="How a redemption ended.")
class SettleRedemptionInput:
    """Of settleRedemption."""

    redemption_id: strawberry.ID = asked("The redemption that you began.")
    outcome: RedemptionOutcome = asked("How it ended.")


@strawberry.input(description="Which card to stop or let go, and why.")
class FreezeCardInput:
    """Of freezeCard and unfreezeCard."""

    card_id: strawberry.ID = asked("The card.")
    reason: str = asked("Why; it goes into the card's trace.")


@strawberry.input(description="Which card to activate.")
class ActivateCardInput:
    """Of activateCard."""

    card_id: strawberry.ID = asked("Your card.")


@strawberry.input(description="What to hand to a child, or to take back.")
class AllocateStockInput:
    """Of allocateStock."""

    channel: str = asked("The code of a channel right below yours.")
    sku: str = asked("What to hand on.")
    quantity: int = asked("How many; a negative number takes back what is neither sold nor reserved.")
    idempotency_key: str = asked("The same key moves nothing twice.")
