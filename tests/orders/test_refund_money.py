"""The money of refunds: back along the path that it came, to the fen, whoever took it and whenever."""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from domain.access.callers import SYSTEM, CallerKind
from domain.ledger.accounts import (
    COST_OF_GOODS,
    LOSSES,
    PROMOTION_EXPENSE,
    REVENUE,
    SALES_RETURNS,
    SUPPLIER_PREPAID,
    Account,
    deposit,
    hold,
)
from domain.ledger.sales import paid
from domain.ledger.transfers import Transfer, TransferType
from domain.ledger.vesting import VestMargins
from domain.money import Money
from domain.orders.refunds.money import Given, PartSale, booked
from domain.orders.refunds.refusals import RefundNotPossible
from domain.orders.refunds.rules import Target
from domain.orders.refunds.settle import PAY_BACK_JOB
from domain.orders.refunds.states import RefundState
from domain.orders.refunds.views import RefundView
from domain.orders.trades import Levels, trade_over
from domain.payments import methods
from persistence.jobs import JOBS
from persistence.ledger.check import differences
from persistence.orders import refund_jobs
from tests.orders.desk import approve, ask, cards_of, line_of, ours, refund, reject, seen
from tests.orders.shop import Shop, line
from tests.orders.test_margins import kept
from tests.orders.test_order_money import FULL, headquarters, leave, money
from tests.promotions.campaigns import accept, codes_of, create, limited, used

H, P, Q, S = (uuid4() for _ in range(4))
PATH = (H, P, Q, S)
NOW = datetime(2026, 11, 28, tzinfo=UTC)


def view(minor: int) -> RefundView:
    more = (NOW, None, None)
    state, kind = RefundState.APPROVED, CallerKind.AGENT
    return RefundView(uuid4(), uuid4(), S, state, Money(minor), False, "", "", kind, None, *more)


def sale(units: int = 1, whole: int = 1, before: int = 0, **more: object) -> PartSale:
    said = {"levels": Levels(PATH, (70, 80, 88, 93), 70, 1), "given": {}, "weights": (90,), "place": 0}
    return PartSale(before=before, units=units, whole=whole, **said | more)  # type: ignore[arg-type]


def moved(transfers: Sequence[Transfer], *types: TransferType) -> dict[Account, int]:
    found: Counter[Account] = Counter()
    for one in transfers:
        if not types or one.type in types:
            for entry in one.entries:
                found[entry.account] += entry.minor
    return {account: minor for account, minor in found.items() if minor}


def test_the_worked_refund_after_vesting_comes_out_as_its_figures_say() -> None:
    given: Given = {uuid4(): {P: 6, H: 4}}
    moves = booked(view(90), [sale(given=given)], vested=True, by_headquarters=False)
    assert moved(moves.transfers, TransferType.REFUND) == {
        SALES_RETURNS: -80, deposit(Q): -5, deposit(P): -8, deposit(S): 93
    }  # fmt: skip
    assert moved(moves.transfers, TransferType.PROMOTION_BACK) == {
        deposit(S): -10, deposit(P): 6, PROMOTION_EXPENSE: 4
    }  # fmt: skip
    assert moved(moves.transfers, TransferType.COST_BACK) == {SUPPLIER_PREPAID: -70, COST_OF_GOODS: 70}
    assert list(moves.discounts.values()) == [10]


@pytest.mark.parametrize("by_headquarters", [False, True])
def test_refunds_of_all_pieces_undo_the_sale_at_every_level_to_the_fen(by_headquarters: bool) -> None:
    levels = Levels(PATH, (701, 803, 809, 811), 699, 1)
    promotion = uuid4()
    given: Given = {promotion: {P: 31, H: 10}}
    trade = trade_over([levels], uuid4(), 1000, "CNY")
    whole = moved(paid(trade, {P: 31, H: 10}, NOW, by_headquarters))
    for pieces in ((3,), (1, 2), (1, 1, 1)):
        back: Counter[Account] = Counter()
        discount = 0
        for place, weight in enumerate((613, 387)):
            amounts = itertools.chain([weight], itertools.repeat(0))
            for n, units in enumerate(pieces):
                one = PartSale(levels, given, (613, 387), place, sum(pieces[:n]), units, 3)
                moves = booked(view(next(amounts)), [one], False, by_headquarters)
                assert all(step >= 0 for step in moves.discounts.values())
                back.update(moved(moves.transfers))
                discount += moves.discounts[promotion]
        assert discount == 41
        # What was held is given back to the deposit, and revenue is not taken away but returned.
        whole_again = Counter(whole) + Counter()
        expected = {a: -minor for a, minor in whole.items() if a not in (REVENUE, hold(S), deposit(S))}
        expected[SALES_RETURNS] = -whole[REVENUE]
        expected[deposit(S)] = -whole[hold(S)] - whole.get(deposit(S), 0)
        assert {a: minor for a, minor in back.items() if minor} == expected, whole_again


def test_what_nobody_takes_back_is_a_loss() -> None:
    two = Levels(PATH, (70, 80, 88, 93), 35, 2)
    moves = booked(view(90), [sale(2, 2, levels=two, lost=1)], vested=False, by_headquarters=False)
    costs = moved(moves.transfers, TransferType.COST_BACK, TransferType.LOSS)
    assert costs == {SUPPLIER_PREPAID: -35, LOSSES: -35, COST_OF_GOODS: 70}


async def test_a_refund_undoes_a_sale_before_and_after_its_margins_have_vested(shop: Shop) -> None:
    buyer = shop.agent()
    early, late = [await shop.place(buyer, line("TXV"), line("FILM")) for _ in range(2)]
    for order in (early, late):
        await shop.pay(buyer, order, "SHOP_COLLECTED")
    done = await refund(shop, buyer, early, *[])
    assert done.amount.minor == 6_500
    assert await money(shop, "GD") == (FULL, 0, 650, 0)
    assert await money(shop, "SHOP") == (FULL - 5_850, 0, 0, 0)
    await shop.run("UPDATE ledger_vesting SET vests_at = now()")
    await shop.perform(VestMargins(), SYSTEM)
    assert await money(shop, "GD") == (FULL + 650, 0, 0, 0)
    await leave(shop, "GD", 100)
    await refund(shop, buyer, late, Target(await line_of(shop, late, "TXV")))
    # 250 of GD's margin go back, and its deposit had 100: the rest is owed.
    assert await money(shop, "GD") == (0, 0, 0, 150)
    assert await money(shop, "SHOP") == (FULL - 3_600, 0, 0, 0)
    await refund(shop, buyer, late)
    assert await money(shop, "SHOP") == (FULL, 0, 0, 0)
    left = {kind: minor for kind, minor in (await headquarters(shop)).items() if minor}
    assert left == {"REVENUE": 10_400, "SALES_RETURNS": -10_400}


async def test_headquarters_gives_back_what_it_took_and_a_bundle_by_parts_adds_up(shop: Shop) -> None:
    buyer = await shop.customer()
    order = await shop.bought(buyer, line("PACK", 3, {"phone": "13800000002"}), line("DRAW"))
    await shop.work_off()
    whole = await headquarters(shop)
    assert whole["PAYMENT_CLEARING"] == -31_000
    pack = await line_of(shop, order, "PACK")
    for sku in ("CMCC", "TXV", "FILM"):
        assert (await refund(shop, shop.agent(), order, Target(pack, sku))).status is RefundState.SUCCEEDED
    await refund(shop, shop.agent(), order)
    left = {kind: minor for kind, minor in (await headquarters(shop)).items() if minor}
    assert left == {"REVENUE": whole["REVENUE"], "SALES_RETURNS": -whole["REVENUE"]}
    assert await money(shop, "SHOP") == (FULL, 0, 0, 0)
    assert await money(shop, "GD") == (FULL, 0, 0, 0)
    assert await differences(shop.database) == []


@pytest.mark.parametrize("pays_back", [False, True])
async def test_cards_that_were_seen_are_a_loss_unless_their_issuer_pays_back(
    shop: Shop, pays_back: bool
) -> None:
    await ours(shop, minted=False)
    order = await shop.bought(await shop.customer(), line("TXV", 2))
    await seen(shop, (await cards_of(shop, order))[0])
    asked = await ask(shop, shop.agent(), order)
    await approve(shop, shop.agent("HQ"), asked, issuer_pays_back=pays_back)
    found = {kind: minor for kind, minor in (await headquarters(shop)).items() if minor}
    assert found.get("LOSSES", 0) == (0 if pays_back else -1_750)
    assert found.get("SUPPLIER_PREPAID", 0) == (0 if pays_back else 1_750)
    assert found.get("COST_OF_GOODS", 0) == 0


async def test_promotions_get_back_what_they_gave_and_coupons_return_when_nothing_was_used(
    shop: Shop,
) -> None:
    buyer = await shop.customer()
    funding = (("GD", 6_000), ("HQ", 4_000))
    limits = limited(budget_minor=5_000, per_customer=1)
    made = await create(shop, "COUPON", off_minor=1_001, funding=funding, limits=limits)
    await accept(shop, made, "HQ")
    (code,) = await codes_of(shop, made)
    order = await shop.bought(buyer, line("TXV", 2), line("FILM"), coupon_codes=(code,))
    assert order.total.minor == 9_000 - 1_001
    assert await used(shop) == {"budget": 1_001, "buyer": 1}
    first = await refund(shop, shop.agent(), order, Target(await line_of(shop, order, "FILM")))
    # 445 of the discount are the film's, by its price: 4000 of 9000.
    assert first.amount.minor == 4_000 - 445
    assert await used(shop) == {"budget": 1_001 - 445, "buyer": 1}
    assert await shop.value("SELECT used FROM coupon") == 1
    rest = await refund(shop, shop.agent(), order)
    assert first.amount.minor + rest.amount.minor == order.total.minor
    assert await used(shop) == {"budget": 0, "buyer": 0}
    assert await shop.value("SELECT used FROM coupon") == 0
    left = {kind: minor for kind, minor in (await headquarters(shop)).items() if minor}
    assert left == {"REVENUE": 7_200, "SALES_RETURNS": -7_200}
    for channel in ("GD", "SHOP"):
        assert await money(shop, channel) == (FULL, 0, 0, 0)


PROVIDER = '''
"""A provider of payments, planted by a test."""

from typing import ClassVar

from domain.supply.answers import Answer
from domain.supply.states import AttemptState


class Planted:
    """Pays through nobody."""

    by_headquarters: ClassVar[bool] = True
    answers = ["UNKNOWN", "FAILED", "SUCCEEDED", "SUCCEEDED"]
    told = []

    def is_available(self, terms):
        return True

    def is_allowed(self, purse):
        return True

    def pay_back(self, wanted):
        def converse():
            yield from ()
            self.told.append((wanted.number, wanted.amount.minor))
            return Answer(AttemptState(self.answers.pop(0)), detail="NO_MONEY")

        return converse()


METHOD = Planted()
'''


async def test_a_provider_is_told_until_it_is_certain_and_the_books_follow(
    shop: Shop, tmp_path: Path
) -> None:
    (tmp_path / "planted.py").write_text(PROVIDER, "utf-8")
    methods.__path__.append(str(tmp_path))
    methods.payment_methods.cache_clear()
    try:
        await _told(shop, methods.payment_methods()["PLANTED"])
    finally:
        methods.__path__.remove(str(tmp_path))
        methods.payment_methods.cache_clear()
        sys.modules.pop("domain.payments.methods.planted", None)


async def _told(shop: Shop, provider: Any) -> None:
    buyer, owner = await shop.customer(), shop.agent()
    order = await shop.place(buyer, line("TXV"))
    await shop.pay(buyer, order, "PLANTED")
    sent = await refund(shop, owner, order)
    assert sent.status is RefundState.SENT
    # The goods are back, the money is not.
    assert await shop.stock("TXV") == 10
    assert (await headquarters(shop))["PAYMENT_CLEARING"] == -2_500
    assert (await shop.order(order)).refund_status == "PENDING"
    assert await kept(shop, order) == ((250, 250, 250), (250, 250, 250))
    assert await shop.work_off() == 1
    assert await shop.value("SELECT status FROM refund") == "SENT"
    # The process that would have asked again is killed, and its job with it.
    await shop.run("DELETE FROM pgqueuer")
    await refund_jobs.sweep({}, shop.desk)
    assert await shop.value("SELECT count(*) FROM pgqueuer") == 0
    await shop.run("UPDATE refund SET asked_at = asked_at - interval '3 hours'")
    await refund_jobs.sweep({}, shop.desk)
    assert await shop.work_off() == 1
    assert await shop.value("SELECT status FROM refund") == "FAILED"
    cases = [tuple(row) for row in await shop.rows("SELECT subject, reason, facts FROM case_file")]
    assert cases == [("refund", "PROVIDER_REFUSED", {"detail": "NO_MONEY"})]
    with pytest.raises(RefundNotPossible):
        await reject(shop, owner, sent)
    assert (await approve(shop, owner, sent)).status is RefundState.SENT
    assert await shop.work_off() == 1
    number = f"R{sent.id.hex}"
    assert provider.told == [(number, 2_500)] * 3
    assert (await shop.order(order)).refund_status == "REFUNDED"
    assert await kept(shop, order) == ((0, 0, 0), (250, 250, 250))
    assert (await headquarters(shop))["PAYMENT_CLEARING"] == 0
    assert await money(shop, "SHOP") == (FULL, 0, 0, 0)
    # A job that comes again finds nothing to do.
    assert JOBS[PAY_BACK_JOB] is refund_jobs.pay_back
    await JOBS[PAY_BACK_JOB]({"refund": str(sent.id)}, shop.desk)
    assert len(provider.told) == 3
