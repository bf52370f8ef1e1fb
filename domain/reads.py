"""What a request may read and do, as the schema sees it: ports that persistence fills."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.access.ports import AccessReads, TrustedDocuments
    from domain.cards.batches.ports import ImportReads
    from domain.cards.ports import CardReads
    from domain.catalog.ports import CatalogReads
    from domain.channels.ports import ChannelReads, QuotaReads
    from domain.commands import Command
    from domain.ledger.deposits.ports import DepositReads
    from domain.ledger.statements.ports import StatementReads
    from domain.orders.ports import OrderReads
    from domain.orders.refunds.ports import RefundReads
    from domain.promotions.ports import PromotionReads


class Performs(Protocol):
    """Carries out a command in a transaction of its own."""

    async def __call__(self, command: Command, caller: Caller) -> Any: ...


class Reads(Protocol):
    """Everything that can be read, by area; each method takes the caller and shows only its scope."""

    @property
    def access(self) -> AccessReads:
        """Agents, customers, tokens."""

    @property
    def documents(self) -> TrustedDocuments:
        """Registered GraphQL documents."""

    @property
    def catalog(self) -> CatalogReads:
        """Products and variants."""

    @property
    def channels(self) -> ChannelReads:
        """Channels and prices."""

    @property
    def quotas(self) -> QuotaReads:
        """Quotas and allocations."""

    @property
    def cards(self) -> CardReads:
        """Cards and their traces."""

    @property
    def imports(self) -> ImportReads:
        """Batches of cards."""

    @property
    def statements(self) -> StatementReads:
        """Statements of accounts."""

    @property
    def deposits(self) -> DepositReads:
        """Top-ups and withdrawals."""

    @property
    def orders(self) -> OrderReads:
        """Orders and their parts."""

    @property
    def refunds(self) -> RefundReads:
        """Refunds."""

    @property
    def promotions(self) -> PromotionReads:
        """Promotions and coupons."""
