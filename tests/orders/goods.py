"""Channels, products and stock, written straight into the tables."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from domain.access.callers import SYSTEM
from domain.ids import new_id
from domain.ledger.cash import opened
from persistence.work import Work
from tests.orders import shop as story

if TYPE_CHECKING:
    from tests.orders.shop import Shop

PARENTS = {"HQ": None, "GD": "HQ", "SHOP": "GD", "ZJ": "HQ"}
TIERS = {"HQ": "HEADQUARTERS", "GD": "PROVINCE", "SHOP": "SHOP", "ZJ": "PROVINCE"}
SHARES_BP = {"HQ": 8000, "GD": 9000}
"""What each channel asks of its children, of the list price."""


async def add_channels(shop: Shop) -> None:
    paths: dict[str, list[Any]] = {}
    for code, parent in PARENTS.items():
        own = shop.channels[code] = new_id()
        paths[code] = [*paths.get(parent or "", []), own]
        await shop.run(
            "INSERT INTO channel (id, code, name, tier, parent_id, path) VALUES ($1, $2, $2, $3, $4, $5)",
            own, code, TIERS[code], shop.channels.get(parent or ""), paths[code],
        )  # fmt: skip
        await add_deposit(shop, code)
    for code, share_bp in SHARES_BP.items():
        await add_rule(shop, code, "PURCHASE", "PERCENT", share_bp)


async def add_deposit(shop: Shop, code: str, minor: int = 100_000_00) -> None:
    """Open a channel's deposit, with money in it."""
    async with shop.database.transaction() as connection:
        work = Work(connection, shop.tools, "test")
        await work.ledger.open_deposit(shop.channels[code], 0, "CNY")
        await work.ledger.post(opened(shop.channels[code], minor, "CNY"), SYSTEM)


async def add_rule(
    shop: Shop,
    setter: str,
    kind: str,
    mode: str,
    value: int,
    sku: str | None = None,
    action: str | None = None,
) -> None:
    """A rule for all children, or a RETAIL rule for the setter itself."""
    await shop.run(
        "INSERT INTO price_rule (id, setter_id, variant_id, kind, mode, base, value, action)"
        " VALUES ($1, $2, $3, $4, $5, 'LIST', $6, $7)",
        new_id(), shop.channels[setter], shop.variants.get(sku or ""), kind, mode, value, action,
    )  # fmt: skip
    await refresh(shop)


async def refresh(shop: Shop) -> None:
    """Prices are kept by epoch; whoever changes them behind the back of the use cases must say so."""
    await shop.run("UPDATE price_epoch SET epoch = epoch + 1")


async def add_product(
    shop: Shop, sku: str, goods: tuple[str, int, int, dict[str, Any]] | None = None
) -> None:
    """One of the shop's goods, or another of a kind, list price, cost and settings."""
    kind, list_minor, cost_minor, settings = goods or story.GOODS[sku]
    template = story.PHONE_TEMPLATE if kind == "DIRECT_TOPUP" else None
    await _add(shop, sku, kind, list_minor, cost_minor, settings, template)


async def add_bundle(shop: Shop, sku: str, list_minor: int, parts: dict[str, int], **settings: Any) -> None:
    product_id = await _add(shop, sku, "BUNDLE", list_minor, None, settings, None)
    for position, (part, quantity) in enumerate(parts.items()):
        await shop.run(
            "INSERT INTO component (bundle_id, variant_id, quantity, position) VALUES ($1, $2, $3, $4)",
            product_id, shop.variants[part], quantity, position,
        )  # fmt: skip
    await refresh(shop)


async def _add(
    shop: Shop, sku: str, kind: str, list_minor: int, cost_minor: int | None, settings: Any, template: Any
) -> Any:
    category = await shop.value("SELECT id FROM category") or new_id()
    await shop.run(
        "INSERT INTO category (id, slug, name) VALUES ($1, 'all', 'All') ON CONFLICT DO NOTHING", category
    )
    product_id, variant_id = new_id(), new_id()
    await shop.run(
        "INSERT INTO product (id, slug, name, kind, category_id, account_template)"
        " VALUES ($1, $2, $2, $3, $4, $5)",
        product_id, sku.lower(), kind, category, template,
    )  # fmt: skip
    await shop.run(
        "INSERT INTO variant (id, product_id, sku, name, list_minor, cost_minor, face_minor, settings)"
        " VALUES ($1, $2, $3, $3, $4, $5, $4, $6)",
        variant_id, product_id, sku, list_minor, cost_minor, settings,
    )  # fmt: skip
    shop.variants[sku] = variant_id
    await refresh(shop)
    return product_id


async def add_cards(shop: Shop, sku: str, count: int) -> None:
    """Cards that hold nothing but noise, each with the first link of its chain."""
    batch, root, variant = new_id(), shop.channels["HQ"], shop.variants[sku]
    await shop.run(
        "INSERT INTO card_batch (id, variant_id, origin, status, key_id) VALUES ($1, $2, 'MINT', 'DONE', $1)",
        batch, variant,
    )  # fmt: skip
    for _ in range(count):
        await shop.run(
            "INSERT INTO card (id, variant_id, batch_id, pool_id, state, secret_ciphertext, key_id,"
            " secret_hmac, masked, last_hash) VALUES ($1, $2, $3, $4, 'IN_STOCK', $5, $3, $5, '****', $5)",
            new_id(), variant, batch, root, os.urandom(32),
        )  # fmt: skip
    await set_count(shop, sku, count)


async def set_count(shop: Shop, sku: str, count: int) -> None:
    await shop.run(
        "INSERT INTO stock_level (variant_id, pool_id, available) VALUES ($1, $2, $3)"
        " ON CONFLICT (variant_id, pool_id) DO UPDATE SET available = $3",
        shop.variants[sku], shop.channels["HQ"], count,
    )  # fmt: skip
