"""The report's figures one by one, at any cut-off, each with the table that holds the same numbers."""

from __future__ import annotations

from dataclasses import dataclass

from escalon.reporting.document import Document, Figure, Table
from escalon.reporting.trial import full_report
from escalon.reporting.view import View
from escalon.web.desk import Desk, none_such
from escalon.web.pages.folder import cutoff_of, intake_of
from escalon.web.registry import page


@dataclass(frozen=True)
class FigureName:
    """A figure in the list: its name in the address, its number and title in the report."""

    name: str
    number: str
    title: str


@dataclass(frozen=True)
class FiguresPage:
    """Every figure of the report."""

    cutoff: str
    figures: tuple[FigureName, ...]


@dataclass(frozen=True)
class FigurePage:
    """One figure, said in a sentence with its data, and the table of the same numbers."""

    cutoff: str
    name: str
    number: str
    title: str
    alt: str
    svg: str
    notes: tuple[str, ...]
    table: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@page("/figures")
def figures(desk: Desk, cutoff: str = "") -> FiguresPage:
    """The figures of the report, as of today or of an earlier day."""
    document = _document(desk, cutoff)
    return FiguresPage(document.cutoff, _names(document))


@page("/figures/{name}")
def one_figure(desk: Desk, name: str, cutoff: str = "") -> FigurePage:
    """One figure of the report, with its numbers as a table."""
    document = _document(desk, cutoff)
    names = _names(document)
    by_name = {one.name: figure for one, figure in zip(names, document.figures(), strict=True)}
    found = by_name.get(name) or next((one for one in by_name.values() if one.id[1:] == name), None)
    if found is None:
        there = {one: f"/figures/{one}{f'?cutoff={cutoff}' if cutoff else ''}" for one in by_name}
        raise none_such(f"the report has no figure {name!r} on {document.cutoff}", name, there)
    table = next((one for one in document.tables() if one.id == found.table), None)
    return FigurePage(
        document.cutoff, _slug(found), found.id[1:], found.title, found.alt, found.svg, found.notes,
        table.title if table else "", *_cells(table),
    )  # fmt: skip


def _cells(table: Table | None) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    if table is None:
        return (), ()
    return tuple(one.head for one in table.columns), tuple(tuple(cell.text for cell in row.cells) for row in table.rows)


def _document(desk: Desk, cutoff: str) -> Document:
    day = cutoff_of(desk, cutoff)
    return desk.kept(("document", str(day)), lambda: full_report(View(desk.study, intake_of(desk), day)))


def _names(document: Document) -> tuple[FigureName, ...]:
    return tuple(FigureName(_slug(one), one.id[1:], one.title) for one in document.figures())


def _slug(figure: Figure) -> str:
    words = "".join(letter if letter.isalnum() else " " for letter in figure.title.lower().replace("'", "")).split()
    return "-".join(words)
