"""Promotions and coupons as callers see them: their own, those below, and what they pay for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.access.callers import CallerKind
from domain.access.permissions import COUPONS_HOLD, PROMOTIONS_READ
from domain.money import Money
from domain.paging import Page, PageRequest, cursor_of
from domain.promotions.views import PromotionCost
from persistence.cards import data_keys
from persistence.promotions import flash_sales
from persistence.promotions import reads_sql as sql
from persistence.promotions.coupons import INDEX
from persistence.promotions.group_rows import group_of
from persistence.promotions.rows import batch_of, coupon_of, funder_of, view_of

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.promotions.flash_sales import FlashSaleView
    from domain.promotions.groups import GroupView
    from domain.promotions.views import CouponBatchView, CouponView, FunderView, PromotionView
    from persistence.database import Database
    from persistence.work import Tools

PROMOTIONS, WALLET = "promotions", "coupons"
"""The sorts that cursors of the lists belong to."""


class StoredPromotionReads:
    """Fills `domain.promotions.ports.PromotionReads`."""

    def __init__(self, database: Database, tools: Tools) -> None:
        self._database, self._tools = database, tools

    async def node(self, caller: Caller, type_name: str, id: UUID) -> Any | None:
        """A Promotion, CouponBatch or Coupon; None where it is out of scope."""
        async with self._database.connection() as connection:
            if type_name == "Coupon":
                if not _holds(caller):
                    return None
                rows = await sql.COUPON.all(connection, id=id, customer=caller.customer_id)
                return next(iter(await self._coupons(connection, rows)), None)
            if not _reads(caller):
                return None
            one = sql.BY_ID if type_name == "Promotion" else sql.BATCH
            row = await one.one(connection, id=id, scope=caller.channel)
        if row is None:
            return None
        return view_of(row, row["now"]) if type_name == "Promotion" else batch_of(row)

    async def page(self, caller: Caller, status: str | None, request: PageRequest) -> Page[PromotionView]:
        """The newest first."""
        if not _reads(caller):
            return Page.empty()
        at, last_id = request.last_moment
        values = {"scope": caller.channel, "status": status}
        statement = sql.PAGE_BACK if request.backwards else sql.PAGE
        async with self._database.connection() as connection:
            rows = await statement.all(connection, **values, at=at, id=last_id, limit=request.limit + 1)

        async def count() -> int:
            async with self._database.connection() as counting:
                return int(await sql.COUNT.value(counting, **values))

        found = [
            (view_of(row, row["now"]), _cursor(PROMOTIONS, row["created_at"], row["id"])) for row in rows
        ]
        return Page.cut(found, request, count)

    async def costs_of(self, promotion_ids: Sequence[UUID]) -> dict[UUID, PromotionCost]:
        """What promotions have cost; of those without orders nothing is known but that."""
        async with self._database.connection() as connection:
            rows = await sql.COSTS.all(connection, ids=list(promotion_ids))
        return {
            row["promotion_id"]: PromotionCost(row["orders"], Money(row["minor"], row["currency"]))
            for row in rows
        }

    async def funders_of(self, caller: Caller, promotion_ids: Sequence[UUID]) -> dict[UUID, list[FunderView]]:
        """Who pays, in their order; codes are told to the owner and those above, and of what lies below."""
        async with self._database.connection() as connection:
            rows = await sql.FUNDERS.all(connection, ids=list(promotion_ids), scope=caller.channel)
        found: dict[UUID, list[FunderView]] = defaultdict(list)
        for row in rows:
            found[row["promotion_id"]].append(funder_of(row))
        return found

    async def batches_of(self, promotion_ids: Sequence[UUID]) -> dict[UUID, list[CouponBatchView]]:
        """Batches of codes, the newest first."""
        async with self._database.connection() as connection:
            rows = await sql.BATCHES.all(connection, ids=list(promotion_ids))
        found: dict[UUID, list[CouponBatchView]] = defaultdict(list)
        for row in rows:
            found[row["promotion_id"]].append(batch_of(row))
        return found

    async def flash_sales(self, caller: Caller) -> list[FlashSaleView]:
        """The flash sales of the caller's channel that have not ended."""
        if caller.channel_id is None:
            return []
        async with self._database.connection() as connection:
            return await flash_sales.listed(connection, caller)

    async def flash_sale(self, caller: Caller, id: UUID) -> FlashSaleView | None:
        """One of them, ended or not."""
        if caller.channel_id is None:
            return None
        async with self._database.connection() as connection:
            return await flash_sales.one(connection, caller, id)

    async def groups(self, caller: Caller) -> list[GroupView]:
        """The groups that can be joined here, and those in which the caller has a seat; by their end."""
        if caller.channel_id is None:
            return []
        async with self._database.connection() as connection:
            rows = await sql.GROUPS.all(connection, channel=caller.channel, customer=caller.customer_id)
        return [group_of(row) for row in rows]

    async def group(self, caller: Caller, id: UUID) -> GroupView | None:
        """A group of the caller's channel, or for back offices of one below."""
        if caller.channel_id is None:
            return None
        one = sql.GROUP_BELOW if caller.is_back_office else sql.GROUP_HERE
        async with self._database.connection() as connection:
            row = await one.one(connection, id=id, channel=caller.channel)
        return None if row is None else group_of(row)

    async def wallet(self, caller: Caller, request: PageRequest) -> Page[CouponView]:
        """The calling customer's coupons, the newest first, with their codes."""
        if not _holds(caller):
            return Page.empty()
        at, last_id = request.last_moment
        statement = sql.WALLET_BACK if request.backwards else sql.WALLET
        async with self._database.connection() as connection:
            rows = await statement.all(
                connection, customer=caller.customer_id, at=at, id=last_id, limit=request.limit + 1
            )
            coupons = await self._coupons(connection, rows)

        async def count() -> int:
            async with self._database.connection() as counting:
                return int(await sql.WALLET_COUNT.value(counting, customer=caller.customer_id))

        found = [(one, _cursor(WALLET, one.claimed_at, one.id)) for one in coupons]
        return Page.cut(found, request, count)

    async def _coupons(self, connection: Any, rows: Sequence[Any]) -> list[CouponView]:
        """Coupons with their opened codes: one read of keys for all of them."""
        if not rows:
            return []
        keys = await data_keys.read(connection, [row["key_id"] for row in rows])
        vault = self._tools.vault
        return [
            coupon_of(
                row,
                vault.open(keys[row["key_id"]], row["id"], INDEX, row["code_ciphertext"]).reveal(),
                row["now"],
            )
            for row in rows
        ]


def _reads(caller: Caller) -> bool:
    return caller.is_back_office and caller.may(PROMOTIONS_READ)


def _holds(caller: Caller) -> bool:
    return caller.kind is CallerKind.CUSTOMER and caller.may(COUPONS_HOLD)


def _cursor(sort: str, at: datetime, id: UUID) -> str:
    return cursor_of(sort, [at.isoformat(), id.hex])
