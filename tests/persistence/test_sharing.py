"""Commands of any kind that share a transaction: what each of them may do without harm to the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import pytest

from domain.access.callers import SYSTEM
from domain.commands import SharedCommand, handles, reacts_to
from domain.events import Event
from domain.refusals import NotFound, Refusal
from persistence.bells import LocalBell
from persistence.cards.vault import Vault
from persistence.database import Database
from persistence.idempotency import kept_key
from persistence.perform import SPOILED, Performer
from persistence.settings import Settings
from persistence.work import Tools
from tests.cards.keyrings import MemoryKeys

WRITE = "INSERT INTO counted (name) VALUES ($1)"


@dataclass(eq=False)
class CountedAllTheSame(Refusal):
    """It was refused, and counted."""

    keeps_work: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Event):
    """Something was noted."""

    kind: ClassVar[str] = "test.noted"
    text: str = ""


@dataclass(frozen=True, slots=True)
class Note(SharedCommand):
    """Write a word down, or come to grief in one of many ways."""

    text: str
    fate: str = "well"


@handles(Note)
async def note(command: Note, caller: Any, work: Any) -> str:
    await work.connection.fetch("SELECT 1 FROM counted WHERE name = 'gate' FOR UPDATE")
    if command.fate == "refused":
        raise NotFound("note")
    await work.connection.execute(WRITE, command.text)
    if command.fate == "refused late":
        raise NotFound("note")
    if command.fate == "broken":
        await work.connection.fetchval("SELECT 1 / 0")
    if command.fate == "counted":
        raise CountedAllTheSame
    work.record(Noted(aggregate_id=uuid4(), text=command.text))
    return command.text


@reacts_to(Noted)
async def note_it_twice(event: Noted, work: Any) -> None:
    await work.connection.execute(WRITE, f"{event.text} again")


@dataclass(slots=True)
class Desk:
    database: Database
    perform: Performer

    async def together(self, *fates: str) -> list[Any]:
        """The first has a transaction of its own, and the others come meanwhile."""
        async with self.database.transaction() as connection:
            await connection.execute("INSERT INTO counted (name) VALUES ('gate')")
        async with self.database.transaction() as connection:
            await connection.fetch("SELECT 1 FROM counted WHERE name = 'gate' FOR UPDATE")
            tasks = []
            for n, fate in enumerate(fates):
                command = Note(f"key-{n}", f"word {n}", fate)
                tasks.append(asyncio.ensure_future(self.perform(command, SYSTEM)))
                await asyncio.sleep(0)
        return await asyncio.gather(*tasks, return_exceptions=True)

    async def words(self) -> list[list[str]]:
        """What each transaction has written, the oldest first."""
        async with self.database.connection() as connection:
            rows = await connection.fetch(
                "SELECT array_agg(name ORDER BY name) AS names FROM counted WHERE name <> 'gate'"
                " GROUP BY xmin::text ORDER BY xmin::text::bigint"
            )
        return [row["names"] for row in rows]

    async def keys(self) -> list[str]:
        async with self.database.connection() as connection:
            kept = {row["key"] for row in await connection.fetch("SELECT key FROM idempotency")}
        said = {kept_key(SYSTEM.idempotency_scope, f"key-{n}"): f"key-{n}" for n in range(9)}
        return sorted(said[key] for key in kept)

    async def events(self) -> int:
        async with self.database.connection() as connection:
            return int(await connection.fetchval("SELECT count(*) FROM outbox"))


@pytest.fixture
async def desk(dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    database = await Database.open(dsn)
    tools = Tools(Vault(MemoryKeys()), Settings.model_validate({"data": tmp_path, "demo": True}))
    yield Desk(database, Performer(database, LocalBell(), tools))
    await database.close()


async def test_reactions_events_and_counted_refusals_are_each_ones_own(desk: Desk) -> None:
    outcomes = await desk.together("well", "well", "refused", "counted", "well")
    assert [type(one) for one in outcomes] == [str, str, NotFound, CountedAllTheSame, str]
    assert await desk.words() == [
        ["word 0", "word 0 again"],
        ["word 1", "word 1 again", "word 3", "word 4", "word 4 again"],
    ]
    assert await desk.keys() == ["key-0", "key-1", "key-4"]
    assert await desk.events() == 3


@pytest.mark.parametrize(
    ("fate", "problem"), [("refused late", "NotFound"), ("broken", "DivisionByZeroError")]
)
async def test_whoever_spoils_a_transaction_costs_the_others_nothing_but_time(
    desk: Desk, fate: str, problem: str
) -> None:
    spoiled = SPOILED._value.get()
    outcomes = await desk.together("well", "well", fate, "well")
    assert [type(one).__name__ for one in outcomes] == ["str", "str", problem, "str"]
    assert SPOILED._value.get() == spoiled + 1
    assert await desk.words() == [[f"word {n}", f"word {n} again"] for n in (0, 1, 3)]
    assert await desk.keys() == ["key-0", "key-1", "key-3"]
    assert await desk.events() == 3


async def test_when_everybody_is_refused_nothing_is_left(desk: Desk) -> None:
    outcomes = await desk.together("refused", "refused", "refused")
    assert {type(one) for one in outcomes} == {NotFound}
    assert (await desk.words(), await desk.keys(), await desk.events()) == ([], [], 0)
