"""Flash sales, live: state and stock left, once a second at most, however much is sold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.access.permissions import CATALOG_READ
from domain.feeds import Interest, read_position
from domain.promotions import flash_sales
from domain.promotions.flash_sales import FlashSaleChanged
from schema import ids
from schema.context import Context
from schema.flash_sales import FlashSaleChange
from schema.following import ENDED, Following, Told
from schema.nouns import shown
from schema.verbs import subscription
from subscriptions.orders import ResumeAfter

if TYPE_CHECKING:
    from domain.events import RecordedEvent


@subscription(requires=CATALOG_READ)
async def flash_sale_changed(
    context: Context,
    id: Annotated[strawberry.ID, strawberry.argument(description="The flash sale to follow.")],
    after: ResumeAfter = None,
) -> Following[FlashSaleChange]:
    """A flash sale's state and what is left of it for your channel, whenever they have changed.

    Changes of one second are told as one. For a sale that is not for your channel it is silent.
    """
    position = read_position(after)
    sale_id = ids.decode("prm", id)
    if sale_id is None or await context.reads.promotions.flash_sale(context.caller, sale_id) is None:
        return Following.none()

    async def tell(event: RecordedEvent) -> Told:
        found = await context.reads.promotions.flash_sale(context.caller, sale_id)
        if found is None:
            return ENDED
        return Told(shown(FlashSaleChange, flash_sales.FlashSaleChange.of(event, found)))

    return Following(Interest(frozenset({FlashSaleChanged.kind}), sale_id), tell, position)
