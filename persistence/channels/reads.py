"""What requests read of channels: a page at a time, never above or beside the caller's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.access.permissions import PRICES_READ
from domain.channels.tree import CODE
from domain.channels.views import AccountView, ChannelLabel, ChannelView, PriceRuleView
from domain.paging import Page, PageRequest, cursor_of
from domain.refusals import BadRequest
from persistence.channels.rows import node_of, rule_of
from persistence.ledger.balances import balances_of
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from persistence.database import Database
    from persistence.work import Tools

_BY_IDS = Statement(
    "SELECT * FROM channel WHERE id = ANY (CAST(:ids AS uuid[])) AND CAST(:scope AS uuid) = ANY (path)"
)
_BY_CODE = Statement("SELECT * FROM channel WHERE code = :code AND CAST(:scope AS uuid) = ANY (path)")
_LABELS = Statement("SELECT id, code, name FROM channel WHERE id = ANY (CAST(:ids AS uuid[]))")
_CHILDREN = """
    SELECT child.* FROM unnest(CAST(:parents AS uuid[])) AS parent(id)
    CROSS JOIN LATERAL (
        SELECT * FROM channel c
        WHERE c.parent_id = parent.id AND (CAST(:key AS text) IS NULL OR c.code {sign} :key)
        ORDER BY c.code {way} LIMIT :most
    ) AS child ORDER BY child.code {way}"""
_FORWARDS = Statement(_CHILDREN.format(sign=">", way="ASC"))
_BACKWARDS = Statement(_CHILDREN.format(sign="<", way="DESC"))
_COUNT = Statement("SELECT count(*) FROM channel WHERE parent_id = :parent")
_RULES = """
    SELECT * FROM price_rule
    WHERE setter_id = :setter AND ended_at IS NULL AND (CAST(:key AS uuid) IS NULL OR id {sign} :key)
    ORDER BY id {way} LIMIT :most"""
_RULES_FORWARDS = Statement(_RULES.format(sign="<", way="DESC"))
_RULES_BACKWARDS = Statement(_RULES.format(sign=">", way="ASC"))
_COUNT_RULES = Statement("SELECT count(*) FROM price_rule WHERE setter_id = :setter AND ended_at IS NULL")
_RULE = Statement(
    """SELECT r.* FROM price_rule r JOIN channel c ON c.id = r.setter_id
       WHERE r.id = :id AND CAST(:scope AS uuid) = ANY (c.path)"""
)
CHILDREN = "channels"
RULES = "price-rules"


class StoredChannelReads:
    """Reads within the caller's subtree."""

    def __init__(self, database: Database, _tools: Tools) -> None:
        self._database = database

    async def by_ids(self, caller: Caller, ids: Sequence[UUID | None]) -> list[ChannelView | None]:
        """Channels by id, in one statement; whoever is no back office knows its own channel only."""
        wanted = [one for one in {*ids} - {None} if caller.is_back_office or one == caller.channel_id]
        async with self._database.connection() as connection:
            rows = await _BY_IDS.all(connection, ids=wanted, scope=caller.channel)
        found = {row["id"]: ChannelView.of(node_of(row)) for row in rows}
        return [None if one is None else found.get(one) for one in ids]

    async def by_code(self, caller: Caller, code: str) -> ChannelView | None:
        """A channel by its code."""
        known = CODE.fullmatch(code) is not None
        async with self._database.connection() as connection:
            row = await _BY_CODE.one(connection, code=code if known else "", scope=caller.channel)
        return ChannelView.of(node_of(row)) if row else None

    async def labels_of_parents(self, channels: Sequence[ChannelView]) -> list[ChannelLabel | None]:
        """Code and name of each channel's parent: all that is shown of what lies above."""
        parents = list({one.parent_id for one in channels if one.parent_id is not None})
        async with self._database.connection() as connection:
            rows = await _LABELS.all(connection, ids=parents)
        found = {row["id"]: ChannelLabel(row["code"], row["name"]) for row in rows}
        return [found.get(one.parent_id) if one.parent_id else None for one in channels]

    async def children_of(
        self, channels: Sequence[ChannelView], request: PageRequest
    ) -> list[Page[ChannelView]]:
        """A page of each channel's children, in one statement for all parents."""
        key = None
        if request.after is not None:
            key = request.after[0]
            if not isinstance(key, str) or not CODE.fullmatch(key):
                raise BadRequest("This cursor does not belong to this list; begin again without it.")
        statement = _BACKWARDS if request.backwards else _FORWARDS
        ids = list({one.id for one in channels})
        async with self._database.connection() as connection:
            rows = await statement.all(connection, parents=ids, key=key, most=request.limit + 1)
        found: dict[UUID, list[tuple[ChannelView, str]]] = defaultdict(list)
        for row in rows:
            found[row["parent_id"]].append((ChannelView.of(node_of(row)), cursor_of(CHILDREN, [row["code"]])))
        return [Page.cut(found[one.id], request, self._counting(_COUNT, parent=one.id)) for one in channels]

    async def accounts_of(self, channels: Sequence[ChannelView]) -> list[AccountView | None]:
        """The deposit of each channel, in one statement."""
        async with self._database.connection() as connection:
            found = await balances_of(connection, [one.id for one in channels])
        return [AccountView.of(found[one.id][0]) if one.id in found else None for one in channels]

    async def rules(self, caller: Caller, request: PageRequest) -> Page[PriceRuleView]:
        """The rules that the caller's channel has set, the newest first."""
        key = None
        if request.after is not None:
            try:
                key = UUID(request.after[0])
            except (ValueError, TypeError, AttributeError):
                raise BadRequest(
                    "This cursor does not belong to this list; begin again without it."
                ) from None
        statement = _RULES_BACKWARDS if request.backwards else _RULES_FORWARDS
        async with self._database.connection() as connection:
            rows = await statement.all(connection, setter=caller.channel, key=key, most=request.limit + 1)
        found = [(PriceRuleView.of(rule_of(row)), cursor_of(RULES, [str(row["id"])])) for row in rows]
        return Page.cut(found, request, self._counting(_COUNT_RULES, setter=caller.channel))

    async def node(self, caller: Caller, type_name: str, id: UUID) -> ChannelView | PriceRuleView | None:
        """A channel, or a rule that it or one below it has set, by its id."""
        if type_name == "Channel":
            return (await self.by_ids(caller, [id]))[0]
        if not caller.may(PRICES_READ):
            return None
        async with self._database.connection() as connection:
            row = await _RULE.one(connection, id=id, scope=caller.channel)
        return PriceRuleView.of(rule_of(row), row["ended_at"]) if row else None

    def _counting(self, statement: Statement, **values: Any) -> Any:
        async def count() -> int:
            async with self._database.connection() as connection:
                return int(await statement.value(connection, **values))

        return count
