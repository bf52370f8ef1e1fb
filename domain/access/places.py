"""Where a caller may act: its own channel and those below it; nothing else exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.access.callers import CallerKind
from domain.access.identifiers import storable
from domain.refusals import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from domain.access.callers import Caller
    from domain.access.records import Place
    from domain.work import UnitOfWork


def within(caller: Caller, path: Sequence[UUID]) -> bool:
    """Whether a channel with this path lies in the caller's subtree."""
    return caller.kind is CallerKind.SYSTEM or caller.channel_id in path


async def place_named(work: UnitOfWork, caller: Caller, code: str, at: str = "channel") -> Place:
    """The channel of a code in the caller's subtree; NotFound naming the input `at` otherwise."""
    place = await work.identities.place(code) if storable(code) else None
    if place is None or not within(caller, place.path):
        raise NotFound("channel", at)
    return place
