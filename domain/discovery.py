"""Discovery: a file in its folder is enough; importing it registers what it declares."""

from __future__ import annotations

import gc
import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType


def modules_of(package: ModuleType, skip: tuple[str, ...] = ()) -> Iterator[ModuleType]:
    """Import and yield every module below a package in the order of names, except those below `skip`."""
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        name = f"{package.__name__}.{found.name}"
        if skip and name.startswith(skip):
            continue
        module = importlib.import_module(name)
        yield module
        if found.ispkg:
            yield from modules_of(module, skip)


def load(*packages: ModuleType, skip: tuple[str, ...] = ()) -> None:
    """Import all modules of packages, so that their decorators have run."""
    # What is imported stays: the collector would walk through it while it grows, and ever after, for nothing.
    collects = gc.isenabled()
    gc.disable()
    try:
        for package in packages:
            for _ in modules_of(package, skip):
                pass
    finally:
        gc.freeze()
        if collects:
            gc.enable()
