"""Orders, live: each change of an order's status, to its buyer and to the back offices above the shop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import strawberry

from domain import changes
from domain.feeds import Interest, read_position
from domain.orders.events import OrderChanged
from schema import ids
from schema.changes import OrderChange
from schema.context import Context
from schema.nouns import shown
from schema.verbs import subscription

ResumeAfter = Annotated[
    str | None,
    strawberry.argument(
        description="The position of the last event that you have; everything missed since is sent first. "
        "Without it only what happens from now on is sent."
    ),
]


@subscription(requires="orders:read")
async def order_changed(
    context: Context,
    id: Annotated[strawberry.ID, strawberry.argument(description="The order to follow.")],
    after: ResumeAfter = None,
) -> AsyncIterator[OrderChange]:
    """Each change of one order's status, in order and each once.

    For an order that the caller may not see it is silent, as for one that was never placed.
    """
    position = read_position(after)
    order_id = ids.decode("ord", id)
    if order_id is None or order_id not in await context.reads.orders.by_ids(context.caller, [order_id]):
        return
    async for event in context.feed.follow(Interest(frozenset({OrderChanged.kind}), order_id), position):
        found = await context.reads.orders.by_ids(context.caller, [order_id])
        if order_id not in found:
            return  # its shop was moved out of the caller's sight
        yield shown(OrderChange, changes.OrderChange.of(event, found[order_id]))
