"""A small trade whose API is served by real processes: who acts in it, what it sells, and how it is asked."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx2
import jwt

import server
from domain.access.callers import SYSTEM, Caller
from domain.access.customer_sign_in import SignInCustomer
from domain.access.people import CreateAgent
from domain.access.permissions import CARDS_REDEEM, ORDERS_PAY, ORDERS_PLACE, Role
from domain.access.portal_keys import RotatePortalKey
from domain.access.records import SignInMethod, TokenKind
from domain.access.tokens import CreateToken
from domain.cards.batches.import_cards import ImportCards
from domain.cards.batches.mint_cards import MintCards
from domain.cards.batches.uploads import CardFile
from domain.catalog.create_product import ComponentDraft, CreateCategory, CreateProduct, VariantDraft
from domain.channels.grow import CreateChannel, FoundHeadquarters
from domain.channels.rules import PriceBase, RuleKind, RuleMode
from domain.channels.set_price_rule import SetPriceRule
from domain.channels.tree import ChannelTier
from domain.commands import Command
from domain.money import Money
from persistence.cards.batch_jobs import fill
from persistence.demo.catalog import acting_for
from persistence.settings import Settings
from persistence.starting import MARK
from persistence.store import Store, opened
from tests.cards.intake import SentFile, csv_of
from tests.server_process import ServerProcess

HQ, PROVINCE, SHOP = "hq", "gd", "gd-shop"
OWNER, PASSWORD = "owner@hq.example", "correct horse battery 7Q"
PRICE = Money.parse("30.00")
PREPAID = Money.parse("1000000.00")


@dataclass
class Trade:
    """One database with a root, a province and a shop; `serving` serves it."""

    dsn: str
    data: Path
    store: Store
    owner: asyncpg.Connection[Any]
    """The database as its owner sees it."""
    front: str = ""
    """The publishable token of the shop's front end."""
    shop: str = ""
    """The secret token of the shop's server: it places, and says what was paid."""
    redeemer: str = ""
    portal_key: str = ""
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def perform(self, command: Command, caller: Caller = SYSTEM) -> Any:
        """Carry out a command in the test's own process."""
        return await self.store.perform(command, caller)

    async def add_product(self, sku: str, kind: str = "CARD_KEY", **parts: int) -> None:
        """Something to sell; a BUNDLE is of `parts`, in the order in which they are given."""
        variant = VariantDraft(sku, sku, PRICE, None if parts else Money.parse("10.00"))
        components = tuple(ComponentDraft(part, quantity) for part, quantity in parts.items())
        await self.perform(
            CreateProduct(sku.lower(), sku, kind, "all", variants=(variant,), components=components)
        )

    async def stock(self, sku: str, count: int) -> None:
        """Mint cards."""
        batch = await self.perform(MintCards(f"mint-{uuid4()}", sku, count))
        await fill({"batch": str(batch.id)}, self.store.desk)

    async def count(self, sku: str, count: int) -> None:
        """Put physical goods on the root's shelf."""
        await self.owner.execute(
            """INSERT INTO stock_level (variant_id, pool_id, available) SELECT v.id, c.id, $2
                 FROM variant v, channel c WHERE v.sku = $1 AND c.parent_id IS NULL""",
            sku,
            count,
        )

    async def stock_known(self, sku: str, count: int) -> list[str]:
        """Import cards whose secrets the test knows."""
        secrets = [f"K{uuid4().hex[:20].upper()}" for _ in range(count)]
        file = await CardFile.of(SentFile(csv_of([[one] for one in secrets]).encode()))
        batch = await self.perform(ImportCards(f"import-{uuid4()}", sku, file))
        await fill({"batch": str(batch.id)}, self.store.desk)
        return secrets

    def proof(self, subject: str) -> str:
        """The portal's word for one of its people."""
        now = int(time.time())
        said = {"sub": subject, "aud": SHOP, "iat": now, "exp": now + 300, "jti": uuid4().hex}
        return jwt.encode(said, self.portal_key, algorithm="HS256")

    async def customers(self, count: int) -> list[str]:
        """The sessions of so many new customers."""
        shop = await self.store.authenticator.caller_of(self.front, address="", device_id=None, request_id="")
        found = []
        for _ in range(count):
            name = f"buyer-{next(self.numbers)}"
            proof = SignInCustomer(SignInMethod.PORTAL_TOKEN, name, self.proof(name))
            found.append((await self.perform(proof, shop)).access_token)
        return found

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        """Rows straight from the database."""
        return await self.owner.fetch(statement, *values)

    async def value(self, statement: str, *values: Any) -> Any:
        """One value straight from the database."""
        return await self.owner.fetchval(statement, *values)

    async def states(self, sku: str) -> dict[str, int]:
        """A SKU's cards by state."""
        rows = await self.rows(
            """SELECT c.state, count(*) FROM card c JOIN variant v ON v.id = c.variant_id
                WHERE v.sku = $1 GROUP BY 1""",
            sku,
        )
        return dict(rows)

    async def available(self, sku: str) -> int:
        """What the gate says is free."""
        statement = (
            "SELECT sum(available) FROM stock_level s JOIN variant v ON v.id = s.variant_id WHERE v.sku = $1"
        )
        return int(await self.value(statement, sku))

    @asynccontextmanager
    async def serving(
        self, place: Path, count: int = 1, workers: int = 1, **environment: str
    ) -> AsyncIterator[list[ServerProcess]]:
        """So many servers at the same time over this database."""
        shared = {"QUANYI_DATA": str(self.data), "QUANYI_PASSWORD_MEMORY_KIB": "19456", **environment}
        servers = []
        for number in range(count):
            own = place / f"server-{number}"
            own.mkdir()
            servers.append(ServerProcess(own, self.dsn, workers, (), **shared))
        async with AsyncExitStack() as stack:
            for one in servers:
                stack.push_async_callback(asyncio.to_thread, one.end)
            await asyncio.gather(*(asyncio.to_thread(one.start) for one in servers))
            yield servers


class Clients:
    """Any number of clients, who spread over the servers and keep their connections."""

    def __init__(self, servers: Sequence[ServerProcess]) -> None:
        self.servers = servers
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
        self.http = httpx2.AsyncClient(timeout=60, limits=limits, trust_env=False)
        self._turn = itertools.count()

    async def send(
        self, document: str, token: str | None, at: int | None = None, **variables: Any
    ) -> httpx2.Response:
        """One request, to the server of that number or to the next one."""
        url = self.servers[(next(self._turn) if at is None else at) % len(self.servers)].url
        return await self.http.post(
            f"{url}/graphql",
            json={"query": document, "variables": variables},
            headers={} if token is None else {"authorization": f"Bearer {token}"},
        )

    async def ask(
        self, document: str, token: str | None, at: int | None = None, **said: Any
    ) -> dict[str, Any]:
        """The one field of a mutation with `input`, which must come without `errors`."""
        response = await self.send(document, token, at, input=said)
        found = response.json()
        assert response.status_code == 200, found
        assert "errors" not in found, found
        answer: dict[str, Any] = next(iter(found["data"].values()))
        return answer


@asynccontextmanager
async def clients_of(servers: Sequence[ServerProcess]) -> AsyncIterator[Clients]:
    """Clients for the length of the block."""
    clients = Clients(servers)
    async with clients.http:
        yield clients


def settings_of(dsn: str, data: Path) -> Settings:
    """What the test's own process goes by."""
    said: dict[str, Any] = {"data": data, "database_url": dsn, "password_memory_kib": 19_456}
    return Settings.model_validate(Settings.of_demo().model_dump() | said)


@asynccontextmanager
async def opened_trade(dsn: str, data: Path) -> AsyncIterator[Trade]:
    """Plant the tree, let people in, and hand out tokens."""
    server.load_areas()
    settings = settings_of(dsn, data)
    async with opened(settings) as store:
        owner = await asyncpg.connect(dsn)
        trade = Trade(dsn, data, store, owner)
        await _plant(trade)
        await _let_in(trade)
        yield trade
        await owner.close()


async def _plant(trade: Trade) -> None:
    root = await trade.perform(FoundHeadquarters(HQ, "总部"))
    await trade.perform(CreateCategory("all", "全部"))
    province = await trade.perform(
        CreateChannel(PROVINCE, "广东", ChannelTier.PROVINCE, HQ, deposit=PREPAID), acting_for(root)
    )
    await trade.perform(
        CreateChannel(SHOP, "小店", ChannelTier.SHOP, PROVINCE, deposit=PREPAID), acting_for(province)
    )
    for setter, share in ((root, "80"), (province, "90")):
        rule = SetPriceRule(RuleKind.PURCHASE, RuleMode.PERCENT, PriceBase.LIST, share)
        await trade.perform(rule, acting_for(setter))
    await trade.owner.execute(MARK)


async def _let_in(trade: Trade) -> None:
    await trade.perform(CreateAgent(OWNER, "老板", HQ, (Role.OWNER,), PASSWORD))
    trade.portal_key = (await trade.perform(RotatePortalKey(SHOP))).key
    for name, kind, channel, scopes in (
        ("front", TokenKind.STOREFRONT, SHOP, ()),
        ("shop", TokenKind.API_CLIENT, SHOP, (ORDERS_PLACE, ORDERS_PAY)),
        ("redeemer", TokenKind.API_CLIENT, HQ, (CARDS_REDEEM,)),
    ):
        made = await trade.perform(CreateToken(kind, channel, name, scopes))
        setattr(trade, name, made.token)
