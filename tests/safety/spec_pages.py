"""Reading the tables of spec/safety: rows under a heading that names, in code style, what they run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SPEC = Path(__file__).parents[2] / "spec" / "safety"
PAGES = sorted(page for page in SPEC.glob("*.md") if page.name != "README.md")
MARKS = {"rule", "published", "reference", "by hand", "project"}
NONE = {"–", "-", ""}


@dataclass(frozen=True)
class Row:
    """One row: its page, what it runs, its cells."""

    page: str
    runs: str
    cells: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.page}:{self.cells.get('id') or self.cells.get('term')} {self.cells.get('when', '')}".strip()


def rows(runs: str | None = None) -> list[Row]:
    """Every row of every page, or those that run one thing."""
    return [row for page in PAGES for row in page_rows(page) if runs is None or row.runs == runs]


def page_rows(page: Path) -> Iterator[Row]:
    runs, header = "", []
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            named = re.findall(r"`(\w+)`", line)
            runs = named[-1] if named else ""
        elif not line.startswith("|"):
            header = []
        elif not header:
            header = cells(line)
        elif runs and not set(line) <= set("|-: "):
            yield Row(page.stem, runs, dict(zip(header, cells(line), strict=True)))


def cells(line: str) -> list[str]:
    parts = re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|"))
    return [part.strip().strip("`").replace("\\|", "|") for part in parts]


def inputs(text: str, words: Mapping[str, Mapping[str, str]] | None = None) -> dict[str, str]:
    """`name=value` parts by name; a word of `words` stands for several, and what is written wins over it."""
    found: dict[str, str] = {}
    for part in re.split(r",\s*", text):
        name, sign, value = part.partition("=")
        if not sign:
            found = dict((words or {})[name]) | found
        else:
            found[name] = value
    return found
