"""What machines ask beside the API: does the process live, is it ready, and what does it count."""

from __future__ import annotations

from typing import Protocol

from resolvers.site.meters import CONTENT_TYPE, exposition
from resolvers.site.routes import respond, respond_bytes
from schema.engine.asgi import Asgi, Receive, Scope, Send


class Vitals(Protocol):
    """What a process knows of its own condition."""

    async def problems(self) -> list[str]:
        """Why requests should go elsewhere; empty when it is ready."""

    async def shared(self) -> dict[str, int]:
        """Numbers that are the same whichever process answers."""

    def own(self) -> dict[str, int]:
        """Numbers of this process alone."""


async def live(_scope: Scope, _receive: Receive, send: Send) -> None:
    """200 as long as the process answers at all."""
    await respond(send, 200, {"status": "ok"})


def ready(vitals: Vitals) -> Asgi:
    """200 when requests may come, else 503 and why."""

    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        problems = await vitals.problems()
        status = "not ready" if problems else "ok"
        await respond(send, 503 if problems else 200, {"status": status, "problems": problems})

    return answer


def metrics(vitals: Vitals) -> Asgi:
    """All counts in Prometheus' text format, over all processes of this server."""

    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        body = exposition(await vitals.shared(), vitals.own())
        await respond_bytes(send, 200, CONTENT_TYPE, body)

    return answer
