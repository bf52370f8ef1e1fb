"""The three real-life files import exactly as their expectation says."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from domain.cards.importing.cleaning import clean
from domain.cards.importing.dates import SHANGHAI
from domain.cards.importing.formats import CardForm, ImportFormat
from domain.cards.importing.rows import Accepted, Rejected
from persistence.spreadsheets import open_sheet

FILES = Path(__file__).parents[1] / "data" / "cards"
DEMO = Path(__file__).parents[2] / "persistence" / "demo" / "cards"
EXPECTED = json.loads((FILES / "expected.json").read_text())
AS_OF = datetime.fromisoformat(EXPECTED["as_of"]).replace(tzinfo=SHANGHAI)
PATTERNS = {
    "TXV-VIP-1M": "[A-HJ-NP-Z2-9]{16}",
    "IQY-GOLD-3M": r"number:\d{17} secret:\d{12}",
    "MOVIE-2D": None,
}


def imported(name: str, mapping: dict[str, str | None] | None = None) -> list[Accepted | Rejected]:
    about = EXPECTED["files"][name]
    shape = ImportFormat.of(CardForm(about["kind"]), PATTERNS[about["sku"]])
    with (FILES / name).open("rb") as file:
        return list(clean(open_sheet(file).rows, shape, AS_OF, mapping))


def report(rows: list[Accepted | Rejected]) -> dict[str, Any]:
    return {
        "accepted": sum(isinstance(row, Accepted) for row in rows),
        "rejected": [[row.row, row.reason.value] for row in rows if isinstance(row, Rejected)],
    }


@pytest.mark.parametrize("name", EXPECTED["files"])
def test_a_file_is_accepted_and_refused_row_by_row_as_expected(name: str) -> None:
    about = EXPECTED["files"][name]
    wanted = {"accepted": about["accepted"], "rejected": about["rejected"]}
    assert report(imported(name)) == wanted
    mapping = {"secret": about["secret_column"], "expiresAt": about["expiry_column"]}
    assert report(imported(name, mapping | {"number": about.get("number_column")})) == wanted


def test_what_was_accepted_is_clean() -> None:
    cards = [row for row in imported("tencent-month-cards.xlsx") if isinstance(row, Accepted)]
    assert {len(card.secret.reveal()) for card in cards} == {16}
    assert len({card.secret.reveal() for card in cards}) == 2920
    assert {card.expires_at.isoformat() for card in cards if card.expires_at} == {
        "2027-06-30T15:59:59+00:00",
    }
    numbered = [row for row in imported("iqiyi-season-cards.csv") if isinstance(row, Accepted)]
    assert {len(card.number.reveal()) for card in numbered if card.number} == {17}
    assert (numbered[0].row, numbered[0].secret.reveal()) == (2, "266001485548")


def test_the_demo_carries_the_same_files() -> None:
    assert {path.name for path in DEMO.iterdir()} == set(EXPECTED["files"])
    for name in EXPECTED["files"]:
        assert (DEMO / name).read_bytes() == (FILES / name).read_bytes()
