"""A request that gets no execution, as one exception that every transport knows how to tell its client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from graphql import GraphQLError

from schema.engine.quoting import without_values

FormattedError = dict[str, Any]

STATUS_OF_CODE: Mapping[str, int] = {
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "RATE_LIMITED": 429,
    "INTERNAL": 500,
}
"""The HTTP status of a request that failed before it had data, by the code of its first error; 400
otherwise.
"""


class RequestRefused(Exception):
    """The request was refused before it was executed.

    `status` is the HTTP status under application/graphql-response+json. `document` marks a well-formed
    request whose document or variables are wrong: under application/json GraphQL over HTTP answers those with
    200.
    """

    def __init__(
        self,
        status: int,
        errors: Sequence[FormattedError],
        *,
        document: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(str(errors[0]["message"]) if errors else "refused")
        self.status = status
        self.errors = list(errors)
        self.document = document
        self.headers = dict(headers or {})
        self.extensions: Mapping[str, Any] | None = None
        """What the answer says beside its errors."""

    @property
    def code(self) -> str:
        """The code of the first error."""
        return str(self.errors[0].get("extensions", {}).get("code", ""))


def refusal(
    code: str,
    message: str,
    *,
    status: int = 400,
    document: bool = False,
    headers: Mapping[str, str] | None = None,
    **facts: Any,
) -> RequestRefused:
    """One error with its code and facts, ready to be raised."""
    error = {"message": message, "extensions": {"code": code, **facts}}
    return RequestRefused(status, [error], document=document, headers=headers)


def refused_document(code: str, errors: Iterable[GraphQLError]) -> RequestRefused:
    """The errors of a parser, a validator or a coercion, each given the code of its stage."""
    formatted = []
    for error in errors:
        one: FormattedError = {**error.formatted, "message": without_values(error)}
        one["extensions"] = {"code": code, **(error.extensions or {})}
        formatted.append(one)
    return RequestRefused(400, formatted, document=True)
