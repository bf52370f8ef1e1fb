"""The code that a buyer shows at a counter: a new one every few seconds, so screenshots are worthless."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

import strawberry

from domain.access.permissions import CARDS_REVEAL
from schema import ids
from schema.cards import CardPresentation
from schema.context import Context
from schema.nouns import shown
from schema.verbs import subscription


@subscription(requires=CARDS_REVEAL)
async def card_presentation(
    context: Context,
    card_id: Annotated[strawberry.ID, strawberry.argument(description="Your card.")],
) -> AsyncIterator[CardPresentation]:
    """A presentation code for your own card, and the next one as soon as it is old.

    It ends when the card cannot be used any more; for a card that is not yours it is silent.
    """
    wanted = ids.decode("crd", card_id)
    while wanted is not None:
        found = await context.reads.cards.present(context.caller, wanted)
        if found is None:
            return
        yield shown(CardPresentation, found)
        # A little later than exactly then: a clock that is a hair behind would give the same step again.
        await asyncio.sleep(max(0.0, (found.expires_at - datetime.now(UTC)).total_seconds()) + 0.05)
