"""An archive: the whole casebook as files that are readable, and verifiable, without Escalon."""

from __future__ import annotations

import csv
import filecmp
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_type_hints

from sqlalchemy import insert, select, update

import escalon
from escalon.casebook import verify_alone
from escalon.casebook.archive_pdf import write_pdf
from escalon.casebook.casebook import Casebook
from escalon.casebook.chain import Fault, Verification, Vouched, stored_rows, verify, verify_rows
from escalon.casebook.checkpoints import Checkpoint
from escalon.casebook.database import RESTORE, open_database, storage_errors
from escalon.casebook.entry import read_entry
from escalon.casebook.errors import CasebookError, ChainBroken, NotACasebook, WrongKey
from escalon.casebook.keys import Signer, is_signed, key_passphrase, make_keys
from escalon.casebook.location import new_casebook
from escalon.casebook.stored import put_entries
from escalon.casebook.tables import checkpoints, head
from escalon.facts.whole import new_folder
from escalon.history.entry import Author, Entry
from escalon.history.events import KINDS, ArchiveMade, Event

Progress = Callable[[int], None]

ROW = ("number", "previous", "hash", "body")
"""The columns of an entry as stored."""

README = Path(__file__).with_name("archive_readme.txt").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Archived:
    """What an archive holds, and the digest it must be re-imported with."""

    entries: int
    ends_in: str
    files: int


def make_archive(
    casebook: Casebook, to: Path, progress: Progress | None = None, author: Author | None = None
) -> Archived:
    """Write the archive into a new folder, its list of files signed; `author` is who makes it, and is recorded."""
    if to.exists():
        raise CasebookError(f"{to} exists; an archive is written into a new folder")
    if casebook.signer is None:
        raise WrongKey(f"{casebook.why_read_only}; an archive is signed with it")
    # Nobody's key signs tables of what was rewritten. A record restored without its key is not proved, and may be archived.
    if broken := verify(casebook, key=casebook.public_key).problem:
        raise ChainBroken(f"{casebook.place}: no archive is made of it: {broken}. {RESTORE}")
    with new_folder(to) as made:
        (made / "tables").mkdir(parents=True)
        last = _write_entries(casebook, made, progress)
        _write_tables(made)
        _write_papers(made, made, last, casebook.public_key)
        files = _write_sums(made, casebook.signer, last)
    if author:
        casebook.append(author, ArchiveMade(upto=last.number))
    return Archived(last.number, last.hash, files)


def _write_entries(casebook: Casebook, to: Path, progress: Progress | None) -> Checkpoint:
    last, kept = casebook.head, casebook.checkpoints()
    with (to / "entries.jsonl").open("w", encoding="utf-8", newline="\n") as file:
        for number, previous, hashed, body in stored_rows(casebook):
            if number > last.number:
                break
            row = dict(zip(ROW, (number, previous, hashed, body), strict=True))
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
            if progress and not number % 2000:
                progress(number)
    ends = {
        "head": [last.number, last.hash, last.at, last.signature],
        "checkpoints": [
            [one.number, one.hash, one.at, one.key, one.signature] for one in kept if one.number <= last.number
        ],
    }
    (to / "checkpoints.json").write_text(json.dumps(ends, indent=1) + "\n", encoding="utf-8")
    return last


def _write_papers(archive: Path, to: Path, last: Checkpoint, key: str) -> None:
    """What is written of an archive's entries beside its tables: the same entries and version give the same bytes."""
    (to / "README.txt").write_text(_readme(), encoding="utf-8")
    (to / "public_key.txt").write_text(f"ed25519 {key}\n", encoding="utf-8")
    (to / "verify_alone.py").write_bytes(Path(verify_alone.__file__).read_bytes())
    with (to / "dictionary.csv").open("wb") as file:
        file.writelines(verify_alone.lines_of(["file", "column", "meaning", "type"], _dictionary(archive)))
    write_pdf((read_entry(*row) for row in verify_alone.rows_of(archive)), last, key, to / "casebook.pdf")


def _readme() -> str:
    return f"{README}\nMade with Escalon {escalon.__version__} and typst {version('typst')}.\n"


def _write_tables(to: Path) -> None:
    """The tables, made by the verifier's own functions, so that it can make them again and compare."""

    def read() -> Iterator[dict[str, Any]]:
        for number, previous, hashed, body in verify_alone.rows_of(to):
            yield {**json.loads(body), "number": number, "previous": previous, "hash": hashed}

    for name, columns, rows in verify_alone.tables(read, lambda name: _columns(Path(name).stem)):
        with (to / name).open("wb") as file:
            file.writelines(verify_alone.lines_of(columns, rows))


def _columns(kind: str) -> list[str]:
    return [*verify_alone.ENVELOPE, *_own_fields(KINDS[kind])]


def _own_fields(kind: type[Event]) -> list[str]:
    return [field.name for field in fields(kind) if field.name not in ("participant", "reason")]


def _dictionary(to: Path) -> Iterator[list[str]]:
    plain = {
        "audit.csv": verify_alone.AUDIT,
        "facts.csv": verify_alone.FACTS,
        "signatures.csv": verify_alone.SIGNATURES,
    }
    for name, columns in plain.items():
        for column in columns:
            yield [name, column, COLUMNS.get(column, column.replace("_", " ")), "text"]
    for path in sorted((to / "tables").iterdir()):
        kind = KINDS[path.stem]
        hints = get_type_hints(kind)
        for column in _columns(path.stem):
            meaning = COLUMNS.get(column) or f"{column.replace('_', ' ')} ({(kind.__doc__ or '').strip()})"
            yield [f"tables/{path.name}", column, meaning, _type_name(hints.get(column, str))]


def _type_name(hint: Any) -> str:
    return getattr(hint, "__name__", None) or str(hint).replace("escalon.history.events.", "")


COLUMNS = dict(
    line.split(maxsplit=1)
    for line in Path(__file__).with_name("archive_columns.txt").read_text(encoding="utf-8").splitlines()
)


def _write_sums(to: Path, signer: Signer, last: Checkpoint) -> int:
    files = sorted(path for path in to.rglob("*") if path.is_file())
    lines = [f"{verify_alone.digest_of(path)}  {path.relative_to(to).as_posix()}\n" for path in files]
    (to / verify_alone.LIST).write_text("".join(lines), encoding="utf-8")
    signature = signer.sign(verify_alone.list_statement(to, last.number, last.hash))
    (to / verify_alone.SIGNATURE).write_text(f"{signature}\n", encoding="ascii")
    return len(files) + 2


def verify_archive(
    archive: Path,
    anchors: Sequence[tuple[int, str] | Vouched] = (),
    key: str | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Verify an archive: its chain and signatures, every file against the signed list and against the entries."""
    if not (archive / "entries.jsonl").is_file():
        raise NotACasebook(f"{archive}: no entries.jsonl; this is not an archive of a casebook")
    try:
        if odd := verify_alone.odd_file(archive):
            return Verification(0, "", 0, Fault(0, odd))
        last, kept = _ends(archive)
        rows = verify_alone.rows_of(archive)
        found = verify_rows(rows, kept, head=last, anchors=anchors, key=key, progress=progress)
        if found.is_whole and (wrong := _wrong_file(archive, found)):
            return replace(found, problem=Fault(0, wrong))
        if found.is_whole and (archive / "README.txt").read_text(encoding="utf-8") != _readme():
            return replace(found, beside=OTHER_VERSION)
        if found.is_whole and (paper := _wrong_paper(archive, last, found.key)):
            return replace(found, problem=Fault(0, f"{paper} is not what the entries say"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, csv.Error) as wrong:
        return Verification(0, "", 0, Fault(0, f"the archive cannot be read ({wrong})"))
    return found


def _wrong_file(archive: Path, found: Verification) -> str | None:
    if wrong := verify_alone.wrong_file(archive):
        return str(wrong)
    signature = (archive / verify_alone.SIGNATURE).read_text(encoding="ascii").strip()
    stated = verify_alone.list_statement(archive, found.entries, found.ends_in)
    if not is_signed(found.key, signature, stated):
        return f"{verify_alone.LIST}: the list of files is not signed with the casebook's key"
    if table := verify_alone.wrong_table(archive):
        return f"{table} is not what the entries say"
    return None


def _wrong_paper(archive: Path, last: Checkpoint, key: str) -> str | None:
    """The first of the papers that differs when it is written anew."""
    with TemporaryDirectory() as folder:
        _write_papers(archive, Path(folder), last, key)
        names = sorted(path.name for path in Path(folder).iterdir())
        return next((one for one in names if not filecmp.cmp(archive / one, Path(folder) / one, shallow=False)), None)


OTHER_VERSION = (
    "its README says that another version made it: casebook.pdf, dictionary.csv and verify_alone.py are bound by the "
    "signed list of files only"
)


def check_archive(archive: Path) -> Verification:
    """Refuse an archive that is not whole."""
    found = verify_archive(archive)
    if found.problem:
        raise ChainBroken(f"{archive}: {found.problem}")
    return found


def entries_of(archive: Path) -> Iterator[Entry]:
    """The entries of an archive, in order, once it is known to be whole. Raises ChainBroken."""
    check_archive(archive)
    return (read_entry(*row) for row in verify_alone.rows_of(archive))


def import_archive(archive: Path, folder: Path, *, database: str | None = None, owner: str | None = None) -> Archived:
    """Set a casebook up from an archive, with equal digest. It carries no keys and no passwords; both are made anew."""
    checked = check_archive(archive)
    last, kept = _ends(archive)
    with new_casebook(folder, database, owner) as location:
        make_keys(location.keys, key_passphrase())
        engine = open_database(location.database)
        try:
            with storage_errors(str(folder)), engine.execution_options(writes=True).begin() as connection:
                put_entries(connection, (dict(zip(ROW, one, strict=True)) for one in verify_alone.rows_of(archive)))
                if kept:
                    connection.execute(insert(checkpoints), [_checkpoint_row(one) for one in kept])
                moved = {"number": last.number, "hash": last.hash, "at": last.at, "signature": last.signature}
                connection.execute(update(head).values(**moved))
                arrived = connection.execute(select(head.c.number, head.c.hash)).one()
        finally:
            engine.dispose()
        if (arrived.number, arrived.hash) != (checked.entries, checked.ends_in):
            raise CasebookError(f"{folder}: the casebook differs from the archive; nothing was made")
    return Archived(checked.entries, checked.ends_in, len(verify_alone.listed(archive)) + 2)


def _ends(archive: Path) -> tuple[Checkpoint, list[Checkpoint]]:
    ends = json.loads((archive / "checkpoints.json").read_text(encoding="utf-8"))
    number, hashed, at, signature = ends["head"]
    return Checkpoint(number, hashed, at, "", signature), [Checkpoint(*one) for one in ends["checkpoints"]]


def _checkpoint_row(one: Checkpoint) -> dict[str, Any]:
    return {"entry": one.number, "hash": one.hash, "at": one.at, "key": one.key, "signature": one.signature}
