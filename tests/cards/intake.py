"""Where cards come in, for tests of batches: headquarters, a few SKUs, and somebody who imports."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from domain.access.callers import Caller, CallerKind
from domain.access.permissions import ALL
from domain.cards.batches.import_cards import ImportCards
from domain.cards.batches.mint_cards import MintCards
from domain.cards.batches.uploads import CardFile
from domain.cards.batches.views import CardImportView
from domain.cards.batches.withdraw import WithdrawCardImport
from domain.ids import new_id
from persistence.bells import LocalBell
from persistence.cards import batch_jobs
from persistence.cards.vault import Vault
from persistence.database import Database
from persistence.jobs import Desk
from persistence.perform import Performer
from persistence.reads import StoredReads
from persistence.settings import Settings
from persistence.work import Tools
from tests.cards.keyrings import MemoryKeys

SKUS = {
    "TXV-VIP-1M": ("CARD_KEY", "[A-HJ-NP-Z2-9]{16}"),
    "IQY-GOLD-3M": ("CARD_NUMBER_KEY", r"number:\d{17} secret:\d{12}"),
    "MOVIE-2D": ("LINK", None),
    "KEY": ("CARD_KEY", None),
    "NUMBERED": ("CARD_NUMBER_KEY", None),
    "FIGURE": ("PHYSICAL", None),
}


class SentFile:
    """A file as it comes with a request."""

    def __init__(self, content: bytes, filename: str = "cards.csv") -> None:
        self.content, self.filename = content, filename
        self.content_type, self.size = "text/csv", len(content)

    async def chunks(self, size: int = 65_536) -> AsyncIterator[bytes]:
        for at in range(0, len(self.content), size):
            yield self.content[at : at + size]

    async def read(self) -> bytes:
        return self.content


@dataclass
class Intake:
    """Everything is done by one person of headquarters."""

    database: Database
    tools: Tools
    keys: Any
    caller: Caller
    root_id: UUID
    variants: dict[str, UUID]
    bell: LocalBell = field(default_factory=LocalBell)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def perform(self) -> Performer:
        return Performer(self.database, self.bell, self.tools)

    @property
    def reads(self) -> StoredReads:
        return StoredReads(self.database, self.tools)

    @property
    def desk(self) -> Desk:
        return Desk(self.database, self.perform, self.tools.vault, self.tools.settings)

    def key(self) -> str:
        return f"key-{next(self.numbers)}-{new_id()}"

    async def send(
        self,
        sku: str,
        content: bytes | str | Path,
        *,
        dry_run: bool = False,
        columns: dict[str, str] | None = None,
        key: str | None = None,
    ) -> CardImportView:
        """Queue a file; `run` fills the batch."""
        name = content.name if isinstance(content, Path) else "cards.csv"
        raw = content.read_bytes() if isinstance(content, Path) else content
        file = await CardFile.of(SentFile(raw.encode() if isinstance(raw, str) else raw, name))
        command = ImportCards(key or self.key(), sku, file, dry_run, columns or {})
        return await self.perform(command, self.caller)  # type: ignore[no-any-return]

    async def run(self, batch: CardImportView) -> CardImportView:
        """Do the batch's job here and now; the batch afterwards."""
        await batch_jobs.fill({"batch": str(batch.id)}, self.desk)
        return await self.see(batch)

    async def load(self, sku: str, content: bytes | str | Path, **options: Any) -> CardImportView:
        """Send a file and fill its batch."""
        return await self.run(await self.send(sku, content, **options))

    async def mint(self, sku: str, quantity: int) -> CardImportView:
        """Mint cards, to the end."""
        return await self.run(await self.perform(MintCards(self.key(), sku, quantity), self.caller))

    async def withdraw(self, batch: CardImportView, reason: str = "wrong file") -> CardImportView:
        """Withdraw a batch as far as the request does it."""
        return await self.perform(WithdrawCardImport(batch.id, reason), self.caller)  # type: ignore[no-any-return]

    async def see(self, batch: CardImportView) -> CardImportView:
        """The batch as it is now."""
        found = await self.reads.imports.by_id(self.caller, batch.id)
        assert found is not None
        return found

    async def fetch(self, sql: str, *values: Any) -> list[Any]:
        """Rows of a statement."""
        async with self.database.connection() as connection:
            return await connection.fetch(sql, *values)

    async def value(self, sql: str, *values: Any) -> Any:
        """The first value of a statement."""
        return (await self.fetch(sql, *values))[0][0]

    async def available(self, sku: str) -> int:
        """What the gate says, which must be what lies behind it."""
        said = await self.fetch(
            """SELECT s.available, s.head,
                      (SELECT count(*) FROM card c WHERE c.variant_id = s.variant_id
                          AND c.pool_id = s.pool_id AND c.state = 'IN_STOCK') AS free,
                      (SELECT min(seq) FROM card c WHERE c.variant_id = s.variant_id
                          AND c.pool_id = s.pool_id AND c.state = 'IN_STOCK') AS first
                 FROM stock_level s WHERE s.variant_id = $1""",
            self.variants[sku],
        )
        if not said:
            return 0
        assert said[0]["available"] == said[0]["free"]
        assert said[0]["first"] is None or said[0]["head"] <= said[0]["first"]
        return int(said[0]["available"])

    async def rejections(self, batch: CardImportView) -> list[list[Any]]:
        """Row and reason of every refused row, as expected.json writes them."""
        rows = await self.fetch(
            "SELECT row, reason FROM card_rejection WHERE batch_id = $1 ORDER BY row", batch.id
        )
        return [[row["row"], row["reason"]] for row in rows]


async def furnish(database: Database, keys: Any = None, **settings: Any) -> Intake:
    """Write headquarters and SKUs, and have somebody there."""
    keys = keys or MemoryKeys()
    root, agent, category = new_id(), new_id(), new_id()
    variants = {sku: new_id() for sku in SKUS}
    async with database.transaction() as connection:
        await connection.execute(
            "INSERT INTO channel (id, code, name, tier, path) VALUES ($1, 'hq', '总部', 'HEADQUARTERS', $2)",
            root,
            [root],
        )
        await connection.execute(
            """INSERT INTO agent (id, email, password_hash, name, channel_id)
               VALUES ($1, 'stock@hq.test', '', '仓管', $2)""",
            agent,
            root,
        )
        await connection.execute("INSERT INTO category (id, slug, name) VALUES ($1, 'c', 'C')", category)
        for sku, (kind, pattern) in SKUS.items():
            await _add_sku(connection, sku, kind, pattern, category, variants[sku])
    return await enter(database, keys, **settings)


async def enter(database: Database, keys: Any, **settings: Any) -> Intake:
    """The room of a database that was furnished before, perhaps by another process."""
    async with database.connection() as connection:
        root = await connection.fetchval("SELECT id FROM channel WHERE parent_id IS NULL")
        agent = await connection.fetchval("SELECT id FROM agent WHERE email = 'stock@hq.test'")
        variants = {row["sku"]: row["id"] for row in await connection.fetch("SELECT sku, id FROM variant")}
    caller = Caller(
        CallerKind.AGENT,
        permissions=ALL,
        subject_id=agent,
        name="仓管",
        channel_id=root,
        channel_path=(root,),
        request_id="req-1",
    )
    tools = Tools(Vault(keys), Settings(demo=True, **settings))
    return Intake(database, tools, keys, caller, root, variants)


async def _add_sku(
    connection: Any, sku: str, kind: str, pattern: str | None, category: UUID, variant: UUID
) -> None:
    product = new_id()
    await connection.execute(
        "INSERT INTO product (id, slug, name, kind, category_id) VALUES ($1, $2, $2, $3, $4)",
        product,
        sku.lower(),
        kind,
        category,
    )
    await connection.execute(
        """INSERT INTO variant (id, product_id, sku, name, list_minor, secret_pattern)
           VALUES ($1, $2, $3, $3, 2500, $4)""",
        variant,
        product,
        sku,
        pattern,
    )


def csv_of(rows: Sequence[Sequence[str]], header: str = "卡密") -> str:
    """A csv with a header."""
    return "\n".join([header, *(",".join(row) for row in rows)]) + "\n"


def as_json(value: Any) -> bytes:
    """What a value looks like in a log."""
    return orjson.dumps(value, default=str)
