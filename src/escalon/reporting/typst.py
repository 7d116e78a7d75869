"""A document as PDF (PDF/UA-1, without a date) and its drawings as PNG, by typst and the fonts that come with Escalon."""

import json
import pickle
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.resources import files
from itertools import groupby
from operator import attrgetter
from typing import Any

from escalon.reporting.document import (
    WHOLE,
    Beside,
    Block,
    Bullets,
    Document,
    Figure,
    Headline,
    Section,
    Signatures,
    Table,
    Text,
)
from escalon.reporting.fonts import FONTS, drawable
from escalon.reporting.widths import over_the_page

_EIGHT = re.compile(".{8}")

Job = tuple[Mapping[str, bytes], Mapping[str, Any]]
"""What typst sets at once: its files, and how."""


def pdf(document: Document, *, apart: bool = False) -> bytes:
    """The document as PDF/UA-1; the same document gives the same bytes. `apart` sets it in a process of its own."""
    files_ = {"main.typ": _template(), "document.json": _written(document)}
    return _set([(files_, {"pdf_standards": ["ua-1"]})], apart)[0]


def _written(document: Document) -> bytes:
    return drawable(json.dumps(_document(document), ensure_ascii=False, sort_keys=True)).encode()


def pages_of(data: bytes) -> int:
    """How many pages a PDF made here has."""
    return len(re.findall(rb"/Type\s*/Page\b", data))


def pngs(drawings: Iterable[str], *, apart: bool = False) -> list[bytes]:
    """Drawings as PNG at 200 dots an inch, each as wide as a page's text."""
    page = b'#set page(width: 180mm, height: auto, margin: 0mm)\n#set text(font: "Inter")\n#image("figure.svg", width: 100%)'
    how = {"format": "png", "ppi": 200}
    return _set([({"main.typ": page, "figure.svg": drawable(svg).encode()}, how) for svg in drawings], apart)


def _set(jobs: Sequence[Job], apart: bool) -> list[bytes]:
    """Everything set, here or in a process whose memory goes back when it ends: typst keeps what it has laid out."""
    from escalon.reporting.typesetter import typeset

    if not apart:
        return typeset(str(FONTS), jobs)
    program = [sys.executable, "-I", str(files("escalon.reporting") / "typesetter.py")]
    pipe = subprocess.PIPE
    with subprocess.Popen(program, stdin=pipe, stdout=pipe, stderr=pipe) as at_work:
        assert at_work.stdin is not None
        with suppress(BrokenPipeError):  # it ended before it had read all, and says why
            pickle.dump((str(FONTS), jobs), at_work.stdin)
        done, why = at_work.communicate()
    if at_work.returncode:
        raise RuntimeError(why.decode(errors="replace"))
    made: list[bytes] = pickle.loads(done)
    return made


@cache
def _template() -> bytes:
    return (files("escalon.reporting") / "document.typ").read_bytes()


def _document(document: Document) -> dict[str, Any]:
    return {
        "title": document.title,
        "subtitle": document.subtitle,
        "study": document.study.upper(),
        "name": document.name,
        "mark": document.mark,
        "dated": document.dated,
        "stamp": document.stamp,
        "contents": [{"number": one.number, "title": one.title} for one in document.contents()],
        "parts": [
            {"wide": wide, "sections": [_section(section) for section in some]}
            for wide, some in groupby(document.sections, attrgetter("is_wide"))
        ],
    }


def _section(section: Section) -> dict[str, Any]:
    blocks = [_block(block) for block in section.blocks]
    return {"number": section.number, "title": section.title, "depth": section.depth, "blocks": blocks}


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Text():
            return {"type": "text", "text": block.text, "tone": block.tone}
        case Bullets():
            return {"type": "points", "items": block.items}
        case Headline():
            return {"type": "answer", "label": block.label, "head": block.head, "body": block.body, "tone": block.tone}
        case Table():
            return _table(block)
        case Figure():
            return {
                "type": "figure", "label": f"Figure {block.id[1:]}.", "title": block.title, "about": "",
                "svg": block.svg, "alt": block.alt, "notes": block.notes,
            }  # fmt: skip
        case Beside():
            return {"type": "beside", "blocks": [_block(one) for one in block.blocks], "widths": block.widths}
        case Signatures():
            return {"type": "signatures", "choices": block.choices, "lines": block.lines}


def _table(table: Table) -> dict[str, Any]:
    return {
        "type": "table", "whole": WHOLE, "label": table.label, "title": table.title, "about": table.about, "notes": table.notes,
        "empty": table.instead,
        "columns": [
            {"head": column.head.replace(": ", ":\n"), "right": column.right, "share": share}
            for column, share in zip(table.columns, over_the_page(table), strict=True)
        ],
        "rows": [
            {
                "kind": row.kind, "heading": row.is_heading,
                "cells": [
                    {"text": _breakable(cell.text), "tone": cell.tone}
                    for cell in (row.cells[:1] if row.is_heading else row.cells)
                ],
            }
            for row in (() if table.instead else table.rows)
        ],
    }  # fmt: skip


def _breakable(text: str) -> str:
    """A text whose long names of files and facts may be broken at their joints, and a hash without a hyphen in it."""
    text = re.sub(r"(?<![^\W_])[0-9a-f]{64}(?![^\W_])", lambda found: "\u200b".join(_EIGHT.findall(found[0])), text)
    return (
        re.sub(r"(?<=\w)([_/:]|\.(?!\d))(?=\w\w)", "\\1\u200b", text)
        if len(text) > 12 and not text[0].isdigit()
        else text
    )
