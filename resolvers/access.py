"""Who asks, signing in and out, and the care for people and tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from domain.access.agent_sign_in import SignInAgent
from domain.access.callers import Caller, CallerKind
from domain.access.customer_sign_in import SignInCustomer
from domain.access.people import ChangePassword, CreateAgent, DisableAgent
from domain.access.permissions import (
    CUSTOMERS_SIGN_IN,
    PASSWORD_WRITE,
    PEOPLE_WRITE,
    SESSION_END,
    TOKENS_WRITE,
)
from domain.access.portal_keys import RotatePortalKey
from domain.access.refusals import (
    EmailTaken,
    OneTimeCodeNeeded,
    RoleNotHere,
    SignInFailed,
    SignInMethodUnavailable,
    WrongPassword,
)
from domain.access.sign_in_codes import RequestSignInCode
from domain.access.tokens import CreateToken, RevokeToken, SignOut
from domain.access.views import Viewer as ViewerView
from domain.paging import PageRequest
from domain.refusals import TooManyAttempts
from domain.selected import ALL, Selected
from schema import access, ids
from schema.access import AccessToken, Agent, AgentSession, CreatedToken, CustomerSession, PortalKey, Viewer
from schema.context import Context
from schema.levels import level
from schema.nouns import shown
from schema.paging import After, Before, Connection, First, Last
from schema.verbs import mutation, query

OfChannel = Annotated[
    str | None,
    strawberry.argument(description="The code of a channel: it and all below it. Unsaid: all that you see."),
]


@query()
async def viewer(context: Context) -> Viewer:
    """Who asks, and what that caller may do."""
    return shown(Viewer, ViewerView.of(context.caller))


@query(requires=PEOPLE_WRITE)
async def agents(
    context: Context,
    channel: OfChannel = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    selected: Selected = ALL,
) -> Connection[Agent] | None:
    """The people of your channel and of those below it, the newest first."""
    page = PageRequest.of(first, after, last, before, "agents")
    found = await context.reads.access.agents(context.caller, channel, page, selected.nodes)
    return shown(Connection[Agent], found)


@query(requires=TOKENS_WRITE)
async def tokens(
    context: Context,
    channel: OfChannel = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    selected: Selected = ALL,
) -> Connection[AccessToken] | None:
    """The tokens that were made for your channel and for those below it, the newest first."""
    page = PageRequest.of(first, after, last, before, "tokens")
    found = await context.reads.access.tokens(context.caller, channel, page, selected.nodes)
    return shown(Connection[AccessToken], found)


@mutation(fails_with=(SignInFailed, OneTimeCodeNeeded, TooManyAttempts))
async def sign_in_agent(context: Context, input: access.SignInAgentInput) -> AgentSession:
    """Begin a session as a person of a back office. Needs no token."""
    command = SignInAgent(input.email, input.password, input.one_time_code)
    return shown(AgentSession, await context.perform(command))


@mutation(requires=CUSTOMERS_SIGN_IN, fails_with=(TooManyAttempts,))
async def request_sign_in_code(
    context: Context, input: access.RequestSignInCodeInput
) -> access.SignInCodeSent:
    """Have a one-time code sent to a phone; the answer is the same whoever owns the number."""
    return shown(access.SignInCodeSent, await context.perform(RequestSignInCode(input.identifier)))


@mutation(requires=CUSTOMERS_SIGN_IN, fails_with=(SignInFailed, SignInMethodUnavailable, TooManyAttempts))
async def sign_in_customer(context: Context, input: access.SignInCustomerInput) -> CustomerSession:
    """Begin a session as a customer of the token's channel; guest orders of a proven phone become its own."""
    command = SignInCustomer(input.method, input.identifier, input.proof, input.device_id)
    return shown(CustomerSession, await context.perform(command))


@mutation(requires=SESSION_END)
async def sign_out(context: Context) -> access.SignedOut:
    """End the session of the token that this request carries."""
    return shown(access.SignedOut, await context.perform(SignOut()))


@mutation(requires=TOKENS_WRITE)
async def create_token(context: Context, input: access.CreateTokenInput) -> CreatedToken:
    """Make a token for your channel or one below it; its text is shown this once."""
    command = CreateToken(input.kind, input.channel, input.name, tuple(input.scopes or ()))
    return shown(CreatedToken, await context.perform(command))


@mutation(requires=TOKENS_WRITE)
async def revoke_token(context: Context, input: access.RevokeTokenInput) -> AccessToken:
    """Make a token worthless at once; repeating it changes nothing."""
    command = RevokeToken(ids.required("tok", input.id, "token", "id"))
    return shown(AccessToken, await context.perform(command))


@mutation(requires=TOKENS_WRITE)
async def rotate_portal_key(context: Context, input: access.RotatePortalKeyInput) -> PortalKey:
    """Give a channel a new portal key; the old one is worthless from now on."""
    return shown(PortalKey, await context.perform(RotatePortalKey(input.channel)))


@mutation(requires=PEOPLE_WRITE, fails_with=(EmailTaken, RoleNotHere, TooManyAttempts))
async def create_agent(context: Context, input: access.CreateAgentInput) -> Agent:
    """Let a person work in your channel or one below it."""
    command = CreateAgent(input.email, input.name, input.channel, tuple(input.roles), input.password)
    return shown(Agent, await context.perform(command))


@mutation(requires=PEOPLE_WRITE)
async def disable_agent(context: Context, input: access.DisableAgentInput) -> Agent:
    """Keep a person out, and end all of its sessions."""
    return shown(Agent, await context.perform(DisableAgent(ids.required("agt", input.id, "agent", "id"))))


@mutation(requires=PASSWORD_WRITE, fails_with=(WrongPassword, TooManyAttempts))
async def change_password(context: Context, input: access.ChangePasswordInput) -> Agent:
    """Change your own password, and end your other sessions."""
    return shown(Agent, await context.perform(ChangePassword(input.current_password, input.new_password)))


async def _channels(parents: Sequence[Any], context: Context, selected: Selected) -> list[Any]:
    """The channel of each parent; whoever has the parent may see where it belongs."""
    if context.caller.channel_id is None:
        return [None for _ in parents]
    wanted = [parent.channel_id for parent in parents]
    return list(await context.reads.channels.by_ids(context.caller, wanted, selected))


async def _channels_of_agents(parents: Sequence[Any], context: Context, selected: Selected) -> list[Any]:
    found = await _channels(parents, context, selected)
    for at, parent in enumerate(parents):
        if found[at] is None:
            # Who has just signed in does not carry the new token yet, but this channel is its own.
            own = parent.channel_id
            member = Caller(CallerKind.AGENT, channel_id=own, channel_path=(own,))
            (found[at],) = await context.reads.channels.by_ids(member, [own], selected)
    return found


def _place(noun: type, read: Any) -> None:
    async def channel(parents: Sequence[Any], context: Context, selected: Selected = ALL) -> list[Any]:
        return list(await read(parents, context, selected))

    level(noun, "channel_id", joined=True)(channel)


for _noun in (Viewer, AccessToken, CreatedToken, PortalKey):
    _place(_noun, _channels)
_place(Agent, _channels_of_agents)
