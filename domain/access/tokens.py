"""Tokens of shops and programs, and the end of sessions: made once, shown once, revoked at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from domain.access.callers import CallerKind
from domain.access.events import TokenCreated, TokenRevoked
from domain.access.identifiers import label_of
from domain.access.permissions import SCOPES, SESSION_END, STOREFRONT, TOKENS_WRITE
from domain.access.places import place_named, within
from domain.access.records import TokenDraft, TokenKind
from domain.access.views import AccessToken, CreatedToken, SignedOut
from domain.commands import Command, handles
from domain.ids import new_id
from domain.refusals import InvalidInput, NotFound

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.access.records import TokenRecord
    from domain.work import UnitOfWork

CREATED_BY_PEOPLE = frozenset({TokenKind.STOREFRONT, TokenKind.API_CLIENT})


@dataclass(frozen=True, slots=True)
class CreateToken(Command):
    """A shop's front end or a program needs a token; `channel` is a code."""

    requires = TOKENS_WRITE

    kind: TokenKind
    channel: str
    name: str
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RevokeToken(Command):
    """A token is to be worthless."""

    requires = TOKENS_WRITE

    token_id: UUID


@dataclass(frozen=True, slots=True)
class SignOut(Command):
    """The caller's own session is to end."""

    requires = SESSION_END


@handles(CreateToken)
async def create_token(command: CreateToken, caller: Caller, work: UnitOfWork) -> CreatedToken:
    """The token with its text, for a channel in the caller's subtree."""
    place = await place_named(work, caller, command.channel)
    name = label_of(command.name)
    if name is None:
        raise InvalidInput("A name has 1 to 100 characters in one line.", "name")
    scopes = _scopes(command)
    made = work.credentials.new_token(command.kind)
    draft = TokenDraft(
        id=new_id(), kind=command.kind, hmac=made.hmac, channel_id=place.id, scopes=tuple(scopes), name=name
    )
    await work.identities.add_token(draft)
    work.record(TokenCreated(aggregate_id=draft.id, channel_id=place.id, token_kind=command.kind.value))
    return CreatedToken(draft.id, command.kind, name, scopes, place.id, made.text)


def _scopes(command: CreateToken) -> list[str]:
    """What the token may do; a storefront's rights are the same everywhere."""
    if command.kind not in CREATED_BY_PEOPLE:
        raise InvalidInput("Only STOREFRONT and API_CLIENT tokens are created.", "kind")
    asked = frozenset(command.scopes)
    allowed = STOREFRONT if command.kind is TokenKind.STOREFRONT else SCOPES
    if not asked <= allowed or (not asked and command.kind is TokenKind.API_CLIENT):
        raise InvalidInput(f"Give scopes of these: {', '.join(sorted(allowed))}.", "scopes")
    return sorted(STOREFRONT if command.kind is TokenKind.STOREFRONT else asked)


@handles(RevokeToken)
async def revoke_token(command: RevokeToken, caller: Caller, work: UnitOfWork) -> AccessToken:
    """The token, worthless; revoking again changes nothing."""
    token = await work.identities.token(command.token_id)
    if token is None or token.kind not in CREATED_BY_PEOPLE or not within(caller, token.channel_path):
        raise NotFound("token", "id")
    if token.revoked_at is None:
        await end_sessions(work, [token.id], token.channel_id)
    return shown(token, work)


@handles(SignOut)
async def sign_out(command: SignOut, caller: Caller, work: UnitOfWork) -> SignedOut:
    """The session that this request came with is over."""
    if caller.token_id is not None and caller.kind in (CallerKind.AGENT, CallerKind.CUSTOMER):
        await end_sessions(work, [caller.token_id], caller.channel)
    return SignedOut(work.now)


async def end_sessions(work: UnitOfWork, token_ids: list[UUID], channel_id: UUID) -> None:
    """Revoke tokens and say so, so that live feeds let go of them."""
    await work.identities.revoke_tokens(token_ids)
    for token_id in token_ids:
        work.record(TokenRevoked(aggregate_id=token_id, channel_id=channel_id))


def shown(token: TokenRecord, work: UnitOfWork) -> AccessToken:
    """A token that was just revoked, as the API shows it."""
    return AccessToken(
        id=token.id,
        kind=token.kind,
        name=token.name,
        scopes=list(token.scopes),
        channel_id=token.channel_id,
        created_at=token.created_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at or work.now,
    )
