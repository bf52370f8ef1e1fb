"""Turns that guests have taken, and that are the customers' who sign in."""

from __future__ import annotations

from persistence.statements import Statement

ADOPT = Statement(
    """WITH taken AS (
           SELECT k.id, k.promotion_id, CAST(n.by AS bigint) AS by,
                  left(n.subject, -length(:guest)) || CAST(:customer AS text) AS own
             FROM promotion_claim k, jsonb_each_text(k.counts) n (subject, by)
            WHERE k.order_id = ANY (CAST(:orders AS uuid[])) AND k.state = 'HELD'
              AND right(n.subject, length(:guest) + 1) = ':' || CAST(:guest AS text)),
       counted AS (
           INSERT INTO promotion_use AS u (promotion_id, subject, used)
           SELECT promotion_id, own, sum(by) FROM taken GROUP BY 1, 2 ORDER BY 1, 2
           ON CONFLICT (promotion_id, subject) DO UPDATE SET used = u.used + excluded.used)
       UPDATE promotion_claim k SET counts = k.counts || m.more
         FROM (SELECT id, jsonb_object_agg(own, by) AS more FROM taken GROUP BY id) m WHERE k.id = m.id"""
)
"""Counts under a customer what is counted under a guest, beyond the limit where there is more; it is given
back with the order, as the guest's is."""
