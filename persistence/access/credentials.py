"""Token making, hashing and what proves an identity, under the settings and keys of this server."""

from __future__ import annotations

import base64
import secrets
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from domain.access.customer_sign_in import PHONE
from domain.access.identifiers import phone_of
from domain.access.limits import AccessPolicy
from domain.access.records import NewToken, TokenKind
from domain.ids import new_id
from domain.work import Job
from persistence.access import one_time
from persistence.access.codes import StoredCodes
from persistence.access.delivery import ENTRYPOINT, PURPOSE, packed
from persistence.access.guesses import StoredGuesses
from persistence.access.passwords import passwords
from persistence.access.portals import StoredPortals, spend
from persistence.access.sealing import open_sealed, seal

if TYPE_CHECKING:
    from datetime import datetime

    from domain.access.messages import Message
    from domain.access.records import AgentRecord
    from persistence.settings import Settings
    from persistence.work import Work

PREFIXES = {
    TokenKind.STOREFRONT: "qs_pub_",
    TokenKind.API_CLIENT: "qs_sk_",
    TokenKind.AGENT: "qs_ag_",
    TokenKind.CUSTOMER: "qs_cu_",
}
"""What people and scanners for leaked secrets recognise tokens by."""

_TOKEN_BYTES = 32
_ONE_TIME = "one-time-secret"


class PasswordAndTokens:
    """Fills `domain.access.ports.Credentials`."""

    def __init__(self, work: Work) -> None:
        self._work, self._vault, self._settings = work, work.tools.vault, work.tools.settings
        chosen = self._settings
        self._passwords = passwords(
            chosen.password_memory_kib,
            chosen.password_passes,
            chosen.password_threads,
            chosen.password_queue,
        )

    @cached_property
    def policy(self) -> AccessPolicy:
        """The settings that signing in follows."""
        return policy_of(self._settings)

    @cached_property
    def guesses(self) -> StoredGuesses:
        """Failures."""
        return StoredGuesses(self._work, self.policy)

    @cached_property
    def codes(self) -> StoredCodes:
        """One-time codes."""
        return StoredCodes(self._work)

    @cached_property
    def portals(self) -> StoredPortals:
        """Portal keys."""
        return StoredPortals(self._work)

    def new_token(self, kind: TokenKind) -> NewToken:
        """A token of 256 random bits."""
        text = PREFIXES[kind] + secrets.token_urlsafe(_TOKEN_BYTES)
        return NewToken(text, self._vault.token_hmac(text))

    def new_code(self) -> str:
        """Six random digits."""
        return f"{secrets.randbelow(1_000_000):06d}"

    def fingerprint(self, purpose: str, text: str) -> bytes:
        """HMAC-SHA256 under the token key; the purpose keeps kinds of text apart."""
        return self._vault.token_hmac(f"{purpose}\x00{text}")

    def phone_hmac(self, phone: str) -> str | None:
        """The fingerprint, in hex, of a phone number however it is written."""
        found = phone_of(phone)
        return None if found is None else self.fingerprint(PHONE, found).hex()

    async def hash_password(self, password: str) -> str:
        """Argon2id in a thread."""
        return await self._passwords.hash(password)

    async def password_is(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is right; the same work when there is no hash."""
        return await self._passwords.matches(password_hash, password)

    def outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other settings than today's."""
        return self._passwords.outdated(password_hash)

    async def one_time_code_is(self, agent: AgentRecord, code: str, now: datetime) -> bool:
        """Whether the authenticator shows this code now, and it was not used before."""
        if agent.one_time_secret is None:
            return False
        secret = base64.b32decode(open_sealed(self._vault, _ONE_TIME, agent.one_time_secret, agent.id))
        step = one_time.step_of(secret, code, now)
        if step is None:
            return False
        return await spend(self._work.connection, f"{agent.id}:{step}", now + 3 * one_time.STEP)

    def sealed_one_time_secret(self, agent: AgentRecord, base32: str) -> bytes:
        """What is stored of an authenticator's secret."""
        return seal(self._vault, agent.id, _ONE_TIME, base32)

    def delivery(self, message: Message) -> Job:
        """The job that delivers a message after the commit; the queue holds it sealed."""
        sealed = seal(self._vault, new_id(), PURPOSE, packed(message))
        return Job(ENTRYPOINT, {"sealed": base64.b64encode(sealed).decode()})


def policy_of(settings: Settings) -> AccessPolicy:
    """The part of the settings that the domain follows."""
    return AccessPolicy(
        agent_session=timedelta(hours=settings.agent_session_hours),
        customer_session=timedelta(days=settings.customer_session_days),
        account_free_tries=settings.account_free_tries,
        address_free_tries=settings.address_free_tries,
        pause_first_s=settings.pause_first_s,
        pause_most_s=settings.pause_most_s,
        memory=timedelta(minutes=settings.guess_memory_minutes),
        code_ttl=timedelta(minutes=settings.sign_in_code_minutes),
        code_failures=settings.sign_in_code_failures,
        code_pause=timedelta(seconds=settings.sign_in_code_pause_s),
        codes_per_day=settings.sign_in_codes_per_day,
        codes_per_address=settings.sign_in_codes_per_address,
    )
