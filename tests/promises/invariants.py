"""What is true of every database of ours whenever nothing runs, whoever was killed before.

Each statement answers what breaks its sentence, so an empty answer is a promise kept.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import asyncpg

from domain.cards.chain import CardEvent, LinkedEvent, is_intact
from domain.orders.status import (
    PHASE_OF,
    BundlePolicy,
    OrderStatus,
    PartStatus,
    Phase,
    order_status,
    together,
)
from tests.promises.money import MONEY

Owner: TypeAlias = "asyncpg.Connection[Any]"

_CARDS = "('CARD_KEY', 'CARD_NUMBER_KEY', 'LINK')"
_FREE = "('IN_STOCK', 'ALLOCATED')"
_PAID = "('PAID', 'FULFILLING', 'FULFILLED', 'PARTIALLY_FULFILLED', 'FAILED')"
_STATE = "(CASE WHEN c.state = 'FROZEN' AND c.state_before IS NOT NULL THEN c.state_before ELSE c.state END)"
_STEPS = """(SELECT aggregate_id AS id, position, payload->>'from' AS source, payload->>'to' AS target,
    lag(payload->>'to') OVER (PARTITION BY aggregate_id ORDER BY position) AS before,
    lead(position) OVER (PARTITION BY aggregate_id ORDER BY position) IS NULL AS is_last
  FROM event WHERE kind = '{}') s"""

STATEMENTS: dict[str, str] = {
    "an order is paid if and only if all that was due was captured once": f"""
        SELECT o.number, o.status, count(p.id) FROM orders o LEFT JOIN payment p ON p.order_id = o.id
         GROUP BY o.id HAVING count(p.id) <> (o.status IN {_PAID})::int
            OR bool_or(p.status <> 'CAPTURED' OR p.amount_minor <> o.total_minor)
            OR (o.paid_at IS NOT NULL) <> (o.status IN {_PAID})""",
    "a part has as many cards as it says, in the state that it says": f"""
        SELECT f.id, f.status, f.quantity, count(c.id) FROM fulfilment f
          LEFT JOIN card c ON c.fulfilment_id = f.id AND c.order_id = f.order_id
           AND c.order_line_id = f.order_line_id AND c.variant_id = f.variant_id
         WHERE f.kind IN {_CARDS} GROUP BY f.id
        HAVING count(c.id) <> CASE f.status WHEN 'CANCELLED' THEN 0 ELSE f.quantity END
            OR bool_or(({_STATE} = 'RESERVED') <> (f.status = 'AWAITING_PAYMENT'))
            OR bool_or({_STATE} IN ('IN_STOCK', 'ALLOCATED', 'SOLD'))""",
    "a reserved card belongs to an order that awaits its payment": f"""
        SELECT c.id FROM card c LEFT JOIN orders o ON o.id = c.order_id
         WHERE {_STATE} = 'RESERVED' AND o.status IS DISTINCT FROM 'AWAITING_PAYMENT'""",
    "a card is either free and nobody's, or on one line of one order of one shop": f"""
        SELECT c.id, c.state FROM card c LEFT JOIN order_line l ON l.id = c.order_line_id
          LEFT JOIN orders o ON o.id = l.order_id LEFT JOIN fulfilment f ON f.id = c.fulfilment_id
         WHERE CASE WHEN {_STATE} IN {_FREE}
               THEN num_nonnulls(c.order_id, c.order_line_id, c.fulfilment_id, c.channel_id,
                                 c.customer_id) > 0
               WHEN {_STATE} IN ('VOIDED', 'EXPIRED', 'QUARANTINED') AND c.order_id IS NULL THEN false
               ELSE (c.order_id, c.channel_id, c.order_line_id)
                    IS DISTINCT FROM (o.id, o.channel_id, f.order_line_id)
                 OR c.customer_id IS DISTINCT FROM o.customer_id END""",
    "the gate knows how many cards are free in each pool, and starts at the first": f"""
        SELECT variant_id, pool_id, n, available FROM
               (SELECT variant_id, pool_id, count(*) AS n, min(seq) AS first FROM card
                 WHERE state IN {_FREE} GROUP BY 1, 2) c
          FULL JOIN (SELECT s.* FROM stock_level s JOIN variant v ON v.id = s.variant_id
                       JOIN product p ON p.id = v.product_id WHERE p.kind IN {_CARDS}) s
          USING (variant_id, pool_id)
         WHERE coalesce(n, 0) <> coalesce(available, 0) OR head > first""",
    "a free card is ALLOCATED exactly where it lies with a channel below the root": f"""
        SELECT c.id FROM card c JOIN channel h ON h.id = c.pool_id
         WHERE c.state IN {_FREE} AND (c.state = 'ALLOCATED') <> (h.parent_id IS NOT NULL)""",
    "a card is in the state that its last event names": """
        SELECT c.id, c.state, e.to_state FROM card c
          LEFT JOIN card_event e ON e.card_id = c.id AND e.ordinal = c.ordinal
         WHERE e.to_state IS DISTINCT FROM c.state""",
    "a card is redeemed once, and whoever redeemed it has it in writing": f"""
        SELECT c.id, c.state FROM card c LEFT JOIN redemption r ON r.card_id = c.id AND r.status <> 'FAILED'
         GROUP BY c.id HAVING count(r.id) <> ({_STATE} IN ('REDEEMING', 'REDEEMED'))::int
            OR bool_or((r.status = 'PENDING') <> ({_STATE} = 'REDEEMING'))""",
    "every look at a secret is in writing": """
        SELECT c.id FROM card c LEFT JOIN reveal r ON r.card_id = c.id
         GROUP BY c.id HAVING count(r.id) <> c.reveals""",
    "what is sent by post has one parcel once it is paid": """
        SELECT f.id, f.status, count(s.id) FROM fulfilment f LEFT JOIN shipment s ON s.fulfilment_id = f.id
         GROUP BY f.id HAVING count(s.id)
                <> (f.kind = 'PHYSICAL' AND f.status NOT IN ('AWAITING_PAYMENT', 'CANCELLED'))::int""",
    "an order's amounts add up": """
        SELECT o.number FROM orders o LEFT JOIN order_line l ON l.order_id = o.id
         GROUP BY o.id HAVING o.total_minor IS DISTINCT FROM sum(l.total_minor)
            OR o.subtotal_minor - o.discount_minor <> o.total_minor
            OR o.due_minor <> o.total_minor * (o.status IN ('RISK_HOLD', 'AWAITING_PAYMENT'))::int""",
    "a key that is kept has its answer": "SELECT scope, key FROM idempotency WHERE result IS NULL",
    "nothing waits to be relayed": "SELECT id FROM outbox",
    "events are numbered without a gap": """
        SELECT last_position, count(e.position), max(e.position) FROM relay LEFT JOIN event e ON true
         GROUP BY last_position
        HAVING count(e.position) <> last_position OR coalesce(max(e.position), 0) <> last_position""",
    "an order's events lead, one from another, to where it is": f"""
        SELECT o.number, o.status, s.source, s.target FROM orders o
          LEFT JOIN {_STEPS.format("order.changed")} ON s.id = o.id
         WHERE s.position IS NULL OR s.source IS DISTINCT FROM s.before
            OR s.is_last AND s.target <> o.status""",
    "each step of a sold card was told once, and nothing that did not happen": """
        SELECT * FROM (SELECT card_id, from_state, to_state, count(*) AS n FROM card_event
                        WHERE to_state NOT IN ('IN_STOCK', 'ALLOCATED', 'RESERVED') AND order_id IS NOT NULL
                          AND from_state <> to_state GROUP BY 1, 2, 3) took
          FULL JOIN (SELECT aggregate_id AS card_id, payload->>'from' AS from_state,
                            payload->>'to' AS to_state, count(*) AS told
                       FROM event WHERE kind = 'card.status' GROUP BY 1, 2, 3) heard
          USING (card_id, from_state, to_state) WHERE n IS DISTINCT FROM told""",
    **MONEY,
}


async def _broken_chains(owner: Owner) -> list[Any]:
    """Cards whose events are not all there, as they were written."""
    chains: dict[Any, list[LinkedEvent]] = defaultdict(list)
    for row in await owner.fetch("SELECT * FROM card_event ORDER BY card_id, ordinal"):
        said = {name: row[name] for name in CardEvent.__dataclass_fields__}
        chains[row["card_id"]].append(LinkedEvent(CardEvent(**said), row["prev_hash"], row["hash"]))
    cards = await owner.fetch("SELECT id, ordinal, last_hash FROM card")
    found = [
        card["id"] for card in cards if not is_intact(chains[card["id"]], card["ordinal"], card["last_hash"])
    ]
    return found + list(chains.keys() - {card["id"] for card in cards})


async def _unexplained_orders(owner: Owner) -> list[Any]:
    """Lines that are not what their parts amount to, and orders that are not what their lines do."""
    parts: dict[Any, list[PartStatus]] = defaultdict(list)
    for row in await owner.fetch("SELECT order_line_id, status FROM fulfilment"):
        parts[row["order_line_id"]].append(PartStatus(row["status"]))
    lines: dict[Any, list[PartStatus]] = defaultdict(list)
    found: list[Any] = []
    for row in await owner.fetch("SELECT id, order_id, status, policy FROM order_line"):
        policy = BundlePolicy(row["policy"]) if row["policy"] else None
        lines[row["order_id"]].append(PartStatus(row["status"]))
        if not parts[row["id"]] or together(parts[row["id"]], policy) != row["status"]:
            found.append(("line", row["id"], row["status"]))
    for row in await owner.fetch("SELECT id, number, status FROM orders"):
        phase = PHASE_OF.get(OrderStatus(row["status"]), Phase.PAID)
        if not lines[row["id"]] or order_status(phase, lines[row["id"]]) != row["status"]:
            found.append(("order", row["number"], row["status"]))
        closed = phase in (Phase.CANCELLED, Phase.EXPIRED)
        if closed != (set(lines[row["id"]]) == {PartStatus.CANCELLED}):
            found.append(("closed", row["number"], row["status"]))
    return found


CHECKS: dict[str, Callable[[Owner], Awaitable[list[Any]]]] = {
    "every card's chain of events is intact": _broken_chains,
    "every order and line is explained by its parts": _unexplained_orders,
}

SENTENCES = (*STATEMENTS, *CHECKS)


async def broken(owner: Owner) -> dict[str, list[Any]]:
    """The sentences that are not true, each with up to five examples."""
    found = {sentence: list(await owner.fetch(statement)) for sentence, statement in STATEMENTS.items()}
    found |= {sentence: await check(owner) for sentence, check in CHECKS.items()}
    return {sentence: rows[:5] for sentence, rows in found.items() if rows}


async def assert_sound(owner: Owner, patience_s: float = 20.0) -> None:
    """Wait until the relay is done, then hold the database to every sentence."""
    async with asyncio.timeout(patience_s):
        while await owner.fetchval("SELECT EXISTS (SELECT FROM outbox)"):
            await asyncio.sleep(0.05)
    assert await broken(owner) == {}
