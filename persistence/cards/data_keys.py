"""Data keys as the database keeps them: wrapped, one for each batch, two while a batch is encrypted anew."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from persistence.cards.vault import CannotOpen, WrappedKey
from persistence.statements import Connection, Statement

if TYPE_CHECKING:
    from domain.cards.secret import Secret
    from persistence.cards.vault import Vault

_ADD = Statement(
    "INSERT INTO data_key (id, batch_id, kek_id, wrapped) VALUES (:id, :batch_id, :kek_id, :wrapped)"
)
_READ = Statement("SELECT id, wrapped FROM data_key WHERE id = ANY(CAST(:ids AS uuid[]))")


async def add(connection: Connection, batch_id: UUID | None, key: WrappedKey) -> None:
    """Keep the new key of a batch of cards, or of something else that is sealed."""
    await _ADD.run(connection, id=key.id, batch_id=batch_id, kek_id=key.kek_id, wrapped=key.wrapped)


async def read(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, WrappedKey]:
    """The wrapped keys of these ids (a card's `key_id`, a batch's `key_id`)."""
    rows = await _READ.all(connection, ids=list(set(ids)))
    return {row["id"]: WrappedKey(row["id"], row["wrapped"]) for row in rows}


async def open_card(
    connection: Connection, vault: Vault, key_id: UUID, card_id: UUID, field: str, sealed: bytes
) -> Secret:
    """One sealed field (`secret` or `number`) of a card; raises `CannotOpen`."""
    key = (await read(connection, [key_id])).get(key_id)
    if key is None:
        raise CannotOpen
    return vault.open(key, card_id, field, sealed)
