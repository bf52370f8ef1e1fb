"""Turning the key that wraps all others, while the server runs: a few rows at a time, and no table is locked.

A rotation that was interrupted is finished by the next one, before that makes another key. Once `left_behind`
says that nothing depends on an old root key, it can be removed from the ring.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING
from uuid import UUID

from domain.cards.keys import KeyPurpose, KeysAreFixed
from domain.cards.secret import Secret
from domain.ids import new_id
from persistence.access.sealing import wrapped_again, wrapped_under
from persistence.cards import data_keys
from persistence.cards.batch_sql import GATE
from persistence.cards.vault import Vault, WrappedKey
from persistence.statements import Statement
from persistence.store import opened

if TYPE_CHECKING:
    import asyncpg

    from persistence.cards.vault import Sealing
    from persistence.database import Database
    from persistence.settings import Settings

KEYS_AT_ONCE = 100
CARDS_AT_ONCE = 500
"""Cards that a transaction encrypts anew; sales of their SKU wait for it, some milliseconds."""

_STALE = Statement(
    """SELECT id, wrapped FROM data_key WHERE kek_id <> :current ORDER BY id LIMIT :limit
          FOR UPDATE SKIP LOCKED"""
)
_REWRAP = Statement("UPDATE data_key SET kek_id = :kek_id, wrapped = :wrapped WHERE id = :id")
_COUNT = Statement("SELECT kek_id, count(*) AS count FROM data_key GROUP BY kek_id")

_SEALED_ELSEWHERE = {
    "portal_key": ("channel_id", "wrapped_key"),
    "agent": ("id", "one_time_secret"),
}
"""Texts of the access area that carry a data key of their own: table → (its key, the sealed text)."""

_BATCHES = Statement(
    """SELECT b.id, b.variant_id, k.id AS old_id FROM data_key k JOIN card_batch b ON b.id = k.batch_id
        WHERE k.kek_id <> :current AND b.status IN ('SUCCEEDED', 'FAILED', 'WITHDRAWN') ORDER BY b.id"""
)
_TARGET = Statement("SELECT key_id FROM card_batch WHERE id = :id FOR NO KEY UPDATE")
_TURN = Statement("UPDATE card_batch SET key_id = :key_id WHERE id = :id")
_CARDS = Statement(
    """SELECT id, secret_ciphertext, number_ciphertext FROM card
        WHERE batch_id = :batch AND key_id = :old AND (CAST(:behind AS uuid) IS NULL OR id > :behind)
        ORDER BY id LIMIT :limit"""
)
_REPLACE = Statement(
    """UPDATE card c SET secret_ciphertext = n.secret, number_ciphertext = n.number, key_id = :new
         FROM unnest(CAST(:ids AS uuid[]), CAST(:secrets AS bytea[]), CAST(:numbers AS bytea[]))
              AS n (id, secret, number)
        WHERE c.id = n.id AND c.key_id = :old"""
)
_FORGET = Statement(
    """DELETE FROM data_key k WHERE k.id = :old
          AND NOT EXISTS (SELECT FROM card c WHERE c.batch_id = :batch AND c.key_id = :old)"""
)


async def rotated(settings: Settings, *, reencrypt: bool = False) -> str:
    """Rotate what the settings name, as `rotate_cards` says; sentences on what was done and what is left."""
    async with opened(settings) as store:
        done = await rotate_cards(store.database, store.tools.vault, reencrypt=reencrypt)
        left = await left_behind(store.database, store.tools.vault)
    more = [f"{count} keys still need the root key {id_}: run this again." for id_, count in left.items()]
    return "\n".join([f"{done} keys turned.", *more])


async def rotate_cards(database: Database, vault: Vault, *, reencrypt: bool = False) -> int:
    """Make a new root key and wrap every data key under it; how many were wrapped.

    With `reencrypt` the cards of finished batches get a new data key instead, each card encrypted anew. A
    ring from the environment is turned by its operator: then only what is left behind is wrapped again.
    """
    if not await left_behind(database, vault):
        try:
            await asyncio.to_thread(vault.keys.rotate, KeyPurpose.CARD)
        except KeysAreFixed:
            return 0
    done = await _encrypt_anew(database, vault) if reencrypt else await _wrap_again(database, vault)
    return done + await _wrap_elsewhere(database, vault)


async def left_behind(database: Database, vault: Vault) -> dict[str, int]:
    """How many data keys still depend on each root key that is not the newest; empty when they can go."""
    current = vault.keys.current(KeyPurpose.CARD).id
    async with database.connection() as connection:
        found = Counter({row["kek_id"]: row["count"] for row in await _COUNT.all(connection)})
        for table in _SEALED_ELSEWHERE:
            found.update(wrapped_under(row["sealed"]) for row in await _sealed(connection, table))
    return {kek_id: count for kek_id, count in sorted(found.items()) if kek_id != current}


async def _wrap_again(database: Database, vault: Vault) -> int:
    done = 0
    while True:
        current = vault.keys.current(KeyPurpose.CARD).id
        async with database.transaction() as connection:
            rows = await _STALE.all(connection, current=current, limit=KEYS_AT_ONCE)
            again = [vault.rewrap(WrappedKey(row["id"], row["wrapped"])) for row in rows]
            values = [{"id": key.id, "kek_id": key.kek_id, "wrapped": key.wrapped} for key in again]
            await _REWRAP.many(connection, values)
        if not rows:
            return done
        done += len(rows)


async def _wrap_elsewhere(database: Database, vault: Vault) -> int:
    """The same for sealed texts; one that was replaced meanwhile is under the new key already."""
    done, current = 0, vault.keys.current(KeyPurpose.CARD).id
    for table, (key, column) in _SEALED_ELSEWHERE.items():
        replace = Statement(f"UPDATE {table} SET {column} = :again WHERE {key} = :id AND {column} = :sealed")
        async with database.connection() as connection:
            for row in await _sealed(connection, table):
                if wrapped_under(row["sealed"]) != current:
                    again = wrapped_again(vault, row["sealed"])
                    done += await replace.run(connection, id=row["id"], sealed=row["sealed"], again=again)
    return done


async def _sealed(connection: asyncpg.pool.PoolConnectionProxy, table: str) -> list[asyncpg.Record]:
    key, column = _SEALED_ELSEWHERE[table]
    return await connection.fetch(
        f"SELECT {key} AS id, {column} AS sealed FROM {table} WHERE {column} IS NOT NULL"
    )


async def _encrypt_anew(database: Database, vault: Vault) -> int:
    async with database.connection() as connection:
        batches = await _BATCHES.all(connection, current=vault.keys.current(KeyPurpose.CARD).id)
    for batch in batches:
        old, new = await _keys_of(database, vault, batch["id"], batch["old_id"])
        behind: UUID | None = None
        while True:
            async with database.connection() as connection:
                rows = await _CARDS.all(
                    connection, batch=batch["id"], old=old.id, behind=behind, limit=CARDS_AT_ONCE
                )
            if not rows:
                break
            await _replace(database, vault, batch["variant_id"], old, new, rows)
            behind = rows[-1]["id"]
        async with database.transaction() as connection:
            await _FORGET.run(connection, old=old.id, batch=batch["id"])
    return len(batches)


async def _keys_of(
    database: Database, vault: Vault, batch_id: UUID, old_id: UUID
) -> tuple[WrappedKey, WrappedKey]:
    """The stale key and the one that takes its place, which an interrupted run may have made already."""
    async with database.transaction() as connection:
        target: UUID = await _TARGET.value(connection, id=batch_id)
        if target == old_id:
            key = vault.new_data_key(new_id())
            await data_keys.add(connection, batch_id, key)
            await _TURN.run(connection, id=batch_id, key_id=key.id)
            target = key.id
        keys = await data_keys.read(connection, [old_id, target])
    return keys[old_id], keys[target]


async def _replace(
    database: Database,
    vault: Vault,
    variant_id: UUID,
    old: WrappedKey,
    new: WrappedKey,
    rows: list[asyncpg.Record],
) -> None:
    """Write some cards' new ciphertexts; a card that another run has turned already is left alone."""
    secrets, numbers = await asyncio.to_thread(_sealed_anew, vault, old, new, rows)
    async with database.transaction() as connection:
        # The gate first: a sale would pass over cards that are locked here, and leave them behind for good.
        await GATE.all(connection, variant=variant_id)
        ids = [row["id"] for row in rows]
        values = {"ids": ids, "secrets": secrets, "numbers": numbers}
        await _REPLACE.run(connection, old=old.id, new=new.id, **values)


def _sealed_anew(
    vault: Vault, old: WrappedKey, new: WrappedKey, rows: list[asyncpg.Record]
) -> tuple[list[bytes], list[bytes | None]]:
    there = [
        (row["id"], name, row[f"{name}_ciphertext"])
        for name in ("secret", "number")
        for row in rows
        if row[f"{name}_ciphertext"] is not None
    ]
    opened: list[Secret] = vault.open_many(old, there)
    fields: list[Sealing] = [(at[0], at[1], text) for at, text in zip(there, opened, strict=True)]
    sealed = dict(zip([(at[0], at[1]) for at in there], vault.seal(new, fields), strict=True))
    secrets = [sealed[row["id"], "secret"] for row in rows]
    return secrets, [sealed.get((row["id"], "number")) for row in rows]
