"""The statements that read promotions and coupons; each serves a whole level of a document."""

from __future__ import annotations

from persistence.promotions.group_rows import COLUMNS
from persistence.promotions.rows import BATCH_COLUMNS, PROMOTION_COLUMNS
from persistence.statements import Statement

_SCOPE = "CAST(:scope AS uuid)"
_SEEN = f"""(o.path @> ARRAY[{_SCOPE}] OR EXISTS (
    SELECT FROM promotion_funder f WHERE f.promotion_id = p.id AND f.channel_id = {_SCOPE}))"""
_FROM = "FROM promotion p JOIN channel o ON o.id = p.owner_id"
_STATUS = """CASE WHEN p.status = 'LIVE' AND p.ends_at <= now() THEN 'ENDED'
                  WHEN p.status = 'LIVE' AND p.starts_at > now() THEN 'SCHEDULED' ELSE p.status END"""
_WANTED = f"{_SEEN} AND (CAST(:status AS text) IS NULL OR {_STATUS} = :status)"

BY_ID = Statement(f"SELECT {PROMOTION_COLUMNS}, now() AS now {_FROM} WHERE p.id = :id AND {_SEEN}")


def _page(sign: str, way: str) -> Statement:
    return Statement(
        f"""SELECT {PROMOTION_COLUMNS}, now() AS now {_FROM} WHERE {_WANTED}
               AND (CAST(:at AS timestamptz) IS NULL OR (p.created_at, p.id) {sign} (:at, :id))
             ORDER BY p.created_at {way}, p.id {way} LIMIT :limit"""
    )


PAGE, PAGE_BACK = _page("<", "DESC"), _page(">", "ASC")
COUNT = Statement(f"SELECT count(*) {_FROM} WHERE {_WANTED}")

COSTS = Statement(
    """SELECT k.promotion_id, p.currency, CAST(count(DISTINCT k.order_id) AS integer) AS orders,
              CAST(sum(k.minor - k.returned_minor) AS bigint) AS minor
         FROM promotion_claim k JOIN promotion p ON p.id = k.promotion_id
        WHERE k.promotion_id = ANY (CAST(:ids AS uuid[])) AND k.state = 'HELD' GROUP BY 1, 2"""
)
FUNDERS = Statement(
    f"""SELECT f.promotion_id, f.channel_id, f.share_bp, f.answer, f.answered_at,
               CASE WHEN o.path @> ARRAY[{_SCOPE}] OR c.path @> ARRAY[{_SCOPE}] THEN c.code END AS code
          FROM promotion_funder f
          JOIN promotion p ON p.id = f.promotion_id
          JOIN channel o ON o.id = p.owner_id
          JOIN channel c ON c.id = f.channel_id
         WHERE f.promotion_id = ANY (CAST(:ids AS uuid[])) ORDER BY f.promotion_id, f.position"""
)
BATCHES = Statement(
    f"""SELECT {BATCH_COLUMNS} FROM coupon_batch b
         WHERE b.promotion_id = ANY (CAST(:ids AS uuid[])) ORDER BY b.created_at DESC, b.id DESC"""
)
BATCH = Statement(
    f"""SELECT {BATCH_COLUMNS} FROM coupon_batch b JOIN promotion p ON p.id = b.promotion_id
          JOIN channel o ON o.id = p.owner_id WHERE b.id = :id AND {_SEEN}"""
)

_COUPON = """SELECT c.id, c.promotion_id, c.code_ciphertext, c.used, c.uses, c.claimed_at, b.key_id,
    b.valid_from, b.valid_until, p.name AS promotion, now() AS now
  FROM coupon c JOIN coupon_batch b ON b.id = c.batch_id JOIN promotion p ON p.id = c.promotion_id
 WHERE c.customer_id = CAST(:customer AS uuid)"""
COUPON = Statement(f"{_COUPON} AND c.id = :id")


def _wallet(sign: str, way: str) -> Statement:
    return Statement(
        f"""{_COUPON} AND (CAST(:at AS timestamptz) IS NULL OR (c.claimed_at, c.id) {sign} (:at, :id))
            ORDER BY c.claimed_at {way}, c.id {way} LIMIT :limit"""
    )


WALLET, WALLET_BACK = _wallet("<", "DESC"), _wallet(">", "ASC")
WALLET_COUNT = Statement("SELECT count(*) FROM coupon c WHERE c.customer_id = CAST(:customer AS uuid)")

GROUPS = Statement(
    f"""SELECT {COLUMNS} FROM buying_group g
         WHERE g.channel_id = CAST(:channel AS uuid)
           AND ((g.state = 'OPEN' AND g.expires_at > now() AND g.taken < g.seats) OR EXISTS (
                SELECT FROM group_seat s WHERE s.group_id = g.id AND s.customer_id = CAST(:customer AS uuid)
                   AND s.state <> 'RELEASED'))
         ORDER BY g.expires_at, g.id LIMIT 100"""
)
GROUP_HERE = Statement(
    f"SELECT {COLUMNS} FROM buying_group g WHERE g.id = :id AND g.channel_id = CAST(:channel AS uuid)"
)
GROUP_BELOW = Statement(
    f"""SELECT {COLUMNS} FROM buying_group g JOIN channel h ON h.id = g.channel_id
         WHERE g.id = :id AND h.path @> ARRAY[CAST(:channel AS uuid)]"""
)
