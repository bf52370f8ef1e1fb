"""The statements of batches."""

from __future__ import annotations

from domain.cards.states import CardStep
from persistence.cards.stock_sql import ORIGIN
from persistence.cards.transitions import cards_where, transition
from persistence.statements import Statement

GOODS = Statement(
    """SELECT v.id, v.sku, p.kind, v.secret_pattern FROM variant v JOIN product p ON p.id = v.product_id
        WHERE v.sku = :sku"""
)
ROOT = Statement("SELECT id FROM channel WHERE parent_id IS NULL ORDER BY id LIMIT 1")

ADD = Statement(
    """INSERT INTO card_batch (id, variant_id, origin, status, dry_run, file_name, bytes_total, rows_total,
              key_id, columns, created_by, request_id, expires_at)
       VALUES (:id, :variant_id, :origin, 'QUEUED', :dry_run, :file_name, :bytes_total, :rows_total,
              :key_id, :columns, :created_by, :request_id, :expires_at)"""
)

_VIEW = """b.id, b.variant_id, v.sku, b.origin, b.status, b.dry_run, b.file_name, b.rows_read, b.accepted,
           b.rejected, b.percent, b.failure, b.reason, b.expires_at, b.created_at, b.finished_at, b.version"""
VIEW = f"SELECT {_VIEW} FROM card_batch b JOIN variant v ON v.id = b.variant_id"

LOCK = Statement(f"{VIEW} WHERE b.id = :id FOR NO KEY UPDATE OF b")
MOVE = Statement(
    f"""UPDATE card_batch b SET status = :status, version = b.version + 1,
               rows_read = b.rows_read + :accepted + :rejected,
               accepted = b.accepted + :accepted, rejected = b.rejected + :rejected,
               percent = greatest(b.percent, coalesce(:percent, b.percent)),
               failure = coalesce(:failure, b.failure), reason = coalesce(:reason, b.reason),
               finished_at = coalesce(:finished_at, b.finished_at)
          FROM variant v WHERE b.id = :id AND v.id = b.variant_id
        RETURNING {_VIEW}"""
)
ASSIGNMENT = Statement(
    """SELECT b.id, b.variant_id, v.sku, p.kind, v.secret_pattern, b.origin, b.dry_run, b.bytes_total,
              b.rows_total, b.columns, b.expires_at, b.created_at, b.rows_read, b.key_id
         FROM card_batch b JOIN variant v ON v.id = b.variant_id JOIN product p ON p.id = v.product_id
        WHERE b.id = :id"""
)
MAKER = Statement(
    """SELECT b.created_by, coalesce(a.name, '') AS name, b.request_id
         FROM card_batch b LEFT JOIN agent a ON a.id = b.created_by WHERE b.id = :id"""
)

TAKEN_SECRETS = Statement("SELECT secret_hmac FROM card WHERE secret_hmac = ANY (CAST(:hmacs AS bytea[]))")
TAKEN_NUMBERS = Statement(
    "SELECT number_hmac FROM card WHERE variant_id = :variant AND number_hmac = ANY (CAST(:hmacs AS bytea[]))"
)
NUMBERS = Statement(
    """SELECT array_agg(nextval(pg_get_serial_sequence('card', 'seq')))
         FROM generate_series(1, CAST(:count AS integer))"""
)
RAISE = Statement(
    """INSERT INTO stock_level AS s (variant_id, pool_id, available, head)
       VALUES (:variant, :pool, :count, :first)
       ON CONFLICT (variant_id, pool_id)
       DO UPDATE SET available = s.available + excluded.available, head = least(s.head, excluded.head)"""
)
DROP_UPLOAD = Statement("DELETE FROM upload_chunk WHERE batch_id = :id")

GATE = Statement(
    "SELECT true FROM stock_level WHERE variant_id = :variant ORDER BY variant_id, pool_id FOR UPDATE"
)

_UNUSED = """c.state IN ('IN_STOCK', 'ALLOCATED', 'QUARANTINED')
             OR c.state = 'VOIDED' AND c.secret_hmac IS NULL
             OR c.state = 'EXPIRED' AND c.order_line_id IS NULL"""
IN_USE = Statement(f"SELECT count(*) FROM card c WHERE c.batch_id = :id AND NOT ({_UNUSED})")


def _next(states: str) -> str:
    return f"""c.id IN (
               SELECT n.id FROM card n
                WHERE n.batch_id = CAST(:batch AS uuid) AND n.state IN ({states})
                  AND n.id > coalesce(CAST(:behind AS uuid), '00000000-0000-0000-0000-000000000000')
                ORDER BY n.id LIMIT :limit) AND c.state IN ({states})"""


def _levels(change: str) -> str:
    return f"""levels AS (
        UPDATE stock_level s SET {change}
          FROM (SELECT s.variant_id, s.pool_id, count(*) AS count, min(s.seq) AS first
                  FROM stepped s JOIN moved USING (id) GROUP BY 1, 2) t
         WHERE s.variant_id = t.variant_id AND s.pool_id = t.pool_id)"""


PUT_ASIDE = transition(
    cards_where(_next("'IN_STOCK', 'ALLOCATED'"), CardStep.QUARANTINE),
    (CardStep.QUARANTINE,),
    then=_levels("available = s.available - t.count"),
)
PUT_BACK = transition(
    cards_where(_next("'QUARANTINED'"), CardStep.RESTOCK, more=f"{ORIGIN} AS back"),
    (CardStep.RESTOCK,),
    then=_levels("available = s.available + t.count, head = least(s.head, t.first)"),
)
VOID = transition(
    cards_where(_next("'QUARANTINED'"), CardStep.VOID),
    (CardStep.VOID,),
    sets="secret_hmac = NULL, number_hmac = NULL",
)
"""Without its indexes a card is found by nobody, and its secret can come in again with a corrected file."""
