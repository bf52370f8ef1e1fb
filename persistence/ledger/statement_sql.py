"""The statements' SQL: balances are taken from today's backwards, so that only what came since is read.

A transfer's id begins with the time of its making, by the clock of the process; its moment is the database's.
`floor` and `ceiling` are ids from well before and after a period, within which the index finds its entries.
Only the transfer that opened an account may have an id of another time: it is named, and comes first.
"""

from __future__ import annotations

from persistence.statements import Statement

_NONE = "CAST('00000000-0000-0000-0000-000000000000' AS uuid)"

SUMMARY = Statement(
    """SELECT c.id AS channel_id, c.code, a.id AS account_id, o.id AS first_id,
              coalesce(a.now_minor - s.since, 0) AS opening, coalesce(a.now_minor - s.later, 0) AS closing,
              coalesce(s.came_in, 0) AS came_in, coalesce(s.went_out, 0) AS went_out,
              coalesce(s.entries, 0) AS entries,
              EXISTS (SELECT FROM ledger_checkpoint WHERE settled_at >= :ends) AS final
         FROM channel c
         LEFT JOIN LATERAL (
              SELECT k.id, CAST(k.balance_minor + coalesce((SELECT sum(d.minor) FROM ledger_delta d
                                                            WHERE d.account_id = k.id), 0) AS bigint)
                          AS now_minor
                FROM ledger_account k
               WHERE k.channel_id = c.id AND k.kind = :kind AND k.currency = :currency) a ON true
         LEFT JOIN ledger_transfer o ON o.type = 'OPENING' AND o.business_id = c.id
         LEFT JOIN LATERAL (
              SELECT CAST(coalesce(sum(e.minor), 0) AS bigint) AS since,
                     CAST(coalesce(sum(e.minor) FILTER (WHERE t.posted_at >= :ends), 0) AS bigint) AS later,
                     CAST(sum(e.minor) FILTER (WHERE t.posted_at < :ends AND e.minor > 0) AS bigint)
                          AS came_in,
                     CAST(sum(e.minor) FILTER (WHERE t.posted_at < :ends AND e.minor < 0) AS bigint)
                          AS went_out,
                     count(*) FILTER (WHERE t.posted_at < :ends) AS entries
                FROM ledger_entry e JOIN ledger_transfer t ON t.id = e.transfer_id
               WHERE e.account_id = a.id AND t.posted_at >= :starts
                 AND (e.transfer_id >= :floor OR e.transfer_id = o.id)) s ON true
        WHERE (CAST(:id AS uuid) IS NULL OR c.id = :id) AND (CAST(:code AS text) IS NULL OR c.code = :code)
          AND (CAST(:scope AS uuid) IS NULL OR c.path @> ARRAY[CAST(:scope AS uuid)])"""
)

_SHOWN = """p.transfer_id, p.type, p.posted_at, p.order_id, p.minor, n.number,
            coalesce(r.reference, nullif(r.note, ''), r.reason) AS said"""
_NAMES = """LEFT JOIN orders n ON n.id = p.order_id
            LEFT JOIN deposit_request r ON r.id = p.business_id AND p.order_id IS NULL"""

_PAGE = f"""
    SELECT s.n, {_SHOWN}, p.sort_id, p.running
      FROM unnest(CAST(:accounts AS bigint[]), CAST(:firsts AS uuid[]), CAST(:starts AS timestamptz[]),
                  CAST(:ends AS timestamptz[]), CAST(:floors AS uuid[]), CAST(:ceilings AS uuid[]))
           WITH ORDINALITY AS s (account_id, first_id, starts_at, ends_at, floor, ceiling, n)
     CROSS JOIN LATERAL (
           SELECT * FROM (
               SELECT f.*, CAST(sum(f.minor) OVER (ORDER BY f.sort_id) AS bigint) AS running
                 FROM (SELECT t.id AS transfer_id, t.type, t.posted_at, t.order_id, t.business_id, e.minor,
                              CASE WHEN t.id = s.first_id THEN {_NONE} ELSE t.id END AS sort_id
                         FROM ledger_entry e JOIN ledger_transfer t ON t.id = e.transfer_id
                        WHERE e.account_id = s.account_id
                          AND t.posted_at >= s.starts_at AND t.posted_at < s.ends_at
                          AND (e.transfer_id BETWEEN s.floor AND s.ceiling
                               OR e.transfer_id = s.first_id)) f) w
            WHERE (CAST(:key AS uuid) IS NULL OR w.sort_id {{sign}} :key)
            ORDER BY w.sort_id {{way}} LIMIT :most) p
      {_NAMES} ORDER BY s.n, p.sort_id {{way}}"""
FORWARDS = Statement(_PAGE.format(sign=">", way="ASC"))
BACKWARDS = Statement(_PAGE.format(sign="<", way="DESC"))

_OF_PERIOD = """ledger_entry e JOIN ledger_transfer t ON t.id = e.transfer_id
                WHERE e.account_id = :account AND t.posted_at >= :starts AND t.posted_at < :ends"""
_COLUMNS = "t.id AS transfer_id, t.type, t.posted_at, t.order_id, t.business_id, e.minor"
NEXT = Statement(
    f"""SELECT {_SHOWN} FROM (
               SELECT {_COLUMNS} FROM {_OF_PERIOD}
                  AND e.transfer_id > :after AND e.transfer_id <= :ceiling
                  AND e.transfer_id IS DISTINCT FROM CAST(:first AS uuid)
                ORDER BY e.transfer_id LIMIT :most) p {_NAMES} ORDER BY p.transfer_id"""
)
"""The next entries of a file: the index has them in order, however many there are."""
FIRST = Statement(
    f"SELECT {_SHOWN} FROM (SELECT {_COLUMNS} FROM {_OF_PERIOD} AND e.transfer_id = :first) p {_NAMES}"
)
