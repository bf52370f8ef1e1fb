"""Deposits from before there was a ledger become its first transfers."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from persistence.database import Database
from persistence.migrations import run
from tests.ledger.bank import Bank

VERSIONS = Path(run.__file__).parent / "versions"
BEFORE = """
DROP TABLE ledger_account, ledger_transfer, ledger_entry, ledger_delta, ledger_vesting, ledger_checkpoint,
           ledger_checkpoint_sum;
DROP FUNCTION refuse_unbalanced_transfers, refuse_rewriting_the_ledger, ledger_moment;
CREATE TABLE account (
    channel_id uuid PRIMARY KEY REFERENCES channel (id), currency text NOT NULL DEFAULT 'CNY',
    balance_minor bigint NOT NULL DEFAULT 0, held_minor bigint NOT NULL DEFAULT 0,
    credit_minor bigint NOT NULL DEFAULT 0);
INSERT INTO account (channel_id, balance_minor, credit_minor)
SELECT id, CASE code WHEN 's' THEN 20000 WHEN 'p' THEN -700 ELSE 0 END,
       CASE code WHEN 'p' THEN 1000 ELSE 0 END FROM channel
"""


def _run(connection: Any) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        for name in ("0006_ledger", next(VERSIONS.glob("*_ledger_checkpoint.py")).stem):
            importlib.import_module(f"persistence.migrations.versions.{name}").upgrade()


async def test_deposits_are_taken_over(bank: Bank, dsn: str) -> None:
    await bank.database.close()
    engine = create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool)
    async with engine.begin() as connection:
        for statement in BEFORE.split(";\n"):
            await connection.exec_driver_sql(statement)
        await connection.run_sync(_run)
    await engine.dispose()
    now = Bank(await Database.open(dsn, size=2), bank.channels)
    assert await now.balance("S") == (20_000, 0, 0, 0)
    assert await now.balance("P") == (-700, 0, 0, 0)
    assert await now.headquarters() == {"PAYMENT_CLEARING": -19_300}
    assert await now.value("SELECT count(*) FROM ledger_transfer WHERE type = 'OPENING'") == 2
    assert await now.value("SELECT to_regclass('account')") is None
    assert await now.differences() == []
    await now.database.close()
