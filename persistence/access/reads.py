"""What callers may see of people, customers and tokens: their place in the tree is in every query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from domain.access.callers import CallerKind
from domain.access.identifiers import storable
from domain.access.permissions import ORDERS_READ, PEOPLE_WRITE, TOKENS_WRITE, Role
from domain.access.records import TokenKind
from domain.access.views import AccessToken, Agent
from domain.paging import Page, PageRequest, cursor_of
from domain.selected import ALL, Selected
from persistence.access.identities import customer_of
from persistence.access.shapes import AGENT, TOKEN
from persistence.selecting.pages import NewestPages
from persistence.statements import Statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.access.callers import Caller
    from persistence.database import Database
    from persistence.selecting.shapes import Shape
    from persistence.work import Tools

V = TypeVar("V")
AGENTS, TOKENS = "agents", "tokens"
"""The sorts that cursors belong to."""

_SELECT_AGENT = """SELECT x.id, x.name, x.email, x.roles, x.channel_id, x.created_at, x.disabled_at
  FROM agent x JOIN channel c ON c.id = x.channel_id"""
_SELECT_ISSUED = """SELECT x.id, x.kind, x.name, x.scopes, x.channel_id, x.created_at, x.expires_at,
       x.revoked_at
  FROM token x JOIN channel c ON c.id = x.channel_id"""
_SELECT_CUSTOMER = """SELECT x.id, x.channel_id, x.method, x.identifier_masked AS identifier, x.created_at,
       x.segments
  FROM customer x JOIN channel c ON c.id = x.channel_id"""
_OF_PEOPLE = "x.kind IN ('STOREFRONT', 'API_CLIENT')"

# `own` is the caller's channel: its place on the path means that it sees the row.
_ONE_AGENT = Statement(f"{_SELECT_AGENT} WHERE x.id = :id AND :own = ANY(c.path)")
_ONE_TOKEN = Statement(f"{_SELECT_ISSUED} WHERE x.id = :id AND :own = ANY(c.path) AND {_OF_PEOPLE}")
_ONE_CUSTOMER = Statement(f"{_SELECT_CUSTOMER} WHERE x.id = :id AND :own = ANY(c.path)")

_IN_CHANNEL = """c.path @> ARRAY[CAST(:own AS uuid)]
  AND (CAST(:code AS text) IS NULL
       OR c.path && ARRAY(SELECT named.id FROM channel named
                           WHERE named.code = :code AND named.path @> ARRAY[CAST(:own AS uuid)]))"""


def _list(shape: Shape[V], also: str = "true") -> NewestPages[V]:
    where = f"x.channel_id IN (SELECT c.id FROM channel c WHERE {_IN_CHANNEL}) AND {also}"
    return NewestPages(shape, where, "created_at")


_ALL_AGENTS = _list(AGENT)
_ALL_TOKENS = _list(TOKEN, _OF_PEOPLE)


class StoredAccessReads:
    """Fills `domain.access.ports.AccessReads`."""

    def __init__(self, database: Database, tools: Tools) -> None:
        self._database = database

    async def node(self, caller: Caller, type_name: str, id: UUID) -> Any | None:
        """An Agent, Customer or AccessToken by id; None when the caller may not see it."""
        found = _visible(caller, type_name, id)
        if found is None:
            return None
        statement, view = found
        async with self._database.connection() as connection:
            row = await statement.one(connection, id=id, own=caller.channel_id)
        return None if row is None else view(row)

    async def agents(
        self, caller: Caller, channel: str | None, page: PageRequest, selected: Selected = ALL
    ) -> Page[Agent]:
        """The people of a channel's subtree."""
        return await self._page(AGENTS, _ALL_AGENTS, caller, channel, page, selected)

    async def tokens(
        self, caller: Caller, channel: str | None, page: PageRequest, selected: Selected = ALL
    ) -> Page[AccessToken]:
        """The storefront and API tokens of a channel's subtree."""
        return await self._page(TOKENS, _ALL_TOKENS, caller, channel, page, selected)

    async def _page(
        self,
        order: str,
        listed: NewestPages[Any],
        caller: Caller,
        channel: str | None,
        request: PageRequest,
        selected: Selected,
    ) -> Page[Any]:
        if channel is not None and not storable(channel):
            return Page.empty()
        scope = {"own": caller.channel_id, "code": channel}
        at, last_id = request.last_moment
        read = listed.of(selected).way(request.backwards)
        async with self._database.connection() as connection:
            views = await read.all(connection, caller, **scope, at=at, id=last_id, limit=request.limit + 1)
        found = [(one, cursor_of(order, [one.created_at.isoformat(), one.id.hex])) for one in views]

        async def count() -> int:
            async with self._database.connection() as connection:
                return int(await listed.count.value(connection, **scope))

        return Page.cut(found, request, count)


def _visible(caller: Caller, type_name: str, id: UUID) -> tuple[Statement, Callable[[Any], Any]] | None:
    """How a caller may look an object up, if at all: people see themselves, others need the right."""
    mine = id == caller.subject_id
    if type_name == "Agent" and caller.is_back_office and (mine or caller.may(PEOPLE_WRITE)):
        return _ONE_AGENT, agent_of
    if type_name == "AccessToken" and caller.is_back_office and caller.may(TOKENS_WRITE):
        return _ONE_TOKEN, _token_of
    is_customer = caller.kind is CallerKind.CUSTOMER and mine
    if type_name == "Customer" and (is_customer or (caller.is_back_office and caller.may(ORDERS_READ))):
        return _ONE_CUSTOMER, customer_of
    return None


def agent_of(row: Any) -> Agent:
    """A person from a row with the columns of Agent."""
    return Agent(**dict(row) | {"roles": [Role(role) for role in row["roles"]]})


def _token_of(row: Any) -> AccessToken:
    return AccessToken(**dict(row) | {"kind": TokenKind(row["kind"]), "scopes": list(row["scopes"])})
