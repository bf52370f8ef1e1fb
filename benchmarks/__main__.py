"""Measures what front ends and redeemers do, each against a bare asyncpg program doing the same SQL.

python -m benchmarks [NAME …] [--json FILE] [--seconds N] [--requests N] [--products N] [--rows N]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import card_import
from benchmarks.card_import import open_directory
from benchmarks.cases import CASES, Case
from benchmarks.figures import heading, lines_of
from benchmarks.rig import Effort, rigged
from benchmarks.world import Size
from persistence.embedded import start

EFFORT, SIZE = Effort(), Size()
IMPORT = "card-import"
NAMES = (*dict.fromkeys(case.name for case in CASES), IMPORT)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Run what is named, print the figures, and write them where they are wanted; answers them."""
    parser = _parser()
    said = parser.parse_args(arguments)
    names = set(said.name or NAMES)
    if not names <= set(NAMES):
        parser.error(f"there are {', '.join(NAMES)}")
    found: dict[str, Any] = {"machine": machine(), "cases": []}
    print(f"{found['machine']['cores']} cores, Python {found['machine']['python']}", flush=True)
    cases = [case for case in CASES if case.name in names]
    if cases:
        size = Size(said.products, said.cards, said.cards // 3)
        found["cases"] = asyncio.run(_compared(cases, size, Effort(said.seconds, said.requests)))
    if IMPORT in names:
        found["card_import"] = card_import.main(said.rows)
    if said.json is not None:
        said.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    return found


def machine() -> dict[str, Any]:
    """Where and when it was measured."""
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("benchmarks", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("name", nargs="*", metavar="NAME", help=f"All, or some of {', '.join(NAMES)}.")
    parser.add_argument("--json", type=Path, help="Write all figures to this file.")
    parser.add_argument("--seconds", type=float, default=EFFORT.seconds, help="For each side, at most.")
    parser.add_argument("--requests", type=int, default=EFFORT.requests, help="For each side, at most.")
    parser.add_argument("--products", type=int, default=SIZE.products, help="Products, two variants each.")
    parser.add_argument("--cards", type=int, default=SIZE.cards, help="Cards of the SKU that is bought.")
    parser.add_argument("--rows", type=int, default=card_import.ROWS, help="Rows of the card import.")
    return parser


async def _compared(cases: Sequence[Case], size: Size, effort: Effort) -> list[dict[str, Any]]:
    """On a durable PostgreSQL of its own, in a directory that is removed."""
    found = []
    with open_directory() as directory:
        running = await start(directory / "postgres")
        try:
            async with rigged(running, running.dsn, directory, size, effort) as rig:
                print(f"{size.products:,} products, {size.cards + size.redeemable:,} cards\n{heading()}")
                for case in cases:
                    one = await rig.compare(case)
                    print("\n".join(lines_of(one)), flush=True)
                    found.append(one.as_json())
        finally:
            await running.stop()
    return found


if __name__ == "__main__":
    main()
