"""The report pack: every document in every format, with a manifest that names the hash of each file.

A pack is written beside its place and moved there whole: whoever looks into the folder finds all of it or none of it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeAlias

from escalon import __version__
from escalon.drawing import alone
from escalon.facts.whole import whole_folder
from escalon.history.collecting import without_collecting
from escalon.reporting import html, typst
from escalon.reporting.document import Document
from escalon.reporting.fonts import FONTS
from escalon.reporting.grounds import made_once
from escalon.reporting.packet import NEWEST, open_packet, packet
from escalon.reporting.registry import registry
from escalon.reporting.results import as_text, hashes_of, parts
from escalon.reporting.sheet import csv, workbook
from escalon.reporting.trial import full_report
from escalon.reporting.view import View
from escalon.reporting.word import word

Only = Literal["packet", "full", "registry", "paper"]
PARTS: tuple[Only, ...] = ("packet", "full", "registry", "paper")
WORKBOOK_ROWS = 20_000
"""A listing of more rows stands in its CSV alone."""


LARGE = 40
"""Participants above which pages are set in a process of their own; below, beginning one would take longer."""


class PackError(ValueError):
    """A pack that cannot be written; says what to do."""


File: TypeAlias = tuple[str, bytes | Iterable[str]]
"""A file by its path, and what is in it: whole, or text piece by piece where it is too long to be held."""


def pack(view: View, only: Only | None = None, data: str = "DATA") -> Iterator[File]:
    """Each file of the pack, one after another; without `only` all of them. Each is taken before the next is asked for."""
    if only in (None, "packet"):
        yield from _packet(view)
    document = None
    with made_once():
        if only in (None, "full", "paper"):
            document = full_report(view)
        if document is not None and only != "paper":
            yield from _results(view, document)
    if only in (None, "registry"):
        yield from _registry(view)
    view.forget()  # what was concluded of hundreds is larger than the documents, which hold what they print
    if document is not None and only != "paper":
        yield from _full(view, document, data)
    if document is not None:
        yield from _paper(view, document)


def _is_large(view: View) -> bool:
    """Whether pages are set in a process of their own, so that their memory does not come on top of the trial's."""
    return len(view.trial.courses) > LARGE


def _packet(view: View) -> Iterator[File]:
    view.told("setting the packet")
    yield "packet.pdf", _in_pages(view)
    yield "packet-open.pdf", typst.pdf(open_packet(view), apart=_is_large(view))


def _in_pages(view: View) -> bytes:
    """The packet in its two pages, with fewer windows drawn day by day where there is more to say; never with a line less."""

    def drawn(windows: int) -> bytes:
        return typst.pdf(packet(view, windows), apart=_is_large(view))

    def fits(made: bytes) -> bool:
        return typst.pages_of(made) <= 2

    if fits(most_drawn := drawn(NEWEST)):
        return most_drawn
    least = drawn(1)
    return next((made for windows in (4, 2) if fits(made := drawn(windows))), least) if fits(least) else least


def _full(view: View, document: Document, data: str) -> Iterator[File]:
    view.told("writing the page")
    yield "report.html", html.page(document, data).encode()
    view.told("setting the report")
    yield "report.pdf", typst.pdf(document, apart=_is_large(view))


def _paper(view: View, document: Document) -> Iterator[File]:
    """Tables and figures one by one, for whoever writes about the trial."""
    view.told("writing tables")
    tables = list(document.tables())
    for table in tables:
        yield table.file, csv(document, table).encode()
    yield "tables/tables.xlsx", workbook(document, [one for one in tables if len(one.rows) <= WORKBOOK_ROWS])
    yield "tables/tables.docx", word(document)
    view.told("drawing figures")
    stands = " · ".join((document.study.upper(), document.mark, document.dated))
    figures = {figure.id: alone(figure.svg, stands) for figure in document.figures()}
    for (name, svg), png in zip(figures.items(), typst.pngs(figures.values(), apart=_is_large(view)), strict=True):
        yield f"figures/{name}.svg", svg.encode()
        yield f"figures/{name}.png", png


def _results(view: View, document: Document) -> Iterator[File]:
    """Every statistic apart from its layout, each with what it rests on."""
    view.told("writing results")
    yield "results.json", as_text(parts(document, view.study, view.executed, hashes_of(view.intake.entries)))


def _registry(view: View) -> Iterator[File]:
    """What the registry takes."""
    view.told("writing the registry's modules")
    yield "registry.json", as_text(registry(view.study, view.trial, view.cutoff).items())


MANIFEST = "manifest.json"
"""What says that a folder is whole: it is put in its place last, and agrees."""


@without_collecting()
def write_pack(view: View, folder: Path, only: Only | None = None, data: str = "DATA") -> tuple[Path, ...]:
    """Write the pack into a folder and give its files. What stood there under the same names is replaced, nothing else."""
    if folder.exists() and not folder.is_dir():
        raise PackError(f"{folder} is a file. Write the name of a folder: -o {folder}-report")
    hashes: dict[str, str] = {}
    with whole_folder(folder, last=MANIFEST) as beside:
        for name, content in pack(view, only, data):
            hashes[name] = _put(beside / name, content)
        _put(beside / MANIFEST, manifest(view, hashes))
    return tuple(folder / name for name in (*hashes, MANIFEST))


def _put(file: Path, content: bytes | Iterable[str]) -> str:
    """Write a file and give its SHA-256."""
    file.parent.mkdir(parents=True, exist_ok=True)
    found = sha256()
    with file.open("wb") as into:
        for piece in (content,) if isinstance(content, bytes) else (one.encode() for one in content):
            found.update(piece)
            into.write(piece)
    return found.hexdigest()


def manifest(view: View, hashes: Mapping[str, str]) -> bytes:
    """What the pack is made of: its files, its input, the study's text, and the versions that drew it."""
    fonts = {one.name: sha256(one.read_bytes()).hexdigest() for one in sorted(FONTS.glob("*.*tf*"))}
    said: dict[str, Any] = {
        "study": view.study.id,
        "study_version": view.study.version,
        "cutoff": view.dated,
        "synthetic": view.trial.synthetic,
        "confidential": True,
        "disease": view.disease or None,
        "input": {"sha256": view.digest, "files": dict(sorted(view.intake.hashes.items()))},
        "software": {"escalon": __version__, "typst": version("typst"), "fonts": fonts},
        "files": dict(sorted(hashes.items())),
    }
    return (json.dumps(said, ensure_ascii=False, indent=2) + "\n").encode()
