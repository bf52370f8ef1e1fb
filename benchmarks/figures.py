"""What a measurement says: requests a second, how long one takes, and whose processor time it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Run:
    """One side of a comparison: our server, or the bare program."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    program_cpu_ms: float
    """Processor time of the measured program, each request."""
    postgres_cpu_ms: float
    """Processor time of all PostgreSQL processes, each request."""

    @property
    def requests_per_s(self) -> float:
        """How many were answered in a second."""
        return self.requests / self.seconds

    @classmethod
    def of(cls, latencies_s: Sequence[float], seconds: float, program_s: float, postgres_s: float) -> Run:
        """The figures of single latencies, and of the processor seconds of all together."""
        count = len(latencies_s)
        ordered = sorted(latencies_s)
        return cls(
            requests=count,
            seconds=seconds,
            p50_ms=1000 * percentile(ordered, 50),
            p99_ms=1000 * percentile(ordered, 99),
            program_cpu_ms=1000 * program_s / count,
            postgres_cpu_ms=1000 * postgres_s / count,
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both sides of one case, measured one after the other on the same database."""

    name: str
    buyers: int
    """How many clients ask at the same time."""
    statements: int
    """SQL statements of one request, those that begin and end transactions left out."""
    server: Run
    bare: Run

    @property
    def ratio(self) -> float:
        """Our requests a second, of the bare program's: 1 would mean that everything beside SQL is free."""
        return self.server.requests_per_s / self.bare.requests_per_s

    def as_json(self) -> dict[str, Any]:
        """All figures."""
        sides = {
            side: asdict(run) | {"requests_per_s": run.requests_per_s}
            for side, run in (("server", self.server), ("bare", self.bare))
        }
        head = {"name": self.name, "clients": self.buyers, "statements": self.statements}
        return head | sides | {"ratio": self.ratio}


HEADINGS = "case|clients|side|requests/s|p50 ms|p99 ms|program ms|PostgreSQL ms|ratio"
_ROW = "{:<16} {:>7}  {:<6} {:>10} {:>8} {:>8} {:>10} {:>13} {:>6}"


def heading() -> str:
    """The first line of the table."""
    return _ROW.format(*HEADINGS.split("|"))


def lines_of(one: Comparison) -> list[str]:
    """A comparison as two lines of the table."""
    return [
        _ROW.format(
            one.name if side == "server" else "",
            one.buyers if side == "server" else "",
            side,
            f"{run.requests_per_s:,.0f}",
            f"{run.p50_ms:.1f}",
            f"{run.p99_ms:.1f}",
            f"{run.program_cpu_ms:.2f}",
            f"{run.postgres_cpu_ms:.2f}",
            f"{one.ratio:.2f}" if side == "server" else "",
        )
        for side, run in (("server", one.server), ("bare", one.bare))
    ]


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The value below which so many of the sorted values lie; 0 of none."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
