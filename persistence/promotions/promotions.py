"""Promotions in one transaction: what is offered, what was used of it, and what their owners decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.promotions.ports import Market
from domain.promotions.views import FundingAnswer
from persistence.access.identities import customer_of
from persistence.promotions import asking, flash_sales
from persistence.promotions.adopting import ADOPT
from persistence.promotions.claiming import Taken, hold_claims, keep_claims
from persistence.promotions.giving_back import give_back, give_back_all
from persistence.promotions.rows import PROMOTION_COLUMNS, funder_of, view_of
from persistence.repository import Repository
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.access.views import Customer
    from domain.promotions.claims import Claims
    from domain.promotions.flash_sales import FlashSaleStanding
    from domain.promotions.ports import PromotionDraft
    from domain.promotions.promotion import Promotion
    from domain.promotions.spreading import SpreadMode
    from domain.promotions.views import FunderView, PromotionView

_SEGMENT = Statement(
    """UPDATE customer x SET segments = CAST(:segments AS text[]) FROM channel c
        WHERE x.id = :customer AND c.id = x.channel_id AND c.path @> ARRAY[CAST(:channel AS uuid)]
       RETURNING x.id, x.channel_id, x.method, x.identifier_masked AS identifier, x.created_at, x.segments"""
)
_ADD = Statement(
    """INSERT INTO promotion
          (id, owner_id, name, kind, status, settings, scope, priority, exclusive, stack_group, starts_at,
           ends_at, budget_minor, most_orders, per_customer, per_device, made_by)
       VALUES (:id, :owner_id, :name, :kind, :status, :settings, :scope, :priority, :exclusive, :stack_group,
               :starts_at, :ends_at, :budget_minor, :most_orders, :per_customer, :per_device, :made_by)"""
)
_ADD_FUNDERS = Statement(
    """INSERT INTO promotion_funder (promotion_id, channel_id, position, share_bp, answer, answered_by,
                                     answered_at)
       SELECT :promotion_id, channel_id, position, share_bp, CASE WHEN accepted THEN 'ACCEPTED' END,
              CASE WHEN accepted THEN CAST(:by AS uuid) END, CASE WHEN accepted THEN now() END
         FROM unnest(CAST(:channels AS uuid[]), CAST(:shares AS int[]), CAST(:accepted AS boolean[]))
              WITH ORDINALITY AS w (channel_id, share_bp, accepted, position)"""
)
_ONE = f"SELECT {PROMOTION_COLUMNS} FROM promotion p JOIN channel o ON o.id = p.owner_id WHERE p.id = :id"
_LOCK = Statement(f"{_ONE} FOR NO KEY UPDATE OF p")
_FUNDERS = Statement(
    """SELECT f.channel_id, c.code, f.share_bp, f.answer, f.answered_at
         FROM promotion_funder f JOIN channel c ON c.id = f.channel_id
        WHERE f.promotion_id = :id ORDER BY f.position"""
)
_ANSWER = Statement(
    """UPDATE promotion_funder SET answer = :answer, answered_by = :by, answered_at = now()
        WHERE promotion_id = :id AND channel_id = :channel"""
)
_MOVE = Statement(
    """UPDATE promotion SET status = CAST(:status AS text),
              stopped_at = CASE WHEN :status = 'STOPPED' THEN now() END WHERE id = :id"""
)


class StoredPromotions(Repository):
    """Fills `domain.promotions.ports.Promotions`."""

    @property
    def spread(self) -> SpreadMode:
        """Where the setting lets the remainder of a discount go."""
        return self._settings.discount_spread

    @property
    def zone(self) -> ZoneInfo:
        """That of quotas and of statements."""
        return ZoneInfo(self._settings.calendar_zone)

    def here(self, channel_id: UUID) -> Market:
        """What may be given in a channel whose offers this transaction has read."""
        book = self._work.books[channel_id]
        return Market(book.path, book.promotions)

    async def by_ids(self, ids: Sequence[UUID]) -> dict[UUID, Promotion]:
        """From memory where they are live here, else from the database."""
        known = {one.id: one for book in self._work.books.values() for one in book.promotions}
        missing = [one for one in ids if one not in known]
        loaded = await asking.promised(self._work, missing) if missing else {}
        return {one: known[one] for one in ids if one in known} | loaded

    async def used(self, subjects: Mapping[UUID, Sequence[str]]) -> dict[UUID, dict[str, int]]:
        """What is counted under subjects of promotions."""
        keys = [(promotion, subject) for promotion, names in subjects.items() for subject in names]
        found: dict[UUID, dict[str, int]] = {promotion: {} for promotion in subjects}
        for (promotion, subject), count in (await asking.used(self._work, keys)).items():
            found[promotion][subject] = count
        return found

    async def segments_of(self, customer_id: UUID) -> frozenset[str]:
        """The segments of a customer."""
        return await asking.segments(self._work, customer_id)

    async def segment(self, customer_id: UUID, segments: Sequence[str], channel_id: UUID) -> Customer | None:
        """Write the segments of a customer of a channel's subtree."""
        row = await _SEGMENT.one(self._on, customer=customer_id, segments=list(segments), channel=channel_id)
        return None if row is None else customer_of(row)

    async def has_bought(self, customer_id: UUID) -> bool:
        """Whether a customer has an order that was not given up."""
        return await asking.have_bought(self._work, customer_id)

    async def hold(self, claims: Claims) -> None:
        """Lock what is counted and see that it is there."""
        if claims.counted:
            await hold_claims(self._work, claims)

    async def keep(self, order_id: UUID, claims: Claims) -> None:
        """Write what was held, for an order."""
        if claims.claims:
            await keep_claims(self._work, Taken(order_id, claims))

    async def adopt(self, order_ids: Sequence[UUID], guest: str, customer: str) -> None:
        """Count what orders took under one name of a buyer under another one as well."""
        await ADOPT.run(self._on, orders=list(order_ids), guest=guest, customer=customer)

    async def release(self, order_ids: Sequence[UUID]) -> None:
        """Give back all that orders have taken."""
        if order_ids:
            await give_back_all(self._on, order_ids, "RELEASED")

    async def reverse(self, order_id: UUID, minor: Mapping[UUID, int], unused: bool) -> None:
        """Take back so much of each promotion's discount; all of it where nothing was used."""
        if unused:
            await give_back_all(self._on, [order_id], "REVERSED")
        else:
            await give_back(self._on, order_id, minor)

    async def flash_sales(self) -> list[FlashSaleStanding]:
        """The flash sales that may have changed, locked."""
        return await flash_sales.standing(self._on)

    async def told(self, moved: Sequence[tuple[UUID, str]]) -> None:
        """Remember what was told of flash sales."""
        await flash_sales.keep_told(self._on, moved)

    async def add(self, draft: PromotionDraft) -> PromotionView:
        """Write a promotion with its funders."""
        values = asdict(draft)
        funders = values.pop("funders")
        await _ADD.run(self._on, **values)
        await _ADD_FUNDERS.run(
            self._on,
            promotion_id=draft.id,
            by=draft.made_by,
            channels=[one["channel_id"] for one in funders],
            shares=[one["share_bp"] for one in funders],
            accepted=[one["accepted"] for one in funders],
        )
        kept = await self.lock(draft.id)
        if kept is None:
            raise AssertionError("a row that was inserted is not there")
        return kept

    async def lock(self, promotion_id: UUID) -> PromotionView | None:
        """A promotion, locked until the commit."""
        row = await _LOCK.one(self._on, id=promotion_id)
        return None if row is None else view_of(row, self._work.now)

    async def funders_of(self, promotion_id: UUID) -> list[FunderView]:
        """Who pays, in their order."""
        return [funder_of(row) for row in await _FUNDERS.all(self._on, id=promotion_id)]

    async def answer(
        self, promotion_id: UUID, channel_id: UUID, answer: FundingAnswer, caller: Caller
    ) -> None:
        """Write what a funder says."""
        await _ANSWER.run(
            self._on, id=promotion_id, channel=channel_id, answer=answer.value, by=caller.subject_id
        )

    async def move(self, promotion: PromotionView, status: str) -> PromotionView:
        """Write a new status of a locked promotion."""
        await _MOVE.run(self._on, id=promotion.id, status=status)
        moved = await self.lock(promotion.id)
        if moved is None:
            raise AssertionError("a locked row is gone")
        return moved
