"""People of the back office: who may make them, what roles they can have where, and their passwords."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from domain.access import attempts
from domain.access.agent_sign_in import PURPOSE, shown
from domain.access.events import AgentCreated, AgentDisabled
from domain.access.identifiers import email_of, label_of
from domain.access.permissions import HEADQUARTERS_ROLES, PASSWORD_WRITE, PEOPLE_WRITE, Role
from domain.access.places import place_named, within
from domain.access.refusals import EmailTaken, RoleNotHere, WrongPassword
from domain.access.tokens import end_sessions
from domain.access.views import Agent
from domain.commands import Command, handles
from domain.ids import new_id
from domain.refusals import InvalidInput, NotFound

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.work import UnitOfWork

SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 256
"""Characters of a password."""


@dataclass(frozen=True, slots=True)
class CreateAgent(Command):
    """Somebody is to work in a channel; `channel` is a code."""

    requires = PEOPLE_WRITE

    email: str
    name: str
    channel: str
    roles: tuple[Role, ...]
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DisableAgent(Command):
    """Somebody is not to work here any more."""

    requires = PEOPLE_WRITE

    agent_id: UUID


@dataclass(frozen=True, slots=True)
class ChangePassword(Command):
    """The caller wants another password."""

    requires = PASSWORD_WRITE

    current_password: str = field(repr=False)
    new_password: str = field(repr=False)


@handles(CreateAgent)
async def create_agent(command: CreateAgent, caller: Caller, work: UnitOfWork) -> Agent:
    """The new person, in a channel of the caller's subtree."""
    place = await place_named(work, caller, command.channel)
    email, name = email_of(command.email), label_of(command.name)
    if email is None:
        raise InvalidInput("This is not an e-mail address.", "email")
    if name is None:
        raise InvalidInput("A name has 1 to 100 characters in one line.", "name")
    if not command.roles:
        raise InvalidInput("Give at least one role.", "roles")
    for role in command.roles:
        if role in HEADQUARTERS_ROLES and not place.at_headquarters:
            raise RoleNotHere(role.value)
    check_password(command.password, email, "password")
    agent = Agent(
        id=new_id(),
        name=name,
        email=email,
        roles=sorted(set(command.roles)),
        channel_id=place.id,
        created_at=work.now,
        disabled_at=None,
    )
    if not await work.identities.add_agent(agent, await work.credentials.hash_password(command.password)):
        raise EmailTaken()
    work.record(AgentCreated(aggregate_id=agent.id, channel_id=place.id))
    return agent


@handles(DisableAgent)
async def disable_agent(command: DisableAgent, caller: Caller, work: UnitOfWork) -> Agent:
    """The person, signed out everywhere; nobody shuts itself out."""
    agent = await work.identities.agent(command.agent_id)
    if agent is None or not within(caller, agent.channel_path):
        raise NotFound("agent", "id")
    if agent.id == caller.subject_id:
        raise InvalidInput("You cannot disable yourself.", "id")
    if agent.disabled_at is None:
        await work.identities.disable_agent(agent.id)
        await end_sessions(work, await work.identities.sessions_of(agent.id), agent.channel_id)
        work.record(AgentDisabled(aggregate_id=agent.id, channel_id=agent.channel_id))
    found = await work.identities.agent(agent.id)
    assert found is not None
    return shown(found)


@handles(ChangePassword)
async def change_password(command: ChangePassword, caller: Caller, work: UnitOfWork) -> Agent:
    """The person with a new password; its other sessions end, as one of them may be why."""
    agent = await work.identities.agent(caller.subject_id) if caller.subject_id else None
    if agent is None:
        raise NotFound("agent", "id")
    check_password(command.new_password, agent.email, "newPassword")
    attempt = await attempts.begin(work, caller, PURPOSE, agent.email)
    if not await work.credentials.password_is(agent.password_hash, command.current_password):
        raise await attempt.failed(WrongPassword())
    await attempt.succeeded()
    await work.identities.set_password(agent.id, await work.credentials.hash_password(command.new_password))
    others = [token for token in await work.identities.sessions_of(agent.id) if token != caller.token_id]
    await end_sessions(work, others, agent.channel_id)
    return shown(agent)


def check_password(password: str, email: str, at: str) -> None:
    """Raises InvalidInput naming the input `at` for a password that is too short, too long or the address."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidInput(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.", at)
    if password.lower() in (email, email.partition("@")[0]) or len(set(password)) < 4:
        raise InvalidInput("This password is too easy to guess.", at)
