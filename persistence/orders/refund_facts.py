"""What is known of the parts of orders, as refunds read it: the same for deciding and for showing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.cards.states import CardState
from domain.orders.refunds.standing import AttemptFact, CardFact, EntitlementFact, ParcelFact, PartFacts
from domain.orders.status import PartStatus
from domain.orders.views import ShipmentStatus
from domain.supply.states import AttemptState
from persistence.cards.refunding import FACTS, lock_cards
from persistence.statements import Connection, Statement

PARTS = Statement(
    """SELECT f.id, f.order_id, f.order_line_id, f.sku, f.kind, f.quantity, f.status, f.allocated_minor,
              f.refunded_minor, l.quantity AS line_quantity, v.settings, o.currency, now() AS now,
              (SELECT CAST(coalesce(sum(n.units), 0) AS bigint)
                 FROM refund_line n JOIN refund r ON r.id = n.refund_id
                WHERE n.fulfilment_id = f.id AND r.status NOT IN ('REJECTED', 'WITHDRAWN')) AS asked_units
         FROM fulfilment f
         JOIN orders o ON o.id = f.order_id
         JOIN order_line l ON l.id = f.order_line_id
         JOIN variant v ON v.id = f.variant_id
        WHERE f.order_id = ANY (CAST(:orders AS uuid[])) AND o.paid_at IS NOT NULL
        ORDER BY f.order_id, l.position, f.id"""
)
_CARDS = Statement(FACTS)
_GOODS = Statement(
    """SELECT a.fulfilment_id, a.state AS attempt, a.face_minor, a.charged_minor, NULL AS parcel,
              NULL::bigint AS units, NULL::bigint AS used, NULL::bigint AS received,
              NULL::timestamptz AS expires_at
         FROM (SELECT DISTINCT ON (fulfilment_id, unit) * FROM attempt
                WHERE fulfilment_id = ANY (CAST(:parts AS uuid[]))
                ORDER BY fulfilment_id, unit, number DESC) a
        UNION ALL
       SELECT s.fulfilment_id, NULL, NULL, NULL, s.status, s.quantity, NULL, s.sellable + s.damaged,
              NULL
         FROM shipment s WHERE s.fulfilment_id = ANY (CAST(:parts AS uuid[]))
        UNION ALL
       SELECT e.fulfilment_id, NULL, NULL, NULL, NULL, e.units, e.used, NULL, e.expires_at
         FROM entitlement e WHERE e.fulfilment_id = ANY (CAST(:parts AS uuid[]))"""
)
_LOCK_ENTITLEMENTS = Statement(
    """SELECT id FROM entitlement WHERE fulfilment_id = ANY (CAST(:parts AS uuid[])) ORDER BY id FOR UPDATE"""
)


async def locked_facts(on: Connection, order_id: UUID) -> list[PartFacts]:
    """The parts of a locked order; their cards and metered rights are locked until the commit."""
    rows = await PARTS.all(on, orders=[order_id])
    parts = [row["id"] for row in rows]
    cards = await lock_cards(on, parts)
    await _LOCK_ENTITLEMENTS.all(on, parts=parts)
    return _facts(rows, cards, await _GOODS.all(on, parts=parts))


async def facts_of(on: Connection, order_ids: Sequence[UUID]) -> dict[UUID, list[tuple[PartFacts, str]]]:
    """The parts of paid orders as they are at this moment, with their currency, by order."""
    rows = await PARTS.all(on, orders=list(order_ids))
    parts = [row["id"] for row in rows]
    facts = _facts(rows, await _CARDS.all(on, parts=parts), await _GOODS.all(on, parts=parts))
    found: dict[UUID, list[tuple[PartFacts, str]]] = defaultdict(list)
    for row, part in zip(rows, facts, strict=True):
        found[row["order_id"]].append((part, row["currency"]))
    return found


def _facts(rows: Sequence[Any], cards: Sequence[Any], goods: Sequence[Any]) -> list[PartFacts]:
    of_cards: dict[UUID, list[CardFact]] = defaultdict(list)
    for row in cards:
        of_cards[row["fulfilment_id"]].append(_card(row))
    of_goods: dict[UUID, list[Any]] = defaultdict(list)
    for row in goods:
        of_goods[row["fulfilment_id"]].append(row)
    return [_part(row, of_cards[row["id"]], of_goods[row["id"]]) for row in rows]


def _card(row: Any) -> CardFact:
    before = None if row["state_before"] is None else CardState(row["state_before"])
    return CardFact(row["id"], CardState(row["state"]), before, row["seen"], row["minted"])


def _part(row: Any, cards: Sequence[CardFact], goods: Sequence[Any]) -> PartFacts:
    now: datetime = row["now"]
    return PartFacts(
        id=row["id"],
        line_id=row["order_line_id"],
        sku=row["sku"],
        kind=row["kind"],
        quantity=row["quantity"],
        status=PartStatus(row["status"]),
        settings=row["settings"],
        allocated_minor=row["allocated_minor"],
        line_quantity=row["line_quantity"],
        asked_minor=row["refunded_minor"],
        asked_units=row["asked_units"],
        now=now,
        cards=tuple(cards),
        attempts=tuple(
            AttemptFact(AttemptState(one["attempt"]), one["face_minor"], one["charged_minor"])
            for one in goods
            if one["attempt"] is not None
        ),
        shipments=tuple(
            ParcelFact(ShipmentStatus(one["parcel"]), one["units"], one["received"])
            for one in goods
            if one["parcel"] is not None
        ),
        entitlements=tuple(
            EntitlementFact(one["units"], one["used"], one["expires_at"])
            for one in goods
            if one["used"] is not None
        ),
    )
