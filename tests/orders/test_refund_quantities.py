"""Some items of a line: which of them go back first, what they come to, and never more than were bought."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from domain.cards.states import CardState
from domain.catalog.fulfilment import Goods
from domain.orders.refunds.ask import RequestRefund
from domain.orders.refunds.refusals import NothingRefundable, TooFewRefundable
from domain.orders.refunds.rules import ASKED_BACK, Target, chosen
from domain.orders.refunds.standing import AttemptFact, EntitlementFact, PartFacts
from domain.orders.refunds.states import RefundState
from domain.orders.refunds.views import RefundView
from domain.orders.refusals import ShipmentNotPossible
from domain.orders.shipping import ShipFulfilment, UpdateShipment
from domain.orders.status import OrderStatus, RefundStatus
from domain.refusals import InvalidInput
from domain.supply.states import AttemptState
from persistence.ledger.check import differences
from tests.orders.crowd import kinds
from tests.orders.desk import approve, ask, capped, cards_of, line_of, offers, ours, refund, reject, seen
from tests.orders.shop import Shop, line
from tests.orders.test_order_money import FULL, headquarters, money
from tests.orders.test_refund_rules import cards, part
from tests.promotions.campaigns import accept, codes_of, create, limited, used

S, A = CardState, AttemptState


def taken(parts: Sequence[PartFacts], *targets: Target) -> list[tuple[str, int, int, int]]:
    """SKU, items, units and fen of what a refund takes."""
    return [(one.sku, one.quantity, one.units, one.amount_minor) for one in chosen(parts, targets)]


def test_unseen_cards_go_back_first_then_codes_of_ours_then_those_of_others() -> None:
    others = cards(S.REVEALED, seen=True)
    ours = cards(S.ACTIVATED, S.REVEALED, seen=True, minted=True)
    unseen = cards(S.DELIVERED)
    used_up = cards(S.REDEEMED)
    five = part("CARD_KEY", 5, 999, cards=(*others, *ours, *unseen, *used_up), line_quantity=5)

    def first(quantity: int) -> tuple[tuple[UUID, ...], Goods, bool]:
        (one,) = chosen([five], [Target(five.line_id, quantity=quantity)])
        return one.cards, one.goods, one.review

    in_order = [unseen[0].id, ours[1].id, ours[0].id, others[0].id]
    assert first(1) == ((in_order[0],), Goods.BACK_TO_STOCK, False)
    assert first(2) == (tuple(in_order[:2]), Goods.VOID_AT_ISSUER_FIRST, False)
    assert first(3) == (tuple(in_order[:3]), Goods.VOID_AT_ISSUER_FIRST, False)
    assert first(4) == (tuple(in_order), Goods.VOID_AT_ISSUER_FIRST, True)
    with pytest.raises(TooFewRefundable) as refused:
        first(5)
    assert (refused.value.left, refused.value.wanted) == (4, 5)
    assert refused.value.field == ["lines", "0", "quantity"]
    # A card that is asked back already is nobody's to take again.
    pending = part(
        "CARD_KEY", 2, 999, cards=cards(S.REFUND_PENDING, S.DELIVERED), asked_units=1, asked_minor=500,
        line_quantity=2,
    )  # fmt: skip
    (one,) = chosen([pending], [Target(pending.line_id, quantity=1)])
    assert (one.cards, one.amount_minor) == ((pending.cards[1].id,), 499)


def test_an_item_is_what_the_part_measures_by_one_and_untouched_ones_go_first() -> None:
    right = part("METERED", 2, 2001, entitlements=(EntitlementFact(200, 50, None),), line_quantity=2)
    assert taken([right], Target(right.line_id, quantity=1)) == [("METERED", 1, 100, 1001)]
    assert taken([right], Target(right.line_id, quantity=2)) == [("METERED", 2, 150, 1501)]
    attempts = (
        AttemptFact(A.PARTIAL, 5000, 2500),
        AttemptFact(A.FAILED, 5000, None),
        AttemptFact(A.SUCCEEDED, 5000, None),
    )
    credit = part("DIRECT_TOPUP", 3, 14_400, attempts=attempts, line_quantity=3)
    assert taken([credit], Target(credit.line_id, quantity=1)) == [("DIRECT_TOPUP", 1, 5000, 4800)]
    assert taken([credit], Target(credit.line_id, quantity=2)) == [("DIRECT_TOPUP", 2, 7500, 7200)]
    with pytest.raises(TooFewRefundable):
        taken([credit], Target(credit.line_id, quantity=3))


def test_of_a_bundles_line_so_many_bundles_go_back_or_so_many_of_a_component() -> None:
    pack = uuid4()
    key = part("CARD_KEY", 3, 3000, line_id=pack, sku="KEY", cards=cards(*[S.DELIVERED] * 3), line_quantity=3)
    link = part("LINK", 6, 6000, line_id=pack, sku="LINK", cards=cards(*[S.DELIVERED] * 6), line_quantity=3)
    gone = part("LINK", 3, 900, line_id=pack, sku="GONE", cards=cards(*[S.REDEEMED] * 3), line_quantity=3)
    parts = [key, link, gone]
    assert taken(parts, Target(pack, quantity=2)) == [("KEY", 2, 2, 2000), ("LINK", 4, 4, 4000)]
    assert taken(parts, Target(pack, "LINK", 5)) == [("LINK", 5, 5, 5000)]
    both = taken(parts, Target(pack, "LINK", 5), Target(pack, "KEY", 1))
    assert both == [("KEY", 1, 1, 1000), ("LINK", 5, 5, 5000)]
    with pytest.raises(TooFewRefundable) as refused:
        taken(parts, Target(pack, "KEY"), Target(pack, "LINK", 7))
    assert (refused.value.left, refused.value.at) == (6, "lines.1.quantity")
    with pytest.raises(NothingRefundable) as nothing:
        taken(parts, Target(pack, "KEY"), Target(pack, "GONE", 1))
    assert nothing.value.reason == "All of it was used."
    for twice in ((Target(pack), Target(pack, "KEY", 1)), (Target(pack, quantity=1), Target(pack))):
        with pytest.raises(InvalidInput):
            taken(parts, *twice)
    for few in (0, -1):
        with pytest.raises(InvalidInput):
            RequestRefund("k", uuid4(), (Target(pack, quantity=few),))


async def test_items_paid_back_one_by_one_come_to_what_was_paid_at_every_level(shop: Shop) -> None:
    funding = (("GD", 6_000), ("HQ", 4_000))
    limits = limited(budget_minor=5_000, per_customer=1)
    made = await create(shop, "COUPON", off_minor=1_001, funding=funding, limits=limits)
    await accept(shop, made, "HQ")
    (code,) = await codes_of(shop, made)
    order = await shop.bought(await shop.customer(), line("TXV", 3), coupon_codes=(code,))
    assert order.total.minor == 7_500 - 1_001
    at = await line_of(shop, order, "TXV")
    amounts, budgets = [], []
    for _ in range(3):
        done = await refund(shop, shop.agent(), order, Target(at, quantity=1))
        amounts.append(done.amount.minor)
        budgets.append((await used(shop))["budget"])
    assert (amounts, budgets) == ([2166, 2167, 2166], [1_001 - 333, 1_001 - 333 - 335, 0])
    assert sum(amounts) == order.total.minor
    assert (await used(shop), await shop.value("SELECT used FROM coupon")) == ({"budget": 0, "buyer": 0}, 0)
    left = {kind: minor for kind, minor in (await headquarters(shop)).items() if minor}
    assert left == {"REVENUE": 6_000, "SALES_RETURNS": -6_000}
    for channel in ("GD", "SHOP"):
        assert await money(shop, channel) == (FULL, 0, 0, 0)
    assert (await shop.order(order)).refund_status is RefundStatus.REFUNDED
    assert await shop.stock("TXV") == 10
    assert await differences(shop.database) == []


async def test_the_buyer_keeps_the_card_that_was_seen_and_a_rejected_share_is_free_again(shop: Shop) -> None:
    await ours(shop, minted=False)
    buyer = await shop.customer()
    order = await shop.bought(buyer, line("TXV", 3))
    first, second, third = await cards_of(shop, order)
    await seen(shop, first)
    at = await line_of(shop, order, "TXV")
    one = await refund(shop, shop.agent(), order, Target(at, quantity=1))
    assert (one.status, one.review, one.amount.minor) == (RefundState.SUCCEEDED, False, 2_500)
    rows = await shop.rows("SELECT id, state FROM card WHERE id = ANY ($1::uuid[])", [first, second, third])
    states = {row["id"]: row["state"] for row in rows}
    assert (states[first], sorted((states[second], states[third]))) == ("REVEALED", ["DELIVERED", "IN_STOCK"])
    left = (await offers(shop, order))["TXV"]
    assert (left.quantity, left.amount.minor, left.review) == (2, 5_000, True)
    two = await ask(shop, buyer, order, Target(at, quantity=2))
    assert (two.review, two.amount.minor) == (True, 5_000)
    with pytest.raises(NothingRefundable) as nothing:
        await ask(shop, buyer, order, Target(at, quantity=1))
    assert nothing.value.reason == ASKED_BACK
    await reject(shop, shop.agent("HQ"), two, first)
    before = await shop.everything()
    with pytest.raises(TooFewRefundable) as refused:
        await ask(shop, buyer, order, Target(at, quantity=2))
    assert (refused.value.left, await shop.everything()) == (1, before)
    assert (await refund(shop, shop.agent(), order, Target(at, quantity=1))).amount.minor == 2_500
    assert await shop.states("TXV") == {"IN_STOCK": 9, "REDEEMED": 1}
    assert await shop.stock("TXV") == 9


async def parcel_of(shop: Shop) -> tuple[str, int, int, int]:
    """The one parcel's status and items, what lies in stock, and what the shop's quota counts."""
    row = (await shop.rows("SELECT status, quantity FROM shipment"))[0]
    counted = await shop.value("SELECT own_used FROM sales_quota ORDER BY handed_on LIMIT 1")
    return row["status"], row["quantity"], await shop.stock("FIGURE"), counted


async def test_what_is_paid_back_of_a_parcel_is_not_sent_and_the_rest_is(shop: Shop) -> None:
    await capped(shop, "FIGURE", 5)
    stockroom, owner = shop.agent("HQ"), shop.agent()
    order = await shop.bought(await shop.customer(), line("FIGURE", 4))
    at = await line_of(shop, order, "FIGURE")
    parcel = await shop.value("SELECT id FROM shipment")
    assert await parcel_of(shop) == ("AWAITING_SHIPMENT", 4, 1, 4)
    first, second = [await ask(shop, owner, order, Target(at, quantity=1)) for _ in range(2)]
    assert await parcel_of(shop) == ("HELD", 4, 1, 4)
    await approve(shop, owner, first)
    assert await parcel_of(shop) == ("HELD", 3, 2, 3)
    with pytest.raises(ShipmentNotPossible):
        await shop.perform(ShipFulfilment(parcel, "SF", "1"), stockroom)
    third = await ask(shop, owner, order, Target(at, quantity=1))
    await reject(shop, owner, second)
    assert await parcel_of(shop) == ("HELD", 3, 2, 3)
    await reject(shop, owner, third)
    assert await parcel_of(shop) == ("AWAITING_SHIPMENT", 3, 2, 3)
    await shop.perform(ShipFulfilment(parcel, "SF", "1"), stockroom)
    sent = await shop.perform(UpdateShipment(parcel, delivered=True), stockroom)
    assert (sent.status, sent.quantity) == ("DELIVERED", 3)
    assert (await shop.order(order)).status is OrderStatus.FULFILLED
    with pytest.raises(NothingRefundable) as refused:
        await refund(shop, owner, order, Target(at, quantity=1))
    assert refused.value.reason == "Send it back first."
    await shop.perform(UpdateShipment(parcel, returned=True), stockroom)
    assert (await refund(shop, owner, order, Target(at, quantity=2))).amount.minor == 2 * 9_900
    assert (await refund(shop, owner, order)).amount.minor == 9_900
    assert await shop.value("SELECT refunded_minor FROM fulfilment") == 4 * 9_900


async def test_the_last_of_a_parcel_that_is_paid_back_ends_it(shop: Shop) -> None:
    order = await shop.bought(await shop.customer(), line("FIGURE", 3))
    at = await line_of(shop, order, "FIGURE")
    for quantity, stock, status in ((1, 3, OrderStatus.PAID), (2, 5, OrderStatus.FAILED)):
        await refund(shop, shop.agent(), order, Target(at, quantity=quantity))
        assert (await shop.stock("FIGURE"), (await shop.order(order)).status) == (stock, status)
    assert [tuple(row) for row in await shop.rows("SELECT status, quantity FROM shipment")] == [
        ("CANCELLED", 0)
    ]


@pytest.mark.parametrize("sku", ["TXV", "FIGURE", "DRAW", "PACK"])
async def test_of_three_two_are_paid_back_once_however_many_ask(shop: Shop, sku: str) -> None:
    account = {"phone": "13800000002"} if sku == "PACK" else None
    order = await shop.bought(await shop.customer(), line(sku, 3, account))
    await shop.work_off()
    at = await line_of(shop, order, sku)
    two = Target(at, quantity=2)
    one_by_one = [refund(shop, shop.agent(code), order, two) for code in ("SHOP", "GD", "HQ")]
    asking = [ask(shop, shop.agent(), order, two) for _ in range(3)]
    answers = await asyncio.gather(*one_by_one, *asking, return_exceptions=True)
    (won,) = [one for one in answers if isinstance(one, RefundView)]
    assert kinds(answers)["TooFewRefundable"] == 5
    assert {one.left for one in answers if isinstance(one, TooFewRefundable)} == {1}
    if won.status is RefundState.REQUESTED:
        won = await approve(shop, shop.agent(), won)
    rest = await refund(shop, shop.agent(), order, Target(at, quantity=1))
    assert won.amount.minor + rest.amount.minor == order.total.minor
    assert await shop.value("SELECT sum(refunded_minor) FROM fulfilment") == order.total.minor
    assert (await shop.stock("TXV"), await shop.stock("FIGURE"), await shop.stock("FILM")) == (10, 5, 10)
    assert (await shop.order(order)).refund_status is RefundStatus.REFUNDED
    assert await money(shop, "SHOP") == (FULL, 0, 0, 0)
    assert await differences(shop.database) == []
