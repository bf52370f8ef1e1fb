"""Whatever happens to paid orders at once: no part gives more than was paid, and the books balance."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.access.callers import SYSTEM, Caller
from domain.cards.hold_card import FreezeCard, UnfreezeCard
from domain.cards.redeem_card import RedeemCard
from domain.ledger.vesting import VestMargins
from domain.orders.metering import ConsumeEntitlement
from domain.orders.refunds.decide import ApproveRefund, RejectRefund, WithdrawRefund
from domain.orders.refunds.rules import Target
from domain.orders.returns import ReceiveReturn
from domain.orders.shipping import ShipFulfilment, UpdateShipment
from domain.orders.views import Condition
from domain.refusals import Refusal
from persistence.ledger.check import differences
from tests.orders.desk import ask, refund, reveal
from tests.orders.goods import add_cards, set_count
from tests.orders.shop import Shop, line
from tests.orders.test_refund_races import real_cards

Act = Callable[[], Coroutine[Any, Any, Any]]

BROKEN = {
    "a part gave more than its refunds": """
        SELECT f.id FROM fulfilment f LEFT JOIN refund_line n ON n.fulfilment_id = f.id
          LEFT JOIN refund r ON r.id = n.refund_id AND r.status NOT IN ('REJECTED', 'WITHDRAWN')
         GROUP BY f.id
        HAVING f.refunded_minor <> coalesce(sum(n.amount_minor) FILTER (WHERE r.id IS NOT NULL), 0)
            OR coalesce(sum(n.units) FILTER (WHERE r.id IS NOT NULL), 0) > coalesce(max(n.whole), 0)""",
    "an order says something else than its refunds": """
        SELECT o.id FROM orders o LEFT JOIN refund r ON r.order_id = o.id GROUP BY o.id
        HAVING o.refund_status <> CASE
               WHEN bool_or(r.status IN ('REQUESTED', 'APPROVED', 'SENT', 'FAILED')) THEN 'PENDING'
               WHEN NOT coalesce(bool_or(r.status = 'SUCCEEDED'), false) THEN 'NONE'
               WHEN sum(r.amount_minor) FILTER (WHERE r.status = 'SUCCEEDED') >= o.total_minor THEN 'REFUNDED'
               ELSE 'PARTIALLY_REFUNDED' END""",
    "a card that was seen is for sale": """
        SELECT id FROM card WHERE reveals > 0 AND state IN ('IN_STOCK', 'ALLOCATED', 'RESERVED')""",
    "a card waits for a refund that is decided": """
        SELECT c.id FROM card c
         WHERE coalesce(CASE WHEN c.state = 'FROZEN' THEN c.state_before END, c.state) = 'REFUND_PENDING'
           AND NOT EXISTS (SELECT FROM refund_card k JOIN refund r ON r.id = k.refund_id
                            WHERE k.card_id = c.id AND r.status = 'REQUESTED')""",
    "a card was paid back twice, or used and paid back": """
        SELECT card_id FROM refund_card k JOIN refund r ON r.id = k.refund_id
          JOIN card c ON c.id = k.card_id
         WHERE r.status = 'SUCCEEDED'
           AND (k.outcome IS NULL OR (c.state = 'REDEEMED' AND k.outcome = 'VOIDED'))""",
    "stock is not what lies there": """
        SELECT s.variant_id FROM stock_level s JOIN variant v ON v.id = s.variant_id
         WHERE v.sku = 'TXV' AND s.available <> (SELECT count(*) FROM card c WHERE c.variant_id = v.id
               AND c.state IN ('IN_STOCK', 'ALLOCATED'))""",
    "goods that are counted came or went": """
        SELECT v.sku FROM variant v WHERE v.sku = 'FIGURE' AND 100 <> (
               SELECT sum(s.available) FROM stock_level s WHERE s.variant_id = v.id) + (
               SELECT coalesce(sum(p.quantity - p.sellable), 0)
                 FROM fulfilment f JOIN shipment p ON p.fulfilment_id = f.id WHERE f.variant_id = v.id)""",
    "a parcel has other goods back than were counted in": """
        SELECT s.id FROM shipment s LEFT JOIN goods_return g ON g.shipment_id = s.id GROUP BY s.id
        HAVING s.sellable <> coalesce(sum(g.quantity) FILTER (WHERE g.condition = 'SELLABLE'), 0)
            OR s.damaged <> coalesce(sum(g.quantity) FILTER (WHERE g.condition = 'DAMAGED'), 0)""",
    "more or less is lost than was damaged and paid back": """
        SELECT 1 WHERE (
               SELECT coalesce(sum(e.minor), 0)
                 FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id AND a.kind = 'LOSSES') <> (
               SELECT -5000 * coalesce(sum(least(s.damaged, (
                        SELECT coalesce(sum(n.units), 0)
                          FROM refund_line n JOIN refund r ON r.id = n.refund_id
                         WHERE n.fulfilment_id = s.fulfilment_id AND n.goods = 'RETURNED'
                           AND r.status = 'SUCCEEDED'))), 0)
                 FROM shipment s)""",
    "a parcel is held for nothing, or not held for something": """
        SELECT s.id FROM shipment s
         WHERE s.status IN ('AWAITING_SHIPMENT', 'HELD', 'CANCELLED') AND s.status <> CASE
               WHEN s.quantity = 0 THEN 'CANCELLED'
               WHEN EXISTS (SELECT FROM refund_line n JOIN refund r ON r.id = n.refund_id
                             WHERE n.fulfilment_id = s.fulfilment_id AND r.status = 'REQUESTED') THEN 'HELD'
               ELSE 'AWAITING_SHIPMENT' END""",
    "a refund holds more or fewer cards than it pays for": """
        SELECT n.id FROM refund_line n JOIN fulfilment f ON f.id = n.fulfilment_id
         WHERE f.kind = 'CARD_KEY' AND n.units <> (SELECT count(*) FROM refund_card k
               WHERE k.refund_id = n.refund_id AND k.fulfilment_id = n.fulfilment_id)""",
    "a right gave more units than it has": """
        SELECT id FROM entitlement WHERE used + asked_back > units""",
    "money was returned that was not taken": """
        SELECT a.id FROM ledger_account a JOIN ledger_entry e ON e.account_id = a.id
          JOIN ledger_transfer t ON t.id = e.transfer_id AND t.type <> 'OPENING'
         WHERE a.kind = 'PAYMENT_CLEARING' GROUP BY a.id HAVING sum(e.minor) <> -(
               SELECT sum(p.amount_minor) FROM payment p) + (
               SELECT coalesce(sum(r.amount_minor), 0) FROM refund r WHERE r.status = 'SUCCEEDED')""",
}
"""What must find nothing."""


async def story(shop: Shop, seed: int, steps: int) -> None:
    shop = shop.with_settings(redemption_answer_ms=0)
    dice, buyer = random.Random(seed), await shop.customer()
    secrets = await real_cards(shop, 30)
    await set_count(shop, "FIGURE", 100)
    await add_cards(shop, "FILM", 20)
    kinds = [line("TXV", 3), line("FIGURE", 3), line("DRAW", 2)]
    phones = [{"phone": f"1380000000{n}"} for n in range(4)]
    orders = [await shop.bought(buyer, *kinds, line("PACK", 2, phone)) for phone in phones]
    await shop.work_off(2)
    lines = await shop.rows("SELECT id, order_id FROM order_line")
    acts = Acts(shop, dice, buyer, orders, secrets, [(row["order_id"], row["id"]) for row in lines])
    for _ in range(steps):
        thrown = [await acts.one() for _ in range(dice.randint(2, 9))]
        done = await asyncio.gather(*thrown, return_exceptions=True)
        faults = [one for one in done if isinstance(one, BaseException) and not isinstance(one, Refusal)]
        assert faults == [], faults
    for what, statement in BROKEN.items():
        assert await shop.rows(statement) == [], (seed, what)
    assert await differences(shop.database) == []
    assert await kept(shop) == await earned(shop), seed


async def kept(shop: Shop) -> dict[str, int]:
    """What each level's margins of all paid orders come to."""
    ids = [row["id"] for row in await shop.rows("SELECT id FROM orders WHERE paid_at IS NOT NULL")]
    found = {}
    for code in ("HQ", "GD", "SHOP"):
        margins = await shop.reads.margins_of(shop.agent(code), ids)
        found[code] = sum(one.now.minor for one in margins.values())
    return found


async def earned(shop: Shop) -> dict[str, int]:
    """What the books say that each level has earned."""
    statement = """
        SELECT coalesce(h.code, 'HQ') AS code, CAST(sum(e.minor) AS bigint) AS minor
          FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
          JOIN ledger_transfer t ON t.id = e.transfer_id AND t.type <> 'OPENING'
          LEFT JOIN channel h ON h.id = a.channel_id
         WHERE a.kind NOT IN ('SUPPLIER_PREPAID', 'PAYMENT_CLEARING') GROUP BY 1"""
    return {row["code"]: row["minor"] for row in await shop.rows(statement)}


class Acts:
    """What may happen to the orders of a story, by a throw of dice."""

    def __init__(self, shop: Shop, dice: random.Random, buyer: Caller, *known: Sequence[Any]) -> None:
        self.shop, self.dice, self.buyer = shop, dice, buyer
        self.orders, self.secrets, self.lines = known
        self.owner, self.hq, self.machine = shop.agent(), shop.agent("HQ"), shop.api("cards:redeem")

    async def _any(self, table: str) -> UUID:
        rows = await self.shop.rows(f"SELECT id FROM {table} ORDER BY id")
        return self.dice.choice([row["id"] for row in rows]) if rows else uuid4()

    async def one(self) -> Coroutine[Any, Any, Any]:
        shop, dice, key = self.shop, self.dice, uuid4().hex
        order = dice.choice(self.orders)
        mine = [at for of, at in self.lines if of == order.id and dice.random() < 0.4]
        named = [Target(at, quantity=dice.choice([None, 1, 1, 2])) for at in mine]
        who, few = dice.choice([self.owner, self.hq]), dice.choice([None, 1, 2])
        sold = f"card WHERE order_id IS NOT NULL AND variant_id = '{shop.variants['TXV']}'"
        refund_id, card = await self._any("refund"), await self._any(sold)
        parcel, right = await self._any("shipment"), await self._any("entitlement")
        acts: list[Act] = [
            lambda: ask(shop, self.buyer, order, *named),
            lambda: refund(shop, who, order, *named),
            lambda: shop.perform(ApproveRefund(key, refund_id), who),
            lambda: shop.perform(RejectRefund(key, refund_id, "no"), who),
            lambda: shop.perform(WithdrawRefund(key, refund_id), self.buyer),
            lambda: shop.perform(reveal(card), self.buyer),
            lambda: shop.perform(RedeemCard(key, secret=dice.choice(self.secrets)), self.machine),
            lambda: shop.perform(dice.choice([FreezeCard, UnfreezeCard])(card, "dice"), self.hq),
            lambda: shop.perform(ConsumeEntitlement(key, right, dice.randint(1, 40)), self.machine),
            lambda: shop.perform(ShipFulfilment(parcel, "SF", "1"), self.hq),
            lambda: shop.perform(UpdateShipment(parcel, returned=dice.random() < 0.5), self.hq),
            lambda: shop.perform(ReceiveReturn(key, parcel, dice.choice(list(Condition)), few), self.hq),
            lambda: shop.perform(UpdateShipment(parcel, delivered=True), self.hq),
            lambda: self._vest(),
            lambda: shop.bought(self.buyer, line("TXV")),
        ]  # fmt: skip
        return dice.choice(acts)()

    async def _vest(self) -> None:
        await self.shop.run("UPDATE ledger_vesting SET vests_at = now() WHERE vested_at IS NULL")
        await self.shop.perform(VestMargins(), SYSTEM)


async def test_refunds_among_everything_else_keep_the_laws(shop: Shop) -> None:
    await story(shop, seed=7, steps=12)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(40))
async def test_refunds_among_everything_else_keep_the_laws_for_long(shop: Shop, seed: int) -> None:
    await story(shop, seed, steps=60)
