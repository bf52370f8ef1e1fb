"""Balances: what was rolled up, and what has been added since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.ledger.accounts import AccountKind
from domain.ledger.views import Balance
from persistence.ledger import sql

if TYPE_CHECKING:
    from persistence.statements import Connection


async def balances_of(on: Connection, channel_ids: Sequence[UUID]) -> dict[UUID, list[Balance]]:
    """The accounts of channels, by currency; one statement, so that all of it is of one moment."""
    purses: dict[tuple[UUID, str], dict[str, Any]] = defaultdict(dict)
    for row in await sql.BALANCES.all(on, channels=list(channel_ids)):
        purses[row["channel_id"], row["currency"]][row["kind"]] = row
    found: dict[UUID, list[Balance]] = defaultdict(list)
    for (channel, currency), accounts in purses.items():
        if AccountKind.DEPOSIT in accounts:
            found[channel].append(_balance(channel, currency, accounts))
    return dict(found)


def _balance(channel: UUID, currency: str, accounts: dict[str, Any]) -> Balance:
    def minor(kind: AccountKind) -> int:
        return int(accounts[kind]["minor"]) if kind in accounts else 0

    return Balance(
        channel,
        currency,
        deposit_minor=minor(AccountKind.DEPOSIT),
        credit_minor=accounts[AccountKind.DEPOSIT]["credit_minor"],
        held_minor=minor(AccountKind.HOLD),
        pending_minor=minor(AccountKind.PENDING),
        owed_minor=-minor(AccountKind.RECEIVABLE),
    )
