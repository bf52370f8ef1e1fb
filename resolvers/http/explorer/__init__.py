"""GraphiQL for a browser at /graphql, served by ourselves, so that no page of ours loads code from
elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from html import escape
from importlib.util import find_spec
from pathlib import Path

from resolvers.http.exchange import Exchange
from schema.engine.refused import refusal

_PACKAGE = "graphene_django_graphiql_static"
"""A package that is nothing but GraphiQL's published build; its Python code is never imported."""
_BUILD = ("graphiql.min.js", "graphiql.min.css", "react.production.min.js", "react-dom.production.min.js")
_OWN = ("start.js", "style.css")
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_HERE = Path(__file__).parent

# GraphiQL's editor sets styles on elements and brings its fonts in its style sheet; scripts are ours only.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src data:; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Mapping[str, str] = {
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
    "vary": "accept",
}


class Explorer:
    """The page and its files. LookupError at start when the package with GraphiQL's build is not
    installed.
    """

    def __init__(self, title: str = "GraphiQL") -> None:
        self._folder = _build_folder()
        self._title = title

    async def serve(self, exchange: Exchange, wants_page: bool) -> bool:
        """Answer a GET that is for the page or one of its files; False when it is for the API."""
        path: str = exchange.scope["path"]
        _, mark, name = path.rpartition("/explorer/")
        if mark:
            await self._file(exchange, name)
            return True
        if wants_page:
            page = (
                _template()
                .replace("{{title}}", escape(self._title))
                .replace("{{path}}", escape(path.rstrip("/")))
            )
            await exchange.respond(200, "text/html; charset=utf-8", page.encode(), _HEADERS)
        return wants_page

    async def _file(self, exchange: Exchange, name: str) -> None:
        folder = self._folder if name in _BUILD else _HERE if name in _OWN else None
        if folder is None:
            raise refusal("NOT_FOUND", "The explorer has no such file.", status=404)
        body = _read(folder / name)
        kind = _TYPES[Path(name).suffix]
        await exchange.respond(200, kind, body, {"cache-control": "public, max-age=3600"})


def _build_folder() -> Path:
    spec = find_spec(_PACKAGE)
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / "static" / _PACKAGE
        if all((folder / name).is_file() for name in _BUILD):
            return folder
    raise LookupError("GraphiQL is not installed: install graphene-django-graphiql-static, or switch it off.")


@lru_cache(maxsize=16)
def _read(path: Path) -> bytes:
    return path.read_bytes()


@lru_cache(maxsize=1)
def _template() -> str:
    return (_HERE / "page.html").read_text("utf-8")
