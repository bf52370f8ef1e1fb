"""Quotes: prices, every problem at once, and a token that nobody can make but us."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.money import Money
from domain.orders.changes import ChangeKind
from domain.orders.quote import AskQuote
from domain.orders.refusals import QuoteChanged, QuoteExpired
from domain.refusals import Forbidden, InvalidInput
from tests.orders import goods
from tests.orders.shop import Shop, line, top_up


async def test_a_quote_adds_up_and_changes_nothing(shop: Shop) -> None:
    before = await shop.everything()
    quote = await shop.quote(shop.storefront(), line("TXV", 2), line("PACK", 1, {"phone": "13800138000"}))
    assert [(one.sku, one.quantity, one.total.amount) for one in quote.lines] == [
        ("TXV", 2, "50.00"),
        ("PACK", 1, "100.00"),
    ]
    assert (quote.total, quote.subtotal, quote.discount) == (Money(15000), Money(15000), Money(0))
    assert quote.problems == []
    assert quote.adjustments == []
    assert quote.token
    assert await shop.everything() == before


async def test_a_quota_limits_what_is_quoted_as_it_limits_what_is_placed(shop: Shop) -> None:
    for channel, granted in (("GD", 5), ("SHOP", 3)):
        await shop.run(
            "INSERT INTO stock_quota (channel_id, variant_id, granted) VALUES ($1, $2, $3)",
            shop.channels[channel], shop.variants["CMCC"], granted,
        )  # fmt: skip
    for channel, left in (("GD", 2), ("SHOP", 3), ("ZJ", None)):
        buyer = shop.agent(channel)
        quote = await shop.quote(buyer, *[top_up(f"1380013800{n}") for n in range(4)])
        assert [problem.left for problem in quote.problems if problem.left is not None] == (
            [] if left is None else [left]
        )


async def test_equal_lines_are_merged_and_lines_for_other_accounts_are_not(shop: Shop) -> None:
    quote = await shop.quote(shop.storefront(), line("TXV"), line("TXV", 2), top_up("1111"), top_up("2222"))
    assert [(one.sku, one.quantity) for one in quote.lines] == [("TXV", 3), ("CMCC", 1), ("CMCC", 1)]


async def test_every_problem_is_listed_with_its_field(shop: Shop) -> None:
    await goods.add_rule(shop, "SHOP", "RETAIL", "FIXED", 100, "FILM")
    await goods.add_rule(shop, "HQ", "FLOOR", "PERCENT", 9000, "FILM", "BLOCK")
    quote = await shop.quote(
        shop.storefront(),
        line("NOPE"), line("FILM"), line("TXV", 11), line("CMCC"), line("CMCC", 1, {"phone": "12"}),
        line("IQY", 0), line("IQY", 1001),
    )  # fmt: skip
    found = {(problem.code, tuple(problem.field or ())) for problem in quote.problems}
    assert found == {
        ("NOT_FOUND", ("lines", "0", "sku")),
        ("BELOW_FLOOR", ("lines", "1", "sku")),
        ("STOCK_EXHAUSTED", ()),
        ("ACCOUNT_MISSING", ("lines", "3", "account")),
        ("ACCOUNT_INVALID", ("lines", "4", "account")),
        ("INVALID_INPUT", ("lines", "5", "quantity")),
        ("INVALID_INPUT", ("lines", "6", "quantity")),
    }
    assert quote.token is None
    short = next(problem for problem in quote.problems if problem.code == "STOCK_EXHAUSTED")
    assert (short.sku, short.left) == ("TXV", 10)
    assert not any(word == "12" for problem in quote.problems for word in problem.message.split())


async def test_stock_that_lines_share_is_counted_once(shop: Shop) -> None:
    quote = await shop.quote(shop.storefront(), line("TXV", 9), line("PACK", 2, {"phone": "13800138000"}))
    assert [(problem.code, problem.sku, problem.left) for problem in quote.problems] == [
        ("STOCK_EXHAUSTED", "TXV", 10)
    ]


async def test_what_a_channel_does_not_show_is_as_unknown_as_what_never_was(shop: Shop) -> None:
    await shop.run(
        "INSERT INTO visibility (id, setter_id, channel_id, variant_id, visible)"
        " VALUES (gen_random_uuid(), $1, $2, $3, false)",
        shop.channels["HQ"], shop.channels["GD"], shop.variants["TXV"],
    )  # fmt: skip
    await goods.refresh(shop)
    hidden, unknown = [(await shop.quote(shop.storefront(), line(sku))).problems for sku in ("TXV", "XTV")]
    assert hidden[0].message.replace("TXV", "XTV") == unknown[0].message
    assert hidden[0].code == unknown[0].code == "NOT_FOUND"


async def test_no_lines_and_too_many_lines_are_problems(shop: Shop) -> None:
    for lines in ((), (line("TXV"),) * 51):
        quote = await shop.quote(shop.storefront(), *lines)
        assert [problem.field for problem in quote.problems] == [["lines"]]


async def test_a_coupon_is_never_silently_ignored(shop: Shop) -> None:
    quote = await shop.perform(AskQuote((line("TXV"),), ("SAVE10",)), shop.storefront())
    assert [problem.code for problem in quote.problems] == ["COUPON_NOT_APPLICABLE"]


async def test_a_quote_needs_the_right_to_place_orders(shop: Shop) -> None:
    with pytest.raises(Forbidden):
        await shop.quote(shop.api("cards:redeem"), line("TXV"))


async def test_prices_of_a_valid_token_are_honoured_whatever_happens_to_them(shop: Shop) -> None:
    guest = shop.storefront()
    quote = await shop.quote(guest, line("TXV", 2))
    await goods.add_rule(shop, "SHOP", "RETAIL", "FIXED", 9900)
    order = await shop.place(guest, line("TXV", 2), quote_token=quote.token)
    assert order.total == Money(5000)
    assert (await shop.place(guest, line("TXV", 2))).total == Money(19800)


async def test_a_guest_may_sign_in_between_quote_and_order(shop: Shop) -> None:
    quote = await shop.quote(shop.storefront(), line("TXV"))
    customer = await shop.customer()
    assert (await shop.place(customer, line("TXV"), quote_token=quote.token)).customer_id is not None
    own = await shop.quote(customer, line("TXV"))
    with pytest.raises(InvalidInput):
        await shop.place(await shop.customer(), line("TXV"), quote_token=own.token)


async def test_an_expired_token_says_what_changed_or_that_it_is_over(shop: Shop) -> None:
    hasty = shop.with_settings(quote_minutes=0)
    quote = await hasty.quote(shop.storefront(), line("TXV"))
    before = await shop.everything()
    with pytest.raises(QuoteExpired):
        await shop.place(shop.storefront(), line("TXV"), quote_token=quote.token)
    await goods.add_rule(shop, "SHOP", "RETAIL", "FIXED", 2600)
    with pytest.raises(QuoteChanged) as refused:
        await shop.place(shop.storefront(), line("TXV"), quote_token=quote.token)
    (change,) = refused.value.changes
    assert (change.kind, change.quoted_price, change.current_price) == (
        ChangeKind.PRICE,
        Money(2500),
        Money(2600),
    )
    assert await shop.everything() == before


async def test_an_order_of_something_else_is_refused_with_the_differences(shop: Shop) -> None:
    guest = shop.storefront()
    quote = await shop.quote(guest, line("TXV", 2), line("IQY"))
    before = await shop.everything()
    with pytest.raises(QuoteChanged) as refused:
        await shop.place(guest, line("TXV", 3), line("FILM"), quote_token=quote.token)
    found = {change.sku: change.kind for change in refused.value.changes}
    assert found == {
        "TXV": ChangeKind.QUANTITY,
        "IQY": ChangeKind.NOT_ORDERED,
        "FILM": ChangeKind.NOT_QUOTED,
    }
    await shop.run("UPDATE product SET published = false WHERE slug = 'txv'")
    await goods.refresh(shop)
    with pytest.raises(QuoteChanged) as refused:
        await shop.place(guest, line("TXV", 2), line("IQY"), quote_token=quote.token)
    assert [(one.sku, one.kind) for one in refused.value.changes] == [("TXV", ChangeKind.NOT_AVAILABLE)]
    assert await shop.everything() == before


async def test_no_token_but_ours_is_believed(shop: Shop) -> None:
    guest = shop.storefront()
    token = (await shop.quote(guest, line("TXV"))).token or ""
    body, _, mac = token.partition(".")
    swapped = ("A" if body[40] != "A" else "B").join((body[:40], body[41:]))
    elsewhere = (await shop.quote(shop.storefront("ZJ"), line("TXV"))).token
    forged = [
        "",
        ".",
        "x",
        "é",
        body,
        f"{body}.",
        f"{body}.{mac[:-2]}",
        f"{swapped}.{mac}",
        token + "=",
        elsewhere,
    ]
    before = await shop.everything()
    for text in forged:
        with pytest.raises(InvalidInput) as refused:
            await shop.place(guest, line("TXV"), quote_token=text)
        assert refused.value.field == ["quoteToken"]
    assert await shop.everything() == before


async def test_a_token_tells_a_buyer_nothing_that_it_may_not_know(shop: Shop) -> None:
    import base64

    token = (await shop.quote(shop.storefront(), line("TXV"))).token or ""
    body = token.partition(".")[0]
    text = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
    assert "2000" not in text
    assert "2250" not in text
    assert "1750" not in text


async def test_a_quote_promises_for_as_long_as_the_settings_say(shop: Shop) -> None:
    quote = await shop.with_settings(quote_minutes=3).quote(shop.storefront(), line("TXV"))
    now = await shop.value("SELECT now()")
    assert timedelta(minutes=2, seconds=50) < quote.expires_at - now <= timedelta(minutes=3)
