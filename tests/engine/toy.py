"""A schema of nouns, levels and verbs with everything that a plan can meet, faults and refusals included."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.scalars import JSON
from strawberry.tools import create_type

from domain.access.callers import Caller, CallerKind
from domain.paging import Page, PageRequest, cursor_of
from domain.refusals import NotFound, Refusal
from schema.audiences import asked, identified, open_to_all, visible_to
from schema.levels import level
from schema.nouns import Node, noun, shown
from schema.paging import Connection, First
from schema.verbs import MUTATIONS, QUERIES, SUBSCRIPTIONS, mutation, query, subscription

SECRET = "toy:secret"
BOSS = "toy:boss"
MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Colour(Enum):
    RED = "RED"
    GREEN = "GREEN"


strawberry.enum(Colour, description="A colour.")


@dataclass(slots=True)
class MakerView:
    id: UUID
    name: str
    rank: int | None = None


@dataclass(slots=True)
class ToyView:
    """`broken` toys have values that their types do not allow."""

    id: UUID
    name: Any
    colour: Any
    size: Any
    made: datetime | None
    extra: Any
    tags: Any
    maker_id: int
    secret: str | None = "s"
    channel: str = ""
    parts: list[Any] = field(default_factory=list)


@dataclass(eq=False)
class Jammed(Refusal):
    """The machine is jammed."""

    jams: Annotated[int, "How often."] = 0


@noun(MakerView, description="Who makes toys.")
class Maker(Node):
    """A maker."""

    id: strawberry.ID = identified("tmk", "The id.")
    name: str = open_to_all("The name.")
    rank: int | None = open_to_all("The rank.")
    toys: list[Toy] = open_to_all("Its toys.")
    best: Toy | None = open_to_all("Its best toy.")


@noun(ToyView, description="A toy.")
class Toy(Node):
    """A toy."""

    id: strawberry.ID = identified("tty", "The id.")
    name: str = open_to_all("The name.")
    colour: Colour | None = open_to_all("The colour.")
    size: int | None = open_to_all("The size.")
    made: datetime | None = open_to_all("When it was made.")
    extra: JSON | None = open_to_all("Anything.")
    tags: list[str | None] | None = open_to_all("Words.")
    maker: Maker = open_to_all("Its maker.")
    secret: str | None = visible_to(SECRET, "What not all may know.")
    priced: str | None = visible_to(BOSS, "A level that not all may read.")
    channel: str = open_to_all("Through which root field it came.")
    parts: list[Toy] = open_to_all("What it consists of.")
    grid: list[list[Toy | None]] | None = open_to_all("Toys in rows.")
    rival: Thing | None = open_to_all("A toy or a maker.")


Thing = Annotated[Toy | Maker, strawberry.union("Thing", description="A toy or a maker.")]


@strawberry.input(description="Which toys.")
class Wanted:
    """A filter."""

    name: str | None = asked("A part of the name.", default=None)
    colours: list[Colour] | None = asked("Colours.", default=None)
    most: int = asked("How many.", default=4)
    also: Wanted | None = asked("More.", default=None)
    extra: JSON | None = asked("Anything.", default=None)


@strawberry.input(description="A job.")
class JobInput:
    """What a machine does."""

    word: str = asked("What it says.")
    colour: Colour = asked("In which colour.", default=Colour.RED)


def _uuid(number: int) -> UUID:
    return UUID(int=number)


def toy(number: int, channel: str = "", broken: bool = False) -> ToyView:
    found = ToyView(
        _uuid(number), f"toy {number} \u2028é", ("RED", Colour.GREEN, None)[number % 3], number * 7,
        MOMENT if number % 2 else None, {"n": [number, None]}, ["a", None] if number % 2 else None,
        number % 3, channel=channel,
    )  # fmt: skip
    if number < 40:
        found.parts = [toy(number * 10 + at, channel) for at in range(number % 3)]
    if broken:
        faults: tuple[tuple[str, Any], ...] = (
            ("name", None), ("colour", "BLUE"), ("size", 1 << 40), ("tags", 5), ("extra", ValueError("x")),
        )  # fmt: skip
        setattr(found, *faults[number % len(faults)])
    return found


def a_maker(number: int) -> MakerView:
    return MakerView(_uuid(1000 + number), f"maker {number}", number or None)


@dataclass(slots=True)
class ToyContext:
    """What the engine's own context has, and what was done."""

    caller: Caller
    broken: bool = False
    loaders: dict[Any, Any] = field(default_factory=dict)
    denied: set[int] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    request_id: str = "toy"

    def touch(self, what: str) -> None:
        """Remember a call, and fail in every third when broken."""
        if self.broken and what.startswith("level"):
            raise RuntimeError("a level fails")


def _levels() -> None:
    @level(Toy)
    async def maker(toys: Sequence[ToyView], context: Any) -> list[Maker]:
        """Whoever."""
        return shown(list[Maker], [a_maker(one.maker_id) for one in toys])

    @level(Maker)
    async def toys(makers: Sequence[MakerView], context: Any) -> list[list[Toy]]:
        """Two each."""
        return shown(list[list[Toy]], [[toy(one.id.int), toy(one.id.int + 1)] for one in makers])

    @level(Maker)
    async def best(makers: Sequence[MakerView], context: Any) -> list[Toy | None]:
        """Some have one."""
        return shown(list[Toy | None], [toy(5) if one.rank else None for one in makers])

    @level(Toy)
    async def priced(toys: Sequence[ToyView], context: Any, times: int = 1) -> list[str | None]:
        """An argument and a permission."""
        return [f"{one.name * times}" if one.size % 2 else None for one in toys]

    @level(Toy)
    async def grid(toys: Sequence[ToyView], context: Any) -> list[list[list[Toy | None]] | None]:
        """Lists in lists."""
        found = [None if one.size % 5 == 0 else [[toy(3), None], []] for one in toys]
        return shown(list[list[list[Toy | None]] | None], found)

    @level(Toy)
    async def rival(toys: Sequence[ToyView], context: Any) -> list[Thing | None]:
        """Of either type."""
        context.touch("level rival")
        found = [(toy(2), a_maker(1), None)[one.maker_id] for one in toys]
        return shown(list[Thing | None], found)


_levels()


def _page(names: Sequence[ToyView]) -> Any:
    async def count() -> int:
        return 99

    return Page.cut([(one, cursor_of("toys", [one.name])) for one in names], PageRequest(3), count)


@query()
async def toys(
    context: Any,
    filter: Annotated[Wanted | None, strawberry.argument(description="Which.")] = None,
    first: First = 3,
    channel: Annotated[str, strawberry.argument(description="Travels with the toys.")] = "c0",
) -> Connection[Toy]:
    """Toys."""
    wanted = filter or Wanted(name=None, colours=None, also=None, extra=None)
    if first is not None and first < 0:
        raise ValueError("no such page")
    colours = ",".join(one.value for one in wanted.colours or ())
    label = f"{channel}/{wanted.name}/{colours}/{wanted.extra!r}"
    while wanted.also is not None:
        wanted = wanted.also
        label += f"/{wanted.name}/{wanted.most}"
    found = [toy(n, label, context.broken and n == 2) for n in range(1, (first or 0) + 1)]
    return shown(Connection[Toy], _page(found[: wanted.most]))


@query(requires=BOSS)
async def secrets(context: Any) -> list[Toy] | None:
    """Toys that not all may see."""
    return shown(list[Toy], [toy(1), toy(4)])


@query()
async def thing(
    context: Any,
    id: Annotated[strawberry.ID, strawberry.argument(description="t and a number, or m and one.")],
) -> Thing | None:
    """A toy or a maker."""
    found: Any = {"t": toy, "m": a_maker}.get(id[:1])
    return shown(Toy, found(int(id[1:]))) if found and id[1:].isdigit() else None


@query()
async def nodes(context: Any, colour: Colour = Colour.GREEN) -> list[Node | None]:
    """Of any type."""
    return shown(list[Node | None], [toy(1, colour.value), None, a_maker(2)])


@mutation(fails_with=(Jammed,))
async def work(context: Any, input: JobInput) -> Toy:
    """Work."""
    context.calls.append(f"{input.word} {input.colour.value}")
    if input.word == "jam":
        raise Jammed(3)
    if input.word == "gone":
        raise NotFound("toy", "input.word")
    if input.word == "fault":
        raise RuntimeError("a fault")
    return shown(Toy, toy(4, "made", broken=input.word == "broken"))


@mutation(requires=BOSS)
async def order_about(context: Any, input: JobInput) -> Maker:
    """Only the boss."""
    context.calls.append("boss")
    return shown(Maker, a_maker(2))


@subscription()
async def made(context: Any, to: int = 3) -> AsyncIterator[Toy]:
    """New toys."""
    for number in range(1, to + 1):
        yield shown(Toy, toy(number, "event", context.broken and number == 2))


def _taken(registry: dict[str, Any], name: str, *fields: str) -> Any:
    """The toy's root type, taken out of the registry of the real schema."""
    named = []
    for python_name in fields:
        one = registry.pop(python_name)
        one.python_name = python_name
        named.append(one)
    return create_type(name, named, description=f"The toy's {name}.")


SCHEMA = strawberry.Schema(
    query=_taken(QUERIES, "Query", "toys", "secrets", "thing", "nodes"),
    mutation=_taken(MUTATIONS, "Mutation", "work", "order_about"),
    subscription=_taken(SUBSCRIPTIONS, "Subscription", "made"),
    types=[Toy, Maker],
)


def context(*permissions: str, broken: bool = False) -> ToyContext:
    """A context of a person with these permissions."""
    kind = CallerKind.AGENT if permissions else CallerKind.ANONYMOUS
    return ToyContext(Caller(kind, frozenset(permissions)), broken)
