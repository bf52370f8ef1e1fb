"""The door between transports and the application: who asks is settled there, and transports only carry
it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

from domain.refusals import Unauthenticated
from schema.engine.refused import RequestRefused, refusal

Context = Any
"""What resolvers get as `info.context`. Transports read six things from it when they are there:
`request_id: str`, `async close()`, called once when the operation is over, `left_s() -> float | None`,
how long its token lives, `when_revoked(then)`, which calls `then` when it is worthless before that, and
answers how to stop waiting for it, `trusted_only: bool`, whether it runs registered documents only, and
`async trusted_text(id) -> str | None`.
"""


class Gateway(Protocol):
    """Opens the context of one operation."""

    async def open(
        self, headers: Mapping[str, str], init_payload: Mapping[str, Any] | None, client_address: str
    ) -> Context:
        """Settle who asks. Raises Unauthenticated (401, on a socket 4403), or RequestRefused.

        `headers` have lower-case names, and over a socket `authorization` is already the one of its first
        message.
        """
        ...


def unauthenticated(error: Unauthenticated) -> RequestRefused:
    """The refusal that tells a client over HTTP to sign in."""
    return refusal("UNAUTHENTICATED", str(error), status=401, headers={"www-authenticate": "Bearer"})


async def open_context(
    gateway: Gateway,
    headers: Mapping[str, str],
    init_payload: Mapping[str, Any] | None,
    client_address: str,
) -> Context:
    """Open a context with the credentials of a socket's first message in the place of the header's."""
    token = _token_in(init_payload) if init_payload else None
    if token is not None:
        headers = {**headers, "authorization": f"Bearer {token}"}
    return await gateway.open(headers, init_payload, client_address)


async def close_context(context: Context) -> None:
    """Let the context give back what it holds, if it holds anything."""
    close = getattr(context, "close", None)
    if close is not None:
        await close()


def request_id_of(context: Context) -> str:
    """The id under which logs know the request, empty for contexts without one."""
    return str(getattr(context, "request_id", "") or "")


def left_s(context: Context) -> float | None:
    """How long the context's token is still good for; None when it has no end."""
    ask = getattr(context, "left_s", None)
    return None if ask is None else ask()


def when_revoked(context: Context, then: Callable[[], None]) -> Callable[[], None]:
    """Call `then` when the context's token is worthless, if the context can tell; answers how to stop."""
    wait = getattr(context, "when_revoked", None)
    return _nothing if wait is None else cast("Callable[[], None]", wait(then))


def _nothing() -> None:
    pass


def trusted_only(context: Context) -> bool:
    """Whether the context's caller may run registered documents only."""
    return bool(getattr(context, "trusted_only", False))


async def trusted_text(context: Context, document_id: str) -> str | None:
    """The registered document of an id, for the context's caller; None where there is none."""
    find = getattr(context, "trusted_text", None)
    return None if find is None or not document_id else await find(document_id)


def token_of(said: str | None) -> str | None:
    """The token in the text of an Authorization, with or without its scheme.

    A scheme without a token says nothing: front ends send `Bearer ` before anybody has signed in.
    """
    scheme, _, rest = (said or "").strip().partition(" ")
    token = rest.strip() if scheme.lower() == "bearer" else (said or "").strip()
    return token or None


def _token_in(payload: Mapping[str, Any]) -> str | None:
    """The first token in a first message, under the names that front ends use."""
    nested = payload.get("headers")
    for source in (payload, nested if isinstance(nested, dict) else {}):
        for name in ("Authorization", "authorization", "token", "accessToken"):
            value = source.get(name)
            token = token_of(value) if isinstance(value, str) else None
            if token is not None:
                return token
    return None
