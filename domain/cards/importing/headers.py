"""Which column holds what, told by its header in Chinese or English or by the caller's mapping.

A file without a header has a card in its first row, and a refusal that listed that row would print a secret:
only words known from headers, and Chinese ones, are ever repeated.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.cards.importing.formats import CardForm, ImportFormat
from domain.cards.importing.rows import Cell, ColumnsNotFound, Row

SEARCHED_ROWS = 20
"""How many rows with anything in them are searched: titles, notes and dates may stand above the header."""

_CODES = """卡密 密码 卡密码 卡片密码 充值密码 充值码 充值卡密 兑换码 兑换卡密 激活码 激活密码 券码 密钥
 secret code key cdkey cd-key pin password passcode redeem_code redemption_code activation_code
 card_key card_code card_secret card_password voucher_code gift_code license_key"""
_SERIALS = "序列号 串号 serial_key serial_number serial_no"
_LINKS = """链接 兑换链接 激活链接 领取链接 券链接 卡密链接 短链接 网址 地址
 link url redeem_link redeem_url redemption_link redemption_url activation_link card_link coupon_link
 short_link"""
_NUMBERS = "卡号 卡片号 卡号码 充值卡号 number no. card_no card_number card_num voucher_number"
_ACCOUNTS = "账号 帐号 account account_number"
_EXPIRIES = """有效期至 有效期 有效日期 有效期截止 有效截止日期 有效期截止日期 截止日期 截止时间
 到期日 到期日期 到期时间 失效日期 失效时间 过期时间 过期日期 使用截止日期
 expires_at expires expiry expiry_date expiration expiration_date expire_date expire_time expires_on
 valid_until valid_to valid_till valid_thru end_date"""
_OTHERS = """id no name title price value face amount cost note notes remark remarks status state sku product
batch type
 date time created currency brand category count quantity serial row index comment"""
_DECORATION = re.compile(r"[\W_]+")
_CHINESE = re.compile(r"[\u4e00-\u9fff\s()（）:：/、*]{1,16}")


def _plain(text: str) -> str:
    return _DECORATION.sub("", unicodedata.normalize("NFKC", text)).lower()


def _words(text: str) -> frozenset[str]:
    return frozenset(_plain(word) for word in text.split())


_KEY_NAMES = (_words(_CODES), _words(_SERIALS))
_DATE_NAMES = (_words(_EXPIRIES),)
_ROLES: dict[CardForm, dict[str, tuple[frozenset[str], ...]]] = {
    CardForm.KEY: {"secret": _KEY_NAMES, "expiresAt": _DATE_NAMES},
    CardForm.NUMBER_AND_KEY: {
        "number": (_words(_NUMBERS), _words(_ACCOUNTS)),
        "secret": _KEY_NAMES,
        "expiresAt": _DATE_NAMES,
    },
    CardForm.LINK: {"secret": (_words(_LINKS), _words(_CODES)), "expiresAt": _DATE_NAMES},
}
"""The names of a role, surest first: a serial number is the secret only where nothing else claims to be."""

_REPEATABLE = _words(" ".join((_CODES, _SERIALS, _LINKS, _NUMBERS, _ACCOUNTS, _EXPIRIES, _OTHERS)))
_EXPECTED = {
    "secret": {
        CardForm.LINK: "链接 / link for the secret",
        CardForm.KEY: "卡密 / secret for the secret",
        CardForm.NUMBER_AND_KEY: "卡密 / secret for the secret",
    },
    "number": {CardForm.NUMBER_AND_KEY: "卡号 / number for the number"},
    "expiresAt": dict.fromkeys(CardForm, "有效期至 / expires_at for the expiry (optional)"),
}


@dataclass(frozen=True)
class Header:
    """Where the header stands and which 0-based column has which role."""

    row: int
    secret: int
    number: int | None
    expires_at: int | None
    width: int


def find_header(rows: Iterator[Row], format: ImportFormat, mapping: Mapping[str, str | None]) -> Header:
    """Read up to and including the header, the first row that has every column this format needs.

    `mapping` names the header of a role (`number`, `secret`, `expiresAt`) where the caller knows better than
    we. Raises `ColumnsNotFound` where a column is missing or two claim one role.
    """
    wanted = {role: _plain(name) for role, name in mapping.items() if name}
    best: tuple[int, Sequence[Cell]] = (-1, ())
    searched = 0
    for number, cells in rows:
        if not any(_header_text(cell) for cell in cells):
            continue
        columns = _columns_by_role(cells, format.form, wanted)
        if _is_complete(columns, format, wanted):
            return _settled(number, cells, columns, format)
        best = max(best, (sum(map(bool, columns.values())), cells), key=lambda candidate: candidate[0])
        searched += 1
        if searched == SEARCHED_ROWS:
            break
    raise _refusal("There is no row with the columns that this product needs.", best[1], format)


def _header_text(cell: Cell) -> str:
    return _plain(cell) if isinstance(cell, str) else ""


def _columns_by_role(
    cells: Sequence[Cell], form: CardForm, wanted: Mapping[str, str]
) -> dict[str, list[int]]:
    names = [_header_text(cell) for cell in cells]
    mapped = {name for name in wanted.values() if name in names}
    columns: dict[str, list[int]] = {}
    for role, tiers in _ROLES[form].items():
        tried = (frozenset((wanted[role],)),) if role in wanted else tuple(tier - mapped for tier in tiers)
        found = ([at for at, name in enumerate(names) if name in tier] for tier in tried)
        columns[role] = next((at for at in found if at), [])
    return columns


def _is_complete(columns: Mapping[str, list[int]], format: ImportFormat, wanted: Mapping[str, str]) -> bool:
    needed = {"secret", *(("number",) if format.has_number else ()), *(wanted.keys() & columns.keys())}
    return all(columns[role] for role in needed)


def _settled(
    number: int, cells: Sequence[Cell], columns: Mapping[str, list[int]], format: ImportFormat
) -> Header:
    for role, at in columns.items():
        if len(at) > 1:
            raise _refusal(f"{len(at)} columns could be the {role}; say which in columns.", cells, format)
    one = {role: at[0] for role, at in columns.items() if at}
    return Header(number, one["secret"], one.get("number"), one.get("expiresAt"), len(cells))


def _refusal(problem: str, cells: Sequence[Cell], format: ImportFormat) -> ColumnsNotFound:
    found = [_shown(cell, at) for at, cell in enumerate(cells[:SEARCHED_ROWS]) if _header_text(cell)]
    expected = [by_form[format.form] for by_form in _EXPECTED.values() if format.form in by_form]
    return ColumnsNotFound(problem, ", ".join(found) or "nothing", ", ".join(expected))


def _shown(cell: Cell, at: int) -> str:
    text = str(cell).strip()
    if _header_text(cell) in _REPEATABLE or _CHINESE.fullmatch(text):
        return text
    return f"column {at + 1} (not repeated here, it may be a card)"
