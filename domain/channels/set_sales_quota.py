"""Quotas are set by the channel right above, within its own, and ended by any channel above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from domain.access.permissions import STOCK_ALLOCATE
from domain.catalog.fulfilment import Stock
from domain.catalog.kinds import kind_of
from domain.channels.events import SalesQuotaChanged
from domain.channels.quotas import QuotaPeriod, QuotaPlace, SalesQuotaView, check_carving
from domain.commands import Command, handles
from domain.refusals import InvalidInput, NotFound

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.channels.tree import ChannelNode
    from domain.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class SetSalesQuota(Command):
    """Cap what a child's subtree sells of a SKU in a period; another quantity replaces the one before."""

    requires: ClassVar[str | None] = STOCK_ALLOCATE

    channel: str
    sku: str
    period: QuotaPeriod
    quantity: int


@dataclass(frozen=True, slots=True)
class EndSalesQuota(Command):
    """Let a channel sell without this quota again; what it sold counts for the quota above."""

    requires: ClassVar[str | None] = STOCK_ALLOCATE

    channel: str
    sku: str
    period: QuotaPeriod


@handles(SetSalesQuota)
async def set_sales_quota(command: SetSalesQuota, caller: Caller, work: UnitOfWork) -> SalesQuotaView:
    """Only for a child of the caller's channel: deeper channels get theirs from the channel above them."""
    child = await _below(command.channel, caller, work)
    if child.parent_id != caller.channel:
        raise InvalidInput("Quotas are set for the channels right below your own.", "channel")
    if command.quantity < 0:
        raise InvalidInput("A quota is 0 or more pieces.", "quantity")
    offer = (await work.prices.offers(caller.channel, {command.sku: 1})).get(command.sku)
    if offer is None:
        raise NotFound("SKU", "sku")
    if kind_of(offer.kind).stock is Stock.COMPONENTS:
        raise InvalidInput("A bundle has no stock of its own; set quotas of its components.", "sku")
    place = QuotaPlace(child.id, child.path, offer.variant_id, offer.sku, command.period)
    nest = await work.quotas.lock(place)
    check_carving(place, nest, command.quantity)
    quota = await work.quotas.put(place, nest, command.quantity)
    _tell(place, "set", command.quantity, work)
    return quota


@handles(EndSalesQuota)
async def end_sales_quota(command: EndSalesQuota, caller: Caller, work: UnitOfWork) -> SalesQuotaView:
    """The quotas below it stay, and are carved from the one above."""
    held = await _below(command.channel, caller, work)
    place = await work.quotas.find(held, command.sku, command.period)
    if place is None:
        raise NotFound("quota", "sku")
    nest = await work.quotas.lock(place)
    ended = None if nest.own is None else await work.quotas.end(place, nest)
    if ended is None:
        raise NotFound("quota", "sku")
    _tell(place, "ended", ended.quantity, work)
    return ended


async def _below(code: str, caller: Caller, work: UnitOfWork) -> ChannelNode:
    """Nobody changes a quota of its own channel: it was given from above."""
    node = await work.tree.in_scope(caller, code)
    if node is None:
        raise NotFound("channel", "channel")
    if node.id == caller.channel:
        raise InvalidInput("Quotas are set for the channels right below your own.", "channel")
    return node


def _tell(place: QuotaPlace, change: str, quantity: int, work: UnitOfWork) -> None:
    work.record(
        SalesQuotaChanged(
            aggregate_id=place.channel_id,
            channel_id=place.channel_id,
            change=change,
            sku=place.sku,
            period=place.period.value,
            quantity=quantity,
        )
    )
