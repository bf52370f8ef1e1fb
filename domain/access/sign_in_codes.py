"""Asking for a one-time code: rarely enough that no phone is flooded, and the same answer for everybody."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from domain.access import attempts
from domain.access.customer_sign_in import PHONE, code_fingerprint
from domain.access.identifiers import masked_phone, phone_of
from domain.access.messages import Message
from domain.access.permissions import CUSTOMERS_SIGN_IN
from domain.access.views import SignInCodeSent
from domain.commands import Command, handles
from domain.refusals import InvalidInput, NotFound, TooManyAttempts

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.access.records import CodesAsked
    from domain.work import UnitOfWork

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RequestSignInCode(Command):
    """Somebody wants a code sent to a phone number."""

    requires = CUSTOMERS_SIGN_IN

    identifier: str = field(repr=False)


@handles(RequestSignInCode)
async def request_sign_in_code(
    command: RequestSignInCode, caller: Caller, work: UnitOfWork
) -> SignInCodeSent:
    """A new code replaces the last; it leaves after the commit, and only its hash stays."""
    phone = phone_of(command.identifier)
    if phone is None:
        raise InvalidInput("This is not a phone number.", "identifier")
    place = await work.identities.place_of(caller.channel)
    if place is None:
        raise NotFound("channel", "identifier")
    policy, identifier = work.credentials.policy, work.credentials.fingerprint(PHONE, phone)
    pause = _pause(await work.credentials.codes.asked(identifier, work.now - _DAY), work)
    if pause > timedelta():
        raise TooManyAttempts(-(-pause // timedelta(seconds=1)))
    # Each code asked for counts, so that one address cannot have codes sent all over the country.
    asked_from = attempts.address_of(caller, policy.codes_per_address, "codes")
    if pause_s := await work.credentials.guesses.fail(asked_from):
        raise TooManyAttempts(pause_s)
    code, expires_at = work.credentials.new_code(), work.now + policy.code_ttl
    hashed = code_fingerprint(work, place.id, identifier, code)
    await work.credentials.codes.add(place.id, identifier, hashed, expires_at)
    minutes = policy.code_ttl // timedelta(minutes=1)
    await work.enqueue(work.credentials.delivery(Message(phone, wording(place.name, code, minutes), code)))
    return SignInCodeSent(masked_phone(phone), expires_at, int(policy.code_pause.total_seconds()))


def _pause(asked: CodesAsked, work: UnitOfWork) -> timedelta:
    """How long until another code may go to this number."""
    policy, pauses = work.credentials.policy, [timedelta()]
    if asked.last_at is not None:
        pauses.append(asked.last_at + policy.code_pause - work.now)
    if asked.first_at is not None and asked.count >= policy.codes_per_day:
        pauses.append(asked.first_at + _DAY - work.now)
    return max(pauses)


def wording(shop: str, code: str, minutes: int) -> str:
    """The message, in both languages of its readers."""
    chinese = f"【{shop}】验证码 {code}，{minutes} 分钟内有效。"
    return f"{chinese}Your sign-in code is {code}, valid for {minutes} minutes."
