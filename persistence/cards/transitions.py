"""Transitions: many cards take their steps in one guarded statement, with one chained event for each step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from domain.cards.events import CardStatusChanged
from domain.cards.states import UNSOLD, CardState, CardStep, sources, target
from persistence.statements import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    import asyncpg

    from domain.access.callers import Caller
    from persistence.work import Work

_ACTOR = "CAST(:actor_kind AS text), CAST(:actor_id AS uuid), CAST(:actor_name AS text)"
_REQUEST = "CAST(:request_id AS text)"
_ITS_ACTOR, _ITS_REQUEST = "{0}.actor_kind, {0}.actor_id, {0}.actor_name", "{0}.request_id"
_STAMP = """to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
_CARD = "c.id, c.state, c.ordinal, c.last_hash, c.variant_id, c.pool_id, c.seq"


def cards_where(
    condition: str, step: CardStep, place: str = "c.pool_id", order_of: str = "c.order_id", more: str = ""
) -> str:
    """The cards of a condition that can take a step, locked in key order; `more` are further columns."""
    return f"""SELECT {_CARD}, {place} AS place, {order_of} AS order_of{more and ", " + more}
                 FROM card c WHERE {condition} AND {guard(step)} ORDER BY c.id FOR UPDATE"""


def guard(step: CardStep, column: str = "c.state") -> str:
    """The condition on the state under which a step is possible."""
    return f"{column} IN ({', '.join(repr(state) for state in sources(step))})"


def transition(
    chosen: str,
    steps: Sequence[CardStep],
    sets: str = "",
    then: str = "",
    shows: str = "",
    actors: bool = False,
) -> Statement:
    """One statement that moves the `chosen` cards through `steps`.

    `chosen` is a SELECT of locked rows with id, state, ordinal, last_hash, variant_id, place (the channel of
    the event), order_of (its order) and, for a step that leads back, `back` (the state). `then` are CTEs
    behind it that may use `moved`; `sets` are further assignments that may use `stepped`. With `actors` every
    chosen row says who acts: actor_kind, actor_id, actor_name, request_id. Answers a row for each card that
    was moved: what `move` records of it, and what `shows` adds.
    """
    count = len(steps)
    actor = _ITS_ACTOR.format("s") if actors else _ACTOR
    request = _ITS_REQUEST.format("s") if actors else _REQUEST
    return Statement(
        f"""WITH chosen AS MATERIALIZED ({chosen}),
        stepped AS MATERIALIZED ({_stepped(steps, actors)}),
        moved AS (
            UPDATE card SET state = stepped.states[{count + 1}], ordinal = stepped.ordinal + {count},
                   last_hash = stepped.hashes[{count + 1}], changed_at = now(){sets and ", " + sets}
              FROM stepped WHERE card.id = stepped.id AND card.state = stepped.state
            RETURNING card.id, card.order_id, card.order_line_id, card.fulfilment_id, card.channel_id,
                      card.customer_id, card.pool_id, card.masked, card.expires_at, card.changed_at),
        written AS (
            INSERT INTO card_event (card_id, ordinal, at, from_state, to_state, actor_kind, actor_id,
                        actor_name, channel_id, order_id, reason, request_id, prev_hash, hash)
            SELECT s.id, s.ordinal + n, now(), s.states[n], s.states[n + 1], {actor}, s.place, s.order_of,
                   :reason, {request}, s.hashes[n], s.hashes[n + 1]
              FROM stepped s JOIN moved USING (id) CROSS JOIN generate_series(1, {count}) n)
        {then and ", " + then}
        SELECT m.*, v.sku, s.states {shows and ", " + shows}
          FROM stepped s JOIN moved m USING (id) JOIN variant v ON v.id = s.variant_id ORDER BY s.id"""
    )


def _stepped(steps: Sequence[CardStep], actors: bool) -> str:
    """The chosen rows with every state that they pass, and the hash of the event that says so, in arrays."""
    states, hashes, laterals = ["o.state"], ["o.last_hash"], ""
    actor = _ITS_ACTOR.format("o") if actors else _ACTOR
    request = _ITS_REQUEST.format("o") if actors else _REQUEST
    for n, step in enumerate(steps, start=1):
        states.append(_literal(step))
        laterals += f"""
            CROSS JOIN LATERAL (SELECT sha256({hashes[-1]} || convert_to(json_build_array(
                o.id, o.ordinal + {n}, {_STAMP}, {states[-2]}, {states[-1]}, {actor}, o.place, o.order_of,
                CAST(:reason AS text), {request})::text, 'UTF8')) AS h) h{n}"""
        hashes.append(f"h{n}.h")
    return f"""SELECT o.*, ARRAY[{", ".join(states)}]::text[] AS states, ARRAY[{", ".join(hashes)}] AS hashes
                 FROM chosen o {laterals}"""


async def move(
    work: Work, statement: Statement, caller: Caller, reason: str = "", **values: Any
) -> list[asyncpg.Record]:
    """Run a transition in the caller's name and record what feeds hear of it; the rows that were moved."""
    moved = await statement.all(
        work.connection,
        actor_kind=caller.kind.value,
        actor_id=caller.subject_id,
        actor_name=caller.name,
        reason=reason,
        request_id=work.request_id,
        **values,
    )
    record(work, moved)
    return moved


def actors_of(callers: Iterable[tuple[Caller, str]]) -> dict[str, list[Any]]:
    """Who acts in each row, with the request, as the parameters of a transition with `actors` bring them."""
    found: dict[str, list[Any]] = {
        name: [] for name in ("actor_kinds", "actor_ids", "actor_names", "request_ids")
    }
    for caller, request_id in callers:
        found["actor_kinds"].append(caller.kind.value)
        found["actor_ids"].append(caller.subject_id)
        found["actor_names"].append(caller.name)
        found["request_ids"].append(request_id)
    return found


def record(work: Work, moved: Iterable[asyncpg.Record]) -> None:
    """Record an event for each step of a card that is sold."""
    for row in moved:
        for before, after in zip(row["states"], row["states"][1:], strict=False):
            if CardState(after) in UNSOLD or row["order_id"] is None or before == after:
                continue
            work.record(
                CardStatusChanged(
                    aggregate_id=row["id"],
                    channel_id=row["channel_id"],
                    customer_id=row["customer_id"],
                    from_state=before,
                    to_state=after,
                    sku=row["sku"],
                    order_id=row["order_id"],
                )
            )


def _literal(step: CardStep) -> str:
    found = target(step)
    return "o.back" if found is None else f"CAST('{found}' AS text)"
