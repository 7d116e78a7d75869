"""A witness elsewhere: it keeps the end of each casebook it has seen, and signs only what has grown from there.

The idea is the C2SP witness protocol's (c2sp.org/tlog-witness), on folders: another computer, a colleague's account or a
memory stick. Whoever rewrites a casebook, or puts an older one back, would have to rewrite every witness too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from math import inf
from pathlib import Path

from escalon.casebook.canonical import digest
from escalon.casebook.chain import Vouched
from escalon.casebook.encoding import time_text
from escalon.casebook.errors import CasebookError, ChainBroken, WrongKey
from escalon.casebook.keys import Signer, is_signed, key_passphrase, make_signer, private_pem, read_signer, write_new
from escalon.casebook.location import open_casebook
from escalon.casebook.proof import is_archive, prove
from escalon.casebook.verify_alone import rows_of
from escalon.facts.plain_file import bytes_of
from escalon.facts.whole import alone_in, whole_file

KEY, PUBLIC = "witness.pem", "witness.pub"
LARGEST = 1 << 26
"""Bytes of a witness's statements about one casebook: two hundred thousand of them."""


@dataclass(frozen=True)
class Seen:
    """A witness's statement: at this moment this casebook ended here."""

    casebook: str
    number: int
    hash: str
    at: str
    signature: str

    @property
    def statement(self) -> str:
        """The text that is signed."""
        return f"escalon-witness-2\n{self.casebook}\n{self.number}\n{self.hash}\n{self.at}"


def observe(folder: Path, place: Path, now: datetime) -> Seen:
    """Verify a casebook or archive against what this witness saw of it, and sign where it ends now; one at a time."""
    witness = _witness(folder)
    with alone_in(folder):
        name = names_of(place)[-1]
        found = prove(place, anchors_of(folder, place))
        if found.problem:
            raise ChainBroken(f"{place}: not signed. {found.problem}")
        seen = Seen(name, found.entries, found.ends_in, time_text(now), "")
        signed = replace(seen, signature=witness.sign(seen.statement))
        kept = _file(folder, name)
        before = bytes_of(kept, LARGEST) if kept.exists() else b""
        with whole_file(kept) as written:
            written.write_bytes(before + json.dumps(asdict(signed)).encode() + b"\n")
    return signed


def anchors_of(folder: Path, place: Path) -> list[Vouched]:
    """What a witness saw of a casebook, as something to verify it against: each end it signed.

    A restored copy has a name of its own; up to there it is also held against what was seen of the casebook before.
    """
    where = f"what the witness {folder} saw"
    reaches = _reaches(place)
    if not ((folder / PUBLIC).is_file() or any(_file(folder, name).is_file() for name in reaches)):
        return []
    seen = [one for name, upto in reaches.items() for one in _seen(folder, name) if one.number <= upto]
    return [Vouched(one.number, one.hash, where) for one in seen]


def last_seen(folder: Path, place: Path) -> Seen | None:
    """What a witness stated last of a casebook; None where it has seen nothing of it. Raises CasebookError."""
    name = names_of(place)[-1]
    was_here = (folder / PUBLIC).is_file() or _file(folder, name).is_file()
    return max(_seen(folder, name), key=lambda one: one.number, default=None) if was_here else None


def parts_from(folder: Path, place: Path) -> str | None:
    """Where a restored copy parts from the casebook it was made of, if this witness saw that go on; in words."""
    *earlier, _ = names_of(place)
    for name in reversed(earlier):
        if ends := [one.number for one in _seen(folder, name)]:
            return f"this is a restored copy; the casebook it was made of was seen here as far as entry {max(ends)}"
    return None


def names_of(place: Path) -> list[str]:
    """What a casebook was called when it was opened, and each time it was restored."""
    return list(_reaches(place))


def _reaches(place: Path) -> dict[str, float]:
    """Each name of a casebook, and the last entry that was recorded under it, as the record goes."""
    kinds = {"CasebookOpened": "casebook", "CasebookRestored": "copy"}
    if is_archive(place):
        told = [(number, body) for number, _, _, body in rows_of(place) if number == 1 or "CasebookRestored" in body]
    else:
        casebook = open_casebook(place, read_only=True)
        told = [(one.number, one.body) for one in casebook.entries(kinds=list(kinds))]
        casebook.close()
    try:
        read = [(number, json.loads(body)) for number, body in told]
        named = [(number, str(one["new"][kinds[one["event"]]])) for number, one in read if one["event"] in kinds]
    except (ValueError, KeyError, TypeError) as wrong:
        raise CasebookError(f"{place}: its first entry cannot be read") from wrong
    if not named:
        raise CasebookError(f"{place}: it has no first entry")
    ends = [number - 1 for number, _ in named[1:]]
    return {name: upto for (_, name), upto in zip(named, [*ends, inf], strict=True)}


def _witness(folder: Path) -> Signer:
    """The witness's key; made with its folder, the first time."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / KEY
    if path.exists():
        kept = read_signer(path.read_bytes(), str(path), key_passphrase())
        if (folder / PUBLIC).is_file() and kept.public_key != _public_key(folder):
            raise WrongKey(
                f"{path}: not the key of {PUBLIC} beside it, so nothing is signed. Put the witness's own back"
            )
        return kept
    made = make_signer()
    write_new(path, private_pem(made, key_passphrase()))
    write_new(folder / PUBLIC, f"ed25519 {made.public_key}\n")
    return made


def _seen(folder: Path, casebook: str) -> Iterator[Seen]:
    path = _file(folder, casebook)
    if not (folder / PUBLIC).is_file():
        raise CasebookError(f"{folder}: no {PUBLIC} here; make a witness with: escalon witness {folder} CASEBOOK")
    key = _public_key(folder)
    for line in bytes_of(path, LARGEST).splitlines() if path.exists() else ():
        try:
            one = Seen(**json.loads(line))
        except (ValueError, TypeError, RecursionError) as wrong:
            raise WrongKey(f"{path}: a statement of the witness cannot be read") from wrong
        if one.casebook != casebook or not is_signed(key, one.signature, one.statement):
            raise WrongKey(f"{path}: the statement about entry {one.number} is not the witness's")
        yield one


def _public_key(folder: Path) -> str:
    return (folder / PUBLIC).read_text(encoding="ascii", errors="replace").rpartition(" ")[-1].strip()


def _file(folder: Path, casebook: str) -> Path:
    return folder / f"{digest(casebook)[:32]}.jsonl"
