"""Orders, live: each change of an order's status, to its buyer and to the back offices above the shop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from domain import changes
from domain.feeds import Interest, read_position
from domain.orders.events import OrderChanged
from domain.orders.refunds.events import RefundChanged
from schema import ids
from schema.changes import OrderChange
from schema.context import Context
from schema.following import ENDED, Following, Told
from schema.nouns import shown
from schema.verbs import subscription

if TYPE_CHECKING:
    from domain.events import RecordedEvent

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
) -> Following[OrderChange]:
    """Each change of one order's status and of its refunds, in order and each once.

    For an order that the caller may not see it is silent, as for one that was never placed.
    """
    position = read_position(after)
    order_id = ids.decode("ord", id)
    if order_id is None or order_id not in await context.reads.orders.by_ids(context.caller, [order_id]):
        return Following.none()

    async def tell(event: RecordedEvent) -> Told:
        found = await context.reads.orders.by_ids(context.caller, [order_id])
        if order_id not in found:
            return ENDED  # its shop was moved out of the caller's sight
        return Told(shown(OrderChange, changes.OrderChange.of(event, found[order_id])))

    kinds = frozenset({OrderChanged.kind, RefundChanged.kind})
    return Following(Interest(kinds, order_id), tell, position)
