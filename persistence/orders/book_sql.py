"""The statements of orders, built once."""

from __future__ import annotations

from typing import Any

from domain.orders.records import LineDraft, OrderDraft, PartDraft
from domain.orders.status import PartStatus
from persistence.channels.stock_view import quota_of
from persistence.orders.rows import ORDER_COLUMNS, SHIPMENT_COLUMNS
from persistence.orders.scope import VISIBLE
from persistence.statements import Statement

STOCK_LEFT = Statement(
    f"""SELECT w.variant_id, w.pool_id, CAST(least(q.least_left,
              CASE WHEN p.kind = ANY (CAST(:stocked AS text[])) THEN coalesce(s.available, 0) END
              ) AS bigint) AS left
         FROM unnest(CAST(:variants AS uuid[]), CAST(:pools AS uuid[])) AS w (variant_id, pool_id)
         JOIN variant v ON v.id = w.variant_id JOIN product p ON p.id = v.product_id
         JOIN channel c ON c.id = CAST(:channel AS uuid)
         LEFT JOIN stock_level s ON s.variant_id = w.variant_id AND s.pool_id = w.pool_id
         LEFT JOIN LATERAL ({quota_of("w.variant_id", "c.path")}) q ON true"""
)

ADD_ORDER = Statement(
    f"""INSERT INTO orders AS o
          (id, number, channel_id, customer_id, external_id, status, currency, subtotal_minor,
           discount_minor, total_minor, due_minor, contact, shipping_address, contact_phone_hmac, device_id,
           address, placed_by_kind, placed_by_id, expires_at)
        VALUES
          (:id, :number, :channel_id, :customer_id, :external_id, 'AWAITING_PAYMENT', :currency,
           :subtotal_minor, :discount_minor, :total_minor, :total_minor, :contact,
           :shipping_address, :contact_phone_hmac, :device_id, :address, :placed_by_kind, :placed_by_id,
           :expires_at)
        ON CONFLICT DO NOTHING
        RETURNING {ORDER_COLUMNS}"""
)
_ORDER_FIELDS = tuple(name for name in ADD_ORDER.names if name != "number")

EXTERNAL_ID = Statement(
    "SELECT true FROM orders WHERE channel_id = :channel_id AND external_id = :external_id"
)

ADD_LINE = Statement(
    """INSERT INTO order_line
         (id, order_id, position, variant_id, sku, quantity, unit_minor, list_minor, discount_minor,
          total_minor, cost_minor, status, policy, account, path, transfer_minor, trace)
       VALUES
         (:id, :order_id, :position, :variant_id, :sku, :quantity, :unit_minor, :list_minor, :discount_minor,
          :total_minor, :cost_minor, :status, :policy, :account, :path, :transfer_minor, :trace)"""
)

ADD_PART = Statement(
    """INSERT INTO fulfilment
         (id, order_id, order_line_id, variant_id, sku, kind, quantity, account, pool_id,
          allocated_minor, status)
       VALUES
         (:id, :order_id, :order_line_id, :variant_id, :sku, :kind, :quantity, :account, :pool_id,
          :allocated_minor, :status)"""
)

LOCK_ORDER = Statement(
    f"SELECT {ORDER_COLUMNS} FROM orders o WHERE o.id = :order_id AND {VISIBLE} FOR NO KEY UPDATE"
)
LOCK_ANY = Statement(f"SELECT {ORDER_COLUMNS} FROM orders o WHERE o.id = :order_id FOR NO KEY UPDATE")
LOCK_OVERDUE = Statement(
    f"""SELECT {ORDER_COLUMNS} FROM orders o
         WHERE o.status = 'AWAITING_PAYMENT' AND o.expires_at <= now()
         ORDER BY o.id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED"""
)

PARTS = Statement(
    """SELECT f.id, f.order_id, f.order_line_id, f.variant_id, f.sku, f.kind, f.quantity, f.pool_id, f.status,
              f.account, l.status AS line_status, l.policy, v.settings, v.valid_days, v.face_minor
         FROM fulfilment f
         JOIN order_line l ON l.id = f.order_line_id
         JOIN variant v ON v.id = f.variant_id
        WHERE f.order_id = ANY(CAST(:orders AS uuid[]))
        ORDER BY f.id"""
)

MOVE = Statement(
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
           SET status = CAST(:status AS text),
               paid_at = CASE WHEN :status NOT IN ('RISK_HOLD', 'AWAITING_PAYMENT', 'CANCELLED', 'EXPIRED')
                              THEN coalesce(o.paid_at, now()) ELSE o.paid_at END,
               due_minor = CASE WHEN :status IN ('RISK_HOLD', 'AWAITING_PAYMENT') THEN o.due_minor ELSE 0 END,
               closed_at = CASE WHEN :status IN ('CANCELLED', 'EXPIRED') THEN now() ELSE o.closed_at END
         WHERE o.id = :order_id AND o.status = :before
        RETURNING {ORDER_COLUMNS}"""
)
"""An order, its lines and its fulfilments in one step."""

ADD_SHIPMENT = Statement(
    "INSERT INTO shipment (id, fulfilment_id, status) VALUES (:id, :fulfilment_id, 'AWAITING_SHIPMENT')"
)
FIND_SHIPMENT = Statement(
    """SELECT s.id, f.order_id, s.fulfilment_id, f.pool_id, s.status
         FROM shipment s JOIN fulfilment f ON f.id = s.fulfilment_id WHERE s.id = :shipment_id"""
)
MOVE_SHIPMENT = Statement(
    f"""UPDATE shipment s
           SET status = CAST(:status AS text), carrier = coalesce(:carrier, s.carrier),
               tracking_number = coalesce(:number, s.tracking_number),
               shipped_at = coalesce(s.shipped_at, now()),
               delivered_at = CASE WHEN :status = 'DELIVERED' THEN now() END
          FROM fulfilment f
         WHERE f.id = s.fulfilment_id AND s.id = :shipment_id
        RETURNING {SHIPMENT_COLUMNS}"""
)

GRANT = Statement(
    """INSERT INTO entitlement (id, fulfilment_id, units, expires_at)
       VALUES (:id, :fulfilment_id, :units, :expires_at)"""
)
CONSUME = Statement(
    f"""UPDATE entitlement e SET used = e.used + CAST(:units AS bigint)
          FROM fulfilment f, orders o
         WHERE e.id = :entitlement_id AND f.id = e.fulfilment_id AND o.id = f.order_id AND {VISIBLE}
           AND e.units - e.used >= CAST(:units AS bigint)
           AND (e.expires_at IS NULL OR e.expires_at > now())
        RETURNING e.id, f.order_line_id, e.units, e.used, e.expires_at"""
)
ENTITLEMENT = Statement(
    f"""SELECT e.id, f.order_line_id, e.units, e.used, e.expires_at
          FROM entitlement e JOIN fulfilment f ON f.id = e.fulfilment_id JOIN orders o ON o.id = f.order_id
         WHERE e.id = :entitlement_id AND {VISIBLE}"""
)

ADOPT = Statement(
    """WITH guests AS (
           SELECT id FROM orders
            WHERE channel_id = :channel AND contact_phone_hmac = :phone AND customer_id IS NULL
            ORDER BY id FOR NO KEY UPDATE)
       UPDATE orders o SET customer_id = :customer FROM guests WHERE o.id = guests.id RETURNING o.id"""
)

BEGIN_COUNT = Statement("INSERT INTO counted (name) VALUES ('sold') ON CONFLICT DO NOTHING")
COUNTED = Statement("SELECT position FROM counted WHERE name = 'sold' FOR UPDATE")
COUNT_SOLD = Statement(
    """WITH news AS (
           SELECT position, aggregate_id, payload FROM event
            WHERE kind = 'order.changed' AND position > :position ORDER BY position LIMIT :limit),
       sums AS (
           SELECT v.product_id, sum(l.quantity) AS quantity
             FROM news n
             JOIN order_line l ON l.order_id = n.aggregate_id
             JOIN variant v ON v.id = l.variant_id
            WHERE n.payload ->> 'from' IN ('AWAITING_PAYMENT', 'RISK_HOLD')
              AND n.payload ->> 'to' NOT IN ('RISK_HOLD', 'AWAITING_PAYMENT', 'CANCELLED', 'EXPIRED')
            GROUP BY v.product_id ORDER BY v.product_id),
       adding AS (
           UPDATE product p SET sold = p.sold + s.quantity FROM sums s WHERE p.id = s.product_id RETURNING 1),
       moving AS (
           UPDATE counted SET position = greatest(position, (SELECT max(position) FROM news))
            WHERE name = 'sold' RETURNING 1)
       SELECT (SELECT count(*) FROM news) AS events, (SELECT count(*) FROM adding) AS products,
              (SELECT count(*) FROM moving) AS moved"""
)


def order_values(draft: OrderDraft) -> dict[str, Any]:
    """The parameters of ADD_ORDER, but the number."""
    return {name: getattr(draft, name) for name in _ORDER_FIELDS}


def line_values(draft: OrderDraft, line: LineDraft) -> dict[str, Any]:
    """The parameters of ADD_LINE."""
    return {
        "id": line.id,
        "order_id": draft.id,
        "position": line.position,
        "variant_id": line.variant_id,
        "sku": line.sku,
        "quantity": line.quantity,
        "unit_minor": line.unit_minor,
        "list_minor": line.list_minor,
        "discount_minor": line.discount_minor,
        "total_minor": line.total_minor,
        "cost_minor": line.cost_minor,
        "status": PartStatus.AWAITING_PAYMENT.value,
        "policy": line.policy.value if line.policy else None,
        "account": line.account,
        "path": list(line.path),
        "transfer_minor": list(line.transfer_minor),
        "trace": line.trace,
    }


def part_values(draft: OrderDraft, line: LineDraft, part: PartDraft) -> dict[str, Any]:
    """The parameters of ADD_PART."""
    return {
        "id": part.id,
        "order_id": draft.id,
        "order_line_id": line.id,
        "variant_id": part.variant_id,
        "sku": part.sku,
        "kind": part.kind,
        "quantity": part.quantity,
        "account": part.account,
        "pool_id": part.pool_id,
        "allocated_minor": part.allocated_minor,
        "status": PartStatus.AWAITING_PAYMENT.value,
    }
