"""What is no table, or far too much of one, is refused in moments with a sentence; nothing outside the folder is read."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import polars as pl
import pytest

from escalon.criteria import parse
from escalon.protocol import load_study
from escalon.protocol.errors import StudyError
from escalon.protocol.folder import _parsed
from escalon.sources import tables
from escalon.sources.delimited import FolderError
from escalon.sources.folder import take_in

STUDY = load_study("nct07052565")
FACTS = "participant,fact,value,unit,date\nP01,disease,RA,,2025-01-01\n"


def folder(path: Path) -> Path:
    (path / "facts.csv").write_text(FACTS, encoding="utf-8")
    return path


def test_a_device_is_no_table(tmp_path: Path) -> None:
    (folder(tmp_path) / "samples.csv").symlink_to("/dev/zero")
    with pytest.raises(FolderError, match=r"samples\.csv: .*not a file but a device"):
        take_in(STUDY, tmp_path)


def test_a_pipe_is_no_table(tmp_path: Path) -> None:
    os.mkfifo(folder(tmp_path) / "samples.csv")
    with pytest.raises(FolderError, match=r"samples\.csv: .*not a file but a device, a pipe"):
        take_in(STUDY, tmp_path)


def test_a_small_file_that_unpacks_to_far_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LARGEST", 10_000)
    monkeypatch.setattr(tables, "MOST_ROWS", 10_000)
    packed = gzip.compress(b"participant,term\n" + b"P01,Nausea\n" * 10_000)
    (folder(tmp_path) / "adverse_events.csv.gz").write_bytes(packed)
    with pytest.raises(FolderError, match=r"adverse_events\.csv\.gz: more than 10,000 bytes are packed"):
        take_in(STUDY, tmp_path)
    (tmp_path / "adverse_events.csv.gz").unlink()
    rows = {"participant": ["P01"] * 20_000, "term": ["Nausea"] * 20_000}
    pl.DataFrame(rows).write_parquet(tmp_path / "adverse_events.parquet")
    with pytest.raises(FolderError, match="it holds 20,000 rows"):
        take_in(STUDY, tmp_path)


@pytest.mark.parametrize("name", ["../outside.csv", "/etc/hostname"])
def test_a_mapping_reads_nothing_outside_its_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "outside.csv").write_text("id,x\nP01,1\n", encoding="utf-8")
    mapping = (
        f'[[table]]\nfile = "{name}"\nparticipant = "id"\n[table.facts]\nesr = {{ column = "x", unit = "mm/h" }}\n'
    )
    (tmp_path / "data" / "mapping.toml").write_text(mapping, encoding="utf-8")
    with pytest.raises(FolderError, match=r"outside the folder|is not in the folder"):
        take_in(STUDY, tmp_path / "data")


def test_a_number_of_a_thousand_digits_is_no_limit() -> None:
    with pytest.raises(ValueError, match="has 200000 digits") as refused:
        parse("age >= 18 and\nage >= " + "9" * 200_000)
    assert (refused.value.line, refused.value.column) == (2, 8)  # type: ignore[attr-defined]


def test_a_name_of_fifty_thousand_parts_is_refused_at_once() -> None:
    with pytest.raises(StudyError, match="more than a hundred parts"):
        _parsed("dose.toml", f"a = 1\n[{'.'.join(['a'] * 50_000)}]\n")
    dots = '[table]\nsays = "' + "….…" * 200 + '"\n'
    assert _parsed("dose.toml", dots)
