"""A small tree of channels with the people, tokens and customers that these tests tell of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

import domain.access.agent_sign_in
import domain.access.people
import domain.access.portal_keys
import domain.access.sign_in_codes
from domain.access.callers import SYSTEM, Caller
from domain.access.customer_sign_in import SignInCustomer
from domain.access.people import CreateAgent
from domain.access.permissions import Role
from domain.access.records import SignInMethod, TokenKind
from domain.access.sign_in_codes import RequestSignInCode
from domain.access.tokens import CreateToken
from domain.access.views import Agent, AgentSession, CreatedToken, CustomerSession
from domain.ids import new_id
from persistence.access.authenticator import TokenAuthenticator
from persistence.access.delivery import deliver
from persistence.access.reads import StoredAccessReads
from persistence.bells import LocalBell
from persistence.cards.key_file import KeyFile
from persistence.cards.vault import Vault
from persistence.database import Database
from persistence.jobs import Desk
from persistence.perform import Performer
from persistence.settings import Settings
from persistence.work import Tools

PASSWORD = "correct horse battery"
TREE = {"HQ": None, "GD": "HQ", "GZ": "GD", "SHOP-A": "GZ", "SHOP-B": "GZ", "ZJ": "HQ"}


@dataclass(slots=True)
class World:
    """The rig of one server process over one database."""

    database: Database
    tools: Tools
    channels: dict[str, UUID]

    @property
    def perform(self) -> Performer:
        return Performer(self.database, LocalBell(), self.tools)

    @property
    def authenticator(self) -> TokenAuthenticator:
        return TokenAuthenticator(self.database, self.tools)

    @property
    def reads(self) -> StoredAccessReads:
        return StoredAccessReads(self.database, self.tools)

    @property
    def messages(self) -> Path:
        return self.tools.settings.messages_path

    async def caller(self, token: str | None, address: str = "203.0.113.7") -> Caller:
        return await self.authenticator.caller_of(token, address=address, device_id=None, request_id="r1")

    async def agent(self, channel: str, *roles: Role, email: str = "") -> Agent:
        email = email or f"{roles[0].value}-{channel}@example.com".lower()
        command = CreateAgent(email, f"{channel} {roles[0]}", channel, roles, PASSWORD)
        made: Agent = await self.perform(command, SYSTEM)
        return made

    async def sign_in(self, email: str, password: str = PASSWORD, **seen: Any) -> AgentSession:
        caller = await self.caller(None, **seen)
        command = domain.access.agent_sign_in.SignInAgent(email, password)
        session: AgentSession = await self.perform(command, caller)
        return session

    async def owner(self, channel: str) -> Caller:
        """A signed-in OWNER of a channel."""
        agent = await self.agent(channel, Role.OWNER)
        return await self.caller((await self.sign_in(agent.email)).access_token)

    async def token(self, channel: str, *scopes: str) -> CreatedToken:
        kind = TokenKind.API_CLIENT if scopes else TokenKind.STOREFRONT
        made: CreatedToken = await self.perform(CreateToken(kind, channel, "test", scopes), SYSTEM)
        return made

    async def storefront(self, channel: str, **seen: Any) -> Caller:
        return await self.caller((await self.token(channel)).token, **seen)

    async def code_for(self, phone: str, shop: Caller) -> str:
        """Ask for a code, have the queue delivered, and read it from the file as a tester does."""
        await self.perform(RequestSignInCode(phone), shop)
        await self.deliver()
        code: str = self.sent()[-1]["code"]
        return code

    async def deliver(self) -> None:
        """Do what the worker does with the queue."""
        desk = Desk(self.database, self.perform, self.tools.vault, self.tools.settings)
        for payload in await self.column("DELETE FROM pgqueuer RETURNING payload"):
            await deliver(orjson.loads(payload), desk)

    def sent(self) -> list[dict[str, str]]:
        """The messages that were sent, in their order."""
        return [orjson.loads(line) for line in self.messages.read_bytes().splitlines()]

    async def customer(self, phone: str, shop: Caller) -> CustomerSession:
        return await self.prove(phone, await self.code_for(phone, shop), shop)

    async def prove(self, phone: str, code: str, shop: Caller) -> CustomerSession:
        session: CustomerSession = await self.perform(
            SignInCustomer(SignInMethod.PHONE_CODE, phone, code), shop
        )
        return session

    async def find(self, caller: Caller, type_name: str, id: Any) -> Any:
        """An object by its id, as the caller sees it."""
        return await self.reads.node(caller, type_name, id)

    async def run(self, statement: str, *values: Any) -> None:
        """SQL as the application's role."""
        async with self.database.connection() as connection:
            await connection.execute(statement, *values)

    async def column(self, statement: str, *values: Any) -> list[Any]:
        """The first column of every row."""
        async with self.database.connection() as connection:
            return [row[0] for row in await connection.fetch(statement, *values)]


def settings_of(directory: Path, **changes: Any) -> Settings:
    """The demo's settings with hashing made cheap, and what a test changes."""
    cheap = {"data": directory, "demo": True, "password_memory_kib": 19_456}
    return Settings.model_validate(cheap | changes)


async def grow(database: Database, directory: Path, **changes: Any) -> World:
    """A world with the channels of TREE and nobody in it."""
    vault = Vault(KeyFile.create(directory / "keys.json"))
    world = World(database, Tools(vault, settings_of(directory, **changes)), {})
    for code, parent in TREE.items():
        own = world.channels[code] = new_id()
        path = [own]
        if parent is not None:
            (above,) = await world.column("SELECT path FROM channel WHERE code = $1", parent)
            path = [*above, own]
        await world.run(
            "INSERT INTO channel (id, code, name, tier, parent_id, path) VALUES ($1, $2, $3, 'SHOP', $4, $5)",
            own, code, f"Channel {code}", world.channels.get(parent or ""), path,
        )  # fmt: skip
    return world
