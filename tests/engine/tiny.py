"""A schema small enough to know by heart, with everything in it that an engine can meet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig

from resolvers.http.codec import OrjsonCodec
from schema.engine.engine import Engine
from schema.engine.faults import Fault
from schema.engine.limits import DocumentLimits
from schema.upload import UPLOAD, Upload, UploadedFile


class NotAllowed(Exception):
    """A domain exception that the engine is told about."""


SECRET = "canary-7Q4Z"


@strawberry.type
class PageInfo:
    has_next_page: bool = False


@strawberry.type
class Item:
    name: str = "thing"

    @strawberry.field
    def inner(self) -> Item:
        return Item(name=f"{self.name}'")

    @strawberry.field
    def many(self) -> list[Item]:
        return [Item(), Item()]

    @strawberry.field
    def items(self, first: int | None = 20, last: int | None = None) -> ItemConnection:
        return ItemConnection(edges=[ItemEdge(node=Item())] * (first or last or 0))


@strawberry.type
class ItemEdge:
    node: Item
    cursor: str = "c"


@strawberry.type
class ItemConnection:
    edges: list[ItemEdge]
    page_info: PageInfo = strawberry.field(default_factory=PageInfo)
    total_count: int = 0


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"hello {name}"

    @strawberry.field
    def number(self, value: int) -> int:
        return value

    @strawberry.field
    def too_big(self) -> int | None:
        return 2**40

    @strawberry.field
    def item(self) -> Item:
        return Item()

    @strawberry.field
    def items(self, first: int | None = 20, last: int | None = None) -> ItemConnection:
        return ItemConnection(edges=[ItemEdge(node=Item())] * (first or last or 0))

    @strawberry.field
    async def slow(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "done"

    @strawberry.field
    def who(self, info: strawberry.Info[Any, Any]) -> str:
        return str(info.context.who)

    @strawberry.field
    def fails(self) -> str | None:
        raise ValueError(f"the secret is {SECRET}")

    @strawberry.field
    def forbidden(self) -> str | None:
        raise NotAllowed("needs the permission x")

    @strawberry.field
    def json(self, value: strawberry.scalars.JSON) -> strawberry.scalars.JSON:
        return value


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def record(self, info: strawberry.Info[Any, Any], word: str, seconds: float = 0.0) -> str:
        await asyncio.sleep(seconds)
        info.context.words.append(word)
        return word

    @strawberry.mutation
    async def measure(self, file: Upload) -> list[str]:
        assert isinstance(file, UploadedFile)
        pieces = [str(len(piece)) async for piece in file.chunks(100_000)]
        return [file.filename, file.content_type, str(file.size), *pieces]

    @strawberry.mutation
    async def measure_all(self, files: list[Upload]) -> list[str]:
        return [(await f.read()).decode() for f in files if isinstance(f, UploadedFile)]


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(
        self, info: strawberry.Info[Any, Any], to: int, every: float = 0.0
    ) -> AsyncGenerator[int, None]:
        try:
            for number in range(1, to + 1):
                await asyncio.sleep(every)
                info.context.sent.append(number)
                yield number
        finally:
            info.context.words.append("source closed")

    @strawberry.subscription
    async def breaks(self) -> AsyncGenerator[int, None]:
        yield 1
        raise ValueError(f"the secret is {SECRET}")

    @strawberry.subscription
    async def denied(self) -> AsyncGenerator[int, None]:
        for permission in ("x",):
            raise NotAllowed(f"needs the permission {permission}")
        yield 1


def error_of(exception: BaseException) -> GraphQLError | None:
    """The one domain exception here."""
    if isinstance(exception, NotAllowed):
        return GraphQLError(str(exception), extensions={"code": "FORBIDDEN"})
    return None


SCHEMA = strawberry.Schema(
    Query, Mutation, Subscription, config=StrawberryConfig(scalar_map={Upload: UPLOAD})
)


CODEC = OrjsonCodec()


def engine(
    limits: DocumentLimits | None = None, *, introspection: bool = True, faults: list[Fault] | None = None
) -> Engine:
    """An engine over the schema; faults are collected."""
    seen = [] if faults is None else faults
    return Engine(SCHEMA, limits, introspection, codec=CODEC, error_of=error_of, on_fault=seen.append)
