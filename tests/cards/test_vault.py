"""Card secrets at rest: each opens in its own place, under its own key, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.cards.keys import KeyPurpose
from domain.cards.secret import Secret
from domain.ids import new_id
from persistence.cards.blind_index import BlindIndex
from persistence.cards.vault import CannotOpen, Vault, WrappedKey, data_key_id
from tests.cards.keyrings import MemoryKeys

CARD = new_id()


@pytest.fixture
def keys() -> MemoryKeys:
    return MemoryKeys()


@pytest.fixture
def vault(keys: MemoryKeys) -> Vault:
    return Vault(keys)


@pytest.fixture
def key(vault: Vault) -> WrappedKey:
    return vault.new_data_key(new_id())


def test_what_was_sealed_opens_in_order(vault: Vault, key: WrappedKey) -> None:
    cards = [(new_id(), "secret", Secret(f"卡密{n}")) for n in range(1000)]
    sealed = vault.seal(key, cards)
    assert len(set(sealed)) == 1000
    opened = vault.open_many(
        key, [(card, name, at) for (card, name, _), at in zip(cards, sealed, strict=True)]
    )
    assert [secret.reveal() for secret in opened] == [f"卡密{n}" for n in range(1000)]


def test_a_ciphertext_tells_its_key_and_nothing_of_its_text(vault: Vault, key: WrappedKey) -> None:
    first, second = vault.seal(key, [(CARD, "secret", Secret("CANARY7788"))] * 2)
    assert first != second
    assert b"CANARY" not in first
    assert data_key_id(first) == key.id
    assert len(first) == 1 + 16 + 12 + len("CANARY7788") + 16


def test_one_flipped_bit_anywhere_and_it_does_not_open(vault: Vault, key: WrappedKey) -> None:
    (sealed,) = vault.seal(key, [(CARD, "secret", Secret("A"))])
    for at in range(len(sealed)):
        with pytest.raises(CannotOpen):
            vault.open(key, CARD, "secret", sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :])
    for length in range(len(sealed)):
        with pytest.raises(CannotOpen):
            vault.open(key, CARD, "secret", sealed[:length])


def test_it_opens_neither_for_another_card_nor_another_field_nor_another_batch(
    vault: Vault, key: WrappedKey
) -> None:
    (sealed,) = vault.seal(key, [(CARD, "secret", Secret("A"))])
    other = vault.new_data_key(new_id())
    for batch, card, name in ((key, new_id(), "secret"), (key, CARD, "number"), (other, CARD, "secret")):
        with pytest.raises(CannotOpen) as refused:
            vault.open(batch, card, name, sealed)
        assert str(refused.value) == "A sealed card secret cannot be opened."
    assert vault.open(key, CARD, "secret", sealed) == Secret("A")


def test_a_wrapped_key_cannot_be_changed_or_given_to_another_batch(keys: MemoryKeys, key: WrappedKey) -> None:
    (sealed,) = Vault(keys).seal(key, [(CARD, "secret", Secret("A"))])
    for at in range(len(key.wrapped)):
        changed = key.wrapped[:at] + bytes([key.wrapped[at] ^ 1]) + key.wrapped[at + 1 :]
        with pytest.raises(CannotOpen):
            Vault(keys).open(replace(key, wrapped=changed), CARD, "secret", sealed)
    with pytest.raises(CannotOpen):
        Vault(keys).seal(replace(key, id=new_id()), [(CARD, "secret", Secret("A"))])
    with pytest.raises(CannotOpen):
        Vault(keys).seal(replace(key, wrapped=b""), [])


def test_rotation_wraps_the_data_key_again_and_leaves_the_cards_alone(
    keys: MemoryKeys, key: WrappedKey
) -> None:
    vault = Vault(keys)
    (sealed,) = vault.seal(key, [(CARD, "secret", Secret("A"))])
    assert vault.rewrap(key) is key
    keys.rotate(KeyPurpose.CARD)
    rewrapped = vault.rewrap(key)
    assert (key.kek_id, rewrapped.kek_id) == ("k1", "k2")
    keys.rings[KeyPurpose.CARD].pop(0)
    fresh = Vault(keys)
    assert fresh.open(rewrapped, CARD, "secret", sealed).reveal() == "A"
    with pytest.raises(CannotOpen):
        fresh.open(key, CARD, "secret", sealed)


def test_no_more_keys_are_kept_open_than_allowed(keys: MemoryKeys) -> None:
    vault = Vault(keys, cached_keys=2)
    batches = [vault.new_data_key(new_id()) for _ in range(3)]
    sealed = [vault.seal(batch, [(CARD, "secret", Secret("A"))])[0] for batch in batches]
    keys.rings[KeyPurpose.CARD].clear()
    with pytest.raises(CannotOpen):
        vault.open(batches[0], CARD, "secret", sealed[0])
    assert vault.open(batches[2], CARD, "secret", sealed[2]).reveal() == "A"


def test_printing_a_key_shows_no_key(vault: Vault, key: WrappedKey, keys: MemoryKeys) -> None:
    root = keys.current(KeyPurpose.CARD)
    assert repr(root) == "RootKey(id='k1')"
    assert repr(key) == f"WrappedKey(id={key.id!r})"


def test_an_index_is_one_for_equal_texts_of_one_kind_under_one_key(keys: MemoryKeys) -> None:
    index = BlindIndex(keys)
    assert index.of("secret", "AB12") == BlindIndex(keys).of("secret", "AB12")
    assert len(index.of("secret", "AB12")) == 32
    assert index.of("number", "AB12") != index.of("secret", "AB12")
    keys.rotate(KeyPurpose.INDEX)
    assert BlindIndex(keys).of("secret", "AB12") != index.of("secret", "AB12")
    assert BlindIndex(keys, "k1").of("secret", "AB12") == index.of("secret", "AB12")
