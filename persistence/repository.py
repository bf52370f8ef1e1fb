"""What every repository of a transaction begins with: its unit of work, the connection, the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from persistence.settings import Settings
    from persistence.work import Work


class Repository:
    """The tables of an area in one transaction."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @property
    def _on(self) -> Any:
        return self._work.connection

    @property
    def _settings(self) -> Settings:
        return self._work.tools.settings
