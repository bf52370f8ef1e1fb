"""The line between an error that a client may read and a fault, which gets an id and keeps its text to
itself.
"""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from graphql import ArgumentNode, GraphQLError, Node, ValueNode

from schema.engine.quoting import without_values
from schema.engine.refused import FormattedError

ErrorOf = Callable[[BaseException], GraphQLError | None]
"""Maps a domain exception to the error that clients see, with its code in extensions; None for a fault."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong inside. Its text stays out of `kind` and `frames`, since it may quote a customer's
    data.
    """

    id: str
    kind: str
    frames: tuple[str, ...]
    exception: BaseException
    request_id: str = ""
    path: tuple[str | int, ...] = ()


OnFault = Callable[[Fault], None]


def log_fault(fault: Fault) -> None:
    """Write a fault to the standard log: its kind and where it happened, never its text."""
    where = "\n".join(fault.frames)
    path = ".".join(map(str, fault.path))
    logging.getLogger("quanyi.engine").error(
        "fault %s %s at %s\n%s", fault.id, fault.kind, path or "-", where
    )


def no_mapping(_exception: BaseException) -> GraphQLError | None:
    """Every exception is a fault."""
    return None


class ErrorPresenter:
    """Formats errors for clients: codes on all of them, domain errors mapped, faults masked and reported."""

    def __init__(self, error_of: ErrorOf = no_mapping, on_fault: OnFault = log_fault) -> None:
        self._error_of = error_of
        self._on_fault = on_fault

    def present(self, errors: Iterable[GraphQLError], request_id: str = "") -> list[FormattedError]:
        """The errors of one answer; the same fault at many places gets one id and one report."""
        ids: dict[tuple[str, ...], str] = {}
        return [self._format(error, request_id, ids) for error in errors]

    def mask(self, exception: BaseException, request_id: str = "") -> FormattedError:
        """One exception from outside of execution, as an error without a place."""
        mapped = exception if isinstance(exception, GraphQLError) else self._error_of(exception)
        if mapped is not None and mapped.extensions and "code" in mapped.extensions:
            return {"message": mapped.message, "extensions": dict(mapped.extensions)}
        return self._masked(exception, request_id, (), {})

    def _format(
        self, error: GraphQLError, request_id: str, ids: dict[tuple[str, ...], str]
    ) -> FormattedError:
        cause: BaseException = error
        while isinstance(cause, GraphQLError) and cause.original_error is not None:
            cause = cause.original_error
        mapped = cause if isinstance(cause, GraphQLError) else self._error_of(cause)
        extensions = dict(mapped.extensions or {}) if mapped is not None else {}
        message = "" if mapped is None else mapped.message
        if mapped is not None and "code" not in extensions and _blames_input(mapped.nodes):
            extensions["code"] = "BAD_USER_INPUT"
            message = without_values(mapped)
        if mapped is not None and "code" in extensions:
            formatted: FormattedError = {"message": message, "extensions": extensions}
        else:
            formatted = self._masked(cause, request_id, tuple(error.path or ()), ids)
        if error.locations:
            formatted["locations"] = [
                {"line": place.line, "column": place.column} for place in error.locations
            ]
        if error.path is not None:
            formatted["path"] = list(error.path)
        return formatted

    def _masked(
        self,
        exception: BaseException,
        request_id: str,
        path: tuple[str | int, ...],
        ids: dict[tuple[str, ...], str],
    ) -> FormattedError:
        kind = f"{type(exception).__module__}.{type(exception).__qualname__}"
        frames = tuple(
            f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(exception.__traceback__)
        )
        same = (kind, *frames)
        fault_id = ids.get(same)
        if fault_id is None:
            fault_id = ids[same] = secrets.token_hex(8)
            self._on_fault(Fault(fault_id, kind, frames, exception, request_id, path))
        return {"message": f"Internal error {fault_id}", "extensions": {"code": "INTERNAL"}}


def _blames_input(nodes: Iterable[Node] | None) -> bool:
    """Whether graphql-core points at an argument: then the client's value is wrong, not our answer."""
    return any(isinstance(node, ArgumentNode | ValueNode) for node in nodes or ())
