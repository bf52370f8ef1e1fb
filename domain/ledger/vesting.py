"""Vesting: what sales earned becomes the agents' own once refunds are no longer likely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.commands import Command, handles
from domain.ledger.accounts import deposit, pending
from domain.ledger.transfers import Reach, Transfer, TransferType, credit, debit, transfers

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.ledger.views import Maturity
    from domain.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class VestMargins(Command):
    """Vest the margins of up to `limit` orders that are due; answers how many there were."""

    limit: int = 200


@handles(VestMargins)
async def vest_margins(command: VestMargins, caller: Caller, work: UnitOfWork) -> int:
    """An order that is being refunded at this moment is passed over until the next time."""
    due = await work.ledger.take_due(command.limit)
    await work.ledger.post([transfer for one in due for transfer in vested(one)], caller)
    return len(due)


def vested(due: Maturity) -> list[Transfer]:
    """From pending to the deposit, what is owed first; a funder's share above its margin is taken from it."""
    entries = [
        entry
        for channel, minor in due.by_channel.items()
        for entry in (debit(pending(channel), minor), credit(deposit(channel), minor, Reach.OWED))
    ]
    return transfers(TransferType.VEST, due.order_id, due.currency, entries, due.order_id)
