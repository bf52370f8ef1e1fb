"""What a channel earned by an order, and what it keeps of that after refunds."""

from __future__ import annotations

from domain.ledger.accounts import COST_OF_GOODS, LOSSES, PROMOTION_EXPENSE, REVENUE, SALES_RETURNS
from domain.ledger.transfers import TransferType
from persistence.statements import Statement

_RETURNS = ", ".join(
    repr(one.value)
    for one in (
        TransferType.REFUND,
        TransferType.PROMOTION_BACK,
        TransferType.MONEY_BACK,
        TransferType.COST_BACK,
        TransferType.LOSS,
    )
)
_EARNINGS = ", ".join(
    repr(one.kind.value) for one in (REVENUE, SALES_RETURNS, COST_OF_GOODS, PROMOTION_EXPENSE, LOSSES)
)
_POSTED = """EXISTS (
        SELECT FROM ledger_transfer t
         WHERE t.order_id = r.order_id AND t.business_id = r.id AND t.type = {0!r})"""

_AT_SALE = """
    SELECT l.order_id, o.currency, o.refund_status, min(p.place) AS place,
           min(p.place) = cardinality(min(l.path)) AS sells,
           sum(CASE WHEN p.place = cardinality(l.path)
                    THEN l.total_minor + l.discount_minor - l.quantity * coalesce(
                         CASE WHEN p.place = 1 THEN l.cost_minor END, l.transfer_minor[p.place])
                    ELSE l.quantity * (l.transfer_minor[p.place + 1] - coalesce(
                         CASE WHEN p.place = 1 THEN l.cost_minor END, l.transfer_minor[p.place]))
               END - coalesce(funded.minor, 0)) AS margin
      FROM order_line l
      JOIN orders o ON o.id = l.order_id
     CROSS JOIN LATERAL (SELECT array_position(l.path, CAST(:channel AS uuid)) AS place) p
      LEFT JOIN LATERAL (
           SELECT sum(CAST(s ->> 1 AS bigint)) AS minor
             FROM jsonb_array_elements(l.discounts -> 'given') d, jsonb_array_elements(d -> 'shares') s
            WHERE CAST(s ->> 0 AS uuid) = CAST(:channel AS uuid)) funded ON l.discounts IS NOT NULL
     WHERE l.order_id = ANY(CAST(:orders AS uuid[])) AND p.place IS NOT NULL
     GROUP BY l.order_id, o.currency, o.refund_status"""
"""A seller keeps what the goods cost less its own purchase price; a channel above, what its child pays.

Each of them less what it pays of the discounts.
"""

# What a seller took from its buyers itself it gives back itself, past the ledger.
MARGINS = Statement(
    f"""SELECT s.order_id, s.currency, s.margin AS at_sale, s.margin + coalesce(back.minor, 0) AS margin
          FROM ({_AT_SALE}) s
          LEFT JOIN LATERAL (
               SELECT sum(one.minor) AS minor
                 FROM (SELECT e.minor
                         FROM ledger_transfer t
                         JOIN ledger_entry e ON e.transfer_id = t.id
                         JOIN ledger_account a ON a.id = e.account_id
                        WHERE t.order_id = s.order_id AND t.type IN ({_RETURNS})
                          AND (a.channel_id = CAST(:channel AS uuid)
                               OR (s.place = 1 AND a.channel_id IS NULL AND a.kind IN ({_EARNINGS})))
                        UNION ALL
                       SELECT -r.amount_minor
                         FROM refund r
                        WHERE r.order_id = s.order_id AND s.sells
                          AND {_POSTED.format("REFUND")} AND NOT {_POSTED.format("MONEY_BACK")}) one
                WHERE s.refund_status <> 'NONE') back ON true"""
)
"""What is kept is what the ledger says of the order's refunds, to the fen; of orders from before there was a
ledger, whose refunds are not in it, it is what the sale earned.
"""
