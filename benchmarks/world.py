"""The shop that is measured: a large catalogue, a tree of depth 3 with prices, cards and tokens."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from domain.access.callers import SYSTEM
from domain.access.permissions import CARDS_REDEEM, ORDERS_PAY, ORDERS_PLACE
from domain.access.records import TokenKind
from domain.access.tokens import CreateToken
from domain.cards.batches.import_cards import ImportCards
from domain.cards.batches.uploads import CardFile
from domain.channels.grow import CreateChannel, FoundHeadquarters
from domain.channels.rules import PriceBase, RuleKind, RuleMode
from domain.channels.set_price_rule import SetPriceRule
from domain.channels.tree import ChannelTier
from domain.ids import new_id
from domain.money import Money
from persistence.cards.batch_jobs import fill
from persistence.database import plain_dsn
from persistence.demo.catalog import acting_for

if TYPE_CHECKING:
    from persistence.store import Store

BUYING, REDEEMING = "BUY-ME", "USE-ME"
SHOP, CATEGORIES = "shop", 10
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is."""

    products: int = 10_000
    cards: int = 60_000
    """Of the SKU that is bought."""
    redeemable: int = 20_000
    """Cards that buyers hold, of the SKU that is redeemed."""


@dataclass(frozen=True, slots=True)
class World:
    """What the cases need to know of it."""

    size: Size
    storefront: str
    api_client: str
    redeemer: str
    slugs: list[str]
    secrets: list[str]
    """Of the cards that can be redeemed."""


async def build(store: Store, size: Size) -> World:
    """Fill an empty, migrated database."""
    headquarters = await store.perform(FoundHeadquarters("hq", "总部"), SYSTEM)
    await _grow(store, headquarters)
    assert store.settings.database_url is not None
    connection = await asyncpg.connect(plain_dsn(store.settings.database_url))
    try:
        slugs = await _copy_goods(connection, headquarters.id, size)
        secrets = _codes(size.cards + size.redeemable)
        await _import(store, BUYING, secrets[: size.cards])
        await _import(store, REDEEMING, secrets[size.cards :])
        await _hand_out(connection)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()

    async def token(kind: TokenKind, channel: str, *scopes: str) -> str:
        return str((await store.perform(CreateToken(kind, channel, "bench", scopes), SYSTEM)).token)

    return World(
        size=size,
        storefront=await token(TokenKind.STOREFRONT, SHOP),
        api_client=await token(TokenKind.API_CLIENT, SHOP, ORDERS_PLACE, ORDERS_PAY),
        redeemer=await token(TokenKind.API_CLIENT, "hq", CARDS_REDEEM),
        slugs=slugs,
        secrets=secrets[size.cards :],
    )


async def _grow(store: Store, headquarters: Any) -> None:
    """Three steps down; each parent sets what its child pays and a floor."""
    parent = headquarters
    steps = (
        ("province", ChannelTier.PROVINCE, "80"),
        ("city", ChannelTier.CITY, "85"),
        (SHOP, ChannelTier.SHOP, "90"),
    )
    for code, tier, percent in steps:
        caller = acting_for(parent)
        opened = CreateChannel(code, code, tier, parent.code, deposit=Money(10_000_000_00))
        child = await store.perform(opened, caller)
        for kind, value in ((RuleKind.PURCHASE, percent), (RuleKind.FLOOR, "92")):
            rule = SetPriceRule(kind, RuleMode.PERCENT, PriceBase.LIST, value, channel=code)
            await store.perform(rule, caller)
        parent = child


async def _copy_goods(connection: Any, root_id: UUID, size: Size) -> list[str]:
    """Products with two variants and a hundred of each in stock, then the two SKUs with cards."""
    categories = [new_id() for _ in range(CATEGORIES)]
    shelves = [(one, f"shelf-{at}", f"货架 {at}", at) for at, one in enumerate(categories)]
    now, products, variants, stock = datetime.now(UTC), [], [], []
    special = [("buy-me", [BUYING]), ("use-me", [REDEEMING])]
    wanted = [(f"product-{at}", [f"SKU-{at}-A", f"SKU-{at}-B"]) for at in range(size.products)]
    for at, (slug, skus) in enumerate(special + wanted):
        product_id = new_id()
        born = now - timedelta(seconds=len(wanted) + len(special) - at)
        shelf = categories[at % CATEGORIES]
        words = (slug, f"会员 {at}", "品牌", "CARD_KEY")
        products.append((product_id, *words, shelf, 2000, born, f"第 {at} 种会员"))
        for position, sku in enumerate(skus):
            variant_id = new_id()
            variants.append((variant_id, product_id, sku, "月卡", position, 2000 + 500 * position, 1000))
            if len(skus) > 1:
                stock.append((variant_id, root_id, 100))
    for table, rows, columns in (
        ("category", shelves, "id slug name position"),
        ("product", products, "id slug name brand kind category_id least_list_minor created_at description"),
        ("variant", variants, "id product_id sku name position list_minor cost_minor"),
        ("stock_level", stock, "variant_id pool_id available"),
    ):
        await connection.copy_records_to_table(table, records=rows, columns=columns.split())
    await connection.execute("UPDATE price_epoch SET epoch = epoch + 1")
    return [slug for slug, _ in wanted]


def _codes(count: int) -> list[str]:
    chance = random.Random(11)
    return ["".join(chance.choices(_ALPHABET, k=16)) for _ in range(count)]


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A csv as it would be sent."""

    content: bytes
    filename: str = "cards.csv"

    @property
    def size(self) -> int:
        return len(self.content)

    async def chunks(self, size: int = 65_536) -> AsyncIterator[bytes]:
        for at in range(0, self.size, size):
            yield self.content[at : at + size]


async def _import(store: Store, sku: str, secrets: list[str]) -> None:
    """Through the real importer, so that the cards are encrypted and chained as real ones are."""
    file = await CardFile.of(_Sheet("\n".join(["卡密", *secrets, ""]).encode()))
    batch = await store.perform(ImportCards(f"bench-{sku}", sku, file), SYSTEM)
    await fill({"batch": str(batch.id)}, store.desk)


async def _hand_out(connection: Any) -> None:
    """Make the redeemable cards somebody's: sold in the shop and delivered."""
    await connection.execute(
        """UPDATE card SET state = 'DELIVERED', channel_id = (SELECT id FROM channel WHERE code = $1)
            WHERE variant_id = (SELECT id FROM variant WHERE sku = $2)""",
        SHOP,
        REDEEMING,
    )
    await connection.execute(
        "UPDATE stock_level SET available = 0 WHERE variant_id = (SELECT id FROM variant WHERE sku = $1)",
        REDEEMING,
    )
