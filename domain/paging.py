"""Pages of long lists: what was asked for, what was found, and cursors that stay valid between requests."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from domain.moments import moment_of
from domain.refusals import BadRequest

MOST = 100
"""Items of a page at most."""

_FOREIGN = "This cursor does not belong to this list; begin again without it."

T = TypeVar("T")
_written = json.JSONEncoder(separators=(",", ":"), default=str, ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Relay's arguments, checked: exactly one direction, `limit` items, and where to go on."""

    limit: int
    backwards: bool = False
    after: list[Any] | None = None
    """The sort keys behind which (before which, when backwards) the page begins."""

    @classmethod
    def of(
        cls, first: int | None, after: str | None, last: int | None, before: str | None, order: str
    ) -> PageRequest:
        """Check the four arguments; `order` names the sort that a cursor must belong to.

        Raises BadRequest for a size outside 0…100, both directions at once, or the cursor of another list.
        """
        if (last is not None and first is not None) or (after is not None and before is not None):
            raise BadRequest("Ask either for first/after or for last/before, not for both.")
        if (last is None and before is not None) or (
            first is None and last is not None and after is not None
        ):
            raise BadRequest("`after` goes with `first`, `before` with `last`.")
        limit = last if last is not None else 20 if first is None else first
        if not 0 <= limit <= MOST:
            raise BadRequest(f"A page has 0 to {MOST} items; {limit} were asked for.")
        cursor = before if last is not None else after
        return cls(limit, last is not None, None if cursor is None else cursor_keys(cursor, order))

    @property
    def last_id(self) -> UUID | None:
        """The id behind which a page of a list by ids begins; BadRequest for a cursor that is not ours."""
        if self.after is None:
            return None
        try:
            (last_id,) = self.after
            return UUID(hex=last_id)
        except (ValueError, TypeError, AttributeError):
            raise BadRequest(_FOREIGN) from None

    @property
    def last_moment(self) -> tuple[datetime | None, UUID | None]:
        """Moment and id behind which a page of a list by time begins; BadRequest as for `last_id`."""
        if self.after is None:
            return None, None
        try:
            at, last_id = self.after
            return moment_of(at), UUID(hex=last_id)
        except (ValueError, TypeError, AttributeError):
            raise BadRequest(_FOREIGN) from None


def cursor_of(order: str, keys: Sequence[Any]) -> str:
    """An opaque cursor: the sort's name and the item's sort keys (JSON values)."""
    return base64.urlsafe_b64encode(_written([order, *keys]).encode()).decode().rstrip("=")


def cursor_keys(cursor: str, order: str) -> list[Any]:
    """The sort keys of a cursor; BadRequest when it was not made for this sort."""
    try:
        found = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        found = None
    if not isinstance(found, list) or len(found) < 2 or found[0] != order:
        raise BadRequest(_FOREIGN)
    return found[1:]


@dataclass(slots=True)
class Edge(Generic[T]):
    """One item with its cursor."""

    node: T
    cursor: str


@dataclass(slots=True)
class PageInfo:
    """Whether there is more, and where it begins."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(slots=True)
class Page(Generic[T]):
    """One page of a list; `count` tells the whole list's length when it is asked for."""

    edges: list[Edge[T]]
    page_info: PageInfo
    count: Callable[[], Awaitable[int]]

    @classmethod
    def cut(
        cls, found: Sequence[tuple[T, str]], request: PageRequest, count: Callable[[], Awaitable[int]]
    ) -> Page[T]:
        """A page from up to limit + 1 items in the direction of reading, each with its cursor."""
        more = len(found) > request.limit
        edges = [Edge(node, cursor) for node, cursor in found[: request.limit]]
        if request.backwards:
            edges.reverse()
        info = PageInfo(
            has_next_page=request.after is not None if request.backwards else more,
            has_previous_page=more if request.backwards else request.after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        )
        return cls(edges, info, count)

    @classmethod
    def empty(cls) -> Page[T]:
        """A page of nothing."""

        async def none() -> int:
            return 0

        return cls([], PageInfo(False, False, None, None), none)
