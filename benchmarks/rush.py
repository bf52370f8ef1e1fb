"""The rush: buyers of one SKU who place and pay again and again; a process of its own, as `load` is.

python -m benchmarks.rush PLAN MEASURED     two files of JSON
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import uvloop

from benchmarks.cases import PAY, PLACE
from benchmarks.load import Connection, UnexpectedAnswer
from benchmarks.world import BUYING


@dataclass
class Rush:
    """How many buy for how long, at most; `window_s` is how often is counted."""

    host: str
    port: int
    token: str
    clients: int
    seconds: float
    most: int
    """Purchases at most."""
    window_s: float = 30.0
    devices: bool = False
    """Whether each purchase names a device of its own."""
    latencies_s: list[float] = field(default_factory=list)
    ends_s: list[float] = field(default_factory=list)
    """When each purchase was done, since the beginning."""


def _body(document: str, said: dict[str, Any]) -> str:
    return json.dumps({"query": document, "variables": {"input": said}})


async def _buy(connection: Connection, with_device: bool) -> None:
    key = uuid4().hex
    wanted: dict[str, Any] = {"idempotencyKey": f"{key}-place", "lines": [{"sku": BUYING, "quantity": 1}]}
    answer = await connection.ask(_body(PLACE, wanted | ({"deviceId": key} if with_device else {})))
    if b'"status":"AWAITING_PAYMENT"' not in answer:
        raise UnexpectedAnswer(answer.decode()[:500])
    order = json.loads(answer)["data"]["placeOrder"]["id"]
    said = {"orderId": order, "method": "SHOP_COLLECTED", "idempotencyKey": f"{key}-pay"}
    answer = await connection.ask(_body(PAY, said))
    if b'"status":"FULFILLED"' not in answer:
        raise UnexpectedAnswer(answer.decode()[:500])


async def run(rush: Rush) -> dict[str, Any]:
    """Buy with all clients; latencies, purchases in each window, and the time that it took."""
    plan: Any = rush
    connections = [
        Connection(plan, *await asyncio.open_connection(rush.host, rush.port)) for _ in range(rush.clients)
    ]
    began_s, left = time.perf_counter(), itertools.count(1)

    async def buyer(connection: Connection) -> None:
        while (asked_s := time.perf_counter()) < began_s + rush.seconds and next(left) <= rush.most:
            await _buy(connection, rush.devices)
            done_s = time.perf_counter()
            rush.latencies_s.append(done_s - asked_s)
            rush.ends_s.append(done_s - began_s)

    async with asyncio.TaskGroup() as buyers:
        for connection in connections:
            buyers.create_task(buyer(connection))
    seconds = time.perf_counter() - began_s
    for connection in connections:
        connection.close()
    windows = [0] * (int(seconds // rush.window_s) + 1)
    for end_s in rush.ends_s:
        windows[int(end_s // rush.window_s)] += 1
    return {"latencies_s": rush.latencies_s, "seconds": seconds, "windows": windows}


def main(plan: str, measured: str) -> None:
    """Read the plan, buy, tell."""
    figures = uvloop.run(run(Rush(**json.loads(Path(plan).read_bytes()))))
    Path(measured).write_text(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
