"""Allocating stock: a channel hands cards, counts or caps to its children, and takes back what is unused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from domain.access.permissions import STOCK_ALLOCATE
from domain.cards.records import Allocation
from domain.catalog.fulfilment import Stock
from domain.catalog.kinds import kind_of
from domain.commands import IdempotentCommand, handles
from domain.refusals import InvalidInput, NotFound

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.cards.views import StockQuotaView
    from domain.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class AllocateStock(IdempotentCommand):
    """Give a child so many of a SKU; a negative quantity takes back."""

    requires: ClassVar[str | None] = STOCK_ALLOCATE

    channel: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class RecallStock(IdempotentCommand):
    """Take back what a child neither sold nor reserved nor handed on: so many, or all of it."""

    requires: ClassVar[str | None] = STOCK_ALLOCATE

    channel: str
    sku: str
    quantity: int | None = None


@handles(AllocateStock)
async def allocate_stock(command: AllocateStock, caller: Caller, work: UnitOfWork) -> StockQuotaView:
    """Only a child of the caller's channel: deeper channels get theirs from the channel above them."""
    wanted = await _wanted(command.channel, command.sku, command.quantity, caller, work)
    return await work.cards.allocate(wanted, caller)


@handles(RecallStock)
async def recall_stock(command: RecallStock, caller: Caller, work: UnitOfWork) -> StockQuotaView:
    """What a child handed on is its to recall first; cards that cannot be taken stay where they are."""
    if command.quantity is not None and command.quantity <= 0:
        raise InvalidInput("A quantity is 1 or more; leave it out to recall all that is free.", "quantity")
    everything = command.quantity is None
    quantity = -(work.cards.terms.allocation_most if command.quantity is None else command.quantity)
    wanted = await _wanted(command.channel, command.sku, quantity, caller, work)
    return await work.cards.allocate(replace(wanted, at_most=everything), caller)


async def _wanted(channel: str, sku: str, quantity: int, caller: Caller, work: UnitOfWork) -> Allocation:
    child = await work.tree.in_scope(caller, channel)
    if child is None:
        raise NotFound("channel", "channel")
    if child.parent_id != caller.channel:
        raise InvalidInput("Stock is allocated to the channels right below your own.", "channel")
    most = work.cards.terms.allocation_most
    if quantity == 0 or abs(quantity) > most:
        raise InvalidInput(f"A quantity is 1 to {most}, or the negative of it.", "quantity")
    offer = (await work.prices.offers(caller.channel, {sku: 1})).get(sku)
    if offer is None:
        raise NotFound("SKU", "sku")
    if kind_of(offer.kind).stock is Stock.COMPONENTS:
        raise InvalidInput("A bundle has no stock of its own; allocate its components.", "sku")
    return Allocation(
        parent_id=caller.channel,
        parent_is_root=caller.at_headquarters,
        child_id=child.id,
        variant_id=offer.variant_id,
        sku=offer.sku,
        kind=offer.kind,
        quantity=quantity,
    )
