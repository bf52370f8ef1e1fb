"""The wrapping key is turned while cards are sold, and nothing is lost on the way."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from domain.cards.keys import KeyPurpose
from domain.ids import new_id
from persistence.access.sealing import open_sealed, seal
from persistence.cards import data_keys, rotation
from persistence.cards.key_environment import KeyEnvironment
from persistence.cards.vault import CannotOpen, Vault
from tests.cards.intake import Intake, csv_of, enter
from tests.cards.keyrings import MemoryKeys
from tests.cards.stockroom import Sku, Stockroom

CODES = [f"AAAA0000{number:04}" for number in range(1_500)]


@pytest.fixture
def keys(room: Stockroom) -> MemoryKeys:
    found = room.tools.vault.keys
    assert isinstance(found, MemoryKeys)
    return found


@pytest.fixture
async def sku(room: Stockroom) -> Sku:
    sku = await room.sku("KEY")
    intake = await enter(room.database, room.tools.vault.keys)
    for start in range(0, len(CODES), 750):
        await intake.load("KEY", csv_of([[code] for code in CODES[start : start + 750]]))
    return sku


async def opened(room: Stockroom, vault: Vault) -> list[str]:
    """Every card's secret, as a vault without any memory opens it."""
    rows = await room.run("SELECT id, key_id, secret_ciphertext FROM card")
    async with room.database.connection() as connection:
        found = await data_keys.read(connection, [row["key_id"] for row in rows])
    return sorted(
        vault.open(found[row["key_id"]], row["id"], "secret", row["secret_ciphertext"]).reveal()
        for row in rows
    )


async def sell_meanwhile(room: Stockroom, sku: Sku, work: Callable[[], Awaitable[Any]]) -> tuple[Any, int]:
    """Do the work while buyers buy as quickly as they can; its answer, and how many were sold meanwhile."""
    buyers = [await room.customer() for _ in range(3)]
    done = asyncio.Event()
    sold: set[Any] = set()

    async def buy(buyer: Any) -> None:
        while not done.is_set():
            for card_id in await room.buy(sku, buyer):
                assert card_id not in sold
                sold.add(card_id)

    buying = [asyncio.create_task(buy(buyer)) for buyer in buyers]
    answer = await work()
    done.set()
    await asyncio.gather(*buying)
    return answer, len(sold)


async def test_a_rotation_wraps_every_key_again_while_cards_are_sold(
    room: Stockroom, sku: Sku, keys: MemoryKeys
) -> None:
    vault, before = room.tools.vault, keys.current(KeyPurpose.CARD).id
    done, sold = await sell_meanwhile(room, sku, lambda: rotation.rotate_cards(room.database, vault))
    assert done == 2
    assert await rotation.left_behind(room.database, vault) == {}
    assert await room.value("SELECT count(*) FROM data_key WHERE kek_id <> $1", before) == 2
    keys.rings[KeyPurpose.CARD].pop(0)
    assert await opened(room, Vault(keys)) == CODES
    assert await room.states(sku) == {"DELIVERED": sold, "IN_STOCK": len(CODES) - sold}


async def test_every_card_is_encrypted_anew_while_cards_are_sold(
    room: Stockroom, sku: Sku, keys: MemoryKeys
) -> None:
    vault = room.tools.vault
    before = {row["id"]: row["secret_ciphertext"] for row in await room.run("SELECT * FROM card")}
    done, sold = await sell_meanwhile(
        room, sku, lambda: rotation.rotate_cards(room.database, vault, reencrypt=True)
    )
    assert done == 2
    assert sold > 0
    assert await rotation.left_behind(room.database, vault) == {}
    assert await room.value("SELECT count(*) FROM data_key") == 2
    for row in await room.run(
        "SELECT c.*, b.key_id AS current FROM card c JOIN card_batch b ON b.id = batch_id"
    ):
        assert row["secret_ciphertext"] != before[row["id"]]
        assert row["key_id"] == row["current"]
    keys.rings[KeyPurpose.CARD].pop(0)
    assert await opened(room, Vault(keys)) == CODES
    assert await room.states(sku) == {"DELIVERED": sold, "IN_STOCK": len(CODES) - sold}
    buyer = await room.customer()
    assert len(await room.buy(sku, buyer, len(CODES) - sold)) == len(CODES) - sold


async def test_numbers_are_encrypted_anew_too(room: Stockroom, keys: MemoryKeys) -> None:
    await room.sku("NUMBERED", "CARD_NUMBER_KEY")
    intake = await enter(room.database, keys)
    await intake.load("NUMBERED", "卡号,卡密\n60010001,ABCD0001\n60010002,ABCD0002\n")
    await rotation.rotate_cards(room.database, room.tools.vault, reencrypt=True)
    keys.rings[KeyPurpose.CARD].pop(0)
    fresh = Vault(keys)
    (card, _) = await room.run("SELECT * FROM card ORDER BY seq")
    async with room.database.connection() as connection:
        text = await data_keys.open_card(
            connection, fresh, card["key_id"], card["id"], "number", card["number_ciphertext"]
        )
    assert text.reveal() == "60010001"


async def test_an_interrupted_rotation_is_finished_before_another_begins(
    room: Stockroom, sku: Sku, keys: MemoryKeys
) -> None:
    keys.rotate(KeyPurpose.CARD)
    vault = room.tools.vault
    assert await rotation.left_behind(room.database, vault) == {"k1": 2}
    assert await rotation.rotate_cards(room.database, vault) == 2
    assert keys.current(KeyPurpose.CARD).id == "k2"
    assert await rotation.rotate_cards(room.database, vault) == 2
    assert keys.current(KeyPurpose.CARD).id == "k3"


async def test_an_interrupted_encryption_goes_on_to_the_key_it_began(
    room: Stockroom, sku: Sku, keys: MemoryKeys
) -> None:
    vault = room.tools.vault
    keys.rotate(KeyPurpose.CARD)
    (batch, _) = await room.run("SELECT b.id, b.variant_id, b.key_id FROM card_batch b ORDER BY b.id")
    old, new = await rotation._keys_of(room.database, vault, batch["id"], batch["key_id"])
    some = await room.run("SELECT * FROM card WHERE batch_id = $1 LIMIT 100", batch["id"])
    await rotation._replace(room.database, vault, batch["variant_id"], old, new, some)
    assert await rotation.rotate_cards(room.database, vault, reencrypt=True) == 2
    assert await room.value("SELECT count(*) FROM data_key") == 2
    keys.rings[KeyPurpose.CARD].pop(0)
    assert await opened(room, Vault(keys)) == CODES


async def test_a_batch_that_is_being_filled_keeps_its_key_and_is_reported(
    room: Stockroom, keys: MemoryKeys
) -> None:
    await room.sku("KEY")
    intake: Intake = await enter(room.database, keys)
    batch = await intake.send("KEY", csv_of([["AAAA00000001"]]))
    vault = room.tools.vault
    assert await rotation.rotate_cards(room.database, vault, reencrypt=True) == 0
    assert await rotation.left_behind(room.database, vault) == {"k1": 1}
    assert (await intake.run(batch)).accepted == 1
    assert await rotation.rotate_cards(room.database, vault, reencrypt=True) == 1
    assert await rotation.left_behind(room.database, vault) == {}


async def test_what_other_areas_seal_turns_with_it(room: Stockroom, keys: MemoryKeys) -> None:
    vault, channel = room.tools.vault, room.channels["shop"][-1]
    sealed = seal(vault, channel, "portal-key", "a portal's key")
    await room.run("INSERT INTO portal_key (channel_id, wrapped_key) VALUES ($1, $2)", channel, sealed)
    assert await rotation.rotate_cards(room.database, vault) == 1
    assert await rotation.left_behind(room.database, vault) == {}
    keys.rings[KeyPurpose.CARD].pop(0)
    stored = await room.value("SELECT wrapped_key FROM portal_key")
    assert open_sealed(Vault(keys), "portal-key", stored, channel) == "a portal's key"
    with pytest.raises(CannotOpen):
        open_sealed(Vault(keys), "portal-key", sealed, channel)


async def test_a_ring_from_the_environment_is_turned_by_its_operator(room: Stockroom, sku: Sku) -> None:
    vault = room.tools.vault
    rings = {
        purpose: f"{key.id}:{base64.b64encode(key.material).decode()}"
        for purpose in KeyPurpose
        for key in [vault.keys.current(purpose)]
    }
    fixed = Vault(KeyEnvironment(rings))
    assert await rotation.rotate_cards(room.database, fixed) == 0
    added = f"new:{base64.b64encode(new_id().bytes * 2).decode()}"
    turned = Vault(KeyEnvironment(rings | {KeyPurpose.CARD: f"{added},{rings[KeyPurpose.CARD]}"}))
    assert await rotation.rotate_cards(room.database, turned) == 2
    only_new = Vault(KeyEnvironment(rings | {KeyPurpose.CARD: added}))
    assert await opened(room, only_new) == CODES
