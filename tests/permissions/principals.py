"""Everybody who can call: each kind, each role at each tier, each scope, with the rights of the tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.access import permissions
from domain.access.permissions import COST_READ, HEADQUARTERS_ROLES, SCOPES, Role
from schema import ids
from tests.fixtures.served import ServedDemo

ROOT, PROVINCE, CITY, SHOP = "hq", "gd", "gd-sz", "gd-sz-mini01"
SIBLING_SHOP, COUSIN_SHOP, SIBLING_PROVINCE = "gd-sz-media01", "zj-hz-app01", "zj"
PLACES = (ROOT, PROVINCE, CITY, SHOP, SIBLING_SHOP, COUSIN_SHOP, SIBLING_PROVINCE)
"""The channels in which the tests have objects; every relation of the tree is among them."""

_PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who calls."""

    name: str
    kind: str
    token: str | None = None
    permissions: frozenset[str] = frozenset()
    place: str | None = None
    path: tuple[UUID, ...] = ()
    """The channels from the root down to its own."""
    subject: UUID | None = None

    @property
    def is_back_office(self) -> bool:
        """Whether the whole subtree concerns it."""
        return self.kind in ("AGENT", "API_CLIENT")

    @property
    def code_of_denial(self) -> str:
        """The code of an error for what it may not see."""
        return "UNAUTHENTICATED" if self.kind == "ANONYMOUS" else "FORBIDDEN"


@dataclass(slots=True)
class Gate:
    """Lets principals in, through the API."""

    demo: ServedDemo
    owner: str
    paths: dict[str, tuple[UUID, ...]]

    def agent(self, place: str, role: Role) -> Principal:
        """A person who has just been let in."""
        create = """mutation ($input: CreateAgentInput!) {
          createAgent(input: $input) { ... on Agent { id } } }"""
        email = f"matrix-{role.value}@{place}.example".lower()
        said = {"email": email, "name": f"{role} {place}", "channel": place, "password": _PASSWORD}
        made = self.demo.ask(create, self.owner, input={**said, "roles": [role.value]})["createAgent"]
        enter = """mutation ($input: SignInAgentInput!) {
          signInAgent(input: $input) { ... on AgentSession { accessToken } } }"""
        session = self.demo.ask(enter, input={"email": email, "password": _PASSWORD})["signInAgent"]
        rights = permissions.of_agent(frozenset({role}), at_headquarters=place == ROOT)
        subject = ids.decode("agt", made["id"])
        name = f"{role} at {place}"
        return Principal(name, "AGENT", session["accessToken"], rights, place, self.paths[place], subject)

    def token(self, place: str, *scopes: str) -> Principal:
        """A program with scopes; a storefront without."""
        kind = "API_CLIENT" if scopes else "STOREFRONT"
        said: dict[str, Any] = {"kind": kind, "channel": place, "name": "matrix"}
        if scopes:
            said["scopes"] = list(scopes)
        document = """mutation ($input: CreateTokenInput!) {
          createToken(input: $input) { ... on CreatedToken { id token } } }"""
        made = self.demo.ask(document, self.owner, input=said)["createToken"]
        rights = permissions.of_scopes(frozenset(scopes)) if scopes else permissions.STOREFRONT
        name = f"{kind} {' '.join(scopes)} at {place}"
        subject = ids.decode("tok", made["id"])
        return Principal(name, kind, made["token"], rights, place, self.paths[place], subject)

    def customer(self, place: str, phone: str) -> Principal:
        """Somebody who buys there."""
        token = self.demo.customer(phone, place)
        found = self.demo.value(
            "SELECT t.customer_id FROM token t WHERE t.kind = 'CUSTOMER' ORDER BY t.created_at DESC LIMIT 1"
        )
        name = f"customer {phone} at {place}"
        path = self.paths[place]
        return Principal(name, "CUSTOMER", token, permissions.CUSTOMER, place, path, found)


def everybody(gate: Gate) -> list[Principal]:
    """All kinds; agents of every role at every tier, API clients of every scope in the middle of the tree."""
    below = [Role.OWNER, Role.FINANCE, Role.SALES, Role.SUPPORT]
    found = [Principal("anonymous", "ANONYMOUS"), gate.token(SHOP), gate.token(CITY)]
    found += [gate.agent(ROOT, role) for role in (*below, *sorted(HEADQUARTERS_ROLES))]
    found += [gate.agent(place, role) for place in (PROVINCE, CITY, SHOP) for role in below]
    found += [gate.token(CITY, scope) for scope in sorted(SCOPES)]
    found.append(gate.token(PROVINCE, *sorted(SCOPES)))
    return found


def likeness_of(principal: Principal, principals: list[Principal]) -> Principal | None:
    """Whom somebody is compared with: the first of its channel who knows costs, or does not, as it does.

    At headquarters the purchase price is the cost.
    """
    knows = COST_READ in principal.permissions
    alike = (one for one in principals if one.is_back_office and knows == (COST_READ in one.permissions))
    return next((one for one in alike if one.place == principal.place), None)
