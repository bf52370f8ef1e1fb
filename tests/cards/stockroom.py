"""A small tree of channels with goods, cards and orders, written straight into a test's database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.access.callers import Caller, CallerKind
from domain.access.permissions import ALL, CUSTOMER, of_scopes
from domain.cards import codes
from domain.cards.chain import CardEvent, hash_of
from domain.cards.folding import lookup_form
from domain.cards.importing.formats import secret_identity
from domain.cards.keys import KeyPurpose, working_key
from domain.cards.ports import Demand
from domain.cards.secret import Secret, masked
from domain.ids import new_id
from persistence import outbox
from persistence.bells import LocalBell
from persistence.cards import data_keys
from persistence.cards.vault import Vault
from persistence.database import Database
from persistence.perform import Performer
from persistence.settings import Settings
from persistence.work import Tools, Work
from tests.cards.keyrings import MemoryKeys


@dataclass
class Sku:
    """A variant of the test."""

    id: UUID
    sku: str
    kind: str


@dataclass
class Stockroom:
    """Channels root → province → city → shop, and root → other (a shop)."""

    database: Database
    tools: Tools
    channels: dict[str, tuple[UUID, ...]] = field(default_factory=dict)

    @classmethod
    async def open(cls, dsn: str, size: int = 8, **settings: Any) -> Stockroom:
        """Connect, and write the tree where it is not there yet."""
        chosen = Settings(demo=True, **{"redemption_answer_ms": 0, **settings})
        room = cls(await Database.open(dsn, size), Tools(Vault(MemoryKeys()), chosen))
        for code, tier, parent in _TREE:
            await room._channel(code, tier, parent)
        return room

    def with_settings(self, **settings: Any) -> Stockroom:
        """The same stock under other settings."""
        chosen = self.tools.settings.model_copy(update=settings)
        return replace(self, tools=Tools(self.tools.vault, chosen))

    @property
    def perform(self) -> Performer:
        """Carries out commands."""
        return Performer(self.database, LocalBell(), self.tools)

    async def run(self, sql: str, *values: Any) -> list[Any]:
        """Rows of a statement."""
        async with self.database.transaction() as connection:
            return await connection.fetch(sql, *values)

    async def value(self, sql: str, *values: Any) -> Any:
        """The first value of a statement."""
        rows = await self.run(sql, *values)
        return rows[0][0] if rows else None

    async def _channel(self, code: str, tier: str, parent: str | None) -> None:
        found = await self.run("SELECT path FROM channel WHERE code = $1", code)
        if found:
            self.channels[code] = tuple(found[0]["path"])
            return
        above = self.channels[parent] if parent else ()
        path = (*above, new_id())
        self.channels[code] = path
        await self.run(
            "INSERT INTO channel (id, code, name, tier, parent_id, path) VALUES ($1, $2, $2, $3, $4, $5)",
            path[-1], code, tier, above[-1] if above else None, list(path),
        )  # fmt: skip

    async def sku(self, sku: str, kind: str = "CARD_KEY", pattern: str | None = None) -> Sku:
        """A product with one variant."""
        category, product, variant = new_id(), new_id(), new_id()
        await self.run("INSERT INTO category (id, slug, name) VALUES ($1, $2, $2)", category, f"c-{sku}")
        await self.run(
            "INSERT INTO product (id, slug, name, kind, category_id) VALUES ($1, $2, $2, $3, $4)",
            product, f"p-{sku}", kind, category,
        )  # fmt: skip
        await self.run(
            "INSERT INTO variant (id, product_id, sku, name, list_minor, secret_pattern)"
            " VALUES ($1, $2, $3, $3, 100, $4)",
            variant, product, sku, pattern,
        )  # fmt: skip
        return Sku(variant, sku, kind)

    async def minted(self, sku: Sku, count: int, expires_at: datetime | None = None) -> list[Secret]:
        """Cards with codes of ours in headquarters' stock; their secrets in the order of sale."""
        key = working_key(self.tools.vault.keys, KeyPurpose.CODE)
        secrets = codes.mint(key, count)
        await self.cards(sku, [(secret.reveal(), None) for secret in secrets], "MINT", expires_at)
        return secrets

    async def cards(
        self,
        sku: Sku,
        texts: Sequence[tuple[str, str | None]],
        origin: str = "FILE",
        expires_at: datetime | None = None,
    ) -> list[UUID]:
        """Cards of (secret, number) in headquarters' stock."""
        vault, root, now = self.tools.vault, self.channels["root"][0], datetime.now(UTC)
        batch, key, ids = new_id(), vault.new_data_key(new_id()), [new_id() for _ in texts]
        async with self.database.transaction() as connection:
            await connection.execute(
                "INSERT INTO card_batch (id, variant_id, origin, status, key_id)"
                " VALUES ($1, $2, $3, 'COMPLETED', $4)",
                batch, sku.id, origin, key.id,
            )  # fmt: skip
            await data_keys.add(connection, batch, key)
            for card_id, (secret, number) in zip(ids, texts, strict=True):
                event = CardEvent(
                    card_id, 1, now, None, "IN_STOCK", "SYSTEM", None, "system", root, None, "", "test"
                )
                sealed = vault.seal(key, [(card_id, "secret", Secret(secret))])[0]
                numbered = vault.seal(key, [(card_id, "number", Secret(number))])[0] if number else None
                await connection.execute(
                    "INSERT INTO card (id, variant_id, batch_id, pool_id, state, secret_ciphertext,"
                    " number_ciphertext, key_id, secret_hmac, number_hmac, masked, expires_at, last_hash)"
                    " VALUES ($1, $2, $3, $4, 'IN_STOCK', $5, $6, $7, $8, $9, $10, $11, $12)",
                    card_id, sku.id, batch, root, sealed, numbered, key.id,
                    vault.index.of("secret", secret_identity(secret, number)),
                    vault.index.of("number", lookup_form(number)) if number else None,
                    masked(number or secret), expires_at, hash_of(event, None),
                )  # fmt: skip
                await connection.execute(
                    "INSERT INTO card_event (card_id, ordinal, at, to_state, actor_kind, actor_name,"
                    " channel_id, request_id, hash)"
                    " VALUES ($1, 1, $2, 'IN_STOCK', 'SYSTEM', 'system', $3, 'test', $4)",
                    card_id, now, root, hash_of(event, None),
                )  # fmt: skip
            await self.count(sku, len(ids), connection)
        return ids

    async def count(self, sku: Sku, count: int, connection: Any = None) -> None:
        """Raise headquarters' stock level."""
        statement = (
            "INSERT INTO stock_level (variant_id, pool_id, available) VALUES ($1, $2, $3)"
            " ON CONFLICT (variant_id, pool_id) DO UPDATE SET available = stock_level.available + $3"
        )
        values = sku.id, self.channels["root"][0], count
        await (connection.execute(statement, *values) if connection else self.run(statement, *values))

    async def available(self, sku: Sku, channel: str = "root") -> int | None:
        """The stock level of a channel's pool."""
        found: int | None = await self.value(
            "SELECT available FROM stock_level WHERE variant_id = $1 AND pool_id = $2",
            sku.id, self.channels[channel][-1],
        )  # fmt: skip
        return found

    async def states(self, sku: Sku) -> dict[str, int]:
        """How many cards are in which state."""
        rows = await self.run(
            "SELECT state, count(*) AS n FROM card WHERE variant_id = $1 GROUP BY 1", sku.id
        )
        return {row["state"]: row["n"] for row in rows}

    async def customer(self, channel: str = "shop") -> Caller:
        """A signed-in customer of a shop."""
        customer = new_id()
        await self.run(
            "INSERT INTO customer (id, channel_id, method, identifier_hmac, identifier_masked)"
            " VALUES ($1, $2, 'PHONE_CODE', $3, '138****0000')",
            customer, self.channels[channel][-1], customer.bytes,
        )  # fmt: skip
        path = self.channels[channel]
        return Caller(
            CallerKind.CUSTOMER, CUSTOMER, customer, name="138****0000", channel_id=path[-1],
            channel_path=path, address="198.51.100.7", request_id="req-customer",
        )  # fmt: skip

    def agent(self, channel: str = "root") -> Caller:
        """A person with every permission in a channel."""
        path = self.channels[channel]
        return Caller(
            CallerKind.AGENT, ALL, new_id(), name=f"agent of {channel}", channel_id=path[-1],
            channel_path=path, request_id="req-agent",
        )  # fmt: skip

    async def api_client(self, channel: str = "root") -> Caller:
        """A redeemer's token in a channel."""
        token, path = new_id(), self.channels[channel]
        await self.run(
            "INSERT INTO token (id, kind, hmac, channel_id) VALUES ($1, 'API_CLIENT', $2, $3)",
            token, token.bytes, path[-1],
        )  # fmt: skip
        return Caller(
            CallerKind.API_CLIENT, of_scopes(frozenset({"cards:redeem"})), token, token, "redeemer",
            channel_id=path[-1], channel_path=path, address="203.0.113.9", request_id="req-redeem",
        )  # fmt: skip

    async def order(
        self, wanted: Sequence[tuple[Sku, int]], channel: str = "shop", customer: Caller | None = None
    ) -> list[Demand]:
        """An unpaid order with a line and a fulfilment for each SKU, and what it takes out of stock."""
        path, order = self.channels[channel], new_id()
        owner = customer.subject_id if customer else None
        demands = []
        async with self.database.transaction() as connection:
            await connection.execute(
                "INSERT INTO orders (id, number, channel_id, customer_id, status, subtotal_minor,"
                " total_minor, due_minor, placed_by_kind)"
                " VALUES ($1, $2, $3, $4, 'AWAITING_PAYMENT', 100, 100, 100, 'AGENT')",
                order, f"Q{order.hex[-12:]}", path[-1], owner,
            )  # fmt: skip
            for position, (sku, quantity) in enumerate(wanted):
                line, part = new_id(), new_id()
                pool = await connection.fetchval(
                    "SELECT channel_id FROM stock_quota WHERE variant_id = $1 AND channel_id = ANY($2)"
                    " ORDER BY array_position($2, channel_id) DESC LIMIT 1",
                    sku.id, list(path),
                ) or path[0]  # fmt: skip
                await connection.execute(
                    "INSERT INTO order_line (id, order_id, position, variant_id, sku, quantity, unit_minor,"
                    " list_minor, total_minor, status, path, transfer_minor)"
                    " VALUES ($1, $2, $3, $4, $5, $6, 100, 100, 100, 'PENDING', $7, '{1}')",
                    line, order, position, sku.id, sku.sku, quantity, list(path),
                )  # fmt: skip
                await connection.execute(
                    "INSERT INTO fulfilment (id, order_id, order_line_id, variant_id, sku, kind, quantity,"
                    " pool_id, allocated_minor, status)"
                    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 100, 'PENDING')",
                    part, order, line, sku.id, sku.sku, sku.kind, quantity, pool,
                )  # fmt: skip
                demands.append(
                    Demand(
                        part, order, line, sku.id, sku.sku, sku.kind, pool, quantity, path[-1], path, owner
                    )
                )
        return demands

    async def reserve(self, demands: Sequence[Demand], caller: Caller) -> None:
        """Take what an order needs, in a transaction of its own."""

        async def take(work: Work) -> None:
            await work.cards.reserve(await work.cards.hold(demands), caller)

        await self.act(caller, take)

    async def deliver(self, demands: Sequence[Demand], caller: Caller) -> None:
        """Pay for it."""
        await self.act(
            caller, lambda work: work.cards.deliver([demand.fulfilment_id for demand in demands], caller)
        )

    async def release(self, demands: Sequence[Demand], caller: Caller) -> None:
        """Let it go."""
        ids = [demand.fulfilment_id for demand in demands]
        await self.act(caller, lambda work: work.cards.release(ids, caller, "order expired"))

    async def buy(self, sku: Sku, customer: Caller, quantity: int = 1) -> list[UUID]:
        """Order, pay and get cards; their ids."""
        demands = await self.order([(sku, quantity)], _code_of(self, customer), customer)
        await self.reserve(demands, customer)
        await self.deliver(demands, customer)
        rows = await self.run("SELECT id FROM card WHERE order_id = $1 ORDER BY seq", demands[0].order_id)
        return [row["id"] for row in rows]

    async def act(self, caller: Caller, doing: Any) -> Work:
        async with self.database.transaction() as connection:
            work = Work(connection, self.tools, caller.request_id)
            await work.begin()
            await doing(work)
            await work.react()
            await outbox.write(connection, work.events)
            return work


def _code_of(room: Stockroom, caller: Caller) -> str:
    return next(code for code, path in room.channels.items() if path == caller.channel_path)


_TREE = (
    ("root", "HEADQUARTERS", None),
    ("province", "PROVINCE", "root"),
    ("city", "CITY", "province"),
    ("shop", "SHOP", "city"),
    ("other", "SHOP", "root"),
)
