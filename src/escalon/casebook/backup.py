"""Backups: everything of a casebook in one encrypted file, read back and verified before it counts."""

from __future__ import annotations

import getpass
import gzip
import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from escalon.casebook.casebook import SYSTEM, Casebook
from escalon.casebook.chain import Row, Verification, verify_rows
from escalon.casebook.database import open_database, storage_errors
from escalon.casebook.entry import Author
from escalon.casebook.errors import CasebookError, ChainBroken, StorageDamaged, StorageFailed
from escalon.casebook.identifiers import IdentifierStore
from escalon.casebook.keys import Seal, keep_keys, load_seal, load_signer, private_pem, read_signer
from escalon.casebook.location import Location, find_casebook, lay_out, open_casebook, settings_of, write_settings
from escalon.casebook.sealed_file import SealedReader, SealedWriter
from escalon.casebook.tables import checkpoints, entries, head, secrets
from escalon.history.events import BackupMade

Progress = Callable[[int], None]
Line = tuple[str, dict[str, Any]]

BATCH = 2_000


@dataclass(frozen=True)
class Copied:
    """What a backup or a restored casebook holds: entries, where they end, and the digest over all of it."""

    entries: int
    ends_in: str
    digest: str


def back_up(folder: Path, to: Path, passphrase: str, progress: Progress | None = None) -> Copied:
    """Write an encrypted backup, read it back, verify its chain, and record that it was made."""
    if to.exists():
        raise CasebookError(f"{to} exists; a backup is never written over")
    location = find_casebook(folder)
    casebook = open_casebook(folder)
    unfinished = to.with_name(to.name + ".unfinished")
    try:
        written = _write(location, casebook, unfinished, passphrase, progress)
        read_back = check_backup(unfinished, passphrase)
        if read_back != written:
            raise StorageFailed(f"{to}: what was read back is not what was written; the disk cannot be trusted")
        unfinished.rename(to)
    finally:
        unfinished.unlink(missing_ok=True)
    author = Author(SYSTEM, "software", "", f"backup by {getpass.getuser()}")
    casebook.append(author, BackupMade(upto=written.entries, digest=written.digest))
    casebook.close()
    return written


def check_backup(backup: Path, passphrase: str) -> Copied:
    """Read a backup through and verify the chain of its entries."""
    with _opened(backup, passphrase) as lines:
        content = _Content()
        found = content.verify(lines)
    if found.problem:
        raise ChainBroken(f"{backup}: {found.problem}")
    return content.copied()


def restore(
    backup: Path,
    folder: Path,
    passphrase: str,
    *,
    database: str | None = None,
    owner: str | None = None,
    progress: Progress | None = None,
) -> Copied:
    """Set a casebook up again from a backup, in a new folder; it ends with the digest of the backup."""
    expected = check_backup(backup, passphrase)  # before anything is made
    location = lay_out(folder, database, owner)
    engine = open_database(location.database)
    try:
        with storage_errors(str(folder)), _opened(backup, passphrase) as lines:
            with engine.execution_options(writes=True).begin() as connection:
                rest = _put_entries(connection, lines, progress)
            _put_rest(location, rest)
    finally:
        engine.dispose()
    restored = digest_of_casebook(folder)
    if restored != expected:
        raise StorageFailed(f"{folder}: the restored casebook differs from the backup; do not use it")
    return restored


def digest_of_casebook(folder: Path) -> Copied:
    """The digest over everything a backup of this casebook would hold, except its keys."""
    location, casebook = find_casebook(folder), open_casebook(folder)
    content = _Content()
    for line in _lines(location, casebook):
        content.take(line)
    casebook.close()
    return content.copied()


class _Content:
    """Counts and hashes what passes through, and hands the entries to the verifier."""

    def __init__(self) -> None:
        self.entries, self.ends_in, self.hash = 0, "", sha256()
        self.rest: list[Line] = []

    def take(self, line: Line) -> Line:
        kind, values = line
        if kind not in ("key", "settings", "end"):
            self.hash.update(_text(line))
        if kind == "entry":
            self.entries, self.ends_in = values["number"], values["hash"]
        else:
            self.rest.append(line)
        return line

    def verify(self, lines: Iterator[Line]) -> Verification:
        rows = self._rows(lines)
        first = verify_rows(rows, [])
        if first.problem:
            return first
        for line in lines:
            self.take(line)
        if not self.rest or self.rest[-1][0] != "end":
            raise StorageDamaged("the backup has no end")
        return first

    def _rows(self, lines: Iterator[Line]) -> Iterator[Row]:
        for line in lines:
            kind, values = self.take(line)
            if kind != "entry":
                return
            yield values["number"], values["previous"], values["hash"], values["body"]

    def copied(self) -> Copied:
        return Copied(self.entries, self.ends_in, self.hash.hexdigest())


def _write(location: Location, casebook: Casebook, to: Path, passphrase: str, progress: Progress | None) -> Copied:
    content = _Content()
    with to.open("xb") as file:
        with SealedWriter(file, passphrase) as sealed, gzip.GzipFile(fileobj=sealed, mode="wb", mtime=0) as packed:
            for line in _lines(location, casebook, progress):
                packed.write(_text(content.take(line)))
            for line in _keys(location):
                packed.write(_text(line))
            packed.write(_text(("end", {})))
        file.flush()
        os.fsync(file.fileno())
    return content.copied()


def _lines(location: Location, casebook: Casebook, progress: Progress | None = None) -> Iterator[Line]:
    with casebook.reading() as fresh:
        # One snapshot, so that entries, checkpoints and head belong together while others go on recording.
        if fresh.dialect.name == "postgresql":
            fresh = fresh.execution_options(isolation_level="REPEATABLE READ")
        query = select(entries.c.number, entries.c.previous, entries.c.hash, entries.c.body).order_by(entries.c.number)
        for row in fresh.execution_options(yield_per=BATCH).execute(query):
            yield "entry", dict(row._mapping)
            if progress and not row.number % BATCH:
                progress(row.number)
        for name, table in (("head", head), ("checkpoint", checkpoints), ("secret", secrets)):
            for row in fresh.execute(select(table).order_by(*table.primary_key.columns)):
                yield name, dict(row._mapping)
    with _identifiers(location) as store:
        for code, sealed in store.sealed().items():
            yield "identifier", {"participant": code, "sealed": sealed}
    yield "settings", settings_of(location.folder)


def _keys(location: Location) -> Iterator[Line]:
    signer = load_signer(location.keys, os.environ.get("ESCALON_KEY_PASSPHRASE"))
    seal = load_seal(location.keys)
    yield (
        "key",
        {
            "signing": private_pem(signer).decode() if signer else None,
            "sealing": seal.key.hex() if seal else None,
        },
    )


@contextmanager
def _identifiers(location: Location) -> Iterator[IdentifierStore]:
    engine = open_database(location.identifiers)
    try:
        yield IdentifierStore(engine, load_seal(location.keys) or Seal(b""), str(location.folder))
    finally:
        engine.dispose()


def _text(line: Line) -> bytes:
    return json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


@contextmanager
def _opened(backup: Path, passphrase: str) -> Iterator[Iterator[Line]]:
    """The lines of a backup."""
    with backup.open("rb") as file:
        sealed: Any = SealedReader(file, passphrase, str(backup))
        yield _read_lines(io.BufferedReader(sealed), backup)


def _read_lines(sealed: Any, backup: Path) -> Iterator[Line]:
    try:
        with sealed, gzip.open(sealed, "rt", encoding="utf-8") as text:
            for line in text:
                kind, values = json.loads(line)
                yield kind, values
    except (OSError, EOFError, UnicodeDecodeError, json.JSONDecodeError) as wrong:
        raise StorageDamaged(f"{backup}: damaged ({wrong})") from wrong


def _put_entries(connection: Connection, lines: Iterator[Line], progress: Progress | None) -> list[Line]:
    """Entries go in in order, past the guards, like any other; everything else is handed back for afterwards."""
    batch: list[dict[str, Any]] = []
    rest: list[Line] = []
    for kind, values in lines:
        if kind != "entry":
            rest.append((kind, values))
            continue
        batch.append(values)
        if len(batch) == BATCH:
            connection.execute(insert(entries), batch)
            if progress:
                progress(values["number"])
            batch = []
    if batch:
        connection.execute(insert(entries), batch)
    for kind, values in rest:
        _put_row(connection, kind, values)
    return rest


_PLACE: dict[str, Table] = {"checkpoint": checkpoints, "secret": secrets}


def _put_row(connection: Connection, kind: str, values: dict[str, Any]) -> None:
    if kind == "head":
        moved = {name: value for name, value in values.items() if name != "one"}
        connection.execute(update(head).values(**moved))
    elif kind in _PLACE:
        connection.execute(insert(_PLACE[kind]), values)


def _put_rest(location: Location, rest: list[Line]) -> None:
    sealed = {values["participant"]: values["sealed"] for kind, values in rest if kind == "identifier"}
    for kind, values in rest:
        if kind == "key" and values["sealing"]:
            signer = read_signer(values["signing"].encode(), "backup") if values["signing"] else None
            keep_keys(location.keys, signer, Seal(bytes.fromhex(values["sealing"])))
        if kind == "settings":
            write_settings(location.folder, values)
    with _identifiers(location) as store:
        store.put_back(sealed)
