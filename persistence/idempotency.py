"""Repeated keys: the first request's answer is kept and given again, another request is refused."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter

from domain.access.identifiers import storable
from domain.refusals import IdempotencyConflict, InvalidInput
from persistence.statements import Connection, Statement

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.commands import IdempotentCommand
    from persistence.work import Work

LONGEST_KEY = 255
"""Characters of a key, as Stripe allows."""

_CLAIM = Statement(
    """WITH asked AS MATERIALIZED (
           SELECT * FROM unnest(CAST(:scopes AS text[]), CAST(:keys AS text[]), CAST(:operations AS text[]),
                                CAST(:bodies AS bytea[]))
                         WITH ORDINALITY AS a (scope, key, operation, body, n)),
       claimed AS (
           INSERT INTO idempotency (scope, key, operation, body_hash)
           SELECT scope, key, operation, body FROM asked ORDER BY scope, key
           ON CONFLICT DO NOTHING RETURNING scope, key)
       SELECT now() AS now, array(SELECT a.n FROM claimed JOIN asked a USING (scope, key)) AS first"""
)
"""In the order of the keys, so that transactions that claim the same keys never wait for each other."""

_READ = Statement(
    """SELECT a.n, i.operation, i.body_hash, i.result
         FROM unnest(CAST(:scopes AS text[]), CAST(:keys AS text[])) WITH ORDINALITY AS a (scope, key, n)
         JOIN idempotency i USING (scope, key)"""
)
KEEP = """UPDATE idempotency i SET result = CAST(a.result AS jsonb)
         FROM unnest(CAST(:scopes AS text[]), CAST(:keys AS text[]), CAST(:results AS text[]))
              AS a (scope, key, result)
        WHERE i.scope = a.scope AND i.key = a.key"""
"""Store answers for later repeats."""

_RELEASE = Statement(
    """DELETE FROM idempotency i
        USING unnest(CAST(:scopes AS text[]), CAST(:keys AS text[])) AS a (scope, key)
        WHERE i.scope = a.scope AND i.key = a.key"""
)

_TRIES = 3
Request = tuple["IdempotentCommand", "Caller"]
Answered = tuple["IdempotentCommand", "Caller", Any]


class Claim(Enum):
    """What became of a key."""

    FIRST = "FIRST"
    """It is its first use."""
    GONE = "GONE"
    """Its first use was refused at this very moment: try again."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """What the first use of a key was answered."""

    answer: Any


Claimed = Claim | Repeated | IdempotencyConflict


def kept_key(scope: str, key: str) -> str:
    """What is stored in the place of a key, which may itself be a card's secret: 64 hexadecimal digits."""
    return hashlib.sha256(f"{scope}\n{key}".encode()).hexdigest()


def check(command: IdempotentCommand) -> None:
    """Raise InvalidInput for a key that cannot be kept."""
    key = command.idempotency_key
    if not 0 < len(key) <= LONGEST_KEY or not storable(key):
        raise InvalidInput(f"An idempotencyKey has 1 to {LONGEST_KEY} characters.", "idempotencyKey")


async def claim(connection: Connection, asked: Sequence[Request]) -> tuple[datetime, list[Claimed]]:
    """Claim keys that differ from one another; the transaction's moment, and what became of each.

    A twin that runs at the same moment waits here, on the primary key, until the first has committed.
    """
    bodies = [_fingerprint(command) for command, _ in asked]
    row = await _CLAIM.one(
        connection, **_keys(asked), operations=[_operation(command) for command, _ in asked], bodies=bodies
    )
    assert row is not None
    first = set(row["first"])
    found: list[Claimed] = [
        Claim.FIRST if number in first else Claim.GONE for number in range(1, len(asked) + 1)
    ]
    if len(first) < len(asked):
        for past in await _READ.all(connection, **_keys(asked)):
            at = past["n"] - 1
            if found[at] is Claim.GONE:
                same = past["operation"] == _operation(asked[at][0]) and past["body_hash"] == bodies[at]
                found[at] = Repeated(_decode(past["result"])) if same else IdempotencyConflict()
    return row["now"], found


async def replay(work: Work, command: IdempotentCommand, caller: Caller) -> Repeated | None:
    """Claim the key and begin the work, or answer what its first use answered; None when this is that.

    Raises IdempotencyConflict when the key belongs to another request.
    """
    for _ in range(_TRIES):
        work.now, (found,) = await claim(work.connection, [(command, caller)])
        if found is Claim.FIRST:
            return None
        if isinstance(found, IdempotencyConflict):
            raise found
        if isinstance(found, Repeated):
            return found
    raise IdempotencyConflict()


async def release(connection: Connection, asked: Sequence[Request]) -> None:
    """Give claimed keys back: their requests were refused, though something of the transaction is kept."""
    await _RELEASE.run(connection, **_keys(asked))


def values_of(answered: Sequence[Answered]) -> dict[str, list[str]]:
    """The values of `KEEP`."""
    requests = [(command, caller) for command, caller, _ in answered]
    return _keys(requests) | {"results": [_encode(answer) for _, _, answer in answered]}


def _keys(asked: Sequence[Request]) -> dict[str, list[str]]:
    scopes = [caller.idempotency_scope for _, caller in asked]
    said = [command.idempotency_key for command, _ in asked]
    return {"scopes": scopes, "keys": list(map(kept_key, scopes, said))}


def _operation(command: IdempotentCommand) -> str:
    return type(command).__name__


def _fingerprint(command: IdempotentCommand) -> bytes:
    body = {
        f.name: getattr(command, f.name) for f in dataclasses.fields(command) if f.name != "idempotency_key"
    }
    return hashlib.sha256(orjson.dumps(body, default=repr, option=orjson.OPT_SORT_KEYS)).digest()


def _encode(answer: Any) -> str:
    """JSON; orjson writes what most views are made of ten times as fast as pydantic."""
    kind = type(answer)
    name = f"{kind.__module__}:{kind.__qualname__}"
    try:
        return orjson.dumps({"type": name, "value": answer}, default=_id).decode()
    except TypeError:
        value = _adapter(kind).dump_python(answer, mode="json")
        return orjson.dumps({"type": name, "value": value}).decode()


def _id(value: Any) -> str:
    """The driver has a UUID of its own, which orjson does not know."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError


def _decode(stored: dict[str, Any]) -> Any:
    module, _, name = stored["type"].partition(":")
    if not module.startswith("domain."):
        raise TypeError(f"{module} holds no views.")
    kind = getattr(__import__(module, fromlist=[name]), name)
    return _adapter(kind).validate_python(stored["value"], strict=False)


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}


def _adapter(kind: Any) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
