"""What was read is believed for a moment, and never across a change of this process."""

from __future__ import annotations

import time

from persistence.trust import TRUSTED_S, Mark, Trust


def test_a_read_is_believed_for_less_than_the_second_that_is_promised() -> None:
    trust = Trust()
    mark = trust.mark()
    assert trust.holds(mark)
    assert not trust.holds(Mark(mark.generation, time.monotonic() - TRUSTED_S))
    assert TRUSTED_S <= 0.5


def test_nothing_is_believed_while_a_change_is_under_way_nor_what_was_read_before_its_end() -> None:
    trust, connection = Trust(), object()
    before = trust.mark()
    trust.doubt(connection)
    during = trust.mark()
    assert not trust.holds(before)
    assert not trust.holds(during)
    trust.over(object())
    assert not trust.holds(during)
    trust.over(connection)
    assert not trust.holds(before)
    assert not trust.holds(during)
    assert trust.holds(trust.mark())


def test_the_end_of_one_change_does_not_vouch_for_another() -> None:
    trust, first, second = Trust(), object(), object()
    trust.doubt(first)
    trust.doubt(second)
    trust.over(first)
    assert not trust.holds(trust.mark())
    trust.over(second)
    assert trust.holds(trust.mark())
