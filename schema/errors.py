"""Which exceptions of the domain a client may read in `errors`, each with its code; all others are faults."""

from __future__ import annotations

import structlog
from graphql import GraphQLError

from domain.refusals import BadRequest, Forbidden, Unauthenticated
from schema.engine.faults import Fault


def error_of(exception: BaseException) -> GraphQLError | None:
    """The error that clients see; None for a fault, which is masked."""
    if isinstance(exception, BadRequest):
        return GraphQLError(str(exception), extensions={"code": "BAD_USER_INPUT"})
    if isinstance(exception, Forbidden):
        facts = {"code": "FORBIDDEN", "permission": exception.permission}
        return GraphQLError(str(exception), extensions=facts)
    if isinstance(exception, Unauthenticated):
        return GraphQLError(str(exception), extensions={"code": "UNAUTHENTICATED"})
    return None


def tell_fault(fault: Fault) -> None:
    """Log a fault under the id that the client was told: what kind and where, never its text."""
    structlog.get_logger("quanyi.engine").error(
        "fault",
        fault=fault.id,
        kind=fault.kind,
        path=".".join(map(str, fault.path)) or None,
        frames=list(fault.frames),
        request_id=fault.request_id or None,
    )
