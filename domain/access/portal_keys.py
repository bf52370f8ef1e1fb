"""Portal keys: with them a welfare portal or a points mall vouches for its own people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.access.events import PortalKeyRotated
from domain.access.permissions import TOKENS_WRITE
from domain.access.places import place_named
from domain.access.views import PortalKey
from domain.commands import Command, handles

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class RotatePortalKey(Command):
    """A channel needs a portal key, or another one; `channel` is a code."""

    requires = TOKENS_WRITE

    channel: str


@handles(RotatePortalKey)
async def rotate_portal_key(command: RotatePortalKey, caller: Caller, work: UnitOfWork) -> PortalKey:
    """The new key, shown this once; proofs signed with the old one fail from now on."""
    place = await place_named(work, caller, command.channel)
    key = await work.credentials.portals.rotate(place.id)
    work.record(PortalKeyRotated(aggregate_id=place.id, channel_id=place.id))
    return PortalKey(place.id, key)
