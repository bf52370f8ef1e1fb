"""A process in which buyers take and pay seats of groups, to be killed at any moment; the keys stay the same.

python -m tests.promotions.killed DSN PATH PROMOTION CUSTOMERS    ids, joined by commas
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from uuid import UUID

from domain.access import permissions
from domain.access.callers import Caller, CallerKind
from domain.orders.place import PlaceOrder
from domain.payments.pay import PayOrder
from persistence.bells import LocalBell
from persistence.cards.vault import Vault
from persistence.database import Database
from persistence.perform import Performer
from persistence.work import Tools
from tests.cards.keyrings import MemoryKeys
from tests.orders.shop import line, settings_of


async def buy(perform: Performer, buyers: list[Caller], promotion: UUID, name: str) -> None:
    """One opens a group, the others join it, and each pays; answers are said as they come."""
    first, *others = buyers
    opens = PlaceOrder(f"{name}-0", (line("DRAW"),), group_of=promotion)
    order = await perform(opens, first)
    # The driver has a UUID of its own, which would be another request than a repeated answer's.
    group_id = UUID(str(order.group_id))
    joins = [
        perform(PlaceOrder(f"{name}-{n}", (line("DRAW"),), group_id=group_id), buyer)
        for n, buyer in enumerate(others, 1)
    ]
    orders = [order, *await asyncio.gather(*joins)]
    pays = [
        perform(PayOrder(f"{name}-pay-{n}", UUID(str(one.id)), "SANDBOX"), buyer)
        for n, (one, buyer) in enumerate(zip(orders, buyers, strict=True))
    ]
    for payment in asyncio.as_completed(pays):
        sys.stdout.write(f"{(await payment).order_id}\n")
        sys.stdout.flush()


async def all_of_them(perform: Performer, buyers: list[Caller], promotion: UUID) -> None:
    """Twelve groups at the same time."""
    await asyncio.gather(*(buy(perform, buyers, promotion, f"g{n}") for n in range(12)))


async def main(dsn: str, path: str, promotion: str, customers: str) -> None:
    database = await Database.open(dsn, size=8)
    perform = Performer(
        database, LocalBell(), Tools(Vault(MemoryKeys()), settings_of(Path(tempfile.gettempdir())))
    )
    places = tuple(map(UUID, path.split(",")))
    buyers = [
        Caller(
            CallerKind.CUSTOMER, permissions.CUSTOMER, UUID(one), channel_id=places[-1], channel_path=places
        )
        for one in customers.split(",")
    ]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await all_of_them(perform, buyers, UUID(promotion))
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
