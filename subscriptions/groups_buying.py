"""Groups that buy together, live: seats taken and paid, success and failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.access.permissions import CATALOG_READ
from domain.feeds import Interest, read_position
from domain.promotions import groups
from domain.promotions.groups import GroupChanged
from schema import ids
from schema.context import Context
from schema.following import ENDED, Following, Told
from schema.groups import GroupBuyChange
from schema.nouns import shown
from schema.verbs import subscription
from subscriptions.orders import ResumeAfter

if TYPE_CHECKING:
    from domain.events import RecordedEvent


@subscription(requires=CATALOG_READ)
async def group_buy_changed(
    context: Context,
    id: Annotated[strawberry.ID, strawberry.argument(description="The group to follow.")],
    after: ResumeAfter = None,
) -> Following[GroupBuyChange]:
    """What happens in a group of your channel, in order and each once; for any other it is silent."""
    position = read_position(after)
    group_id = ids.decode("grp", id)
    if group_id is None or await context.reads.promotions.group(context.caller, group_id) is None:
        return Following.none()

    async def tell(event: RecordedEvent) -> Told:
        found = await context.reads.promotions.group(context.caller, group_id)
        if found is None:
            return ENDED
        return Told(shown(GroupBuyChange, groups.GroupBuyChange.of(event, found)))

    return Following(Interest(frozenset({GroupChanged.kind}), group_id), tell, position)
