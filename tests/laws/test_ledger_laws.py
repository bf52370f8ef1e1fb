"""The laws of the ledger, whatever is sold, refunded, topped up, withdrawn and vested at once."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from domain.ids import new_id
from domain.ledger.returns import shares_of
from domain.ledger.sales import Trade
from domain.money import split
from persistence.database import Database
from persistence.embedded import RunningDatabase
from persistence.work import Work
from tests.fixtures.database import _administer, run_apart
from tests.laws.deals import Deal, Stage
from tests.laws.economy import Economy

NAME = "quanyi_laws"
Act = Callable[[Work], Awaitable[None]]
number, amount = st.integers(0, 99), st.integers(1, 2_000)
orders = st.fixed_dictionaries({
    "seller": number,
    "currency": st.booleans(),
    "cost": st.integers(0, 1_500),
    "margins": st.lists(st.integers(-20, 400), min_size=6, max_size=6),
    "retail": st.integers(0, 500),
    "discount": st.integers(0, 300),
    "weights": st.lists(st.integers(0, 9), min_size=7, max_size=7),
    "parts": st.lists(st.integers(0, 5_000), min_size=1, max_size=4),
    "by_headquarters": st.booleans(),
    "due": st.booleans(),
})  # fmt: skip
OFTEN = {"sell": 4, "place": 1, "pay": 2, "end": 1, "refund": 5, "top_up": 1, "withdraw": 1, "settle": 1,
         "vest": 2, "roll_up": 1, "repeat": 1}  # fmt: skip
HOW: dict[str, list[st.SearchStrategy[Any]]] = {
    "sell": [orders], "place": [orders], "pay": [number], "end": [number], "refund": [number, st.booleans()],
    "top_up": [number, amount, st.booleans()], "withdraw": [number, amount, st.booleans()],
    "settle": [number, st.booleans()], "repeat": [number],
}  # fmt: skip


@st.composite
def acts(draw: st.DrawFn) -> tuple[Any, ...]:
    """Something to do, sales and refunds more often than the rest."""
    name = draw(st.sampled_from([name for name, times in OFTEN.items() for _ in range(times)]))
    return name, *(draw(one) for one in HOW.get(name, []))


_runs = itertools.count()


def deal_of(said: Any, economy: Economy) -> Deal:
    """An order along some channel's path, its discount paid by those of the path."""
    path = economy.paths[said["seller"] % len(economy.paths)]
    levels = [said["cost"]]
    for margin in said["margins"][: len(path) - 1]:
        levels.append(max(levels[-1] + margin, 0))
    retail = levels[-1] + said["retail"]
    discount = min(said["discount"], retail)
    trade = Trade(new_id(), path, tuple(levels), retail - discount, economy.currencies[said["currency"]])
    shares = dict(zip(path, split(discount, said["weights"][: len(path)]), strict=True))
    parts = list(zip(trade.portions(said["parts"]), shares_of(shares, said["parts"]), strict=True))
    return Deal(trade, shares, said["by_headquarters"], said["due"], parts)


class Ledger(RuleBasedStateMachine):
    """Waves of acts, each act on a connection of its own; after each wave every law holds."""

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        super().__init__()
        run = next(_runs)
        self.runner = runner
        self.economy = Economy(database, (f"A{run}", f"B{run}"))

    @initialize(
        parents=st.lists(number, min_size=1, max_size=5),
        money=st.lists(st.tuples(st.integers(0, 9_000), st.integers(0, 1_000)), min_size=1, max_size=3),
    )
    def begin(self, parents: list[int], money: list[tuple[int, int]]) -> None:
        self.runner.run(self.economy.begin(parents, money))

    @rule(wave=st.lists(acts(), min_size=2, max_size=6))
    def wave(self, wave: list[tuple[Any, ...]]) -> None:
        taken: set[int] = set()
        chosen = [act for said in wave if (act := self._act(said, taken)) is not None]
        self.runner.run(self.economy.wave(chosen))

    @rule(said=orders)
    def place(self, said: Any) -> None:
        deal = deal_of(said, self.economy)
        has = self.economy.deposits.get((deal.trade.seller, deal.trade.currency), 0)
        refused = self.runner.run(self.economy.wave([lambda work: self.economy.place(work, deal)]))
        assert refused == [deal.trade.price_minor > has], "what is there is given, and nothing else"

    @invariant()
    def the_laws_hold(self) -> None:
        if self.economy.paths:
            self.runner.run(self.economy.check())

    def teardown(self) -> None:
        if self.economy.paths:
            self.runner.run(self.economy.wave([self.economy.vest]))
            self.runner.run(self.economy.check())

    def _act(self, said: tuple[Any, ...], taken: set[int]) -> Act | None:
        """What is said, of something that nobody else of the wave has: who acts on an order locks it."""
        name, *how = said
        economy = self.economy
        if name in ("vest", "roll_up"):
            return economy.vest if name == "vest" else economy.roll_up
        if name == "repeat":
            return lambda work: economy.repeat(work, how[0])
        if name in ("place", "sell"):
            deal = deal_of(how[0], economy)
            return lambda work: (economy.place if name == "place" else economy.sell)(work, deal)
        if name in ("top_up", "withdraw"):
            channel = economy.paths[1 + how[0] % (len(economy.paths) - 1)][-1]
            currency = economy.currencies[how[2]]
            act = economy.top_up if name == "top_up" else economy.withdraw
            return lambda work: act(work, channel, how[1], currency)
        return self._later(name, how, taken)

    def _later(self, name: str, how: list[Any], taken: set[int]) -> Act | None:
        """An act on what is there already."""
        economy = self.economy
        if name == "settle":
            asked = _pick(economy.withdrawals, how[0], taken)
            return None if asked is None else lambda work: economy.settle(work, asked, how[1])
        wanted = Stage.PAID if name == "refund" else Stage.HELD
        open_ = [one for one in economy.deals if one.stage is wanted and one.parts]
        deal = _pick(open_, how[0], taken)
        if deal is None:
            return None
        if name == "refund":
            return lambda work: economy.refund(work, deal, how[1])
        return lambda work: (economy.pay if name == "pay" else economy.end)(work, deal)


def _pick(things: list[Any], which: int, taken: set[int]) -> Any:
    free = [one for one in things if id(one) not in taken]
    if not free:
        return None
    taken.add(id(free[which % len(free)]))
    return free[which % len(free)]


@pytest.fixture(scope="module")
def laws(cluster: RunningDatabase, template: str) -> Iterator[tuple[asyncio.Runner, Database]]:
    """One database for all runs, and a loop that outlives each of them."""
    run_apart(_administer(cluster, f"CREATE DATABASE {NAME} TEMPLATE {template} STRATEGY FILE_COPY"))
    with asyncio.Runner() as runner:
        database = runner.run(Database.open(cluster.dsn_of(NAME), size=5))
        yield runner, database
        runner.run(database.close())
    run_apart(_administer(cluster, f"DROP DATABASE {NAME} WITH (FORCE)"))


@pytest.mark.parametrize(("runs", "steps"), [(100, 5), pytest.param(2_000, 50, marks=pytest.mark.soak)])
def test_the_laws_of_the_ledger(laws: tuple[asyncio.Runner, Database], runs: int, steps: int) -> None:
    """Sums are zero, balances are entries, margins add up, and no account is below its limit."""
    how = settings(max_examples=runs, stateful_step_count=steps, deadline=None, database=None)
    how = settings(how, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(lambda: Ledger(*laws), settings=how)  # type: ignore[arg-type]
