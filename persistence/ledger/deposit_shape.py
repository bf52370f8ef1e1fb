"""What views of deposit requests are made of; who approved them is looked up where it is selected."""

from __future__ import annotations

from typing import Any

from sqlalchemy import column, text, true

from domain.ledger.deposits.states import RequestKind, RequestStatus
from domain.ledger.deposits.views import DepositRequestView
from domain.money import Money
from persistence.channels.shapes import channel_of
from persistence.selecting.shapes import Shape, part
from persistence.tables.ledger import deposit_request

APPROVALS = """SELECT array_agg(a.name ORDER BY a.approved_at, a.agent_id) AS names,
           array_agg(a.agent_id ORDER BY a.approved_at, a.agent_id) AS ids
      FROM deposit_approval a WHERE a.request_id = r.id"""
"""Of one request `r`; null where nobody has approved it."""

_APPROVED = text(APPROVALS).columns(column("names"), column("ids")).lateral("approved")


def _listed(found: list[Any] | None) -> tuple[Any, ...]:
    return tuple(found or ())


DEPOSIT_REQUEST = Shape(
    DepositRequestView,
    deposit_request.alias("r"),
    {
        "id": part("id"),
        "kind": part("kind", make=RequestKind),
        "channel_id": part("channel_id"),
        "amount": part("amount_minor", "currency", make=Money),
        "status": part("status", make=RequestStatus),
        "note": part("note"),
        "requested_by": part("requested_by"),
        "requested_by_id": part("requested_by_id"),
        "approvals_needed": part("approvals_needed"),
        "approved_by": part(_APPROVED.c.names, make=_listed),
        "approver_ids": part(_APPROVED.c.ids, make=_listed),
        "reason": part("reason"),
        "reference": part("reference"),
        "created_at": part("created_at"),
        "changed_at": part("changed_at"),
    },
    properties={"approvals": ("approver_ids",)},
    joins={_APPROVED: lambda _requests: true()},
    relations={"channel": channel_of("rch", "channel_id")},
)
