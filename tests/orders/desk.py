"""A refund desk: asking for money back and deciding about it, in a few words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from domain.access.callers import Caller
from domain.cards.reveal_card import RevealCard
from domain.orders.refunds.ask import RefundOrder, RequestRefund
from domain.orders.refunds.decide import ApproveRefund, RejectRefund
from domain.orders.refunds.rules import Target
from domain.orders.refunds.views import RefundableView, RefundView
from domain.orders.views import OrderView
from persistence.orders.refund_reads import StoredRefundReads
from tests.orders.shop import Shop


async def ask(shop: Shop, caller: Caller, order: OrderView, *targets: Target, **said: Any) -> RefundView:
    key = said.pop("key", None) or uuid4().hex
    refund: RefundView = await shop.perform(RequestRefund(key, order.id, targets, **said), caller)
    return refund


async def refund(shop: Shop, caller: Caller, order: OrderView, *targets: Target) -> RefundView:
    done: RefundView = await shop.perform(RefundOrder(uuid4().hex, order.id, targets), caller)
    return done


async def approve(
    shop: Shop, caller: Caller, asked: RefundView, issuer_pays_back: bool = False
) -> RefundView:
    command = ApproveRefund(uuid4().hex, asked.id, issuer_pays_back=issuer_pays_back)
    done: RefundView = await shop.perform(command, caller)
    return done


async def reject(shop: Shop, caller: Caller, asked: RefundView, *used: UUID) -> RefundView:
    done: RefundView = await shop.perform(RejectRefund(uuid4().hex, asked.id, "too late", used), caller)
    return done


async def offers(shop: Shop, order: OrderView) -> dict[str, RefundableView]:
    """What could be paid back now, by SKU."""
    found = await StoredRefundReads(shop.database).refundable_of([order.id])
    return {one.sku: one for one in found.get(order.id, [])}


async def line_of(shop: Shop, order: OrderView, sku: str) -> UUID:
    found: UUID = await shop.value(
        "SELECT id FROM order_line WHERE order_id = $1 AND sku = $2", order.id, sku
    )
    return found


async def cards_of(shop: Shop, order: OrderView) -> Sequence[UUID]:
    rows = await shop.rows("SELECT id FROM card WHERE order_id = $1 ORDER BY id", order.id)
    return [row["id"] for row in rows]


async def seen(shop: Shop, *card_ids: UUID, state: str = "REVEALED") -> None:
    """Cards that were looked at or activated, behind the back of the use cases: their secrets are noise."""
    await shop.run(
        "UPDATE card SET state = $2, reveals = CASE $2 WHEN 'REVEALED' THEN 1 ELSE 0 END"
        " WHERE id = ANY ($1::uuid[])",
        list(card_ids), state,
    )  # fmt: skip


async def ours(shop: Shop, minted: bool) -> None:
    """Whether all cards are codes of ours."""
    await shop.run("UPDATE card_batch SET origin = $1", "MINT" if minted else "FILE")


async def capped(shop: Shop, sku: str, quantity: int) -> None:
    """GD's quota of so many, all of it handed on to SHOP."""
    for code, handed_on in (("GD", quantity), ("SHOP", 0)):
        await shop.run(
            "INSERT INTO sales_quota (id, channel_id, variant_id, period, zone, quantity, handed_on,"
            " starts_at, created_at) VALUES ($1, $2, $3, 'TOTAL', 'Asia/Shanghai', $4, $5,"
            " now() - interval '1 day', now() - interval '1 day')",
            uuid4(), shop.channels[code], shop.variants[sku], quantity, handed_on,
        )  # fmt: skip


def reveal(card: UUID) -> RevealCard:
    return RevealCard(card, uuid4().hex)
