"""Segments of customers: what a back office calls those whom a promotion is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from domain.access.identifiers import storable
from domain.access.permissions import PROMOTIONS_WRITE
from domain.commands import Command, handles
from domain.promotions.scoping import LONGEST_SEGMENT
from domain.refusals import InvalidInput, NotFound

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.access.views import Customer
    from domain.work import UnitOfWork

MOST_SEGMENTS = 50


@dataclass(frozen=True, slots=True)
class SetCustomerSegments(Command):
    """Say to which segments a customer of the caller's subtree belongs, in place of those before."""

    requires: ClassVar[str | None] = PROMOTIONS_WRITE

    customer_id: UUID
    segments: tuple[str, ...]


@handles(SetCustomerSegments)
async def set_customer_segments(command: SetCustomerSegments, caller: Caller, work: UnitOfWork) -> Customer:
    """Setting the same again changes nothing; orders that were placed keep what they were given."""
    segments = sorted(set(command.segments))
    fits = all(0 < len(one) <= LONGEST_SEGMENT and storable(one) for one in segments)
    if len(segments) > MOST_SEGMENTS or not fits:
        reason = f"Up to {MOST_SEGMENTS} segments of 1 to {LONGEST_SEGMENT} characters each."
        raise InvalidInput(reason, "segments")
    found = await work.promotions.segment(command.customer_id, segments, caller.channel)
    if found is None:
        raise NotFound("customer", "customerId")
    return found
