"""Minted codes: unguessable, checked without a database, forgiving to typists."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from domain.cards.codes import ALPHABET, displayed, has_valid_mac, mint, normalise

KEY = bytes(range(32))
OTHER_KEY = bytes(32)
CODE = "7M3PZ0QH4VX2K" + "R2P"
bodies = st.text(ALPHABET, min_size=13, max_size=13)


def test_a_code_has_sixteen_characters_without_look_alikes() -> None:
    for code in mint(KEY, 200):
        assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{16}", code.reveal())


def test_minted_codes_differ_and_pass_under_their_key_only() -> None:
    codes = [code.reveal() for code in mint(KEY, 500)]
    assert len(set(codes)) == 500
    assert all(has_valid_mac(KEY, code) for code in codes)
    # 500 codes under a wrong key: one in 32,768 passes by chance.
    assert sum(has_valid_mac(OTHER_KEY, code) for code in codes) <= 3


def test_the_check_characters_are_what_they_were_yesterday() -> None:
    # HMAC-SHA256 by another program over `quanyi.code.v1`, a NUL and the body; its first 15 bits in base32.
    body = "7M3PZ0QH4VX2K"
    valid = [mac for mac in _all_macs() if has_valid_mac(KEY, body + mac)]
    assert valid == ["ZRS"]


def test_one_wrong_character_is_noticed() -> None:
    code = mint(KEY, 1)[0].reveal()
    changed = [
        code[:at] + letter + code[at + 1 :] for at in range(16) for letter in ALPHABET if letter != code[at]
    ]
    assert sum(has_valid_mac(KEY, other) for other in changed) <= 2


@given(bodies)
def test_any_way_of_writing_a_code_reads_as_the_code(body: str) -> None:
    code = body + "000"
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in code)
    sloppy = code.replace("1", "l").replace("0", "o")
    for written in (code.lower(), displayed(code), f" {code[:5]}\u00a0{code[5:]}\u200b\n", wide, sloppy):
        assert normalise(written) == code


@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing_and_nonsense_is_only_refused(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once or not once.isascii()
    assert has_valid_mac(KEY, text) in (False, True)
    if len(once) != 16:
        assert not has_valid_mac(KEY, text)


def test_a_code_is_shown_in_groups_of_four() -> None:
    assert displayed(CODE) == "7M3P-Z0QH-4VX2-KR2P"


def _all_macs() -> list[str]:
    return [a + b + c for a in ALPHABET for b in ALPHABET for c in ALPHABET]
