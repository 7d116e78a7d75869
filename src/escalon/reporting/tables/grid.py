"""A printed table: title, columns, rows of text, notes beneath."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of text under columns; `left` names the columns that read as words, the others are numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    left: frozenset[str] = frozenset({"participant", "group", "state", "flags"})

    def html(self) -> str:
        """The table as HTML, with a caption and its notes."""
        head = "".join(f'<th scope="col"{self._side(name)}>{escape(name)}</th>' for name in self.columns)
        body = "\n".join(f"<tr>{self._cells(row)}</tr>" for row in self.rows)
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        foot = f"\n<ul class=notes>{notes}</ul>" if notes else ""
        caption = f"<caption>{escape(self.title)}</caption>"
        return f"<table>{caption}\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>{foot}"

    def _cells(self, row: Sequence[str]) -> str:
        pairs = zip(self.columns, row, strict=True)
        return "".join(f"<td{self._side(name)}>{escape(cell)}</td>" for name, cell in pairs)

    def _side(self, name: str) -> str:
        return "" if name in self.left else " class=n"

    def csv(self) -> str:
        """The table as CSV, as printed."""
        return csv_text(self.columns, self.rows)


def csv_text(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Rows as CSV; an absent value is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    return text.getvalue()
