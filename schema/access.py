"""What the API shows of callers, people, customers and tokens, and what it asks of them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.access import views
from domain.access.callers import CallerKind
from domain.access.permissions import PEOPLE_WRITE, PROMOTIONS_READ, Role
from domain.access.records import SignInMethod, TokenKind
from schema.audiences import asked, identified, open_to_all, own_only, visible_to
from schema.nouns import Node, noun
from schema.words import described

if TYPE_CHECKING:
    from schema.channels import Channel

described(
    CallerKind,
    "The kinds of caller.",
    name="PrincipalKind",
    ANONYMOUS="Nobody: no token was sent.",
    STOREFRONT="The front end of a shop, with its channel's publishable token.",
    CUSTOMER="Someone who buys, signed in to one channel.",
    AGENT="A person of a channel's back office.",
    API_CLIENT="A program, with the secret token of a channel.",
)
described(
    Role,
    "What a person does in a channel.",
    OWNER="Runs the channel: prices, tokens, people.",
    FINANCE="Sees margins and the deposit, and pays.",
    SALES="Sets prices, and places and pays orders.",
    SUPPORT="Helps customers and ships.",
    STOCK="Imports cards and keeps the stock; at headquarters only.",
    RISK="Freezes and traces cards; at headquarters only.",
    ADMIN="Keeps channels, catalogue and tokens; at headquarters only.",
)
described(
    TokenKind,
    "The kinds of token that people create.",
    STOREFRONT="Publishable: safe to ship in a front end.",
    API_CLIENT="Secret: may do what its scopes say, in its channel's subtree.",
)
described(
    SignInMethod,
    "How a customer proves who it is.",
    PHONE_CODE="A phone number, and the code that `requestSignInCode` sent to it.",
    WECHAT_CODE="A login code of WeChat.",
    PORTAL_TOKEN="The portal's own id of the person, and a JWT signed with the channel's portal key.",  # noqa: S106
)


@noun(views.Viewer, description="Who asks, as the server understood the token.")
class Viewer:
    """The caller."""

    kind: CallerKind = open_to_all("Which kind of caller this is.")
    permissions: list[str] = open_to_all("What the caller may do, such as `orders:place`, in order.")
    roles: list[Role] = open_to_all("The roles of a person; empty for others.")
    name: str = open_to_all("The person's or the token's name; empty for others.")
    expires_at: datetime | None = open_to_all("When the token ends; null where it does not.")
    channel: Annotated[Channel, strawberry.lazy("schema.channels")] | None = open_to_all(
        "The channel in which the caller acts; null without a token."
    )


@noun(views.Agent, description="A person of a channel's back office.", prefix="agt")
class Agent(Node):
    """A person."""

    id: strawberry.ID = identified("agt", "The person's id.")
    name: str = open_to_all("How the person is called.")
    email: str = open_to_all("The address with which the person signs in.")
    roles: list[Role] = open_to_all("What the person does.")
    channel: Annotated[Channel, strawberry.lazy("schema.channels")] | None = open_to_all(
        "Where the person works."
    )
    created_at: datetime = open_to_all("Since when the person can sign in.")
    disabled_at: datetime | None = visible_to(PEOPLE_WRITE, "Since when not any more.")


@noun(views.Customer, description="Someone who buys in one channel.", prefix="cus")
class Customer(Node):
    """A customer."""

    id: strawberry.ID = identified("cus", "The customer's id.")
    method: SignInMethod = open_to_all("How the customer proves who it is.")
    identifier: str = open_to_all("The masked number or name, such as `138****8000`; more of it is not kept.")
    created_at: datetime = open_to_all("When the customer first signed in.")
    segments: list[str] | None = visible_to(PROMOTIONS_READ, "To which segments promotions count it.")


@noun(views.AccessToken, description="A token of a front end or a program, without its text.", prefix="tok")
class AccessToken(Node):
    """A token that people made."""

    id: strawberry.ID = identified("tok", "The token's id.")
    kind: TokenKind = open_to_all("Publishable or secret.")
    name: str = open_to_all("What it is for, as its maker wrote.")
    scopes: list[str] = open_to_all("What it may do, in order.")
    channel: Annotated[Channel, strawberry.lazy("schema.channels")] | None = open_to_all(
        "The channel in which it acts."
    )
    created_at: datetime = open_to_all("When it was made.")
    expires_at: datetime | None = open_to_all("When it ends by itself; null where it does not.")
    revoked_at: datetime | None = open_to_all("When it was revoked; null while it is valid.")


@noun(views.CreatedToken, description="A new token, at the only moment when its text is shown.")
class CreatedToken:
    """A token with its text."""

    id: strawberry.ID = identified("tok", "The token's id, with which it is revoked.")
    token: str = own_only("The text to send as `Authorization: Bearer …`. Keep it: it is shown this once.")
    kind: TokenKind = open_to_all("Publishable or secret.")
    name: str = open_to_all("What it is for.")
    scopes: list[str] = open_to_all("What it may do, in order.")
    channel: Annotated[Channel, strawberry.lazy("schema.channels")] | None = open_to_all(
        "The channel in which it acts."
    )


@noun(views.AgentSession, description="A person has signed in.")
class AgentSession:
    """The session of a person."""

    access_token: str = own_only("The token to send as `Authorization: Bearer …`.")
    expires_at: datetime = open_to_all("When the session ends.")
    agent: Agent = open_to_all("Who signed in.")


@noun(views.CustomerSession, description="A customer has signed in.")
class CustomerSession:
    """The session of a customer."""

    access_token: str = own_only("The token to send as `Authorization: Bearer …`.")
    expires_at: datetime = open_to_all("When the session ends.")
    customer: Customer = open_to_all("Who signed in.")


@noun(
    views.SignInCodeSent,
    description="A one-time code is on its way; whether anyone owns the number is not said.",
)
class SignInCodeSent:
    """A code was sent."""

    identifier: str = open_to_all("The masked number.")
    expires_at: datetime = open_to_all("When the code ends.")
    retry_after_seconds: int = open_to_all("Seconds until another code can be asked for.")


@noun(views.PortalKey, description="A new portal key, at the only moment when it is shown.")
class PortalKey:
    """A key with which a portal vouches for its people."""

    key: str = own_only(
        "The secret for signing JWTs with HS256: `aud` is the channel's code, `sub` the person, with `iat`, "
        "`jti` and an `exp` at most 10 minutes later."
    )
    channel: Annotated[Channel, strawberry.lazy("schema.channels")] | None = open_to_all("Whose key it is.")


@noun(views.SignedOut, description="The session has ended.")
class SignedOut:
    """A session's end."""

    at: datetime = open_to_all("When it ended.")


@strawberry.input(description="How a person signs in.")
class SignInAgentInput:
    """For `signInAgent`."""

    email: str = asked("The person's e-mail address.")
    password: str = asked("The password.")
    one_time_code: str | None = asked("What the authenticator shows, where one is set up.", default=None)


@strawberry.input(description="How a customer signs in.")
class SignInCustomerInput:
    """For `signInCustomer`."""

    method: SignInMethod = asked("How the customer proves who it is.")
    identifier: str = asked("The phone number, or the portal's own id of the person.")
    proof: str = asked("The one-time code, or the JWT.")
    device_id: str | None = asked("A stable id of the device, if the front end has one.", default=None)


@strawberry.input(description="Where a one-time code is to go.")
class RequestSignInCodeInput:
    """For `requestSignInCode`."""

    identifier: str = asked("The phone number; without a country it is one of mainland China.")


@strawberry.input(description="A token to be made.")
class CreateTokenInput:
    """For `createToken`."""

    kind: TokenKind = asked("Publishable or secret.")
    channel: str = asked("The code of the channel in which it acts.")
    scopes: list[str] | None = asked("What a secret token may do; leave it out for STOREFRONT.", default=None)
    name: str = asked("What it is for, 1 to 100 characters.")


@strawberry.input(description="A token to be revoked.")
class RevokeTokenInput:
    """For `revokeToken`."""

    id: strawberry.ID = asked("The token's id.")


@strawberry.input(description="A person to be let in.")
class CreateAgentInput:
    """For `createAgent`."""

    email: str = asked("The address with which the person will sign in.")
    name: str = asked("How the person is called.")
    channel: str = asked("The code of the channel, your own or one below it.")
    roles: list[Role] = asked("What the person does; STOCK, RISK and ADMIN exist at headquarters only.")
    password: str = asked("The first password, 10 to 256 characters; the person can change it.")


@strawberry.input(description="A person to be kept out.")
class DisableAgentInput:
    """For `disableAgent`."""

    id: strawberry.ID = asked("The person's id.")


@strawberry.input(description="A new password for the caller.")
class ChangePasswordInput:
    """For `changePassword`."""

    current_password: str = asked("The present password.")
    new_password: str = asked("The new one, 10 to 256 characters.")


@strawberry.input(description="A portal key to be made.")
class RotatePortalKeyInput:
    """For `rotatePortalKey`."""

    channel: str = asked("The code of the channel, your own or one below it.")
