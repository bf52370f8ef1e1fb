"""A card is used once, by whoever may, and nobody learns from the answer why another cannot be."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from domain.access.callers import SYSTEM
from domain.cards import codes, presentation
from domain.cards.hold_card import FreezeCard, UnfreezeCard
from domain.cards.redeem_card import BeginRedemption, RedeemCard, ReportOverdueRedemptions, SettleRedemption
from domain.cards.refusals import CardNotRedeemable, LeaseOver, RedemptionSettled
from domain.cards.states import CardState
from domain.cards.views import RedemptionOutcome, RedemptionStatus
from domain.refusals import IdempotencyConflict, InvalidInput, NotFound, TooManyAttempts
from persistence.cards.lookup import FORGERIES
from tests.cards.stockroom import Stockroom


async def test_a_delivered_card_is_redeemed_by_its_secret_however_it_is_typed(room: Stockroom) -> None:
    sku, buyer, redeemer = await room.sku("month"), await room.customer(), await room.api_client()
    (secret,) = await room.minted(sku, 1)
    (card,) = await room.buy(sku, buyer)
    typed = codes.displayed(secret.reveal()).lower()
    done = await room.perform(RedeemCard("k1", secret=typed, sku="month"), redeemer)
    assert done.status is RedemptionStatus.SUCCEEDED
    assert (done.card.id, done.card.sku, done.card.status) == (card, "month", CardState.REDEEMED)
    steps = await room.run("SELECT to_state, channel_id FROM card_event ORDER BY ordinal DESC LIMIT 2")
    assert [step["to_state"] for step in steps] == ["REDEEMED", "REDEEMING"]
    assert {step["channel_id"] for step in steps} == {redeemer.channel_id}
    told = await room.run("SELECT payload FROM outbox ORDER BY id DESC LIMIT 1")
    assert told[0]["payload"]["to"] == "REDEEMED"


async def test_a_code_redeemed_twice_is_used_once(room: Stockroom) -> None:
    sku, buyer, redeemer = await room.sku("month"), await room.customer(), await room.api_client()
    (secret,) = await room.minted(sku, 1)
    await room.buy(sku, buyer)
    first = await room.perform(RedeemCard("k1", secret=secret.reveal()), redeemer)
    assert await room.perform(RedeemCard("k1", secret=secret.reveal()), redeemer) == first
    with pytest.raises(CardNotRedeemable):
        await room.perform(RedeemCard("k2", secret=secret.reveal()), redeemer)
    with pytest.raises(IdempotencyConflict):
        await room.perform(RedeemCard("k1", secret=secret.reveal(), sku="month"), redeemer)
    assert await room.value("SELECT count(*) FROM redemption") == 1
    assert await room.value("SELECT count(*) FROM card_event WHERE to_state = 'REDEEMED'") == 1


async def test_forty_keys_repeated_eight_times_at_once_have_one_effect_each(dsn: str) -> None:
    room = await Stockroom.open(dsn, size=16, redemption_free_tries=10_000)
    sku, buyer, redeemer = await room.sku("month"), await room.customer(), await room.api_client()
    secrets = await room.minted(sku, 40)
    await room.buy(sku, buyer, 40)

    async def redeem(n: int) -> object:
        return await room.perform(RedeemCard(f"key-{n}", secret=secrets[n].reveal()), redeemer)

    answers = await asyncio.gather(*(redeem(n % 40) for n in range(320)))
    for n in range(40):
        assert all(answer == answers[n] for answer in answers[n::40])
    assert await room.states(sku) == {"REDEEMED": 40}
    assert await room.value("SELECT count(*) FROM redemption") == 40
    await room.database.close()


async def test_one_code_under_many_keys_at_once_is_used_once(dsn: str) -> None:
    room = await Stockroom.open(dsn, size=16, redemption_free_tries=10_000)
    sku, buyer, redeemer = await room.sku("month"), await room.customer(), await room.api_client()
    (secret,) = await room.minted(sku, 1)
    await room.buy(sku, buyer)
    answers = await asyncio.gather(
        *(room.perform(RedeemCard(f"k{n}", secret=secret.reveal()), redeemer) for n in range(30)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, CardNotRedeemable) for answer in answers) == 29
    assert await room.value("SELECT count(*) FROM redemption") == 1
    await room.database.close()


async def test_all_that_cannot_be_redeemed_is_answered_alike_and_changes_nothing(dsn: str) -> None:
    room = await Stockroom.open(dsn, redemption_free_tries=1_000, redemption_answer_ms=250)
    sku, buyer = await room.sku("month"), await room.customer()
    secrets = await room.minted(sku, 4)
    old = await room.minted(sku, 1, datetime.now(UTC) + timedelta(days=30))
    redeemer, cousin = await room.api_client(), await room.api_client("other")
    cards = await room.buy(sku, buyer, 3)
    await room.perform(RedeemCard("used", secret=secrets[0].reveal()), redeemer)
    await room.perform(FreezeCard(cards[1], "stolen"), room.agent())
    await room.run("UPDATE card SET expires_at = now() - interval '2 days' WHERE id = $1", cards[2])
    before = await room.run("SELECT id, state, ordinal FROM card ORDER BY id")
    tried = {
        "used": (redeemer, RedeemCard("1", secret=secrets[0].reveal())),
        "frozen": (redeemer, RedeemCard("2", secret=secrets[1].reveal())),
        "expired": (redeemer, RedeemCard("3", secret=secrets[2].reveal())),
        "not delivered": (redeemer, RedeemCard("4", secret=secrets[3].reveal())),
        "unknown": (redeemer, RedeemCard("5", secret="ABCDEFGH2345")),
        "not ours": (redeemer, RedeemCard("6", secret="0" * 16)),
        "other scope": (cousin, RedeemCard("7", secret=old[0].reveal())),
        "no number": (redeemer, RedeemCard("8", number="12345678901")),
        "no token": (redeemer, RedeemCard("9", presentation="v1.k1.x.1.x.x")),
        "NUL": (redeemer, RedeemCard("10", secret="a\x00b")),
        "endless": (redeemer, RedeemCard("11", secret="9" * 5_000)),
    }
    for name, (caller, command) in tried.items():
        with pytest.raises(CardNotRedeemable) as refused:
            await room.perform(command, caller)
        assert str(refused.value) == "This card cannot be redeemed.", name
        assert refused.value.padded_to_s == 0.25
        assert all(text not in repr(refused.value) for text in (secrets[0].reveal(), "ABCDEFGH2345"))
    assert await room.run("SELECT id, state, ordinal FROM card ORDER BY id") == before
    assert await room.value("SELECT count(*) FROM redemption") == 1
    await room.database.close()


async def test_another_channels_redeemer_finds_nothing_and_one_above_does(room: Stockroom) -> None:
    sku, buyer = await room.sku("month"), await room.customer("shop")
    (secret,) = await room.minted(sku, 1)
    await room.buy(sku, buyer)
    with pytest.raises(CardNotRedeemable):
        await room.perform(RedeemCard("k1", secret=secret.reveal()), await room.api_client("other"))
    done = await room.perform(RedeemCard("k1", secret=secret.reveal()), await room.api_client("province"))
    assert done.card.status is CardState.REDEEMED


async def test_a_number_finds_its_card_and_a_short_pin_needs_its_number(room: Stockroom) -> None:
    sku, buyer, redeemer = (
        await room.sku("game", "CARD_NUMBER_KEY"),
        await room.customer(),
        await room.api_client(),
    )
    await room.cards(sku, [("1234", "6001000000000001"), ("1234", "6001000000000002")])
    cards = await room.buy(sku, buyer, 2)
    with pytest.raises(CardNotRedeemable):
        await room.perform(RedeemCard("k0", secret="1234"), redeemer)
    with pytest.raises(CardNotRedeemable):
        await room.perform(RedeemCard("k1", number="6001000000000001", secret="4321"), redeemer)
    one = await room.perform(RedeemCard("k2", number="6001 0000 0000 0001", secret="1234"), redeemer)
    two = await room.perform(RedeemCard("k3", number="6001000000000002", sku="game"), redeemer)
    assert {one.card.id, two.card.id} == set(cards)


async def test_a_presentation_code_works_once_and_only_now(room: Stockroom) -> None:
    sku, buyer, redeemer = await room.sku("month"), await room.customer(), await room.api_client()
    await room.minted(sku, 2)
    first, second = await room.buy(sku, buyer, 2)
    keys, now = room.tools.vault.keys, datetime.now(UTC)
    token = presentation.present(keys, first, now)
    late = presentation.present(keys, second, now - timedelta(seconds=45))
    with pytest.raises(CardNotRedeemable):
        await room.perform(RedeemCard("k0", presentation=late), redeemer)
    done = await room.perform(RedeemCard("k1", presentation=token), redeemer)
    assert done.card.id == first
    assert await room.perform(RedeemCard("k1", presentation=token), redeemer) == done
    with pytest.raises(CardNotRedeemable):
        await room.perform(RedeemCard("k2", presentation=token), redeemer)


async def test_a_definite_failure_gives_the_card_back_and_silence_never_does(room: Stockroom) -> None:
    sku, buyer, redeemer = await room.sku("month"), await room.customer(), await room.api_client()
    secrets = await room.minted(sku, 2)
    await room.buy(sku, buyer, 2)
    begun = await room.perform(BeginRedemption("k1", secret=secrets[0].reveal()), redeemer)
    assert (begun.status, begun.card.status) == (RedemptionStatus.PENDING, CardState.REDEEMING)
    assert begun.lease_until is not None
    with pytest.raises(CardNotRedeemable):
        await room.perform(RedeemCard("k2", secret=secrets[0].reveal()), redeemer)
    with pytest.raises(NotFound):
        await room.perform(SettleRedemption(begun.id, RedemptionOutcome.FAILED), await room.api_client())
    failed = await room.perform(SettleRedemption(begun.id, RedemptionOutcome.FAILED), redeemer)
    assert (failed.status, failed.card.status) == (RedemptionStatus.FAILED, CardState.DELIVERED)
    assert await room.perform(SettleRedemption(begun.id, RedemptionOutcome.FAILED), redeemer) == failed
    with pytest.raises(RedemptionSettled):
        await room.perform(SettleRedemption(begun.id, RedemptionOutcome.SUCCEEDED), redeemer)

    again = await room.perform(BeginRedemption("k3", secret=secrets[0].reveal()), redeemer)
    await room.run("UPDATE redemption SET lease_until = now() - interval '1 s' WHERE status = 'PENDING'")
    assert await room.perform(ReportOverdueRedemptions(), SYSTEM) == 1
    assert await room.perform(ReportOverdueRedemptions(), SYSTEM) == 0
    assert await room.states(sku) == {"DELIVERED": 1, "REDEEMING": 1}
    with pytest.raises(LeaseOver):
        await room.perform(SettleRedemption(again.id, RedemptionOutcome.FAILED), redeemer)
    late = await room.perform(SettleRedemption(again.id, RedemptionOutcome.SUCCEEDED), redeemer)
    assert late.card.status is CardState.REDEEMED


async def test_guessing_is_slowed_and_a_forged_code_is_an_attack_signal(dsn: str) -> None:
    room = await Stockroom.open(dsn, redemption_free_tries=3)
    sku, buyer, redeemer = await room.sku("month"), await room.customer(), await room.api_client()
    (secret,) = await room.minted(sku, 1)
    await room.buy(sku, buyer)
    before = FORGERIES._value.get()
    for n in range(3):
        with pytest.raises(CardNotRedeemable):
            await room.perform(RedeemCard(f"k{n}", secret=f"{n}" * 16), redeemer)
    assert FORGERIES._value.get() == before + 3
    with pytest.raises(TooManyAttempts):
        await room.perform(RedeemCard("k9", secret=secret.reveal()), redeemer)
    await room.run("UPDATE guess SET last_at = last_at - interval '2 s'")
    await room.perform(RedeemCard("k9", secret=secret.reveal()), redeemer)
    assert await room.value("SELECT count(*) FROM guess") == 0
    await room.database.close()


async def test_a_sixteen_letter_code_of_an_imported_sku_is_no_forgery(room: Stockroom) -> None:
    minted, imported = await room.sku("month"), await room.sku("brand", pattern="[0-9A-HJKMNP-TV-Z]{16}")
    await room.minted(minted, 1)
    await room.cards(imported, [("ABCDEFGH23456789", None)])
    buyer, redeemer = await room.customer(), await room.api_client()
    await room.buy(imported, buyer)
    done = await room.perform(RedeemCard("k1", secret="ABCD-EFGH-2345-6789"), redeemer)
    assert done.card.sku == "brand"


async def test_a_code_minted_under_an_older_key_still_works(room: Stockroom) -> None:
    from domain.cards.keys import KeyPurpose

    sku, buyer, redeemer = await room.sku("month"), await room.customer(), await room.api_client()
    (secret,) = await room.minted(sku, 1)
    await room.buy(sku, buyer)
    room.tools.vault.keys.rotate(KeyPurpose.CODE)
    room.tools.vault.keys.rotate(KeyPurpose.INDEX)
    done = await room.perform(RedeemCard("k1", secret=secret.reveal()), redeemer)
    assert done.card.status is CardState.REDEEMED


async def test_a_frozen_card_can_be_redeemed_after_it_was_cleared(room: Stockroom) -> None:
    sku, buyer, redeemer = await room.sku("month"), await room.customer(), await room.api_client()
    (secret,) = await room.minted(sku, 1)
    (card,) = await room.buy(sku, buyer)
    await room.perform(FreezeCard(card, "asked for"), room.agent())
    await room.perform(UnfreezeCard(card, "cleared"), room.agent())
    await room.perform(RedeemCard("k1", secret=secret.reveal()), redeemer)
    assert await room.states(sku) == {"REDEEMED": 1}


@pytest.mark.parametrize("said", [{}, {"secret": ""}, {"secret": "a", "presentation": "b"}])
def test_a_card_is_named_in_one_way(said: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        RedeemCard("k", **said)


def test_a_command_does_not_print_what_is_secret_in_it() -> None:
    assert "CANARY" not in repr(RedeemCard("k", secret="CANARY-1", number="CANARY-2"))
