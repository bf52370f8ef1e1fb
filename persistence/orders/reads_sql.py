"""The statements that read orders; each serves a whole level of a document."""

from __future__ import annotations

from persistence.orders.payment_rows import PAYMENT_COLUMNS
from persistence.orders.rows import LINE_COLUMNS, SHIPMENT_COLUMNS
from persistence.orders.scope import VISIBLE
from persistence.statements import Statement

_ORDERS = "CAST(:orders AS uuid[])"
_LINES = "CAST(:lines AS uuid[])"

DISCOUNTS = Statement(
    f"""SELECT l.id, l.discounts, o.currency FROM order_line l JOIN orders o ON o.id = l.order_id
         WHERE l.id = ANY({_LINES}) AND l.discounts IS NOT NULL"""
)
CONTACTS = Statement(f"SELECT id, contact, shipping_address FROM orders WHERE id = ANY({_ORDERS})")
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
_ENTITLEMENT = "e.id, f.order_line_id, e.units, e.used, e.expires_at, e.asked_back"
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
