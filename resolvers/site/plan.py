"""The site as it is served: the API, its probes, and the edge around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resolvers.downloads.statements import PATH as STATEMENTS
from resolvers.http.endpoint import HttpEndpoint
from resolvers.http.explorer import Explorer
from resolvers.http.files import NewVeil
from resolvers.http.settings import HttpLimits
from resolvers.site import probes
from resolvers.site.edge import Edge, EdgePolicy
from resolvers.site.lifespan import Site
from resolvers.site.routes import Routes

if TYPE_CHECKING:
    from typing import Protocol

    from schema.engine.asgi import Asgi, Receive, Scope, Send
    from schema.engine.engine import Engine
    from schema.engine.gateway import Gateway
    from schema.engine.streams import StreamWriter

    class Stream(StreamWriter, Protocol):
        """A StreamWriter that can let go of its clients."""

        async def close(self) -> None:
            """End every stream."""

    class Sockets(Protocol):
        """An ASGI application for WebSockets that can let go of its clients."""

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            """Serve one connection."""

        async def close(self) -> None:
            """End every connection."""


TITLE = "Quanyi 权益"
API = "/graphql"


@dataclass(frozen=True, slots=True)
class SitePlan:
    """What the operator decides about the site."""

    edge: EdgePolicy
    request_bytes: int
    upload_bytes: int
    new_veil: NewVeil
    """Hides large uploads while they lie on disk."""
    explorer: bool
    """Whether browsers get GraphiQL."""


def site(
    engine: Engine,
    gateway: Gateway,
    stream: Stream,
    sockets: Sockets,
    vitals: probes.Vitals,
    plan: SitePlan,
    statements: Asgi,
) -> Site:
    """One process's site."""
    limits = HttpLimits(plan.request_bytes, plan.upload_bytes)
    explorer = Explorer(TITLE) if plan.explorer else None
    graphql = HttpEndpoint(engine, gateway, plan.new_veil, limits=limits, stream=stream, explorer=explorer)
    routes = Routes(
        {
            API: graphql,
            f"{API}/explorer/": graphql,
            STATEMENTS: statements,
            "/healthz": probes.live,
            "/readyz": probes.ready(vitals),
            "/metrics": probes.metrics(vitals),
        },
        {API: sockets},
    )

    async def leave() -> None:
        await sockets.close()
        await stream.close()

    return Site(Edge(routes, plan.edge), leave)
