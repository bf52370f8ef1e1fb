"""The statements of the stock gate: lock, take, give back."""

from __future__ import annotations

from domain.cards.states import CardStep
from domain.catalog.fulfilment import Stock
from domain.catalog.kinds import KINDS
from persistence.cards.transitions import cards_where, transition
from persistence.statements import Statement


def _kinds(stock: Stock) -> str:
    return ", ".join(repr(code) for code, kind in KINDS.items() if kind.stock is stock)


def lock(places: str, holders: str) -> Statement:
    """Lock the stock levels of `places` (variant, pool), then the quotas of `holders` (variant, channel).

    The quotas wait for the levels (the count reads them all), so that everybody locks in one order.
    """
    return Statement(
        f"""WITH levels AS MATERIALIZED (
                SELECT s.variant_id, s.pool_id, s.available FROM stock_level s
                 WHERE (s.variant_id, s.pool_id) IN ({places})
                 ORDER BY s.variant_id, s.pool_id FOR UPDATE),
            quotas AS MATERIALIZED (
                SELECT q.variant_id, q.channel_id, q.granted, q.used FROM stock_quota q
                 WHERE (SELECT count(*) FROM levels) >= 0 AND (q.variant_id, q.channel_id) IN ({holders})
                 ORDER BY q.variant_id, q.channel_id FOR UPDATE)
            SELECT false AS is_quota, variant_id, pool_id AS holder_id, available,
                   NULL AS granted, NULL AS depth
              FROM levels
             UNION ALL
            SELECT true, q.variant_id, q.channel_id, q.granted - q.used, q.granted, cardinality(h.path)
              FROM quotas q JOIN channel h ON h.id = q.channel_id ORDER BY depth"""
    )


LOCK = lock(
    "SELECT * FROM unnest(CAST(:variants AS uuid[]), CAST(:pools AS uuid[]))",
    """SELECT v, h FROM unnest(CAST(:variants AS uuid[])) v,
              unnest((SELECT c.path FROM channel c WHERE c.id = :channel)) h""",
)

LOCK_RESERVED = lock(
    "SELECT f.variant_id, f.pool_id FROM fulfilment f WHERE f.id = ANY (CAST(:fulfilments AS uuid[]))",
    """SELECT f.variant_id, unnest(l.path) FROM fulfilment f JOIN order_line l ON l.id = f.order_line_id
        WHERE f.id = ANY (CAST(:fulfilments AS uuid[]))""",
)

HANDED_ON = Statement(
    """SELECT k.variant_id, h.parent_id AS holder_id, CAST(sum(k.granted - k.used) AS bigint) AS quantity
         FROM stock_quota k JOIN channel h ON h.id = k.channel_id
        WHERE (k.variant_id, h.parent_id) IN
              (SELECT * FROM unnest(CAST(:variants AS uuid[]), CAST(:holders AS uuid[])))
        GROUP BY 1, 2"""
)
"""What holders of a quota promised to their children and was not used yet; run with the holders locked."""

_WANTED = f"""
    wanted AS MATERIALIZED (
        SELECT w.*, kind IN ({_kinds(Stock.CARDS)}) AS is_card, kind IN ({_kinds(Stock.COUNT)}) AS is_count
          FROM unnest(CAST(:fulfilments AS uuid[]), CAST(:orders AS uuid[]), CAST(:lines AS uuid[]),
                      CAST(:variants AS uuid[]), CAST(:kinds AS text[]), CAST(:pools AS uuid[]),
                      CAST(:customers AS uuid[]), CAST(:quantities AS bigint[])) WITH ORDINALITY
               AS w (fulfilment_id, order_id, line_id, variant_id, kind, pool_id, customer_id, quantity, n)),
    places AS (
        SELECT variant_id, pool_id, CAST(sum(quantity) AS bigint) AS quantity
          FROM wanted WHERE is_card GROUP BY variant_id, pool_id),
    found AS MATERIALIZED (
        SELECT t.*, row_number() OVER (PARTITION BY t.variant_id, t.pool_id ORDER BY t.seq) AS number
          FROM places p JOIN stock_level s ON s.variant_id = p.variant_id AND s.pool_id = p.pool_id
         CROSS JOIN LATERAL (
               SELECT c.id, c.state, c.ordinal, c.last_hash, c.variant_id, c.pool_id, c.seq FROM card c
                WHERE c.variant_id = p.variant_id AND c.pool_id = p.pool_id AND c.seq >= s.head
                  AND c.state IN ('IN_STOCK', 'ALLOCATED')
                  AND (c.expires_at IS NULL OR c.expires_at > now() + CAST(:margin AS interval))
                ORDER BY c.seq LIMIT p.quantity FOR UPDATE SKIP LOCKED) t),
    shares AS (
        SELECT w.*, sum(quantity) OVER (PARTITION BY variant_id, pool_id ORDER BY n) AS until
          FROM wanted w WHERE is_card),"""

_SPENT = """
    spent AS (
        UPDATE stock_level s SET available = s.available - t.quantity, head = coalesce(t.next, s.head)
          FROM (SELECT variant_id, pool_id, count(*) AS quantity, max(seq) + 1 AS next FROM found
                 GROUP BY 1, 2
                 UNION ALL SELECT variant_id, pool_id, sum(quantity), NULL FROM wanted
                            WHERE is_count GROUP BY 1, 2) t
         WHERE s.variant_id = t.variant_id AND s.pool_id = t.pool_id),
    counted AS (
        UPDATE stock_quota q SET used = q.used + t.quantity
          FROM (SELECT variant_id, sum(quantity) AS quantity FROM wanted GROUP BY 1) t
         WHERE q.variant_id = t.variant_id AND q.used + t.quantity <= q.granted
           AND q.channel_id = ANY ((SELECT c.path FROM channel c WHERE c.id = :channel)::uuid[]))"""

TAKE = transition(
    """SELECT f.*, CAST(:channel AS uuid) AS place, w.order_id AS order_of, w.fulfilment_id, w.line_id,
              w.customer_id
         FROM found f JOIN shares w ON w.variant_id = f.variant_id AND w.pool_id = f.pool_id
          AND f.number > w.until - w.quantity AND f.number <= w.until""",
    (CardStep.RESERVE,),
    sets="""order_id = stepped.order_of, order_line_id = stepped.line_id, channel_id = stepped.place,
            fulfilment_id = stepped.fulfilment_id, customer_id = stepped.customer_id""",
    first=_WANTED,
    then=_SPENT,
)

_THEIRS = "fulfilment_id = ANY (CAST(:fulfilments AS uuid[]))"
_FROZEN = f"UPDATE card c SET {{}} WHERE {_THEIRS} AND c.state = 'FROZEN' AND c.state_before = 'RESERVED'"

# A reserved card that was frozen meanwhile stays frozen, and is the buyer's, or free, once it is cleared.
DELIVER = transition(
    cards_where(_THEIRS, CardStep.SELL, place="c.channel_id"),
    (CardStep.SELL, CardStep.DELIVER),
    then="frozen AS (" + _FROZEN.format("state_before = 'DELIVERED'") + ")",
    shows=f"""(SELECT sum(f.quantity) FROM fulfilment f WHERE f.id = ANY (CAST(:fulfilments AS uuid[]))
                  AND f.kind IN ({_kinds(Stock.CARDS)})) AS due""",
)

UNDELIVERED = Statement(
    f"""SELECT f.quantity - count(c.id) FROM fulfilment f
          LEFT JOIN card c ON c.fulfilment_id = f.id AND coalesce(
               CASE WHEN c.state = 'FROZEN' THEN c.state_before END, c.state) <> 'RESERVED'
         WHERE f.id = ANY (CAST(:fulfilments AS uuid[])) AND f.kind IN ({_kinds(Stock.CARDS)})
         GROUP BY f.id HAVING f.quantity <> count(c.id)"""
)

ORIGIN = """(SELECT CASE WHEN h.parent_id IS NULL THEN 'IN_STOCK' ELSE 'ALLOCATED' END
               FROM channel h WHERE h.id = c.pool_id)"""
"""The state of a free card in its pool."""

_UNSOLD = (
    """order_id = NULL, order_line_id = NULL, fulfilment_id = NULL, channel_id = NULL, customer_id = NULL"""
)

RELEASE = transition(
    cards_where(_THEIRS, CardStep.RELEASE, more=f"{ORIGIN} AS back"),
    (CardStep.RELEASE,),
    sets=_UNSOLD,
    then=f"""
    frozen AS ({_FROZEN.format(f"state_before = {ORIGIN}, {_UNSOLD}")}),
    ended AS (
        SELECT f.variant_id, f.pool_id, f.quantity, f.kind, f.created_at, l.path
          FROM fulfilment f JOIN order_line l ON l.id = f.order_line_id
         WHERE f.id = ANY (CAST(:fulfilments AS uuid[]))),
    returned AS (
        UPDATE stock_level s SET available = s.available + t.quantity, head = least(s.head, t.first)
          FROM (SELECT s.variant_id, s.pool_id, count(*) AS quantity, min(s.seq) AS first
                  FROM stepped s JOIN moved m ON m.id = s.id GROUP BY 1, 2
                 UNION ALL SELECT variant_id, pool_id, sum(quantity), NULL FROM ended
                            WHERE kind IN ({_kinds(Stock.COUNT)}) GROUP BY 1, 2) t
         WHERE s.variant_id = t.variant_id AND s.pool_id = t.pool_id),
    given_back AS (
        UPDATE stock_quota q SET used = greatest(q.used - t.quantity, 0)
          FROM (SELECT e.variant_id, k.channel_id, sum(e.quantity) AS quantity
                  FROM ended e JOIN stock_quota k ON k.variant_id = e.variant_id
                   AND k.channel_id = ANY (e.path) AND k.created_at <= e.created_at GROUP BY 1, 2) t
         WHERE q.variant_id = t.variant_id AND q.channel_id = t.channel_id)""",
)

ASSIGN = Statement(
    """UPDATE card SET customer_id = :customer
        WHERE order_id = ANY (CAST(:orders AS uuid[])) AND customer_id IS NULL"""
)
