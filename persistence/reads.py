"""Everything that can be read, by area: each area's reads are made when they are first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from persistence.access.reads import StoredAccessReads
    from persistence.access.trusted import StoredTrustedDocuments
    from persistence.cards.batch_reads import StoredImportReads
    from persistence.cards.reads import StoredCardReads
    from persistence.catalog.reads import StoredCatalogReads
    from persistence.channels.quota_reads import StoredQuotaReads
    from persistence.channels.reads import StoredChannelReads
    from persistence.database import Database
    from persistence.ledger.deposit_reads import StoredDepositReads
    from persistence.ledger.statements import StoredStatements
    from persistence.orders.reads import StoredOrderReads
    from persistence.orders.refund_reads import StoredRefundReads
    from persistence.promotions.reads import StoredPromotionReads
    from persistence.work import Tools


class StoredReads:
    """Fills `domain.reads.Reads` over a pool of connections; one serves all requests."""

    def __init__(self, database: Database, tools: Tools) -> None:
        self._database, self._tools = database, tools

    @cached_property
    def access(self) -> StoredAccessReads:
        """Agents, customers, tokens."""
        from persistence.access.reads import StoredAccessReads

        return StoredAccessReads(self._database, self._tools)

    @cached_property
    def documents(self) -> StoredTrustedDocuments:
        """Registered GraphQL documents."""
        from persistence.access.trusted import StoredTrustedDocuments

        return StoredTrustedDocuments(self._database)

    @cached_property
    def catalog(self) -> StoredCatalogReads:
        """Products and variants."""
        from persistence.catalog.reads import StoredCatalogReads

        return StoredCatalogReads(self._database, self._tools)

    @cached_property
    def channels(self) -> StoredChannelReads:
        """Channels and prices."""
        from persistence.channels.reads import StoredChannelReads

        return StoredChannelReads(self._database, self._tools)

    @cached_property
    def quotas(self) -> StoredQuotaReads:
        """Quotas and allocations."""
        from persistence.channels.quota_reads import StoredQuotaReads

        return StoredQuotaReads(self._database)

    @cached_property
    def cards(self) -> StoredCardReads:
        """Cards and their traces."""
        from persistence.cards.reads import StoredCardReads

        return StoredCardReads(self._database, self._tools)

    @cached_property
    def imports(self) -> StoredImportReads:
        """Batches of cards."""
        from persistence.cards.batch_reads import StoredImportReads

        return StoredImportReads(self._database)

    @cached_property
    def statements(self) -> StoredStatements:
        """Statements of accounts."""
        from persistence.ledger.statements import StoredStatements

        return StoredStatements(self._database, self._tools)

    @cached_property
    def deposits(self) -> StoredDepositReads:
        """Top-ups and withdrawals."""
        from persistence.ledger.deposit_reads import StoredDepositReads

        return StoredDepositReads(self._database)

    @cached_property
    def orders(self) -> StoredOrderReads:
        """Orders and their parts."""
        from persistence.orders.reads import StoredOrderReads

        return StoredOrderReads(self._database, self._tools)

    @cached_property
    def refunds(self) -> StoredRefundReads:
        """Refunds."""
        from persistence.orders.refund_reads import StoredRefundReads

        return StoredRefundReads(self._database)

    @cached_property
    def promotions(self) -> StoredPromotionReads:
        """Promotions and coupons."""
        from persistence.promotions.reads import StoredPromotionReads

        return StoredPromotionReads(self._database, self._tools)
