"""A PostgreSQL cluster of our own for the tests: Debian's server, a temporary folder, a free port on loopback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

OWNER, APPLICATION = "casebook_owner", "casebook_app"


class NoPostgres(Exception):
    """There is no PostgreSQL server to start here; the text says why."""


def find_binaries() -> Path:
    """The folder of Debian's newest server programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("postgres")
    if not found and not on_path:
        raise NoPostgres("no PostgreSQL server is installed (apt-get install postgresql)")
    return found[-1].parent if found else Path(str(on_path)).resolve().parent


@dataclass
class Cluster:
    """A running server, on which each `casebook_database` is fresh."""

    folder: Path
    port: int
    binaries: Path
    databases: int = 0

    def sql(self, statement: str, database: str = "postgres") -> None:
        import psycopg

        with psycopg.connect(self.address("postgres", database), autocommit=True) as connection:
            connection.execute(statement)

    def address(self, user: str, database: str) -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def casebook_database(self) -> tuple[str, str]:
        """Addresses of a new database: the application's, and its owner's."""
        self.databases += 1
        name = f"casebook_{os.getpid()}_{self.databases}"
        self.sql(f"CREATE DATABASE {name} OWNER {OWNER}")
        self.sql(f"ALTER SCHEMA public OWNER TO {OWNER}", name)
        return self.address(APPLICATION, name), self.address(OWNER, name)

    def control(self, *arguments: str) -> None:
        as_postgres([str(self.binaries / "pg_ctl"), "-D", str(self.folder / "data"), "-w", *arguments])

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        self.control("-l", str(self.folder / "log"), "-o", f"{options} -c max_connections=120", "start")

    def crash(self) -> None:
        """Stop without any farewell, as a power cut would, and start again (it then recovers from its log)."""
        self.control("-m", "immediate", "stop")
        self.start()


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a cluster, hand it over, and stop it."""
    binaries = find_binaries()
    folder = Path(tempfile.mkdtemp(prefix="escalon-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    initdb = [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "-A", "trust"]
    as_postgres([*initdb, "--no-sync", "--wal-segsize=4", "--encoding=UTF8", "--locale=C"])
    running = Cluster(folder, free_port(), binaries)
    try:
        running.start()
        running.sql(f"CREATE ROLE {OWNER} LOGIN")
        running.sql(f"CREATE ROLE {APPLICATION} LOGIN")
        yield running
    finally:
        subprocess_stop(running)
        shutil.rmtree(folder, ignore_errors=True)


def subprocess_stop(running: Cluster) -> None:
    """Stop the server if it runs."""
    if (running.folder / "data" / "postmaster.pid").exists():
        running.control("-m", "immediate", "stop")  # the folder is thrown away next


def as_postgres(command: list[str]) -> None:
    """Run a server program; root hands it to the `postgres` account, because the server refuses root."""
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    with tempfile.TemporaryFile("w+") as log:
        # The server inherits our output, so a pipe would never close: a file does not mind.
        ended = subprocess.run(command, stdout=log, stderr=log, cwd="/", check=False)
        if ended.returncode:
            log.seek(0)
            raise NoPostgres(f"{command[-1]}: {log.read().strip()[-500:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_up(address: str, seconds: float = 20) -> None:
    """Wait until the server answers."""
    import psycopg

    until = time.monotonic() + seconds
    while True:
        try:
            psycopg.connect(address, connect_timeout=2).close()
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return
