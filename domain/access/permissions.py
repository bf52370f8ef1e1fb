"""The vocabulary of permissions, and which role or scope carries which."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a person does in one channel; STOCK, RISK and ADMIN exist at headquarters only."""

    OWNER = "OWNER"
    FINANCE = "FINANCE"
    SALES = "SALES"
    SUPPORT = "SUPPORT"
    STOCK = "STOCK"
    RISK = "RISK"
    ADMIN = "ADMIN"


HEADQUARTERS_ROLES = frozenset({Role.STOCK, Role.RISK, Role.ADMIN})

CATALOG_READ = "catalog:read"
CATALOG_WRITE = "catalog:write"
CHANNELS_READ = "channels:read"
CHANNELS_WRITE = "channels:write"
PRICES_READ = "prices:read"
PRICES_WRITE = "prices:write"
MARGIN_READ = "margin:read"
COST_READ = "cost:read"
ACCOUNT_READ = "account:read"
DEPOSITS_REQUEST = "deposits:request"
DEPOSITS_APPROVE = "deposits:approve"
TOKENS_WRITE = "tokens:write"
ORDERS_PLACE = "orders:place"
ORDERS_PAY = "orders:pay"
ORDERS_READ = "orders:read"
REFUNDS_READ = "refunds:read"
REFUNDS_WRITE = "refunds:write"
REFUNDS_APPROVE = "refunds:approve"
SHIPMENTS_WRITE = "shipments:write"
CARDS_READ = "cards:read"
CARDS_REVEAL = "cards:reveal"
CARDS_REDEEM = "cards:redeem"
CARDS_IMPORT = "cards:import"
CARDS_FREEZE = "cards:freeze"
CARDS_TRACE = "cards:trace"
STOCK_ALLOCATE = "stock:allocate"
STOCK_READ = "stock:read"
PROMOTIONS_READ = "promotions:read"
PROMOTIONS_WRITE = "promotions:write"
PROMOTIONS_FUND = "promotions:fund"
COUPONS_HOLD = "coupons:hold"
CUSTOMERS_SIGN_IN = "customers:sign-in"
PEOPLE_WRITE = "people:write"
PASSWORD_WRITE = "password:write"  # noqa: S105 - a permission
SESSION_END = "session:end"

ALL = frozenset(
    value for name, value in globals().items() if name.isupper() and isinstance(value, str) and ":" in value
)
"""Every permission there is."""

SCOPES = frozenset(
    {
        ORDERS_PLACE, ORDERS_PAY, ORDERS_READ, CARDS_READ, CARDS_REDEEM, CATALOG_READ, CUSTOMERS_SIGN_IN,
        REFUNDS_READ, REFUNDS_WRITE, REFUNDS_APPROVE,
    }
)  # fmt: skip
"""What the secret token of an API client may be given."""

STOREFRONT = frozenset({CATALOG_READ, ORDERS_PLACE, CUSTOMERS_SIGN_IN})
CUSTOMER = frozenset(
    {
        CATALOG_READ, ORDERS_PLACE, ORDERS_READ, CARDS_READ, CARDS_REVEAL, COUPONS_HOLD, REFUNDS_READ,
        REFUNDS_WRITE, SESSION_END,
    }
)  # fmt: skip

_EVERY_AGENT = frozenset(
    {
        CATALOG_READ, CHANNELS_READ, PRICES_READ, ORDERS_READ, CARDS_READ, STOCK_READ, REFUNDS_READ,
        PASSWORD_WRITE, SESSION_END,
    }
)  # fmt: skip
_OF_ROLE = {
    Role.OWNER: {
        CHANNELS_WRITE, PRICES_WRITE, MARGIN_READ, ACCOUNT_READ, TOKENS_WRITE, PEOPLE_WRITE,
        ORDERS_PLACE, ORDERS_PAY, STOCK_ALLOCATE, SHIPMENTS_WRITE, REFUNDS_WRITE, REFUNDS_APPROVE,
        DEPOSITS_REQUEST, PROMOTIONS_READ, PROMOTIONS_WRITE, PROMOTIONS_FUND,
    },
    Role.FINANCE: {
        MARGIN_READ, ACCOUNT_READ, ORDERS_PAY, REFUNDS_WRITE, REFUNDS_APPROVE,
        DEPOSITS_REQUEST, PROMOTIONS_READ, PROMOTIONS_FUND,
    },
    Role.SALES: {PRICES_WRITE, ORDERS_PLACE, ORDERS_PAY, STOCK_ALLOCATE, PROMOTIONS_READ, PROMOTIONS_WRITE},
    Role.SUPPORT: {SHIPMENTS_WRITE, REFUNDS_WRITE},
}  # fmt: skip
_AT_HEADQUARTERS = {
    Role.OWNER: {CATALOG_WRITE, COST_READ, CARDS_IMPORT, CARDS_FREEZE, CARDS_TRACE, DEPOSITS_APPROVE},
    Role.FINANCE: {COST_READ, DEPOSITS_APPROVE},
    Role.SALES: {CATALOG_WRITE},
    Role.SUPPORT: {CARDS_TRACE},
    Role.STOCK: {COST_READ, CATALOG_WRITE, CARDS_IMPORT, CARDS_FREEZE, STOCK_ALLOCATE, SHIPMENTS_WRITE},
    Role.RISK: {CARDS_FREEZE, CARDS_TRACE},
    Role.ADMIN: {
        CHANNELS_WRITE,
        CATALOG_WRITE,
        TOKENS_WRITE,
        CARDS_FREEZE,
        CARDS_TRACE,
        ACCOUNT_READ,
        DEPOSITS_REQUEST,
        DEPOSITS_APPROVE,
    },
}


def of_agent(roles: frozenset[Role], at_headquarters: bool) -> frozenset[str]:
    """What a person with these roles may do; headquarters' own rights come with its channel."""
    held = set(_EVERY_AGENT)
    for role in roles:
        held |= _OF_ROLE.get(role, set())
        if at_headquarters:
            held |= _AT_HEADQUARTERS[role]
    return frozenset(held)


def of_scopes(scopes: frozenset[str]) -> frozenset[str]:
    """What an API client may do: its scopes, the catalogue, and to see the orders it may place, cards too.

    Seeing a card never includes its secret.
    """
    implied = {CATALOG_READ} | ({ORDERS_READ, CARDS_READ} if scopes & {ORDERS_PLACE, ORDERS_PAY} else set())
    if scopes & {REFUNDS_WRITE, REFUNDS_APPROVE}:
        implied |= {REFUNDS_READ}
    return frozenset(scopes | implied)
