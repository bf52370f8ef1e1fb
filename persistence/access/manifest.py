"""Manifests of documents, as the build of a front end writes them."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson

from domain.refusals import InvalidInput
from persistence.access.trusted import trust
from persistence.starting import CannotStart
from persistence.store import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from persistence.settings import Settings

HASHED = "sha256:"
_ID = re.compile("[!-~]{1,200}")


def read_manifest(file: Path) -> dict[str, str]:
    """Documents by their ids, of `{id: text}` (Relay, codegen) or `{operations: [{id, body}]}` (Apollo).

    Raises InvalidInput, which says what is wrong with the file.
    """
    try:
        said = orjson.loads(file.read_bytes())
    except OSError as problem:
        raise _wrong(f"{file} cannot be read: {problem.strerror}.") from None
    except orjson.JSONDecodeError as problem:
        raise _wrong(f"{file} is not JSON: {problem.msg}.") from None
    pairs = list(_pairs(said))
    texts = dict(pairs)
    if not texts or len(texts) < len(pairs):
        raise _wrong(f"{file} holds no documents, or two of one id.")
    for id_, text in texts.items():
        if not (isinstance(id_, str) and _ID.fullmatch(id_) and isinstance(text, str) and text.strip()):
            raise _wrong("A document is a text with an id of 1 to 200 characters of ASCII without spaces.")
        if id_.startswith(HASHED) and id_ != HASHED + sha256(text.encode()).hexdigest():
            raise _wrong(f"{id_} is not the SHA-256 of its document.")
    return {id_.removeprefix(HASHED): text for id_, text in texts.items()}


async def registered(
    settings: Settings,
    file: Path,
    channel: str,
    wrong: Callable[[Mapping[str, str]], list[str]],
    *,
    only: bool | None,
    replace: bool,
) -> str:
    """Register the documents of a file for a channel, as `trust` says; a sentence on what was done.

    Raises InvalidInput, NotFound, and CannotStart with what `wrong` finds.
    """
    texts = read_manifest(file)
    if problems := wrong(texts):
        raise CannotStart(*problems)
    async with opened(settings) as store:
        new, withdrawn = await trust(store.database, channel, texts, only=only, replace=replace)
    return f"{new} documents are new, {withdrawn} were withdrawn."


def _pairs(said: Any) -> list[tuple[Any, Any]]:
    operations = said.get("operations") if isinstance(said, dict) else None
    if isinstance(operations, list) and all(isinstance(one, dict) for one in operations):
        return [(one.get("id"), one.get("body")) for one in operations]
    if isinstance(said, dict):
        return list(said.items())
    raise _wrong("A manifest is an object of ids and documents, or has 'operations' with id and body.")


def _wrong(reason: str) -> InvalidInput:
    return InvalidInput(reason, "file")
