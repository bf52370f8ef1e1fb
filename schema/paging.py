"""Relay connections over the domain's pages."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

import strawberry

from domain import paging
from schema.audiences import open_to_all
from schema.nouns import noun

T = TypeVar("T")

First = Annotated[
    int | None, strawberry.argument(description="How many items from the beginning: 0 to 100, 20 if unsaid.")
]
After = Annotated[str | None, strawberry.argument(description="Begin behind this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many items from the end: 0 to 100.")]
Before = Annotated[str | None, strawberry.argument(description="End before this cursor.")]


@noun(paging.PageInfo, description="Whether a list goes on, and where.")
class PageInfo:
    """Relay's PageInfo."""

    has_next_page: bool = open_to_all("Whether there are items behind this page.")
    has_previous_page: bool = open_to_all("Whether there are items before this page.")
    start_cursor: str | None = open_to_all("The cursor of the page's first item.")
    end_cursor: str | None = open_to_all("The cursor of the page's last item.")


@strawberry.type(description="An item of a page, with its place in the list.")
class Edge(Generic[T]):
    """Relay's edge."""

    node: T = open_to_all("The item.")
    cursor: str = open_to_all("Its place: give it as `after` or `before`.")


async def _count(root: strawberry.Parent[Any]) -> int:
    page: paging.Page[Any] = root
    return await page.count()


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """Relay's connection."""

    edges: list[Edge[T]] = open_to_all("The page's items in order.")
    page_info: PageInfo = open_to_all("Whether the list goes on.")

    total_count: int = open_to_all("How many items the whole list has.", resolver=_count)
