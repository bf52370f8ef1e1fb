"""Groups and their seats: locked before goods are, taken and paid for all who share a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.access.callers import SYSTEM
from domain.ids import new_id
from domain.orders.groups import DueGroups, FailGroup, FulfilGroup, PaySeatBack
from domain.promotions.groups import (
    FULFIL_JOB,
    PAY_BACK_JOB,
    GroupOver,
    GroupState,
    GroupView,
    SeatState,
    SeatTaken,
    SeatWanted,
)
from persistence.jobs import Desk, job, timer
from persistence.promotions.group_rows import COLUMNS, group_of
from persistence.repository import Repository
from persistence.sharing.stops import Asked, Turn, stop
from persistence.statements import Statement

if TYPE_CHECKING:
    from datetime import datetime

    from domain.orders.views import OrderView
    from domain.refusals import Refusal
    from persistence.statements import Connection

AT_ONCE = 100
"""Groups that one look ends."""

_IDS = "CAST(:ids AS uuid[])"
_FIND = Statement(f"SELECT {COLUMNS} FROM buying_group g WHERE g.id = ANY ({_IDS})")
_LOCK = Statement(
    f"SELECT {COLUMNS} FROM buying_group g WHERE g.id = ANY ({_IDS}) ORDER BY g.id FOR NO KEY UPDATE OF g"
)
_SITTING = Statement(
    f"""SELECT group_id, customer_id FROM group_seat
         WHERE group_id = ANY ({_IDS}) AND state IN ('RESERVED', 'PAID', 'CONFIRMED')"""
)
_OPEN = Statement(
    """INSERT INTO buying_group (id, promotion_id, channel_id, state, seats, expires_at)
       SELECT id, promotion_id, channel_id, 'OPEN', seats, expires_at
         FROM unnest(CAST(:ids AS uuid[]), CAST(:promotions AS uuid[]), CAST(:channels AS uuid[]),
                     CAST(:seats AS int[]), CAST(:ends AS timestamptz[]))
              AS w (id, promotion_id, channel_id, seats, expires_at)"""
)
_TAKE = Statement(
    f"""WITH asked AS (
            SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:groups AS uuid[]), CAST(:orders AS uuid[]),
                                 CAST(:customers AS uuid[])) AS w (id, group_id, order_id, customer_id)),
        seats AS (
            INSERT INTO group_seat (id, group_id, order_id, customer_id, state)
            SELECT id, group_id, order_id, customer_id, 'RESERVED' FROM asked),
        orders AS (
            UPDATE orders o SET group_id = a.group_id FROM asked a WHERE o.id = a.order_id)
        UPDATE buying_group g SET taken = g.taken + s.n
          FROM (SELECT group_id, CAST(count(*) AS integer) AS n FROM asked GROUP BY 1) s
         WHERE g.id = s.group_id AND g.state = 'OPEN' AND g.taken + s.n <= g.seats RETURNING {COLUMNS}"""
)
_PAY = Statement(
    f"""WITH paid AS (
            UPDATE group_seat s SET state = 'PAID'
             WHERE s.order_id = ANY ({_IDS}) AND s.state = 'RESERVED' RETURNING s.group_id)
        UPDATE buying_group g
           SET paid = g.paid + s.n,
               state = CASE WHEN g.paid + s.n = g.seats THEN 'SUCCEEDED' ELSE g.state END,
               ended_at = CASE WHEN g.paid + s.n = g.seats THEN now() END
          FROM (SELECT group_id, CAST(count(*) AS integer) AS n FROM paid GROUP BY 1) s
         WHERE g.id = s.group_id AND g.state = 'OPEN' RETURNING {COLUMNS}"""
)
_SEATS_OF = Statement(
    f"""SELECT DISTINCT group_id FROM group_seat WHERE order_id = ANY ({_IDS}) AND state = 'RESERVED'"""
)
_RELEASE = Statement(
    f"""WITH freed AS (
            UPDATE group_seat s SET state = 'RELEASED', ended_at = now()
             WHERE s.order_id = ANY ({_IDS}) AND s.state = 'RESERVED' RETURNING s.group_id)
        UPDATE buying_group g SET taken = g.taken - s.n
          FROM (SELECT group_id, CAST(count(*) AS integer) AS n FROM freed GROUP BY 1) s
         WHERE g.id = s.group_id RETURNING {COLUMNS}"""
)
_DUE = Statement(
    """SELECT id FROM buying_group WHERE state = 'OPEN' AND expires_at <= now()
        ORDER BY expires_at LIMIT :limit"""
)
_LEFT_OVER = Statement(
    """SELECT g.state, s.group_id, s.order_id FROM buying_group g JOIN group_seat s ON s.group_id = g.id
        WHERE g.state <> 'OPEN' AND s.state = 'PAID' AND g.ended_at < now() - interval '1 minute'
        ORDER BY g.ended_at LIMIT :limit"""
)
_ORDERS_OF = Statement(
    "SELECT order_id FROM group_seat WHERE group_id = :id AND state = :state ORDER BY order_id"
)
_END = Statement(
    f"""UPDATE buying_group g SET state = CAST(:state AS text), ended_at = now()
         WHERE g.id = :id AND g.state = 'OPEN' RETURNING {COLUMNS}"""
)
_MOVE = Statement(
    f"""UPDATE group_seat SET state = CAST(:state AS text), ended_at = now()
         WHERE order_id = ANY ({_IDS}) AND state = 'PAID'"""
)


class StoredGroups(Repository):
    """Fills `domain.promotions.groups.Groups`."""

    async def find(self, group_id: UUID, channel_id: UUID) -> GroupView | None:
        """A group of a channel."""
        return await _find(self._work, (group_id, channel_id))

    async def hold(self, wanted: SeatWanted) -> None:
        """Lock a group and see that there is a seat; a new group has one."""
        if wanted.group_id is not None:
            await _hold(self._work, wanted)

    async def take(self, order_id: UUID, wanted: SeatWanted) -> GroupView:
        """Write the seat of an order, and the group where it opens one."""
        return await _take(self._work, (order_id, wanted))

    async def check(self, order: OrderView) -> None:
        """Lock the group of an order that is to be paid."""
        await _check(self._work, order)

    async def pay(self, order: OrderView) -> GroupView:
        """Write that a seat is paid."""
        return await _pay(self._work, order)

    async def release(self, order_ids: Sequence[UUID]) -> list[GroupView]:
        """Give the unpaid seats of closed orders up; groups are locked by id first."""
        ids = list(order_ids)
        groups = [row["group_id"] for row in await _SEATS_OF.all(self._on, ids=ids)]
        if not groups:
            return []
        await _LOCK.all(self._on, ids=groups)
        return [group_of(row) for row in await _RELEASE.all(self._on, ids=ids)]

    async def due(self, limit: int) -> list[UUID]:
        """Open groups whose time is over."""
        return [row["id"] for row in await _DUE.all(self._on, limit=limit)]

    async def orders_of(self, group_id: UUID, state: SeatState) -> list[UUID]:
        """The orders whose seats stand so, by id."""
        rows = await _ORDERS_OF.all(self._on, id=group_id, state=state.value)
        return [row["order_id"] for row in rows]

    async def lock(self, group_id: UUID) -> GroupView | None:
        """A group, locked until the commit."""
        row = await _LOCK.one(self._on, ids=[group_id])
        return None if row is None else group_of(row)

    async def end(self, group: GroupView, state: GroupState) -> GroupView:
        """Write that a locked group is over."""
        row = await _END.one(self._on, id=group.id, state=state.value)
        if row is None:
            raise RuntimeError("A group moved while it was locked.")
        return group_of(row)

    async def move(self, order_ids: Sequence[UUID], state: SeatState) -> None:
        """Write where paid seats of locked orders stand now."""
        if order_ids:
            await _MOVE.run(self._on, ids=list(order_ids), state=state.value)


@stop(Turn.OFFERS)
async def _find(
    on: Connection, asked: Sequence[Asked[tuple[UUID, UUID]]]
) -> list[GroupView | Refusal | None]:
    rows = await _FIND.all(on, ids=list({group_id for group_id, _ in (one.what for one in asked)}))
    groups = {(row["id"], row["channel_id"]): group_of(row) for row in rows}
    return [groups.get(one.what) for one in asked]


@stop(Turn.SEATS, holds=True)
async def _hold(on: Connection, asked: Sequence[Asked[SeatWanted]]) -> list[Refusal | None]:
    ids = list({one.what.group_id for one in asked})
    groups = {row["id"]: group_of(row) for row in await _LOCK.all(on, ids=ids)}
    sitting = {(row["group_id"], row["customer_id"]) for row in await _SITTING.all(on, ids=ids)}
    left = {own: group.left for own, group in groups.items()}
    outcomes: list[Refusal | None] = []
    for one in asked:
        group = groups.get(one.what.group_id or one.what.promotion_id)
        if group is not None and (group.id, one.what.customer_id) in sitting:
            outcomes.append(SeatTaken())
        elif group is None or not _is_open(group, one.work.now) or not left[group.id]:
            outcomes.append(GroupOver())
        else:
            left[group.id] -= 1
            sitting.add((group.id, one.what.customer_id))
            outcomes.append(None)
    return outcomes


def _is_open(group: GroupView, now: datetime) -> bool:
    return group.state is GroupState.OPEN and group.expires_at > now


@stop(Turn.CLAIMING, writes=True)
async def _take(on: Connection, asked: Sequence[Asked[tuple[UUID, SeatWanted]]]) -> list[GroupView | Refusal]:
    taken = [
        (order_id, wanted, wanted.group_id or new_id()) for order_id, wanted in (one.what for one in asked)
    ]
    opened = [(own, wanted) for _, wanted, own in taken if wanted.group_id is None]
    if opened:
        await _OPEN.run(
            on,
            ids=[own for own, _ in opened],
            promotions=[wanted.promotion_id for _, wanted in opened],
            channels=[wanted.channel_id for _, wanted in opened],
            seats=[wanted.seats for _, wanted in opened],
            ends=[wanted.expires_at for _, wanted in opened],
        )
    rows = await _TAKE.all(
        on,
        ids=[new_id() for _ in taken],
        groups=[own for *_, own in taken],
        orders=[order_id for order_id, *_ in taken],
        customers=[wanted.customer_id for _, wanted, _ in taken],
    )
    groups = {row["id"]: group_of(row) for row in rows}
    if {own for *_, own in taken} != set(groups):
        raise RuntimeError("A seat that was held was not there any more.")
    return [groups[own] for *_, own in taken]


@stop(Turn.SEATS)
async def _check(on: Connection, asked: Sequence[Asked[OrderView]]) -> list[Refusal | None]:
    rows = await _LOCK.all(on, ids=list({one.what.group_id for one in asked}))
    groups = {row["id"]: group_of(row) for row in rows}
    return [None if _is_open(groups[one.what.group_id], one.work.now) else GroupOver() for one in asked]


@stop(Turn.PAYMENTS, writes=True)
async def _pay(on: Connection, asked: Sequence[Asked[OrderView]]) -> list[GroupView | Refusal]:
    rows = await _PAY.all(on, ids=[one.what.id for one in asked])
    groups = {row["id"]: group_of(row) for row in rows}
    if len(groups) < len({one.what.group_id for one in asked}):
        raise RuntimeError("A seat that was to be paid was not there any more.")
    return [groups[one.what.group_id] for one in asked]


@timer("groups.sweep", "* * * * *")
async def sweep(_facts: dict[str, Any], desk: Desk) -> None:
    """Make up for jobs that were lost: paid seats of groups that were decided a while ago."""
    async with desk.database.connection() as connection:
        rows = await _LEFT_OVER.all(connection, limit=AT_ONCE)
    for row in rows:
        if row["state"] == GroupState.SUCCEEDED:
            await desk.perform(FulfilGroup(row["group_id"]), SYSTEM)
        else:
            await desk.perform(PaySeatBack(row["order_id"]), SYSTEM)


@timer("groups.expire", "* * * * * */5")
async def expire(_facts: dict[str, Any], desk: Desk) -> None:
    """End the groups whose time is over."""
    for group_id in await desk.perform(DueGroups(AT_ONCE), SYSTEM):
        await desk.perform(FailGroup(group_id), SYSTEM)


@job(FULFIL_JOB)
async def fulfil(facts: dict[str, Any], desk: Desk) -> None:
    """Begin to deliver what a complete group has paid for."""
    await desk.perform(FulfilGroup(UUID(facts["group"])), SYSTEM)


@job(PAY_BACK_JOB)
async def pay_back(facts: dict[str, Any], desk: Desk) -> None:
    """Pay a seat of a failed group back."""
    await desk.perform(PaySeatBack(UUID(facts["order"])), SYSTEM)
