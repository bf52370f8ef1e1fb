"""A recipe as a script of pgbench: the same statements in the same transactions, driven by a program in C."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from benchmarks.recording import Block, Call, Cell, Fresh, Recipe

_PARAMETER = re.compile(r"\$(\d+)")
_QUOTED = re.compile(r"'([^']*)'")
_SPACE = re.compile(r"\s+")


def script_of(recipe: Recipe) -> str:
    """What `pgbench -f` runs for one request; needs PostgreSQL 18 for ids that sort by time."""
    calls = [call for block in recipe for call in block.calls]
    fresh = list(dict.fromkeys(one for call in calls for one in _of(Fresh, call.arguments)))
    told = {cell.call for call in calls for cell in _of(Cell, call.arguments)}
    made = ", ".join(f"{_made(one)} AS fresh_{one.number}" for one in fresh)
    parts = [f"SELECT {made} \\gset"] if made else []
    for block in recipe:
        parts += _block(block, told, {call.number: call for call in calls})
    return "\n".join(parts) + "\n"


def _block(block: Block, told: set[int], calls: Mapping[int, Call]) -> list[str]:
    said = []
    for call in block.calls:
        text = _SPACE.sub(" ", _filled(call, calls)).strip()
        said.append(f"{text} \\gset call_{call.number}_" if call.number in told else f"{text};")
    return ["BEGIN;", *said, "COMMIT;"] if block.transactional else said


def _filled(call: Call, calls: Mapping[int, Call]) -> str:
    """Parameters take a place in the text only here, so nobody else's text is ever among them."""
    sql = _QUOTED.sub(lambda found: _literal(found[1]) if ":" in found[1] else found[0], call.sql)
    return _PARAMETER.sub(lambda found: _value(call.arguments[int(found[1]) - 1], calls), sql)


def _made(fresh: Fresh) -> str:
    return "replace(uuidv7()::text, '-', '')" if fresh.text else "uuidv7()"


def _value(value: Any, calls: Mapping[int, Call]) -> str:
    if isinstance(value, Fresh):
        return f":fresh_{value.number}"
    if isinstance(value, Cell):
        return f":call_{value.call}_{calls[value.call].columns[value.column]}"
    if isinstance(value, list):
        return f"ARRAY[{', '.join(_value(one, calls) for one in value)}]::text[]"
    if value is None:
        return "NULL"
    if isinstance(value, bool | int):
        return str(value).lower()
    return _literal(_written(value))


def _written(value: Any) -> str:
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, timedelta):
        return f"{value.total_seconds()} seconds"
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, str | UUID) else json.dumps(value, default=str)


def _literal(text: str) -> str:
    """Pgbench reads a colon and a word as a variable even between quotes."""
    quoted = text.replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a")
    return f"E'{quoted}'"


def _of(kind: type[Any], arguments: Iterable[Any]) -> Iterable[Any]:
    for one in arguments:
        if isinstance(one, list):
            yield from _of(kind, one)
        elif isinstance(one, kind):
            yield one
