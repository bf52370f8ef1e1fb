"""One hot SKU: orders that share transactions, the same orders one by one, and pgbench with their SQL.

python -m benchmarks.hot_sale [--seconds N] [--clients N] [--lasting N] [--cards N] [--json FILE]
                             [--flash-sale]

`--lasting` goes on with shared transactions for so many seconds and tells of every 30 s: purchases a second,
what one costs the server and PostgreSQL, and what a plain loop costs meanwhile.
`--flash-sale` compares shared orders without a promotion, with one, and of a flash sale, and nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.__main__ import machine
from benchmarks.card_import import open_directory
from benchmarks.cases import CASES
from benchmarks.figures import Run
from benchmarks.flash import GIVEN, LIMITED, PLAIN, offered, taken
from benchmarks.pgbench import script_of
from benchmarks.recording import statements_of
from benchmarks.rig import Effort, Rig, measured_by, rigged
from benchmarks.rush import Rush
from benchmarks.windows import watched
from benchmarks.world import BUYING, Size
from persistence.database import APPLICATION_ROLE, plain_dsn
from persistence.embedded import start
from persistence.embedded.binaries import find_installation
from tests.server_process import ServerProcess, serving

WINDOW_S = 30.0
ONE_BY_ONE, SHARED = 1, 64
"""QUANYI_ORDER_BATCH."""
FLASH_ROUNDS = 2

_LEFT = """SELECT available FROM stock_level s JOIN variant v ON v.id = s.variant_id WHERE v.sku = $1"""
_SIZES = """SELECT relname AS name, pg_relation_size(oid) / 1024 AS kib FROM pg_class
             WHERE relname IN ('stock_level', 'card', 'ix_card_free', 'outbox', 'pk_outbox', 'idempotency')
             ORDER BY relname"""
"""What is written again and again, and would slow a sale down by growing."""

_TPS = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)
_LATENCY = re.compile(r"^latency average = ([\d.]+) ms", re.MULTILINE)
_DONE = re.compile(r"number of transactions actually processed: (\d+)")


async def compared(rig: Rig, clients: int, seconds: float, lasting: float, most: int) -> dict[str, Any]:
    """One after the other on the same database, tidied before each; the figures of each."""
    rig.process.stop()
    await _tidied(rig)
    async with _server(rig, ONE_BY_ONE) as process:
        found = {"one by one": await _bought(rig, process, clients, seconds, most)}
    await _tidied(rig)
    found["pgbench"] = await _pgbench(rig, clients, seconds)
    await _tidied(rig)
    found["pgbench, few"] = await _pgbench(rig, rig.store.settings.pool_size, seconds)
    await _tidied(rig)
    async with _server(rig, SHARED) as process:
        found["shared"] = await _bought(rig, process, clients, seconds, most)
        rate = found["shared"]["requests_per_s"]
        for other in ("one by one", "pgbench", "pgbench, few"):
            print(f"shared : {other} = {rate / found[other]['requests_per_s']:.2f}", flush=True)
        if lasting:
            found["lasting"] = await _lasting(rig, process, clients, lasting)
    return found


async def in_a_flash_sale(rig: Rig, clients: int, seconds: float, most: int) -> dict[str, Any]:
    """The same buyers without a promotion, with one, and in a flash sale: what giving costs, and counting."""
    rig.process.stop()
    await _tidied(rig)
    found: dict[str, Any] = {}
    rates = dict.fromkeys((PLAIN, GIVEN, LIMITED), 0.0)
    async with _server(rig, SHARED) as process:
        for turn in range(FLASH_ROUNDS):
            for side in rates:
                async with offered(rig, side):
                    await _rushed(rig, process, clients, 2.0, most, devices=True)
                    run, _ = await _rushed(rig, process, clients, seconds, most, devices=True)
                name = f"{side} {turn + 1}"
                found[name] = _show(name, run)
                rates[side] += run.requests_per_s
    for side, other in ((GIVEN, PLAIN), (LIMITED, PLAIN), (LIMITED, GIVEN)):
        print(f"{side} : {other} = {rates[side] / rates[other]:.2f}")
    print(f"{await taken(rig):,} pieces counted")
    return found


async def _tidied(rig: Rig) -> None:
    """What one side leaves behind is no burden of the next: dead rows, and pages to be written."""
    await rig.fetch("VACUUM (ANALYZE)")
    await rig.fetch("CHECKPOINT")


async def _bought(
    rig: Rig, process: ServerProcess, clients: int, seconds: float, most: int
) -> dict[str, Any]:
    await _rushed(rig, process, clients, min(seconds, 3.0), most)
    run, _ = await _rushed(rig, process, clients, seconds, most)
    return _show("shared" if process.environment["QUANYI_ORDER_BATCH"] != "1" else "one by one", run)


async def _lasting(rig: Rig, process: ServerProcess, clients: int, seconds: float) -> dict[str, Any]:
    """For long, or until the cards are used up; purchases a second in each window, and what has grown."""
    left = (await rig.fetch(_LEFT, BUYING))[0]["available"]
    before = await rig.fetch(_SIZES)
    async with watched(WINDOW_S, lambda: _spent_s(process), rig.postgres_s) as costs:
        run, windows = await _rushed(rig, process, clients, seconds, left - clients)
    figures = _show("lasting", run) | {"windows": [], "sizes": {}}
    print(f"{'every 30 s':12}{'orders/s':>10}{'server ms':>10}{'database':>10}{'loop ms':>10}")
    for rate, cost in zip(windows, costs, strict=False):
        per_order = 1000 / (rate * WINDOW_S)
        window = {
            "orders_per_s": rate,
            "server_ms": cost.server_s * per_order,
            "postgres_ms": cost.postgres_s * per_order,
            "loop_ms": cost.loop_ms,
        }
        figures["windows"].append(window)
        print(f"{'':12}{rate:10.1f}" + "".join(f"{window[name]:10.2f}" for name in list(window)[1:]))
    for row, after in zip(before, await rig.fetch(_SIZES), strict=True):
        figures["sizes"][row["name"]] = row["kib"], after["kib"]
        print(f"{row['name']:24}{row['kib']:>10,} KiB before{after['kib']:>10,} KiB after", flush=True)
    return figures


def _server(rig: Rig, batch: int) -> Any:
    return serving(rig.place, rig.dsn, QUANYI_BUDGETS="false", QUANYI_ORDER_BATCH=str(batch))


async def _rushed(
    rig: Rig, process: ServerProcess, clients: int, seconds: float, most: int, *, devices: bool = False
) -> tuple[Run, list[float]]:
    address = urlsplit(process.url)
    assert address.hostname is not None
    assert address.port is not None
    token = rig.world.api_client
    rush = Rush(address.hostname, address.port, token, clients, seconds, most, WINDOW_S, devices)
    program, postgres = _spent_s(process), rig.postgres_s()
    said = await measured_by("benchmarks.rush", json.dumps(asdict(rush)).encode(), rig.place)
    program, postgres = _spent_s(process) - program, rig.postgres_s() - postgres
    whole = said["windows"][: int(said["seconds"] // WINDOW_S)]
    return (
        Run.of(said["latencies_s"], said["seconds"], program, postgres),
        [round(count / WINDOW_S, 1) for count in whole],
    )


def _spent_s(process: ServerProcess) -> float:
    return sum(sum(one.cpu_times()[:2]) for one in process.family())


async def _pgbench(rig: Rig, clients: int, seconds: float) -> dict[str, Any]:
    """The SQL of one purchase as it is when nobody else buys, repeated by pgbench."""
    case = next(case for case in CASES if case.name == "place-pay")
    # The first one finds nothing in the caches.
    *_, recipe = [await rig.record(case, request) for request in islice(case.requests(rig.world), 2)]
    script = rig.place / "purchase.sql"
    script.write_text(script_of(recipe), "utf-8")
    program = find_installation().program("pgbench")
    postgres = rig.postgres_s()
    process = await asyncio.create_subprocess_exec(
        program, "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(int(seconds)),
        "-f", str(script), plain_dsn(rig.dsn),
        env={"PGOPTIONS": f"-c role={APPLICATION_ROLE} -c jit=off -c timezone=UTC"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said = (await process.communicate())[0].decode()
    assert process.returncode == 0, said[-2000:]
    postgres = rig.postgres_s() - postgres
    figures = {name: float(_only(one, said)) for name, one in (("tps", _TPS), ("ms", _LATENCY))}
    figures["postgres"] = 1000 * postgres / int(_only(_DONE, said))
    print(
        f"{f'pgbench {clients}':12}{figures['tps']:10.1f}{figures['ms']:10.1f}{'':20}"
        f"{figures['postgres']:10.2f}   {statements_of(recipe)} statements",
        flush=True,
    )
    return {"requests_per_s": figures["tps"], "postgres_cpu_ms": figures["postgres"]}


def _only(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    assert found is not None, text
    return found[1]


def _show(name: str, run: Run) -> dict[str, Any]:
    print(
        f"{name:12}{run.requests_per_s:10.1f}{run.p50_ms:10.1f}{run.p99_ms:10.1f}{run.program_cpu_ms:10.2f}"
        f"{run.postgres_cpu_ms:10.2f}",
        flush=True,
    )
    return asdict(run) | {"requests_per_s": run.requests_per_s}


async def _measured(said: argparse.Namespace) -> dict[str, Any]:
    with open_directory() as directory:
        running = await start(directory / "postgres")
        try:
            size = Size(products=100, cards=said.cards, redeemable=1)
            async with rigged(running, running.dsn, directory, size, Effort()) as rig:
                print(f"{said.cards:,} cards of one SKU, {said.clients} buyers")
                print(f"{'':12}{'orders/s':>10}{'p50 ms':>10}{'p99 ms':>10}{'server ms':>10}{'database':>10}")
                if said.flash_sale:
                    return await in_a_flash_sale(rig, said.clients, said.seconds, said.cards)
                return await compared(rig, said.clients, said.seconds, said.lasting, said.cards)
        finally:
            await running.stop()


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and write the figures where they are wanted; answers them."""
    parser = argparse.ArgumentParser("benchmarks.hot_sale", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=15.0, help="For each side.")
    parser.add_argument("--clients", type=int, default=64, help="Buyers at the same time.")
    parser.add_argument("--lasting", type=float, default=0.0, help="Seconds of the long run.")
    parser.add_argument("--cards", type=int, default=60_000, help="Cards of the SKU.")
    parser.add_argument(
        "--flash-sale", action="store_true", help="Plain orders beside those of a flash sale."
    )
    parser.add_argument("--json", type=Path, help="Write all figures to this file.")
    said = parser.parse_args(arguments)
    found = {"machine": machine(), **asyncio.run(_measured(said))}
    if said.json is not None:
        said.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    return found


if __name__ == "__main__":
    main()
