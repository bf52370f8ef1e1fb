"""What use cases of cards write, and what other areas ask of the stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from datetime import datetime

    from domain.access.callers import Caller
    from domain.cards.records import (
        Allocation,
        Claim,
        FoundRedemption,
        OpenedCard,
        OwnedCard,
        PastReveal,
        RedemptionDraft,
    )
    from domain.cards.states import CardState
    from domain.cards.terms import CardTerms
    from domain.cards.views import (
        CardTraceView,
        CardView,
        PresentationView,
        RedemptionOutcome,
        RedemptionView,
        StockQuotaView,
    )
    from domain.orders.refunds.ports import CardRefunds
    from domain.paging import Page, PageRequest
from domain.selected import ALL, Selected


@dataclass(frozen=True, slots=True)
class Demand:
    """What one fulfilment takes out of stock."""

    fulfilment_id: UUID
    order_id: UUID
    order_line_id: UUID
    variant_id: UUID
    sku: str
    kind: str
    pool_id: UUID | None
    """The channel whose stock it comes from; None for kinds without stock."""
    quantity: int
    channel_id: UUID
    """The selling channel."""
    path: tuple[UUID, ...]
    """The channels from headquarters down to it, whose quotas it uses."""
    customer_id: UUID | None


@dataclass(frozen=True, slots=True)
class PeriodUse:
    """A quota of a period that a demand is counted in; `own` where no quota below it counts the demand."""

    holder_id: UUID
    period: str
    own: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A demand that can be met: its gate is locked until the commit, and these cards are free behind it."""

    demand: Demand
    card_ids: tuple[UUID, ...]
    """As many as it wants; empty for goods that are no cards."""
    holders: tuple[UUID, ...] = ()
    """Those of its path whose allocations it uses."""
    periods: tuple[PeriodUse, ...] = ()
    """The quotas of periods that count it."""


class CardStock(Protocol):
    """Stock in one transaction. The gate: levels are locked in key order, then allocations, quotas, cards."""

    @property
    def terms(self) -> CardTerms:
        """The settings that dealing with cards follows."""

    async def hold(self, demands: Sequence[Demand]) -> list[Held]:
        """Lock the gates of what an order needs and see that all of it is there; nothing is written.

        Kinds without stock only need quotas. Raises StockExhausted for the first demand that cannot be met.
        """

    async def reserve(self, held: Sequence[Held], caller: Caller) -> None:
        """Take it for a written order: cards become RESERVED, counts go down, quotas on the path are used."""

    async def deliver(self, fulfilment_ids: Sequence[UUID], caller: Caller) -> None:
        """The reserved cards are sold and the buyer's: RESERVED → SOLD → DELIVERED."""

    async def release(self, fulfilment_ids: Sequence[UUID], caller: Caller, reason: str) -> None:
        """Everything reserved goes back to where it was: cards, counts and quotas. Once for a fulfilment."""

    async def lock(self, fulfilment_ids: Sequence[UUID]) -> None:
        """Lock the gates of what fulfilments took, all in key order: before any of them is given back."""

    async def put_back(self, counts: Mapping[UUID, int]) -> None:
        """So many of each fulfilment's counted goods go back to where they came from, with their quotas.

        Whoever calls sees to it that it happens once.
        """

    async def assign_customer(self, order_ids: Sequence[UUID], customer_id: UUID) -> None:
        """The cards of guest orders become a customer's."""

    async def allocate(self, wanted: Allocation, caller: Caller) -> StockQuotaView:
        """Hand stock or a cap to a child, or take it back where the quantity is negative.

        Raises QuotaExceeded, telling how many could be moved.
        """


class Reveals(Protocol):
    """Cards that their owners look at."""

    async def lock_owned(self, card_id: UUID, customer_id: UUID) -> OwnedCard | None:
        """A customer's own card, locked until the commit; None as for one that never was."""

    async def past(self, customer_id: UUID, key: str) -> PastReveal | None:
        """What a customer's key revealed before."""

    async def add(
        self, card: OwnedCard, key: str, watermark: str, until: datetime, caller: Caller
    ) -> CardView:
        """Count and write down a reveal; raises IdempotencyConflict where the key was used meanwhile."""

    async def open(self, card: OwnedCard) -> OpenedCard:
        """What the card hides."""


class Redemptions(Protocol):
    """Cards that are used."""

    async def past(self, caller: Caller, key: str) -> FoundRedemption | None:
        """What a caller's key redeemed before."""

    async def is_forged(self, secret: str) -> bool:
        """Whether a code looks like one of ours, is none, and no imported SKU could have it; counted."""

    async def presented(self, token: str) -> UUID | None:
        """The card of a presentation code, once."""

    async def begin(self, claim: Claim, draft: RedemptionDraft, caller: Caller) -> RedemptionView | None:
        """Take the lease of the card, and use it at once where the draft says so; None where it cannot be.

        Raises IdempotencyConflict where the key was used for another card at this moment.
        """

    async def lock(self, redemption_id: UUID, caller: Caller) -> RedemptionView | None:
        """A redemption that the caller began, locked until the commit."""

    async def settle(
        self, redemption: RedemptionView, outcome: RedemptionOutcome, caller: Caller
    ) -> RedemptionView:
        """End a pending redemption."""

    async def report_overdue(self, limit: int) -> int:
        """Open a case for each redemption whose lease is over; how many."""


class Holds(Protocol):
    """Single cards that are stopped, let go, activated or expire."""

    async def lock(self, card_id: UUID) -> CardView | None:
        """A card, whoever asks, with its stock and itself locked until the commit."""

    async def freeze(self, card: CardView, reason: str, caller: Caller) -> CardView:
        """Stop a locked card; an unsold one is out of stock."""

    async def unfreeze(self, card: CardView, reason: str, caller: Caller) -> CardView:
        """Back to where it was."""

    async def activate(self, card: OwnedCard, caller: Caller) -> CardView:
        """The owner's locked card is activated."""

    async def expire(self, limit: int, caller: Caller) -> int:
        """Up to `limit` cards whose time is over; how many there were."""


class CardTrace(Protocol):
    """What happens to single cards, in one transaction."""

    @property
    def reveals(self) -> Reveals:
        """Looking at secrets."""

    @property
    def redemptions(self) -> Redemptions:
        """Using cards."""

    @property
    def holds(self) -> Holds:
        """Stopping cards."""

    @property
    def refunds(self) -> CardRefunds:
        """Cards that are asked back."""


@dataclass(frozen=True, slots=True)
class CardFilter:
    """Which cards; None does not narrow. `channel` is a code, and means its subtree."""

    channel: str | None = None
    status: tuple[CardState, ...] | None = None
    sku: str | None = None


class CardReads(Protocol):
    """Cards as the caller may see them.

    Customers see their own; back offices the cards sold in their subtree and the stock in its pools.
    """

    async def page(
        self, caller: Caller, wanted: CardFilter, request: PageRequest, selected: Selected = ALL
    ) -> Page[CardView]:
        """Cards with what is selected of them, the newest first."""

    async def by_ids(
        self, caller: Caller, ids: Sequence[UUID], selected: Selected = ALL
    ) -> dict[UUID, CardView]:
        """The cards of these that the caller sees."""

    async def of_lines(
        self, caller: Caller, line_ids: Sequence[UUID], selected: Selected = ALL
    ) -> dict[UUID, list[CardView]]:
        """Cards by order line."""

    async def node(self, caller: Caller, type_name: str, id: UUID) -> CardView | RedemptionView | None:
        """A Card or Redemption; None where it is out of scope."""

    async def trace(self, caller: Caller, secret: str) -> CardTraceView | None:
        """Through whose hands the card with this secret went; headquarters only."""

    async def present(self, caller: Caller, card_id: UUID) -> PresentationView | None:
        """A fresh presentation code; None unless the card is the caller's and can be used now."""
