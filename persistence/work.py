"""The unit of work on PostgreSQL: one connection, its transaction and the repositories on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from domain.commands import REACTIONS
from persistence import jobs
from persistence.channels.shelf import PriceShelf
from persistence.trust import Trust

if TYPE_CHECKING:
    from uuid import UUID

    from domain.channels.book import PriceBook
    from domain.events import Event
    from domain.work import Job
    from persistence.access.credentials import PasswordAndTokens
    from persistence.access.identities import StoredIdentities
    from persistence.cards.batches import StoredImports
    from persistence.cards.stock import StoredCards
    from persistence.cards.trace import StoredTrace
    from persistence.cards.vault import Vault
    from persistence.catalog.assortment import StoredAssortment
    from persistence.channels.price_books import StoredPriceBooks
    from persistence.channels.sales_quotas import StoredQuotas
    from persistence.channels.tree import StoredTree
    from persistence.ledger.book import StoredLedger
    from persistence.ledger.deposits import StoredDeposits
    from persistence.ledger.posting import Posting
    from persistence.orders.book import StoredOrders
    from persistence.orders.refunds import StoredRefunds
    from persistence.orders.till import StoredTill
    from persistence.promotions.coupons import StoredCoupons
    from persistence.promotions.groups import StoredGroups
    from persistence.promotions.promotions import StoredPromotions
    from persistence.settings import Settings
    from persistence.sharing.convoy import Traveller
    from persistence.supply.attempts import StoredAttempts


@dataclass(slots=True)
class Tools:
    """What repositories need beside the connection."""

    vault: Vault
    settings: Settings
    shelf: PriceShelf = field(default_factory=PriceShelf)
    """Price books of this database, shared with the reads."""
    callers: Trust = field(default_factory=Trust)
    """Doubted by whoever changes what a token is worth."""


class Work:
    """Repositories are made when first asked for; they share the connection and its transaction."""

    def __init__(self, connection: Any, tools: Tools, request_id: str) -> None:
        self.connection, self.tools, self.request_id = connection, tools, request_id
        self.events: list[Event] = []
        self.now: datetime
        self.postings: list[Posting] = []
        """What is written to the ledger when the handler is done."""
        self.books: dict[UUID, PriceBook] = {}
        """The price books that offers were made from, by channel."""
        self.traveller: Traveller | None = None
        """Its place among those that share the transaction; None where nobody does."""

    async def begin(self) -> None:
        """Read the transaction's moment."""
        self.now = await self.connection.fetchval("SELECT now()")

    def record(self, event: Event) -> None:
        """Add an event; it is written when the handler is done."""
        self.events.append(event)

    async def react(self) -> None:
        """Run the reactions to what was recorded, theirs included."""
        done = 0
        while done < len(self.events):
            event = self.events[done]
            for reaction in REACTIONS[type(event)]:
                await reaction(event, self)
            done += 1

    async def enqueue(self, job: Job, after: timedelta | None = None) -> None:
        """Queue a job that starts after the commit."""
        await jobs.enqueue(self.connection, job, after)

    @cached_property
    def identities(self) -> StoredIdentities:
        """Agents, customers and tokens."""
        from persistence.access.identities import StoredIdentities

        return StoredIdentities(self)

    @cached_property
    def credentials(self) -> PasswordAndTokens:
        """Hashing, token making and guessing limits."""
        from persistence.access.credentials import PasswordAndTokens

        return PasswordAndTokens(self)

    @cached_property
    def tree(self) -> StoredTree:
        """Channels."""
        from persistence.channels.tree import StoredTree

        return StoredTree(self)

    @cached_property
    def prices(self) -> StoredPriceBooks:
        """Price rules, floors, visibility."""
        from persistence.channels.price_books import StoredPriceBooks

        return StoredPriceBooks(self)

    @cached_property
    def quotas(self) -> StoredQuotas:
        """What channels may sell in a period."""
        from persistence.channels.sales_quotas import StoredQuotas

        return StoredQuotas(self)

    @cached_property
    def catalog(self) -> StoredAssortment:
        """Products and variants."""
        from persistence.catalog.assortment import StoredAssortment

        return StoredAssortment(self)

    @cached_property
    def cards(self) -> StoredCards:
        """Cards and stock."""
        from persistence.cards.stock import StoredCards

        return StoredCards(self)

    @cached_property
    def imports(self) -> StoredImports:
        """Batches of cards, from files and from the mint."""
        from persistence.cards.batches import StoredImports

        return StoredImports(self)

    @cached_property
    def trace(self) -> StoredTrace:
        """The trace of cards."""
        from persistence.cards.trace import StoredTrace

        return StoredTrace(self)

    @cached_property
    def orders(self) -> StoredOrders:
        """Orders."""
        from persistence.orders.book import StoredOrders

        return StoredOrders(self)

    @cached_property
    def ledger(self) -> StoredLedger:
        """The ledger."""
        from persistence.ledger.book import StoredLedger

        return StoredLedger(self)

    @cached_property
    def refunds(self) -> StoredRefunds:
        """Money that is asked back."""
        from persistence.orders.refunds import StoredRefunds

        return StoredRefunds(self)

    @cached_property
    def deposits(self) -> StoredDeposits:
        """Top-ups and withdrawals."""
        from persistence.ledger.deposits import StoredDeposits

        return StoredDeposits(self)

    @cached_property
    def till(self) -> StoredTill:
        """Payments."""
        from persistence.orders.till import StoredTill

        return StoredTill(self)

    @cached_property
    def attempts(self) -> StoredAttempts:
        """Attempts at suppliers."""
        from persistence.supply.attempts import StoredAttempts

        return StoredAttempts(self)

    @cached_property
    def promotions(self) -> StoredPromotions:
        """Promotions and what is counted of them."""
        from persistence.promotions.promotions import StoredPromotions

        return StoredPromotions(self)

    @cached_property
    def groups(self) -> StoredGroups:
        """Groups that buy together."""
        from persistence.promotions.groups import StoredGroups

        return StoredGroups(self)

    @cached_property
    def coupons(self) -> StoredCoupons:
        """Coupons."""
        from persistence.promotions.coupons import StoredCoupons

        return StoredCoupons(self)
