"""The statements of orders, built once."""

from __future__ import annotations

from persistence.channels.quota_sql import least_left
from persistence.channels.stock_view import quota_of
from persistence.orders.rows import ORDER_COLUMNS, SHIPMENT_COLUMNS
from persistence.orders.scope import VISIBLE
from persistence.statements import Statement

STOCK_LEFT = Statement(
    f"""SELECT w.variant_id, w.pool_id, CAST(least(q.least_left, m.least_left,
              CASE WHEN p.kind = ANY (CAST(:stocked AS text[])) THEN coalesce(s.available, 0) END
              ) AS bigint) AS left
         FROM unnest(CAST(:variants AS uuid[]), CAST(:pools AS uuid[])) AS w (variant_id, pool_id)
         JOIN variant v ON v.id = w.variant_id JOIN product p ON p.id = v.product_id
         JOIN channel c ON c.id = CAST(:channel AS uuid)
         LEFT JOIN stock_level s ON s.variant_id = w.variant_id AND s.pool_id = w.pool_id
         LEFT JOIN LATERAL ({quota_of("w.variant_id", "c.path")}) q ON true
         LEFT JOIN LATERAL ({least_left("ARRAY[w.variant_id]", "c.path")}) m ON true"""
)

LOCK_ANY = Statement(f"SELECT {ORDER_COLUMNS} FROM orders o WHERE o.id = :order_id FOR NO KEY UPDATE")
LOCK_OVERDUE = Statement(
    f"""SELECT {ORDER_COLUMNS} FROM orders o
         WHERE o.status = 'AWAITING_PAYMENT' AND o.expires_at <= now()
         ORDER BY o.id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED"""
)

ADD_SHIPMENT = Statement(
    """INSERT INTO shipment (id, fulfilment_id, status, quantity)
       SELECT :id, f.id, 'AWAITING_SHIPMENT', f.quantity FROM fulfilment f WHERE f.id = :fulfilment_id"""
)
FIND_SHIPMENT = Statement(
    """SELECT s.id, f.order_id, s.fulfilment_id, f.pool_id, s.status, s.quantity,
              s.sellable + s.damaged AS received
         FROM shipment s JOIN fulfilment f ON f.id = s.fulfilment_id WHERE s.id = :shipment_id"""
)
MOVE_SHIPMENT = Statement(
    f"""UPDATE shipment s
           SET status = CAST(:status AS text), carrier = coalesce(:carrier, s.carrier),
               tracking_number = coalesce(:number, s.tracking_number),
               shipped_at = coalesce(s.shipped_at, now()),
               delivered_at = coalesce(s.delivered_at, CASE WHEN :status = 'DELIVERED' THEN now() END)
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
           AND e.units - e.used - e.asked_back >= CAST(:units AS bigint)
           AND (e.expires_at IS NULL OR e.expires_at > now())
        RETURNING e.id, f.order_line_id, e.units, e.used, e.expires_at, e.asked_back"""
)
ENTITLEMENT = Statement(
    f"""SELECT e.id, f.order_line_id, e.units, e.used, e.expires_at, e.asked_back
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
