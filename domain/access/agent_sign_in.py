"""Signing in as a person of the back office: a password, and a one-time code where one is set up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from domain.access import attempts
from domain.access.identifiers import email_of
from domain.access.permissions import Role
from domain.access.records import TokenDraft, TokenKind
from domain.access.refusals import OneTimeCodeNeeded, SignInFailed
from domain.access.views import Agent, AgentSession
from domain.commands import Command, handles
from domain.ids import new_id

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.access.records import AgentRecord
    from domain.work import UnitOfWork

PURPOSE = "agent"
"""What the guessing counters call this door."""


@dataclass(frozen=True, slots=True)
class SignInAgent(Command):
    """A person wants to work."""

    email: str
    password: str = field(repr=False)
    one_time_code: str | None = field(default=None, repr=False)


@handles(SignInAgent)
async def sign_in_agent(command: SignInAgent, caller: Caller, work: UnitOfWork) -> AgentSession:
    """A session, or the same answer with the same work for a wrong address and for a wrong password."""
    email = email_of(command.email)
    attempt = await attempts.begin(work, caller, PURPOSE, email or command.email)
    agent = await work.identities.agent_by_email(email) if email else None
    right = await work.credentials.password_is(agent.password_hash if agent else None, command.password)
    if agent is None or not right or not agent.active:
        raise await attempt.failed(SignInFailed())
    if agent.one_time_secret is not None:
        if command.one_time_code is None:
            raise OneTimeCodeNeeded()
        if not await work.credentials.one_time_code_is(agent, command.one_time_code, work.now):
            raise await attempt.failed(SignInFailed())
    await attempt.succeeded()
    if work.credentials.outdated(agent.password_hash):
        hashed = await work.credentials.hash_password(command.password)
        await work.identities.set_password(agent.id, hashed)
    return await _session(agent, work)


async def _session(agent: AgentRecord, work: UnitOfWork) -> AgentSession:
    token = work.credentials.new_token(TokenKind.AGENT)
    expires_at = work.now + work.credentials.policy.agent_session
    await work.identities.add_token(
        TokenDraft(
            id=new_id(),
            kind=TokenKind.AGENT,
            hmac=token.hmac,
            channel_id=agent.channel_id,
            agent_id=agent.id,
            expires_at=expires_at,
        )
    )
    return AgentSession(token.text, expires_at, shown(agent))


def shown(agent: AgentRecord) -> Agent:
    """A person as the API shows it."""
    return Agent(
        id=agent.id,
        name=agent.name,
        email=agent.email,
        roles=[Role(role) for role in agent.roles],
        channel_id=agent.channel_id,
        created_at=agent.created_at,
        disabled_at=agent.disabled_at,
    )
