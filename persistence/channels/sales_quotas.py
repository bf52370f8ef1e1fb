"""Writing quotas of a period: carved from the nearest above, behind the lock of their SKU."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.channels.quotas import Quota, QuotaNest, QuotaPeriod, QuotaPlace, SalesQuotaView
from domain.ids import new_id
from persistence.channels import quota_sql as sql
from persistence.statements import Statement

if TYPE_CHECKING:
    import asyncpg

    from domain.channels.tree import ChannelNode
    from persistence.work import Work

_FIND = Statement(
    """SELECT q.variant_id FROM sales_quota q JOIN variant v ON v.id = q.variant_id
        WHERE q.channel_id = :channel AND q.period = :period AND v.sku = :sku"""
)
_QUEUE = Statement("SELECT 1 FROM variant WHERE id = :variant FOR NO KEY UPDATE")
"""Sales only reference the SKU: they do not wait for it."""

_LOCK = Statement(
    f"""SELECT q.channel_id, q.quantity, q.handed_on, {sql.USED} AS used, {sql.OWN_USED} AS own_used
          FROM sales_quota q
         WHERE q.variant_id = :variant AND q.period = :period AND q.channel_id = ANY (CAST(:path AS uuid[]))
         ORDER BY q.channel_id FOR UPDATE"""
)
_BELOW = Statement(
    """SELECT coalesce(sum(q.quantity), 0) FROM sales_quota q JOIN channel c ON c.id = q.channel_id
        WHERE q.variant_id = :variant AND q.period = :period
          AND CAST(:channel AS uuid) = ANY (c.path) AND c.id <> :channel
          AND NOT EXISTS (SELECT FROM sales_quota k
                           WHERE k.variant_id = :variant AND k.period = :period AND k.channel_id <> :channel
                             AND k.channel_id <> c.id AND k.channel_id = ANY (c.path)
                             AND array_position(c.path, k.channel_id) > array_position(c.path, :channel))"""
)
_SHOWN = f"""q.id, q.channel_id, q.period, q.quantity, q.handed_on, {sql.USED} AS used,
             {sql.STARTS_AT} AS starts_at, {sql.ENDS_AT} AS ends_at"""
_PUT = Statement(
    f"""INSERT INTO sales_quota AS q
               (id, channel_id, variant_id, period, zone, quantity, handed_on, starts_at, ends_at, created_at)
        SELECT :id, :channel, :variant, CAST(:period AS text), CAST(:zone AS text), :quantity,
               CAST(:below AS bigint), clock_timestamp(),
               CASE WHEN :period <> 'TOTAL' THEN
                    (date_trunc(:period, now() AT TIME ZONE :zone) + CAST('1 ' || :period AS interval))
                    AT TIME ZONE :zone END, clock_timestamp()
        ON CONFLICT (channel_id, variant_id, period) DO UPDATE SET quantity = :quantity
        RETURNING {_SHOWN}"""
)
_END = Statement(
    f"""DELETE FROM sales_quota q WHERE channel_id = :channel AND variant_id = :variant AND period = :period
        RETURNING {_SHOWN}"""
)
_CARVE = Statement(
    f"""UPDATE sales_quota q
           SET handed_on = q.handed_on + CAST(:more AS bigint), used = {sql.USED},
               own_used = greatest({sql.OWN_USED}, least({sql.OWN_USED} + CAST(:own AS bigint), {sql.USED})),
               {sql.TURNED}
         WHERE q.variant_id = :variant AND q.period = :period AND q.channel_id =
               (SELECT k.channel_id FROM sales_quota k
                 WHERE k.variant_id = :variant AND k.period = :period
                   AND k.channel_id = ANY (CAST(:above AS uuid[]))
                 ORDER BY array_position(CAST(:above AS uuid[]), k.channel_id) DESC LIMIT 1)"""
)


class StoredQuotas:
    """Fills `domain.channels.ports.SalesQuotas`."""

    def __init__(self, work: Work) -> None:
        self._on, self._zone = work.connection, work.tools.settings.calendar_zone

    async def find(self, channel: ChannelNode, sku: str, period: QuotaPeriod) -> QuotaPlace | None:
        """A channel's quota."""
        variant = await _FIND.value(self._on, channel=channel.id, period=period.value, sku=sku)
        return None if variant is None else QuotaPlace(channel.id, channel.path, variant, sku, period)

    async def lock(self, place: QuotaPlace) -> QuotaNest:
        """The SKU first, so that no quota comes or goes meanwhile; then the rows, as the gate does."""
        where = {"variant": place.variant_id, "period": place.period.value}
        await _QUEUE.run(self._on, variant=place.variant_id)
        rows = await _LOCK.all(self._on, path=list(place.path), **where)
        found = {row["channel_id"]: _quota(row) for row in rows}
        above = next((found[one] for one in reversed(place.path[:-1]) if one in found), None)
        below: int = await _BELOW.value(self._on, channel=place.channel_id, **where)
        return QuotaNest(above, found.get(place.channel_id), int(below))

    async def put(self, place: QuotaPlace, nest: QuotaNest, quantity: int) -> SalesQuotaView:
        """The quota above hands on the difference."""
        row = await _PUT.one(
            self._on, id=new_id(), zone=self._zone, quantity=quantity, below=nest.below, **_where(place)
        )
        assert row is not None
        before = nest.below if nest.own is None else nest.own.quantity
        await self._carve(place, quantity - before, 0)
        return _view(place.sku, row)

    async def end(self, place: QuotaPlace, nest: QuotaNest) -> SalesQuotaView | None:
        """The one above hands on to those below what this one did, and has sold what this one has."""
        row = await _END.one(self._on, **_where(place))
        if row is None or nest.own is None:
            return None
        await self._carve(place, nest.below - nest.own.quantity, nest.own.own_used)
        return _view(place.sku, row)

    async def _carve(self, place: QuotaPlace, more: int, own: int) -> None:
        where = {"variant": place.variant_id, "period": place.period.value}
        await _CARVE.run(self._on, above=list(place.path[:-1]), more=more, own=own, **where)


def _where(place: QuotaPlace) -> dict[str, UUID | str]:
    return {"channel": place.channel_id, "variant": place.variant_id, "period": place.period.value}


def _quota(row: asyncpg.Record) -> Quota:
    return Quota(row["quantity"], row["handed_on"], row["used"], row["own_used"])


def _view(sku: str, row: asyncpg.Record) -> SalesQuotaView:
    return SalesQuotaView(
        row["id"],
        sku, row["channel_id"], QuotaPeriod(row["period"]), row["quantity"], row["handed_on"], row["used"],
        row["starts_at"], row["ends_at"],
    )  # fmt: skip
