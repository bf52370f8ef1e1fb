"""What lies on disk for a moment is unreadable, from any offset, and comes back whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from persistence.veil import new_veil


@given(st.binary(min_size=1, max_size=500), st.lists(st.integers(1, 60), min_size=1, max_size=20))
def test_pieces_of_any_length_come_back_from_any_offset(content: bytes, lengths: list[int]) -> None:
    veil = new_veil()
    hidden, at = b"", 0
    for length in lengths * len(content):
        hidden += veil(at, content[at : at + length])
        at = len(hidden)
    assert veil(0, hidden) == content
    middle = len(content) // 2
    assert veil(middle, hidden[middle:]) == content[middle:]


def test_nothing_of_it_can_be_read_and_no_two_veils_are_alike() -> None:
    content = b"SECRET-OF-A-CARD" * 4
    assert b"SECRET" not in new_veil()(0, content)
    assert new_veil()(0, content) != new_veil()(0, content)
