"""Locking orders and moving them on, with their lines and fulfilments: all of a transaction at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.orders.status import OrderStatus, PartStatus
from persistence.orders.rows import ORDER_COLUMNS, order_of, part_of
from persistence.orders.scope import VISIBLE_TO, scope
from persistence.sharing.stops import Asked, Turn, stop
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.records import PartRecord
    from domain.orders.views import OrderView
    from domain.refusals import Refusal
    from persistence.statements import Connection

_LOCK = Statement(
    f"""SELECT w.n, {ORDER_COLUMNS}
          FROM unnest(CAST(:ids AS uuid[]), CAST(:scope_kind AS text[]), CAST(:scope_channel AS uuid[]),
                      CAST(:scope_customer AS uuid[])) WITH ORDINALITY
               AS w (id, scope_kind, scope_channel, scope_customer, n)
          JOIN orders o ON o.id = w.id
         WHERE {VISIBLE_TO} ORDER BY o.id FOR NO KEY UPDATE OF o"""
)

PART_COLUMNS = """f.id, f.order_id, f.order_line_id, f.variant_id, f.sku, f.kind, f.quantity, f.pool_id,
              f.status, f.account, l.status AS line_status, l.policy, v.settings, v.valid_days,
              v.face_minor"""
PARTS = """fulfilment f
         JOIN order_line l ON l.id = f.order_line_id
         JOIN variant v ON v.id = f.variant_id"""
"""Where `persistence.orders.rows.part_of` finds its columns."""

_PARTS = Statement(
    f"""SELECT {PART_COLUMNS} FROM {PARTS}
        WHERE f.order_id = ANY(CAST(:orders AS uuid[]))
        ORDER BY f.id"""
)

_UNPAID = "('RISK_HOLD', 'AWAITING_PAYMENT')"
_CLOSED = "('CANCELLED', 'EXPIRED')"
_MOVE = Statement(
    f"""WITH parts AS (
            UPDATE fulfilment f
               SET status = m.status, failure = coalesce(m.failure, f.failure),
                   finished_at = CASE WHEN m.status NOT IN ('AWAITING_PAYMENT', 'PENDING', 'FULFILLING')
                                      THEN now() END
              FROM unnest(CAST(:parts AS uuid[]), CAST(:part_statuses AS text[]), CAST(:failures AS text[]))
                   AS m (id, status, failure)
             WHERE f.id = m.id),
        lines AS (
            UPDATE order_line l SET status = m.status
              FROM unnest(CAST(:lines AS uuid[]), CAST(:line_statuses AS text[])) AS m (id, status)
             WHERE l.id = m.id)
        UPDATE orders o
           SET status = m.status,
               paid_at = CASE WHEN m.status IN {_UNPAID} OR m.status IN {_CLOSED} THEN o.paid_at
                              ELSE coalesce(o.paid_at, now()) END,
               due_minor = CASE WHEN m.status IN {_UNPAID} THEN o.due_minor ELSE 0 END,
               closed_at = CASE WHEN m.status IN {_CLOSED} THEN now() ELSE o.closed_at END
          FROM unnest(CAST(:orders AS uuid[]), CAST(:statuses AS text[]), CAST(:before AS text[]))
               AS m (id, status, before)
         WHERE o.id = m.id AND o.status = m.before
        RETURNING {ORDER_COLUMNS}"""
)
"""Orders, their lines and their fulfilments in one step."""


@dataclass(frozen=True, slots=True)
class Step:
    """New statuses of a locked order and of what changes of its parts and lines."""

    order: OrderView
    status: OrderStatus
    parts: Mapping[UUID, PartStatus]
    lines: Mapping[UUID, PartStatus]
    failures: Mapping[UUID, str]


@stop(Turn.ORDERS)
async def lock_orders(
    on: Connection, asked: Sequence[Asked[tuple[UUID, Caller]]]
) -> list[OrderView | Refusal | None]:
    """Orders that their callers may act on, locked in key order; None as for one that never was."""
    scopes = [scope(one.what[1]) for one in asked]
    rows = await _LOCK.all(
        on, ids=[one.what[0] for one in asked], **{name: [one[name] for one in scopes] for name in scopes[0]}
    )
    found = {row["n"]: order_of(row) for row in rows}
    return [found.get(number) for number in range(1, len(asked) + 1)]


@stop(Turn.PARTS)
async def parts_of(
    on: Connection, asked: Sequence[Asked[Sequence[UUID]]]
) -> list[list[PartRecord] | Refusal]:
    """All fulfilments of orders, by id."""
    orders = list({order: None for one in asked for order in one.what})
    by_order: dict[UUID, list[PartRecord]] = defaultdict(list)
    for row in await _PARTS.all(on, orders=orders):
        by_order[row["order_id"]].append(part_of(row))
    return [
        sorted((part for order in one.what for part in by_order[order]), key=lambda part: part.id)
        for one in asked
    ]


@stop(Turn.PROGRESS, writes=True)
async def move_orders(on: Connection, asked: Sequence[Asked[Step]]) -> list[OrderView | Refusal]:
    """Write new statuses; whoever moves an order has its row locked."""
    rows = await _MOVE.all(on, **_values([one.what for one in asked]))
    moved = {row["id"]: order_of(row) for row in rows}
    if len(moved) < len(asked):
        raise RuntimeError("An order moved while it was locked.")
    return [moved[one.what.order.id] for one in asked]


def _values(steps: Sequence[Step]) -> dict[str, list[Any]]:
    parts = [
        (part_id, status, step.failures.get(part_id))
        for step in steps
        for part_id, status in step.parts.items()
    ]
    lines = [pair for step in steps for pair in step.lines.items()]
    return {
        "orders": [step.order.id for step in steps],
        "statuses": [step.status.value for step in steps],
        "before": [step.order.status.value for step in steps],
        "parts": [part_id for part_id, *_ in parts],
        "part_statuses": [status.value for _, status, _ in parts],
        "failures": [failure for *_, failure in parts],
        "lines": [line_id for line_id, _ in lines],
        "line_statuses": [status.value for _, status in lines],
    }
