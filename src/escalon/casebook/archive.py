"""An archive: the whole casebook as files that are readable, and verifiable, without Escalon."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any, get_type_hints

from sqlalchemy import insert, select, update

from escalon.casebook import verify_alone
from escalon.casebook.canonical import canonical
from escalon.casebook.casebook import Casebook
from escalon.casebook.chain import stored_rows, verify_rows
from escalon.casebook.checkpoints import Checkpoint
from escalon.casebook.current import Current, current_entries
from escalon.casebook.database import open_database, storage_errors
from escalon.casebook.encoding import content, time_text
from escalon.casebook.entry import Entry
from escalon.casebook.errors import CasebookError, ChainBroken, NotACasebook
from escalon.casebook.keys import make_keys
from escalon.casebook.location import lay_out
from escalon.casebook.tables import checkpoints, entries, head
from escalon.history.events import KINDS, Event, FactCorrected, FactRecorded, Signed

Progress = Callable[[int], None]

AUDIT = [
    "number",
    "at",
    "person",
    "role",
    "site",
    "origin",
    "event",
    "participant",
    "what",
    "old",
    "new",
    "reason",
    "study",
    "software",
    "previous",
    "hash",
]
FACTS = [
    "participant",
    "fact",
    "value",
    "unit",
    "day",
    "until",
    "ongoing",
    "lower",
    "upper",
    "visit",
    "source",
    "entry",
    "recorded_at",
    "recorded_by",
]

README = """This is the archive of a casebook kept with Escalon. It needs no Escalon to be read or verified.

entries.jsonl     every entry as it was recorded: number, hash of the entry before, hash, and the text that is hashed
checkpoints.json  signed checkpoints and the signed head; public_key.txt is the key they are verified with
audit.csv         the audit trail, one line per entry: who, in which role, where, when, what, old, new, reason
facts.csv         every fact as it stands after corrections, with the entry that says so
tables/           every other kind of event as it stands after corrections, one file each
signatures.csv    printed name, UTC time, meaning and what was signed
dictionary.csv    every column of every file
casebook.pdf      a summary to print
verify_alone.py   run: python3 verify_alone.py .   (Python 3.8 or newer, nothing else)
SHA256SUMS        run: sha256sum --check SHA256SUMS

Text is UTF-8. An empty cell is a value that was not given. Participants appear by code only; names and contacts are
not part of an archive. Times are UTC.
"""


@dataclass(frozen=True)
class Archived:
    """What an archive holds, and the digest it must be re-imported with."""

    entries: int
    ends_in: str
    files: int


def make_archive(casebook: Casebook, to: Path, progress: Progress | None = None) -> Archived:
    """Write the archive into a new folder."""
    if to.exists():
        raise CasebookError(f"{to} exists; an archive is written into a new folder")
    unfinished = to.with_name(to.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    (unfinished / "tables").mkdir(parents=True)
    try:
        last = _write_entries(casebook, unfinished, progress)
        current = current_entries(casebook.entries(upto=last.number))
        _write_tables(casebook, unfinished, current, last)
        _write_pdf(casebook, unfinished, current, last)
        files = _write_sums(unfinished)
        unfinished.rename(to)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return Archived(last.number, last.hash, files)


def _write_entries(casebook: Casebook, to: Path, progress: Progress | None) -> Checkpoint:
    last, kept = casebook.head, casebook.checkpoints()
    with (to / "entries.jsonl").open("w", encoding="utf-8", newline="\n") as file:
        for number, previous, hashed, body in stored_rows(casebook):
            if number > last.number:
                break
            row = {"number": number, "previous": previous, "hash": hashed, "body": body}
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
    (to / "public_key.txt").write_text(f"ed25519 {casebook.public_key}\n", encoding="utf-8")
    (to / "README.txt").write_text(README, encoding="utf-8")
    shutil.copy(verify_alone.__file__, to / "verify_alone.py")
    return last


def _write_tables(casebook: Casebook, to: Path, current: list[Current], last: Checkpoint) -> None:
    _csv(to / "audit.csv", AUDIT, map(_audit_row, casebook.entries(upto=last.number)))
    _csv(
        to / "facts.csv",
        FACTS,
        (_fact_row(one) for one in current if isinstance(one.event, FactRecorded | FactCorrected)),
    )
    signed = (one.entry for one in current if isinstance(one.event, Signed))
    _csv(to / "signatures.csv", SIGNATURES, map(_signature_row, signed))
    for kind in sorted({one.event.kind for one in current} - {"FactRecorded", "FactCorrected"}):
        columns = [*ENVELOPE, *_own_fields(KINDS[kind])]
        _csv(to / "tables" / f"{kind}.csv", columns, (_row(one) for one in current if one.event.kind == kind))
    _csv(to / "dictionary.csv", ["file", "column", "meaning", "type"], _dictionary(to))


SIGNATURES = ["number", "at", "person", "printed_name", "role", "meaning", "event", "what", "digest", "second_factor"]
ENVELOPE = ["entry", "recorded_at", "recorded_by", "role", "site", "participant", "reason"]


def _audit_row(entry: Entry) -> list[Any]:
    return [
        entry.number,
        time_text(entry.at),
        entry.author.person,
        entry.author.role,
        entry.author.site,
        entry.author.origin,
        entry.kind,
        entry.participant,
        entry.event.what,
        canonical(entry.old) if entry.old is not None else None,
        canonical(content(entry.event)),
        entry.event.reason,
        entry.study,
        entry.software,
        entry.previous,
        entry.hash,
    ]


def _fact_row(one: Current) -> list[Any]:
    fact = one.event.fact  # type: ignore[attr-defined]
    described = [fact.name, fact.value, fact.unit, fact.day, fact.until, fact.ongoing, fact.lower, fact.upper]
    author = one.entry.author.person
    return [
        one.event.participant,
        *described,
        fact.visit,
        fact.source,
        one.entry.number,
        time_text(one.entry.at),
        author,
    ]


def _signature_row(entry: Entry) -> list[Any]:
    signed = entry.event
    assert isinstance(signed, Signed)
    who = [entry.number, time_text(entry.at), entry.author.person, signed.printed_name, entry.author.role]
    return [*who, signed.meaning, signed.kind, signed.what, signed.digest, signed.second_factor]


def _own_fields(kind: type[Event]) -> list[str]:
    return [field.name for field in fields(kind) if field.name not in ("participant", "reason")]


def _row(one: Current) -> list[Any]:
    entry, written = one.entry, content(one.event)
    values = [written.get(name) for name in _own_fields(type(one.event))]
    shown = [canonical({"": value})[4:-1] if isinstance(value, list | dict) else value for value in values]
    author = entry.author
    who = [entry.number, time_text(entry.at), author.person, author.role, author.site]
    return [*who, one.event.participant, one.event.reason, *shown]


def _dictionary(to: Path) -> Iterator[list[str]]:
    plain = {"audit.csv": AUDIT, "facts.csv": FACTS, "signatures.csv": SIGNATURES}
    for name, columns in plain.items():
        for column in columns:
            yield [name, column, COLUMNS.get(column, column.replace("_", " ")), "text"]
    for path in sorted((to / "tables").iterdir()):
        kind = KINDS[path.stem]
        hints = get_type_hints(kind)
        for column in [*ENVELOPE, *_own_fields(kind)]:
            meaning = COLUMNS.get(column) or f"{column.replace('_', ' ')} ({(kind.__doc__ or '').strip()})"
            yield [f"tables/{path.name}", column, meaning, _type_name(hints.get(column, str))]


def _type_name(hint: Any) -> str:
    return getattr(hint, "__name__", None) or str(hint).replace("escalon.history.events.", "")


COLUMNS = {
    "number": "number of the entry",
    "entry": "number of the entry that says so",
    "at": "when it was recorded (audit, signatures), or when it happened (tables), UTC",
    "recorded_at": "when it was recorded, UTC",
    "recorded_by": "account of the person who recorded it",
    "person": "account of the person",
    "role": "role the person acted in",
    "site": "site the person acted for",
    "origin": "the way in: command line, pages, interface or import",
    "event": "kind of event",
    "participant": "participant code",
    "what": "what the event is about",
    "old": "content of the entry it supersedes, as JSON",
    "new": "content of the event, as JSON",
    "reason": "reason given",
    "study": "study and version in force",
    "software": "version of Escalon",
    "previous": "hash of the entry before",
    "hash": "hash of the entry",
    "override": "entry of the override that allowed it, if any",
    "digest": "hash of what was signed (signatures), or of what the event names",
    "value": "value as entered; empty: asked and not known",
}


def _csv(path: Path, columns: list[str], rows: Iterable[list[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _write_pdf(casebook: Casebook, to: Path, current: list[Current], last: Checkpoint) -> None:
    from escalon.casebook.archive_pdf import write_pdf

    write_pdf(casebook, current, last, to / "casebook.pdf")


def _write_sums(to: Path) -> int:
    files = sorted(path for path in to.rglob("*") if path.is_file())
    lines = [f"{sha256(path.read_bytes()).hexdigest()}  {path.relative_to(to).as_posix()}\n" for path in files]
    (to / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
    return len(files) + 1


def check_archive(archive: Path, anchors: Sequence[tuple[int, str]] = ()) -> Archived:
    """Verify an archive's files against their sums, and its chain of entries against its checkpoints."""
    if not (archive / "entries.jsonl").is_file():
        raise NotACasebook(f"{archive}: no entries.jsonl; this is not an archive of a casebook")
    listed = (archive / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    for expected, name in (line.split("  ", 1) for line in listed):
        path = archive / name
        if not path.is_file() or sha256(path.read_bytes()).hexdigest() != expected:
            raise ChainBroken(f"{archive}: {name} is missing or was changed")
    last, kept = _ends(archive)
    found = verify_rows(_rows(archive), kept, head=last, anchors=anchors)
    if found.problem:
        raise ChainBroken(f"{archive}: {found.problem}")
    return Archived(found.entries, found.ends_in, len(listed) + 1)


def import_archive(archive: Path, folder: Path, *, database: str | None = None, owner: str | None = None) -> Archived:
    """Set a casebook up from an archive, with equal digest. It carries no keys and no passwords; both are made anew."""
    checked = check_archive(archive)
    location = lay_out(folder, database, owner)
    make_keys(location.keys)
    last, kept = _ends(archive)
    engine = open_database(location.database)
    try:
        with storage_errors(str(folder)), engine.execution_options(writes=True).begin() as connection:
            for batch in _batches(_rows(archive)):
                connection.execute(insert(entries), batch)
            if kept:
                connection.execute(insert(checkpoints), [_checkpoint_row(one) for one in kept])
            moved = {"number": last.number, "hash": last.hash, "at": last.at, "signature": last.signature}
            connection.execute(update(head).values(**moved))
            arrived = connection.execute(select(head.c.number, head.c.hash)).one()
    finally:
        engine.dispose()
    if (arrived.number, arrived.hash) != (checked.entries, checked.ends_in):
        raise CasebookError(f"{folder}: the casebook differs from the archive; do not use it")
    return checked


def _ends(archive: Path) -> tuple[Checkpoint, list[Checkpoint]]:
    ends = json.loads((archive / "checkpoints.json").read_text(encoding="utf-8"))
    number, hashed, at, signature = ends["head"]
    return Checkpoint(number, hashed, at, "", signature), [Checkpoint(*one) for one in ends["checkpoints"]]


def _rows(archive: Path) -> Iterator[tuple[int, str, str, str]]:
    with (archive / "entries.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield row["number"], row["previous"], row["hash"], row["body"]


def _batches(rows: Iterable[tuple[int, str, str, str]], size: int = 2000) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for number, previous, hashed, body in rows:
        batch.append({"number": number, "previous": previous, "hash": hashed, "body": body})
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _checkpoint_row(one: Checkpoint) -> dict[str, Any]:
    return {"entry": one.number, "hash": one.hash, "at": one.at, "key": one.key, "signature": one.signature}
