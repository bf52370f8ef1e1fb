"""Price books kept in memory for as long as the price epoch stands: any change of prices moves it on."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.channels.book import Catalogue, Item, PriceBook, Prices
from domain.channels.pricing import Resolution
from domain.channels.tree import ChannelStatus, places
from domain.kept import Room
from persistence.channels.rows import items_of, node_of, rule_of, selection_of
from persistence.promotions.loading import load_promotions
from persistence.statements import Connection, Statement
from persistence.trust import Mark, Trust

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from domain.channels.tree import ChannelNode
    from persistence.database import Database

_MOST_BOOKS = 512
_MOST_BYTES = 128 << 20
"""Of what readers have made of all books together."""
_TRIES = 5

_EPOCH = Statement("SELECT epoch, now() AS now FROM price_epoch WHERE id = 1")
_PATH = Statement(
    """SELECT c.* FROM channel c WHERE c.id = ANY (SELECT unnest(path) FROM channel WHERE id = :channel)
       ORDER BY cardinality(c.path)"""
)
_RULES = Statement(
    """SELECT * FROM price_rule
       WHERE setter_id = ANY (CAST(:path AS uuid[])) AND ended_at IS NULL
         AND (valid_until IS NULL OR valid_until > now())
         AND (target_channel_id IS NULL OR target_channel_id = ANY (CAST(:path AS uuid[])))"""
)
_SELECTIONS = Statement(
    """SELECT * FROM visibility
       WHERE channel_id = ANY (CAST(:path AS uuid[])) AND setter_id = ANY (CAST(:path AS uuid[]))"""
)
_VARIANTS = Statement(
    """SELECT v.id, v.product_id, p.category_id, v.sku, v.name, p.name AS product_name,
              p.slug AS product_slug, p.kind, v.currency, v.list_minor, v.cost_minor, v.face_minor,
              v.published AND p.published AS on_sale, v.valid_days, p.account_template, v.settings
       FROM variant v JOIN product p ON p.id = v.product_id
       ORDER BY v.product_id, v.position, v.id"""
)
_CATEGORIES = Statement("SELECT slug, id FROM category")
_COMPONENTS = Statement(
    "SELECT bundle_id, variant_id, quantity FROM component ORDER BY bundle_id, position, variant_id"
)


@dataclass(frozen=True, slots=True)
class Glance:
    """A channel's price book at one moment: what a request sees of it from beginning to end."""

    book: PriceBook
    now: datetime
    prices: Prices = field(init=False, compare=False)
    """The prices at that moment."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "prices", self.book.at(self.now))

    def price_of(self, item: Item, quantity: int = 1) -> Resolution:
        """The prices of an item."""
        return self.prices.of(item, quantity)


async def load_catalogue(connection: Connection) -> Catalogue:
    """Every variant, as the connection sees it now."""
    variants = await _VARIANTS.all(connection)
    items = items_of(variants, await _COMPONENTS.all(connection))
    return Catalogue(items, {row["slug"]: row["id"] for row in await _CATEGORIES.all(connection)})


async def load_path(connection: Connection, channel_id: UUID) -> list[ChannelNode]:
    """The channels from the root to this one; empty when there is none."""
    return [node_of(row) for row in await _PATH.all(connection, channel=channel_id)]


async def load_book(
    connection: Connection,
    epoch: int,
    path: Sequence[ChannelNode],
    catalogue: Catalogue,
    room: Room | None = None,
) -> PriceBook:
    """A channel's book, as the connection sees it now."""
    ids = [node.id for node in path]
    rules = await _RULES.all(connection, path=ids)
    selections = await _SELECTIONS.all(connection, path=ids)
    promotions = await load_promotions(connection, ids)
    return PriceBook(
        epoch,
        places(path),
        any(node.status is ChannelStatus.SUSPENDED for node in path),
        [rule_of(row) for row in rules],
        [selection_of(row) for row in selections],
        catalogue,
        room,
        promotions,
    )


class PriceShelf:
    """The books of one database; safe to share between the tasks of a process."""

    def __init__(self) -> None:
        self._catalogue: tuple[int, Catalogue] | None = None
        self._books: OrderedDict[UUID, PriceBook] = OrderedDict()
        self._loading = asyncio.Lock()
        self._room = Room(_MOST_BYTES, self._forget)
        self.epochs = Trust()
        self._read: tuple[Mark, int, datetime] | None = None
        """The epoch and the database's clock, as they were last read."""
        self._shown: dict[UUID, Glance] = {}
        """What channels are shown at that moment."""

    async def shown(self, database: Database, channel_id: UUID) -> Glance:
        """A channel's prices for showing them, as they were half a second ago at most; mostly from memory.

        Raises LookupError for a channel that does not exist.
        """
        read = self._read
        if read is not None and self.epochs.holds(read[0]):
            shown = self._shown.get(channel_id)
            if shown is not None:
                return shown
            book = self._books.get(channel_id)
            if book is not None and book.epoch == read[1]:
                self._shown[channel_id] = shown = Glance(book, read[2])
                return shown
        async with database.connection() as connection:
            return await self.glance(connection, channel_id)

    async def glance(self, connection: Connection, channel_id: UUID) -> Glance:
        """A channel's prices as the connection sees them now: one small statement if its book is at hand.

        Raises LookupError for a channel that does not exist.
        """
        return (await self.glances(connection, [channel_id]))[channel_id]

    async def glances(self, connection: Connection, channel_ids: Iterable[UUID]) -> dict[UUID, Glance]:
        """The same of several channels, at one moment."""
        mark = self.epochs.mark()
        row = await _EPOCH.one(connection)
        if row is None:
            raise LookupError("The database has no price epoch; it was not migrated.")
        self._read, self._shown = (mark, row["epoch"], row["now"]), {}
        found: dict[UUID, Glance] = {}
        for channel_id in channel_ids:
            if channel_id in found:
                continue
            book = self._books.get(channel_id)
            if book is None or book.epoch != row["epoch"]:
                async with self._loading:
                    book = await self._load(connection, channel_id)
            self._books.move_to_end(channel_id)
            found[channel_id] = Glance(book, row["now"])
        return found

    async def _load(self, connection: Connection, channel_id: UUID) -> PriceBook:
        """Load until the epoch stood still meanwhile, so that the book is of one epoch as a whole."""
        for attempt in range(_TRIES):
            epoch = await _EPOCH.value(connection)
            book = self._books.get(channel_id)
            if book is not None and book.epoch == epoch:
                return book
            if self._catalogue is None or self._catalogue[0] != epoch:
                self._catalogue = epoch, await load_catalogue(connection)
            path = await load_path(connection, channel_id)
            if not path:
                raise LookupError("There is no such channel.")
            book = await load_book(connection, epoch, path, self._catalogue[1], self._room)
            still = await _EPOCH.value(connection) == epoch
            if still or attempt + 1 == _TRIES:
                if not still:
                    book.epoch = -1  # good enough for this request, and loaded anew for the next
                self._keep(channel_id, book)
                return book
            self._catalogue = None
        raise AssertionError("unreachable")

    def _forget(self) -> None:
        for book in self._books.values():
            book.forget()

    def _keep(self, channel_id: UUID, book: PriceBook) -> None:
        self._books[channel_id] = book
        self._books.move_to_end(channel_id)
        while len(self._books) > _MOST_BOOKS:
            self._books.popitem(last=False)
