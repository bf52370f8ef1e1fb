"""The search for secrets wherever something is kept or said, in whatever form they were written down."""

from __future__ import annotations

import asyncio
import base64
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

import httpx2
from redis.asyncio import Redis

from persistence.embedded import RunningDatabase
from tests.promises.trade import Trade
from tests.server_process import ServerProcess

PART = 14
"""So many characters of a secret give it away: more than its masked form shows, or a token's prefix."""

OPEN_FILES = frozenset({"keys.json", "messages.jsonl"})
"""The root keys, and the demo's letter box, hold secrets on purpose."""

_CODE = re.compile(r"\d{6}")
_MICROSECONDS = re.compile(r"\.\d{6}\b")
_CARDS = re.compile(r"^COPY public\.card(_event)? .*?^\\\.$", re.DOTALL | re.MULTILINE)

TOLD = """
ALTER DATABASE {name} SET log_statement = 'all';
ALTER DATABASE {name} SET log_min_error_statement = 'error';
ALTER DATABASE {name} SET log_error_verbosity = 'default';
ALTER DATABASE {name} SET log_parameter_max_length = -1;
ALTER DATABASE {name} SET log_parameter_max_length_on_error = -1
"""
"""Has PostgreSQL write down every statement with every parameter: stricter than any operator would."""


def forms(secret: str) -> set[str]:
    """How a secret may look where it was written down by mistake."""
    plain = {secret, secret.replace("-", ""), secret.lower(), secret.upper()}
    parts = {one[:PART] for one in plain} | {one[-PART:] for one in plain} if len(secret) > PART else plain
    found = set(parts)
    for one in parts:
        data = one.encode()
        found |= {data.hex(), data.hex().upper(), one.encode("utf-16-le").hex(), quote(one, safe="")}
        # Base64 of a longer text has it in one of three alignments; its ends depend on the neighbours.
        found |= {base64.b64encode(b"\0" * shift + data).decode()[4:-4] for shift in range(3)}
    return {form for form in found if len(form) >= 6}


def found(secrets: Mapping[str, str], places: Mapping[str, str]) -> list[tuple[str, str]]:
    """(name of a secret, place) for each that can be read there."""
    return [
        (name, place)
        for name, secret in secrets.items()
        for place, text in places.items()
        if _is_in(secret, text)
    ]


def _is_in(secret: str, text: str) -> bool:
    if _CODE.fullmatch(secret):
        # Six digits are also in times and in hashes: those are left out.
        bare = _MICROSECONDS.sub("", _CARDS.sub("", text))
        return re.search(rf"(?<![0-9a-fA-F]){secret}(?![0-9a-fA-F])", bare) is not None
    return any(form in text for form in forms(secret))


async def places(
    trade: Trade, cluster: RunningDatabase, server: ServerProcess, valkey: str, answers: Iterable[str]
) -> dict[str, str]:
    """Everything that is kept or said, by where."""
    async with httpx2.AsyncClient(trust_env=False) as http:
        metrics = (await http.get(f"{server.url}/metrics")).text
    return {
        "dump": await asyncio.to_thread(_dumped, cluster.bin_dir / "pg_dump", trade.dsn),
        "PostgreSQL's log": await asyncio.to_thread(cluster.log_path.read_text),
        "standard output": server.output,
        "our log": server.log,
        "metrics": metrics,
        "answers": "\n".join(answers),
        "Valkey": await _kept_in(valkey),
        "files": await asyncio.to_thread(_files, trade.data),
    }


def _dumped(program: Path, dsn: str) -> str:
    return subprocess.run([program, "--dbname", dsn], check=True, capture_output=True, text=True).stdout


def _files(directory: Path) -> str:
    paths = (path for path in sorted(directory.rglob("*")) if path.is_file() and path.name not in OPEN_FILES)
    return "\n".join(f"{path}\n{path.read_bytes().decode('latin-1')}" for path in paths)


async def _kept_in(valkey: str) -> str:
    redis: Redis = Redis.from_url(valkey.replace("valkey://", "redis://"))
    try:
        keys = [key async for key in redis.scan_iter()]
        return str([(key, await redis.dump(key)) for key in keys])
    finally:
        await redis.aclose()
