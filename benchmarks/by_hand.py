"""What a careful person would write without GraphQL: asyncpg, two or three statements, and the same bytes.

It checks the token as the server does, and has the prices of its one channel in memory.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from persistence.store import Store
from schema import ids

_TOKEN = """SELECT t.channel_id, c.path, e.epoch
              FROM token t JOIN channel c ON c.id = t.channel_id, price_epoch e
             WHERE t.hmac = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())"""
_VARIANTS = """LEFT JOIN LATERAL (
                  SELECT array_agg(v.id ORDER BY v.position, v.id) AS ids,
                         array_agg(v.sku ORDER BY v.position, v.id) AS skus,
                         array_agg(v.name ORDER BY v.position, v.id) AS names,
                         array_agg(v.list_minor ORDER BY v.position, v.id) AS list,
                         array_agg(coalesce(s.available, 0) ORDER BY v.position, v.id) AS left
                    FROM variant v LEFT JOIN stock_level s ON s.variant_id = v.id AND s.pool_id = $1
                   WHERE v.product_id = p.id) v ON true"""
_COLUMNS = """p.id, p.slug, p.name, p.description, p.kind, p.brand, p.created_at, p.account_template,
              c.slug AS shelf, c.name AS shelf_name, v.*"""
_LIST = f"""SELECT {_COLUMNS}
              FROM (SELECT * FROM product WHERE published
                       AND category_id = (SELECT id FROM category WHERE slug = $2)
                     ORDER BY created_at DESC, id DESC LIMIT $3) p
              JOIN category c ON c.id = p.category_id {_VARIANTS}
             ORDER BY p.created_at DESC, p.id DESC"""
_COUNT = """SELECT count(*) FROM product
             WHERE published AND category_id = (SELECT id FROM category WHERE slug = $1)"""
_DETAIL = f"""SELECT {_COLUMNS} FROM product p JOIN category c ON c.id = p.category_id {_VARIANTS}
               WHERE p.slug = $2 AND p.published"""


def _money(minor: int) -> dict[str, str]:
    return {"amount": f"{minor // 100}.{minor % 100:02}", "currency": "CNY"}


@dataclass(slots=True)
class ByHand:
    """The program, over the store's own pool."""

    pool: Any
    hmac: bytes
    prices: dict[UUID, int | None]

    @classmethod
    async def of(cls, store: Store, token: str) -> ByHand:
        """Read the prices of the token's channel once, as the price book says."""
        caller = await store.authenticator.caller_of(token, address="", device_id=None, request_id="")
        async with store.database.connection() as connection:
            glance = await store.tools.shelf.glance(connection, caller.channel)
        items = glance.book.catalogue.items
        prices = {one: glance.price_of(item).retail_minor for one, item in items.items()}
        return cls(store.database.pool, store.tools.vault.token_hmac(token), prices)

    @property
    def asks(self) -> dict[str, Callable[[bytes], Awaitable[bytes]]]:
        """By operation."""
        return {"ProductList": self.list, "ProductDetail": self.detail}

    async def list(self, body: bytes) -> bytes:
        """ProductList."""
        said = orjson.loads(body)["variables"]
        async with self.pool.acquire() as connection:
            token = await connection.fetchrow(_TOKEN, self.hmac)
            rows = await connection.fetch(_LIST, token["path"][0], said["category"], said["first"] + 1)
            count = await connection.fetchval(_COUNT, said["category"])
        edges = [
            {"cursor": _cursor(row["created_at"], row["id"]), "node": self._product(row)}
            for row in rows[: said["first"]]
        ]
        page = {"hasNextPage": len(rows) > len(edges), "endCursor": edges[-1]["cursor"] if edges else None}
        return orjson.dumps({"data": {"products": {"totalCount": count, "pageInfo": page, "edges": edges}}})

    async def detail(self, body: bytes) -> bytes:
        """ProductDetail, of products that are no bundles."""
        said = orjson.loads(body)["variables"]
        async with self.pool.acquire() as connection:
            token = await connection.fetchrow(_TOKEN, self.hmac)
            row = await connection.fetchrow(_DETAIL, token["path"][0], said["slug"])
        product = self._product(row)
        variants = product.pop("variants")
        product |= {"accountTemplate": row["account_template"], "variants": variants, "components": []}
        return orjson.dumps({"data": {"product": product}})

    def _product(self, row: Any) -> dict[str, Any]:
        columns = zip(row["ids"], row["skus"], row["names"], row["list"], row["left"], strict=True)
        return {
            "id": ids.encode("prd", row["id"]),
            "slug": row["slug"],
            "name": row["name"],
            "description": row["description"],
            "kind": row["kind"],
            "brand": row["brand"],
            "category": {"slug": row["shelf"], "name": row["shelf_name"]},
            "variants": [
                {
                    "id": ids.encode("var", one),
                    "sku": sku,
                    "name": name,
                    "price": None if (price := self.prices[one]) is None else _money(price),
                    "listPrice": _money(asked),
                    "availableQuantity": left,
                }
                for one, sku, name, asked, left in columns
            ],
        }


def _cursor(born: datetime, own: UUID) -> str:
    text = json.dumps(["NEWEST", born.isoformat(), str(own)], separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")
