"""A storage of the library `limits` for counters in memory, whose cost does not grow with their number."""

from __future__ import annotations

import time
from collections.abc import Callable
from zlib import crc32

from limits.storage import Storage


class Window:
    """What is counted under one key until its window ends."""

    __slots__ = ("elsewhere", "ends_s", "here", "told")

    def __init__(self, ends_s: int) -> None:
        self.ends_s = ends_s
        self.here = self.told = self.elsewhere = 0


class Windows(Storage):
    """At most `most` counters; beyond it the oldest is forgotten.

    The library's own memory storage looks at every key again and again to find those that are over; here a
    window that is over gives way when its key is asked for, or when room is needed.
    """

    STORAGE_SCHEME = None

    def __init__(
        self, window_s: int, most: int, now_s: Callable[[], float] = time.time, *, telling: bool = False
    ) -> None:
        super().__init__()
        self._windows: dict[str, Window] = {}
        self._window_s, self._most, self._now_s, self._telling = window_s, most, now_s, telling
        self._swept_s = 0.0
        self.untold: dict[str, Window] = {}
        """With `telling`, the windows that grew since somebody took this for telling others."""

    def __len__(self) -> int:
        return len(self._windows)

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """Memory does not fail."""
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count so much more in the key's window of `expiry` seconds, and say what is counted now."""
        now_s = self._now_s()
        window = self._windows.get(key)
        if window is None or window.ends_s <= now_s:
            window = self._begin(key, now_s, expiry)
        window.here += amount
        if self._telling:
            self.untold[key] = window
        return window.here + window.elsewhere

    def get(self, key: str) -> int:
        """What is counted in the window that the key is in."""
        window = self._windows.get(key)
        return 0 if window is None or window.ends_s <= self._now_s() else window.here + window.elsewhere

    def get_expiry(self, key: str) -> int:
        """When the window that the key is in ends, in seconds since 1970."""
        now_s, window = self._now_s(), self._windows.get(key)
        if window is None or window.ends_s <= now_s:
            return _end_s(key, now_s, self._window_s)
        return window.ends_s

    def clear(self, key: str) -> None:
        """Forget a counter."""
        self._windows.pop(key, None)

    def reset(self) -> int:
        """Forget all counters and say how many there were."""
        count = len(self._windows)
        self._windows.clear()
        return count

    def check(self) -> bool:
        """Whether it works: always."""
        return True

    def _begin(self, key: str, now_s: float, window_s: int) -> Window:
        self._windows.pop(key, None)
        if len(self._windows) >= self._most:
            self._make_room(now_s)
        window = self._windows[key] = Window(_end_s(key, now_s, window_s))
        return window

    def _make_room(self, now_s: float) -> None:
        if now_s - self._swept_s >= 1:
            self._swept_s = now_s
            self._windows = {key: window for key, window in self._windows.items() if window.ends_s > now_s}
        while len(self._windows) >= self._most:
            del self._windows[next(iter(self._windows))]


def _end_s(key: str, now_s: float, window_s: int) -> int:
    # All processes agree on when a key's window ends, and not all windows end at once.
    shift_s = crc32(key.encode("utf-8", "surrogatepass")) % window_s
    return (int(now_s) + shift_s) // window_s * window_s + window_s - shift_s
