"""Loads the demo, or what is missing of it, and writes the file from which a front end begins."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persistence.demo.cards import load_cards
from persistence.demo.catalog import load_catalog
from persistence.demo.people import enter_people, enter_tokens, people_of
from persistence.demo.whole import whole
from persistence.embedded.layout import write_private
from persistence.starting import MARK
from persistence.statements import Statement
from persistence.store import opened

if TYPE_CHECKING:
    from persistence.settings import Settings
    from persistence.store import Store

_LOCK = Statement("SELECT pg_advisory_lock(:lock)")
_UNLOCK = Statement("SELECT pg_advisory_unlock(:lock)")
_LOCK_NUMBER = 0x5175_616E_7964
_PLANTED = Statement("SELECT EXISTS (SELECT FROM channel)")
_MARK = Statement(MARK)
_CHANNELS = Statement("SELECT code, name, tier, parent_id FROM channel ORDER BY created_at, id")


CONNECTIONS = 16
"""Cards and people are entered at the same time, and a batch of cards holds more than one connection."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What a user of the demo begins with."""

    url: str
    path: Path
    storefront_token: str


async def load_demo(settings: Settings, url: str) -> Demo:
    """Complete the demo in the settings' database, which is the demo's; `url` is where it will be served."""
    path = settings.make_data() / "demo.json"
    roomy = settings.model_copy(update={"pool_size": max(settings.pool_size, CONNECTIONS)})
    async with opened(roomy) as store, store.database.connection() as connection:
        await _LOCK.value(connection, lock=_LOCK_NUMBER)
        try:
            await _enter_catalog(store)
            async with asyncio.TaskGroup() as group:
                group.create_task(load_cards(store))
                beginning = group.create_task(_begin_with(store, url, _read(path)))
        finally:
            await _UNLOCK.value(connection, lock=_LOCK_NUMBER)
    content = beginning.result()
    write_private(path, json.dumps(content, ensure_ascii=False, indent=2) + "\n")
    return Demo(url, path, next(iter(content["storefrontTokens"].values())))


async def _enter_catalog(store: Store) -> None:
    async with whole(store) as perform:
        if await _PLANTED.value(perform.connection):
            return
        await load_catalog(perform)
        await _MARK.run(perform.connection)


async def _begin_with(store: Store, url: str, kept: dict[str, Any]) -> dict[str, Any]:
    async with store.database.connection() as connection:
        rows = await _CHANNELS.all(connection)
    root = next(row["code"] for row in rows if row["parent_id"] is None)
    people = people_of({row["code"]: row["name"] for row in rows}, root)
    shops = [row["code"] for row in rows if row["tier"] == "SHOP"]
    (storefront, api), agents = await asyncio.gather(
        enter_tokens(store, shops, root, kept), enter_people(store, people)
    )
    return {
        "url": f"{url}/graphql",
        "storefrontTokens": storefront,
        "agents": agents,
        "apiTokens": api,
    }


def _read(path: Path) -> dict[str, Any]:
    """What an earlier start wrote; empty where there is nothing that can be read."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def guide(demo: Demo, settings: Settings) -> str:
    """What to do next, to be printed."""
    query = "{ products(first: 3) { edges { node { name variants { sku price { amount } } } } } }"
    body = json.dumps({"query": query})
    return f"""
  Quanyi 权益 is ready: {demo.url}/graphql   (Ctrl-C stops it; a second start keeps the data)

  Tokens and passwords   {demo.path}
  Messages to people     {settings.messages_path}

  Open the address in a browser, put this into Headers, and run the query:

    {{"Authorization": "Bearer {demo.storefront_token}"}}

    {query}

  Or paste this:

    curl -s {demo.url}/graphql -H 'Authorization: Bearer {demo.storefront_token}' \\
      -H 'Content-Type: application/json' -d '{body}'
"""
