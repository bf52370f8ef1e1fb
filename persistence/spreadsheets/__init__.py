"""Spreadsheets read as streams of rows: csv in the encodings of the trade, and xlsx in bounded memory."""

from __future__ import annotations

from persistence.spreadsheets.opening import open_sheet
from persistence.spreadsheets.sheet import Sheet

__all__ = ["Sheet", "open_sheet"]
