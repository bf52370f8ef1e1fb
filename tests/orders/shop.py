"""A small trade: four channels, seven kinds of product, and a server process over one database."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson

from domain.access import permissions
from domain.access.callers import SYSTEM, Caller, CallerKind
from domain.commands import Command
from domain.ids import new_id
from domain.orders.basket import WantedLine
from domain.orders.closing import ExpireOrders
from domain.orders.place import PlaceOrder
from domain.orders.quote import AskQuote
from domain.orders.views import AddressView, ContactView, OrderView, Quote
from domain.payments.pay import PayOrder
from domain.payments.views import PaymentView
from persistence.bells import LocalBell
from persistence.cards.vault import Vault
from persistence.database import Database
from persistence.jobs import JOBS, Desk
from persistence.orders.reads import StoredOrderReads
from persistence.perform import Performer
from persistence.settings import Settings
from persistence.supply import jobs as supply_jobs
from persistence.work import Tools
from tests.cards.keyrings import MemoryKeys

PHONE_TEMPLATE = {
    "type": "object",
    "properties": {"phone": {"type": "string", "pattern": "^1[3-9][0-9]{9}$"}},
    "required": ["phone"],
    "additionalProperties": False,
}
GOODS: dict[str, tuple[str, int, int, dict[str, Any]]] = {
    "TXV": ("CARD_KEY", 2500, 1750, {}),
    "IQY": ("CARD_NUMBER_KEY", 3000, 2100, {}),
    "FILM": ("LINK", 4000, 3000, {}),
    "CMCC": ("DIRECT_TOPUP", 5000, 4000, {}),
    "FIGURE": ("PHYSICAL", 9900, 5000, {}),
    "DRAW": ("METERED", 1000, 300, {"units": 100}),
}
"""SKU → kind, list price, cost (fen), settings."""

CARDS = ("TXV", "IQY", "FILM")
STAR = ("HQ", "GD", "SHOP", "ZJ")
ADDRESS = AddressView("李雷", "13800138000", "广东", "广州", "中山路 1 号")
GUEST = ContactView(phone="13800138000")


@dataclass(slots=True)
class Shop:
    """The rig of one server process; channels HQ → GD → SHOP and HQ → ZJ."""

    database: Database
    tools: Tools
    channels: dict[str, UUID] = field(default_factory=dict)
    variants: dict[str, UUID] = field(default_factory=dict)

    @property
    def perform(self) -> Performer:
        return Performer(self.database, LocalBell(), self.tools)

    @property
    def reads(self) -> StoredOrderReads:
        return StoredOrderReads(self.database, self.tools)

    @property
    def desk(self) -> Desk:
        assert supply_jobs.submit is not None
        return Desk(self.database, self.perform, self.tools.vault, self.tools.settings)

    def with_settings(self, **changes: Any) -> Shop:
        """The same database under other settings."""
        settings = self.tools.settings.model_copy(update=changes)
        return replace(self, tools=replace(self.tools, settings=settings))

    def caller(self, kind: CallerKind, channel: str, rights: frozenset[str], subject: UUID | None) -> Caller:
        own = self.channels[channel]
        path = {"HQ": ("HQ",), "GD": ("HQ", "GD"), "SHOP": ("HQ", "GD", "SHOP"), "ZJ": ("HQ", "ZJ")}[channel]
        places = tuple(self.channels[code] for code in path)
        return Caller(kind, rights, subject, channel_id=own, channel_path=places, request_id="test")

    def storefront(self, channel: str = "SHOP") -> Caller:
        return self.caller(CallerKind.STOREFRONT, channel, permissions.STOREFRONT, None)

    def agent(self, channel: str = "SHOP", *roles: permissions.Role) -> Caller:
        held = permissions.of_agent(frozenset(roles or {permissions.Role.OWNER}), channel == "HQ")
        return self.caller(CallerKind.AGENT, channel, held, uuid4())

    def api(self, *scopes: str, channel: str = "SHOP") -> Caller:
        return self.caller(CallerKind.API_CLIENT, channel, permissions.of_scopes(frozenset(scopes)), uuid4())

    async def customer(self, channel: str = "SHOP") -> Caller:
        customer_id = new_id()
        await self.run(
            "INSERT INTO customer (id, channel_id, method, identifier_hmac, identifier_masked)"
            " VALUES ($1, $2, 'PHONE_CODE', $3, '138****8000')",
            customer_id, self.channels[channel], os.urandom(32),
        )  # fmt: skip
        return self.caller(CallerKind.CUSTOMER, channel, permissions.CUSTOMER, customer_id)

    async def quote(self, caller: Caller, *lines: WantedLine) -> Quote:
        quote: Quote = await self.perform(AskQuote(lines), caller)
        return quote

    async def place(self, caller: Caller, *lines: WantedLine, **more: Any) -> OrderView:
        if caller.kind is CallerKind.STOREFRONT:
            more.setdefault("contact", GUEST)
        more.setdefault("shipping_address", ADDRESS)
        key = more.pop("key", None) or uuid4().hex
        order: OrderView = await self.perform(PlaceOrder(key, lines, **more), caller)
        return order

    async def pay(
        self, caller: Caller, order: OrderView, method: str = "SANDBOX", key: str | None = None
    ) -> PaymentView:
        payment: PaymentView = await self.perform(PayOrder(key or uuid4().hex, order.id, method), caller)
        return payment

    async def bought(self, caller: Caller, *lines: WantedLine, **more: Any) -> OrderView:
        """Placed and paid."""
        payment = await self.pay(caller, await self.place(caller, *lines, **more))
        assert payment.order is not None
        return payment.order

    async def do(self, command: Command) -> Any:
        """What the system does by itself."""
        return await self.perform(command, SYSTEM)

    async def expire(self, limit: int = 100) -> int:
        count: int = await self.do(ExpireOrders(limit))
        return count

    async def age(self, order: OrderView, by: timedelta) -> None:
        """Let an order have been placed that much earlier."""
        await self.run("UPDATE orders SET expires_at = expires_at - $2::interval WHERE id = $1", order.id, by)

    async def work_off(self, rounds: int = 1) -> int:
        """Run the queued jobs now, whatever their time; how many there were."""
        count = 0
        for _ in range(rounds):
            rows = await self.rows("DELETE FROM pgqueuer RETURNING entrypoint, payload")
            await self.run("UPDATE attempt SET next_poll_at = now() WHERE next_poll_at IS NOT NULL")
            for row in rows:
                await JOBS[row["entrypoint"]](orjson.loads(row["payload"]), self.desk)
            count += len(rows)
        return count

    async def order(self, order: OrderView) -> OrderView:
        """The order as it is now."""
        return (await self.reads.by_ids(SYSTEM, [order.id]))[order.id]

    async def stock(self, sku: str) -> int:
        """Free items in headquarters' pool, by the gate."""
        return int(
            await self.value(
                "SELECT available FROM stock_level s JOIN variant v ON v.id = s.variant_id WHERE v.sku = $1",
                sku,
            )
        )

    async def states(self, sku: str) -> dict[str, int]:
        """Cards by state."""
        rows = await self.rows(
            "SELECT c.state, count(*) AS n FROM card c JOIN variant v ON v.id = c.variant_id"
            " WHERE v.sku = $1 GROUP BY 1", sku,
        )  # fmt: skip
        return {row["state"]: row["n"] for row in rows}

    async def everything(self) -> dict[str, Any]:
        """What a refusal must leave as it was: counts, states and sums of all that orders touch."""
        tables = (
            "orders",
            "order_line",
            "fulfilment",
            "payment",
            "shipment",
            "entitlement",
            "attempt",
            "outbox",
            "ledger_transfer",
            "ledger_entry",
        )
        found = {
            table: await self.value(f"SELECT count(*) FROM {table}") for table in (*tables, "idempotency")
        }
        found["levels"] = [tuple(row) for row in await self.rows("SELECT * FROM stock_level ORDER BY 1, 2")]
        found["cards"] = [tuple(row) for row in await self.rows("SELECT id, state FROM card ORDER BY 1")]
        found["status"] = [tuple(row) for row in await self.rows("SELECT id, status FROM orders ORDER BY 1")]
        found["used"] = [tuple(row) for row in await self.rows("SELECT id, used FROM entitlement ORDER BY 1")]
        return found

    async def run(self, statement: str, *values: Any) -> None:
        async with self.database.connection() as connection:
            await connection.execute(statement, *values)

    async def rows(self, statement: str, *values: Any) -> Sequence[Any]:
        async with self.database.connection() as connection:
            return list(await connection.fetch(statement, *values))

    async def value(self, statement: str, *values: Any) -> Any:
        async with self.database.connection() as connection:
            return await connection.fetchval(statement, *values)


def line(sku: str, quantity: int = 1, account: Any = None) -> WantedLine:
    return WantedLine(sku, quantity, account)


def top_up(ending: str = "8000") -> WantedLine:
    """A phone credit; the sandbox supplier answers by how the number ends."""
    return line("CMCC", 1, {"phone": "13800138000"[: 11 - len(ending)] + ending})


def settings_of(directory: Path) -> Settings:
    return Settings.model_validate({"data": directory, "demo": True})


async def open_shop(database: Database, directory: Path) -> Shop:
    """A shop with ten cards of each card SKU and five figures."""
    from tests.orders import goods

    shop = Shop(database, Tools(Vault(MemoryKeys()), settings_of(directory)))
    await goods.add_channels(shop)
    for sku in GOODS:
        await goods.add_product(shop, sku)
    await goods.add_bundle(shop, "PACK", 10_000, {"TXV": 1, "FILM": 2, "CMCC": 1})
    await goods.add_bundle(shop, "GIFT", 12_000, {"FIGURE": 1, "IQY": 1})
    for sku in CARDS:
        await goods.add_cards(shop, sku, 10)
    await goods.set_count(shop, "FIGURE", 5)
    return shop
