"""Front ends sign in, look at themselves and care for tokens through GraphQL alone."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry

from domain.access.permissions import Role
from domain.ids import new_id
from persistence.reads import StoredReads
from resolvers import access, channels, nodes
from schema import ids
from schema.assembly import build_schema
from schema.context import Context
from tests.access.world import PASSWORD, World

VERBS = (access, channels, nodes)
"""Imported, so that they are part of the schema."""


@pytest.fixture(scope="module")
def api() -> strawberry.Schema:
    return build_schema()


class Client:
    """Sends documents as one principal."""

    def __init__(self, world: World, api: strawberry.Schema) -> None:
        self.world, self.api = world, api

    async def run(self, document: str, token: str | None = None, **variables: Any) -> Any:
        caller = await self.world.caller(token)
        reads: Any = StoredReads(self.world.database, self.world.tools)
        feed: Any = None
        context = Context(caller, reads, self.world.perform, feed)
        return await self.api.execute(document, variable_values=variables, context_value=context)

    async def ask(self, document: str, token: str | None = None, **variables: Any) -> Any:
        answer = await self.run(document, token, **variables)
        assert answer.errors is None, answer.errors
        return answer.data


@pytest.fixture
def client(world: World, api: strawberry.Schema) -> Client:
    return Client(world, api)


SIGN_IN_AGENT = """mutation ($input: SignInAgentInput!) { signInAgent(input: $input) { __typename
  ... on AgentSession { accessToken expiresAt agent { id name email roles channel { code tier } } }
  ... on TooManyAttempts { retryAfterSeconds }
  ... on Refusal { code message field } } }"""
CREATE_TOKEN = """mutation ($input: CreateTokenInput!) { createToken(input: $input) { __typename
  ... on CreatedToken { id token kind channel { code } scopes }
  ... on Refusal { code message field } } }"""
VIEWER = "{ viewer { kind permissions roles name expiresAt channel { code name } } }"


async def test_a_person_signs_in_and_sees_itself(world: World, client: Client) -> None:
    agent = await world.agent("GD", Role.OWNER)
    found = await client.ask(SIGN_IN_AGENT, input={"email": agent.email, "password": PASSWORD})
    session = found["signInAgent"]
    assert session["agent"] == {
        "id": ids.encode("agt", agent.id),
        "name": "GD OWNER",
        "email": "owner-gd@example.com",
        "roles": ["OWNER"],
        "channel": {"code": "GD", "tier": "SHOP"},
    }
    seen = (await client.ask(VIEWER, session["accessToken"]))["viewer"]
    assert (seen["kind"], seen["roles"], seen["channel"]["code"]) == ("AGENT", ["OWNER"], "GD")
    assert seen["expiresAt"] == session["expiresAt"]
    assert "tokens:write" in seen["permissions"]


async def test_refusals_are_members_of_the_union(world: World, client: Client) -> None:
    for _ in range(5):
        found = await client.ask(SIGN_IN_AGENT, input={"email": "no@example.com", "password": "x"})
        assert found["signInAgent"] == {
            "__typename": "SignInFailed",
            "code": "SIGN_IN_FAILED",
            "message": "This sign-in is not right; check what you entered and try again.",
            "field": None,
        }
    found = await client.ask(SIGN_IN_AGENT, input={"email": "no@example.com", "password": "x"})
    slowed = found["signInAgent"]
    assert (slowed["code"], slowed["retryAfterSeconds"]) == ("TOO_MANY_ATTEMPTS", 1)


async def test_nobody_is_a_viewer_too(client: Client) -> None:
    assert (await client.ask(VIEWER))["viewer"] == {
        "kind": "ANONYMOUS", "permissions": [], "roles": [], "name": "", "expiresAt": None, "channel": None,
    }  # fmt: skip


async def test_a_storefront_signs_a_customer_in(world: World, client: Client) -> None:
    shop = (await world.token("SHOP-A")).token
    sent = await client.ask(
        """mutation { requestSignInCode(input: {identifier: "13800138000"}) { __typename
             ... on SignInCodeSent { identifier retryAfterSeconds } } }""",
        shop,
    )
    assert sent["requestSignInCode"] == {
        "__typename": "SignInCodeSent", "identifier": "138****8000", "retryAfterSeconds": 60,
    }  # fmt: skip
    await world.deliver()
    found = await client.ask(
        """mutation ($input: SignInCustomerInput!) { signInCustomer(input: $input) { __typename
             ... on CustomerSession { accessToken expiresAt customer { id identifier } } } }""",
        shop,
        input={"method": "PHONE_CODE", "identifier": "13800138000", "proof": world.sent()[0]["code"]},
    )
    session = found["signInCustomer"]
    seen = (await client.ask(VIEWER, session["accessToken"]))["viewer"]
    assert (seen["kind"], seen["channel"]["code"]) == ("CUSTOMER", "SHOP-A")
    node = "query ($id: ID!) { node(id: $id) { __typename id ... on Customer { identifier method } } }"
    found = await client.ask(node, session["accessToken"], id=session["customer"]["id"])
    assert found["node"]["identifier"] == "138****8000"


async def test_a_token_is_made_listed_found_and_revoked(world: World, client: Client) -> None:
    owner = (await world.sign_in((await world.agent("GZ", Role.OWNER)).email)).access_token
    wanted = {"kind": "STOREFRONT", "channel": "SHOP-A", "name": "App"}
    made = (await client.ask(CREATE_TOKEN, owner, input=wanted))["createToken"]
    assert (made["kind"], made["channel"], made["scopes"]) == (
        "STOREFRONT", {"code": "SHOP-A"}, ["catalog:read", "customers:sign-in", "orders:place"],
    )  # fmt: skip
    listed = await client.ask(
        "{ tokens(first: 5) { totalCount edges { node { id name channel { code } revokedAt } } } }", owner
    )
    assert listed["tokens"]["edges"] == [
        {"node": {"id": made["id"], "name": "App", "channel": {"code": "SHOP-A"}, "revokedAt": None}}
    ]
    revoke = "mutation ($id: ID!) { revokeToken(input: {id: $id}) { ... on AccessToken { revokedAt } } }"
    assert (await client.ask(revoke, owner, id=made["id"]))["revokeToken"]["revokedAt"] is not None


async def test_who_may_not_is_told_so_in_errors(world: World, client: Client) -> None:
    shop = (await world.token("SHOP-A")).token
    wanted = {"kind": "STOREFRONT", "channel": "SHOP-A", "name": "App"}
    answer = await client.run(CREATE_TOKEN, shop, input=wanted)
    assert answer.data == {"createToken": None}
    assert [error.path for error in answer.errors] == [["createToken"]]
    assert "tokens:write" in answer.errors[0].message


@pytest.mark.parametrize("kind", ["agt", "tok", "cus", "chn", "xyz"])
async def test_unknown_foreign_and_garbled_ids_are_null_without_an_error(
    world: World, client: Client, kind: str
) -> None:
    owner = (await world.sign_in((await world.agent("GZ", Role.OWNER)).email)).access_token
    foreign = {
        "agt": (await world.agent("ZJ", Role.OWNER)).id,
        "tok": (await world.token("ZJ")).id,
        "cus": (await world.customer("13800138000", await world.storefront("ZJ"))).customer.id,
        "chn": world.channels["HQ"],
        "xyz": new_id(),
    }
    unknown = ids.encode(kind, new_id())
    for text in (
        ids.encode(kind, foreign[kind]),
        unknown,
        unknown[:-1],
        unknown + "0",
        f"{kind}_长",
        kind,
        "",
    ):
        found = await client.ask("query ($id: ID!) { node(id: $id) { id } }", owner, id=text)
        assert found == {"node": None}, text


async def test_people_are_let_in_and_out(world: World, client: Client) -> None:
    owner = (await world.sign_in((await world.agent("GD", Role.OWNER)).email)).access_token
    create = """mutation ($input: CreateAgentInput!) { createAgent(input: $input) { __typename
      ... on Agent { id roles channel { code } disabledAt } ... on Refusal { code field } } }"""
    wanted = {
        "email": "x@example.com", "name": "X", "channel": "SHOP-A", "roles": ["SALES"], "password": PASSWORD,
    }  # fmt: skip
    made = (await client.ask(create, owner, input=wanted))["createAgent"]
    assert (made["roles"], made["channel"], made["disabledAt"]) == (["SALES"], {"code": "SHOP-A"}, None)
    taken = (await client.ask(create, owner, input=wanted))["createAgent"]
    assert taken == {"__typename": "EmailTaken", "code": "EMAIL_TAKEN", "field": ["email"]}
    refused = (await client.ask(create, owner, input=wanted | {"roles": ["RISK"]}))["createAgent"]
    assert refused == {"__typename": "RoleNotHere", "code": "ROLE_NOT_HERE", "field": ["roles"]}
    disable = """mutation ($id: ID!) { disableAgent(input: {id: $id}) {
      ... on Agent { disabledAt } } }"""
    assert (await client.ask(disable, owner, id=made["id"]))["disableAgent"]["disabledAt"] is not None


async def test_a_portal_key_is_shown_once_and_a_session_ends(world: World, client: Client) -> None:
    owner = (await world.sign_in((await world.agent("GD", Role.OWNER)).email)).access_token
    rotate = """mutation { rotatePortalKey(input: {channel: "SHOP-A"}) {
      ... on PortalKey { key channel { code } } } }"""
    found = (await client.ask(rotate, owner))["rotatePortalKey"]
    assert found["key"].startswith("qs_pk_")
    assert found["channel"] == {"code": "SHOP-A"}
    assert (await client.ask("mutation { signOut { ... on SignedOut { at } } }", owner))["signOut"]["at"]
