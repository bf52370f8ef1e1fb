"""Redeeming: a card is used once, and whoever guesses learns nothing from the answer or from its time."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from domain.access.limits import Guessed, network_of
from domain.access.permissions import CARDS_REDEEM
from domain.cards.records import Claim, RedemptionDraft
from domain.cards.refusals import CardNotRedeemable, LeaseOver, RedemptionSettled
from domain.cards.reveal_card import check_key
from domain.cards.views import RedemptionOutcome, RedemptionStatus
from domain.commands import Command, handles
from domain.ids import new_id
from domain.refusals import IdempotencyConflict, InvalidInput, NotFound, TooManyAttempts

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.cards.records import FoundRedemption
    from domain.cards.views import RedemptionView
    from domain.work import UnitOfWork

LONGEST_SECRET = 2_048


@dataclass(frozen=True, slots=True)
class RedeemCard(Command):
    """Use a card, named by its secret, its number or a presentation code.

    Not an IdempotentCommand: those keep a plain hash of what was asked, and this is a secret.
    """

    requires: ClassVar[str | None] = CARDS_REDEEM

    idempotency_key: str
    secret: str | None = field(default=None, repr=False)
    number: str | None = field(default=None, repr=False)
    presentation: str | None = field(default=None, repr=False)
    sku: str | None = None

    def __post_init__(self) -> None:
        check_key(self.idempotency_key)
        ways = (self.secret or self.number, self.presentation)
        if sum(bool(way) for way in ways) != 1:
            raise InvalidInput("Give a secret, a number, or a presentation code.", "secret")


@dataclass(frozen=True, slots=True)
class BeginRedemption(RedeemCard):
    """Take the card's lease; what becomes of it is said by SettleRedemption."""


@dataclass(frozen=True, slots=True)
class SettleRedemption(Command):
    """Say how a redemption ended. A failure gives the card back; saying nothing never does."""

    requires: ClassVar[str | None] = CARDS_REDEEM

    redemption_id: UUID
    outcome: RedemptionOutcome


@dataclass(frozen=True, slots=True)
class ReportOverdueRedemptions(Command):
    """Hand redemptions whose lease is over to a person; answers how many."""

    limit: int = 500


@handles(RedeemCard)
async def redeem_card(command: RedeemCard, caller: Caller, work: UnitOfWork) -> RedemptionView:
    """Lease and use in one step."""
    return await _redeem(command, caller, work, at_once=True)


@handles(BeginRedemption)
async def begin_redemption(command: BeginRedemption, caller: Caller, work: UnitOfWork) -> RedemptionView:
    """The lease only."""
    return await _redeem(command, caller, work, at_once=False)


@handles(SettleRedemption)
async def settle_redemption(command: SettleRedemption, caller: Caller, work: UnitOfWork) -> RedemptionView:
    """By whoever began it; the same outcome again changes nothing."""
    found = await work.trace.redemptions.lock(command.redemption_id, caller)
    if found is None:
        raise NotFound("redemption", "redemptionId")
    if found.status is not RedemptionStatus.PENDING:
        if found.status.value == command.outcome.value:
            return found
        raise RedemptionSettled(found.status.value)
    failed = command.outcome is RedemptionOutcome.FAILED
    if failed and found.lease_until is not None and found.lease_until <= work.now:
        raise LeaseOver(found.lease_until.isoformat())
    return await work.trace.redemptions.settle(found, command.outcome, caller)


@handles(ReportOverdueRedemptions)
async def report_overdue(command: ReportOverdueRedemptions, caller: Caller, work: UnitOfWork) -> int:
    """The card stays REDEEMING: nobody knows whether it was used."""
    return await work.trace.redemptions.report_overdue(command.limit)


async def _redeem(command: RedeemCard, caller: Caller, work: UnitOfWork, at_once: bool) -> RedemptionView:
    redemptions, guesses = work.trace.redemptions, work.credentials.guesses
    fingerprint = _fingerprint(command, work, at_once)
    past = await redemptions.past(caller, command.idempotency_key)
    if past is not None:
        return _again(past, fingerprint)
    guessed = _guessed(caller, work)
    pause = await guesses.wait_s(guessed)
    if pause:
        raise TooManyAttempts(pause)
    lease = work.cards.terms.redemption_lease
    draft = RedemptionDraft(new_id(), command.idempotency_key, fingerprint, lease, at_once)
    claim = await _claim(command, work)
    done = None if claim is None else await redemptions.begin(claim, draft, caller)
    if done is not None:
        for one in guessed:
            await guesses.forget(one.subject)
        return done
    # A twin with the same key may have used the card, or spent the code, while this one waited for it.
    past = await redemptions.past(caller, command.idempotency_key)
    if past is not None:
        return _again(past, fingerprint)
    pause = await guesses.fail(guessed)
    if pause:
        raise TooManyAttempts(pause)
    raise CardNotRedeemable(work.cards.terms.redemption_answer_s)


def _again(past: FoundRedemption, fingerprint: bytes) -> RedemptionView:
    if past.fingerprint != fingerprint:
        raise IdempotencyConflict()
    return past.view


async def _claim(command: RedeemCard, work: UnitOfWork) -> Claim | None:
    """Which card is meant; None where it is known without looking that there is none."""
    said = [command.secret, command.number, command.presentation, command.sku]
    if any(text is not None and len(text) > LONGEST_SECRET for text in said):
        return None
    if command.presentation:
        card_id = await work.trace.redemptions.presented(command.presentation)
        return None if card_id is None else Claim(card_id=card_id, sku=command.sku)
    if command.secret and await work.trace.redemptions.is_forged(command.secret):
        return None
    return Claim(command.secret or None, command.number or None, sku=command.sku)


def _fingerprint(command: RedeemCard, work: UnitOfWork, at_once: bool) -> bytes:
    body = [command.secret, command.number, command.presentation, command.sku, at_once]
    return work.credentials.fingerprint("redemption", json.dumps(body))


def _guessed(caller: Caller, work: UnitOfWork) -> tuple[Guessed, ...]:
    """The token and the network that guesses come from."""
    free = work.cards.terms.redemption_free_tries
    found = [Guessed(f"redeem:{caller.token_id or caller.subject_id}", free)]
    if caller.address:
        found.append(Guessed(f"redeem-from:{network_of(caller.address)}", free))
    return tuple(found)
