"""A study folder on disk: found by name or path, read, merged into one document, and checked for its shape."""

import hashlib
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

from escalon.escalation.catalogue import words_of
from escalon.facts.plain_file import bytes_of, text_of
from escalon.protocol.errors import Problem, StudyError
from escalon.protocol.toml_lines import TomlLines
from escalon.studies import FOLDER

KeyPath: TypeAlias = tuple[str | int, ...]
"""Where something stands in the document: `("inclusion", 3, "rule")`."""
RECORD = "record.txt"


class Sources:
    """The files of a study folder and where in them every table and key stands."""

    def __init__(self, folder: Path, files: list[TomlLines]) -> None:
        self.folder, self.files = folder, files
        self._first: list[dict[str, int]] = []

    def merge(self, documents: list[dict[str, Any]]) -> dict[str, Any]:
        """One document out of all files: arrays of tables are joined, tables united; the same key twice is refused."""
        merged: dict[str, Any] = {}
        problems: list[Problem] = []
        for lines, document in zip(self.files, documents, strict=True):
            first: dict[str, int] = {}
            for key, value in document.items():
                if isinstance(value, list) and isinstance(merged.get(key, []), list):
                    first[key] = len(merged.setdefault(key, []))
                    merged[key].extend(value)
                elif isinstance(value, dict) and isinstance(merged.get(key, {}), dict):
                    twice = sorted(set(value) & set(merged.setdefault(key, {})))
                    problems += [self._twice(lines, key, name) for name in twice]
                    merged[key].update(value)
                elif key in merged:
                    problems.append(self._twice(lines, key))
                else:
                    merged[key] = value
            self._first.append(first)
        if problems:
            raise StudyError(problems)
        return merged

    def _twice(self, lines: TomlLines, *path: str) -> Problem:
        spot = lines.find(path)
        text = f"`{'.'.join(path)}` is already written in another file of this folder. Keep one of the two"
        return Problem(lines.file, spot.line, text, lines.text_of(spot.line), spot.column, spot.width)

    def at(self, path: KeyPath) -> tuple[TomlLines, KeyPath]:
        """The file in which a path of the merged document stands, and the path within that file."""
        for lines, first in zip(reversed(self.files), reversed(self._first), strict=True):
            if len(path) > 1 and isinstance(path[1], int) and path[0] in first:
                start = first[str(path[0])]
                if path[1] >= start:
                    return lines, (path[0], path[1] - start, *path[2:])
            elif path and path[:2] in lines.spots:
                return lines, path
        for lines in self.files:
            if path[:1] in lines.spots:
                return lines, path
        return self.files[0], path

    def problem(self, path: KeyPath, what: str, where: str = "") -> Problem:
        """A problem with the key at a path of the merged document."""
        lines, within = self.at(path)
        spot = lines.find(within)
        return Problem(lines.file, spot.line, what, lines.text_of(spot.line), spot.column, spot.width, where)

    def problem_in_text(self, path: KeyPath, line: int, column: int, width: int, what: str, where: str = "") -> Problem:
        """A problem within a text value, at a line and column (both from 1) of that text."""
        lines, within = self.at(path)
        at_line, at_column = lines.place_in_value(within, line, column)
        return Problem(lines.file, at_line, what, lines.text_of(at_line), at_column, width, where)


def find_folder(name_or_folder: str | Path) -> Path:
    """The folder of a bundled study's name or the folder given. Raises StudyError."""
    given = Path(name_or_folder)
    if given.is_dir():
        return given
    bundled = FOLDER / str(name_or_folder).lower()
    if given.name == str(name_or_folder) and bundled.is_dir():
        return bundled
    known = ", ".join(bundled_studies())
    what = (
        "is a file. Give the folder it stands in" if given.is_file() else f"is neither a folder nor a study ({known})"
    )
    raise StudyError([Problem(str(name_or_folder), 1, f"{str(name_or_folder)!r} {what}")])


def bundled_studies() -> tuple[str, ...]:
    """The names of the studies that come with Escalon."""
    return tuple(sorted(one.name for one in FOLDER.iterdir() if one.is_dir() and any(one.glob("*.toml"))))


def is_bundled(folder: Path) -> bool:
    """Whether a folder is a study's that comes with Escalon."""
    return folder.resolve().parent == FOLDER.resolve()


def read_folder(folder: Path) -> tuple[dict[str, Any], Sources]:
    """All files of a folder as one document, and where in them everything stands. Raises StudyError."""
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        what = "there is no .toml file in this folder. `escalon study new FOLDER` writes a study to start from"
        raise StudyError([Problem(folder.name, 1, what)])
    texts = [_text(path) for path in paths]
    documents = [_parsed(path.name, text) for path, text in zip(paths, texts, strict=True)]
    sources = Sources(folder, [TomlLines(path.name, text) for path, text in zip(paths, texts, strict=True)])
    return sources.merge(documents), sources


def read_record(folder: Path) -> str:
    """The registry's words, if the folder has them."""
    path = folder / RECORD
    return _text(path).replace("\r\n", "\n") if path.is_file() else ""


def table_in(rule: str) -> str:
    """The decision table that a dose rule names, as settings of a design are written: `file=` in any letters."""
    settings = (word.partition("=") for word in words_of(rule))
    return next((value for key, _, value in settings if key.lower() == "file"), "")


def content_version(folder: Path, rule: str = "") -> str:
    """The first 12 hexadecimal digits of SHA-256 over names and bytes of the folder's TOML files, record and decision table."""
    digest, table = hashlib.sha256(), folder / table_in(rule)
    for path in sorted([*folder.glob("*.toml"), *folder.glob(RECORD), *([table] if table.is_file() else [])]):
        content = bytes_of(path).replace(b"\r\n", b"\n")
        digest.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:12]


_NESTED = re.compile(r"^[ \t]*\[{0,2}[ \t]*(?:[\w\"'-]+[ \t]*\.[ \t]*){100}", re.MULTILINE)
"""A dotted name far deeper than any table: reading it takes time that grows with the square of its parts."""


def _text(path: Path) -> str:
    try:
        return text_of(path)
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise StudyError([Problem(path.name, line, "this is not UTF-8 text. Save the file as UTF-8")]) from None
    except OSError as error:
        raise StudyError([Problem(path.name, 1, f"cannot be read: {error.strerror}")]) from None


def _parsed(file: str, text: str) -> dict[str, Any]:
    if nested := _NESTED.search(text):
        line = text.count("\n", 0, nested.start() + 1) + 1
        raise StudyError(
            [Problem(file, line, "a name of more than a hundred parts. Write a name of this study's tables")]
        )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError([_syntax_problem(file, text, str(error))]) from None
    except (RecursionError, ValueError) as error:
        raise StudyError([Problem(file, 1, f"this cannot be read as TOML: {error}")]) from None


def _syntax_problem(file: str, text: str, message: str) -> Problem:
    what, _, place = message.rpartition(" (at ")
    lines = text.replace("\r\n", "\n").split("\n")
    numbers = [int(word) for word in place.replace(",", " ").replace(")", " ").split() if word.isdecimal()]
    line, column = (numbers[0], numbers[1] - 1) if len(numbers) == 2 else (len(lines), len(lines[-1]))
    shown = lines[line - 1] if line <= len(lines) else ""
    hint = next((f". {hint}" for said, hint in _SYNTAX.items() if said in what), "")
    return Problem(file, line, f"{what or message}{hint}", shown or " ", column)


_SYNTAX = {
    "Invalid value": 'A text stands in quotes. Write rule = "age >= 18 years"',
    "Cannot overwrite": "It stands above already, as a key or as a table. Write it once",
    "Cannot mutate": "It stands above already, as a key with its value. Write it once",
    "Cannot declare": "It stands above already. Write all its keys under one heading",
}
"""What to write where a file is no TOML."""


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Problems by file and line, each once."""
    return sorted(dict.fromkeys(problems), key=lambda one: (one.file, one.line, one.column))
