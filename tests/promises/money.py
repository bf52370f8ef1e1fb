"""What is true of the ledger whenever nothing runs; each statement answers what breaks its sentence."""

from __future__ import annotations

_UNPAID = "('RISK_HOLD', 'AWAITING_PAYMENT')"
_CLOSED = "('CANCELLED', 'EXPIRED')"
_POSTED = "EXISTS (SELECT FROM ledger_transfer t WHERE t.type = '{}' AND t.business_id = o.id)"

MONEY: dict[str, str] = {
    "a balance is the sum of its entries": """
        SELECT a.id, a.kind FROM ledger_account a
         WHERE a.balance_minor
             + (SELECT coalesce(sum(minor), 0) FROM ledger_delta d WHERE d.account_id = a.id)
            <> (SELECT coalesce(sum(minor), 0) FROM ledger_entry e WHERE e.account_id = a.id)""",
    "all entries sum to zero": "SELECT sum(minor) FROM ledger_entry HAVING sum(minor) <> 0",
    "what is held is what unpaid orders cost their shops": f"""
        SELECT a.channel_id FROM ledger_account a WHERE a.kind = 'HOLD'
           AND (SELECT coalesce(sum(minor), 0) FROM ledger_entry e WHERE e.account_id = a.id)
            <> (SELECT coalesce(sum(l.quantity * l.transfer_minor[cardinality(l.path)]), 0)
                  FROM orders o JOIN order_line l ON l.order_id = o.id
                 WHERE o.channel_id = a.channel_id AND o.status IN {_UNPAID})""",
    "an order's money was held, and then divided or given back": f"""
        SELECT o.number, o.status FROM orders o JOIN channel c ON c.id = o.channel_id
         WHERE c.parent_id IS NOT NULL
           AND (NOT {_POSTED.format("HOLD")}
            OR {_POSTED.format("RELEASE")} <> (o.status IN {_CLOSED})
            OR {_POSTED.format("SALE")} <> (o.status NOT IN {_UNPAID} AND o.status NOT IN {_CLOSED}))""",
}
