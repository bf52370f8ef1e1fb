"""The statements that cards are read by; whose they are is part of each."""

from __future__ import annotations

from persistence.cards.rows import COLUMNS, REDEMPTION
from persistence.statements import Statement

SUBTREE = "(SELECT h.id FROM channel h WHERE h.path @> ARRAY[CAST(:scope_channel AS uuid)])"

VISIBLE = f"""(CASE CAST(:scope_kind AS text)
    WHEN 'ALL' THEN true
    WHEN 'OWN' THEN c.customer_id = CAST(:scope_customer AS uuid)
    WHEN 'SUBTREE' THEN c.channel_id IN {SUBTREE}
                     OR (c.channel_id IS NULL AND c.state = 'ALLOCATED' AND c.pool_id IN {SUBTREE})
    ELSE false END)"""
"""A condition on `c` (card); ALL is headquarters, whose subtree and stock is everything."""

_FROM = "FROM card c JOIN variant v ON v.id = c.variant_id"

BY_IDS = Statement(f"SELECT {COLUMNS} {_FROM} WHERE c.id = ANY (CAST(:ids AS uuid[])) AND {VISIBLE}")
OF_LINES = Statement(
    f"""SELECT {COLUMNS} {_FROM} WHERE c.order_line_id = ANY (CAST(:lines AS uuid[])) AND {VISIBLE}
         ORDER BY c.seq"""
)
OF_SECRET = Statement(
    f"""SELECT {COLUMNS}, c.ordinal, c.last_hash {_FROM}
         WHERE c.secret_hmac = ANY (CAST(:secrets AS bytea[]))"""
)
EVENTS = Statement("SELECT * FROM card_event WHERE card_id = :card ORDER BY ordinal")
REDEMPTION_BY_ID = Statement(
    f"""SELECT {REDEMPTION} FROM redemption r JOIN card c ON c.id = r.card_id
          JOIN variant v ON v.id = c.variant_id
         WHERE r.id = :id AND (CAST(:scope_kind AS text) = 'ALL' OR r.channel_id IN {SUBTREE})"""
)
PRESENTABLE = Statement(
    """SELECT true FROM card c WHERE c.id = :card AND c.customer_id = :customer
          AND c.state IN ('DELIVERED', 'REVEALED', 'ACTIVATED')"""
)

_WANTED = """(CAST(:states AS text[]) IS NULL OR c.state = ANY (CAST(:states AS text[])))
         AND (CAST(:sku AS text) IS NULL OR c.variant_id = (SELECT w.id FROM variant w WHERE w.sku = :sku))"""
_FIELDS = """c.id, c.state, c.masked, c.expires_at, c.channel_id, c.pool_id, c.order_id, c.order_line_id,
             c.changed_at, c.variant_id"""
_CHANNELS = """WITH below AS MATERIALIZED (
    SELECT h.id FROM channel h WHERE h.path @> ARRAY[CAST(:scope_channel AS uuid)]
       AND (CAST(:channel AS text) IS NULL
            OR h.path @> ARRAY[(SELECT f.id FROM channel f WHERE f.code = :channel
                                   AND f.path @> ARRAY[CAST(:scope_channel AS uuid)])]))"""


class CardList:
    """The statements of one list of cards: newest first, forwards and backwards, and how long it is."""

    def __init__(self, branches: tuple[str, ...], prefix: str = "") -> None:
        self.forwards = Statement(prefix + _page(branches, "<", "DESC"))
        self.backwards = Statement(prefix + _page(branches, ">", "ASC"))
        wholes = [branch.replace("= h.id", "IN (SELECT id FROM below)") for branch in branches]
        counts = " + ".join(f"(SELECT count(*) FROM card c WHERE {whole} AND {_WANTED})" for whole in wholes)
        self.count = Statement(f"{prefix} SELECT CAST({counts} AS bigint)")


def _page(branches: tuple[str, ...], sign: str, way: str) -> str:
    """Each branch reads its own index in order, once for each channel, and no further than a page."""
    found = []
    for branch in branches:
        cards = f"""SELECT {_FIELDS} FROM card c WHERE {branch} AND {_WANTED}
                       AND (CAST(:key AS uuid) IS NULL OR c.id {sign} CAST(:key AS uuid))
                     ORDER BY c.id {way} LIMIT :most"""
        each = "h.id" in branch
        found.append(f"(SELECT f.* FROM below h CROSS JOIN LATERAL ({cards}) f)" if each else f"({cards})")
    return f"""SELECT c.*, v.sku FROM ({" UNION ALL ".join(found)}) c JOIN variant v ON v.id = c.variant_id
                ORDER BY c.id {way} LIMIT :most"""


OWN = CardList(("c.customer_id = CAST(:scope_customer AS uuid)",))
BELOW = CardList(
    ("c.channel_id = h.id", "c.channel_id IS NULL AND c.state = 'ALLOCATED' AND c.pool_id = h.id"), _CHANNELS
)
EVERYTHING = CardList(("true",))
