"""The statements of the stock gate: lock, take, give back."""

from __future__ import annotations

from domain.cards.states import CardStep
from domain.catalog.fulfilment import Stock
from domain.catalog.kinds import KINDS
from persistence.cards.transitions import cards_where, guard, transition
from persistence.channels import quota_sql
from persistence.statements import Statement


def _kinds(stock: Stock) -> str:
    return ", ".join(repr(code) for code, kind in KINDS.items() if kind.stock is stock)


def lock(places: str, holders: str, sells: bool = False) -> Statement:
    """Lock the stock levels of `places` (variant, pool), then allocations of `holders` (variant, channel).

    Who `sells` locks the holders' quotas of periods as well. Each wait for the ones before (the count reads
    them all), so that everybody locks in one order.
    """
    capped = """
             UNION ALL
            SELECT 'PERIOD', variant_id, channel_id, all_left, own_left, period FROM capped"""
    lock_capped = f""",
            capped AS MATERIALIZED (
                {quota_sql.LOCKED}
                 WHERE (SELECT count(*) FROM quotas) >= 0 AND (q.variant_id, q.channel_id) IN ({holders})
                 ORDER BY q.variant_id, q.channel_id, q.period FOR UPDATE)"""
    return Statement(
        f"""WITH levels AS MATERIALIZED (
                SELECT s.variant_id, s.pool_id, s.available FROM stock_level s
                 WHERE (s.variant_id, s.pool_id) IN ({places})
                 ORDER BY s.variant_id, s.pool_id FOR UPDATE),
            quotas AS MATERIALIZED (
                SELECT q.variant_id, q.channel_id, q.granted, q.used FROM stock_quota q
                 WHERE (SELECT count(*) FROM levels) >= 0 AND (q.variant_id, q.channel_id) IN ({holders})
                 ORDER BY q.variant_id, q.channel_id FOR UPDATE){lock_capped if sells else ""}
            SELECT 'LEVEL' AS what, variant_id, pool_id AS holder_id, available,
                   CAST(NULL AS bigint) AS own_left, CAST(NULL AS text) AS period FROM levels
             UNION ALL
            SELECT 'QUOTA', variant_id, channel_id, granted - used, NULL, NULL FROM quotas
            {capped if sells else ""}"""
    )


LOCK = lock(
    "SELECT * FROM unnest(CAST(:variants AS uuid[]), CAST(:pools AS uuid[]))",
    "SELECT * FROM unnest(CAST(:capped AS uuid[]), CAST(:holders AS uuid[]))",
    sells=True,
)

LOCK_RESERVED = lock(
    "SELECT f.variant_id, f.pool_id FROM fulfilment f WHERE f.id = ANY (CAST(:fulfilments AS uuid[]))",
    """SELECT f.variant_id, unnest(l.path) FROM fulfilment f JOIN order_line l ON l.id = f.order_line_id
        WHERE f.id = ANY (CAST(:fulfilments AS uuid[]))""",
    sells=True,
)

HANDED_ON = Statement(
    """SELECT k.variant_id, h.parent_id AS holder_id, CAST(sum(k.granted - k.used) AS bigint) AS quantity
         FROM stock_quota k JOIN channel h ON h.id = k.channel_id
        WHERE (k.variant_id, h.parent_id) IN
              (SELECT * FROM unnest(CAST(:variants AS uuid[]), CAST(:holders AS uuid[])))
        GROUP BY 1, 2"""
)
"""What holders of a quota promised to their children and was not used yet; run with the holders locked."""

FREE = Statement(
    """SELECT p.variant_id, p.pool_id, t.id
         FROM unnest(CAST(:variants AS uuid[]), CAST(:pools AS uuid[]), CAST(:quantities AS bigint[]))
              AS p (variant_id, pool_id, quantity)
         JOIN stock_level s ON s.variant_id = p.variant_id AND s.pool_id = p.pool_id
        CROSS JOIN LATERAL (
              SELECT c.id, c.seq FROM card c
               WHERE c.variant_id = p.variant_id AND c.pool_id = p.pool_id AND c.seq >= s.head
                 AND c.state IN ('IN_STOCK', 'ALLOCATED')
                 AND (c.expires_at IS NULL OR c.expires_at > now() + CAST(:margin AS interval))
               ORDER BY c.seq LIMIT p.quantity) t
        ORDER BY t.seq"""
)
"""The cards that come next; behind a locked gate they stay free, for all that take cards come through it."""

_CALLERS = """CAST(:actor_kinds AS text[]), CAST(:actor_ids AS uuid[]), CAST(:actor_names AS text[]),
              CAST(:request_ids AS text[])"""
_CALLER = "actor_kind, actor_id, actor_name, request_id"

_SPENT = f"""
    spent AS (
        UPDATE stock_level s SET available = s.available - t.quantity, head = greatest(t.next, s.head)
          FROM (SELECT variant_id, pool_id, count(*) AS quantity, max(seq) + 1 AS next FROM stepped
                 GROUP BY 1, 2
                 UNION ALL
                SELECT *, NULL FROM unnest(CAST(:counted AS uuid[]), CAST(:count_pools AS uuid[]),
                                           CAST(:counts AS bigint[]))) t
         WHERE s.variant_id = t.variant_id AND s.pool_id = t.pool_id),
    used AS (
        UPDATE stock_quota q SET used = q.used + t.quantity
          FROM unnest(CAST(:capped AS uuid[]), CAST(:holders AS uuid[]), CAST(:uses AS bigint[]))
               AS t (variant_id, holder_id, quantity)
         WHERE q.variant_id = t.variant_id AND q.channel_id = t.holder_id),
    counted AS ({quota_sql.COUNT})"""

TAKE = transition(
    f"""SELECT c.id, c.state, c.ordinal, c.last_hash, c.variant_id, c.pool_id, c.seq, w.*
          FROM unnest(CAST(:cards AS uuid[]), CAST(:places AS uuid[]), CAST(:orders AS uuid[]),
                      CAST(:lines AS uuid[]), CAST(:fulfilments AS uuid[]), CAST(:customers AS uuid[]),
                      {_CALLERS})
               AS w (card_id, place, order_of, line_id, fulfilment_id, customer_id, {_CALLER})
          JOIN card c ON c.id = w.card_id AND {guard(CardStep.RESERVE)} ORDER BY c.id FOR UPDATE OF c""",
    (CardStep.RESERVE,),
    sets="""order_id = stepped.order_of, order_line_id = stepped.line_id, channel_id = stepped.place,
            fulfilment_id = stepped.fulfilment_id, customer_id = stepped.customer_id""",
    then=_SPENT,
    actors=True,
)

_THEIRS = "fulfilment_id = ANY (CAST(:fulfilments AS uuid[]))"
_FROZEN = f"UPDATE card c SET {{}} WHERE {_THEIRS} AND c.state = 'FROZEN' AND c.state_before = 'RESERVED'"

# A reserved card that was frozen meanwhile stays frozen, and is the buyer's, or free, once it is cleared.
DELIVER = transition(
    f"""SELECT c.id, c.state, c.ordinal, c.last_hash, c.variant_id, c.channel_id AS place,
               c.order_id AS order_of, {_CALLER}
          FROM unnest(CAST(:fulfilments AS uuid[]), {_CALLERS}) AS w (part_id, {_CALLER})
          JOIN card c ON c.fulfilment_id = w.part_id AND {guard(CardStep.SELL)}
         ORDER BY c.id FOR UPDATE OF c""",
    (CardStep.SELL, CardStep.DELIVER),
    then="frozen AS (" + _FROZEN.format("state_before = 'DELIVERED'") + ")",
    shows=f"""(SELECT sum(f.quantity) FROM fulfilment f WHERE f.id = ANY (CAST(:fulfilments AS uuid[]))
                  AND f.kind IN ({_kinds(Stock.CARDS)})) AS due""",
    actors=True,
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

UNSOLD = (
    """order_id = NULL, order_line_id = NULL, fulfilment_id = NULL, channel_id = NULL, customer_id = NULL"""
)
"""Nobody's any more."""

GIVEN_BACK = f"""given_back AS (
        UPDATE stock_quota q SET used = greatest(q.used - t.quantity, 0)
          FROM (SELECT e.variant_id, k.channel_id, sum(e.quantity) AS quantity
                  FROM ended e JOIN stock_quota k ON k.variant_id = e.variant_id
                   AND k.channel_id = ANY (e.path) AND k.created_at <= e.created_at GROUP BY 1, 2) t
         WHERE q.variant_id = t.variant_id AND q.channel_id = t.channel_id),
    uncounted AS ({quota_sql.GIVE_BACK})"""
"""What `ended` fulfilments (id, variant_id, quantity, created_at, path) no longer use of quotas."""

RELEASE = transition(
    cards_where(_THEIRS, CardStep.RELEASE, more=f"{ORIGIN} AS back"),
    (CardStep.RELEASE,),
    sets=UNSOLD,
    then=f"""
    frozen AS ({_FROZEN.format(f"state_before = {ORIGIN}, {UNSOLD}")}),
    ended AS (
        SELECT f.id, f.variant_id, f.pool_id, f.quantity, f.kind, f.created_at, l.path
          FROM fulfilment f JOIN order_line l ON l.id = f.order_line_id
         WHERE f.id = ANY (CAST(:fulfilments AS uuid[]))),
    returned AS (
        UPDATE stock_level s SET available = s.available + t.quantity, head = least(s.head, t.first)
          FROM (SELECT s.variant_id, s.pool_id, count(*) AS quantity, min(s.seq) AS first
                  FROM stepped s JOIN moved m ON m.id = s.id GROUP BY 1, 2
                 UNION ALL SELECT variant_id, pool_id, sum(quantity), NULL FROM ended
                            WHERE kind IN ({_kinds(Stock.COUNT)}) GROUP BY 1, 2) t
         WHERE s.variant_id = t.variant_id AND s.pool_id = t.pool_id),
    {GIVEN_BACK}""",
)

PUT_BACK = Statement(
    f"""WITH ended AS (
        SELECT f.id, f.variant_id, f.pool_id, f.created_at, l.path, t.quantity
          FROM unnest(CAST(:fulfilments AS uuid[]), CAST(:quantities AS bigint[])) AS t (id, quantity)
          JOIN fulfilment f USING (id) JOIN order_line l ON l.id = f.order_line_id
         WHERE f.kind IN ({_kinds(Stock.COUNT)})),
    returned AS (
        UPDATE stock_level s SET available = s.available + t.quantity
          FROM (SELECT variant_id, pool_id, sum(quantity) AS quantity FROM ended GROUP BY 1, 2) t
         WHERE s.variant_id = t.variant_id AND s.pool_id = t.pool_id),
    {GIVEN_BACK}
    SELECT count(*) FROM ended"""
)
"""Counted goods, of which a fulfilment may give back some now and others later."""

ASSIGN = Statement(
    """UPDATE card SET customer_id = :customer
        WHERE order_id = ANY (CAST(:orders AS uuid[])) AND customer_id IS NULL"""
)
