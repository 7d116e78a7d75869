"""Where a casebook is: a folder with `casebook.toml`, the keys, and either the SQLite files or an address."""

from __future__ import annotations

import json
import tomllib
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from escalon.casebook.casebook import Casebook
from escalon.casebook.clock import Clock, ComputerClock
from escalon.casebook.database import address_of, open_database, storage_errors
from escalon.casebook.errors import NotACasebook, StorageDamaged
from escalon.casebook.keys import (
    SEALING_KEY,
    SIGNING_KEY,
    Seal,
    Signer,
    key_passphrase,
    load_seal,
    load_signer,
    make_keys,
    make_signer,
    private_pem,
    read_signer,
    sealing_text,
    write_new,
)
from escalon.casebook.migrate import LAYOUT, check_layout, grant_rights, migrate
from escalon.casebook.seen import mark_of
from escalon.facts.whole import new_folder
from escalon.history.entry import SYSTEM, Author
from escalon.history.events import AnswerPart, CasebookOpened, Event, SchemaMigrated

SETTINGS = "casebook.toml"
KEYS = "keys"
NEXT = ".next"
"""Ends the name of a key file that takes over as soon as the record says so."""
DATABASE = "casebook.sqlite"
IDENTIFIERS = "identifiers.sqlite"


@dataclass(frozen=True)
class CasebookPlace:
    """A casebook's folder and the addresses in its `casebook.toml`."""

    folder: Path
    database: str
    identifiers: str

    @property
    def keys(self) -> Path:
        """The folder of keys."""
        return self.folder / KEYS


def find_casebook(folder: Path) -> CasebookPlace:
    """Read a casebook's settings."""
    path = folder / SETTINGS
    if not path.is_file():
        raise NotACasebook(f"{folder}: no {SETTINGS} here. Make a casebook with: escalon casebook init {folder}")
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise NotACasebook(f"{path}: {wrong}") from wrong
    missing = {"database", "identifiers"} - settings.keys()
    if missing:
        raise NotACasebook(f"{path}: {' and '.join(sorted(missing))} missing")
    return CasebookPlace(folder, _address(folder, settings["database"]), _address(folder, settings["identifiers"]))


def settings_of(folder: Path) -> dict[str, Any]:
    """What `casebook.toml` says besides the addresses: where the study's folder is."""
    read = tomllib.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    return {name: value for name, value in read.items() if name not in ("database", "identifiers")}


def open_casebook(folder: Path, *, clock: Clock | None = None, read_only: bool = False) -> Casebook:
    """Open the casebook in a folder; without its signing key, or `read_only`, for reading."""
    location = find_casebook(folder)
    engine = open_database(location.database, read_only=read_only)
    with storage_errors(str(folder)):
        check_layout(engine, str(folder))
    casebook = Casebook(engine, clock=clock or ComputerClock(), place=str(folder))
    with suppress(StorageDamaged) if read_only else nullcontext():
        casebook.mark = mark_of(casebook.name)
    casebook.signer = signer = None if read_only else _signer_of(location.keys, casebook.public_key)
    if signer and signer.public_key != casebook.public_key:
        # Recording with it would make a casebook that no longer verifies; reading does no harm.
        casebook.signer = None
        casebook.why_read_only = (
            f"{location.keys}: the signing key is not this casebook's ({signer.public_key[:16]}…, expected "
            f"{casebook.public_key[:16]}…). Put the right key there; after a restore from an archive, which carries "
            f"no keys: escalon user recover {folder} ACCOUNT"
        )
    return casebook


def _signer_of(keys: Path, expected: str) -> Signer | None:
    """The signing key; one that took over in the record, but whose file was not yet put in place, is put there."""
    signer, waiting = load_signer(keys, key_passphrase()), keys / f"{SIGNING_KEY}{NEXT}"
    if (signer is None or signer.public_key != expected) and waiting.exists():
        next_one = read_signer(waiting.read_bytes(), str(waiting), key_passphrase())
        if next_one.public_key == expected:
            _put_in_place(keys)
            return next_one
    return signer


def _put_in_place(keys: Path) -> None:
    for name in (SEALING_KEY, SIGNING_KEY):
        (keys / f"{name}{NEXT}").replace(keys / name)


def open_identifiers(folder: Path) -> Engine:
    """The database in which identities are kept apart."""
    return open_database(find_casebook(folder).identifiers)


def open_seal(folder: Path) -> Seal:
    """The key that opens what is sealed in this casebook."""
    seal = load_seal(find_casebook(folder).keys, key_passphrase())
    if seal is None:
        raise NotACasebook(f"{folder / KEYS}: the sealing key is not on this computer")
    return seal


def create_casebook(
    folder: Path,
    *,
    study: str,
    study_version: str,
    clock: Clock | None = None,
    database: str | None = None,
    owner: str | None = None,
    passphrase: str | None = None,
    study_folder: str | None = None,
    levels: tuple[AnswerPart, ...] = (),
) -> Casebook:
    """Make an empty casebook. On PostgreSQL `owner` is the address of the account that owns the tables.

    `study_folder` is a bundled study's name or a folder; without it the study's name is taken. `levels` are its doses.
    """
    clock, name = clock or ComputerClock(), str(uuid.uuid4())
    with new_casebook(folder, database, owner) as location:
        write_settings(location.folder, {"study": study_folder or study})
        signer, _ = make_keys(location.keys, passphrase)
        casebook = Casebook(open_database(location.database), clock=clock, signer=signer, place=str(folder))
        try:
            _write_first_entries(casebook, signer, name, study, study_version, levels)
        finally:
            casebook.close()
    engine = open_database(find_casebook(folder).database)
    return Casebook(engine, clock=clock, signer=signer, place=str(folder), mark=mark_of(name))


@contextmanager
def new_casebook(folder: Path, database: str | None, owner: str | None) -> Iterator[CasebookPlace]:
    """Settings and empty tables, to be filled: they take their place, whole, when the block ends well.

    A folder or database in use is refused.
    """
    used = NotACasebook(f"{folder}: not empty; a casebook is made in a new folder")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise used
    settings = {"database": database or DATABASE, "identifiers": database or IDENTIFIERS}
    if database and not owner:
        raise NotACasebook(
            "on PostgreSQL the tables belong to another account than the application's: give its address with --owner"
        )
    _refuse_password(database)
    try:
        with new_folder(folder) as made:
            made.mkdir(mode=0o700)
            _create_tables(made, database, owner)
            lines = ["# Where this casebook is. Passwords belong in ~/.pgpass, never here.\n"]
            lines += [f"{name} = {json.dumps(address)}\n" for name, address in settings.items()]
            (made / SETTINGS).write_text("".join(lines), encoding="utf-8")
            yield find_casebook(made)
    except FileExistsError:
        raise used from None


def write_settings(folder: Path, settings: Mapping[str, str]) -> None:
    """Add settings to a new casebook's `casebook.toml`."""
    with (folder / SETTINGS).open("a", encoding="utf-8") as file:
        file.writelines(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in settings.items())


def migrate_casebook(folder: Path, owner: str | None) -> tuple[str | None, str]:
    """Bring the layout to the newest revision and record that; returns the revision before and after."""
    location = find_casebook(folder)
    engine = open_database(owner or location.database)
    with storage_errors(str(folder)), engine.execution_options(writes=True).begin() as connection:
        before, after = migrate(connection)
    engine.dispose()
    if before != after:
        casebook = open_casebook(folder)
        casebook.append(Author(SYSTEM, "software", "", "migrate"), SchemaMigrated(revision=after, before=before))
        casebook.close()
    return before, after


def change_key(casebook: Casebook, author: Author, *also: Event) -> str:
    """Make a new signing key and go on with it; the change becomes an entry, signed by the old key if it is at hand.

    `also` are events of the same act. Returns the public key.
    """
    keys = find_casebook(Path(casebook.place)).keys
    passphrase, new = key_passphrase(), make_signer()
    seal = open_seal(Path(casebook.place))
    for name, content in (
        (SIGNING_KEY, private_pem(new, passphrase)),
        (SEALING_KEY, sealing_text(seal, new if passphrase else None)),
    ):
        (keys / f"{name}{NEXT}").unlink(missing_ok=True)
        write_new(keys / f"{name}{NEXT}", content)
    with casebook.writing(new_key=new) as writer:
        writer.change_key(author, new)
        for event in also:
            writer.append(author, event)
    _put_in_place(keys)
    casebook.mark = mark_of(casebook.name)
    return new.public_key


def _refuse_password(database: str | None) -> None:
    if database and address_of(database).password:
        raise NotACasebook("leave the password out of the database's address; put it in ~/.pgpass or PGPASSWORD")


def _create_tables(folder: Path, database: str | None, owner: str | None) -> None:
    for name in () if database else (DATABASE, IDENTIFIERS):
        (folder / name).touch(mode=0o600)
    engine = open_database(owner) if owner else open_database(_address(folder, DATABASE))
    try:
        laying_out = engine.execution_options(writes=True)
        with storage_errors(str(folder)), laying_out.begin() as connection:
            migrate(connection)
            if database:
                grant_rights(connection, address_of(database).username or "")
        _create_identifiers(folder, engine if owner else None, database)
    finally:
        engine.dispose()


def _create_identifiers(folder: Path, owner: Engine | None, database: str | None) -> None:
    from escalon.casebook.identifiers import create_table

    application = (address_of(database).username or "") if database else None
    engine = owner or open_database(_address(folder, IDENTIFIERS))
    create_table(engine, application)
    engine.dispose()


def _write_first_entries(
    casebook: Casebook, signer: Signer, name: str, study: str, study_version: str, levels: tuple[AnswerPart, ...]
) -> None:
    if " " in study:
        raise ValueError(f"{study!r}: a study's name has no space")
    system = Author(SYSTEM, "software", "", "casebook init")
    with casebook.writing() as writer:
        writer.append(
            system,
            CasebookOpened(
                casebook=name, study=study, study_version=study_version, public_key=signer.public_key, levels=levels
            ),
        )
        writer.append(system, SchemaMigrated(revision=LAYOUT))


def _address(folder: Path, written: str) -> str:
    return written if "://" in written else f"sqlite:///{(folder / written).resolve()}"
