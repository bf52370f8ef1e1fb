"""Root keys come from outside the database and are refused where others could read them."""

from __future__ import annotations

import base64
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.cards.keys import KeyPurpose, KeysAreFixed, KeyUnknown, RootKey, derive, working_key
from persistence.cards.key_environment import KeyEnvironment
from persistence.cards.key_file import KeyFile, KeysUnusable
from tests.cards.keyrings import MemoryKeys

KEY = base64.b64encode(bytes(range(32))).decode()
OLDER = base64.b64encode(bytes(32)).decode()


def test_working_keys_are_derived_as_the_standard_says() -> None:
    root = RootKey("k1", os.urandom(32))
    expected = HKDF(SHA256(), 32, salt=None, info=b"quanyi.card.v1").derive(root.material)
    assert derive(root, "quanyi.card.v1") == expected


def test_no_two_purposes_share_a_working_key() -> None:
    keys = MemoryKeys()
    shared = RootKey("k1", bytes(32))
    keys.rings = {purpose: [shared] for purpose in KeyPurpose}
    assert len({working_key(keys, purpose) for purpose in KeyPurpose}) == len(KeyPurpose)


def test_a_key_file_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first = KeyFile.create(path)
    again = KeyFile.create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["keys.json"]
    for purpose in KeyPurpose:
        assert again.current(purpose) == first.current(purpose)
    assert len({first.current(purpose).material for purpose in KeyPurpose}) == len(KeyPurpose)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o601])
def test_a_key_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys.json"
    KeyFile.create(path)
    path.chmod(mode)
    with pytest.raises(KeysUnusable, match="chmod 600"):
        KeyFile(path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}{",
        '{"card": [{"id": "k1"}]}',
        '{"card": [{"id": "k1", "key": "c2hvcnQ="}]}',
        '{"other": []}',
    ],
)
def test_a_file_without_keys_is_refused_without_repeating_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(KeysUnusable) as refused:
        KeyFile(path)
    assert "c2hvcnQ" not in str(refused.value)


def test_a_rotated_key_is_current_everywhere_and_the_old_one_is_kept(tmp_path: Path) -> None:
    keys = KeyFile.create(tmp_path / "keys.json")
    elsewhere = KeyFile(tmp_path / "keys.json")
    old = keys.current(KeyPurpose.CARD)
    new = keys.rotate(KeyPurpose.CARD)
    assert new.id != old.id
    for provider in (keys, elsewhere):
        assert provider.current(KeyPurpose.CARD) == new
        assert provider.by_id(KeyPurpose.CARD, old.id) == old
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeyUnknown):
        keys.by_id(KeyPurpose.INDEX, new.id)


def test_concurrent_rotations_lose_no_key(tmp_path: Path) -> None:
    KeyFile.create(tmp_path / "keys.json")
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: KeyFile(tmp_path / "keys.json").rotate(KeyPurpose.CARD), range(16)))
    keys = KeyFile(tmp_path / "keys.json")
    assert [keys.by_id(KeyPurpose.CARD, key.id) for key in made] == made


def test_keys_from_the_environment_are_fixed() -> None:
    rings = dict.fromkeys(KeyPurpose, f"k2:{KEY}, k1:{OLDER}")
    keys = KeyEnvironment(rings)
    assert keys.current(KeyPurpose.CARD) == RootKey("k2", bytes(range(32)))
    assert keys.by_id(KeyPurpose.CARD, "k1") == RootKey("k1", bytes(32))
    with pytest.raises(KeyUnknown):
        keys.by_id(KeyPurpose.CARD, "k3")
    with pytest.raises(KeysAreFixed):
        keys.rotate(KeyPurpose.CARD)


def test_the_environment_must_hold_every_key() -> None:
    rings = dict.fromkeys(KeyPurpose, f"k1:{KEY}")
    with pytest.raises(KeysUnusable, match=r"no keys for index\."):
        KeyEnvironment(rings | {KeyPurpose.INDEX: " "})
    for bad in ("k1", f":{KEY}", f"k.1:{KEY}", "k1:c2hvcnQ=", "k1:***"):
        with pytest.raises(KeysUnusable):
            KeyEnvironment(rings | {KeyPurpose.INDEX: bad})
