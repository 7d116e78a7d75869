"""Every row of the pages in spec/reading/ holds: the files of a data folder, a command, its exit code and what it says.

The format of a page is described in spec/reading/README.md.
"""

from __future__ import annotations

import contextlib
import html
import io
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from escalon.cli import main

SPEC = Path(__file__).parents[2] / "spec" / "reading"
PAGES = sorted(page for page in SPEC.glob("*.md") if page.name != "README.md")
HEADERS = {
    "facts.csv": "participant,fact,value,unit,date,visit,lower,upper,source",
    "adverse_events.csv": "participant,term,grade,start,end,serious,related,dlt,expected,outcome,component_of",
    "doses.csv": "participant,level,date",
    "samples.csv": "participant,analyte,date,value,unit,lloq,uloq,visit",
}
CHECK = "escalon data check nct07052565 DATA"
_FILE = re.compile(r"`([\w.-]+\.(?:csv|toml|tsv|txt))` ?: ?(.*)", re.DOTALL)


@dataclass(frozen=True)
class Row:
    """One row of a page: files, a command, and what must come of it."""

    page: str
    id: str
    files: dict[str, str]
    command: str
    code: int
    says: tuple[str, ...]
    never: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}:{self.id}"


def page_rows(page: Path) -> Iterator[Row]:
    """The rows of every table with the columns id, input, code and says."""
    columns: list[str] = []
    for line in page.read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            columns = []
        elif not columns:
            columns = cells(line)
        elif {"id", "input", "code", "says"} <= set(columns) and not set(line) <= set("|-: "):
            one = dict(zip(columns, cells(line), strict=True))
            files, command = inputs(one["input"])
            yield Row(
                page.stem,
                one["id"],
                files,
                command,
                int(one["code"]),
                listed(one["says"]),
                listed(one.get("never", "")),
            )


def cells(line: str) -> list[str]:
    return [html.unescape(cell.strip()) for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip(" `") for part in text.split("; ") if part.strip(" `–"))


def inputs(text: str) -> tuple[dict[str, str], str]:
    """The files a cell writes, each with its usual header unless its first line is one; and the command."""
    files: dict[str, list[str]] = {}
    command, now = CHECK, ""
    for part in text.split("<br>"):
        found = _FILE.match(part.strip())
        written = (found[2] if found else part).strip().strip("`").replace(r"\|", "|")
        if found:
            now = found[1]
            has_own = now not in HEADERS or written.startswith(("participant", "sep=", "#", "Participant"))
            files[now] = [] if has_own else [HEADERS[now]]
        if written.startswith("escalon "):
            command = written
        elif now and (written or not found):
            files[now].append(written)
    return {name: "\n".join(lines) + "\n" for name, lines in files.items()}, command


ROWS = [row for page in PAGES for row in page_rows(page)]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row_holds(row: Row, tmp_path: Path) -> None:
    for name, text in row.files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    code, said = called(row.command.replace("DATA", str(tmp_path)))
    for text in row.says:
        assert text in said, f"{text!r} is not said:\n{said}"
    for text in row.never:
        assert text not in said, f"{text!r} is said:\n{said}"
    assert code == row.code, said


def called(command: str) -> tuple[int, str]:
    """The exit code of a command and all that it prints, on lines as long as they are."""
    printed, before = io.StringIO(), sys.argv
    sys.argv = shlex.split(command)
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            main.run()
        code = 0
    except SystemExit as left:
        code = int(left.code or 0)
    finally:
        sys.argv = before
    return code, re.sub(r"\s+", " ", printed.getvalue())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_is_well_formed(page: Path) -> None:
    names = [row.id for row in page_rows(page)]
    assert names
    assert len(set(names)) == len(names)
