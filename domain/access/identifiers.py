"""Identifiers of people: the one spelling that is looked up, and the mask that is shown."""

from __future__ import annotations

import re
import unicodedata

_EMAIL = re.compile(r"[^\s@\x00-\x1f]{1,64}@[^\s@.\x00-\x1f]+(?:\.[^\s@.\x00-\x1f]+)*")
_PHONE_NOISE = re.compile(r"[\s\-().]+")
_MAINLAND = re.compile(r"(?:\+?86|0086)?(1[3-9]\d{9})", re.ASCII)
_ABROAD = re.compile(r"(?:\+|00)([1-9]\d{7,14})", re.ASCII)
_LONGEST_EMAIL = 254
_LONGEST_EXTERNAL = 128


def storable(text: str) -> bool:
    """Whether PostgreSQL can hold a text: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def email_of(text: str) -> str | None:
    """An e-mail address as it is looked up, in lower case; None for anything else."""
    found = unicodedata.normalize("NFC", text.strip()).lower()
    if len(found) > _LONGEST_EMAIL or not storable(found) or _EMAIL.fullmatch(found) is None:
        return None
    return found


def phone_of(text: str) -> str | None:
    """A phone number in E.164; without a country it is one of mainland China. None for anything else."""
    plain = _PHONE_NOISE.sub("", unicodedata.normalize("NFKC", text))
    if mainland := _MAINLAND.fullmatch(plain):
        return f"+86{mainland[1]}"
    if abroad := _ABROAD.fullmatch(plain):
        return f"+{abroad[1]}"
    return None


def external_of(text: str) -> str | None:
    """A portal's own name for a person, as it wrote it; None when it is empty, too long or not storable."""
    found = text.strip()
    return found if 0 < len(found) <= _LONGEST_EXTERNAL and storable(found) else None


def masked_phone(phone: str) -> str:
    """`138****8000` of a mainland number, the last four digits of another."""
    if phone.startswith("+86") and len(phone) == 14:
        return f"{phone[3:6]}****{phone[-4:]}"
    return f"****{phone[-4:]}"


def masked_external(text: str) -> str:
    """The first and the last character of a name of five or more, else nothing of it."""
    return f"{text[0]}***{text[-1]}" if len(text) >= 5 else "***"


def label_of(text: str, longest: int = 100) -> str | None:
    """A name for people, in one line, trimmed; None when it is empty, too long or has control characters."""
    found = text.strip()
    if not 0 < len(found) <= longest or any(unicodedata.category(c) in ("Cc", "Cs") for c in found):
        return None
    return found
