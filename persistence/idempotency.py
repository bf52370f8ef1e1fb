"""Repeated keys: the first request's answer is kept and given again, another request is refused."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import TypeAdapter

from domain.access.identifiers import storable
from domain.refusals import IdempotencyConflict, InvalidInput
from persistence.statements import Connection, Statement

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.commands import IdempotentCommand

LONGEST_KEY = 255
"""Characters of a key, as Stripe allows."""

_CLAIM = Statement(
    """INSERT INTO idempotency (scope, key, operation, body_hash) VALUES (:scope, :key, :operation, :body)
       ON CONFLICT DO NOTHING RETURNING true"""
)
_READ = Statement("SELECT operation, body_hash, result FROM idempotency WHERE scope = :scope AND key = :key")
_KEEP = Statement("UPDATE idempotency SET result = :result WHERE scope = :scope AND key = :key")

_RELEASE = Statement("DELETE FROM idempotency WHERE scope = :scope AND key = :key")


async def replay(connection: Connection, command: IdempotentCommand, caller: Caller) -> Any:
    """Claim the key, or answer what its first use answered; None when this is the first use.

    A twin that runs at the same moment waits here, on the primary key, until the first has committed.
    Raises IdempotencyConflict when the key belongs to another request.
    """
    key = command.idempotency_key
    if not 0 < len(key) <= LONGEST_KEY or not storable(key):
        raise InvalidInput(f"An idempotencyKey has 1 to {LONGEST_KEY} characters.", "idempotencyKey")
    scope, operation = caller.idempotency_scope, type(command).__name__
    body = _fingerprint(command)
    for _ in range(3):
        if await _CLAIM.value(connection, scope=scope, key=key, operation=operation, body=body):
            return None
        row = await _READ.one(connection, scope=scope, key=key)
        if row is None:
            continue  # the first use was refused and rolled back between the two statements
        if row["operation"] != operation or row["body_hash"] != body:
            raise IdempotencyConflict()
        return _decode(row["result"])
    raise IdempotencyConflict()


async def release(connection: Connection, command: IdempotentCommand, caller: Caller) -> None:
    """Give a claimed key back: its request was refused, though something of it is kept."""
    await _RELEASE.run(connection, scope=caller.idempotency_scope, key=command.idempotency_key)


async def keep(connection: Connection, command: IdempotentCommand, caller: Caller, answer: Any) -> None:
    """Store the answer for later repeats."""
    await _KEEP.run(
        connection, scope=caller.idempotency_scope, key=command.idempotency_key, result=_encode(answer)
    )


def _fingerprint(command: IdempotentCommand) -> bytes:
    body = {
        f.name: getattr(command, f.name) for f in dataclasses.fields(command) if f.name != "idempotency_key"
    }
    return hashlib.sha256(orjson.dumps(body, default=repr, option=orjson.OPT_SORT_KEYS)).digest()


def _encode(answer: Any) -> dict[str, Any]:
    kind = type(answer)
    value = _adapter(kind).dump_python(answer, mode="json")
    return {"type": f"{kind.__module__}:{kind.__qualname__}", "value": value}


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
