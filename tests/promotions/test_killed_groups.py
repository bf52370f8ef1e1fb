"""A process that dies while seats are taken and paid loses none and doubles none."""

import asyncio
import signal
import sys
from pathlib import Path
from uuid import UUID

from persistence.promotions import groups
from tests.orders.shop import Shop
from tests.promotions import killed
from tests.promotions.campaigns import create

ROOT = Path(__file__).parents[2]
CONSISTENT = """SELECT g.id FROM buying_group g
  LEFT JOIN LATERAL (
       SELECT count(*) FILTER (WHERE s.state IN ('RESERVED', 'PAID', 'CONFIRMED')) AS taken,
              count(*) FILTER (WHERE s.state IN ('PAID', 'CONFIRMED')) AS paid,
              count(*) FILTER (WHERE s.state IN ('PAID', 'CONFIRMED') AND p.id IS NULL) AS unpaid
         FROM group_seat s LEFT JOIN payment p ON p.order_id = s.order_id AND p.status = 'CAPTURED'
        WHERE s.group_id = g.id) n ON true
 WHERE n.taken <> g.taken OR n.paid <> g.paid OR n.unpaid > 0
    OR (g.state = 'SUCCEEDED') <> (g.paid = g.seats)"""
LOST = """SELECT count(*) FROM orders o LEFT JOIN group_seat s ON s.order_id = o.id
           WHERE s.id IS NULL OR o.group_id IS DISTINCT FROM s.group_id"""


async def killed_after(shop: Shop, said: list[str], answers: int) -> set[UUID]:
    """The orders that were said to be paid by a process, which is killed as soon as there are so many."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.promotions.killed", shop.database.dsn, *said,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    paid: set[UUID] = set()
    assert (await process.stdout.readline()) == b"ready\n"
    while text := (await process.stdout.readline()).decode().strip():
        paid.add(UUID(text))
        if len(paid) == answers:
            process.send_signal(signal.SIGKILL)
    assert await process.wait() == -signal.SIGKILL
    return paid


async def test_a_killed_process_loses_no_seat_and_doubles_none(shop: Shop) -> None:
    made = await create(shop, "GROUP_BUY", "HQ", prices={"DRAW": 700}, seats=3, open_minutes=60)
    buyers = [await shop.customer() for _ in range(3)]
    path = buyers[0].channel_path
    said = [",".join(map(str, path)), str(made.id), ",".join(str(one.subject_id) for one in buyers)]
    told = await killed_after(shop, said, 5)
    assert await shop.rows(CONSISTENT) == []
    assert await shop.value(LOST) == 0
    captured = {row["order_id"] for row in await shop.rows("SELECT order_id FROM payment")}
    assert told <= captured
    # Whoever was not answered asks again with the same keys.
    await killed.all_of_them(shop.perform, buyers, UUID(str(made.id)))
    assert await shop.rows(CONSISTENT) == []
    states = await shop.rows("SELECT state, count(*) AS n FROM buying_group GROUP BY 1")
    assert [(row["state"], row["n"]) for row in states] == [("SUCCEEDED", 12)]
    assert await shop.value("SELECT count(*) FROM group_seat WHERE state = 'PAID'") == 36
    # The jobs were lost as well.
    await shop.run("DELETE FROM pgqueuer")
    await shop.run("UPDATE buying_group SET ended_at = ended_at - interval '2 minutes'")
    await groups.sweep({}, shop.desk)
    assert await shop.value("SELECT count(*) FROM group_seat WHERE state = 'CONFIRMED'") == 36
    assert await shop.value("SELECT count(*) FROM entitlement") == 36
