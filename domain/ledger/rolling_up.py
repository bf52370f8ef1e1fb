"""Rolling up: what was added to balances is added for good, and told once for each channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.commands import Command, handles
from domain.ledger.events import AccountChanged

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class RollUpBalances(Command):
    """Roll up what waits; answers of how many channels, by currency."""


@handles(RollUpBalances)
async def roll_up_balances(_command: RollUpBalances, _caller: Caller, work: UnitOfWork) -> int:
    """Sales tell nobody of accounts; this does, one event for a channel, however many sales there were."""
    changed = await work.ledger.roll_up()
    for channel_id, currency in changed:
        work.record(AccountChanged(aggregate_id=channel_id, channel_id=channel_id, currency=currency))
    return len(changed)
