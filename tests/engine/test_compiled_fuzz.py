"""Random documents: the compiled executor answers as graphql-core does, data and errors."""

from __future__ import annotations

import gc
import random
from functools import partial

import pytest

from tests.engine import toy
from tests.engine.comparing import Comparison
from tests.engine.documents import DocumentMaker

WORDS = {
    "id": lambda r: r.choice(["t1", "t2", "m1", "x"]),
    "first": lambda r: r.choice([0, 1, 3, 5, -1]),
    "word": lambda r: r.choice(["work", "jam", "gone", "fault", "broken"]),
    "times": lambda r: r.randint(1, 3),
}
# Where a field fails at once, graphql-core drops what its siblings would have awaited.
pytestmark = pytest.mark.filterwarnings(
    "ignore:coroutine .* was never awaited:RuntimeWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
CALLERS = ((), (toy.SECRET,), (toy.BOSS,), (toy.SECRET, toy.BOSS))


async def compare(documents: int, seed: int) -> Comparison:
    chance = random.Random(seed)
    maker = DocumentMaker(toy.SCHEMA._schema, chance, WORDS)
    comparison = Comparison(toy.SCHEMA)
    for _ in range(documents):
        kind = chance.choices(("query", "mutation", "subscription"), (8, 2, 1))[0]
        context = partial(toy.context, *chance.choice(CALLERS), broken=chance.random() < 0.15)
        await comparison.check(maker.make(kind), context)
    gc.collect()
    return comparison


async def test_500_documents() -> None:
    comparison = await compare(500, 3)
    tally = comparison.tally
    assert tally["compared"] > 300
    assert tally["compiled"] > tally["compared"] // 2
    assert tally["errors"] > 20


@pytest.mark.soak
async def test_10_000_documents() -> None:
    comparison = await compare(10_000, 11)
    assert comparison.tally["compared"] > 6_000
