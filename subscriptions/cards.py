"""Cards, live: every step of every card that the caller may see, redemptions within a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from domain import changes
from domain.cards.events import CardStatusChanged
from domain.feeds import Interest, read_position
from schema.cards import CardStatus
from schema.changes import CardStatusChange
from schema.context import Context
from schema.following import PASSED_OVER, Following, Told
from schema.nouns import shown
from schema.verbs import subscription
from subscriptions.orders import ResumeAfter

if TYPE_CHECKING:
    from domain.events import RecordedEvent


@subscription(requires="cards:read")
async def card_status_changed(
    context: Context,
    channel: Annotated[
        str | None,
        strawberry.argument(description="Only cards sold by this channel (its code) and by those below it."),
    ] = None,
    to: Annotated[
        list[CardStatus] | None,
        strawberry.argument(description="Only steps to one of these statuses; none for an empty list."),
    ] = None,
    after: ResumeAfter = None,
) -> Following[CardStatusChange]:
    """Each step of each card of the caller: a customer's own cards, or those sold in a back office's subtree.

    For a channel outside the caller's subtree it is silent, as for one that does not exist.
    """
    position = read_position(after)
    interest = await _interest(context, channel)
    if interest is None:
        return Following.none()
    wanted = None if to is None else {status.value for status in to}

    async def tell(event: RecordedEvent) -> Told:
        if wanted is not None and event.payload["to"] not in wanted:
            return PASSED_OVER
        found = await context.reads.cards.by_ids(context.caller, [event.aggregate_id])
        # A card may have left the caller's sight since, as when its shop was moved in the tree.
        if event.aggregate_id not in found:
            return PASSED_OVER
        change = changes.CardStatusChange.of(event, found[event.aggregate_id])
        return Told(shown(CardStatusChange, change))

    return Following(interest, tell, position)


async def _interest(context: Context, channel: str | None) -> Interest | None:
    """What the caller may hear of; None for a channel that it cannot see."""
    caller, kinds = context.caller, frozenset({CardStatusChanged.kind})
    if not caller.is_back_office:
        return None if channel is not None else Interest(kinds, customer_id=caller.subject_id)
    if channel is None:
        return Interest(kinds, within_channel_id=caller.channel)
    found = await context.reads.channels.by_code(caller, channel)
    return None if found is None else Interest(kinds, within_channel_id=found.id)
