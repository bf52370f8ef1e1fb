"""Makes a cluster and writes its settings; both so that an interrupted attempt leaves nothing half made."""

import locale
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from persistence.embedded.binaries import Installation
from persistence.embedded.errors import EmbeddedPostgresError
from persistence.embedded.identity import Identity
from persistence.embedded.layout import SOCKET_PORT, Layout

OWNER = "quanyi"
BUILTIN_LOCALES_SINCE = 17

SETTINGS = {
    # Nothing listens on a network address.
    "listen_addresses": "''",
    "port": str(SOCKET_PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "password_encryption": "'scram-sha-256'",
    # A small machine with a solid-state disk, shared with the server itself.
    "shared_buffers": "'256MB'",
    "effective_cache_size": "'1GB'",
    "work_mem": "'16MB'",
    "maintenance_work_mem": "'128MB'",
    "random_page_cost": "1.1",
    "effective_io_concurrency": "100",
    "max_wal_size": "'2GB'",
    "checkpoint_timeout": "'15min'",
    "max_parallel_workers_per_gather": "1",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.05",
    "jit": "off",
    "timezone": "'UTC'",
    # A statement, its parameters or a row's values may hold a secret, so none of them is ever written to the
    # log: terse drops DETAIL, where constraint errors quote rows and deadlocks quote statements.
    "logging_collector": "off",
    "log_destination": "'stderr'",
    "log_line_prefix": "'%m [%p] %q%a %e '",
    "log_timezone": "'UTC'",
    "log_error_verbosity": "terse",
    "log_statement": "'none'",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_lock_waits": "on",
}
# For tests alone: a crash of the machine would lose the cluster.
NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "'64MB'",
}

HOST_BASED_ACCESS = """\
# Written by Quanyi at every start. Nobody is trusted without a password, not even in the socket's directory.
local  all          all                 scram-sha-256
local  replication  all                 scram-sha-256
host   all          all  127.0.0.1/32   scram-sha-256
host   all          all  ::1/128        scram-sha-256
"""


def locale_arguments(major: int) -> list[str]:
    """Sort by code point everywhere, yet know that Chinese characters are letters: pg_trgm asks LC_CTYPE."""
    ctype = next((name for name in ("C.UTF-8", "C.utf8", "en_US.UTF-8", "UTF-8") if is_known(name)), None)
    if ctype is None:
        raise EmbeddedPostgresError(
            "searching Chinese names needs a UTF-8 locale (C.UTF-8), and this machine has none"
        )
    arguments = ["--encoding=UTF8", "--locale=C", f"--lc-ctype={ctype}"]
    if major >= BUILTIN_LOCALES_SINCE:
        arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return arguments


def is_known(name: str) -> bool:
    """Whether the C library has this locale for character types."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, name)
    except locale.Error:
        return False
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return True


def initialise(
    layout: Layout, installation: Installation, identity: Identity, password: str, *, held: int, durable: bool
) -> None:
    """Make the cluster beside its place and rename it there: it exists whole or not at all."""
    part, secret = layout.home / "cluster.part", layout.home / "password.part"
    shutil.rmtree(part, ignore_errors=True)
    secret.unlink(missing_ok=True)
    part.mkdir(mode=0o700)
    identity.own(part)
    descriptor = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(password)
    identity.own(secret)
    command = [
        installation.program("initdb"),
        f"--pgdata={part}",
        f"--username={OWNER}",
        f"--pwfile={secret}",
    ]
    command += [
        "--auth-local=scram-sha-256",
        "--auth-host=scram-sha-256",
        "--data-checksums",
        "--no-instructions",
    ]
    command += locale_arguments(installation.major)
    if not durable:
        command.append("--no-sync")
    try:
        identity.run(command, held=[held])
    finally:
        secret.unlink(missing_ok=True)
    part.rename(layout.cluster)
    sync_directory(layout.home)


def sync_directory(place: Path) -> None:
    """Make a rename in this directory survive a power cut."""
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def configure(
    layout: Layout, identity: Identity, socket_dir: Path, *, durable: bool, settings: Mapping[str, str]
) -> None:
    """Write both configuration files anew, so that a newer server brings its own settings to old data."""
    chosen = {**SETTINGS, "unix_socket_directories": f"'{socket_dir}'"}
    chosen |= {} if durable else NOT_DURABLE
    chosen |= settings
    lines = ["# Written by Quanyi at every start; your own settings belong into local.conf beside this file."]
    lines += [f"{name} = {value}" for name, value in chosen.items()]
    lines += ["include_if_exists = 'local.conf'", ""]
    for name, text in (("postgresql.conf", "\n".join(lines)), ("pg_hba.conf", HOST_BASED_ACCESS)):
        part = layout.cluster / f"{name}.part"
        part.unlink(missing_ok=True)
        part.write_text(text)
        part.chmod(0o600)
        identity.own(part)
        part.rename(layout.cluster / name)
