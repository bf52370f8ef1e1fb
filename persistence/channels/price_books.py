"""Price rules, floors and visibility in a unit of work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import orjson

from domain.channels.book import Catalogue, Selection
from domain.channels.offers import Offer
from domain.channels.ports import Scope
from domain.channels.rules import Goods, PriceRule
from persistence.channels.offer_making import offers_of
from persistence.channels.rows import rule_of, selection_of
from persistence.channels.shelf import Glance, load_book, load_catalogue, load_path
from persistence.sharing.stops import Asked, Turn, stop
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.refusals import Refusal
    from persistence.statements import Connection
    from persistence.work import Work

_BEGIN = Statement("UPDATE price_epoch SET epoch = epoch + 1 WHERE id = 1")
_CATEGORY = Statement("SELECT id FROM category WHERE slug = :slug")
_PRODUCT = Statement("SELECT id FROM product WHERE slug = :slug")
_AROUND = Statement(
    """SELECT r.* FROM price_rule r JOIN channel c ON c.id = r.setter_id
       WHERE r.ended_at IS NULL AND (r.valid_until IS NULL OR r.valid_until > now())
         AND (c.path @> ARRAY[CAST(:channel AS uuid)]
              OR c.id = ANY (SELECT unnest(path) FROM channel WHERE id = :channel))"""
)
_SELECTIONS = Statement(
    """SELECT * FROM visibility
       WHERE channel_id = ANY (CAST(:path AS uuid[])) AND setter_id = ANY (CAST(:path AS uuid[]))"""
)
_RULE = Statement("SELECT * FROM price_rule WHERE id = :id AND setter_id = :setter AND ended_at IS NULL")
_LIKE = Statement(
    """SELECT * FROM price_rule
       WHERE setter_id = :setter_id AND kind = :kind AND min_quantity = :min_quantity AND ended_at IS NULL
         AND target_channel_id IS NOT DISTINCT FROM :target_channel_id
         AND target_tier IS NOT DISTINCT FROM :target_tier
         AND variant_id IS NOT DISTINCT FROM :variant_id AND product_id IS NOT DISTINCT FROM :product_id
         AND category_id IS NOT DISTINCT FROM :category_id
         AND valid_from IS NOT DISTINCT FROM :valid_from AND valid_until IS NOT DISTINCT FROM :valid_until
       ORDER BY id LIMIT 1"""
)
_KEEP = Statement(
    """WITH kept AS (
           INSERT INTO price_rule AS r
               (id, setter_id, target_channel_id, target_tier, variant_id, product_id, category_id, kind,
                mode, base, value, action, min_quantity, valid_from, valid_until, version, set_by)
           VALUES (:id, :setter_id, :target_channel_id, :target_tier, :variant_id, :product_id, :category_id,
                   :kind, :mode, :base, :value, :action, :min_quantity, :valid_from, :valid_until, 1, :set_by)
           ON CONFLICT (id) DO UPDATE
               SET mode = excluded.mode, base = excluded.base, value = excluded.value,
                   action = excluded.action, set_by = excluded.set_by, version = r.version + 1,
                   changed_at = now()
           RETURNING *
       ), history AS (
           INSERT INTO price_rule_version (price_rule_id, version, rule)
           SELECT id, version, CAST(:history AS jsonb) FROM kept
       )
       SELECT * FROM kept"""
)
_END = Statement("UPDATE price_rule SET ended_at = now() WHERE id = :id RETURNING ended_at")
_SELECT = Statement(
    """INSERT INTO visibility (id, setter_id, channel_id, variant_id, product_id, category_id, visible)
       VALUES (gen_random_uuid(), :setter_id, :channel_id, :variant_id, :product_id, :category_id, :visible)
       ON CONFLICT (setter_id, channel_id, variant_id, product_id, category_id)
       DO UPDATE SET visible = excluded.visible, created_at = now()"""
)
_KEYS = (
    "setter_id", "kind", "target_channel_id", "target_tier", "variant_id", "product_id", "category_id",
    "min_quantity", "valid_from", "valid_until",
)  # fmt: skip


class StoredPriceBooks:
    """The prices as this transaction sees them."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._changing = False

    async def offers(self, channel_id: UUID, wanted: Mapping[str, int]) -> dict[str, Offer]:
        """What a channel sells of the SKUs; the epoch that this transaction reads vouches for a kept book."""
        if not self._changing:
            return await _offers(self._work, (channel_id, wanted))
        glance = await self._glance(channel_id)
        self._work.books[channel_id] = glance.book
        return (await offers_of(self._work.connection, [(glance, wanted)]))[0]

    async def _glance(self, channel_id: UUID) -> Glance:
        """From memory, except where this very transaction has changed something that is not committed."""
        connection = self._work.connection
        if not self._changing:
            return await self._work.tools.shelf.glance(connection, channel_id)
        path = await load_path(connection, channel_id)
        return Glance(await load_book(connection, -1, path, await load_catalogue(connection)), self._work.now)

    async def begin_change(self) -> None:
        """The epoch's row is the lock that all changes of prices and of the tree queue at."""
        self._changing = True
        self._work.tools.shelf.epochs.doubt(self._work.connection)
        await _BEGIN.run(self._work.connection)

    async def scope(
        self, channel_id: UUID, sku: str | None, product: str | None, category: str | None
    ) -> Scope | None:
        """The goods named, if those above show them to the channel."""
        book = (await self._glance(channel_id)).book
        if sku is not None:
            item = book.catalogue.by_sku.get(sku)
            return Scope(variant_id=item.id) if item is not None and book.may_name(item) else None
        if product is not None:
            product_id = await self._named(_PRODUCT, product)
            items = book.catalogue.of_product.get(product_id, []) if product_id else []
            return Scope(product_id=product_id) if any(map(book.may_name, items)) else None
        if category is not None:
            category_id = await self._named(_CATEGORY, category)
            items = [i for i in book.catalogue.items.values() if i.goods.category_id == category_id]
            shown = category_id is not None and (len(book.path) == 1 or any(map(book.may_name, items)))
            return Scope(category_id=category_id) if shown else None
        return Scope()

    async def _named(self, statement: Statement, slug: str) -> UUID | None:
        if "\0" in slug:
            return None
        found: UUID | None = await statement.value(self._work.connection, slug=slug)
        return found

    async def catalogue(self) -> Catalogue:
        """Every variant, from the database."""
        return await load_catalogue(self._work.connection)

    async def visible_goods(self, channel_id: UUID) -> list[Goods]:
        """The published goods that a channel shows."""
        book = (await self._glance(channel_id)).book
        return [item.goods for item in book.catalogue.items.values() if book.shows(item.id)]

    async def rules_around(self, channel_id: UUID) -> list[PriceRule]:
        """The rules above, of and below a channel."""
        return [rule_of(row) for row in await _AROUND.all(self._work.connection, channel=channel_id)]

    async def selections_of(self, path: Sequence[UUID]) -> list[Selection]:
        """What the channels of a path have selected for it."""
        rows = await _SELECTIONS.all(self._work.connection, path=list(path))
        return [selection_of(row) for row in rows]

    async def rule(self, setter_id: UUID, rule_id: UUID) -> PriceRule | None:
        """One of a channel's rules that has not ended."""
        row = await _RULE.one(self._work.connection, id=rule_id, setter=setter_id)
        return rule_of(row) if row else None

    async def like(self, rule: PriceRule) -> PriceRule | None:
        """The rule that a new one replaces."""
        row = await _LIKE.one(self._work.connection, **{name: getattr(rule, name) for name in _KEYS})
        return rule_of(row) if row else None

    async def keep(self, rule: PriceRule, set_by: UUID | None) -> PriceRule:
        """Keep a rule; an id that is known gets its next version."""
        values = {name: getattr(rule, name) for name in _KEYS}
        values |= {name: getattr(rule, name) for name in ("id", "mode", "base", "value", "action")}
        row = await _KEEP.one(
            self._work.connection,
            **values,
            set_by=set_by,
            history=orjson.loads(orjson.dumps({**values, "set_by": set_by}, default=str)),
        )
        if row is None:
            raise AssertionError("an insert that returns its row returned none")
        return rule_of(row)

    async def end(self, rule: PriceRule) -> datetime:
        """End a rule now; its history stays."""
        ended: datetime = await _END.value(self._work.connection, id=rule.id)
        return ended

    async def select(self, selection: Selection) -> None:
        """Keep a selection."""
        await _SELECT.run(
            self._work.connection,
            setter_id=selection.setter_id,
            channel_id=selection.channel_id,
            variant_id=selection.variant_id,
            product_id=selection.product_id,
            category_id=selection.category_id,
            visible=selection.visible,
        )


@stop(Turn.PRICES)
async def _offers(
    on: Connection, asked: Sequence[Asked[tuple[UUID, Mapping[str, int]]]]
) -> list[dict[str, Offer] | Refusal]:
    shelf = asked[0].work.tools.shelf
    glances = await shelf.glances(on, [channel for channel, _ in (one.what for one in asked)])
    for one in asked:
        one.work.books[one.what[0]] = glances[one.what[0]].book
    return [*await offers_of(on, [(glances[one.what[0]], one.what[1]) for one in asked])]
