"""Accounts, live: what a channel has, holds and has earned, once a second at most, however much it sells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from domain import changes
from domain.access.permissions import ACCOUNT_READ
from domain.feeds import Interest, read_position
from domain.ledger.events import AccountChanged
from schema.changes import AccountChange
from schema.context import Context
from schema.following import ENDED, PASSED_OVER, Following, Told
from schema.nouns import shown
from schema.verbs import subscription
from subscriptions.orders import ResumeAfter

if TYPE_CHECKING:
    from domain.events import RecordedEvent


@subscription(requires=ACCOUNT_READ)
async def account_changed(
    context: Context,
    channel: Annotated[
        str | None,
        strawberry.argument(description="The code of your channel or of one below it; yours if left out."),
    ] = None,
    after: ResumeAfter = None,
) -> Following[AccountChange]:
    """A channel's deposit, and what is held, pending and owed of it, whenever any of them has changed.

    Changes of one second are told as one. For a channel that you do not see it is silent.
    """
    position, channels = read_position(after), context.reads.channels
    if channel is None:
        (followed,) = await channels.by_ids(context.caller, [context.caller.channel])
    else:
        followed = await channels.by_code(context.caller, channel)
    if followed is None:
        return Following.none()
    channel_id = followed.id

    async def tell(event: RecordedEvent) -> Told:
        (now,) = await channels.by_ids(context.caller, [channel_id])
        if now is None:
            return ENDED  # it was moved out of the caller's sight
        (account,) = await channels.accounts_of([now])
        if account is None:
            return PASSED_OVER
        return Told(shown(AccountChange, changes.AccountChange.of(event, now, account)))

    return Following(Interest(frozenset({AccountChanged.kind}), channel_id), tell, position)
