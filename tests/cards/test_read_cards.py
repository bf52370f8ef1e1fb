"""Each caller sees its own cards, and out of scope looks like never issued."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import strawberry

from domain.access.callers import ANONYMOUS
from domain.cards.allocate_stock import AllocateStock
from domain.cards.ports import CardFilter
from domain.cards.redeem_card import RedeemCard
from domain.cards.states import CardState
from domain.ids import new_id
from domain.paging import PageRequest, cursor_of
from domain.refusals import BadRequest
from persistence.cards.reads import NEWEST, StoredCardReads
from schema import ids
from subscriptions.presentation import card_presentation
from tests.cards.stockroom import Stockroom


async def listed(reads: StoredCardReads, caller: Any, **wanted: Any) -> tuple[set[Any], int]:
    page = await reads.page(caller, CardFilter(**wanted), PageRequest(100))
    return {edge.node.id for edge in page.edges}, await page.count()


async def test_customers_see_their_own_and_back_offices_their_subtrees(room: Stockroom) -> None:
    reads, sku = StoredCardReads(room.database, room.tools), await room.sku("month")
    await room.minted(sku, 10)
    mine, theirs = await room.customer("shop"), await room.customer("other")
    await room.perform(AllocateStock("k", "province", "month", 4), room.agent())
    bought, elsewhere = set(await room.buy(sku, mine, 2)), set(await room.buy(sku, theirs, 1))
    every = {row["id"] for row in await room.run("SELECT id FROM card")}
    held = {row["id"] for row in await room.run("SELECT id FROM card WHERE state = 'ALLOCATED'")}
    seen = {
        "customer": (mine, bought),
        "other customer": (theirs, elsewhere),
        "shop": (room.agent("shop"), bought),
        "city": (room.agent("city"), bought),
        "province": (room.agent("province"), bought | held),
        "other shop": (room.agent("other"), elsewhere),
        "headquarters": (room.agent("root"), every),
        "redeemer without the scope": (await room.api_client(), set()),
        "anonymous": (ANONYMOUS, set()),
    }
    for name, (caller, expected) in seen.items():
        assert await listed(reads, caller) == (expected, len(expected)), name
        assert set(await reads.by_ids(caller, list(every))) == expected, name
        for card in every:
            node = await reads.node(caller, "Card", card)
            assert (node is not None) is (card in expected), name
    lines = await room.run("SELECT DISTINCT order_line_id FROM card WHERE order_line_id IS NOT NULL")
    found = await reads.of_lines(mine, [row[0] for row in lines])
    assert {card.id for cards in found.values() for card in cards} == bought


async def test_filters_narrow_and_a_foreign_channel_is_an_empty_one(room: Stockroom) -> None:
    reads, month, year = (
        StoredCardReads(room.database, room.tools),
        await room.sku("month"),
        await room.sku("year"),
    )
    secrets = await room.minted(month, 3)
    await room.minted(year, 2)
    buyer = await room.customer("shop")
    await room.buy(month, buyer, 2)
    (kept,) = await room.buy(year, buyer)
    await room.perform(RedeemCard("k", secret=secrets[0].reveal()), await room.api_client())
    headquarters = room.agent()
    used, count = await listed(reads, headquarters, status=(CardState.REDEEMED,), sku="month")
    assert (len(used), count) == (1, 1)
    assert (await listed(reads, headquarters, status=()))[1] == 0
    assert await listed(reads, headquarters, channel="shop", sku="year") == ({kept}, 1)
    assert (await listed(reads, headquarters, channel="province"))[1] == 3
    assert (await listed(reads, headquarters, channel="other"))[1] == 0
    assert (await listed(reads, buyer, sku="year"))[0] == {kept}
    for caller, channel in (
        (room.agent("other"), "shop"),
        (room.agent("city"), "province"),
        (room.agent("city"), "nowhere"),
        (room.agent("city"), "a\x00"),
        (buyer, "shop"),
    ):
        assert await listed(reads, caller, channel=channel) == (set(), 0)


async def test_pages_go_both_ways_and_meet_no_card_twice(room: Stockroom) -> None:
    reads, sku, buyer = (
        StoredCardReads(room.database, room.tools),
        await room.sku("month"),
        await room.customer(),
    )
    await room.minted(sku, 7)
    await room.buy(sku, buyer, 7)
    for caller in (buyer, room.agent("city"), room.agent()):
        seen: list[Any] = []
        request = PageRequest(3)
        while True:
            page = await reads.page(caller, CardFilter(), request)
            seen += [edge.node.id for edge in page.edges]
            if not page.page_info.has_next_page:
                break
            request = PageRequest.of(3, page.page_info.end_cursor, None, None, NEWEST)
        assert seen == sorted(seen, reverse=True)
        assert len(set(seen)) == 7
        last = await reads.page(caller, CardFilter(), PageRequest.of(None, None, 2, None, NEWEST))
        assert [edge.node.id for edge in last.edges] == seen[-2:]
    for keys in (["x"], [1], ["a", "b"]):
        wrong = PageRequest.of(3, cursor_of(NEWEST, keys), None, None, NEWEST)
        with pytest.raises(BadRequest):
            await reads.page(buyer, CardFilter(), wrong)


async def test_a_redemption_is_found_by_the_back_offices_of_its_redeemer(room: Stockroom) -> None:
    reads, sku, buyer = (
        StoredCardReads(room.database, room.tools),
        await room.sku("month"),
        await room.customer(),
    )
    (secret,) = await room.minted(sku, 1)
    await room.buy(sku, buyer)
    redeemer = await room.api_client("province")
    done = await room.perform(RedeemCard("k", secret=secret.reveal()), redeemer)
    for caller in (redeemer, room.agent("province"), room.agent()):
        assert await reads.node(caller, "Redemption", done.id) == done
    for caller in (buyer, room.agent("shop"), room.agent("other"), ANONYMOUS):
        assert await reads.node(caller, "Redemption", done.id) is None
    assert await reads.node(redeemer, "Redemption", new_id()) is None


class Request:
    """As much of a request's context as the subscription looks at."""

    def __init__(self, reads: StoredCardReads, caller: Any) -> None:
        self.reads, self.caller, self.cards = self, caller, reads


async def test_the_owner_is_shown_presentation_codes_and_others_are_not(room: Stockroom) -> None:
    reads, sku, buyer = (
        StoredCardReads(room.database, room.tools),
        await room.sku("month"),
        await room.customer(),
    )
    await room.minted(sku, 1)
    (card,) = await room.buy(sku, buyer)
    wanted = strawberry.ID(ids.encode("crd", card))
    context: Any = Request(reads, buyer)
    async with asyncio.timeout(5):
        codes: Any = card_presentation(context, wanted)
        shown = await anext(codes)
        await codes.aclose()
    redeemer = await room.api_client()
    done = await room.perform(RedeemCard("k", presentation=shown.token), redeemer)
    assert done.card.id == card
    for caller, said in (
        (await room.customer(), wanted),
        (room.agent(), wanted),
        (buyer, wanted),
        (buyer, strawberry.ID("crd_x")),
    ):
        silent: Any = card_presentation(Request(reads, caller), said)  # type: ignore[arg-type]
        assert [code async for code in silent] == []
