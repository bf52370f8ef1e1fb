"""What the tree and its prices need of the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.cards.views import StockQuotaView
    from domain.channels.book import Catalogue, Selection
    from domain.channels.offers import Offer
    from domain.channels.quotas import QuotaNest, QuotaPeriod, QuotaPlace, SalesQuotaView
    from domain.channels.rules import Goods, PriceRule
    from domain.channels.tree import ChannelNode, Family
    from domain.channels.views import AccountView, ChannelLabel, ChannelView, PriceRuleView
    from domain.paging import Page, PageRequest
from domain.selected import ALL, Selected


@dataclass(frozen=True, slots=True)
class Scope:
    """Goods that were named: at most one of the three; none of them means everything."""

    variant_id: UUID | None = None
    product_id: UUID | None = None
    category_id: UUID | None = None


class ChannelTree(Protocol):
    """Channels, for changing them; what is out of a caller's subtree is answered as if it were not there."""

    async def in_scope(self, caller: Caller, code: str) -> ChannelNode | None:
        """The caller's own channel or one below it, by its code."""

    async def by_ids(self, ids: Sequence[UUID]) -> dict[UUID, ChannelNode]:
        """Channels by id, whoever asks."""

    async def path_of(self, channel_id: UUID) -> list[ChannelNode]:
        """The channels from the root to this one; empty when there is no such channel."""

    async def is_active(self, channel_id: UUID) -> bool:
        """Whether the channel and all above it may sell and sign in."""

    async def family(self, channel_id: UUID) -> Family:
        """A channel, the way to it and all below it."""

    async def add(self, node: ChannelNode) -> bool:
        """Keep a new channel; False when its code is in use."""

    async def keep(self, node: ChannelNode) -> None:
        """Keep a channel's name, status, territory and settings."""

    async def move(self, node: ChannelNode, parent: ChannelNode) -> None:
        """Put a channel with all below it under another parent, in one statement."""

    async def unsold_stock(self, channel_id: UUID) -> tuple[str, str] | None:
        """(channel code, SKU) of an allocation in the subtree of which something is left, or None."""

    async def sales_quota(self, channel_id: UUID) -> tuple[str, str] | None:
        """(channel code, SKU) of a quota in the subtree, or None."""


class SalesQuotas(Protocol):
    """Quotas of periods, for changing them; sales count behind the gate of the stock."""

    async def find(self, channel: ChannelNode, sku: str, period: QuotaPeriod) -> QuotaPlace | None:
        """A channel's quota of a SKU, on sale or not; None where it has none."""

    async def lock(self, place: QuotaPlace) -> QuotaNest:
        """What surrounds a place, in the current period. Changes of one SKU's quotas queue here."""

    async def put(self, place: QuotaPlace, nest: QuotaNest, quantity: int) -> SalesQuotaView:
        """Write a locked place's quota; it counts what is sold from now on, or goes on counting."""

    async def end(self, place: QuotaPlace, nest: QuotaNest) -> SalesQuotaView | None:
        """Remove a locked place's quota, telling what it was."""


class PriceBooks(Protocol):
    """Price rules, floors and visibility, and what they make of a channel's prices."""

    async def offers(self, channel_id: UUID, wanted: Mapping[str, int]) -> dict[str, Offer]:
        """What a channel sells of the SKUs at these quantities; a missing key does not exist there."""

    async def begin_change(self) -> None:
        """Queue behind other changes of prices and of the tree; what was cached is stale after the commit."""

    async def scope(
        self, channel_id: UUID, sku: str | None, product: str | None, category: str | None
    ) -> Scope | None:
        """The goods that were named, if the channel shows them; None when not."""

    async def catalogue(self) -> Catalogue:
        """Every variant, as it is in this transaction."""

    async def visible_goods(self, channel_id: UUID) -> list[Goods]:
        """The published goods that a channel shows."""

    async def rules_around(self, channel_id: UUID) -> list[PriceRule]:
        """The rules of the channels above, of the channel and of all below, ended ones left out."""

    async def selections_of(self, path: Sequence[UUID]) -> list[Selection]:
        """What the channels of a path have selected for it."""

    async def rule(self, setter_id: UUID, rule_id: UUID) -> PriceRule | None:
        """One of a channel's rules that has not ended."""

    async def like(self, rule: PriceRule) -> PriceRule | None:
        """The rule of the same setter, kind, target, scope, quantity and validity, not ended."""

    async def keep(self, rule: PriceRule, set_by: UUID | None) -> PriceRule:
        """Keep a rule, new or as a new version, with its history."""

    async def end(self, rule: PriceRule) -> datetime:
        """End a rule now."""

    async def select(self, selection: Selection) -> None:
        """Keep a selection in place of the same setter's, channel's and scope's."""


class ChannelReads(Protocol):
    """What requests read of channels; out of the caller's subtree there is nothing."""

    async def by_ids(
        self, caller: Caller, ids: Sequence[UUID | None], selected: Selected = ALL
    ) -> list[ChannelView | None]:
        """The channels with these ids, None for each that the caller may not see."""

    async def by_code(self, caller: Caller, code: str, selected: Selected = ALL) -> ChannelView | None:
        """A channel by its code."""

    async def labels_of_parents(self, channels: Sequence[ChannelView]) -> list[ChannelLabel | None]:
        """Code and name of each channel's parent."""

    async def children_of(
        self, channels: Sequence[ChannelView], request: PageRequest, selected: Selected = ALL
    ) -> list[Page[ChannelView]]:
        """A page of each channel's children by code."""

    async def accounts_of(self, channels: Sequence[ChannelView]) -> list[AccountView | None]:
        """The deposit of each channel."""

    async def rules(
        self, caller: Caller, request: PageRequest, selected: Selected = ALL
    ) -> Page[PriceRuleView]:
        """The rules that the caller's channel has set, the newest first."""

    async def node(self, caller: Caller, type_name: str, id: UUID) -> ChannelView | PriceRuleView | None:
        """A channel or a price rule by its id, None where the caller may not see it."""


@dataclass(frozen=True, slots=True)
class QuotaFilter:
    """Which quotas; None does not narrow. `channel` is a code, and means its subtree."""

    channel: str | None = None
    sku: str | None = None
    period: QuotaPeriod | None = None


class QuotaReads(Protocol):
    """Quotas and allocations of the caller's channel and of all below it."""

    async def sales_quotas(
        self, caller: Caller, wanted: QuotaFilter, request: PageRequest, selected: Selected = ALL
    ) -> Page[SalesQuotaView]:
        """Quotas of periods, by channel, SKU and period."""

    async def stock_quotas(
        self, caller: Caller, wanted: QuotaFilter, request: PageRequest, selected: Selected = ALL
    ) -> Page[StockQuotaView]:
        """What channels were handed, by channel and SKU; the period does not narrow."""

    async def node(self, caller: Caller, type_name: str, id: UUID) -> SalesQuotaView | StockQuotaView | None:
        """A SalesQuota or StockQuota; None where it is out of scope."""
