"""Backups: everything of a casebook in one encrypted file, read back and verified before it counts."""

from __future__ import annotations

import getpass
import gzip
import io
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from escalon.casebook.canonical import LONGEST_BODY
from escalon.casebook.casebook import Casebook
from escalon.casebook.chain import NO_HEAD, Row, Verification, verify_rows
from escalon.casebook.checkpoints import Checkpoint
from escalon.casebook.database import RESTORE, open_database, storage_errors
from escalon.casebook.errors import CasebookError, ChainBroken, StorageDamaged, StorageFailed
from escalon.casebook.identifiers import IdentifierStore
from escalon.casebook.keys import SEALING_KEY, SIGNING_KEY, Seal, keep_keys, key_passphrase, load_signer
from escalon.casebook.location import (
    CasebookPlace,
    find_casebook,
    new_casebook,
    open_casebook,
    settings_of,
    write_settings,
)
from escalon.casebook.sealed_file import SealedReader, SealedWriter
from escalon.casebook.secrets import SHORTEST_ALONE, is_guessed
from escalon.casebook.stored import BATCH, put_entries
from escalon.casebook.tables import checkpoints, entries, head, secrets
from escalon.facts.whole import whole_file
from escalon.history.entry import SYSTEM, Author
from escalon.history.events import BackupMade, CasebookRestored

Progress = Callable[[int], None]
Line = tuple[str, dict[str, Any]]

LONGEST_LINE = 2 * LONGEST_BODY
"""Bytes of a line: an entry, written as JSON once more."""

MOST_OTHERS = 5_000_000
"""Lines beside entries: a checkpoint or signature each, far more than a trial has."""


@dataclass(frozen=True)
class Copied:
    """What a backup or a restored casebook holds: entries, where they end, and the digest over all of it."""

    entries: int
    ends_in: str
    digest: str


def back_up(
    folder: Path, to: Path, passphrase: str, author: Author | None = None, progress: Progress | None = None
) -> Copied:
    """Write an encrypted backup, read it back, verify its chain, and record who made it."""
    if to.exists():
        raise CasebookError(f"{to} exists; a backup is never written over")
    refuse_weak(passphrase)
    location = find_casebook(folder)
    casebook = open_casebook(folder)
    try:
        with whole_file(to, new=True) as unfinished:
            written = _write(location, casebook, unfinished, passphrase, progress)
            if check_backup(unfinished, passphrase) != written:
                raise StorageFailed(f"{to}: what was read back is not what was written; the disk cannot be trusted")
    except FileExistsError:
        raise CasebookError(f"{to} exists; a backup is never written over") from None
    made_by = author or Author(SYSTEM, "software", "", f"backup by {getpass.getuser()}")
    casebook.append(made_by, BackupMade(upto=written.entries, digest=written.digest))
    casebook.close()
    return written


def refuse_weak(passphrase: str) -> None:
    """A backup holds every key, so its passphrase is at least as long as a password."""
    if len(passphrase.strip()) < SHORTEST_ALONE or is_guessed(passphrase):
        raise CasebookError(
            f"the passphrase of a backup, which holds every key, has at least {SHORTEST_ALONE} characters, not all alike"
        )


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
    """Set a casebook up again from a backup, in a new folder, with the digest of the backup; then say that it was done.

    The entry that says so names this copy, so that two copies of one backup are told apart by their own records.
    """
    expected = check_backup(backup, passphrase)  # before anything is made
    with new_casebook(folder, database, owner) as location:
        engine = open_database(location.database)
        try:
            with storage_errors(str(folder)), _opened(backup, passphrase) as lines:
                with engine.execution_options(writes=True).begin() as connection:
                    rest = _put_lines(connection, lines, progress)
                _put_rest(location, rest)
        finally:
            engine.dispose()
        restored = digest_of_casebook(location.folder)
        if restored != expected:
            raise StorageFailed(f"{folder}: the restored casebook differs from the backup; nothing was made")
    _say_restored(folder, restored)
    return restored


def _say_restored(folder: Path, restored: Copied) -> None:
    casebook = open_casebook(folder)
    if casebook.signer:  # without its key nothing is recorded in it, until the key is changed
        casebook.mark = None  # the mark is of the casebook it was copied from
        author = Author(SYSTEM, "software", "", f"restore by {getpass.getuser()}")
        casebook.append(author, restored_event(restored.entries, restored.digest, "a backup"))
    casebook.close()


def restored_event(upto: int, digest: str, source: str) -> CasebookRestored:
    """What a restored casebook records first: a name of its own."""
    return CasebookRestored(upto=upto, digest=digest, source=source, copy=str(uuid.uuid4()))


def digest_of_casebook(folder: Path) -> Copied:
    """The digest over everything a backup of this casebook would hold, except its keys."""
    location, casebook = find_casebook(folder), open_casebook(folder, read_only=True)
    content = _Content()
    for line in _lines(location, casebook):
        content.take(line)
    casebook.close()
    return content.copied()


class _Content:
    """Counts and hashes what passes through, and hands the entries to the verifier."""

    def __init__(self) -> None:
        self.entries, self.ends_in, self.hash = 0, "", sha256()
        self.last = ""

    def take(self, line: Line) -> Line:
        self.last, values = line
        if self.last not in ("key", "settings", "end"):
            self.hash.update(_text(line))
        if self.last == "entry":
            self.entries, self.ends_in = values["number"], values["hash"]
        return line

    def verify(self, lines: Iterator[Line]) -> Verification:
        """Head and checkpoints come first, then the entries they are of, then what is not chained."""
        end, signed, first = NO_HEAD, list[Checkpoint](), list[Line]()
        for line in map(self.take, lines):
            kind, values = line
            if kind == "head":
                end = Checkpoint(values["number"], values["hash"], values["at"], "", values["signature"])
            elif kind == "checkpoint":
                signed.append(Checkpoint(*(values[name] for name in ("entry", "hash", "at", "key", "signature"))))
            else:
                first.append(line)
                break
        found = verify_rows(self._rows(chain(first, map(self.take, lines))), signed, head=end)
        if found.is_whole:
            for line in lines:
                self.take(line)
            if self.last != "end":
                raise StorageDamaged("the backup has no end")
        return found

    def _rows(self, lines: Iterator[Line]) -> Iterator[Row]:
        for kind, values in lines:
            if kind != "entry":
                return
            yield values["number"], values["previous"], values["hash"], values["body"]

    def copied(self) -> Copied:
        return Copied(self.entries, self.ends_in, self.hash.hexdigest())


def _write(location: CasebookPlace, casebook: Casebook, to: Path, passphrase: str, progress: Progress | None) -> Copied:
    content = _Content()
    with (
        to.open("xb") as file,
        SealedWriter(file, passphrase) as sealed,
        gzip.GzipFile(fileobj=sealed, mode="wb", mtime=0) as packed,
    ):
        for line in _lines(location, casebook, progress):
            packed.write(_text(content.take(line)))
        for line in _keys(location):
            packed.write(_text(line))
        packed.write(_text(("end", {})))
    return content.copied()


def _lines(location: CasebookPlace, casebook: Casebook, progress: Progress | None = None) -> Iterator[Line]:
    with casebook.reading() as fresh:
        # One snapshot, so that entries, checkpoints and head belong together while others go on recording.
        if fresh.dialect.name == "postgresql":
            fresh = fresh.execution_options(isolation_level="REPEATABLE READ")
        yield from _table(fresh, "head", head)
        yield from _table(fresh, "checkpoint", checkpoints)
        query = select(entries.c.number, entries.c.previous, entries.c.hash, entries.c.body).order_by(entries.c.number)
        for row in fresh.execution_options(yield_per=BATCH).execute(query):
            yield "entry", dict(row._mapping)
            if progress and not row.number % BATCH:
                progress(row.number)
        yield from _table(fresh, "secret", secrets)
    with _identifiers(location) as store:
        yield from (("identifier", kept) for kept in store.sealed())
    yield "settings", settings_of(location.folder)


def _table(fresh: Connection, name: str, table: Table) -> Iterator[Line]:
    for row in fresh.execute(select(table).order_by(*table.primary_key.columns)):
        yield name, dict(row._mapping)


def _keys(location: CasebookPlace) -> Iterator[Line]:
    """The files of the keys as they are: what is under a passphrase stays under it."""
    load_signer(location.keys, key_passphrase())  # a key that does not open is no backup of one
    files = {"signing": location.keys / SIGNING_KEY, "sealing": location.keys / SEALING_KEY}
    yield "key", {name: path.read_text(encoding="ascii") if path.exists() else None for name, path in files.items()}


@contextmanager
def _identifiers(location: CasebookPlace) -> Iterator[IdentifierStore]:
    engine = open_database(location.identifiers)
    try:
        yield IdentifierStore(engine, Seal(b""), str(location.folder))
    finally:
        engine.dispose()


def _text(line: Line) -> bytes:
    if any(isinstance(value, bytes) for value in line[1].values()):
        raise StorageDamaged(
            f"the casebook is damaged: a stored {line[0]} is no text. escalon verify says where. {RESTORE}"
        )
    return json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


@contextmanager
def _opened(backup: Path, passphrase: str) -> Iterator[Iterator[Line]]:
    """The lines of a backup."""
    if not backup.is_file():
        raise StorageDamaged(f"{backup}: there is no such file")
    with backup.open("rb") as file:
        sealed: Any = SealedReader(file, passphrase, str(backup))
        yield _read_lines(io.BufferedReader(sealed), backup)


def _read_lines(sealed: Any, backup: Path) -> Iterator[Line]:
    try:
        with sealed, gzip.open(sealed, "rb") as packed:
            others = 0
            while line := packed.readline(LONGEST_LINE + 1):
                if len(line) > LONGEST_LINE:
                    raise StorageDamaged(f"{backup}: a line is longer than an entry may be; nothing was restored")
                kind, values = json.loads(line)
                others += kind != "entry"
                if others > MOST_OTHERS:
                    raise StorageDamaged(
                        f"{backup}: more than a casebook holds beside its entries; nothing was restored"
                    )
                yield kind, values
    except (OSError, EOFError, ValueError, TypeError, RecursionError) as wrong:
        if isinstance(wrong, CasebookError):
            raise
        raise StorageDamaged(f"{backup}: damaged ({wrong})") from wrong


def _put_lines(connection: Connection, lines: Iterator[Line], progress: Progress | None) -> list[Line]:
    """Entries go in in order, past the guards, like any other; everything else is handed back for afterwards."""
    rest: list[Line] = []

    def of_entries() -> Iterator[dict[str, Any]]:
        for kind, values in lines:
            if kind != "entry":
                rest.append((kind, values))
                continue
            yield values
            if progress and not values["number"] % BATCH:
                progress(values["number"])

    put_entries(connection, of_entries())
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


def _put_rest(location: CasebookPlace, rest: list[Line]) -> None:
    for kind, values in rest:
        if kind == "key" and values["sealing"]:
            keep_keys(location.keys, values["signing"], values["sealing"])
        if kind == "settings":
            write_settings(location.folder, values)
    with _identifiers(location) as store:
        store.put_back([values for kind, values in rest if kind == "identifier"])
