"""What a careful person would write without GraphQL: bare ASGI and asyncpg, two or three statements, and the
same bytes.

It looks the token up in each request as nobody could leave out, and has the prices of its one channel in
memory, with the epoch that vouches for them in the statement that finds the token.
"""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from persistence.store import Store
from schema import ids
from schema.engine.asgi import Receive, Scope, Send

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
                       AND (created_at, id) < ($4, $5)
                     ORDER BY created_at DESC, id DESC LIMIT $3) p
              JOIN category c ON c.id = p.category_id {_VARIANTS}
             ORDER BY p.created_at DESC, p.id DESC"""
_COUNT = """SELECT count(*) FROM product
             WHERE published AND category_id = (SELECT id FROM category WHERE slug = $1)"""
_DETAIL = f"""SELECT {_COLUMNS} FROM product p JOIN category c ON c.id = p.category_id {_VARIANTS}
               WHERE p.slug = $2 AND p.published"""
_NEWEST = datetime.fromisoformat("9999-01-01T00:00:00+00:00"), UUID(int=(1 << 128) - 1)
_HEAD = [(b"content-type", b"application/json; charset=utf-8"), (b"cache-control", b"no-store")]


def _money(minor: int) -> dict[str, str]:
    return {"amount": f"{minor // 100}.{minor % 100:02}", "currency": "CNY"}


@dataclass(slots=True)
class ByHand:
    """The program, an ASGI application over the store's own pool."""

    store: Store
    epoch: int = -1
    prices: dict[UUID, int | None] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer ProductList or ProductDetail; 401 for a token that is not valid."""
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        said = orjson.loads(body)
        async with self.store.database.connection() as connection:
            token = await self._token(connection, scope)
            if token is None:
                status, answer = 401, b'{"errors":[{"message":"Sign in."}]}'
            elif "ProductList" in said["query"]:
                status, answer = 200, await self._list(connection, token["path"][0], said["variables"])
            else:
                status, answer = 200, await self._detail(connection, token["path"][0], said["variables"])
        head = [*_HEAD, (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": answer})

    async def _token(self, connection: Any, scope: Scope) -> Any:
        said = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        hmac = self.store.tools.vault.token_hmac(said.removeprefix(b"Bearer ").decode())
        token = await connection.fetchrow(_TOKEN, hmac)
        if token is not None and token["epoch"] != self.epoch:
            glance = await self.store.tools.shelf.glance(connection, token["channel_id"])
            items = glance.book.catalogue.items
            self.prices = {one: glance.price_of(item).retail_minor for one, item in items.items()}
            self.epoch = token["epoch"]
        return token

    async def _list(self, connection: Any, pool_id: UUID, said: dict[str, Any]) -> bytes:
        behind = _keys(said["after"]) if said.get("after") else _NEWEST
        rows = await connection.fetch(_LIST, pool_id, said["category"], said["first"] + 1, *behind)
        count = await connection.fetchval(_COUNT, said["category"])
        edges = [
            {"cursor": _cursor(row["created_at"], row["id"]), "node": self._product(row)}
            for row in rows[: said["first"]]
        ]
        page = {"hasNextPage": len(rows) > len(edges), "endCursor": edges[-1]["cursor"] if edges else None}
        return orjson.dumps({"data": {"products": {"totalCount": count, "pageInfo": page, "edges": edges}}})

    async def _detail(self, connection: Any, pool_id: UUID, said: dict[str, Any]) -> bytes:
        """Of products that are no bundles."""
        row = await connection.fetchrow(_DETAIL, pool_id, said["slug"])
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
    text = orjson.dumps(["NEWEST", born.isoformat(), str(own)])
    return urlsafe_b64encode(text).decode().rstrip("=")


def _keys(cursor: str) -> tuple[datetime, UUID]:
    _, born, own = orjson.loads(b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_"))
    return datetime.fromisoformat(born), UUID(own)
