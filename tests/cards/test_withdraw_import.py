"""A batch is withdrawn as a whole, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from domain.access.callers import Caller
from domain.cards.batches import withdraw
from domain.cards.batches.refusals import ImportInUse
from domain.cards.batches.status import BatchStatus
from domain.cards.chain import CardEvent, LinkedEvent, is_intact
from domain.refusals import InvalidInput, NotFound
from persistence.cards import batch_jobs
from tests.cards.intake import Intake, csv_of, enter
from tests.cards.stockroom import Sku, Stockroom

CODES = [[f"AAAA0000{number:04}"] for number in range(30)]


class Shop:
    """A stock room in which files come in on one side and cards are sold on the other."""

    def __init__(self, room: Stockroom, intake: Intake, sku: Sku, buyer: Caller) -> None:
        self.room, self.intake, self.sku, self.buyer = room, intake, sku, buyer

    async def states(self) -> dict[str, int]:
        return await self.room.states(self.sku)


@pytest.fixture
async def shop(room: Stockroom) -> Shop:
    sku = await room.sku("KEY")
    intake = await enter(room.database, room.tools.vault.keys)
    return Shop(room, intake, sku, await room.customer())


async def test_a_withdrawn_batch_is_void_and_gone_from_the_shelf(shop: Shop) -> None:
    kept = await shop.intake.load("KEY", csv_of([["BBBB00000001"]]))
    batch = await shop.intake.load("KEY", csv_of(CODES))
    done = await shop.intake.withdraw(batch, " the supplier recalled it ")
    assert (done.status, done.reason) == (BatchStatus.WITHDRAWN, "the supplier recalled it")
    assert await shop.states() == {"VOIDED": 30, "IN_STOCK": 1}
    assert await shop.intake.available("KEY") == 1
    assert await shop.intake.withdraw(batch, "again") == done
    assert (await shop.intake.see(kept)).status is BatchStatus.SUCCEEDED
    await _chains_are_intact(shop.intake, ["IN_STOCK", "QUARANTINED", "VOIDED"], batch.id)


async def _chains_are_intact(intake: Intake, states: list[str], batch_id: Any) -> None:
    for card in await intake.fetch("SELECT * FROM card WHERE batch_id = $1", batch_id):
        rows = await intake.fetch("SELECT * FROM card_event WHERE card_id = $1 ORDER BY ordinal", card["id"])
        names = CardEvent.__dataclass_fields__
        events = [
            LinkedEvent(CardEvent(**{name: row[name] for name in names}), row["prev_hash"], row["hash"])
            for row in rows
        ]
        assert is_intact(events, card["ordinal"], card["last_hash"])
        assert [link.event.to_state for link in events] == states


async def test_the_corrected_file_comes_in_after_the_withdrawal(shop: Shop) -> None:
    batch = await shop.intake.load("KEY", csv_of(CODES))
    await shop.intake.withdraw(batch)
    corrected = await shop.intake.load("KEY", csv_of([*CODES[1:], ["CCCC00000001"]]))
    assert (corrected.accepted, corrected.rejected) == (30, 0)
    assert await shop.intake.available("KEY") == 30


@pytest.mark.parametrize("paid", [False, True])
async def test_a_batch_in_use_stays_whole(shop: Shop, paid: bool) -> None:
    batch = await shop.intake.load("KEY", csv_of(CODES))
    if paid:
        await shop.room.buy(shop.sku, shop.buyer, 2)
    else:
        order = await shop.room.order([(shop.sku, 2)], customer=shop.buyer)
        await shop.room.reserve(order, shop.buyer)
    before = await shop.states()
    with pytest.raises(ImportInUse) as refused:
        await shop.intake.withdraw(batch)
    assert refused.value.sold == 2
    assert await shop.states() == before
    assert await shop.intake.available("KEY") == 28
    assert (await shop.intake.see(batch)).status is BatchStatus.SUCCEEDED


async def test_a_released_order_does_not_stand_in_the_way(shop: Shop) -> None:
    batch = await shop.intake.load("KEY", csv_of(CODES))
    order = await shop.room.order([(shop.sku, 2)], customer=shop.buyer)
    await shop.room.reserve(order, shop.buyer)
    await shop.room.release(order, shop.buyer)
    assert (await shop.intake.withdraw(batch)).status is BatchStatus.WITHDRAWN
    assert await shop.intake.available("KEY") == 0


async def test_a_large_batch_is_withdrawn_by_a_job(shop: Shop) -> None:
    batch = await shop.intake.mint("KEY", withdraw.AT_ONCE + 1_200)
    going = await shop.intake.withdraw(batch)
    assert going.status is BatchStatus.WITHDRAWING
    assert await shop.intake.available("KEY") == 1_200
    await batch_jobs.withdraw({"batch": str(batch.id)}, shop.intake.desk)
    assert (await shop.intake.see(batch)).status is BatchStatus.WITHDRAWN
    assert await shop.states() == {"VOIDED": withdraw.AT_ONCE + 1_200}
    assert await shop.intake.available("KEY") == 0


async def test_a_sale_during_the_withdrawal_of_a_large_batch_turns_it_back(shop: Shop) -> None:
    batch = await shop.intake.mint("KEY", withdraw.AT_ONCE + 1_200)
    await shop.intake.withdraw(batch)
    await shop.room.buy(shop.sku, shop.buyer)
    await batch_jobs.withdraw({"batch": str(batch.id)}, shop.intake.desk)
    kept = await shop.intake.see(batch)
    assert kept.status is BatchStatus.SUCCEEDED
    assert kept.failure is not None
    assert kept.failure.startswith("1 of its cards are sold or reserved already")
    assert await shop.states() == {"IN_STOCK": withdraw.AT_ONCE + 1_199, "DELIVERED": 1}
    assert await shop.intake.available("KEY") == withdraw.AT_ONCE + 1_199
    await shop.room.buy(shop.sku, shop.buyer)


async def test_what_cannot_be_withdrawn_is_said(shop: Shop) -> None:
    batch = await shop.intake.load("KEY", csv_of(CODES), dry_run=True)
    with pytest.raises(InvalidInput, match="dry run"):
        await shop.intake.withdraw(batch)
    with pytest.raises(InvalidInput, match="why"):
        await shop.intake.withdraw(batch, "  ")
    unknown = shop.intake.caller.subject_id or shop.intake.root_id
    with pytest.raises(NotFound):
        await shop.intake.perform(withdraw.WithdrawCardImport(unknown, "why not"), shop.intake.caller)
