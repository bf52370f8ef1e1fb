"""Signing in as a customer: by a code to a phone, or by the word of the portal that sent the customer."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from domain.access import attempts
from domain.access.identifiers import external_of, masked_external, masked_phone, phone_of
from domain.access.permissions import CUSTOMERS_SIGN_IN
from domain.access.records import SignInMethod, TokenDraft, TokenKind
from domain.access.refusals import SignInFailed, SignInMethodUnavailable
from domain.access.views import CustomerSession
from domain.commands import Command, handles
from domain.ids import new_id
from domain.orders.adopting import adopt_guest_orders
from domain.refusals import InvalidInput, NotFound

if TYPE_CHECKING:
    from uuid import UUID

    from domain.access.callers import Caller
    from domain.access.records import CodeRecord, Place
    from domain.access.views import Customer
    from domain.work import UnitOfWork

PHONE, PORTAL = "phone", "portal"
"""What fingerprints and guessing counters call the two doors."""

_LONGEST_DEVICE = 128


@dataclass(frozen=True, slots=True)
class SignInCustomer(Command):
    """Somebody says who it is, and proves it."""

    requires = CUSTOMERS_SIGN_IN

    method: SignInMethod
    identifier: str = field(repr=False)
    proof: str = field(repr=False)
    device_id: str | None = None


@handles(SignInCustomer)
async def sign_in_customer(command: SignInCustomer, caller: Caller, work: UnitOfWork) -> CustomerSession:
    """A session in the caller's channel; whatever is wrong with identifier or proof is the same refusal."""
    place = await work.identities.place_of(caller.channel)
    if place is None:
        raise NotFound("channel", "identifier")
    if command.method is SignInMethod.PHONE_CODE:
        customer = await _by_phone(command, caller, place, work)
    elif command.method is SignInMethod.PORTAL_TOKEN:
        customer = await _by_portal(command, caller, place, work)
    else:
        raise SignInMethodUnavailable(command.method.value)
    return await _session(customer, command.device_id or caller.device_id, work)


async def _by_phone(command: SignInCustomer, caller: Caller, place: Place, work: UnitOfWork) -> Customer:
    phone = phone_of(command.identifier)
    if phone is None:
        raise InvalidInput("This is not a phone number.", "identifier")
    attempt = await attempts.begin(work, caller, PHONE, phone)
    identifier = work.credentials.fingerprint(PHONE, phone)
    code = await work.credentials.codes.newest(place.id, identifier)
    said = code_fingerprint(work, place.id, identifier, command.proof.strip())
    if code is None or not _accepts(code, said, work):
        if code is not None:
            await work.credentials.codes.failed(code.id)
        raise await attempt.failed(SignInFailed())
    await attempt.succeeded()
    await work.credentials.codes.used(code.id)
    customer = await work.identities.customer(place.id, command.method, identifier, masked_phone(phone))
    # The code has shown that the number is this person's, so orders placed with it before are too.
    await adopt_guest_orders(customer.id, place.id, identifier.hex(), work)
    return customer


def _accepts(code: CodeRecord, said: bytes, work: UnitOfWork) -> bool:
    """Compared first, so that a spent code takes as long as a fresh one."""
    same = hmac.compare_digest(code.code_hmac, said)
    fresh = code.used_at is None and code.failures < work.credentials.policy.code_failures
    return same and fresh and work.now < code.expires_at


async def _by_portal(command: SignInCustomer, caller: Caller, place: Place, work: UnitOfWork) -> Customer:
    name = external_of(command.identifier)
    if name is None:
        raise InvalidInput("An identifier has 1 to 128 characters.", "identifier")
    attempt = await attempts.begin(work, caller, PORTAL, f"{place.id}:{name}")
    claims = await work.credentials.portals.claims(place.id, command.proof, place.code, work.now)
    if claims is None or claims.subject != name or not await work.credentials.portals.spend(place.id, claims):
        raise await attempt.failed(SignInFailed())
    await attempt.succeeded()
    identifier = work.credentials.fingerprint(PORTAL, name)
    return await work.identities.customer(place.id, command.method, identifier, masked_external(name))


async def _session(customer: Customer, device_id: str | None, work: UnitOfWork) -> CustomerSession:
    token = work.credentials.new_token(TokenKind.CUSTOMER)
    expires_at = work.now + work.credentials.policy.customer_session
    await work.identities.add_token(
        TokenDraft(
            id=new_id(),
            kind=TokenKind.CUSTOMER,
            hmac=token.hmac,
            channel_id=customer.channel_id,
            customer_id=customer.id,
            settings={"deviceId": _storable_device(device_id)} if device_id else {},
            expires_at=expires_at,
        )
    )
    return CustomerSession(token.text, expires_at, customer)


def _storable_device(device_id: str) -> str:
    device_id = device_id[:_LONGEST_DEVICE]
    return device_id.encode("ascii", "replace").decode().replace("\x00", "?")


def code_fingerprint(work: UnitOfWork, channel_id: UUID, identifier: bytes, code: str) -> bytes:
    """The hash that is kept of a code: worth nothing in another channel or for another number."""
    return work.credentials.fingerprint("code", f"{channel_id}:{identifier.hex()}:{code}")
