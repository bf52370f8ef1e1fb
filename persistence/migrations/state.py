"""How new a database is, without the machinery that migrates it: for the start and for the probe."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

_VERSIONS = Path(__file__).parent / "versions"


@lru_cache(maxsize=1)
def newest() -> str:
    """The last revision: files are named by their numbers, which only grow."""
    return max(file.name.partition("_")[0] for file in _VERSIONS.glob("[0-9]*.py"))


async def is_current(connection: Any) -> bool:
    """Whether every migration has run; False for an empty database too."""
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        return False
    found = await connection.fetchval("SELECT version_num FROM alembic_version")
    return bool(found == newest())
