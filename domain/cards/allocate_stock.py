"""Allocating stock: a channel hands cards, counts or caps to its children, and takes back what is unused."""

from __future__ import annotations

from dataclasses import dataclass
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


@handles(AllocateStock)
async def allocate_stock(command: AllocateStock, caller: Caller, work: UnitOfWork) -> StockQuotaView:
    """Only a child of the caller's channel: deeper channels get theirs from the channel above them."""
    child = await work.tree.in_scope(caller, command.channel)
    if child is None:
        raise NotFound("channel", "channel")
    if child.parent_id != caller.channel:
        raise InvalidInput("Stock is allocated to the channels right below your own.", "channel")
    most = work.cards.terms.allocation_most
    if command.quantity == 0 or abs(command.quantity) > most:
        raise InvalidInput(f"A quantity is 1 to {most}, or the negative of it.", "quantity")
    offer = (await work.prices.offers(caller.channel, {command.sku: 1})).get(command.sku)
    if offer is None:
        raise NotFound("SKU", "sku")
    if kind_of(offer.kind).stock is Stock.COMPONENTS:
        raise InvalidInput("A bundle has no stock of its own; allocate its components.", "sku")
    wanted = Allocation(
        parent_id=caller.channel,
        parent_is_root=caller.at_headquarters,
        child_id=child.id,
        variant_id=offer.variant_id,
        sku=offer.sku,
        kind=offer.kind,
        quantity=command.quantity,
    )
    return await work.cards.allocate(wanted, caller)
