"""Refunds in one transaction; what they take of a part is counted on the part's row, which bounds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.catalog.fulfilment import Goods
from domain.ids import new_id
from domain.orders.refunds.records import Claim, RefundDraft, Sums
from domain.orders.refunds.states import GIVEN_UP, OPEN, RefundState
from domain.orders.status import PartStatus
from persistence.orders.refund_facts import locked_facts
from persistence.orders.refund_money import completes, sales_of
from persistence.orders.refund_rows import REFUND_COLUMNS, refund_of
from persistence.orders.returns import StoredReturns
from persistence.promotions.giving_back import lock_claims
from persistence.repository import Repository
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.refunds.money import PartSale
    from domain.orders.refunds.settle import Decision
    from domain.orders.refunds.standing import PartFacts
    from domain.orders.refunds.views import RefundView
    from domain.orders.status import RefundStatus
    from domain.orders.views import OrderView

_ADD = Statement(
    f"""INSERT INTO refund AS r (id, order_id, channel_id, status, currency, amount_minor, review, reason,
                            requested_by_kind, requested_by_id)
        VALUES (:id, :order_id, :channel_id, 'REQUESTED', :currency, :amount_minor, :review, :reason,
                :requested_by_kind, :requested_by_id)
        RETURNING {REFUND_COLUMNS}"""
)
_ADD_LINE = Statement(
    """WITH taken AS (
           UPDATE fulfilment SET refunded_minor = refunded_minor + CAST(:amount_minor AS bigint)
            WHERE id = CAST(:part_id AS uuid))
       INSERT INTO refund_line (id, refund_id, order_line_id, fulfilment_id, sku, units, whole, amount_minor,
                                goods)
       VALUES (:id, :refund_id, :line_id, CAST(:part_id AS uuid), :sku, :units, :whole,
               CAST(:amount_minor AS bigint), :goods)"""
)
_FIND = Statement(f"SELECT {REFUND_COLUMNS} FROM refund r WHERE r.id = :refund")
_CLAIMS = Statement(
    """SELECT n.refund_id, n.fulfilment_id, f.kind, n.units, n.whole, n.goods, f.status
         FROM refund_line n JOIN fulfilment f ON f.id = n.fulfilment_id
        WHERE n.refund_id = :refund ORDER BY n.fulfilment_id"""
)
_MOVE = Statement(
    f"""WITH freed AS (
            UPDATE fulfilment f SET refunded_minor = f.refunded_minor - n.amount_minor
              FROM refund_line n
             WHERE n.refund_id = :refund AND f.id = n.fulfilment_id AND CAST(:given_up AS boolean))
        UPDATE refund r
           SET status = CAST(:to AS text),
               decided_by_kind = coalesce(CAST(:by_kind AS text), r.decided_by_kind),
               decided_by_id = coalesce(CAST(:by_id AS uuid), r.decided_by_id),
               decided_at = CASE WHEN CAST(:by_kind AS text) IS NULL THEN r.decided_at ELSE now() END,
               note = coalesce(nullif(CAST(:note AS text), ''), r.note),
               issuer_pays_back = r.issuer_pays_back OR CAST(:issuer_pays_back AS boolean),
               asked = CASE WHEN CAST(:to AS text) = 'SENT' THEN 0 ELSE r.asked END,
               asked_at = CASE WHEN CAST(:to AS text) = 'SENT' THEN now() END,
               finished_at = CASE WHEN CAST(:ended AS boolean) THEN now() END
         WHERE r.id = :refund AND r.status = :before
        RETURNING {REFUND_COLUMNS}"""
)
_SUMS = Statement(
    """SELECT count(*) FILTER (WHERE status = ANY (CAST(:open AS text[]))) AS open,
              count(*) FILTER (WHERE status = 'SUCCEEDED') AS succeeded,
              CAST(coalesce(sum(amount_minor) FILTER (WHERE status = 'SUCCEEDED'), 0) AS bigint) AS paid_back
         FROM refund WHERE order_id = :order"""
)
_ASKED = Statement("UPDATE refund SET asked = asked + 1, asked_at = now() WHERE id = :refund RETURNING asked")
_OPEN_CASE = Statement(
    """INSERT INTO case_file (id, subject, subject_id, reason, facts)
       VALUES (:id, 'refund', :refund, :reason, :facts)"""
)
_MARK = Statement("UPDATE orders SET refund_status = :status WHERE id = :order AND refund_status <> :status")
_HOLD_PARCELS = Statement(
    """UPDATE shipment SET status = 'HELD' WHERE fulfilment_id = ANY (CAST(:parts AS uuid[]))
          AND status = 'AWAITING_SHIPMENT'"""
)
_HELD_ELSEWHERE = """EXISTS (
           SELECT FROM refund_line n JOIN refund r ON r.id = n.refund_id
            WHERE n.fulfilment_id = s.fulfilment_id AND r.status = 'REQUESTED' AND r.id <> :refund)"""
_FREE_PARCELS = Statement(
    f"""UPDATE shipment s SET status = 'AWAITING_SHIPMENT'
         WHERE s.fulfilment_id = ANY (CAST(:parts AS uuid[])) AND s.status = 'HELD'
           AND NOT {_HELD_ELSEWHERE}"""
)
_UNPACK_PARCELS = Statement(
    f"""UPDATE shipment s
           SET quantity = s.quantity - t.units,
               status = CASE WHEN s.quantity = t.units THEN 'CANCELLED'
                             WHEN {_HELD_ELSEWHERE} THEN 'HELD' ELSE 'AWAITING_SHIPMENT' END
          FROM unnest(CAST(:parts AS uuid[]), CAST(:units AS bigint[])) AS t (part, units)
         WHERE s.fulfilment_id = t.part AND s.status = 'HELD'
        RETURNING s.fulfilment_id, s.status"""
)
_UNITS = Statement(
    """UPDATE entitlement SET asked_back = asked_back + CAST(:units AS bigint) WHERE fulfilment_id = :part"""
)


class StoredRefunds(Repository):
    """Fills `domain.orders.refunds.ports.Refunds`."""

    async def facts(self, order: OrderView) -> list[PartFacts]:
        """What is known of an order's parts."""
        if order.discount.minor:
            # What promotions count comes before stock, as where orders are placed.
            await lock_claims(self._on, [order.id])
        return await locked_facts(self._on, order.id)

    async def add(self, draft: RefundDraft) -> RefundView:
        """Write a refund with its lines; a check of the table stands behind what was decided."""
        row = await _ADD.one(self._on, **{name: getattr(draft, name) for name in _ADD.names})
        for line in draft.lines:
            values = {name: getattr(line, name) for name in _ADD_LINE.names if name != "refund_id"}
            await _ADD_LINE.run(self._on, **values | {"refund_id": draft.id, "goods": line.goods.value})
        return refund_of(row)

    async def find(self, refund_id: UUID) -> RefundView | None:
        """A refund."""
        row = await _FIND.one(self._on, refund=refund_id)
        return None if row is None else refund_of(row)

    async def claims_of(self, refund_id: UUID) -> list[Claim]:
        """What a refund takes, by part."""
        rows = await _CLAIMS.all(self._on, refund=refund_id)
        return [
            Claim(
                row["refund_id"],
                row["fulfilment_id"],
                row["kind"],
                row["units"],
                row["whole"],
                Goods(row["goods"]),
                PartStatus(row["status"]),
            )
            for row in rows
        ]

    async def move(
        self, refund: RefundView, to: RefundState, caller: Caller | None, said: Decision
    ) -> RefundView:
        """One guarded UPDATE; what was rejected can be asked for again."""
        row = await _MOVE.one(
            self._on,
            refund=refund.id,
            before=refund.status.value,
            to=to.value,
            by_kind=None if caller is None else caller.kind.value,
            by_id=None if caller is None else caller.subject_id,
            note=said.note,
            issuer_pays_back=said.issuer_pays_back,
            ended=to not in OPEN,
            given_up=to in GIVEN_UP,
        )
        if row is None:
            raise RuntimeError("A refund moved while its order was locked.")
        return refund_of(row)

    async def sums(self, order_id: UUID) -> Sums:
        """The refunds of an order together."""
        row = await _SUMS.one(self._on, order=order_id, open=[state.value for state in OPEN])
        assert row is not None
        return Sums(row["open"], row["succeeded"], row["paid_back"])

    async def mark(self, order: OrderView, status: RefundStatus) -> None:
        """Write how much of an order's money went back."""
        await _MARK.run(self._on, order=order.id, status=status.value)

    async def sales_of(self, refund_id: UUID) -> list[PartSale]:
        """The sale of each part of a refund that has not succeeded yet."""
        return await sales_of(self._on, refund_id)

    async def completes(self, refund: RefundView) -> bool:
        """Whether with this refund all of every part of its order is paid back."""
        return await completes(self._on, refund.id, refund.order_id)

    async def count_asking(self, refund: RefundView) -> int:
        """Count that a provider was told and has not answered for certain."""
        return int(await _ASKED.value(self._on, refund=refund.id))

    async def open_case(self, refund: RefundView, reason: str, facts: Mapping[str, Any]) -> None:
        """Put a refund before a person."""
        await _OPEN_CASE.run(self._on, id=new_id(), refund=refund.id, reason=reason, facts=dict(facts))

    @property
    def returns(self) -> StoredReturns:
        """Goods that come back."""
        return StoredReturns(self._work)

    async def hold_parcels(self, part_ids: Sequence[UUID]) -> None:
        """AWAITING_SHIPMENT → HELD."""
        await _HOLD_PARCELS.run(self._on, parts=list(part_ids))

    async def free_parcels(self, claims: Sequence[Claim]) -> None:
        """HELD → AWAITING_SHIPMENT, or HELD still."""
        parts = [claim.part_id for claim in claims]
        await _FREE_PARCELS.run(self._on, parts=parts, refund=claims[0].refund_id)

    async def unpack_parcels(self, claims: Sequence[Claim]) -> list[UUID]:
        """HELD → CANCELLED, AWAITING_SHIPMENT or HELD still."""
        rows = await _UNPACK_PARCELS.all(
            self._on,
            parts=[claim.part_id for claim in claims],
            units=[claim.units for claim in claims],
            refund=claims[0].refund_id,
        )
        return [row["fulfilment_id"] for row in rows if row["status"] == "CANCELLED"]

    async def hold_units(self, units: Mapping[UUID, int]) -> None:
        """A part has one metered right."""
        await _UNITS.many(self._on, [{"part": part, "units": count} for part, count in units.items()])
