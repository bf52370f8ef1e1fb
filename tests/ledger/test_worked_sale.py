"""The worked sale: list 100, T 80, 88 and 93, cost 70, and 10 off of which P pays 6 and headquarters 4."""

from __future__ import annotations

from uuid import UUID

import pytest

from domain.ledger.cash import opened, topped_up
from domain.ledger.refusals import BalanceTooLow
from domain.ledger.returns import Return, returned, shares_of
from domain.ledger.sales import Trade, paid, placed, release
from domain.ledger.vesting import vested
from domain.ledger.views import Maturity
from tests.ledger.books import CNY, HQ, LATER, NAMES, Books, P, Q, S, table, worked

REFUND, TOP_UP = UUID(int=88), UUID(int=99)
SHARES = {P: 600, None: 400}


def _sold(books: Books, by_headquarters: bool = False) -> None:
    books.post(opened(S, 10_000, CNY))
    books.post(placed(worked()))
    books.post(paid(worked(), SHARES, LATER, by_headquarters))


def _vested(books: Books, **margins: int) -> None:
    channels = {name: channel for channel, name in NAMES.items()}
    due = Maturity(worked().order_id, CNY, {channels[name]: minor for name, minor in margins.items()})
    books.post(vested(due))


def _return(vested: bool, by_headquarters: bool = False) -> Return:
    return Return(REFUND, worked(), vested, by_headquarters, SHARES)


def test_the_seller_sells_and_everybody_gets_a_share() -> None:
    assert table(placed(worked())) == {"HOLD": ({"deposit:S": 93}, {"hold:S": 93})}
    assert table(paid(worked(), SHARES, LATER, by_headquarters=False)) == {
        "SALE": ({"hold:S": 93}, {"pending:P": 8, "pending:Q": 5, "revenue": 80}),
        "COST": ({"cost of goods": 70}, {"supplier prepaid": 70}),
        "PROMOTION": ({"pending:P": 6, "promotion expense": 4}, {"deposit:S": 10}),
    }


def test_margins_vest() -> None:
    due = Maturity(worked().order_id, CNY, {Q: 500, P: 200})
    assert table(vested(due)) == {
        "VEST": ({"pending:Q": 5, "pending:P": 2}, {"deposit:Q": 5, "deposit:P": 2})
    }


def test_a_refund_after_vesting_takes_the_margins_from_deposits() -> None:
    assert table(returned(_return(vested=True), goods_back=True)) == {
        "REFUND": ({"sales returns": 80, "deposit:P": 8, "deposit:Q": 5}, {"deposit:S": 93}),
        "PROMOTION_BACK": ({"deposit:S": 10}, {"deposit:P": 6, "promotion expense": 4}),
        "COST_BACK": ({"supplier prepaid": 70}, {"cost of goods": 70}),
    }


def test_a_refund_before_vesting_takes_them_from_what_is_pending() -> None:
    transfers = table(returned(_return(vested=False), goods_back=True))
    assert transfers["REFUND"] == ({"sales returns": 80, "pending:P": 8, "pending:Q": 5}, {"deposit:S": 93})
    assert transfers["PROMOTION_BACK"] == ({"deposit:S": 10}, {"pending:P": 6, "promotion expense": 4})


def test_margins_add_up_to_what_the_buyer_paid_less_the_cost() -> None:
    books = Books()
    _sold(books, by_headquarters=True)
    _vested(books, P=200, Q=500)
    # S began with 100; headquarters has 80 less 70 and 4.
    assert books.left() == {
        "cost of goods": -70, "deposit:P": 2, "deposit:Q": 5, "deposit:S": 107, "payment clearing": -190,
        "promotion expense": -4, "revenue": 80, "supplier prepaid": 70,
    }  # fmt: skip
    assert (107 - 100) + 5 + 2 + (80 - 70 - 4) == 90 - 70


def test_who_collects_the_money_is_settled_first() -> None:
    transfers = paid(worked(), SHARES, LATER, by_headquarters=True)
    assert [one.type.value for one in transfers] == ["COLLECTED", "SALE", "COST", "PROMOTION"]
    assert table(transfers)["COLLECTED"] == ({"payment clearing": 90}, {"deposit:S": 90})
    back = table(returned(_return(vested=True, by_headquarters=True), goods_back=True))
    assert back["MONEY_BACK"] == ({"deposit:S": 90}, {"payment clearing": 90})


@pytest.mark.parametrize("vests", [False, True])
@pytest.mark.parametrize("by_headquarters", [False, True])
def test_a_refund_leaves_nothing_of_a_sale(vests: bool, by_headquarters: bool) -> None:
    books = Books()
    _sold(books, by_headquarters)
    if vests:
        _vested(books, P=200, Q=500)
    books.post(returned(_return(vests, by_headquarters), goods_back=True))
    assert books.left() == {
        "deposit:S": 100, "payment clearing": -100, "revenue": 80, "sales returns": -80,
    }  # fmt: skip


def test_goods_that_do_not_come_back_are_lost() -> None:
    books = Books()
    _sold(books)
    books.post(returned(_return(vested=False), goods_back=False))
    assert books.left() == {
        "deposit:S": 100, "losses": -70, "payment clearing": -100, "revenue": 80, "sales returns": -80,
        "supplier prepaid": 70,
    }  # fmt: skip


def test_an_order_that_ends_unpaid_gives_back_what_was_held() -> None:
    books = Books()
    books.post(opened(S, 10_000, CNY))
    books.post(placed(worked()))
    assert books.left() == {"deposit:S": 7, "hold:S": 93, "payment clearing": -100}
    books.post(release(worked()))
    assert books.left() == {"deposit:S": 100, "payment clearing": -100}


def test_two_levels_leave_nothing_pending() -> None:
    trade = Trade(UUID(int=5), (HQ, S), (7_000, 8_000), 9_000, CNY)
    assert table(paid(trade, {}, LATER, by_headquarters=False)) == {
        "SALE": ({"hold:S": 80}, {"revenue": 80}),
        "COST": ({"cost of goods": 70}, {"supplier prepaid": 70}),
    }


def test_five_levels_each_keep_their_margin() -> None:
    names = dict(enumerate("ABC", start=20))
    above = tuple(UUID(int=number) for number in names)
    trade = Trade(UUID(int=5), (HQ, *above, S), (7_000, 7_500, 8_000, 8_600, 9_300), 9_900, CNY)
    assert [trade.margins()[channel] for channel in above] == [500, 600, 700]
    sale = table(paid(trade, {}, LATER, by_headquarters=False))["SALE"]
    assert (sale[0], sale[1]["revenue"], sum(sale[1].values())) == ({"hold:S": 93}, 75, 93)


def test_headquarters_sells_by_itself() -> None:
    trade = Trade(UUID(int=5), (HQ,), (7_000,), 9_000, CNY)
    assert placed(trade) == []
    assert table(paid(trade, {None: 1_000}, LATER, by_headquarters=False)) == {
        "COLLECTED": ({"payment clearing": 90}, {"revenue": 90}),
        "COST": ({"cost of goods": 70}, {"supplier prepaid": 70}),
        "PROMOTION": ({"promotion expense": 10}, {"revenue": 10}),
    }
    back = table(returned(Return(REFUND, trade, False, False, {None: 1_000}), goods_back=True))
    assert back == {
        "PROMOTION_BACK": ({"sales returns": 10}, {"promotion expense": 10}),
        "MONEY_BACK": ({"sales returns": 90}, {"payment clearing": 90}),
        "COST_BACK": ({"supplier prepaid": 70}, {"cost of goods": 70}),
    }


def test_a_seller_that_funds_its_own_discount_moves_nothing() -> None:
    assert "PROMOTION" not in table(paid(worked(), {S: 1_000}, LATER, by_headquarters=False))


def test_a_deposit_covers_an_order_down_to_its_credit() -> None:
    books = Books({S: 9_300})
    books.post(placed(worked()))
    assert books.left() == {"deposit:S": -93, "hold:S": 93}
    with pytest.raises(BalanceTooLow):
        Books({S: 9_299}).post(placed(worked()))


def test_what_a_deposit_does_not_cover_is_owed_and_paid_first_from_what_comes() -> None:
    books = Books()
    _sold(books)
    _vested(books, P=200, Q=500)
    books.sums["deposit:Q"] -= 400  # Q has taken 4 out
    books.sums["payment clearing"] += 400
    books.post(returned(_return(vested=True), goods_back=True))
    assert {name: books.left().get(name, 0) for name in ("deposit:Q", "receivable:Q", "deposit:P")} == {
        "deposit:Q": 0, "receivable:Q": -4, "deposit:P": 0,
    }  # fmt: skip
    due = Maturity(UUID(int=6), CNY, {Q: 300})
    books.sums["pending:Q"] += 300
    books.sums["revenue"] -= 300
    assert table(books.post(vested(due)))["VEST"] == ({"pending:Q": 3}, {"receivable:Q": 3})
    books.post(topped_up(TOP_UP, Q, 500, CNY))
    assert (books.left()["deposit:Q"], books.sums["receivable:Q"]) == (4, 0)


def test_parts_of_a_bundle_are_refunded_one_by_one_and_add_up() -> None:
    books = Books()
    _sold(books, by_headquarters=True)
    weights = [2_501, 4_999, 1_777]
    parts, shares = worked().portions(weights), shares_of(SHARES, weights)
    assert [part.levels for part in parts] == [
        (1_887, 2_157, 2_372, 2_507), (3_772, 4_311, 4_742, 5_011), (1_341, 1_532, 1_686, 1_782),
    ]  # fmt: skip
    assert [part.total_minor for part in parts] == [2_426, 4_850, 1_724]
    for number, (part, share) in enumerate(zip(parts, shares, strict=True)):
        books.post(returned(Return(UUID(int=200 + number), part, False, True, share), goods_back=True))
    assert books.left() == {
        "deposit:S": 100, "payment clearing": -100, "revenue": 80, "sales returns": -80,
    }  # fmt: skip


def test_what_was_posted_is_not_posted_again() -> None:
    books = Books()
    _sold(books)
    before = books.left()
    _sold(books)
    assert books.left() == before
