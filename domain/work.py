"""The unit of work: all that one command reads and writes, in one transaction that `perform` commits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from domain.access.ports import Credentials, Identities
    from domain.cards.batches.ports import CardImports
    from domain.cards.ports import CardStock, CardTrace
    from domain.catalog.ports import Assortment
    from domain.channels.ports import ChannelTree, PriceBooks, SalesQuotas
    from domain.events import Event
    from domain.ledger.deposits.ports import DepositRequests
    from domain.ledger.ports import LedgerBook
    from domain.orders.ports import OrderBook
    from domain.orders.refunds.ports import Refunds
    from domain.payments.ports import Till
    from domain.promotions.groups import Groups
    from domain.promotions.ports import Coupons, Promotions
    from domain.supply.ports import Attempts


@dataclass(frozen=True, slots=True)
class Job:
    """Work for later, by the name of its entry point; it runs at least once."""

    entrypoint: str
    facts: dict[str, Any]
    dedupe_key: str | None = None


class UnitOfWork(Protocol):
    """One transaction's repositories; a handler never commits and never sees a connection."""

    @property
    def now(self) -> datetime:
        """When the transaction began, by the database's clock."""

    @property
    def request_id(self) -> str:
        """The request that caused it, for the trace."""

    @property
    def identities(self) -> Identities:
        """Agents, customers and tokens."""

    @property
    def credentials(self) -> Credentials:
        """Hashing, token making and guessing limits."""

    @property
    def tree(self) -> ChannelTree:
        """Channels and their settings."""

    @property
    def prices(self) -> PriceBooks:
        """Price rules, floors, visibility."""

    @property
    def quotas(self) -> SalesQuotas:
        """What channels may sell in a period."""

    @property
    def catalog(self) -> Assortment:
        """Products, variants, categories."""

    @property
    def cards(self) -> CardStock:
        """Cards and stock levels."""

    @property
    def imports(self) -> CardImports:
        """Batches of cards, from files and from the mint."""

    @property
    def trace(self) -> CardTrace:
        """What happened to cards."""

    @property
    def orders(self) -> OrderBook:
        """Orders, lines and their fulfilment."""

    @property
    def ledger(self) -> LedgerBook:
        """Transfers of money."""

    @property
    def refunds(self) -> Refunds:
        """Money that is asked back."""

    @property
    def deposits(self) -> DepositRequests:
        """Top-ups and withdrawals."""

    @property
    def till(self) -> Till:
        """Payments."""

    @property
    def attempts(self) -> Attempts:
        """Attempts at suppliers."""

    @property
    def promotions(self) -> Promotions:
        """Promotions and what is counted of them."""

    @property
    def groups(self) -> Groups:
        """Groups that buy together."""

    @property
    def coupons(self) -> Coupons:
        """Coupons."""

    def record(self, event: Event) -> None:
        """Add an event to the outbox; reactions run before the commit."""

    async def enqueue(self, job: Job, after: timedelta | None = None) -> None:
        """Have a job run after the commit, `after` that long."""
