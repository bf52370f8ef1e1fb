"""The statements of the ledger."""

from __future__ import annotations

from persistence.statements import Statement

_OF_CHANNEL = "a.channel_id = w.channel_id AND a.kind = w.kind AND a.currency = w.currency"
_OF_HEADQUARTERS = "a.channel_id IS NULL AND a.kind = w.kind AND a.currency = w.currency"

LOCK = Statement(
    f"""SELECT a.id, a.kind, a.channel_id, a.currency, a.balance_minor, a.credit_minor
          FROM unnest(CAST(:kinds AS text[]), CAST(:channels AS uuid[]), CAST(:currencies AS text[]))
               AS w (kind, channel_id, currency)
          JOIN ledger_account a ON {_OF_CHANNEL}
         ORDER BY a.id FOR NO KEY UPDATE OF a"""
)
"""Accounts of channels by name; locked by id, so that everybody locks in one order."""

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
       RETURNING a.channel_id, a.currency"""
)
"""For whatever waits; who is at an account at this moment is passed over until the next time."""

KNOWN = Statement(
    """SELECT t.type, t.business_id FROM ledger_transfer t
        WHERE (t.type, t.business_id) IN
              (SELECT * FROM unnest(CAST(:types AS text[]), CAST(:business_ids AS uuid[])))"""
)

ENTERING = f"""
       named AS MATERIALIZED (
           SELECT * FROM unnest(CAST(:account_kinds AS text[]), CAST(:account_channels AS uuid[]),
                                CAST(:account_currencies AS text[]), CAST(:in_place AS boolean[]))
                         WITH ORDINALITY AS w (kind, channel_id, currency, in_place, n)),
       found AS MATERIALIZED (
           SELECT w.n, w.in_place, a.id FROM named w JOIN ledger_account a ON {_OF_CHANNEL}
           UNION ALL
           SELECT w.n, w.in_place, a.id FROM named w JOIN ledger_account a ON {_OF_HEADQUARTERS}
            WHERE w.channel_id IS NULL),
       complete AS MATERIALIZED (
           SELECT count(*) = cardinality(CAST(:account_kinds AS text[])) AS yes,
                  array_agg(id ORDER BY n) AS ids FROM found),
       added AS (
           INSERT INTO ledger_transfer (id, type, business_id, currency, order_id, by_kind, by_id, request_id)
           SELECT w.* FROM unnest(
                  CAST(:ids AS uuid[]), CAST(:types AS text[]), CAST(:business_ids AS uuid[]),
                  CAST(:currencies AS text[]), CAST(:orders AS uuid[]), CAST(:by_kinds AS text[]),
                  CAST(:by_ids AS uuid[]), CAST(:requests AS text[]))
               AS w (id, type, business_id, currency, order_id, by_kind, by_id, request_id)
            WHERE (SELECT yes FROM complete)
            ORDER BY w.type, w.business_id
           ON CONFLICT (type, business_id) DO NOTHING
           RETURNING id, order_id, currency),
       entries AS (
           INSERT INTO ledger_entry (account_id, transfer_id, minor)
           SELECT (SELECT ids FROM complete)[w.n], w.transfer_id, w.minor
             FROM unnest(CAST(:accounts AS int[]), CAST(:transfers AS uuid[]), CAST(:minors AS bigint[]))
                  AS w (n, transfer_id, minor)
            WHERE (w.transfer_id IN (SELECT id FROM added)) IS TRUE
           RETURNING account_id, minor),
       sums AS (
           SELECT account_id, CAST(sum(minor) AS bigint) AS minor FROM entries GROUP BY account_id),
       moved AS (
           SELECT s.account_id, s.minor, found.in_place
             FROM sums s JOIN found ON found.id = s.account_id WHERE s.minor <> 0),
       deltas AS (
           INSERT INTO ledger_delta (account_id, minor)
           SELECT account_id, CASE WHEN in_place THEN 0 ELSE minor END FROM moved),
       vesting AS (
           INSERT INTO ledger_vesting (order_id, currency, vests_at)
           SELECT added.order_id, added.currency, w.vests_at
             FROM unnest(CAST(:vesting AS uuid[]), CAST(:vests_at AS timestamptz[]))
                  AS w (transfer_id, vests_at)
             JOIN added ON added.id = w.transfer_id),
       balances AS (
           UPDATE ledger_account a SET balance_minor = a.balance_minor + m.minor
             FROM moved m WHERE m.in_place AND a.id = m.account_id)"""
"""Transfers that are not there yet, their entries, and what these make of balances, as steps of a statement.

Nothing is written where an account is missing (`complete`): it is opened, and the statement asked again. A
delta of zero says that an account has changed in its place.
"""

ENTERED = "(SELECT yes FROM complete)"

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
