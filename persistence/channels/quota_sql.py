"""The SQL of quotas of a period, which begin anew by themselves: whoever counts turns the row's page."""

from __future__ import annotations

_OVER = "q.ends_at <= now()"

USED = f"CASE WHEN {_OVER} THEN 0 ELSE q.used END"
OWN_USED = f"CASE WHEN {_OVER} THEN 0 ELSE q.own_used END"
STARTS_AT = f"CASE WHEN {_OVER} THEN date_trunc(q.period, now(), q.zone) ELSE q.starts_at END"
ENDS_AT = f"""CASE WHEN {_OVER} THEN (date_trunc(q.period, now() AT TIME ZONE q.zone)
              + CAST('1 ' || q.period AS interval)) AT TIME ZONE q.zone ELSE q.ends_at END"""
"""A row `q` of sales_quota as it is in the period of now. An order that waited over midnight finds the new
period and counts there."""

TURNED = f"starts_at = {STARTS_AT}, ends_at = {ENDS_AT}"


def least_left(variants: str, path: str) -> str:
    """SQL of a row (variant_id, least_left) for each of an array's variants that has quotas on a path.

    What a quota handed on is for those below it: the deepest of each period has the rest only.
    """
    own_left = f"q.quantity - q.handed_on - ({OWN_USED})"
    return f"""
        SELECT one.variant_id, min(one.least_left) AS least_left
          FROM (SELECT q.variant_id, least(min(q.quantity - ({USED})),
                       (array_agg({own_left}
                                  ORDER BY array_position({path}, q.channel_id) DESC))[1]) AS least_left
                  FROM sales_quota q
                 WHERE q.channel_id = ANY ({path}) AND q.variant_id = ANY ({variants})
                 GROUP BY q.variant_id, q.period) one
         GROUP BY one.variant_id"""


LOCKED = f"""
    SELECT q.variant_id, q.channel_id, q.period, q.quantity - ({USED}) AS all_left,
           q.quantity - q.handed_on - ({OWN_USED}) AS own_left
      FROM sales_quota q"""
"""What the gate reads of the rows that it locks."""

COUNT = f"""
    UPDATE sales_quota q SET used = {USED} + t.quantity, own_used = {OWN_USED} + t.own, {TURNED}
      FROM unnest(CAST(:quota_variants AS uuid[]), CAST(:quota_holders AS uuid[]),
                  CAST(:quota_periods AS text[]), CAST(:quota_uses AS bigint[]),
                  CAST(:quota_own_uses AS bigint[])) AS t (variant_id, channel_id, period, quantity, own)
     WHERE (q.variant_id, q.channel_id, q.period) = (t.variant_id, t.channel_id, t.period)"""

GIVE_BACK = """
    UPDATE sales_quota q SET used = greatest(q.used - t.quantity, 0),
                             own_used = greatest(q.own_used - t.own, 0)
      FROM (SELECT b.variant_id, b.channel_id, b.period, sum(b.quantity) AS quantity,
                   coalesce(sum(b.quantity) FILTER (WHERE b.depth = 1), 0) AS own
              FROM (SELECT k.variant_id, k.channel_id, k.period, k.starts_at, e.created_at, e.quantity,
                           row_number() OVER (PARTITION BY e.id, k.period
                                              ORDER BY array_position(e.path, k.channel_id) DESC) AS depth
                      FROM ended e JOIN sales_quota k ON k.variant_id = e.variant_id
                       AND k.channel_id = ANY (e.path) AND k.created_at <= e.created_at) b
             WHERE b.starts_at <= b.created_at GROUP BY 1, 2, 3) t
     WHERE (q.variant_id, q.channel_id, q.period) = (t.variant_id, t.channel_id, t.period)"""
"""What was reserved in a period that is over is no part of this one; a quota of later did not count it."""
