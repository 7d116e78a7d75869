#!/usr/bin/env python3
# mypy: allow-untyped-defs, allow-untyped-calls
"""Verify a casebook or its archive with Python alone (3.8 or newer; Escalon is not needed).

    python3 verify_alone.py ARCHIVE            the folder that `escalon archive` wrote (default: where this file lies)
    python3 verify_alone.py casebook.sqlite    the SQLite casebook itself
    python3 verify_alone.py ARCHIVE 812:9f2c…  as well: entry 812 must have this hash (from a printed report)
    python3 verify_alone.py ARCHIVE --key 5f0a…  as well: the key it begins with, or took over, is this one

What it checks: entry N's hash is SHA-256 over N, newline, the hash of entry N-1, newline, and the entry's text; each
entry names the hash of the one before; checkpoints and the head are Ed25519 signatures (RFC 8032) over four lines:
"escalon-checkpoint-2" or "escalon-head-2", a number, that entry's hash, a time. A checkpoint is kept of every hundredth
entry and of every signature. A change of key is signed by the key before. A signature a person gave is signed with that
person's own key, over "escalon-signature-2", number, the hash before, and the entry without that field. In an archive
every file is listed in SHA256SUMS, the list is signed, and the tables are made again from the entries and compared.

It is one file, and stays one however long: whoever is handed an archive reads it from top to bottom and runs it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import pathlib
import re
import sqlite3
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

# -- Ed25519, verifying only, after RFC 8032 section 6 (slow and plain on purpose; it handles no secret) ---------------
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def plus(a, b):
    """Add two points of the curve, in extended coordinates."""
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    e, f = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    g, h = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    return (f - e) * (h - g) % P, (h + g) * (f + e) % P, (h - g) * (h + g) % P, (f - e) * (f + e) % P


def times(s, point):
    """Add a point to itself `s` times."""
    total = (0, 1, 1, 0)
    while s:
        if s & 1:
            total = plus(total, point)
        point, s = plus(point, point), s >> 1
    return total


def point(raw):
    """The curve's point that 32 bytes name."""
    y = int.from_bytes(raw, "little") & ((1 << 255) - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P:
        raise ValueError("not a point of the curve")
    x = P - x if x & 1 != raw[31] >> 7 else x
    return x, y, 1, x * y % P


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(key, signature, text):
    """Whether the key's owner signed the text."""
    try:
        key, signature = bytes.fromhex(key), bytes.fromhex(signature)
        s = int.from_bytes(signature[32:], "little")
        if len(key) != 32 or len(signature) != 64 or s >= L:
            return False
        hashed = hashlib.sha512(signature[:32] + key + text.encode()).digest()
        left = times(s, BASE)
        right = plus(point(signature[:32]), times(int.from_bytes(hashed, "little") % L, point(key)))
    except ValueError:
        return False
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 == (left[1] * right[2] - right[1] * left[2]) % P


# -- the tables of an archive, made from its entries ------------------------------------------------------------------
AUDIT = [
    "number", "at", "person", "role", "site", "origin", "event", "participant", "what", "old", "new", "reason", "study",
    "software", "previous", "hash",
]  # fmt: skip
FACTS = [
    "participant", "fact", "value", "unit", "day", "until", "ongoing", "lower", "upper", "visit", "source", "entry",
    "recorded_at", "recorded_by",
]  # fmt: skip
SIGNATURES = ["number", "at", "person", "printed_name", "role", "meaning", "event", "what", "digest", "second_factor"]
ENVELOPE = ["entry", "recorded_at", "recorded_by", "role", "site", "participant", "reason"]
NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*(?:[eE][+-]?[0-9]+)?")
LONGEST_LINE = 1 << 22


def in_one_line(text: str) -> str:
    """Text as it may be printed: control characters, line breaks and marks of direction appear as what they are."""
    if text.isprintable():
        return text
    return "".join(one if unicodedata.category(one)[0] != "C" and one not in BREAKS else escaped(one) for one in text)


BREAKS = "\u2028\u2029"


def escaped(letter):
    """A character in the way Python and JSON name it."""
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(letter) or json.dumps(letter)[1:-1]


def cell(value):
    """A value as a cell: nothing a spreadsheet would run as a formula, and no line but its own."""
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        value = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    text = in_one_line(str(value))
    return "'" + text if text[:1] in ("=", "+", "-", "@") and not NUMBER.fullmatch(text) else text


def standing(entries):
    """What the entries say together: each event with its corrections in place, in order, without what was annulled."""
    stands: dict[int, Any] = {}
    first: dict[int, int] = {}
    for entry in entries:
        kind, new = entry["event"], entry["new"]
        target = {"EntryAnnulled": "annuls", "EntryCorrected": "corrects", "FactCorrected": "corrects"}.get(kind)
        root = first.get(new[target], new[target]) if target else entry["number"]
        first[entry["number"]] = root
        if kind == "EntryAnnulled":
            stands.pop(root, None)
        elif kind == "EntryCorrected":
            now = new["now"]
            said = {"participant": now["content"].get("participant"), "reason": now["content"].get("reason")}
            stands[root] = dict(entry, event=now["event"], new=now["content"], **said)
        else:
            stands[root] = entry
    return [stands[number] for number in sorted(stands)]


def audit_row(entry):
    """An entry as a line of the audit trail."""
    return [entry[name] for name in AUDIT]


def fact_row(entry):
    """A fact as it stands."""
    fact = dict(entry["new"]["fact"], fact=entry["new"]["fact"]["name"], participant=entry["participant"])
    fact.setdefault("ongoing", False)
    own = [fact.get(name) for name in FACTS[: FACTS.index("entry")]]
    return [*own, entry["number"], entry["at"], entry["person"]]


def signature_row(entry):
    """A signature."""
    own = dict(entry["new"], **{name: entry[name] for name in ("number", "at", "person", "role", "event", "what")})
    own.setdefault("second_factor", False)
    return [own.get(name) for name in SIGNATURES]


def event_row(entry, columns):
    """Any other event as it stands; a field that holds its usual value is empty."""
    who = [entry[name] for name in ("number", "at", "person", "role", "site", "participant", "reason")]
    return who + [entry["new"].get(name) for name in columns[len(ENVELOPE) :]]


def is_fact(entry):
    """Whether an entry says or corrects a fact."""
    return entry["event"] in ("FactRecorded", "FactCorrected")


def tables(read_entries: Any, columns_of: Any) -> Iterator[Any]:
    """Every table of an archive, as (file, columns, rows); `columns_of` gives the columns of `tables/KIND.csv`."""
    stands = standing(read_entries())
    yield "audit.csv", AUDIT, map(audit_row, read_entries())
    yield "facts.csv", FACTS, map(fact_row, filter(is_fact, stands))
    signed = [one for one in stands if "printed_name" in one["new"] and "digest" in one["new"]]
    yield "signatures.csv", SIGNATURES, map(signature_row, signed)
    for kind in sorted({one["event"] for one in stands if not is_fact(one)}):
        columns = columns_of("tables/" + kind + ".csv")
        of_kind = [one for one in stands if one["event"] == kind]
        yield "tables/" + kind + ".csv", columns, (event_row(one, columns) for one in of_kind)


def lines_of(columns: list[str], rows: Iterable[Any]) -> Iterator[bytes]:
    """A table as the lines of its file."""
    yield line_of(columns)
    for row in rows:
        yield line_of(map(cell, row))


def line_of(row):
    """One line of CSV, as bytes."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(row)
    return text.getvalue().encode()


# -- an archive: its files, the signed list of them, its tables --------------------------------------------------------
def digest_of(path: pathlib.Path) -> str:
    """SHA-256 of a file."""
    hashed = hashlib.sha256()
    with path.open("rb") as file:
        for part in iter(lambda: file.read(1 << 20), b""):
            hashed.update(part)
    return hashed.hexdigest()


LIST, SIGNATURE = "SHA256SUMS", "SHA256SUMS.signature"


def listed(archive: pathlib.Path) -> dict[str, str]:
    """What the list of files says: {name: hash}."""
    lines = (archive / LIST).read_text(encoding="utf-8").splitlines()
    return {name: hashed for hashed, name in (line.split("  ", 1) for line in lines)}


def odd_file(archive: pathlib.Path) -> str | None:
    """The first thing in an archive that is neither a folder nor a plain file: a link, a pipe, a device."""
    for path in sorted(archive.rglob("*")):
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            return path.relative_to(archive).as_posix() + " is not a plain file"
    return None


def wrong_file(archive: pathlib.Path) -> str | None:
    """The first file that is missing, changed, added or no plain file; None if there is none."""
    expected = listed(archive)
    found = {path.relative_to(archive).as_posix(): path for path in archive.rglob("*") if not path.is_dir()}
    for name in sorted(expected.keys() | found.keys() - {LIST, SIGNATURE}):
        path = found.get(name)
        if path is None:
            return name + " is missing"
        if name not in expected:
            return name + " was added: the list of files does not name it"
        if digest_of(path) != expected[name]:
            return name + " was changed: it does not match its sum"
    return None


def list_statement(archive: pathlib.Path, number: int, hashed: str) -> str:
    """The text that is signed for the list of files."""
    return f"escalon-archive-2\n{number}\n{hashed}\n{digest_of(archive / LIST)}"


def wrong_table(archive: pathlib.Path) -> str | None:
    """The first table that is not what the entries say; None if there is none."""
    columns: dict[str, list[str]] = {}
    with (archive / "dictionary.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            columns.setdefault(row["file"], []).append(row["column"])

    def entries():
        return (dict(json.loads(body), number=n, previous=p, hash=h) for n, p, h, body in rows_of(archive))

    made = {}
    for name, header, rows in tables(entries, lambda name: columns.get(name, ENVELOPE)):
        hashed = hashlib.sha256()
        for line in lines_of(header, rows):
            hashed.update(line)
        made[name] = hashed.hexdigest()
    kept = {name for name in listed(archive) if name.startswith("tables/")} | made.keys()
    return next((name for name in sorted(kept) if made.get(name) != listed(archive).get(name)), None)


# -- the record --------------------------------------------------------------------------------------------------------
def rows_of(archive: pathlib.Path) -> Iterator[tuple[int, str, str, str]]:
    """The entries of an archive; a line that cannot be read is an entry that does not match."""
    with (archive / "entries.jsonl").open(encoding="utf-8", errors="backslashreplace") as lines:
        for line in iter(lambda: lines.readline(LONGEST_LINE), ""):
            try:
                entry = json.loads(line)
                yield entry["number"], entry["previous"], entry["hash"], entry["body"]
            except (ValueError, KeyError, TypeError, RecursionError):
                yield 0, "", "", ""


def read(place):
    """The entries, the checkpoints and the head of an archive folder or an SQLite casebook."""
    if place.is_dir():
        ends = json.loads((place / "checkpoints.json").read_text(encoding="utf-8"))
        return rows_of(place), [tuple(c) for c in ends["checkpoints"]], tuple(ends["head"])
    book = sqlite3.connect(place.resolve().as_uri() + "?mode=ro", uri=True)
    book.text_factory = lambda raw: raw.decode("utf-8", "backslashreplace")  # a flipped byte need not be UTF-8
    rows = book.execute("SELECT number, previous, hash, body FROM entries ORDER BY number")
    checkpoints = book.execute("SELECT entry, hash, at, key, signature FROM checkpoints ORDER BY entry").fetchall()
    return rows, checkpoints, book.execute("SELECT number, hash, at, signature FROM head").fetchone()


def is_due(number, body):
    """Whether a checkpoint is kept of this entry."""
    return (
        number % 100 == 0 or is_signature(body) or body[44:].startswith(('"CheckpointKept"', '"CheckpointKeyChanged"'))
    )


def is_signature(body):
    """Whether an entry is a signature that a person gave."""
    return '"digest":' in body and '"meaning":' in body and '"printed_name":' in body


def is_signed_by(key, number, before, body):
    """Whether a person's own key signed the entry that carries the signature: all of it but that field."""
    field = re.search('"key_signature":"([0-9a-f]{128})",', body)
    if field is None:
        return False
    rest = body[: field.start()] + body[field.end() :]
    return is_signed(key, field[1], f"escalon-signature-2\n{number}\n{before}\n{rest}")


class Wrong(Exception):
    """What is wrong with a record: the first thing found."""


class Keys:
    """Whose keys sign: the casebook's, one after the other, and those of people as they stood when they signed."""

    def __init__(self):
        self.of_book = []  # (from which entry on, the key, whether the key before agreed)
        self.of_person, self.ever, self.resets = {}, {}, []
        self.without, self.secrets_set, self.forged = None, False, None  # `without`: what signs where no key was set

    def take(self, number, before, body, written):
        """Learn from an entry whose key is whose, and hold a signature against the key of who gave it."""
        if number == 1:
            self.of_book.append((0, written["new"]["public_key"], True))
        elif written["event"] == "CheckpointKeyChanged":
            old, new = self.of_book[-1][1], written["new"]["public_key"]
            said = f"escalon-new-key-2\n{number}\n{before}\n{old}\n{new}"
            self.of_book.append((number, new, is_signed(old, written["new"].get("agreed", ""), said)))
        if is_signature(body):
            person = written["person"]
            own = self.of_person.get(person, self.without)
            if own is not None and not is_signed_by(own, number, before, body):
                self.forged = (
                    self.forged or f"entry {number}: signed in the name of {person}, and not with their own key"
                )
        elif written["event"] == "SecretSet":
            self._secret(number, written["new"]["account"], written["new"].get("signing_key", ""))

    def _secret(self, number, account, own):
        if not self.secrets_set:
            self.secrets_set, self.without = True, "" if own else None
        if own or account in self.ever:
            self.of_person[account] = own
        if own and self.ever.setdefault(account, own) != own:
            self.resets.append(f"\nentry {number}: {account} has another key since a reset")
            self.ever[account] = own

    def newest(self):
        """The casebook's key at the end; empty where nothing was recorded."""
        return self.of_book[-1][1] if self.of_book else ""

    def check_root(self, root, proved):
        """The key given signs somewhere, and each later one was agreed to, or lies before an entry proved otherwise."""
        given = [at for at, one, _ in self.of_book if one == root]
        if root and not given:
            raise Wrong("the casebook's key is not the key given")
        for at, _, agreed in self.of_book:
            if not agreed and at > max([proved, *given[:1]]):
                said = "another key signs from here on, and the key before did not agree; compare a report"
                raise Wrong(f"entry {at}: {said}")


def follow(entries, keys, kept, wanted):
    """Follow the chain to its end: (number and hash of the last entry, hash and casebook's key of each entry wanted)."""
    number, before, found = 0, "0" * 64, {}
    for told, previous, hashed, body in entries:
        number += 1
        if told != number:
            raise Wrong(f"entry {number}: missing or out of order (found {told})")
        if previous != before or hashlib.sha256(f"{number}\n{before}\n{body}".encode()).hexdigest() != hashed:
            raise Wrong(f"entry {number}: does not match its hash, or does not follow from the entry before")
        written = json.loads(body)
        if json.dumps(written, ensure_ascii=False, sort_keys=True, separators=(",", ":")) != body:
            raise Wrong(
                f"entry {number}: its text is not in the one written form, so it can be read in more than one way"
            )
        keys.take(number, before, body, written)
        if is_due(number, body) and number not in kept:
            raise Wrong(f"entry {number}: the checkpoint that was kept of it is missing")
        if number in wanted:
            found[number] = hashed, keys.newest()
        before = hashed
    return number, before, found


def check_printed(printed, found):
    """Each hash printed on a report is that of its entry."""
    for at, hashed in sorted(printed.items()):
        if at not in found or found[at][0] != hashed:
            raise Wrong(f"entry {at}: missing, or not the one printed on the report")


def check_checkpoints(checkpoints, found):
    """Each checkpoint is of its entry, and signed with the casebook's key of then."""
    for at, hashed, time, signer, signature in checkpoints:
        if at not in found or found[at][0] != hashed:
            raise Wrong(f"entry {at}: missing, or rewritten since its checkpoint was signed")
        said = f"escalon-checkpoint-2\n{at}\n{hashed}\n{time}"
        if signer != found[at][1] or not is_signed(signer, signature, said):
            raise Wrong(f"entry {at}: its checkpoint was not signed with the casebook's key")


def check_head(head, number, hashed, key):
    """The signed head names the last entry."""
    if head is None:
        raise Wrong("the signed head is missing")
    if (head[0], head[1]) != (number, hashed):
        said = f"the record was signed as ending at entry {head[0]}, not {number}"
        raise Wrong(f"entry {min(number, head[0]) + 1}: {said}")
    if not is_signed(key, head[3], f"escalon-head-2\n{number}\n{hashed}\n{head[2]}"):
        raise Wrong(f"entry {number}: it was not signed as the end with the casebook's key")


def check_archive(place, number, hashed, key):
    """Its files are those of the signed list, and its tables say what the entries say."""
    if wrong := wrong_file(place):
        raise Wrong(wrong)
    signature = (place / SIGNATURE).read_text(encoding="ascii").strip()
    if not is_signed(key, signature, list_statement(place, number, hashed)):
        raise Wrong(f"{LIST}: the list of files is not signed with the casebook's key")
    if wrong := wrong_table(place):
        raise Wrong(f"{wrong}: it is not what the entries say")


def verify(place, printed, root=None):
    """The first thing wrong with a record, or None, and what was found of a whole one."""
    try:
        return None, checked(place, printed, root)
    except Wrong as wrong:
        return str(wrong), ""


def checked(place, printed, root):
    """What was found of a record, in words; raises Wrong where something is not as it should be."""
    if place.is_dir() and (odd := odd_file(place)):
        raise Wrong(odd)
    entries, checkpoints, head = read(place)
    keys, kept = Keys(), {one[0] for one in checkpoints}
    number, hashed, found = follow(entries, keys, kept, kept | set(printed))
    check_printed(printed, found)
    check_checkpoints(checkpoints, found)
    check_head(head, number, hashed, keys.newest())
    keys.check_root(root, max(printed, default=0))
    if keys.forged:
        raise Wrong(keys.forged)
    if place.is_dir():
        check_archive(place, number, hashed, keys.newest())
    ends = f"{number} entries, {len(checkpoints)} checkpoints, ending {number}:{hashed}"
    return f"{ends}\nkey {keys.newest()}{''.join(keys.resets)}"


def main():
    """Exit 0: whole; 1: not; 2: wrong arguments."""
    given, root = sys.argv[1:], None
    if "--key" in given:
        at = given.index("--key")
        root = "".join(given[at + 1 : at + 2]).lower()
        del given[at : at + 2]
    place = pathlib.Path(given[0] if given else __file__)
    place = place if given else place.parent
    printed = dict(one.partition(":")[::2] for one in given[1:])
    stated = all(re.fullmatch("[1-9][0-9]*:[0-9a-fA-F]{64}", one) for one in given[1:])
    if not place.exists() or not stated or len(printed) < len(given) - 1 or (root is not None and len(root) != 64):
        print(__doc__)
        return 2
    try:
        problem, found = verify(place, {int(number): hashed.lower() for number, hashed in printed.items()}, root)
    except (
        OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, csv.Error, sqlite3.Error,
    ) as wrong:  # fmt: skip
        problem, found = f"it cannot be read ({type(wrong).__name__}: {wrong})", ""
    print(f"NOT WHOLE: {problem}" if problem else f"whole: {found}")
    return 1 if problem else 0


if __name__ == "__main__":
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of the answer left, as `head` does; nothing is wrong
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)
