"""Where each table and key of a TOML file stands, which `tomllib` does not say.

A small scanner over text that `tomllib` has already accepted: it follows headers, keys, strings and brackets, and gives for
every path (`("inclusion", 3, "rule")`) the line and the columns of its key and value. Tables in arrays are numbered from 0.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]

_HEADER = re.compile(r"[ \t]*(\[\[?)([^\]\n]+)\]")
_KEY = re.compile(
    r"""[ \t]*((?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')(?:[ \t]*\.[ \t]*(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*'))*)[ \t]*=[ \t]*"""
)
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
_CLOSED = ('"""', "'''", '"', "'")


@dataclass(frozen=True, slots=True)
class Spot:
    """A key or a table header: line from 1, columns from 0; `value` is where the text of its value starts and ends."""

    line: int
    column: int
    width: int
    value: tuple[int, int] = (0, 0)


class TomlLines:
    """The places of one file's tables and keys."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text.replace("\r\n", "\n")
        self.lines = self.text.split("\n")
        self.spots: Mapping[Path, Spot] = _scan(self.text)

    def find(self, path: Path) -> Spot:
        """The place of a path, or of the nearest table or key around it."""
        known = path
        while known and known not in self.spots:
            known = known[:-1]
        spot = self.spots.get(known, Spot(1, 0, 1))
        for key in (part for part in path[len(known) :] if isinstance(part, str)):
            spot = self._inside(spot, key) or spot
        return spot

    def text_of(self, line: int) -> str:
        """One line of the file, numbered from 1."""
        return self.lines[line - 1] if 0 < line <= len(self.lines) else ""

    def value_place(self, path: Path) -> tuple[int, int]:
        """Line and column at which the text inside a string value begins."""
        spot = self.find(path)
        start, end = spot.value
        raw = self.text[start:end]
        quote = next((mark for mark in _CLOSED if raw.startswith(mark)), "")
        start += len(quote)
        if len(quote) == 3 and self.text[start : start + 1] == "\n":
            start += 1
        return self._line_column(start) if end else (spot.line, spot.column)

    def place_in_value(self, path: Path, line: int, column: int) -> tuple[int, int]:
        """Where line and column (both from 1) of a string value stand in the file; the column returned is from 0."""
        first, start = self.value_place(path)
        return (first, start + column - 1) if line <= 1 else (first + line - 1, column - 1)

    def _inside(self, spot: Spot, key: str) -> Spot | None:
        """A key within an inline table or array; of several of that name, the first."""
        start, end = spot.value
        found = re.search(rf"\b{re.escape(key)}\b", self.text[start:end])
        if not found:
            return None
        line, column = self._line_column(start + found.start())
        return Spot(line, column, len(found[0]), (start + found.end(), end))

    def _line_column(self, position: int) -> tuple[int, int]:
        before = self.text[:position]
        return before.count("\n") + 1, position - (before.rfind("\n") + 1)


def toml_string(text: str) -> str:
    """A text as TOML writes it on one line."""
    return json.dumps(text, ensure_ascii=False)


@lru_cache(maxsize=32)
def _scan(text: str) -> Mapping[Path, Spot]:
    spots: dict[Path, Spot] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    position, line = 0, 1
    while position < len(text):
        end = position
        if found := _HEADER.match(text, position):
            table = _table(found, counts)
            column = found.start(1) - position
            for depth in range(1, len(table) + 1):
                spots.setdefault(table[:depth], Spot(line, column, len(found[2]) + len(found[1]) * 2))
            end = found.end()
        elif found := _KEY.match(text, position):
            path = table + _parts(found[1])
            end = _value_end(text, found.end())
            column = found.start(1) - position
            for depth in range(len(table) + 1, len(path) + 1):
                spots.setdefault(path[:depth], Spot(line, column, len(found[1]), (found.end(), end)))
        following = text.find("\n", end)
        following = len(text) if following < 0 else following + 1
        line += text.count("\n", position, following)
        position = following
    return spots


def _table(found: re.Match[str], counts: dict[Path, int]) -> Path:
    """The path of a header, with the number of the array element it opens or belongs to."""
    parts = _parts(found[2])
    path: Path = ()
    for place, part in enumerate(parts):
        path = (*path, part)
        if place == len(parts) - 1 and found[1] == "[[":
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(name))


def _value_end(text: str, position: int) -> int:
    """Where a value ends: at the end of its line, outside strings and brackets."""
    depth = 0
    while position < len(text):
        letter = text[position]
        if letter == "\n" and depth <= 0:
            return position
        if letter == "#":
            position = _line_end(text, position)
            continue
        quote = next((mark for mark in _CLOSED if text.startswith(mark, position)), None)
        if quote:
            position = _string_end(text, position + len(quote), quote)
            continue
        depth += (letter in "[{") - (letter in "]}")
        position += 1
    return len(text)


def _string_end(text: str, position: int, quote: str) -> int:
    while position < len(text) and not text.startswith(quote, position):
        position += 2 if text[position] == "\\" and quote[0] == '"' else 1
    return min(position + len(quote), len(text))


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end
