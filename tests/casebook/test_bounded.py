"""What would fill the memory or never end is refused at once: numbers, lines, depths, in words, in JSON and in copies."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from tests.casebook.test_attacks import original, papers, run_alone, signed_anew, sums_anew

from escalon.casebook.archive import verify_archive
from escalon.casebook.backup import back_up, check_backup
from escalon.casebook.encoding import plain, read
from escalon.casebook.errors import CasebookError
from escalon.casebook.words import event_of_words
from escalon.history.events import CellsInfused

__all__ = ["original", "papers"]

PASSPHRASE = "six words that nobody else has written"
NUMBERS = [
    "1E+999999999",
    "1e99999999",
    "-1E+101",
    "1E-999999999",
    "9" * 101,
    "0." + "1" * 101,
    "NaN",
    "Infinity",
    "sNaN",
]


@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_that_cannot_be_written_out_is_refused_in_words_and_in_json(text: str) -> None:
    words = ["participant=P-1", "level=1", "product=B", "at=2026-03-02T09:00Z", f"cells_per_kg={text}"]
    with pytest.raises(ValueError, match=r"cells_per_kg=|number"):
        event_of_words("CellsInfused", words)
    written = {"participant": "P-1", "level": 1, "product": "B", "at": "2026-03-02T09:00:00Z", "cells_per_kg": text}
    with pytest.raises(ValueError, match="number"):
        read(CellsInfused, written)
    with pytest.raises(ValueError, match="number"):
        plain(Decimal(text))


@pytest.fixture(scope="module")
def backup(original: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("copied") / "book.escalon"
    back_up(original, file, PASSPHRASE)
    return file


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "the first letter": lambda raw: b"[" + raw[1:],
    "its cost": lambda raw: raw.replace(b'"n": 131072', b'"n": 2', 1),
    "a cost that fills the memory": lambda raw: raw.replace(b'"n": 131072', b'"n": 1073741824', 1),
    "its salt": lambda raw: raw.replace(b'"salt": "', b'"salt": "00', 1),
    "another format": lambda raw: raw.replace(b"escalon-backup-1", b"escalon-backup-0", 1),
    "no first line": lambda raw: raw[raw.index(b"\n") + 1 :],
    "a first line without end": lambda raw: b'{"format":' + b" " * 100_000,
    "a first line very deep": lambda raw: b"[" * 990 + b"\n",
    "a piece that is far too long": lambda raw: raw[: raw.index(b"\n") + 1] + b"\xff\xff\xff\xff" + raw[-100:],
    "a piece without content": lambda raw: raw[: raw.index(b"\n") + 1] + b"\0\0\0\0",
    "only its first line": lambda raw: raw[: raw.index(b"\n") + 1],
    "cut in the middle": lambda raw: raw[: len(raw) // 2],
    "cut by one byte": lambda raw: raw[:-1],
    "nothing": lambda raw: b"",
    "noise": lambda raw: random.Random(5).randbytes(4096),
}


@pytest.mark.parametrize("how", CHANGES)
def test_a_changed_backup_is_refused(backup: Path, tmp_path: Path, how: str) -> None:
    other = tmp_path / "other.escalon"
    other.write_bytes(CHANGES[how](backup.read_bytes()))
    with pytest.raises(CasebookError):
        check_backup(other, PASSPHRASE)


@pytest.mark.parametrize("seed", range(12))
def test_a_backup_with_one_bit_changed_is_refused(backup: Path, tmp_path: Path, seed: int) -> None:
    raw, draw = bytearray(backup.read_bytes()), random.Random(seed)
    raw[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)
    other = tmp_path / "other.escalon"
    other.write_bytes(raw)
    with pytest.raises(CasebookError):
        check_backup(other, PASSPHRASE)


PAPERS = {
    "a cell far too long": ("dictionary.csv", b'file,column\n"' + b"x" * 200_000 + b'",y\n'),
    "a line of a million cells": ("dictionary.csv", b"file,column" + b"," * 1_000_000 + b"\n"),
    "a zero byte": ("dictionary.csv", b"file,column\n\0,\0\n"),
    "a quote without end": ("dictionary.csv", b'file,column\n"' + b"x\n" * 100_000),
    "a list very deep": ("checkpoints.json", b"[" * 200_000),
    "a number far too long": ("checkpoints.json", b'{"head": [' + b"9" * 100_000 + b"]}"),
    "no head": ("checkpoints.json", b'{"head": [], "checkpoints": []}'),
    "a head of other kinds": ("checkpoints.json", b'{"head": [{}, [], 1, null], "checkpoints": []}'),
    "checkpoints of other kinds": ("checkpoints.json", b'{"head": [1, "", "", ""], "checkpoints": [[1]]}'),
    "an entry very deep": ("entries.jsonl", b'{"number":1,"previous":"","hash":"","body":' + b"[" * 200_000),
    "an entry without end": ("entries.jsonl", b'{"number":1,"body":"' + b"x" * 9_000_000),
    "a number that is none": ("entries.jsonl", b'{"number":NaN,"previous":"","hash":"","body":""}\n'),
    "a number as text": ("entries.jsonl", b'{"number":"1","previous":"","hash":"","body":""}\n'),
    "a body that is no text": ("entries.jsonl", b'{"number":1,"previous":"","hash":"","body":{}}\n'),
}


@pytest.mark.parametrize("how", PAPERS)
def test_an_archive_by_somebody_with_the_key_is_refused_in_words(
    papers: Path, original: Path, tmp_path: Path, how: str
) -> None:
    archive = Path(shutil.copytree(papers, tmp_path / "papers"))
    name, content = PAPERS[how]
    (archive / name).write_bytes(content)
    if name == "dictionary.csv":
        sums_anew(archive)
        signed_anew(archive, original / "keys")
    assert verify_archive(archive).problem is not None
    told = run_alone(archive)
    assert (told.returncode, told.stdout.startswith("NOT WHOLE"), told.stderr) == (1, True, "")
