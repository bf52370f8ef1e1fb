"""What access needs from outside: storage, hashing, and whoever tells callers from strangers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from domain.selected import ALL, Selected

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.access.limits import AccessPolicy, Guessed
    from domain.access.messages import Message
    from domain.access.records import (
        AgentRecord,
        CodeRecord,
        CodesAsked,
        NewToken,
        Place,
        PortalClaims,
        SignInMethod,
        TokenDraft,
        TokenKind,
        TokenRecord,
    )
    from domain.access.views import AccessToken, Agent, Customer
    from domain.paging import Page, PageRequest
    from domain.work import Job


class Authenticator(Protocol):
    """Tells who sends a token."""

    async def caller_of(
        self, token: str | None, *, address: str, device_id: str | None, request_id: str
    ) -> Caller:
        """The caller; anonymous without a token. Raises Unauthenticated for a token that is not valid now."""


class TrustedDocuments(Protocol):
    """GraphQL documents that front ends of a channel may send by their ids, and may have to."""

    async def text_of(self, caller: Caller, document_id: str) -> str | None:
        """The document registered for the caller's channel or one above it, the nearest first.

        The id is the one of its manifest, or `sha256:` and the document's SHA-256 in hex.
        """


class Identities(Protocol):
    """Channels' places, people, customers and their tokens."""

    async def place(self, code: str) -> Place | None:
        """The channel of this code, in whatever state."""

    async def place_of(self, channel_id: UUID) -> Place | None:
        """The channel of this id, in whatever state."""

    async def agent_by_email(self, email: str) -> AgentRecord | None:
        """The person who signs in with this address (lower case)."""

    async def agent(self, agent_id: UUID) -> AgentRecord | None:
        """The person of this id, locked until the end of the transaction."""

    async def add_agent(self, agent: Agent, password_hash: str) -> bool:
        """Write a new person; False when the address is taken."""

    async def disable_agent(self, agent_id: UUID) -> None:
        """Let the person not sign in any more."""

    async def set_password(self, agent_id: UUID, password_hash: str) -> None:
        """Replace the password's hash."""

    async def customer(self, channel_id: UUID, method: SignInMethod, hmac: bytes, masked: str) -> Customer:
        """The channel's customer with this identifier, made when there is none."""

    async def add_token(self, token: TokenDraft) -> None:
        """Write a new token."""

    async def token(self, token_id: UUID) -> TokenRecord | None:
        """The token of this id, locked until the end of the transaction."""

    async def revoke_tokens(self, token_ids: Sequence[UUID]) -> None:
        """Make tokens worthless at once."""

    async def sessions_of(self, agent_id: UUID) -> list[UUID]:
        """The ids of a person's tokens that are not revoked or expired."""


class Guesses(Protocol):
    """Failures of sign-ins and the like, kept though the request is refused."""

    async def wait_s(self, guessed: Sequence[Guessed]) -> int:
        """Seconds until the next guess is looked at; 0 when it may come now."""

    async def fail(self, guessed: Sequence[Guessed]) -> int:
        """Count one failure for each; if one had to wait already, answer its seconds and count nothing."""

    async def confirm_s(self, guessed: Sequence[Guessed]) -> int:
        """The same as `wait_s`, after every failure that is being counted right now has been."""

    async def forget(self, subject: str) -> None:
        """Forget the failures of a subject."""


class SignInCodes(Protocol):
    """One-time codes; only the newest of an identifier in a channel counts."""

    async def asked(self, identifier_hmac: bytes, since: datetime) -> CodesAsked:
        """How many codes were asked for an identifier, in any channel; others who ask wait for this one."""

    async def add(
        self, channel_id: UUID, identifier_hmac: bytes, code_hmac: bytes, expires_at: datetime
    ) -> None:
        """Write a new code."""

    async def newest(self, channel_id: UUID, identifier_hmac: bytes) -> CodeRecord | None:
        """The newest code, locked until the end of the transaction."""

    async def failed(self, code_id: UUID) -> None:
        """Count a wrong guess at a code."""

    async def used(self, code_id: UUID) -> None:
        """Spend a code."""


class Portals(Protocol):
    """Keys with which portals vouch for their people, and the proofs that are spent."""

    async def rotate(self, channel_id: UUID) -> str:
        """Give a channel a new key, and answer it; the old one is worthless."""

    async def claims(self, channel_id: UUID, proof: str, audience: str, now: datetime) -> PortalClaims | None:
        """What a valid proof says; None for any other text, and in a channel without a key."""

    async def spend(self, channel_id: UUID, claims: PortalClaims) -> bool:
        """Use a proof up; False when it was used before."""


class Credentials(Protocol):
    """Hashing, token making and guessing limits."""

    @property
    def policy(self) -> AccessPolicy:
        """The settings that signing in follows."""

    @property
    def guesses(self) -> Guesses:
        """Failures."""

    @property
    def codes(self) -> SignInCodes:
        """One-time codes."""

    @property
    def portals(self) -> Portals:
        """Portal keys."""

    def new_token(self, kind: TokenKind) -> NewToken:
        """A token of 256 random bits."""

    def new_code(self) -> str:
        """Six random digits."""

    def fingerprint(self, purpose: str, text: str) -> bytes:
        """HMAC-SHA256 of a text under the token key; equal texts of two purposes do not look equal."""

    def phone_hmac(self, phone: str) -> str | None:
        """The fingerprint, in hex, of a phone number however it is written; None when it is not one."""

    async def hash_password(self, password: str) -> str:
        """Argon2id in a thread; raises TooManyAttempts when too many wait already."""

    async def password_is(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is right; the same work when there is no hash. Raises TooManyAttempts."""

    def outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other settings than today's."""

    async def one_time_code_is(self, agent: AgentRecord, code: str, now: datetime) -> bool:
        """Whether the authenticator shows this code now, and it was not used before."""

    def delivery(self, message: Message) -> Job:
        """The job that delivers a message after the commit; the queue holds it sealed."""


class AccessReads(Protocol):
    """People, customers and tokens, each within the caller's scope."""

    async def node(self, caller: Caller, type_name: str, id: UUID) -> Any | None:
        """An Agent, Customer or AccessToken by id; None when the caller may not see it."""

    async def agents(
        self, caller: Caller, channel: str | None, page: PageRequest, selected: Selected = ALL
    ) -> Page[Agent]:
        """The people of a channel in the caller's subtree, or of all of the subtree; newest first."""

    async def tokens(
        self, caller: Caller, channel: str | None, page: PageRequest, selected: Selected = ALL
    ) -> Page[AccessToken]:
        """The storefront and API tokens, in the same manner."""
