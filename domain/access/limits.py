"""How guessing is slowed: failures are counted, and from some number on each one doubles the pause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """The settings that signing in follows."""

    agent_session: timedelta = timedelta(hours=12)
    customer_session: timedelta = timedelta(days=30)
    account_free_tries: int = 5
    address_free_tries: int = 30
    pause_first_s: int = 1
    pause_most_s: int = 900
    memory: timedelta = timedelta(hours=1)
    """Failures are forgotten after so long without one."""
    code_ttl: timedelta = timedelta(minutes=5)
    code_failures: int = 5
    code_pause: timedelta = timedelta(seconds=60)
    codes_per_day: int = 10
    codes_per_address: int = 30


@dataclass(frozen=True, slots=True)
class Guessed:
    """Something that is guessed at or guessed from, by a name that tells nobody whose it is."""

    subject: str
    free_tries: int


@dataclass(frozen=True, slots=True)
class Track:
    """The failures of a subject so far, and when the last was."""

    failures: int
    last_at: datetime


def wait_s(track: Track | None, guessed: Guessed, now: datetime, policy: AccessPolicy) -> int:
    """Whole seconds until the next guess is looked at; 0 when it may come now."""
    if track is None or track.failures < guessed.free_tries or forgotten(track, now, policy):
        return 0
    doublings = min(track.failures - guessed.free_tries, 30)
    pause = timedelta(seconds=min(policy.pause_first_s << doublings, policy.pause_most_s))
    left = track.last_at + pause - now
    return max(0, -(-left // timedelta(seconds=1)))


def forgotten(track: Track, now: datetime, policy: AccessPolicy) -> bool:
    """Whether the failures are so long ago that counting begins anew."""
    return now - track.last_at > policy.memory


def network_of(address: str) -> str:
    """What one client is likely to have for itself: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
