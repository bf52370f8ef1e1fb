"""The books against their entries: `python -m persistence.ledger.check` tells every difference.

Reads all entries in one statement, so that what is compared is of one moment; ends with 1 where anything
differs.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from persistence.statements import Statement

if TYPE_CHECKING:
    from persistence.database import Database

_DIFFERENCES = Statement(
    """WITH said AS (
           SELECT a.id, a.balance_minor + coalesce(sum(d.minor), 0) AS minor
             FROM ledger_account a LEFT JOIN ledger_delta d ON d.account_id = a.id GROUP BY a.id),
       entered AS (SELECT account_id, sum(minor) AS minor FROM ledger_entry GROUP BY account_id)
       SELECT a.kind, a.channel_id, a.currency, CAST(coalesce(s.minor, 0) AS bigint) AS said,
              CAST(coalesce(e.minor, 0) AS bigint) AS entered
         FROM said s FULL JOIN entered e ON e.account_id = s.id
         LEFT JOIN ledger_account a ON a.id = coalesce(s.id, e.account_id)
        WHERE coalesce(s.minor, 0) <> coalesce(e.minor, 0)
        UNION ALL
       SELECT 'EVERYTHING', NULL, a.currency, 0, CAST(sum(e.minor) AS bigint)
         FROM entered e JOIN ledger_account a ON a.id = e.account_id
        GROUP BY a.currency HAVING sum(e.minor) <> 0
        ORDER BY 1, 2, 3"""
)


@dataclass(frozen=True, slots=True)
class Difference:
    """An account whose balance is not the sum of its entries, or a currency whose entries are not zero."""

    account: str
    currency: str
    said_minor: int
    entered_minor: int

    def __str__(self) -> str:
        return (
            f"{self.account} {self.currency}: the balance says {self.said_minor}, "
            f"its entries sum to {self.entered_minor}"
        )


async def differences(database: Database) -> list[Difference]:
    """Everything that does not agree; empty where the books are right."""
    async with database.connection() as connection:
        rows = await _DIFFERENCES.all(connection)
    return [Difference(_name(row), row["currency"] or "", row["said"], row["entered"]) for row in rows]


def _name(row: Any) -> str:
    return f"{row['kind']}:{row['channel_id']}" if row["channel_id"] else str(row["kind"])


async def _checked() -> int:
    from persistence.database import Database
    from persistence.starting import stored_settings

    url = stored_settings().database_url
    assert url is not None
    database = await Database.open(url, size=1)
    try:
        found = await differences(database)
    finally:
        await database.close()
    for one in found:
        sys.stdout.write(f"{one}\n")
    if not found:
        sys.stdout.write("Every balance is the sum of its entries.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_checked()))
