"""Which orders a caller sees, said once for reading and for acting."""

from __future__ import annotations

from typing import Any

from domain.access.callers import Caller, CallerKind

SUBTREE = "(SELECT c.id FROM channel c WHERE c.path @> ARRAY[CAST(:scope_channel AS uuid)])"

VISIBLE = f"""(CASE CAST(:scope_kind AS text)
    WHEN 'ALL' THEN true
    WHEN 'OWN' THEN o.customer_id = CAST(:scope_customer AS uuid)
    WHEN 'GUEST' THEN o.channel_id = CAST(:scope_channel AS uuid) AND o.customer_id IS NULL
                  AND o.placed_by_kind = 'STOREFRONT'
    WHEN 'SUBTREE' THEN o.channel_id IN {SUBTREE}
    ELSE false END)"""
"""A condition on `o` (orders); GUEST is for acting on an order whose id one was given, never for lists."""

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
