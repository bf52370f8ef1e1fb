"""Writing new orders, with their lines and fulfilments: one statement for all that a transaction places."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.orders.records import LineDraft, OrderDraft, PartDraft
from domain.orders.refusals import ExternalIdTaken
from domain.orders.status import PartStatus
from persistence.orders.rows import ORDER_COLUMNS, order_of
from persistence.sharing.stops import Asked, Turn, stop
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.orders.views import OrderView
    from domain.refusals import Refusal
    from persistence.statements import Connection

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NUMBER_TRIES = 5
_WAITING = PartStatus.AWAITING_PAYMENT.value

_ORDER = {
    "id": "uuid",
    "channel_id": "uuid",
    "customer_id": "uuid",
    "external_id": "text",
    "currency": "text",
    "subtotal_minor": "bigint",
    "discount_minor": "bigint",
    "total_minor": "bigint",
    "contact": "jsonb",
    "shipping_address": "jsonb",
    "contact_phone_hmac": "text",
    "device_id": "text",
    "address": "text",
    "placed_by_kind": "text",
    "placed_by_id": "uuid",
    "expires_at": "timestamptz",
}
_LINE = {
    "id": "uuid",
    "position": "integer",
    "variant_id": "uuid",
    "sku": "text",
    "quantity": "integer",
    "unit_minor": "bigint",
    "list_minor": "bigint",
    "discount_minor": "bigint",
    "total_minor": "bigint",
    "cost_minor": "bigint",
    "account": "jsonb",
    "trace": "jsonb",
    "discounts": "jsonb",
}
_PART = {
    "id": "uuid",
    "variant_id": "uuid",
    "sku": "text",
    "kind": "text",
    "quantity": "integer",
    "pool_id": "uuid",
    "allocated_minor": "bigint",
    "account": "jsonb",
}
"""The columns that a draft has under the same name, and their types."""


def _rows(prefix: str, columns: Mapping[str, str]) -> str:
    """One array for each column; the rows that they make."""
    arrays = ", ".join(f"CAST(:{prefix}_{name} AS {kind}[])" for name, kind in columns.items())
    return f"unnest({arrays}) AS w ({', '.join(columns)})"


def _columns(prefix: str, columns: Mapping[str, str], drafts: Sequence[Any]) -> dict[str, list[Any]]:
    return {f"{prefix}_{name}": [getattr(draft, name) for draft in drafts] for name in columns}


_ADD = Statement(
    f"""WITH placed AS (
            INSERT INTO orders AS o (number, status, due_minor, {", ".join(_ORDER)})
            SELECT number, '{_WAITING}', total_minor, {", ".join(_ORDER)}
              FROM {_rows("order", _ORDER | {"number": "text"})}
             ORDER BY channel_id, external_id
            ON CONFLICT DO NOTHING
            RETURNING {ORDER_COLUMNS}),
        lines AS (
            INSERT INTO order_line (order_id, status, policy, path, transfer_minor, {", ".join(_LINE)})
            SELECT order_id, '{_WAITING}', policy, CAST(path AS uuid[]), CAST(transfer_minor AS bigint[]),
                   {", ".join(f"w.{name}" for name in _LINE)}
              FROM {
        _rows(
            "line", _LINE | {"order_id": "uuid", "policy": "text", "path": "text", "transfer_minor": "text"}
        )
    }
              JOIN placed ON placed.id = w.order_id),
        parts AS (
            INSERT INTO fulfilment (order_id, order_line_id, status, {", ".join(_PART)})
            SELECT order_id, line_id, '{_WAITING}', {", ".join(f"w.{name}" for name in _PART)}
              FROM {_rows("part", _PART | {"order_id": "uuid", "line_id": "uuid"})}
              JOIN placed ON placed.id = w.order_id)
        SELECT * FROM placed"""
)

_TAKEN = Statement(
    """SELECT o.channel_id, o.external_id FROM orders o
        WHERE (o.channel_id, o.external_id) IN
              (SELECT * FROM unnest(CAST(:channels AS uuid[]), CAST(:external_ids AS text[])))"""
)


@stop(Turn.PLACING, writes=True)
async def add_orders(on: Connection, asked: Sequence[Asked[OrderDraft]]) -> list[OrderView | Refusal]:
    """Orders with all that is theirs; ExternalIdTaken where a channel has an order of that name."""
    outcomes: dict[UUID, OrderView | Refusal] = {}
    now, zone = asked[0].work.now, ZoneInfo(asked[0].work.tools.settings.calendar_zone)
    for _ in range(_NUMBER_TRIES):
        drafts = [one.what for one in asked if one.what.id not in outcomes]
        for row in await _ADD.all(on, **_values(drafts, lambda: order_number(now, zone))):
            outcomes[row["id"]] = order_of(row)
        if len(outcomes) < len(asked):
            outcomes |= await _refused(on, [draft for draft in drafts if draft.id not in outcomes])
        if len(outcomes) == len(asked):
            return [outcomes[one.what.id] for one in asked]
    raise RuntimeError("No free order number was found.")


async def _refused(on: Connection, drafts: Sequence[OrderDraft]) -> dict[UUID, OrderView | Refusal]:
    """Whose externalId is taken; whoever is left has drawn a number that is."""
    named = [draft for draft in drafts if draft.external_id is not None]
    rows = await _TAKEN.all(
        on,
        channels=[draft.channel_id for draft in named],
        external_ids=[draft.external_id for draft in named],
    )
    taken = {(row["channel_id"], row["external_id"]) for row in rows}
    return {
        draft.id: ExternalIdTaken(draft.external_id)
        for draft in named
        if draft.external_id is not None and (draft.channel_id, draft.external_id) in taken
    }


def order_number(now: datetime, zone: tzinfo) -> str:
    """The operator's day and 50 random bits: people can read it out, and nobody can count our orders."""
    bits = secrets.randbits(50)
    tail = "".join([_ALPHABET[bits >> at & 31] for at in range(0, 50, 5)])
    return f"{now.astimezone(zone):%y%m%d}-{tail[:5]}-{tail[5:]}"


def _values(drafts: Sequence[OrderDraft], number: Callable[[], str]) -> dict[str, list[Any]]:
    lines = [(draft, line) for draft in drafts for line in draft.lines]
    parts = [(draft, line, part) for draft, line in lines for part in line.parts]
    return {
        **_columns("order", _ORDER, drafts),
        "order_number": [number() for _ in drafts],
        **_line_values(lines),
        **_part_values(parts),
    }


def _line_values(lines: Sequence[tuple[OrderDraft, LineDraft]]) -> dict[str, list[Any]]:
    return {
        **_columns("line", _LINE, [line for _, line in lines]),
        "line_order_id": [draft.id for draft, _ in lines],
        "line_policy": [line.policy.value if line.policy else None for _, line in lines],
        # An array of arrays of different lengths is none; they travel as PostgreSQL writes them.
        "line_path": [_written(line.path) for _, line in lines],
        "line_transfer_minor": [_written(line.transfer_minor) for _, line in lines],
    }


def _part_values(parts: Sequence[tuple[OrderDraft, LineDraft, PartDraft]]) -> dict[str, list[Any]]:
    return {
        **_columns("part", _PART, [part for *_, part in parts]),
        "part_order_id": [draft.id for draft, *_ in parts],
        "part_line_id": [line.id for _, line, _ in parts],
    }


def _written(values: Iterable[Any]) -> str:
    return f"{{{','.join(map(str, values))}}}"
