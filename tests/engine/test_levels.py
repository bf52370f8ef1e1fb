"""Fields that are fetched for a whole level belong to their own object, however long a context lives."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import strawberry
from strawberry.tools import create_type

from domain.access.callers import Caller, CallerKind
from resolvers.http.codec import OrjsonCodec
from schema.audiences import open_to_all, visible_to
from schema.engine.engine import Engine
from schema.levels import LEVELS, level
from schema.nouns import SOURCES, noun, shown
from schema.verbs import SUBSCRIPTIONS, subscription
from tests.subscriptions.listening import answers_of

EVENTS = 200
CALLS: list[int] = []
"""For how many parents each call of the level was."""


@dataclass(slots=True)
class TickView:
    """As small as an event, and as short-lived."""

    number: int


@noun(TickView, description="A tick.")
class Tick:
    """What clients see of it."""

    number: int = open_to_all("Which one it is.")
    double: int = open_to_all("Twice that, fetched.")
    margin: int | None = visible_to("margin:read", "For some.")


@level(Tick)
async def double(ticks: Sequence[TickView], _context: Any, times: int = 2) -> list[int]:
    """One value for each."""
    CALLS.append(len(ticks))
    return [tick.number * times for tick in ticks]


@subscription()
async def ticks(context: Any) -> AsyncIterator[Tick]:
    """Numbers, each in an object that is gone afterwards."""
    for number in range(EVENTS):
        yield shown(Tick, TickView(number))


@strawberry.type
class Query:
    """Both ways to ask for an object."""

    @strawberry.field
    def one(self, number: int) -> Tick:
        """A single one."""
        return shown(Tick, TickView(number))

    @strawberry.field
    def ticks(self, count: int) -> list[Tick]:
        """A list of them."""
        return [shown(Tick, TickView(number)) for number in range(count)]


@strawberry.type
class Mutation(Query):
    """The same, one field after another."""


# What is declared here is no part of the API.
_field = SUBSCRIPTIONS.pop("ticks")
_field.python_name = "ticks"
del LEVELS["Tick", "double"], SOURCES[Tick]
SCHEMA = strawberry.Schema(query=Query, mutation=Mutation, subscription=create_type("Subscription", [_field]))


@dataclass
class Scene:
    """As much of a context as levels and guards look at."""

    caller: Caller = field(default_factory=lambda: Caller(CallerKind.STOREFRONT))
    loaders: dict[Any, Any] = field(default_factory=dict)
    denied: set[int] = field(default_factory=set)


ENGINE = Engine(SCHEMA, codec=OrjsonCodec())


async def test_each_event_has_what_was_fetched_for_it() -> None:
    answers = await answers_of(ENGINE, "subscription { ticks { number double } }", Scene())
    assert answers == [{"data": {"ticks": {"number": n, "double": 2 * n}}} for n in range(EVENTS)]


async def test_each_event_says_for_itself_what_is_forbidden() -> None:
    answers = await answers_of(ENGINE, "subscription { ticks { number margin } }", Scene())
    assert [answer["data"]["ticks"] for answer in answers] == [
        {"number": n, "margin": None} for n in range(EVENTS)
    ]
    said = [[error["path"] for error in answer["errors"]] for answer in answers]
    assert said == [[["ticks", "margin"]]] * EVENTS


@pytest.mark.parametrize("operation", ["query", "mutation"])
async def test_each_of_several_fields_has_its_own(operation: str) -> None:
    fields = " ".join(f"f{number}: one(number: {number}) {{ double }}" for number in range(EVENTS))
    answer = await SCHEMA.execute(f"{operation} {{ {fields} }}", context_value=Scene())
    assert answer.errors is None
    assert answer.data == {f"f{number}": {"double": 2 * number} for number in range(EVENTS)}


async def test_a_level_is_fetched_at_once_for_all_its_parents() -> None:
    CALLS.clear()
    document = "{ ticks(count: 5) { double thrice: double(times: 3) } }"
    answer = await SCHEMA.execute(document, context_value=Scene())
    assert answer.data == {"ticks": [{"double": 2 * n, "thrice": 3 * n} for n in range(5)]}
    assert CALLS == [5, 5]
