"""The lists of cards and what is read of cards by their ids: a variant for each selection."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, column, select, text, true, union_all

from domain.cards.views import CardView
from persistence.cards.reads_sql import VISIBLE
from persistence.cards.shapes import CARD
from persistence.selecting.pages import LIMIT, BothWays
from persistence.selecting.variants import Chosen, Reading, Variants
from persistence.statements import Statement

_WANTED = """(CAST(:states AS text[]) IS NULL OR c.state = ANY (CAST(:states AS text[])))
         AND (CAST(:sku AS text) IS NULL OR c.variant_id = (SELECT w.id FROM variant w WHERE w.sku = :sku))"""
_BELOW = """SELECT h.id FROM channel h WHERE h.path @> ARRAY[CAST(:scope_channel AS uuid)]
       AND (CAST(:channel AS text) IS NULL
            OR h.path @> ARRAY[(SELECT f.id FROM channel f WHERE f.code = :channel
                                   AND f.path @> ARRAY[CAST(:scope_channel AS uuid)])])"""
_CHANNELS = f"WITH below AS MATERIALIZED ({_BELOW})"


class CardList:
    """One list of cards, and how long it is.

    Each branch reads its own index in order, once for each channel, and no further than a page.
    """

    def __init__(self, branches: tuple[str, ...], prefix: str = "") -> None:
        self._branches = branches
        self.pages = Variants(CARD, lambda chosen: BothWays.of(chosen, self._page))
        wholes = [branch.replace("= h.id", "IN (SELECT id FROM below)") for branch in branches]
        counts = " + ".join(f"(SELECT count(*) FROM card c WHERE {whole} AND {_WANTED})" for whole in wholes)
        self.count = Statement(f"{prefix} SELECT CAST({counts} AS bigint)")

    def _page(self, chosen: Chosen[CardView], newest: bool) -> Select[Any]:
        """What is joined is joined to the page, not to what lies behind it."""

        beyond = f"(CAST(:key AS uuid) IS NULL OR c.id {'<' if newest else '>'} CAST(:key AS uuid))"

        def ordered(found: Select[Any], own: Any) -> Select[Any]:
            return found.order_by(own.desc() if newest else own.asc())

        below = text(_BELOW).columns(column("id")).cte("below").prefix_with("MATERIALIZED").alias("h")
        found = []
        for branch in self._branches:
            cards = chosen.rows().where(text(branch), text(_WANTED), text(beyond))
            cards = ordered(cards, CARD.base.c.id).limit(LIMIT)
            if "h.id" in branch:
                each = cards.lateral("f")
                cards = select(each).select_from(below.join(each, true()))
            found.append(cards)
        if len(found) > 1:
            both = union_all(*found).subquery("c")
            page = ordered(select(both), both.c.id).limit(LIMIT)
        else:
            (page,) = found
        rows = page.subquery("c")
        return ordered(chosen.select(rows), rows.c.id)


OWN = CardList(("c.customer_id = CAST(:scope_customer AS uuid)",))
BELOW = CardList(
    ("c.channel_id = h.id", "c.channel_id IS NULL AND c.state = 'ALLOCATED' AND c.pool_id = h.id"), _CHANNELS
)
EVERYTHING = CardList(("true",))


def _by_ids(chosen: Chosen[CardView]) -> Reading[CardView]:
    return Reading(chosen, chosen.select().where(text(f"c.id = ANY (CAST(:ids AS uuid[])) AND {VISIBLE}")))


def _of_lines(chosen: Chosen[CardView]) -> Reading[CardView]:
    wanted = text(f"c.order_line_id = ANY (CAST(:lines AS uuid[])) AND {VISIBLE}")
    return Reading(chosen, chosen.select().where(wanted).order_by(CARD.base.c.seq))


BY_IDS = Variants(CARD, _by_ids)
OF_LINES = Variants(CARD, _of_lines, always=("id", "order_line_id"))
