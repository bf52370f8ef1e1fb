"""Puts the parts together and starts them: the one place that knows all layers, and that nobody imports."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from persistence import logs
from persistence.settings import Settings

if TYPE_CHECKING:
    import socket

    import strawberry

    from resolvers.site.lifespan import Living, Site
    from resolvers.site.meters import MeteredEngine
    from schema.engine.allowance import Allowance

cli = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    # A pretty traceback would print local variables, and with them secrets; plain ones also start faster.
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Quanyi 权益: one GraphQL API.",
)

# Imports stand in the functions that need them: a command waits for its own parts only, and PostgreSQL starts
# while the rest is imported.


def load_areas() -> None:
    """Import every area, so that all handlers, jobs, nouns and verbs are declared."""
    import domain
    import persistence
    import resolvers
    import subscriptions
    from domain.discovery import load

    load(domain, resolvers, subscriptions)
    # Programs of their own, and what only the start needs, declare nothing.
    own = ("embedded", "migrations", "demo", "settings_page")
    load(persistence, skip=tuple(f"persistence.{name}" for name in own))


def build_schema() -> strawberry.Schema:
    """The schema of all areas."""
    from schema.assembly import build_schema

    load_areas()
    return build_schema()


def build_engine(settings: Settings, allowance: Allowance | None = None) -> MeteredEngine:
    """The GraphQL engine over all areas: compiled, unless the settings leave all to graphql-core."""
    from resolvers.http.codec import OrjsonCodec
    from resolvers.site.meters import MeteredEngine, count_fallback
    from schema.engine.compiled.execution import CompiledExecution
    from schema.engine.limits import DocumentLimits
    from schema.errors import error_of, tell_fault

    schema, codec = build_schema(), OrjsonCodec()
    bounds = ("max_tokens", "max_depth", "max_aliases", "max_cost", "persisted_queries")
    return MeteredEngine(
        schema,
        DocumentLimits(**{name: getattr(settings, name) for name in bounds}),
        settings.introspection,
        codec=codec,
        error_of=error_of,
        on_fault=tell_fault,
        operation_s=settings.operation_s,
        execution=CompiledExecution(schema, None, count_fallback, codec) if settings.compiled else None,
        allowance=allowance,
    )


@asynccontextmanager
async def composed(settings: Settings, *, jobs: bool = True) -> AsyncIterator[Site]:
    """Everything that one process serves, over the database that the settings name."""
    from persistence.access.spending import policy_of, spending_of
    from persistence.store import opened
    from persistence.veil import new_veil
    from resolvers.downloads.statements import StatementFiles
    from resolvers.site.edge import EdgePolicy
    from resolvers.site.plan import SitePlan, site
    from schema.context import ContextGateway
    from schema.engine.allowance import Allowance
    from subscriptions.transports import transports

    spending = spending_of(settings)
    engine = build_engine(settings, Allowance(policy_of(settings), spending) if settings.budgets else None)
    plan = SitePlan(
        edge=EdgePolicy.of(settings.allowed_origins, settings.trusted_proxies, settings.sockets_per_address),
        request_bytes=settings.request_bytes,
        upload_bytes=settings.upload_bytes,
        new_veil=new_veil,
        explorer=settings.graphiql,
    )
    async with opened(settings) as store, spending.working(), store.working(jobs=jobs):
        gateway = ContextGateway(store.authenticator, store.reads, store.perform, store.feed)
        ping_s, queued = settings.socket_ping_s, settings.queued_messages
        stream, sockets = transports(engine, gateway, ping_s, queued)
        statements = StatementFiles(store.reads.statements)
        yield site(engine, gateway, stream, sockets, store.health, plan, statements)


def create_app(settings: Settings | None = None) -> Living:
    """The ASGI application of one process: of the environment's settings for uvicorn's `--factory`."""
    from resolvers.site.lifespan import Living

    chosen = settings or Settings()
    return Living(lambda: composed(chosen))


@cli.command()
def run(data: Annotated[bool, typer.Option(help="Load the demo's data.")] = True) -> None:
    """Serve the demo, with an embedded PostgreSQL unless DATABASE_URL is set."""
    from persistence.starting import bring_up_to_date, database_of, demo_settings, make_data

    async def prepared(settings: Settings, url: str) -> str:
        from persistence.demo.loading import guide, load_demo

        await bring_up_to_date(settings)
        return guide(await load_demo(settings, url), settings) if data else f"Serving {url}/graphql"

    with _in_order():
        settings = demo_settings()
        make_data(settings)
        with _listening(settings) as (listener, url), database_of(settings, load_areas) as ready:
            _serve(ready, listener, asyncio.run(prepared(ready, url)))


@cli.command()
def serve() -> None:
    """Serve for real; refuses to start until everything is set that needs to be."""
    from persistence.starting import bring_up_to_date, production_settings

    with _in_order():
        settings = production_settings()
        with _listening(settings) as (listener, url):
            asyncio.run(bring_up_to_date(settings))
            _serve(settings, listener, f"Serving {url}/graphql")


@cli.command(hidden=True)
def child(descriptor: int) -> None:
    """Serve on a socket that the parent has bound: one of several processes."""
    import socket

    from resolvers.site.children import end_with_parent

    end_with_parent()
    with _in_order(), socket.socket(fileno=descriptor) as listener:
        settings = Settings()
        logs.configure(settings.log_level)
        _serve_alone(settings, listener, None)


@cli.command()
def worker() -> None:
    """Run jobs and relay events, and serve nothing."""
    from persistence.starting import production_settings
    from persistence.store import opened

    async def work(settings: Settings) -> None:
        async with opened(settings) as store, store.working():
            await asyncio.Event().wait()

    with _in_order():
        settings = production_settings()
        load_areas()
        asyncio.run(work(settings))


@cli.command()
def migrate() -> None:
    """Bring the database of DATABASE_URL up to date."""
    from persistence.starting import bring_up_to_date, stored_settings

    with _in_order():
        asyncio.run(bring_up_to_date(stored_settings()))


@cli.command("rotate-keys")
def rotate_keys(
    reencrypt: Annotated[bool, typer.Option(help="Encrypt every card anew, under new data keys.")] = False,
) -> None:
    """Make a new root key for cards and wrap every data key under it, while the server runs."""
    from persistence.cards.rotation import rotated
    from persistence.starting import stored_settings

    with _in_order():
        print(asyncio.run(rotated(stored_settings(), reencrypt=reencrypt)))


@cli.command("trust-documents")
def trust_documents(
    file: Annotated[Path, typer.Argument(help="Documents by their ids, in JSON.")],
    channel: Annotated[str, typer.Option(help="A channel's code; the channels below it are meant too.")],
    only: Annotated[bool | None, typer.Option("--only/--any", help="May nothing else be run?")] = None,
    replace: Annotated[bool, typer.Option(help="Withdraw what is not in the file.")] = False,
) -> None:
    """Register the documents of a channel's front ends, so that they are sent by their ids."""
    from persistence.access.manifest import registered
    from persistence.starting import stored_settings
    from schema.engine.persisted import unusable

    with _in_order():
        settings = stored_settings()
        wrong = partial(unusable, build_engine(settings).documents)
        print(asyncio.run(registered(settings, file, channel, wrong, only=only, replace=replace)))


@cli.command("create-agent")
def create_agent(
    email: str,
    name: str,
    password: Annotated[
        str,
        typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, envvar="QUANYI_NEW_PASSWORD"),
    ],
    channel: Annotated[str, typer.Option(help="A channel's code; the root's in an empty database.")] = "hq",
    role: Annotated[list[str] | None, typer.Option(help="A role, or several; OWNER if none.")] = None,
) -> None:
    """Make somebody who can sign in; in an empty database headquarters too, for its first owner."""
    from persistence.access.first import settle
    from persistence.starting import stored_settings

    with _in_order():
        settings = stored_settings()
        load_areas()
        asyncio.run(settle(settings, email, name, channel, role or ["OWNER"], password))
        print(f"{email} can sign in to {channel}.")


@cli.command()
def sdl() -> None:
    """Print the schema in GraphQL's own language."""
    print(build_schema().as_str())


def _in_order() -> AbstractContextManager[None]:
    """Ctrl-C and SIGTERM end the block, whatever it is at, and are no error; what cannot start says why."""
    from domain.refusals import Refusal
    from persistence.starting import CannotStart
    from resolvers.site.ending import in_order
    from resolvers.site.listener import CannotListen

    return in_order(CannotStart, CannotListen, Refusal)


@contextmanager
def _listening(settings: Settings) -> Iterator[tuple[socket.socket, str]]:
    """The server's socket and address, taken before anything slow is begun."""
    from resolvers.site.listener import bound, url_of

    with bound(settings.host, settings.port) as listener:
        yield listener, url_of(listener)


def _serve(settings: Settings, listener: socket.socket, banner: str) -> None:
    """Serve in this process, or in several children of it."""
    if settings.workers == 1:
        _serve_alone(settings, listener, banner)
        return
    from resolvers.site.children import Children
    from resolvers.site.meters import shared_directory

    command = [sys.executable, str(Path(__file__).resolve()), "child", str(listener.fileno())]
    with shared_directory(settings.data / "metrics") as metered:
        environment = {**os.environ, **settings.environment(), **metered}
        children = Children(command, environment, listener, started=lambda: print(banner, flush=True))
        children.run(settings.workers, settings.shutdown_s + 10)


def _serve_alone(settings: Settings, listener: socket.socket, banner: str | None) -> None:
    from resolvers.site.listener import serve

    serve(
        create_app(settings),
        listener,
        settings.shutdown_s,
        started=lambda: None if banner is None else print(banner, flush=True),
    )


if __name__ == "__main__":
    cli()
