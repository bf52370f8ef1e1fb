"""The statements that read orders; each serves a whole level of a document."""

from __future__ import annotations

from persistence.orders.payment_rows import PAYMENT_COLUMNS
from persistence.orders.rows import LINE_COLUMNS, ORDER_COLUMNS, SHIPMENT_COLUMNS
from persistence.orders.scope import SUBTREE, VISIBLE
from persistence.statements import Statement

_ORDERS = "CAST(:orders AS uuid[])"
_LINES = "CAST(:lines AS uuid[])"

BY_IDS = Statement(
    f"SELECT {ORDER_COLUMNS} FROM orders o WHERE o.id = ANY(CAST(:ids AS uuid[])) AND {VISIBLE}"
)

_LISTED = """FROM orders o
 WHERE {scope}
   AND (CAST(:channel AS text) IS NULL OR o.channel_id IN (
        SELECT below.id FROM channel below JOIN channel named ON below.path @> ARRAY[named.id]
         WHERE named.code = :channel AND named.path @> ARRAY[CAST(:scope_channel AS uuid)]))
   AND (CAST(:status AS text[]) IS NULL OR o.status = ANY(CAST(:status AS text[])))
   AND (CAST(:placed_after AS timestamptz) IS NULL OR o.placed_at > :placed_after)
   AND (CAST(:placed_before AS timestamptz) IS NULL OR o.placed_at < :placed_before)
   AND (CAST(:external_id AS text) IS NULL OR o.external_id = :external_id)"""
_OWN = "o.customer_id = CAST(:scope_customer AS uuid)"
_BELOW = f"o.channel_id IN {SUBTREE}"


class OrderList:
    """The statements of one list of orders: newest first, forwards and backwards, and how long it is."""

    def __init__(self, condition: str) -> None:
        listed = _LISTED.format(scope=condition)
        self.forwards = Statement(
            f"""SELECT {ORDER_COLUMNS} {listed}
                   AND (CAST(:at AS timestamptz) IS NULL OR (o.placed_at, o.id) < (:at, :id))
                 ORDER BY o.placed_at DESC, o.id DESC LIMIT :limit"""
        )
        self.backwards = Statement(
            f"""SELECT {ORDER_COLUMNS} {listed}
                   AND (CAST(:at AS timestamptz) IS NULL OR (o.placed_at, o.id) > (:at, :id))
                 ORDER BY o.placed_at, o.id LIMIT :limit"""
        )
        self.count = Statement(f"SELECT count(*) {listed}")


OWN = OrderList(_OWN)
BELOW = OrderList(_BELOW)

LINES = Statement(
    f"""SELECT {LINE_COLUMNS} FROM order_line l JOIN orders o ON o.id = l.order_id
         WHERE l.order_id = ANY({_ORDERS}) ORDER BY l.order_id, l.position"""
)
MARGINS = Statement(
    f"""SELECT l.order_id, o.currency,
               sum(CASE WHEN p.place = cardinality(l.path)
                        THEN l.total_minor - l.quantity * coalesce(
                             CASE WHEN p.place = 1 THEN l.cost_minor END, l.transfer_minor[p.place])
                        ELSE l.quantity * (l.transfer_minor[p.place + 1] - coalesce(
                             CASE WHEN p.place = 1 THEN l.cost_minor END, l.transfer_minor[p.place]))
                   END) AS margin
          FROM order_line l
          JOIN orders o ON o.id = l.order_id
         CROSS JOIN LATERAL (SELECT array_position(l.path, CAST(:channel AS uuid)) AS place) p
         WHERE l.order_id = ANY({_ORDERS}) AND p.place IS NOT NULL
         GROUP BY l.order_id, o.currency"""
)
"""A seller keeps what the buyer pays less its own purchase price; a channel above, what its child pays."""

CONTACTS = Statement(f"SELECT id, contact, shipping_address FROM orders WHERE id = ANY({_ORDERS})")
PAYMENTS = Statement(
    f"SELECT {PAYMENT_COLUMNS} FROM payment p WHERE p.order_id = ANY({_ORDERS}) ORDER BY p.created_at, p.id"
)
_TOP_UP = """a.id, a.state, a.account_label, a.reference, f.order_line_id"""
TOP_UPS = Statement(
    f"""SELECT DISTINCT ON (f.order_line_id, f.id, a.unit) {_TOP_UP}
          FROM fulfilment f JOIN attempt a ON a.fulfilment_id = f.id
         WHERE f.order_line_id = ANY({_LINES})
         ORDER BY f.order_line_id, f.id, a.unit, a.number DESC"""
)
SHIPMENTS = Statement(
    f"""SELECT {SHIPMENT_COLUMNS} FROM fulfilment f JOIN shipment s ON s.fulfilment_id = f.id
         WHERE f.order_line_id = ANY({_LINES}) ORDER BY s.id"""
)
_ENTITLEMENT = "e.id, f.order_line_id, e.units, e.used, e.expires_at"
ENTITLEMENTS = Statement(
    f"""SELECT {_ENTITLEMENT} FROM fulfilment f JOIN entitlement e ON e.fulfilment_id = f.id
         WHERE f.order_line_id = ANY({_LINES}) ORDER BY e.id"""
)

_OF_PART = "JOIN fulfilment f ON f.id = {0}.fulfilment_id JOIN orders o ON o.id = f.order_id"
NODES = {
    "OrderLine": Statement(
        f"""SELECT {LINE_COLUMNS} FROM order_line l JOIN orders o ON o.id = l.order_id
             WHERE l.id = :id AND {VISIBLE}"""
    ),
    "Payment": Statement(
        f"""SELECT {PAYMENT_COLUMNS} FROM payment p JOIN orders o ON o.id = p.order_id
             WHERE p.id = :id AND {VISIBLE}"""
    ),
    "Shipment": Statement(
        f"SELECT {SHIPMENT_COLUMNS} FROM shipment s {_OF_PART.format('s')} WHERE s.id = :id AND {VISIBLE}"
    ),
    "TopUp": Statement(
        f"SELECT {_TOP_UP} FROM attempt a {_OF_PART.format('a')} WHERE a.id = :id AND {VISIBLE}"
    ),
    "Entitlement": Statement(
        f"SELECT {_ENTITLEMENT} FROM entitlement e {_OF_PART.format('e')} WHERE e.id = :id AND {VISIBLE}"
    ),
}
"""GraphQL type → the statement that finds one by id, within the caller's scope."""
