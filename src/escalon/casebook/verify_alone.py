#!/usr/bin/env python3
# mypy: allow-untyped-defs, allow-untyped-calls
"""Verify a casebook without Escalon: `python3 verify_alone.py ARCHIVE_FOLDER | casebook.sqlite [NUMBER:HASH …]`.

Needs Python 3.8 or newer and nothing else. Every entry's hash is SHA-256 over three lines: its number, the hash of the
entry before it, and its text. Checkpoints are Ed25519 signatures (RFC 8032) over four lines: "escalon-checkpoint-1", a
number, that entry's hash, a time. Give the NUMBER:HASH printed on past reports to hold the record against them too.
"""

import hashlib
import json
import os
import pathlib
import sqlite3
import sys

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


def parse(line):
    """One line of entries.jsonl; a line that cannot be read is an entry that does not match."""
    try:
        return json.loads(line)
    except ValueError:
        return {"number": 0, "previous": "", "hash": "", "body": ""}


# -- the record --------------------------------------------------------------------------------------------------------
def read(place):
    """The entries, the checkpoints and the head of an archive folder or an SQLite casebook."""
    if place.is_dir():
        lines = (place / "entries.jsonl").open(encoding="utf-8", errors="backslashreplace")
        entries = ((e["number"], e["previous"], e["hash"], e["body"]) for e in map(parse, lines))
        ends = json.loads((place / "checkpoints.json").read_text(encoding="utf-8"))
        return entries, [tuple(c) for c in ends["checkpoints"]], tuple(ends["head"])
    book = sqlite3.connect(place.resolve().as_uri() + "?mode=ro", uri=True)
    book.text_factory = lambda raw: raw.decode("utf-8", "backslashreplace")  # a flipped byte need not be UTF-8
    rows = book.execute("SELECT number, previous, hash, body FROM entries ORDER BY number")
    checkpoints = book.execute("SELECT entry, hash, at, key, signature FROM checkpoints ORDER BY entry").fetchall()
    return rows, checkpoints, book.execute("SELECT number, hash, at, signature FROM head").fetchone()


def verify(place, printed):
    """Follow the chain; returns the first thing wrong, or None, and a line about what was found."""
    entries, checkpoints, head = read(place)
    number, before, key, hashes = 0, "0" * 64, "", {}
    wanted = {c[0] for c in checkpoints} | set(printed)
    keys = {}
    for found, previous, hashed, body in entries:
        number += 1
        if found != number:
            return f"entry {number}: missing or out of order (found {found})", ""
        if previous != before or hashlib.sha256(f"{number}\n{before}\n{body}".encode()).hexdigest() != hashed:
            return f"entry {number}: does not match its hash, or does not follow from the entry before", ""
        before = hashed
        if "Key" in body or number == 1:
            written = json.loads(body)
            if written["event"] in ("CasebookOpened", "CheckpointKeyChanged"):
                key = written["new"]["public_key"]
        if number in wanted:
            hashes[number], keys[number] = hashed, key
    for at, hashed in sorted(printed.items()):
        if hashes.get(at) != hashed:
            return f"entry {at}: missing, or not the one printed on the report", ""
    for at, hashed, time, signer, signature in checkpoints:
        if hashes.get(at) != hashed:
            return f"entry {at}: missing, or rewritten since its checkpoint was signed", ""
        if signer != keys[at] or not is_signed(signer, signature, f"escalon-checkpoint-1\n{at}\n{hashed}\n{time}"):
            return f"entry {at}: its checkpoint was not signed with the casebook's key", ""
    if (head[0], head[1]) != (number, before):
        return f"entry {min(number, head[0]) + 1}: the record was signed as ending at entry {head[0]}, not {number}", ""
    if not is_signed(key, head[3], f"escalon-checkpoint-1\n{number}\n{before}\n{head[2]}"):
        return f"entry {number}: the head was not signed with the casebook's key", ""
    return None, f"{number} entries, {len(checkpoints)} checkpoints, ending {number}:{before}\nkey {key}"


def main():
    """Exit 0: whole; 1: not; 2: wrong arguments."""
    if len(sys.argv) < 2 or not pathlib.Path(sys.argv[1]).exists():
        print(__doc__)
        return 2
    printed = {int(number): hashed for number, hashed in (given.split(":") for given in sys.argv[2:])}
    problem, found = verify(pathlib.Path(sys.argv[1]), printed)
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
