"""What suppliers say, and what they do not say: an answer counts once, and silence is no failure."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from domain.orders.refusals import NotSellable
from domain.orders.status import OrderStatus
from domain.orders.views import OrderView
from domain.supply.answers import Answer
from domain.supply.attempts import PAUSES
from domain.supply.converse import BeginAttempt, ReceiveCallback, RecordAnswer
from domain.supply.states import FINAL, STEPS, AttemptState
from persistence.jobs import TIMERS
from tests.orders.shop import Shop, line, top_up

S = AttemptState


async def buy(shop: Shop, ending: str = "8000") -> tuple[OrderView, UUID]:
    """A paid top-up whose attempt is still to be sent."""
    order = await shop.bought(shop.storefront(), top_up(ending))
    return order, await shop.value("SELECT id FROM attempt ORDER BY id DESC LIMIT 1")


async def state(shop: Shop) -> str:
    return str(await shop.value("SELECT state FROM attempt"))


async def test_a_top_up_is_credited_by_a_job_after_the_payment(shop: Shop) -> None:
    order, attempt = await buy(shop)
    assert (order.status, await state(shop)) == (OrderStatus.FULFILLING, "CREATED")
    await shop.work_off()
    assert (await state(shop), (await shop.order(order)).status) == ("SUCCEEDED", OrderStatus.FULFILLED)
    assert await shop.value("SELECT reference FROM attempt WHERE id = $1", attempt)
    assert await shop.work_off() == 0


async def test_each_unit_is_an_attempt_with_a_short_number_of_its_own(shop: Shop) -> None:
    await shop.bought(shop.storefront(), line("CMCC", 3, {"phone": "13800138000"}))
    rows = await shop.rows("SELECT unit, number, outgoing_number FROM attempt ORDER BY unit")
    assert [(row["unit"], row["number"]) for row in rows] == [(1, 1), (2, 1), (3, 1)]
    assert len({row["outgoing_number"] for row in rows}) == 3
    assert all(len(row["outgoing_number"]) <= 50 for row in rows)


async def test_an_attempt_is_committed_as_sent_before_anybody_is_called(shop: Shop) -> None:
    _, attempt = await buy(shop)
    assert (await shop.do(BeginAttempt(attempt))).id == attempt
    assert await state(shop) == "SENT"


async def test_a_repeated_submission_never_sends_twice(shop: Shop) -> None:
    _, attempt = await buy(shop)
    answers = await asyncio.gather(*(shop.do(BeginAttempt(attempt)) for _ in range(5)))
    assert sum(answer is not None for answer in answers) == 1
    assert await state(shop) == "UNKNOWN"


async def test_an_accepted_top_up_is_asked_about(shop: Shop) -> None:
    order, _ = await buy(shop, "0000001")
    await shop.work_off()
    assert await state(shop) == "ACCEPTED"
    await shop.work_off()
    assert (await state(shop), (await shop.order(order)).status) == ("SUCCEEDED", OrderStatus.FULFILLED)


async def test_a_definite_failure_fails_the_order(shop: Shop) -> None:
    order, _ = await buy(shop, "0000002")
    await shop.work_off()
    assert (await state(shop), (await shop.order(order)).status) == ("FAILED", OrderStatus.FAILED)


async def test_a_part_that_was_charged_is_a_part_that_was_delivered(shop: Shop) -> None:
    order, _ = await buy(shop, "0000004")
    await shop.work_off()
    assert (await shop.order(order)).status is OrderStatus.PARTIALLY_FULFILLED
    assert await shop.value("SELECT charged_minor FROM attempt") == 2500


async def test_silence_is_asked_about_at_longer_and_longer_intervals_then_shown_to_a_person(
    shop: Shop,
) -> None:
    order, attempt = await buy(shop, "0000003")
    pauses = []
    await shop.work_off()
    while await shop.value("SELECT next_poll_at FROM attempt"):
        pauses.append(
            await shop.value("SELECT extract(epoch FROM execute_after - created)::int FROM pgqueuer")
        )
        await shop.work_off()
    assert pauses == [5, 15, 45, 120, 300, 900, 3600] == [pause.total_seconds() for pause in PAUSES]
    after = await shop.order(order)
    assert (await state(shop), after.status, after.refund_status) == (
        "UNKNOWN",
        OrderStatus.FULFILLING,
        "NONE",
    )
    assert await shop.value("SELECT status FROM fulfilment") == "FULFILLING"
    cases = await shop.rows("SELECT subject_id, reason FROM case_file")
    assert [tuple(row) for row in cases] == [(attempt, "NO_FINAL_ANSWER")]
    assert await shop.work_off() == 0


async def test_a_callback_and_a_poll_that_say_the_same_count_once(shop: Shop) -> None:
    order, attempt = await buy(shop, "0000003")
    await shop.work_off()
    number = await shop.value("SELECT outgoing_number FROM attempt")
    answer = Answer(S.SUCCEEDED, "R1")
    told = [ReceiveCallback("sandbox", number, answer) for _ in range(5)]
    await asyncio.gather(*(shop.do(one) for one in told), shop.do(RecordAnswer(attempt, answer, 1)))
    assert (await shop.order(order)).status is OrderStatus.FULFILLED
    changes = "SELECT count(*) FROM outbox WHERE kind = 'order.changed' AND payload ->> 'to' = 'FULFILLED'"
    assert await shop.value(changes) == 1
    assert await shop.value("SELECT count(*) FROM case_file") == 0


@pytest.mark.parametrize("second", [S.FAILED, S.PARTIAL])
async def test_a_contradiction_opens_one_case_and_overwrites_nothing(
    shop: Shop, second: AttemptState
) -> None:
    order, attempt = await buy(shop)
    await shop.work_off()
    for _ in range(3):
        await shop.do(RecordAnswer(attempt, Answer(second, "R2", 1), None))
    assert (await state(shop), (await shop.order(order)).status) == ("SUCCEEDED", OrderStatus.FULFILLED)
    assert await shop.value("SELECT charged_minor FROM attempt") is None
    facts = await shop.rows("SELECT facts FROM case_file")
    assert [(row["facts"]["known"], row["facts"]["told"]) for row in facts] == [("SUCCEEDED", second.value)]


async def test_a_failure_that_turns_out_a_success_is_a_case_too(shop: Shop) -> None:
    order, attempt = await buy(shop, "0000002")
    await shop.work_off()
    await shop.do(RecordAnswer(attempt, Answer(S.SUCCEEDED), None))
    assert (await state(shop), (await shop.order(order)).status) == ("FAILED", OrderStatus.FAILED)
    assert await shop.value("SELECT count(*) FROM case_file") == 1


async def test_a_success_can_be_taken_back(shop: Shop) -> None:
    order, attempt = await buy(shop)
    await shop.work_off()
    await shop.do(RecordAnswer(attempt, Answer(S.REVERSED), None))
    assert (await state(shop), (await shop.order(order)).status) == ("REVERSED", OrderStatus.FAILED)
    assert await shop.value("SELECT count(*) FROM case_file") == 0


async def test_a_late_word_that_is_no_answer_changes_nothing(shop: Shop) -> None:
    _, attempt = await buy(shop)
    await shop.work_off()
    for late in (S.UNKNOWN, S.ACCEPTED):
        await shop.do(RecordAnswer(attempt, Answer(late), None))
    assert await state(shop) == "SUCCEEDED"
    assert await shop.value("SELECT count(*) FROM case_file") == 0


async def test_a_callback_about_a_number_that_is_not_ours_is_not_known(shop: Shop) -> None:
    assert await shop.do(ReceiveCallback("sandbox", "nothing", Answer(S.SUCCEEDED))) is False


async def test_a_supplier_without_an_adapter_is_a_case_and_nothing_is_sent(shop: Shop) -> None:
    await buy(shop)
    await shop.run("UPDATE attempt SET supplier = 'gone'")
    await shop.work_off()
    assert await state(shop) == "CREATED"
    assert await shop.value("SELECT reason FROM case_file") == "NO_ADAPTER"


async def test_a_supplier_that_only_pretends_sells_nothing_where_money_is_real(shop: Shop) -> None:
    await buy(shop)
    real = shop.with_settings(sandbox_payments=False)
    before = await shop.everything()
    with pytest.raises(NotSellable):
        await real.place(shop.storefront(), top_up())
    assert [one.code for one in (await real.quote(shop.storefront(), top_up())).problems] == ["NOT_SELLABLE"]
    assert await shop.everything() == before
    await real.work_off()
    assert await state(shop) == "CREATED"


async def test_an_attempt_whose_process_died_is_asked_about(shop: Shop) -> None:
    order, attempt = await buy(shop)
    await shop.do(BeginAttempt(attempt))
    await shop.run("DELETE FROM pgqueuer")
    await shop.run("UPDATE attempt SET next_poll_at = now() - interval '1 minute'")
    sweep = TIMERS["supply.sweep"][1]
    await sweep({}, shop.desk)
    await sweep({}, shop.desk)
    assert await shop.value("SELECT count(*) FROM pgqueuer") == 1
    await shop.work_off()
    assert (await shop.order(order)).status is OrderStatus.FULFILLED


def test_final_states_stay_but_for_a_reversal() -> None:
    assert {one: STEPS[one] for one in FINAL} == {
        S.SUCCEEDED: {S.REVERSED}, S.FAILED: set(), S.PARTIAL: set(), S.REVERSED: set()
    }  # fmt: skip
    assert set(STEPS) == set(AttemptState)
