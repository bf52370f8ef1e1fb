"""Which orders a caller sees, said once for reading and for acting."""

from __future__ import annotations

from typing import Any

from domain.access.callers import Caller, CallerKind

SUBTREE = "(SELECT c.id FROM channel c WHERE c.path @> ARRAY[CAST(:scope_channel AS uuid)])"

CHANNELS = """SELECT h.id FROM channel h
 WHERE h.path @> ARRAY[CAST(:scope_channel AS uuid)]
   AND (CAST(:channel AS text) IS NULL OR h.path @> ARRAY[(
        SELECT named.id FROM channel named
         WHERE named.code = :channel AND named.path @> ARRAY[CAST(:scope_channel AS uuid)])])"""
"""The channels of the caller's subtree, or of that below the one with the code `channel`."""


def _visible(kind: str, channel: str, customer: str, subtree: str) -> str:
    return f"""(CASE {kind}
    WHEN 'ALL' THEN true
    WHEN 'OWN' THEN o.customer_id = {customer}
    WHEN 'GUEST' THEN o.channel_id = {channel} AND o.customer_id IS NULL
                  AND o.placed_by_kind = 'STOREFRONT'
    WHEN 'SUBTREE' THEN {subtree}
    ELSE false END)"""


VISIBLE = _visible(
    "CAST(:scope_kind AS text)",
    "CAST(:scope_channel AS uuid)",
    "CAST(:scope_customer AS uuid)",
    f"o.channel_id IN {SUBTREE}",
)
"""A condition on `o` (orders); GUEST is for acting on an order whose id one was given, never for lists."""

VISIBLE_TO = _visible(
    "w.scope_kind",
    "w.scope_channel",
    "w.scope_customer",
    "EXISTS (SELECT FROM channel c WHERE c.id = o.channel_id AND w.scope_channel = ANY (c.path))",
)
"""The same where each row `w` has a caller of its own."""

_SCOPES = {
    CallerKind.SYSTEM: "ALL",
    CallerKind.CUSTOMER: "OWN",
    CallerKind.STOREFRONT: "GUEST",
    CallerKind.AGENT: "SUBTREE",
    CallerKind.API_CLIENT: "SUBTREE",
}


def scope(caller: Caller) -> dict[str, Any]:
    """The parameters of VISIBLE for a caller."""
    return {
        "scope_kind": _SCOPES.get(caller.kind, "NOTHING"),
        "scope_channel": caller.channel_id,
        "scope_customer": caller.customer_id,
    }
