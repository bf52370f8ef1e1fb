"""The same questions asked of every promotion kind, and a planted file that becomes one by being there."""

import inspect
import subprocess
import sys
import textwrap
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import pytest

from domain.promotions.basket import Basket, Open
from domain.promotions.kinds import KINDS, settings_of
from domain.promotions.promotion import Phase, PromotionKind
from domain.refusals import InvalidInput
from tests.promotions.stories import line, occasion

ROOT = Path(__file__).parents[2]
RIGHT: dict[str, dict[str, Any]] = {
    "COUPON": {"off_minor": 10},
    "THRESHOLD": {"reaches_minor": 100, "off_minor": 10},
    "FLASH_SALE": {"prices": {"A": 70}, "stock": 5},
    "GROUP_BUY": {"prices": {"A": 70}},
    "BUNDLE_PRICE": {"components": {"A": 2}, "price_minor": 150},
    "GIFT": {"gives": {"A": 1}},
    "MEMBER_PRICE": {"pays_bp": 9_000},
    "QUANTITY_TIERS": {"tiers": {"2": 1_000}},
}
WRONG: list[tuple[str, dict[str, Any]]] = [
    ("COUPON", {}),
    ("COUPON", {"off_minor": 10, "off_bp": 10}),
    ("COUPON", {"off_bp": 10_001}),
    ("THRESHOLD", {"reaches_minor": 9, "off_minor": 10}),
    ("THRESHOLD", {"reaches_minor": 9, "off_minor": 0}),
    ("FLASH_SALE", {"prices": {}, "stock": 5}),
    ("FLASH_SALE", {"prices": {"A": 1}, "stock": 5, "slices": {"shop": 6}}),
    ("GROUP_BUY", {"prices": {"A": 1}, "seats": 1}),
    ("GROUP_BUY", {"prices": {"A": 1}, "open_minutes": 10**12}),
    ("BUNDLE_PRICE", {"components": {"A": 1}, "price_minor": 1}),
    ("GIFT", {"gives": {"A": 0}}),
    ("MEMBER_PRICE", {}),
    ("QUANTITY_TIERS", {"tiers": {"two": 1_000}}),
    ("QUANTITY_TIERS", {"tiers": {"2": 10_001}}),
]
KIND = pytest.mark.parametrize("code", sorted(KINDS))
PLANTED = '''
    """A price for the early, planted by a test."""

    from dataclasses import dataclass
    from typing import ClassVar

    from domain.promotions.promotion import Phase, PromotionKind


    @dataclass(frozen=True)
    class EarlyBird(PromotionKind):
        """Takes something off in the morning (早鸟)."""

        phase: ClassVar[Phase] = Phase.LINE
        off_minor: int = 10
'''
SHOW = """
import sys
import domain.promotions
domain.promotions.__path__.insert(0, sys.argv[1])
from domain.promotions.kinds import KINDS, settings_of
print(settings_of("EARLY_BIRD", {"off_minor": 3}).off_minor)
"""


def test_the_eight_kinds_are_there() -> None:
    assert set(KINDS) == set(RIGHT)


@KIND
def test_a_kind_describes_itself_and_has_a_phase(code: str) -> None:
    kind = KINDS[code]
    first = (inspect.getdoc(kind) or "").partition("\n")[0]
    assert first.endswith(".")
    assert "（" not in first
    assert kind.__doc__ != PromotionKind.__doc__
    assert kind.phase in Phase
    assert is_dataclass(kind)


@KIND
def test_a_kind_knows_its_settings_and_no_others(code: str) -> None:
    kind = settings_of(code, RIGHT[code])
    assert isinstance(kind, KINDS[code])
    assert settings_of(code, vars(kind)) == kind
    with pytest.raises(InvalidInput):
        settings_of(code, RIGHT[code] | {"nobody_knows": 1})
    for name in RIGHT[code]:
        for wrong in (object(), -1, "1", None, {"A": -1}, {1: 1}):
            with pytest.raises(InvalidInput):
                settings_of(code, RIGHT[code] | {name: wrong})


@pytest.mark.parametrize(("code", "settings"), WRONG)
def test_settings_that_make_no_sense_are_refused(code: str, settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        settings_of(code, settings)


@KIND
def test_a_kind_offers_amounts_off_lines_of_the_basket(code: str) -> None:
    kind = settings_of(code, RIGHT[code])
    lines = (Open(0, line(100, 4), 400), Open(1, line(50, 2, sku="B"), 100))
    for one in kind.offer(Basket(lines, lines), occasion()):
        assert one.minor > 0
        assert set(one.over) <= {0, 1}
        assert any(one.over.values())
    assert not list(kind.offer(Basket((), ()), occasion()))


def test_a_planted_file_is_a_kind(tmp_path: Path) -> None:
    kinds = tmp_path / "kinds"
    kinds.mkdir()
    for file in (ROOT / "domain" / "promotions" / "kinds").glob("*.py"):
        (kinds / file.name).write_text(file.read_text("utf-8"), "utf-8")
    (kinds / "early_bird.py").write_text(textwrap.dedent(PLANTED).lstrip(), "utf-8")
    shown = subprocess.run(
        [sys.executable, "-c", SHOW, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (shown.stdout.strip(), shown.returncode) == ("3", 0), shown.stderr
