"""Refunds against everything that happens to an order at the same moment: exactly one has the goods."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from uuid import uuid4

from domain.cards.redeem_card import RedeemCard
from domain.cards.refusals import CardNotRedeemable, CardNotRevealable
from domain.cards.views import RedemptionView, RevealedCard
from domain.orders.metering import ConsumeEntitlement
from domain.orders.refunds.refusals import NothingRefundable, RefundNotPossible
from domain.orders.refunds.states import RefundState
from domain.orders.refunds.views import RefundView
from domain.orders.refusals import ShipmentNotPossible
from domain.orders.shipping import ShipFulfilment
from domain.orders.status import RefundStatus
from domain.refusals import NotFound
from tests.cards.stockroom import Sku, Stockroom
from tests.orders.crowd import kinds
from tests.orders.desk import approve, ask, refund, reject, reveal
from tests.orders.goods import add_cards, add_product, set_count
from tests.orders.shop import Shop, line

CARDS = 12


async def real_cards(shop: Shop, count: int) -> list[str]:
    """Codes of ours in the place of the noise; their secrets in the order of sale."""
    await shop.run("DELETE FROM card WHERE variant_id = $1", shop.variants["TXV"])
    await set_count(shop, "TXV", 0)
    room = Stockroom(shop.database, shop.tools, {"root": (shop.channels["HQ"],)})
    secrets = await room.minted(Sku(shop.variants["TXV"], "TXV", "CARD_KEY"), count)
    return [secret.reveal() for secret in secrets]


async def together(*asked: Any) -> list[Any]:
    return list(await asyncio.gather(*asked, return_exceptions=True))


async def test_a_card_is_used_or_paid_back_and_what_was_seen_is_never_sold_again(shop: Shop) -> None:
    shop = shop.with_settings(redemption_answer_ms=0)
    secrets = await real_cards(shop, CARDS)
    buyer, machine, owner = await shop.customer(), shop.api("cards:redeem"), shop.agent()
    orders = [await shop.bought(buyer, line("TXV")) for _ in secrets]
    cards = {row["order_id"]: row["id"] for row in await shop.rows("SELECT id, order_id FROM card")}
    answers = await together(
        *(
            one
            for order, secret in zip(orders, secrets, strict=True)
            for one in (
                shop.perform(reveal(cards[order.id]), buyer),
                refund(shop, owner, order),
                shop.perform(RedeemCard(uuid4().hex, secret=secret), machine),
                refund(shop, shop.agent("GD"), order),
            )
        )
    )
    ends: Counter[str] = Counter()
    for at, order in enumerate(orders):
        shown, first, used, second = answers[at * 4 : at * 4 + 4]
        won = [one for one in (first, used, second) if isinstance(one, RefundView | RedemptionView)]
        lost = [one for one in (first, used, second) if one not in won]
        assert len(won) == 1, (first, used, second)
        assert all(isinstance(one, NothingRefundable | CardNotRedeemable) for one in lost), lost
        assert isinstance(shown, RevealedCard | CardNotRevealable | NotFound), shown
        state = await shop.value("SELECT state FROM card WHERE id = $1", cards[order.id])
        paid_back = isinstance(won[0], RefundView)
        seen = isinstance(shown, RevealedCard)
        assert state == ("REDEEMED" if not paid_back else "VOIDED" if seen else "IN_STOCK")
        status = (await shop.order(order)).refund_status
        assert status is (RefundStatus.REFUNDED if paid_back else RefundStatus.NONE)
        ends[state] += 1
    assert await shop.stock("TXV") == ends["IN_STOCK"]
    assert await shop.value("SELECT sum(refunded_minor) FROM fulfilment") == 2500 * (CARDS - ends["REDEEMED"])


async def test_units_are_used_or_paid_back_and_no_part_gives_more_than_was_paid(shop: Shop) -> None:
    order = await shop.bought(await shop.customer(), line("DRAW"))
    right, machine = await shop.value("SELECT id FROM entitlement"), shop.api("cards:redeem")
    uses = [shop.perform(ConsumeEntitlement(uuid4().hex, right, 10), machine) for _ in range(6)]
    refunds = [refund(shop, shop.agent(), order) for _ in range(6)]
    answers = await together(*(one for pair in zip(uses, refunds, strict=True) for one in pair))
    won = [one for one in answers if isinstance(one, RefundView)]
    assert len(won) == 1
    assert kinds(answers)["NothingRefundable"] == 5
    row = (await shop.rows("SELECT units, used, asked_back FROM entitlement"))[0]
    assert row["used"] == 10 * kinds(answers)["EntitlementView"]
    assert row["used"] + row["asked_back"] == row["units"]
    assert won[0].amount.minor == 10 * row["asked_back"]
    assert await shop.value("SELECT refunded_minor FROM fulfilment") == won[0].amount.minor


async def test_a_parcel_is_sent_or_paid_back_and_a_refund_is_decided_once(shop: Shop) -> None:
    buyer, stockroom = await shop.customer(), shop.agent("HQ")
    orders = [await shop.bought(buyer, line("FIGURE")) for _ in range(5)]
    parcels = {row["order_id"]: row["id"] for row in await shop.rows(
        "SELECT f.order_id, s.id FROM shipment s JOIN fulfilment f ON f.id = s.fulfilment_id")}  # fmt: skip
    answers = await together(
        *(
            one
            for order in orders
            for one in (
                shop.perform(ShipFulfilment(parcels[order.id], "SF", "1"), stockroom),
                refund(shop, shop.agent(), order),
            )
        )
    )
    refused = [one for one in answers if isinstance(one, ShipmentNotPossible | NothingRefundable)]
    assert len(refused) == 5
    paid_back = [one for one in answers if isinstance(one, RefundView)]
    assert await shop.stock("FIGURE") == len(paid_back)
    order = await shop.bought(buyer, line("TXV"))
    asked = await ask(shop, buyer, order)
    answers = await together(
        *(decide(shop, shop.agent(), asked) for decide in (approve, reject, approve, reject))
    )
    (one,) = [each for each in answers if isinstance(each, RefundView)]
    assert sum(isinstance(each, RefundNotPossible) for each in answers) == 3
    state = await shop.value("SELECT state FROM card ORDER BY changed_at DESC LIMIT 1")
    assert state == ("IN_STOCK" if one.status is RefundState.SUCCEEDED else "DELIVERED")


async def test_who_approves_and_who_buys_lock_the_goods_in_one_order(shop: Shop) -> None:
    # A card that comes after the figure in key order: methods take cards back first.
    await add_product(shop, "LATE", ("LINK", 4000, 3000, {}))
    await add_cards(shop, "LATE", 60)
    await set_count(shop, "FIGURE", 60)
    buyer, goods = await shop.customer(), (line("FIGURE"), line("LATE"))
    asked = [await ask(shop, buyer, await shop.bought(buyer, *goods)) for _ in range(12)]
    stuck = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    before = await shop.value(stuck)
    answers = await together(
        *(one for each in asked for one in (approve(shop, shop.agent(), each), shop.place(buyer, *goods)))
    )
    assert [one for one in answers if isinstance(one, BaseException)] == []
    await shop.run("SELECT pg_stat_force_next_flush()")
    assert await shop.value(stuck) == before
    assert (await shop.stock("FIGURE"), await shop.stock("LATE")) == (48, 48)


async def test_the_database_itself_keeps_a_part_from_giving_more_than_was_paid(shop: Shop) -> None:
    order = await shop.bought(await shop.customer(), line("TXV"))
    (answer,) = await together(
        shop.run("UPDATE fulfilment SET refunded_minor = allocated_minor + 1 WHERE order_id = $1", order.id)
    )
    assert type(answer).__name__ == "CheckViolationError"
