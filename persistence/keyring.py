"""Where the root keys come from: the demo's own file, a file that the operator names, or the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from persistence.cards.key_environment import KeyEnvironment
from persistence.cards.key_file import KeyFile

if TYPE_CHECKING:
    from domain.cards.keys import KeyProvider
    from persistence.settings import Settings


def keys_of(settings: Settings) -> KeyProvider:
    """The keys that the settings name; the demo makes some where there are none. Raises KeysUnusable."""
    if settings.key_file is not None:
        return KeyFile(settings.key_file)
    if any(ring.strip() for ring in settings.key_rings.values()) or not settings.demo:
        return KeyEnvironment(settings.key_rings)
    settings.make_data()
    return KeyFile.create(settings.data / "keys.json")
