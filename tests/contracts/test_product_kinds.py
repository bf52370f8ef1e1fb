"""The same questions asked of every product kind, and a planted file that becomes one by being there."""

import inspect
import subprocess
import sys
import textwrap
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from domain.catalog.fulfilment import Asks, Delivery, Goods, ProductKind, Progress, Stock
from domain.catalog.kinds import KINDS, settings_of
from domain.refusals import InvalidInput

ROOT = Path(__file__).parents[2]
KIND = pytest.mark.parametrize("code", sorted(KINDS))
PLANTED = '''
    """Short-drama credit, planted by a test."""

    from dataclasses import dataclass
    from typing import ClassVar

    from domain.catalog.fulfilment import Delivery, ProductKind


    @dataclass(frozen=True)
    class ShortDrama(ProductKind):
        """Credit for short dramas (短剧)."""

        delivery: ClassVar[Delivery] = Delivery.SUPPLIER
        episodes: int = 10
'''
SHOW = """
import sys
import domain.catalog
domain.catalog.__path__.insert(0, sys.argv[1])
from domain.catalog.kinds import KINDS, settings_of
import resolvers.catalog, resolvers.channels
from schema.assembly import build_schema
assert settings_of("SHORT_DRAMA", {"episodes": 3}).episodes == 3
enum = str(build_schema()).partition("enum ProductKind {")[2].partition("}")[0]
print("SHORT_DRAMA" in enum and "(短剧)" in enum)
"""


def test_the_seven_kinds_are_there() -> None:
    assert set(KINDS) == {
        "CARD_KEY", "CARD_NUMBER_KEY", "LINK", "DIRECT_TOPUP", "METERED", "PHYSICAL", "BUNDLE",
    }  # fmt: skip


@KIND
def test_a_kind_describes_itself(code: str) -> None:
    kind = KINDS[code]
    assert (inspect.getdoc(kind) or "").endswith(".")
    assert kind.__doc__ != ProductKind.__doc__


@KIND
def test_a_kind_says_how_it_is_delivered_and_what_limits_it(code: str) -> None:
    kind = KINDS[code]
    assert kind.delivery in Delivery
    assert kind.account in Asks
    wanted = {
        Delivery.CARDS: Stock.CARDS, Delivery.SHIPMENT: Stock.COUNT, Delivery.COMPONENTS: Stock.COMPONENTS,
    }.get(kind.delivery, Stock.NONE)  # fmt: skip
    assert kind.stock is wanted
    assert kind.needs_address is (kind.delivery is Delivery.SHIPMENT)
    assert not kind.numbered or kind.stock is Stock.CARDS


@KIND
def test_a_kinds_settings_are_a_frozen_dataclass_with_defaults(code: str) -> None:
    kind = KINDS[code]
    assert is_dataclass(kind)
    assert hash(settings_of(code, {})) == hash(kind())
    for field in fields(kind):
        assert settings_of(code, {field.name: getattr(kind(), field.name)}) == kind()
        with pytest.raises(InvalidInput):
            settings_of(code, {field.name: object()})
    with pytest.raises(InvalidInput):
        settings_of(code, {"nobody_knows": 1})


@KIND
@pytest.mark.parametrize("units", [1, 7])
def test_before_anything_is_delivered_a_refund_is_full(code: str, units: int) -> None:
    refund = KINDS[code]().refund(Progress(units))
    assert (refund.share, refund.whole, refund.refused) == (units, units, None)


@KIND
def test_what_was_used_up_is_not_paid_back(code: str) -> None:
    refund = KINDS[code]().refund(Progress(units=2, delivered=2, revealed=2, used=2))
    assert refund.share == 0
    assert refund.refused is not None


@KIND
@pytest.mark.parametrize("revealed", [0, 1])
def test_a_refund_never_pays_more_than_there_was(code: str, revealed: int) -> None:
    for delivered in range(4):
        refund = KINDS[code]().refund(Progress(3, delivered, revealed * delivered, 0, returned=delivered))
        assert 0 <= refund.share <= refund.whole == 3
        assert (refund.refused is None) == (refund.share > 0)


def test_a_revealed_card_is_voided_at_the_issuer_first() -> None:
    kind = KINDS["CARD_KEY"]()
    assert kind.refund(Progress(1, delivered=1)).goods is Goods.BACK_TO_STOCK
    assert kind.refund(Progress(1, delivered=1, revealed=1)).goods is Goods.VOID_AT_ISSUER_FIRST


def planted(tmp_path: Path, text: str) -> subprocess.CompletedProcess[str]:
    """What a process says that finds one more file among the kinds."""
    kinds = tmp_path / "kinds"
    kinds.mkdir()
    for file in (ROOT / "domain" / "catalog" / "kinds").glob("*.py"):
        (kinds / file.name).write_text(file.read_text("utf-8"), "utf-8")
    (kinds / "short_drama.py").write_text(textwrap.dedent(text).lstrip(), "utf-8")
    return subprocess.run(
        [sys.executable, "-c", SHOW, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_a_planted_file_is_a_kind(tmp_path: Path) -> None:
    shown = planted(tmp_path, PLANTED)
    assert (shown.stdout.strip(), shown.returncode) == ("True", 0), shown.stderr


def test_a_file_without_a_kind_is_found(tmp_path: Path) -> None:
    shown = planted(tmp_path, '"""Nothing in here."""')
    assert shown.returncode != 0
    assert "short_drama.py must hold exactly one ProductKind" in shown.stderr
