"""What requests read of channels: a page at a time, never above or beside the caller's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import FromClause, Select, column, select, text, true

from domain.access.permissions import PRICES_READ
from domain.channels.tree import CODE
from domain.channels.views import AccountView, ChannelLabel, ChannelView, PriceRuleView
from domain.paging import Page, PageRequest, cursor_of
from domain.refusals import BadRequest
from domain.selected import ALL, Selected
from persistence.channels.rows import rule_of
from persistence.channels.shapes import PRICE_RULE, SEEN, channel_shape, seen
from persistence.ledger.balances import balances_of
from persistence.selecting.pages import LIMIT, BothWays, NewestPages
from persistence.selecting.variants import Chosen, Reading, Variants
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from persistence.database import Database
    from persistence.work import Tools

_SHAPE = channel_shape("c")


def _where(condition: str) -> Callable[[Chosen[ChannelView]], Reading[ChannelView]]:
    return lambda chosen: Reading(chosen, chosen.select().where(text(f"{condition} AND {SEEN.format('c')}")))


_BY_IDS = Variants(_SHAPE, _where("c.id = ANY (CAST(:ids AS uuid[]))"))
_BY_CODE = Variants(_SHAPE, _where("c.code = :code"))
_LABELS = Statement("SELECT id, code, name FROM channel WHERE id = ANY (CAST(:ids AS uuid[]))")


def _children(chosen: Chosen[ChannelView], ahead: bool) -> Select[Any]:
    """A page of each parent's."""
    base, beyond = _SHAPE.base, text(f"(CAST(:key AS text) IS NULL OR c.code {'>' if ahead else '<'} :key)")

    def ordered(found: Select[Any], rows: FromClause) -> Select[Any]:
        return found.order_by(rows.c.code.asc() if ahead else rows.c.code.desc())

    parents = text("SELECT p.id FROM unnest(CAST(:parents AS uuid[])) AS p (id)").columns(column("id"))
    parent = parents.subquery("parent")
    mine = chosen.rows().where(base.c.parent_id == parent.c.id, beyond)
    each = ordered(mine, base).correlate(parent).limit(LIMIT).lateral("c")
    rows = select(each).select_from(parent.join(each, true())).subquery("c")
    return ordered(chosen.select(rows), rows)


_CHILDREN = Variants(
    _SHAPE, lambda chosen: BothWays.of(chosen, _children), always=("id", "code", "parent_id")
)
_COUNT = Statement("SELECT count(*) FROM channel WHERE parent_id = :parent")
_RULES = NewestPages(PRICE_RULE, "s.setter_id = :setter AND s.ended_at IS NULL")
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

    async def by_ids(
        self, caller: Caller, ids: Sequence[UUID | None], selected: Selected = ALL
    ) -> list[ChannelView | None]:
        """Channels by id, in one statement; whoever is no back office knows its own channel only."""
        values = seen(caller) | {"seen_from": caller.channel, "ids": [*({*ids} - {None})]}
        async with self._database.connection() as connection:
            channels = await _BY_IDS.of(selected).all(connection, caller, **values)
        found = {one.id: one for one in channels}
        return [None if one is None else found.get(one) for one in ids]

    async def by_code(self, caller: Caller, code: str, selected: Selected = ALL) -> ChannelView | None:
        """A channel by its code."""
        values = {
            "code": code if CODE.fullmatch(code) else "",
            "seen_from": caller.channel,
            "seen_only": None,
        }
        async with self._database.connection() as connection:
            found = await _BY_CODE.of(selected).all(connection, caller, **values)
        return found[0] if found else None

    async def labels_of_parents(self, channels: Sequence[ChannelView]) -> list[ChannelLabel | None]:
        """Code and name of each channel's parent: all that is shown of what lies above."""
        parents = list({one.parent_id for one in channels if one.parent_id is not None})
        async with self._database.connection() as connection:
            rows = await _LABELS.all(connection, ids=parents)
        found = {row["id"]: ChannelLabel(row["code"], row["name"]) for row in rows}
        return [found.get(one.parent_id) if one.parent_id else None for one in channels]

    async def children_of(
        self, channels: Sequence[ChannelView], request: PageRequest, selected: Selected = ALL
    ) -> list[Page[ChannelView]]:
        """A page of each channel's children, in one statement for all parents."""
        key = None
        if request.after is not None:
            key = request.after[0]
            if not isinstance(key, str) or not CODE.fullmatch(key):
                raise BadRequest("This cursor does not belong to this list; begin again without it.")
        read, ids = _CHILDREN.of(selected).way(request.backwards), list({one.id for one in channels})
        async with self._database.connection() as connection:
            children = await read.all(connection, None, parents=ids, key=key, limit=request.limit + 1)
        found: dict[UUID | None, list[tuple[ChannelView, str]]] = defaultdict(list)
        for child in children:
            found[child.parent_id].append((child, cursor_of(CHILDREN, [child.code])))
        return [Page.cut(found[one.id], request, self._counting(_COUNT, parent=one.id)) for one in channels]

    async def accounts_of(self, channels: Sequence[ChannelView]) -> list[AccountView | None]:
        """The deposit of each channel, in one statement."""
        async with self._database.connection() as connection:
            found = await balances_of(connection, [one.id for one in channels])
        return [AccountView.of(found[one.id][0]) if one.id in found else None for one in channels]

    async def rules(
        self, caller: Caller, request: PageRequest, selected: Selected = ALL
    ) -> Page[PriceRuleView]:
        """The rules that the caller's channel has set, the newest first."""
        read = _RULES.of(selected).way(request.backwards)
        values = {"setter": caller.channel, "key": request.last_id, "limit": request.limit + 1}
        async with self._database.connection() as connection:
            rules = await read.all(connection, caller, **values)
        found = [(rule, cursor_of(RULES, [str(rule.id)])) for rule in rules]
        return Page.cut(found, request, self._counting(_RULES.count, setter=caller.channel))

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
