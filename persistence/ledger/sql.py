"""The statements of the ledger."""

from __future__ import annotations

from persistence.statements import Statement

_ACCOUNT = "a.id, a.kind, a.channel_id, a.currency, a.balance_minor, a.credit_minor"
_WANTED = """unnest(CAST(:kinds AS text[]), CAST(:channels AS uuid[]), CAST(:currencies AS text[]),
                    CAST(:guarded AS boolean[])) AS w (kind, channel_id, currency, guarded)"""
_OF_CHANNEL = "a.channel_id = w.channel_id AND a.kind = w.kind AND a.currency = w.currency"
_OF_HEADQUARTERS = "a.channel_id IS NULL AND a.kind = w.kind AND a.currency = w.currency"

FIND = Statement(
    f"""WITH locked AS MATERIALIZED (
            SELECT {_ACCOUNT} FROM {_WANTED} JOIN ledger_account a ON {_OF_CHANNEL}
             WHERE w.guarded ORDER BY a.id FOR NO KEY UPDATE OF a)
        SELECT {_ACCOUNT}, true AS locked FROM locked a
        UNION ALL
        SELECT {_ACCOUNT}, false FROM {_WANTED} JOIN ledger_account a ON {_OF_CHANNEL} WHERE NOT w.guarded
        UNION ALL
        SELECT {_ACCOUNT}, false FROM {_WANTED} JOIN ledger_account a ON {_OF_HEADQUARTERS}
         WHERE w.channel_id IS NULL"""
)
"""Accounts by name; the guarded ones locked, by id, so that everybody locks in one order."""

OPEN = Statement(
    """INSERT INTO ledger_account (kind, channel_id, currency, credit_minor)
       SELECT w.kind, w.channel_id, w.currency, w.credit
         FROM unnest(CAST(:kinds AS text[]), CAST(:channels AS uuid[]), CAST(:currencies AS text[]),
                     CAST(:credits AS bigint[])) AS w (kind, channel_id, currency, credit)
        ORDER BY w.channel_id, w.kind, w.currency
       ON CONFLICT (channel_id, kind, currency) DO NOTHING"""
)

ROLL_UP_LOCKED = Statement(
    """WITH taken AS (
           DELETE FROM ledger_delta WHERE account_id = ANY(CAST(:accounts AS bigint[]))
           RETURNING account_id, minor),
       sums AS (SELECT account_id, CAST(sum(minor) AS bigint) AS minor FROM taken GROUP BY account_id),
       told AS (INSERT INTO ledger_delta (account_id, minor) SELECT account_id, 0 FROM sums)
       UPDATE ledger_account a SET balance_minor = a.balance_minor + s.minor
         FROM sums s WHERE a.id = s.account_id"""
)
"""For accounts that this transaction holds locked; that they changed is still to be told."""

ROLL_UP = Statement(
    """WITH free AS MATERIALIZED (
           SELECT a.id FROM ledger_account a WHERE EXISTS (SELECT FROM ledger_delta WHERE account_id = a.id)
            ORDER BY a.id FOR NO KEY UPDATE OF a SKIP LOCKED),
       taken AS (
           DELETE FROM ledger_delta d USING free WHERE d.account_id = free.id
           RETURNING d.account_id, d.minor),
       sums AS (SELECT account_id, CAST(sum(minor) AS bigint) AS minor FROM taken GROUP BY account_id)
       UPDATE ledger_account a SET balance_minor = a.balance_minor + s.minor
         FROM sums s WHERE a.id = s.account_id
       RETURNING a.kind, a.channel_id, a.currency"""
)
"""For whatever waits; who is at an account at this moment is passed over until the next time."""

KNOWN = Statement(
    """SELECT t.type, t.business_id FROM ledger_transfer t
        WHERE (t.type, t.business_id) IN
              (SELECT * FROM unnest(CAST(:types AS text[]), CAST(:business_ids AS uuid[])))"""
)

ENTER = Statement(
    """WITH added AS (
           INSERT INTO ledger_transfer (id, type, business_id, currency, order_id, by_kind, by_id, request_id)
           SELECT * FROM unnest(
                  CAST(:ids AS uuid[]), CAST(:types AS text[]), CAST(:business_ids AS uuid[]),
                  CAST(:currencies AS text[]), CAST(:orders AS uuid[]), CAST(:by_kinds AS text[]),
                  CAST(:by_ids AS uuid[]), CAST(:requests AS text[]))
               AS w (id, type, business_id, currency, order_id, by_kind, by_id, request_id)
            ORDER BY w.type, w.business_id
           ON CONFLICT (type, business_id) DO NOTHING
           RETURNING id, order_id, currency),
       entries AS (
           INSERT INTO ledger_entry (account_id, transfer_id, minor)
           SELECT w.account_id, w.transfer_id, w.minor
             FROM unnest(CAST(:accounts AS bigint[]), CAST(:transfers AS uuid[]), CAST(:minors AS bigint[]))
                  AS w (account_id, transfer_id, minor)
             JOIN added ON added.id = w.transfer_id
           RETURNING account_id, minor),
       sums AS (
           SELECT account_id, CAST(sum(minor) AS bigint) AS minor,
                  account_id = ANY(CAST(:locked AS bigint[])) AS in_place
             FROM entries GROUP BY account_id),
       deltas AS (
           INSERT INTO ledger_delta (account_id, minor)
           SELECT account_id, CASE WHEN in_place THEN 0 ELSE minor END FROM sums WHERE minor <> 0),
       vesting AS (
           INSERT INTO ledger_vesting (order_id, currency, vests_at)
           SELECT added.order_id, added.currency, w.vests_at
             FROM unnest(CAST(:vesting AS uuid[]), CAST(:vests_at AS timestamptz[]))
                  AS w (transfer_id, vests_at)
             JOIN added ON added.id = w.transfer_id)
       UPDATE ledger_account a SET balance_minor = a.balance_minor + s.minor
         FROM sums s WHERE s.in_place AND a.id = s.account_id"""
)
"""Transfers that are not there yet, their entries, and what these make of balances: one statement for all.

A delta of zero says that an account has changed in its place.
"""

BALANCES = Statement(
    """SELECT a.channel_id, a.kind, a.currency, a.credit_minor,
              CAST(a.balance_minor + coalesce(
                  (SELECT sum(d.minor) FROM ledger_delta d WHERE d.account_id = a.id), 0) AS bigint) AS minor
         FROM ledger_account a WHERE a.channel_id = ANY(CAST(:channels AS uuid[]))
        ORDER BY a.channel_id, a.currency, a.kind"""
)

LOCK_VESTING = Statement("SELECT * FROM ledger_vesting WHERE order_id = :order FOR NO KEY UPDATE")

TAKE_DUE = Statement(
    """UPDATE ledger_vesting v SET vested_at = now()
         FROM (SELECT order_id FROM ledger_vesting WHERE vested_at IS NULL AND vests_at <= now()
                ORDER BY vests_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED) due
        WHERE v.order_id = due.order_id RETURNING v.order_id, v.currency"""
)

WAITING = Statement(
    """SELECT t.order_id, a.channel_id, CAST(sum(e.minor) AS bigint) AS minor
         FROM ledger_transfer t
         JOIN ledger_entry e ON e.transfer_id = t.id
         JOIN ledger_account a ON a.id = e.account_id
        WHERE t.order_id = ANY(CAST(:orders AS uuid[])) AND a.kind = 'PENDING'
        GROUP BY t.order_id, a.channel_id HAVING sum(e.minor) <> 0
        ORDER BY t.order_id, a.channel_id"""
)
