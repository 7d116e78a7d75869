"""A document as one self-contained page: a sidebar, filters, cells that open to their grounds, and paper that looks like paper.

The page carries its fonts and one small script, named by its hash in the page's content policy; without scripts it says the same.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files

from escalon.reporting.document import (
    LONGEST,
    WHOLE,
    Beside,
    Block,
    Bullets,
    Cell,
    Document,
    Figure,
    Headline,
    RowKind,
    Section,
    Signatures,
    Table,
    TableRow,
    Text,
    Tone,
)
from escalon.reporting.fonts import web_font

People = Mapping[str, tuple[str, int | None]]
LARGEST = 3_000_000
"""A page of more bytes does not carry its grounds: a cell then shows the command that explains it."""


_DAY = re.compile(r"\b(?:\d\d-[A-Z][a-z]{2}-\d{4}|(?:19|20)\d\d-\d\d-\d\d)\b")
_SHORT = 18
"""A cell of so few characters is never broken: a date, a count, a name of one word."""
_NUMBERS = re.compile(r"(?:[−+<>≥≤]?\s?\d|[.,;()%*/–\s]|to|BLQ|ND){1,30}")
"""Nor are so few numbers, a median and its range, where the screen is wide."""


def page(document: Document, data: str = "DATA") -> str:
    """The document as HTML; `data` is how the reader names the data in a command. The same document gives the same bytes."""
    body = "\n".join(_section(section, document.people) for section in document.sections)
    command = f"escalon explain {data} CELL"
    bare = _whole(document, body, json.dumps({"cells": None, "texts": [""], "command": command}))
    grounds = _grounds(document, command, LARGEST - len(bare.encode()))
    return bare if grounds is None else _whole(document, body, grounds)


def _whole(document: Document, body: str, grounds: str) -> str:
    script = _own("document.js")
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    print_ = _print(document)
    title = " · ".join(filter(None, (document.study.upper(), document.title, document.cutoff)))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
        f'content="{policy}">\n<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title>\n"
        f"<style>{_fonts()}{_own('document.css')}{print_}</style></head>\n<body>{_nav(document)}\n<main>{_run(document)}"
        f"<h1>{escape(document.title)}</h1><p class=muted>{escape(document.subtitle)}</p>\n{body}\n"
        f"<footer>{escape(document.stamp)}</footer></main>\n"
        "<aside id=grounds hidden><button>close</button><b></b><p class=muted></p><ul></ul><code></code></aside>\n"
        f'<script type="application/json" id=data>{grounds}</script>\n<script>{script}</script></body></html>\n'
    )


@cache
def _own(name: str) -> str:
    return (files("escalon.reporting") / name).read_text(encoding="utf-8")


@cache
def _fonts() -> str:
    return "".join(
        f"@font-face{{font-family:Inter;font-weight:{weight};src:url(data:font/woff2;base64,{_base64(name)}) format('woff2')}}"
        for name, weight in (("Regular", 400), ("SemiBold", 600))
    )


def _base64(weight: str) -> str:
    return b64encode(web_font(weight)).decode()


def _hash(script: str) -> str:
    return f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}"


def _print(document: Document) -> str:
    """The running head and foot of every printed page."""

    def said(text: str) -> str:
        return json.dumps(text, ensure_ascii=False).replace("<", "\\3c ")

    return (
        "@page{size:A4;margin:20mm 15mm 16mm;"
        f"@top-left{{content:{said(f'{document.study.upper()} · {document.name}')};font:600 7pt Inter}}"
        f"@top-center{{content:{said(document.mark)};font:600 7pt Inter;color:#A9141E}}"
        f"@top-right{{content:{said(document.dated)};font:7pt Inter}}"
        f"@bottom-left{{content:{said(document.stamp)};font:6pt Inter;width:150mm}}"
        '@bottom-right{content:"page " counter(page) " of " counter(pages);font:6pt Inter}}@page wide{size:A4 landscape}\n'
    )


def _run(document: Document) -> str:
    study = f"<b>{escape(document.study.upper())}</b> · " if document.study else ""
    left = f"<span>{study}{escape(document.name)}</span>"
    right = f"<span>{escape(document.dated)}</span>"
    return f"<header class=run>{left}<span class=mark>{escape(document.mark)}</span>{right}</header>"


def _nav(document: Document) -> str:
    links = "".join(
        f'<a class=d{one.depth} href="#s{one.number}">{escape(f"{one.number} {one.title}")}</a>'
        for one in document.sections
        if one.number
    )
    codes = sorted({row.participant for table in document.tables() for row in table.rows if row.participant})
    known = [document.people[code] for code in codes if code in document.people]
    menus = _menu("d", "disease", sorted({disease for disease, _ in known if disease}))
    menus += _menu("l", "level", [str(one) for one in sorted({level for _, level in known if level is not None})])
    menus += _menu("p", "participant", codes)
    return f"<nav>{links}<form hidden>{menus}<p class=said></p></form></nav>"


def _menu(key: str, name: str, values: Iterable[str]) -> str:
    options = "".join(f"<option>{escape(value)}</option>" for value in values)
    return f'<label>{name}<select name={key}><option value="">all</option>{options}</select></label>'


def _section(section: Section, people: People) -> str:
    level = min(section.depth + 1, 3)
    number = f"{escape(section.number)} " if section.number else ""
    anchor = f' id="s{escape(section.number)}"' if section.number else ""
    head = f"<h{level}{anchor}>{number}{escape(section.title)}</h{level}>" if section.title else ""
    body = head + "\n".join(_block(block, people) for block in section.blocks)
    return f"<div class=wide>{body}</div>" if section.is_wide else body


def _block(block: Block, people: People) -> str:
    match block:
        case Text():
            return f"<p class={block.tone}>{escape(block.text)}</p>"
        case Bullets():
            return f"<ul>{''.join(f'<li>{escape(one)}</li>' for one in block.items)}</ul>"
        case Headline():
            head = f"<b class={block.tone}>{escape(block.head)}</b>"
            return f"<div class=answer><span>{escape(block.label)}</span><div>{head}{escape(block.body)}</div></div>"
        case Table():
            return _table(block, people)
        case Figure():
            linked = f' <a class=muted href="#{block.table}">Table {block.table[1:]}</a>' if block.table else ""
            caption = f"<figcaption>Figure {escape(block.id[1:])}. {escape(block.title)}{linked}</figcaption>"
            drawn = f'<div role="img" aria-label="{escape(block.alt)}">{block.svg}</div>'
            return f"<figure id={block.id}>{caption}{drawn}{_notes(block.notes)}</figure>"
        case Beside():
            return f"<div class=beside>{''.join(f'<div>{_block(one, people)}</div>' for one in block.blocks)}</div>"
        case Signatures():
            choices = "".join(f"<label><input type=checkbox> {escape(one)}</label>" for one in block.choices)
            lines = "".join(f"<span>{escape(one)}</span><span>Signature</span>" for one in block.lines)
            return f"<div class=choices>{choices}</div><div class=sign>{lines}</div>"


def _table(table: Table, people: People) -> str:
    about = f"<br><span class=about>{escape(table.about)}</span>" if table.about else ""
    caption = f"<b>{escape(table.label)} {escape(table.title)}</b>{about}"
    if table.instead:
        said = escape(table.instead)
        return f"<div id={table.id}><p class=caption>{caption}</p><p class=muted>{said}</p>{_notes(table.notes)}</div>"
    head = "".join(f'<th scope="col"{" class=r" if one.right else ""}>{escape(one.head)}</th>' for one in table.columns)
    body = "\n".join(_row(table, row, people) for row in table.rows)
    kept = '"scroll whole"' if len(table.rows) <= WHOLE else "scroll"
    return (
        f"<div class={kept}><table id={table.id}><caption>{caption}</caption><thead><tr>{head}</tr></thead>\n"
        f"<tbody>{body}</tbody></table></div>{_notes(table.notes)}"
    )


def _row(table: Table, row: TableRow, people: People) -> str:
    about = "" if row.kind is RowKind.PLAIN else f" class={row.kind}"
    if row.participant:
        disease, level = people.get(row.participant, ("", None))
        shown = "" if level is None else level
        about += f' data-p="{escape(row.participant)}" data-d="{escape(disease)}" data-l="{shown}"'
    if row.is_heading:
        return f"<tr{about}><td colspan={len(row.cells)}>{escape(row.cells[0].text)}</td></tr>"
    cells = "".join(
        _cell(f"{table.id}/{row.key}/{column.key}", cell, column.right)
        for column, cell in zip(table.columns, row.cells, strict=True)
    )
    return f"<tr{about}>{cells}</tr>"


def _cell(name: str, cell: Cell, right: bool) -> str:
    tone = "" if cell.tone is Tone.PLAIN else str(cell.tone)
    long = "" if len(cell.text) <= _SHORT else "v" if _NUMBERS.fullmatch(cell.text) else "t"
    classes = " ".join(one for one in ("r" if right else "", tone, long) if one)
    said = f' class="{classes}"' if classes else ""
    opens = f' data-c="{escape(name)}"' if cell.grounds or cell.method else ""
    return (
        f"<td{said}{opens}>{'' if cell.tone is Tone.BY_HAND else _kept(cell.text) if long else escape(cell.text)}</td>"
    )


def _kept(text: str) -> str:
    """A sentence whose days are not broken over two lines."""
    return _DAY.sub(r"<span class=day>\g<0></span>", escape(text))


def _notes(notes: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f"<ul class=notes>{items}</ul>" if items else ""


def _grounds(document: Document, command: str, room: int) -> str | None:
    """What every cell rests on, each text and each record once: cell -> its method and the numbers of its records.

    None as soon as it is sure to need more bytes than there is room for.
    """
    texts: dict[str, int] = {"": 0}
    grounds: dict[tuple[int, ...], int] = {}
    cells: dict[str, list[int]] = {}
    least = 0

    def text(said: str) -> int:
        return texts.setdefault(said, len(texts))

    for name, cell in _opened(document):
        numbers = [
            grounds.setdefault(
                tuple(map(text, (one.participant, one.name, one.day, one.value, one.place))), len(grounds)
            )
            for one in cell.grounds
        ]
        cells[name] = [text(cell.method), *numbers]
        least += len(name) + 2 * len(cells[name])
        if least > room:
            return None
    found = {"cells": cells, "texts": list(texts), "grounds": list(grounds), "command": command}
    said = json.dumps(found, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return said if len(said.encode()) <= room else None


def _opened(document: Document) -> Iterator[tuple[str, Cell]]:
    for table in document.tables():
        if len(table.rows) <= LONGEST:
            yield from ((name, cell) for name, cell in table.cells() if cell.grounds or cell.method)
