"""Money that comes from a channel's bank and goes there; amounts are positive minor units."""

from __future__ import annotations

from uuid import UUID

from domain.ledger.accounts import PAYMENT_CLEARING, deposit, hold
from domain.ledger.transfers import Reach, Transfer, TransferType, credit, debit, transfers


def opened(channel_id: UUID, minor: int, currency: str) -> list[Transfer]:
    """What a new channel's deposit starts with."""
    return transfers(
        TransferType.OPENING,
        channel_id,
        currency,
        [debit(PAYMENT_CLEARING, minor), credit(deposit(channel_id), minor)],
    )


def topped_up(request_id: UUID, channel_id: UUID, minor: int, currency: str) -> list[Transfer]:
    """Money has come in; what the channel owes is paid first."""
    return transfers(
        TransferType.TOP_UP,
        request_id,
        currency,
        [debit(PAYMENT_CLEARING, minor), credit(deposit(channel_id), minor, Reach.OWED)],
    )


def withdrawal_held(request_id: UUID, channel_id: UUID, minor: int, currency: str) -> list[Transfer]:
    """Set money aside that is to be paid out; raises BalanceTooLow beyond what is the channel's own."""
    return transfers(
        TransferType.WITHDRAWAL_HOLD,
        request_id,
        currency,
        [debit(deposit(channel_id), minor, Reach.OWN), credit(hold(channel_id), minor)],
    )


def withdrawal_released(request_id: UUID, channel_id: UUID, minor: int, currency: str) -> list[Transfer]:
    """A withdrawal was not approved, or failed at the bank."""
    return transfers(
        TransferType.WITHDRAWAL_RELEASE,
        request_id,
        currency,
        [debit(hold(channel_id), minor), credit(deposit(channel_id), minor)],
    )


def withdrawn(request_id: UUID, channel_id: UUID, minor: int, currency: str) -> list[Transfer]:
    """What was set aside has been paid out."""
    return transfers(
        TransferType.WITHDRAWAL,
        request_id,
        currency,
        [debit(hold(channel_id), minor), credit(PAYMENT_CLEARING, minor)],
    )
