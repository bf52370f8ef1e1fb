"""The statements that compare balances with entries, all at once or from where they were compared last."""

from __future__ import annotations

from persistence.statements import Statement

_HORIZON = "CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)"
"""Transactions with lower numbers are over, and what they wrote is seen; the last number alone says less."""

_NEWEST = "CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint)"


def _digest(of: str) -> str:
    """64 bits of a hash that is the same with every version of the database."""
    return f"CAST(CAST('x' || encode(substring(sha256({of}) FROM 1 FOR 8), 'hex') AS bit(64)) AS bigint)"


_ENTRY = _digest("int8send(e.account_id) || uuid_send(e.transfer_id) || int8send(e.minor) || int8send(e.xid)")
_TRANSFER = _digest(
    """uuid_send(t.id) || timestamptz_send(t.posted_at) || int8send(t.xid) || convert_to(concat_ws('|',
         t.type, t.business_id, t.currency, coalesce(CAST(t.order_id AS text), '-'), t.by_kind,
         coalesce(CAST(t.by_id AS text), '-'), t.request_id), 'UTF8')"""
)

_SAID = """said AS (
           SELECT a.id, a.balance_minor + coalesce(sum(d.minor), 0) AS minor
             FROM ledger_account a LEFT JOIN ledger_delta d ON d.account_id = a.id GROUP BY a.id)"""
_UNEQUAL = """
       SELECT false AS rewritten, a.kind, a.channel_id, a.currency,
              CAST(coalesce(s.minor, 0) AS bigint) AS said, CAST(coalesce(e.minor, 0) AS bigint) AS entered,
              CAST(0 AS bigint) AS entries_then, CAST(0 AS bigint) AS entries_now
         FROM said s FULL JOIN entered e ON e.account_id = s.id
         LEFT JOIN ledger_account a ON a.id = coalesce(s.id, e.account_id)
        WHERE coalesce(s.minor, 0) <> coalesce(e.minor, 0)
        UNION ALL
       SELECT false, 'EVERYTHING', NULL, a.currency, 0, CAST(sum(e.minor) AS bigint), 0, 0
         FROM entered e JOIN ledger_account a ON a.id = e.account_id
        GROUP BY a.currency HAVING sum(e.minor) <> 0"""

SINCE = Statement(
    f"""WITH {_SAID},
       entered AS (
           SELECT account_id, sum(minor) AS minor
             FROM (SELECT account_id, minor FROM ledger_checkpoint_sum
                    UNION ALL
                   SELECT account_id, minor FROM ledger_entry WHERE xid >= :below) every
            GROUP BY account_id)
       {_UNEQUAL} ORDER BY 1, 2, 3, 4"""
)
"""Balances against the checkpoint and what was written since, of one moment."""

WHOLE = Statement(
    f"""WITH {_SAID},
       head AS MATERIALIZED (SELECT below, transfers, digest FROM ledger_checkpoint),
       every AS MATERIALIZED (
           SELECT e.account_id, sum(e.minor) AS minor, count(*) FILTER (WHERE e.xid < h.below) AS entries,
                  sum(e.minor) FILTER (WHERE e.xid < h.below) AS checked,
                  sum({_ENTRY}) FILTER (WHERE e.xid < h.below) AS digest
             FROM ledger_entry e CROSS JOIN head h GROUP BY e.account_id),
       entered AS (SELECT account_id, minor FROM every)
       {_UNEQUAL}
        UNION ALL
       SELECT true, a.kind, a.channel_id, a.currency, coalesce(s.minor, 0),
              CAST(coalesce(e.checked, 0) AS bigint), coalesce(s.entries, 0), coalesce(e.entries, 0)
         FROM ledger_checkpoint_sum s
         FULL JOIN (SELECT * FROM every WHERE entries > 0) e ON e.account_id = s.account_id
         LEFT JOIN ledger_account a ON a.id = coalesce(s.account_id, e.account_id)
        WHERE (s.entries, s.minor, s.digest) IS DISTINCT FROM (e.entries, e.checked, e.digest)
        UNION ALL
       SELECT true, 'TRANSFERS', NULL, NULL, 0, 0, h.transfers, t.n
         FROM head h
        CROSS JOIN (SELECT count(*) AS n, coalesce(sum({_TRANSFER}), 0) AS digest FROM ledger_transfer t
                     WHERE t.xid < (SELECT below FROM head)) t
        WHERE (h.transfers, h.digest) IS DISTINCT FROM (t.n, t.digest)
        ORDER BY 1, 2, 3, 4"""
)
"""Balances against all entries, and what the checkpoint sums against what is there, of one moment."""

LOCK = Statement("SELECT id FROM ledger_checkpoint FOR UPDATE")

HEAD = Statement(f"SELECT below, below > {_HORIZON} OR mark >= {_NEWEST} AS foreign FROM ledger_checkpoint")
"""Read behind the lock: a statement that waits for it looks at the moment before.

`foreign` numbers are of another cluster: this one was restored from a dump, and counts anew.
"""

FORGET = Statement(
    """WITH gone AS (DELETE FROM ledger_checkpoint_sum)
       UPDATE ledger_checkpoint SET below = 0, transfers = 0, digest = 0, rewritten = 0,
              mark = NULL, marked_at = NULL"""
)

REMEMBER = Statement("UPDATE ledger_checkpoint SET rewritten = :count")
REMEMBERED = Statement("SELECT rewritten FROM ledger_checkpoint")
"""What the last whole check found, for whichever process tells it by the minute."""

ADVANCE = Statement(
    f"""WITH moment AS MATERIALIZED (SELECT {_HORIZON} AS horizon),
       settled AS (
           SELECT e.account_id, count(*) AS entries, CAST(sum(e.minor) AS bigint) AS minor,
                  sum({_ENTRY}) AS digest
             FROM ledger_entry e
            WHERE e.xid >= :below AND e.xid < (SELECT horizon FROM moment) GROUP BY e.account_id),
       sums AS (
           INSERT INTO ledger_checkpoint_sum AS s (account_id, entries, minor, digest)
           SELECT * FROM settled
           ON CONFLICT (account_id) DO UPDATE
              SET entries = s.entries + excluded.entries, minor = s.minor + excluded.minor,
                  digest = s.digest + excluded.digest),
       made AS (
           SELECT count(*) AS n, coalesce(sum({_TRANSFER}), 0) AS digest FROM ledger_transfer t
            WHERE t.xid >= :below AND t.xid < (SELECT horizon FROM moment))
       UPDATE ledger_checkpoint c
          SET below = m.horizon, transfers = c.transfers + made.n, digest = c.digest + made.digest,
              checked_at = now(),
              settled_at = CASE WHEN c.mark <= m.horizon THEN c.marked_at ELSE c.settled_at END,
              marked_at = CASE WHEN c.mark > m.horizon THEN c.marked_at ELSE now() END,
              mark = CASE WHEN c.mark > m.horizon THEN c.mark
                          ELSE CAST(CAST(pg_current_xact_id() AS text) AS bigint) END
         FROM moment m, made"""
)
"""Sum what is certain by now, and move the mark behind which nothing comes any more.

This transaction's number is the mark: whoever has a higher one got it after `now()`, and posts later. When
all that have lower ones are over, everything that was posted before the mark is there.
"""
