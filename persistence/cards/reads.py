"""Cards as callers see them: their own, or those of their subtree; to all others there are none."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.access.callers import Caller, CallerKind
from domain.access.identifiers import storable
from domain.access.permissions import CARDS_READ, CARDS_REDEEM, CARDS_TRACE
from domain.cards import presentation
from domain.cards.chain import CardEvent, LinkedEvent, is_intact
from domain.cards.states import CardState
from domain.cards.views import (
    Actor,
    ActorKind,
    CardTraceView,
    CardView,
    PresentationView,
    RedemptionView,
    TraceEventView,
)
from domain.paging import Page, PageRequest, cursor_of
from domain.selected import ALL, Selected
from persistence.cards import lists
from persistence.cards import reads_sql as sql
from persistence.cards.lookup import secret_hmacs
from persistence.cards.rows import card_of, redemption_of

if TYPE_CHECKING:
    import asyncpg

    from domain.cards.ports import CardFilter
    from persistence.database import Database
    from persistence.work import Tools

NEWEST = "cards"
"""The sort that cursors of cards belong to."""

LONGEST_SECRET = 2_048


class StoredCardReads:
    """Fills `domain.cards.ports.CardReads`."""

    def __init__(self, database: Database, tools: Tools) -> None:
        self._database, self._vault = database, tools.vault

    async def page(
        self, caller: Caller, wanted: CardFilter, request: PageRequest, selected: Selected = ALL
    ) -> Page[CardView]:
        """Cards, the newest first."""
        scope = _scope(caller)
        texts = [text for text in (wanted.channel, wanted.sku) if text is not None]
        foreign = wanted.channel is not None and scope["scope_kind"] == "OWN"
        if scope["scope_kind"] == "NOTHING" or foreign or not all(map(storable, texts)):
            return Page.empty()
        listed = lists.OWN if scope["scope_kind"] == "OWN" else lists.BELOW
        if scope["scope_kind"] == "ALL" and wanted.channel is None:
            listed = lists.EVERYTHING
        values = {
            **scope,
            "channel": wanted.channel,
            "sku": wanted.sku,
            "states": None if wanted.status is None else [status.value for status in wanted.status],
        }
        read = listed.pages.of(selected).way(request.backwards)
        async with self._database.connection() as connection:
            cards = await read.all(connection, caller, **values, key=request.last_id, limit=request.limit + 1)

        async def count() -> int:
            async with self._database.connection() as connection:
                found: int = await listed.count.value(connection, **values)
            return found

        return Page.cut([(card, cursor_of(NEWEST, [card.id.hex])) for card in cards], request, count)

    async def by_ids(
        self, caller: Caller, ids: Sequence[UUID], selected: Selected = ALL
    ) -> dict[UUID, CardView]:
        """The cards of these that the caller sees."""
        read = lists.BY_IDS.of(selected)
        async with self._database.connection() as connection:
            cards = await read.all(connection, caller, ids=list(ids), **_scope(caller))
        return {card.id: card for card in cards}

    async def of_lines(
        self, caller: Caller, line_ids: Sequence[UUID], selected: Selected = ALL
    ) -> dict[UUID, list[CardView]]:
        """Cards by order line, in the order of their sale."""
        read = lists.OF_LINES.of(selected)
        async with self._database.connection() as connection:
            cards = await read.all(connection, caller, lines=list(line_ids), **_scope(caller))
        found: dict[UUID, list[CardView]] = defaultdict(list)
        for card in cards:
            assert card.order_line_id is not None
            found[card.order_line_id].append(card)
        return found

    async def node(self, caller: Caller, type_name: str, id: UUID) -> CardView | RedemptionView | None:
        """A Card or Redemption."""
        if type_name == "Card":
            return (await self.by_ids(caller, [id])).get(id)
        if not caller.is_back_office or not (caller.may(CARDS_READ) or caller.may(CARDS_REDEEM)):
            return None
        async with self._database.connection() as connection:
            row = await sql.REDEMPTION_BY_ID.one(
                connection, id=id, scope_kind="SUBTREE", scope_channel=caller.channel_id
            )
        return None if row is None else redemption_of(row)

    async def trace(self, caller: Caller, secret: str) -> CardTraceView | None:
        """The card with this secret, and all that happened to it; the chain is computed again."""
        if not caller.at_headquarters or not caller.may(CARDS_TRACE) or len(secret) > LONGEST_SECRET:
            return None
        hmacs = secret_hmacs(self._vault, secret)
        # One snapshot: a step between the two reads would look like a broken chain.
        async with (
            self._database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            row = await sql.OF_SECRET.one(connection, secrets=hmacs)
            events = [] if row is None else await sql.EVENTS.all(connection, card=row["id"])
        if row is None:
            return None
        linked = [_linked(event) for event in events]
        intact = is_intact(linked, row["ordinal"], row["last_hash"])
        return CardTraceView(card_of(row), intact, [_shown(one.event) for one in linked])

    async def present(self, caller: Caller, card_id: UUID) -> PresentationView | None:
        """A fresh presentation code of the caller's own card."""
        if caller.customer_id is None:
            return None
        async with self._database.connection() as connection:
            if not await sql.PRESENTABLE.value(connection, card=card_id, customer=caller.customer_id):
                return None
        now = datetime.fromtimestamp(time.time(), UTC)
        ends = datetime.fromtimestamp((presentation.step_at(now) + 1) * presentation.STEP_S, UTC)
        return PresentationView(presentation.present(self._vault.keys, card_id, now), ends, card_id)


def _scope(caller: Caller) -> dict[str, Any]:
    """The parameters of VISIBLE for a caller."""
    if caller.kind is CallerKind.SYSTEM:
        kind = "ALL"
    elif not caller.may(CARDS_READ):
        kind = "NOTHING"
    elif caller.kind is CallerKind.CUSTOMER:
        kind = "OWN"
    elif caller.is_back_office:
        kind = "ALL" if caller.at_headquarters else "SUBTREE"
    else:
        kind = "NOTHING"
    return {
        "scope_kind": kind,
        "scope_channel": caller.channel_id,
        "scope_customer": caller.customer_id,
    }


def _linked(row: asyncpg.Record) -> LinkedEvent:
    event = CardEvent(
        card_id=row["card_id"],
        ordinal=row["ordinal"],
        at=row["at"],
        from_state=row["from_state"],
        to_state=row["to_state"],
        actor_kind=row["actor_kind"],
        actor_id=row["actor_id"],
        actor_name=row["actor_name"],
        channel_id=row["channel_id"],
        order_id=row["order_id"],
        reason=row["reason"],
        request_id=row["request_id"],
    )
    return LinkedEvent(event, row["prev_hash"], row["hash"])


def _shown(event: CardEvent) -> TraceEventView:
    before = None if event.from_state is None else CardState(event.from_state)
    actor = Actor(ActorKind(event.actor_kind), event.actor_name)
    return TraceEventView(event.at, before, CardState(event.to_state), actor, event.channel_id, event.reason)
