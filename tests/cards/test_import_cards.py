"""Importing cards, from the file that is sent to the stock that can be sold."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from domain.cards.batches.import_cards import ImportCards
from domain.cards.batches.refusals import NotSoldAsCards
from domain.cards.batches.status import BatchStatus
from domain.cards.batches.uploads import CardFile
from domain.cards.chain import CardEvent, LinkedEvent, is_intact
from domain.cards.folding import lookup_form
from domain.cards.importing.dates import SHANGHAI
from domain.cards.importing.rows import ColumnsNotFound, UnreadableFile
from domain.refusals import IdempotencyConflict, NotFound
from persistence.cards import batch_jobs, batches, data_keys
from persistence.cards.filling import BLOCK_ROWS
from persistence.database import Database
from tests.cards.intake import Intake, SentFile, csv_of, furnish

FILES = Path(__file__).parents[1] / "data" / "cards"
EXPECTED = json.loads((FILES / "expected.json").read_text())
AS_OF = datetime.fromisoformat(EXPECTED["as_of"]).replace(tzinfo=SHANGHAI)
CODES = [[f"AAAA0000{number:04}"] for number in range(10)]


@pytest.fixture
async def intake(dsn: str) -> AsyncIterator[Intake]:
    database = await Database.open(dsn)
    yield await furnish(database)
    await database.close()


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("name", EXPECTED["files"])
async def test_a_real_file_imports_as_expected(intake: Intake, name: str, dry_run: bool) -> None:
    about = EXPECTED["files"][name]
    batch = await intake.send(about["sku"], FILES / name, dry_run=dry_run)
    await intake.fetch("UPDATE card_batch SET created_at = $1", AS_OF)
    done = await intake.run(batch)
    assert (done.status, done.dry_run, done.percent) == (BatchStatus.SUCCEEDED, dry_run, 100)
    assert done.accepted == about["accepted"]
    assert done.rejected == len(about["rejected"])
    assert done.rows_read == done.accepted + done.rejected
    assert await intake.rejections(batch) == about["rejected"]
    assert await intake.available(about["sku"]) == (0 if dry_run else about["accepted"])
    assert await intake.value("SELECT count(*) FROM card") == (0 if dry_run else about["accepted"])
    assert await intake.value("SELECT count(*) FROM upload_chunk") == 0


async def test_what_was_imported_opens_again_and_is_found_by_its_secret(intake: Intake) -> None:
    await intake.load("NUMBERED", "卡号,卡密,有效期至\n6001-2345,abc 123,2099-01-31\n")
    (card,) = await intake.fetch("SELECT * FROM card")
    async with intake.database.connection() as connection:
        vault = intake.tools.vault
        opened = [
            await data_keys.open_card(
                connection, vault, card["key_id"], card["id"], name, card[f"{name}_ciphertext"]
            )
            for name in ("secret", "number")
        ]
    assert [secret.reveal() for secret in opened] == ["ABC123", "60012345"]
    index = intake.tools.vault.index
    assert card["number_hmac"] == index.of("number", lookup_form("60012345"))
    assert card["secret_hmac"] == index.of("secret", "60012345\x1fABC123")
    assert (card["masked"], card["state"]) == ("••••", "IN_STOCK")
    assert card["expires_at"].astimezone(SHANGHAI).isoformat() == "2099-01-31T23:59:59+08:00"


async def test_each_card_begins_a_trace_that_can_be_verified(intake: Intake) -> None:
    batch = await intake.load("KEY", csv_of(CODES))
    for card in await intake.fetch("SELECT * FROM card"):
        rows = await intake.fetch("SELECT * FROM card_event WHERE card_id = $1", card["id"])
        names = CardEvent.__dataclass_fields__
        events = [
            LinkedEvent(CardEvent(**{name: row[name] for name in names}), row["prev_hash"], row["hash"])
            for row in rows
        ]
        assert is_intact(events, card["ordinal"], card["last_hash"])
        event = events[0].event
        assert (event.from_state, event.to_state, event.actor_name) == (None, "IN_STOCK", "仓管")
        assert (event.reason, event.request_id) == (f"Imported from {batch.file_name}", "req-1")


async def test_a_card_comes_into_stock_once_whatever_its_sku_and_spelling(intake: Intake) -> None:
    await intake.load("KEY", csv_of(CODES))
    again = await intake.load("KEY", csv_of([["aaaa-0000 0001"], ["BBBB00000001"]]))
    assert await intake.rejections(again) == [[2, "DUPLICATE_IN_STOCK"]]
    other = await intake.load(
        "NUMBERED", "卡号,卡密\n70001,AAAA00000002\n70001,BBBB00000002\n70002,BBBB0000000３\n"
    )
    assert await intake.rejections(other) == [[2, "DUPLICATE_IN_STOCK"], [3, "DUPLICATE_IN_FILE"]]
    third = await intake.load("NUMBERED", "卡号,卡密\n70002,CCCC00000002\n")
    assert await intake.rejections(third) == [[2, "DUPLICATE_IN_STOCK"]]
    dry = await intake.load("KEY", csv_of(CODES), dry_run=True)
    assert [reason for _, reason in await intake.rejections(dry)] == ["DUPLICATE_IN_STOCK"] * 10
    assert (await intake.available("KEY"), await intake.available("NUMBERED")) == (11, 1)


async def test_two_imports_of_one_file_at_once_store_each_card_once(intake: Intake) -> None:
    text = csv_of([[f"CCCC{number:08}"] for number in range(9_000)])
    first, second = await intake.send("KEY", text), await intake.send("KEY", text)
    done = await asyncio.gather(intake.run(first), intake.run(second))
    assert sum(batch.accepted for batch in done) == 9_000
    assert sum(batch.rejected for batch in done) == 9_000
    assert await intake.available("KEY") == 9_000


async def test_the_same_key_with_the_same_file_is_one_import(intake: Intake) -> None:
    first = await intake.send("KEY", csv_of(CODES), key="once")
    assert await intake.send("KEY", csv_of(CODES), key="once") == first
    for changed in (csv_of(CODES[1:]), csv_of(CODES, "secret")):
        with pytest.raises(IdempotencyConflict):
            await intake.send("KEY", changed, key="once")
    with pytest.raises(IdempotencyConflict):
        await intake.send("KEY", csv_of(CODES), key="once", dry_run=True)
    assert await intake.value("SELECT count(*) FROM card_batch") == 1


async def test_columns_are_named_where_the_header_does_not_tell(intake: Intake) -> None:
    text = "串码A,串码B\nAAAA00000001,BBBB00000001\n"
    with pytest.raises(ColumnsNotFound):
        await intake.send("KEY", text)
    done = await intake.load("KEY", text, columns={"secret": "串码B"})
    assert done.accepted == 1
    assert await intake.value("SELECT secret_hmac FROM card") == intake.tools.vault.index.of(
        "secret", "BBBB00000001"
    )


@pytest.mark.parametrize(
    ("content", "refusal"),
    [(b"", UnreadableFile), (b"%PDF-1.7 ...", UnreadableFile), (b"AAAA00000001\n", ColumnsNotFound)],
)
async def test_what_a_small_file_shows_is_refused_at_once(
    intake: Intake, content: bytes, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal) as refused:
        await intake.send("KEY", content)
    assert "AAAA" not in str(refused.value)
    assert await intake.value("SELECT count(*) FROM card_batch") == 0


async def test_only_skus_with_cards_take_any(intake: Intake) -> None:
    with pytest.raises(NotSoldAsCards) as refused:
        await intake.send("FIGURE", csv_of(CODES))
    assert (refused.value.sku, refused.value.kind) == ("FIGURE", "PHYSICAL")
    with pytest.raises(NotFound):
        await intake.send("NOTHING", csv_of(CODES))


async def test_a_large_file_that_cannot_be_read_fails_with_its_reason(intake: Intake) -> None:
    filler = "y" * batches.CHECKED_BYTES
    failed = await intake.load("KEY", "nonsense\n" * (batches.CHECKED_BYTES // 8))
    assert failed.status is BatchStatus.FAILED
    assert failed.failure is not None
    assert failed.failure.startswith("There is no row with the columns that this product needs.")
    text = csv_of([[f"EEEE{number:08}"] for number in range(5_000)]) + '"never closed\n' + filler
    half = await intake.load("KEY", text)
    assert half.status is BatchStatus.FAILED
    assert (
        half.failure
        == "This file cannot be read: the quotes in row 5002 do not match, or a cell is too long."
    )
    assert (half.accepted, half.percent < 100) == (BLOCK_ROWS, True)
    assert await intake.available("KEY") == BLOCK_ROWS
    assert await intake.value("SELECT count(*) FROM upload_chunk") == 0


async def test_a_lost_upload_or_key_is_said_and_not_tried_for_ever(intake: Intake) -> None:
    lost = await intake.send("KEY", csv_of(CODES))
    await intake.fetch("DELETE FROM upload_chunk")
    assert (await intake.run(lost)).failure == "The uploaded file is not there any more; import it again."
    keyless = await intake.send("KEY", csv_of(CODES))
    await intake.fetch("DELETE FROM data_key")
    failed = await intake.run(keyless)
    assert failed.status is BatchStatus.FAILED
    assert failed.failure == "The keys at hand do not open what was uploaded; import it again."


async def test_a_job_that_comes_again_finds_nothing_to_do(intake: Intake) -> None:
    done = await intake.load("KEY", csv_of(CODES))
    await batch_jobs.fill({"batch": str(done.id)}, intake.desk)
    assert await intake.see(done) == done
    assert await intake.available("KEY") == 10


async def test_a_name_of_a_file_cannot_do_harm(intake: Intake) -> None:
    file = await CardFile.of(SentFile(csv_of(CODES).encode(), "a\x00b\x1b[2J" + "卡" * 500))
    batch = await intake.perform(ImportCards("k", "KEY", file), intake.caller)
    assert batch.file_name == "ab[2J" + "卡" * 195
