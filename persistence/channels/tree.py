"""The tree of channels in a unit of work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from domain.channels.rules import Place
from domain.channels.tree import CODE, MINIMUM_MARGIN, ChannelNode, Family, inherited, places
from persistence.channels.rows import node_of
from persistence.channels.shelf import load_path
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from persistence.work import Work

_IN_SCOPE = Statement("SELECT * FROM channel WHERE code = :code AND :scope = ANY (path)")
_BY_IDS = Statement("SELECT * FROM channel WHERE id = ANY (CAST(:ids AS uuid[]))")
_ACTIVE = Statement(
    """SELECT bool_and(up.status = 'ACTIVE') FROM channel c JOIN channel up ON up.id = ANY (c.path)
       WHERE c.id = :channel"""
)
_BELOW = Statement(
    "SELECT * FROM channel WHERE path @> ARRAY[CAST(:channel AS uuid)] AND id <> :channel ORDER BY code"
)
_ADD = Statement(
    """INSERT INTO channel (id, code, name, tier, sells_as, territory, status, parent_id, path, settings)
       VALUES (:id, :code, :name, :tier, :sells_as, :territory, :status, :parent_id, :path, :settings)
       ON CONFLICT (code) DO NOTHING RETURNING true"""
)
_KEEP = Statement(
    """UPDATE channel SET name = :name, status = :status, territory = :territory, sells_as = :sells_as,
              settings = :settings, version = version + 1 WHERE id = :id"""
)
_MOVE = Statement(
    """UPDATE channel SET
           path = CAST(:above AS uuid[]) || path[CAST(:depth AS int):],
           parent_id = CASE WHEN id = :id THEN :parent ELSE parent_id END,
           version = version + 1
       WHERE path @> ARRAY[CAST(:id AS uuid)]"""
)
_UNSOLD = Statement(
    """SELECT c.code, v.sku FROM stock_quota q
       JOIN channel c ON c.id = q.channel_id JOIN variant v ON v.id = q.variant_id
       WHERE c.path @> ARRAY[CAST(:channel AS uuid)] AND q.granted > q.used ORDER BY c.code, v.sku LIMIT 1"""
)
_CAPPED = Statement(
    """SELECT c.code, v.sku FROM sales_quota q
       JOIN channel c ON c.id = q.channel_id JOIN variant v ON v.id = q.variant_id
       WHERE c.path @> ARRAY[CAST(:channel AS uuid)] ORDER BY c.code, v.sku LIMIT 1"""
)


class StoredTree:
    """Channels as this transaction sees them."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def in_scope(self, caller: Caller, code: str) -> ChannelNode | None:
        """The caller's own channel or one below it."""
        if not CODE.fullmatch(code):
            return None
        row = await _IN_SCOPE.one(self._work.connection, code=code, scope=caller.channel)
        return node_of(row) if row else None

    async def by_ids(self, ids: Sequence[UUID]) -> dict[UUID, ChannelNode]:
        """Channels by id."""
        rows = await _BY_IDS.all(self._work.connection, ids=list(ids))
        return {row["id"]: node_of(row) for row in rows}

    async def path_of(self, channel_id: UUID) -> list[ChannelNode]:
        """The channels from the root to this one."""
        return await load_path(self._work.connection, channel_id)

    async def is_active(self, channel_id: UUID) -> bool:
        """Whether no channel on the path is suspended."""
        return bool(await _ACTIVE.value(self._work.connection, channel=channel_id))

    async def family(self, channel_id: UUID) -> Family:
        """A channel, the way to it and all below it, with inherited settings."""
        path = await self.path_of(channel_id)
        margins = {path[-1].id: inherited(path, MINIMUM_MARGIN, 0)}
        children: dict[UUID, list[Place]] = defaultdict(list)
        rows = await _BELOW.all(self._work.connection, channel=channel_id)
        for node in sorted(map(node_of, rows), key=lambda node: len(node.path)):
            above = node.path[-2]
            margins[node.id] = node.settings.get(MINIMUM_MARGIN, margins[above])
            children[above].append(Place(node.id, node.tier.value, margins[node.id], node.code))
        return Family(places(path), children)

    async def add(self, node: ChannelNode) -> bool:
        """Keep a new channel."""
        added = await _ADD.value(
            self._work.connection,
            id=node.id,
            code=node.code,
            name=node.name,
            tier=node.tier,
            sells_as=node.sells_as,
            territory=node.territory,
            status=node.status,
            parent_id=node.parent_id,
            path=list(node.path),
            settings=dict(node.settings),
        )
        return bool(added)

    async def keep(self, node: ChannelNode) -> None:
        """Keep what may change of a channel."""
        self._work.tools.callers.doubt(self._work.connection)
        await _KEEP.run(
            self._work.connection,
            id=node.id,
            name=node.name,
            status=node.status,
            territory=node.territory,
            sells_as=node.sells_as,
            settings=dict(node.settings),
        )

    async def move(self, node: ChannelNode, parent: ChannelNode) -> None:
        """Rewrite the paths of the whole subtree in one statement."""
        self._work.tools.callers.doubt(self._work.connection)
        await _MOVE.run(
            self._work.connection,
            id=node.id,
            parent=parent.id,
            above=list(parent.path),
            depth=len(node.path),
        )

    async def unsold_stock(self, channel_id: UUID) -> tuple[str, str] | None:
        """An allocation in the subtree of which something is left."""
        row = await _UNSOLD.one(self._work.connection, channel=channel_id)
        return (row["code"], row["sku"]) if row else None

    async def sales_quota(self, channel_id: UUID) -> tuple[str, str] | None:
        """A quota of a period in the subtree."""
        row = await _CAPPED.one(self._work.connection, channel=channel_id)
        return (row["code"], row["sku"]) if row else None
