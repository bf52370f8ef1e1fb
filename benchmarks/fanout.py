"""Measures live feeds: processor time for each delivered message beside a bare broadcast, and idle memory.

python -m benchmarks.fanout [--sockets 2000] [--events 40]     against a bare broadcast of the same bytes
python -m benchmarks.fanout --idle 10000 [--groups N]          memory of idle subscribers
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import math
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from benchmarks.card_import import open_directory
from benchmarks.rig import settled
from benchmarks.sides import PATIENCE_S, Side, broadcasting, listening
from benchmarks.world import REDEEMING, SHOP, Size, build
from domain.access.callers import SYSTEM
from domain.access.permissions import CARDS_READ
from domain.access.records import TokenKind
from domain.access.tokens import CreateToken
from domain.cards.events import CardStatusChanged
from persistence import outbox
from persistence.embedded import start
from persistence.store import Store, opened
from schema.cards import CardStatus
from tests.server_process import serving

MANY = str(2**31 - 1)
SELECTIONS = (
    "position to card { id }",
    "position at from to card { id sku status masked changedAt }",
    "position at to card { id sku status channel { code name } }",
)


class Rig:
    """Our server over a small world, with a token that may follow its cards."""

    def __init__(self, store: Store, process: Any, token: str, card: Any) -> None:
        self._store, self._process, self._token, self._card = store, process, token, card

    @asynccontextmanager
    async def subscribed(self, sockets: int, payloads: list[dict[str, Any]]) -> AsyncIterator[Side]:
        """So many subscribers of our server."""
        address = urlsplit(self._process.url)
        plan = {"host": address.hostname, "port": address.port, "sockets": sockets, "token": self._token}
        async with listening(plan | {"payloads": payloads}) as audience:
            await self._until_all_follow(sockets)
            yield Side(self._process.family, audience, self._emit)

    async def _emit(self) -> None:
        """A step of a card, as the transaction that makes it true writes it down."""
        event = CardStatusChanged(
            aggregate_id=self._card["id"], channel_id=self._card["channel_id"], sku=REDEEMING,
            from_state="SOLD", to_state="DELIVERED",
        )  # fmt: skip
        async with self._store.database.transaction() as connection:
            await outbox.write(connection, [event])

    async def _until_all_follow(self, sockets: int) -> None:
        async with asyncio.timeout(PATIENCE_S), httpx2.AsyncClient() as http:
            expected = f"\nquanyi_subscriptions {float(sockets)}"
            while expected not in await self._meters(http):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.2)
        await asyncio.sleep(1)

    async def _meters(self, http: httpx2.AsyncClient) -> str:
        return (await http.get(f"{self._process.url}/metrics")).text

    async def counts(self) -> tuple[float, float]:
        """Events that were encoded, and given to subscribers, since the server began."""
        async with httpx2.AsyncClient() as http:
            lines = dict(line.rsplit(" ", 1) for line in (await self._meters(http)).splitlines())
        return float(lines["quanyi_feed_encoded_total"]), float(lines["quanyi_feed_delivered_total"])


@asynccontextmanager
async def rigged(dsn: str, place: Path) -> AsyncIterator[Rig]:
    """Our server on an empty database."""
    async with opened(await settled(dsn, place)) as store:
        await build(store, Size(10, 30, 30))
        made = await store.perform(CreateToken(TokenKind.API_CLIENT, SHOP, "feed", (CARDS_READ,)), SYSTEM)
        async with store.database.connection() as connection:
            card = await connection.fetchrow("SELECT id, channel_id FROM card WHERE state = 'DELIVERED'")
        async with serving(place, dsn, QUANYI_SOCKETS_PER_ADDRESS=MANY, QUANYI_BUDGETS="false") as process:
            yield Rig(store, process, str(made.token), card)


def payloads_of(groups: int = len(SELECTIONS)) -> list[dict[str, Any]]:
    """So many subscriptions that share nothing: other selections, then other variables."""
    query = "subscription ($to: [CardStatus!]) {{ cardStatusChanged(to: $to) {{ {} }} }}"
    names, rest = ["DELIVERED"], [one.name for one in CardStatus if one.name != "DELIVERED"]
    found: list[dict[str, Any]] = []
    for order in itertools.permutations(rest):
        for selection in SELECTIONS:
            found.append({"query": query.format(selection), "variables": {"to": [*names, *order]}})
            if len(found) >= groups:
                return found
    raise ValueError(f"There are {math.factorial(len(rest)) * len(SELECTIONS)} subscriptions at most.")


async def fanned_out(rig: Rig, sockets: int, events: int) -> dict[str, Any]:
    """Both sides."""
    async with rig.subscribed(sockets, payloads_of()) as side:
        before = await rig.counts()
        ours = await side.measure(sockets, events)
        encoded, delivered = (now - then for now, then in zip(await rig.counts(), before, strict=True))
    async with broadcasting(filled(side.message, ours.message_bytes), sockets) as other:
        bare = await other.measure(sockets, events)
    return {"ours": ours, "bare": bare, "encoded": encoded, "delivered": delivered}


def filled(message: str, size: int) -> str:
    """A message of so many bytes; what is in it is no matter."""
    plain = message.encode("ascii", "replace").decode()
    return (plain * (size // len(plain) + 1))[:size]


async def idle(rig: Rig, sockets: int, groups: int) -> dict[str, float]:
    """The memory of the server, before and with its subscribers, and when all have heard an event."""
    async with rig.subscribed(1, payloads_of(1)) as side:
        await side.event()
        alone = side.megabytes()
    async with rig.subscribed(sockets, payloads_of(groups)) as side:
        quiet = side.megabytes()
        await side.event()
        return {"alone": alone, "idle": quiet, "after an event": side.megabytes()}


async def _run(said: argparse.Namespace) -> None:
    with open_directory() as directory:
        running = await start(directory / "postgres")
        try:
            async with rigged(running.dsn, directory) as rig:
                if said.idle:
                    found = await idle(rig, said.idle, said.groups)
                    each = (found["idle"] - found["alone"]) * 1024 / said.idle
                    print(f"{said.idle:,} idle subscribers in {said.groups:,} groups, {each:.1f} KB each")
                    print(", ".join(f"{name} {value:.0f} MB" for name, value in found.items()))
                else:
                    print(table(await fanned_out(rig, said.sockets, said.events), said))
        finally:
            await running.stop()


def table(found: dict[str, Any], said: argparse.Namespace) -> str:
    """The figures, and the ratio that counts."""
    lines = [f"{said.sockets:,} sockets, {said.events} events, {len(SELECTIONS)} selections"]
    for name in ("ours", "bare"):
        one = found[name]
        lines.append(
            f"{name:<6}{one.cpu_us:>8.1f} CPU us/message ({one.idle_us:.1f} of it idle), last socket after "
            f"{one.last_ms:.0f} ms, {one.message_bytes} bytes, {one.megabytes:.0f} MB"
        )
    lines.append(f"encoded {found['encoded']:.0f}, delivered {found['delivered']:.0f}")
    lines.append(f"ratio {found['ours'].cpu_us / found['bare'].cpu_us:.2f}")
    return "\n".join(lines)


def allow(sockets: int) -> None:
    """Let processes that are started from here have so many sockets; AssertionError where they may not."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = sockets + 500
    assert most >= wanted, f"Allow {wanted} open files first: ulimit -n {wanted}"
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser("benchmarks.fanout", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sockets", type=int, default=2_000)
    parser.add_argument("--events", type=int, default=40)
    parser.add_argument("--idle", type=int, default=0, help="Measure the memory of so many idle subscribers.")
    parser.add_argument("--groups", type=int, default=len(SELECTIONS), help="Distinct ones of the idle.")
    said = parser.parse_args()
    allow(max(said.sockets, said.idle))
    asyncio.run(_run(said))


if __name__ == "__main__":
    main()
