"""The statements that cards are read by; whose they are is part of each."""

from __future__ import annotations

from persistence.cards.rows import COLUMNS, REDEMPTION
from persistence.statements import Statement

SUBTREE = "(SELECT h.id FROM channel h WHERE h.path @> ARRAY[CAST(:scope_channel AS uuid)])"

VISIBLE = f"""(CASE CAST(:scope_kind AS text)
    WHEN 'ALL' THEN true
    WHEN 'OWN' THEN c.customer_id = CAST(:scope_customer AS uuid)
    WHEN 'SUBTREE' THEN c.channel_id IN {SUBTREE}
                     OR (c.channel_id IS NULL AND c.state = 'ALLOCATED' AND c.pool_id IN {SUBTREE})
    ELSE false END)"""
"""A condition on `c` (card); ALL is headquarters, whose subtree and stock is everything."""

_FROM = "FROM card c JOIN variant v ON v.id = c.variant_id"

OF_SECRET = Statement(
    f"""SELECT {COLUMNS}, c.ordinal, c.last_hash {_FROM}
         WHERE c.secret_hmac = ANY (CAST(:secrets AS bytea[]))"""
)
EVENTS = Statement("SELECT * FROM card_event WHERE card_id = :card ORDER BY ordinal")
REDEMPTION_BY_ID = Statement(
    f"""SELECT {REDEMPTION} FROM redemption r JOIN card c ON c.id = r.card_id
          JOIN variant v ON v.id = c.variant_id
         WHERE r.id = :id AND (CAST(:scope_kind AS text) = 'ALL' OR r.channel_id IN {SUBTREE})"""
)
PRESENTABLE = Statement(
    """SELECT true FROM card c WHERE c.id = :card AND c.customer_id = :customer
          AND c.state IN ('DELIVERED', 'REVEALED', 'ACTIVATED')"""
)
