"""The tables of a document as one text document, with its mark, cut-off and page number on every page."""

from collections.abc import Iterator, Sequence
from html import escape
from io import BytesIO
from typing import Any

from escalon.reporting.document import (
    WHOLE,
    Block,
    Bullets,
    Document,
    Headline,
    RowKind,
    Section,
    Table,
    TableRow,
    Text,
    Tone,
    printable,
)
from escalon.reporting.packed import settled
from escalon.reporting.widths import shares

_INK = "1B1F24"
_APART = 9 * 12700
"""Before a table's name, in the format's own unit: 9 points."""
_BOLD = (Tone.STRONG, Tone.ALARM, Tone.OPEN)
_INKS = {Tone.ALARM: "A9141E", Tone.OPEN: "8A6D00", Tone.MUTED: "5B6470"}


def word(document: Document) -> bytes:
    """Every section with its texts and tables; the same document gives the same bytes."""
    from docx import Document as Paper
    from docx.shared import Mm, Pt, RGBColor

    paper = Paper()
    style = paper.styles["Normal"]
    style.font.name, style.font.size = "Inter", Pt(8)
    style.paragraph_format.space_after = Pt(3)
    for name, size in (("Title", 15), ("Heading 1", 12), ("Heading 2", 10), ("Heading 3", 9)):
        font = paper.styles[name].font
        font.name, font.size, font.color.rgb = "Inter", Pt(size), RGBColor.from_string(_INK)
    page = paper.sections[0]
    page.page_width, page.page_height = Mm(297), Mm(210)
    page.left_margin = page.right_margin = Mm(15)
    page.top_margin, page.bottom_margin = Mm(18), Mm(15)
    page.header_distance = page.footer_distance = Mm(8)
    head = document.study.upper(), document.name, document.mark, document.dated
    page.header.paragraphs[0].text = " · ".join(filter(None, head))
    foot = page.footer.paragraphs[0]
    foot.text = f"{document.stamp} · page "
    _field(foot, "PAGE")
    foot.add_run(" of ")
    _field(foot, "NUMPAGES")
    paper.add_heading(document.title, 0)
    for section in document.sections:
        _section(paper, section)
    stream = BytesIO()
    paper.save(stream)
    return settled(stream.getvalue())


def _field(paragraph: Any, code: str) -> None:
    """A field that the reader's program fills: the number of the page, or of pages."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), code)
    paragraph._p.append(field)


def _section(paper: Any, section: Section) -> None:
    if section.title:
        paper.add_heading(f"{section.number} {section.title}".strip(), min(section.depth, 3))
    for block in section.blocks:
        for one in getattr(block, "blocks", (block,)):
            _block(paper, one)


def _block(paper: Any, block: Block) -> None:
    match block:
        case Text():
            _inked(paper.add_paragraph(), block.text, block.tone, 8)
        case Headline():
            _inked(paper.add_paragraph(), f"{block.label}: {block.head}", Tone.STRONG, 10)
            paper.add_paragraph(printable(block.body))
        case Bullets():
            for item in block.items:
                _inked(paper.add_paragraph(style="List Bullet"), item, Tone.PLAIN, 8)
        case Table():
            _table(paper, block)


def _table(paper: Any, table: Table) -> None:
    last = paper.add_paragraph()
    last.paragraph_format.keep_with_next, last.paragraph_format.space_before = True, _APART
    last.add_run(f"{table.label} {table.title}").bold = True
    if table.about:
        last = paper.add_paragraph()
        last.paragraph_format.keep_with_next = True
        _inked(last, table.about, Tone.MUTED)
    if table.instead:
        paper.add_paragraph(table.instead)
    else:
        last._p.addnext(_rows(table))
    for note in table.notes:
        _inked(paper.add_paragraph(), note, Tone.MUTED)


def _rows(table: Table) -> Any:
    """The rows as one piece of the format's own XML: element by element a large table takes ten times as long."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    widths = _widths(table)
    line = 'w:val="single" w:sz="4" w:color="C9CFD6"'
    borders = "".join(f"<w:{side} {line}/>" for side in ("top", "bottom", "insideH"))
    margins = "".join(f'<w:{side} w:w="{_MARGINS // 2}" w:type="dxa"/>' for side in ("left", "right"))
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    heads = [_cell(one.head, Tone.STRONG, one.right, width) for one, width in zip(table.columns, widths, strict=True)]
    kept = table.rows[:-1] if len(table.rows) <= WHOLE else ()
    rows = "".join(
        f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{''.join(_row(table, row, widths, keep=place < len(kept)))}</w:tr>"
        for place, row in enumerate(table.rows)
    )
    return parse_xml(
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:type="auto" w:w="0"/><w:tblBorders>{borders}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/><w:tblCellMar>{margins}</w:tblCellMar></w:tblPr><w:tblGrid>{columns}</w:tblGrid>'
        f"<w:tr><w:trPr><w:tblHeader/></w:trPr>{''.join(heads)}</w:tr>{rows}</w:tbl>"
    )


def _row(table: Table, row: TableRow, widths: Sequence[int], *, keep: bool) -> Iterator[str]:
    if row.is_heading:
        yield _cell(row.cells[0].text, Tone.STRONG, False, sum(widths), across=len(widths))
        return
    for place, (cell, column, width) in enumerate(zip(row.cells, table.columns, widths, strict=True)):
        tone = Tone.STRONG if row.kind is RowKind.HEAD and cell.tone is Tone.PLAIN else cell.tone
        yield _cell(cell.text, tone, column.right, width, under=row.kind is RowKind.UNDER and place == 0, keep=keep)


def _cell(
    text: str, tone: Tone, right: bool, width: int, *, under: bool = False, keep: bool = True, across: int = 1
) -> str:
    about = (
        ("<w:keepNext/>" if keep else "")
        + ('<w:ind w:left="170"/>' if under else "")
        + ('<w:jc w:val="right"/>' if right else "")
    )
    look = "<w:b/>" if tone in _BOLD else ""
    look += f'<w:color w:val="{_INKS[tone]}"/>' if tone in _INKS else ""
    said = escape(printable(text)).replace("\n", '</w:t><w:br/><w:t xml:space="preserve">')
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/><w:gridSpan w:val="{across}"/></w:tcPr><w:p><w:pPr>{about}</w:pPr>'
        f'<w:r><w:rPr>{look}<w:sz w:val="14"/></w:rPr><w:t xml:space="preserve">{said}</w:t></w:r></w:p></w:tc>'
    )


def _widths(table: Table) -> list[int]:
    """The columns over the page's width: narrow ones keep dates and words in one piece, wordy ones share what is left."""
    wanted = shares(table)
    whole = [_LETTER * (_longest(table, place) + 1) + _MARGINS for place in range(len(wanted))]
    narrow = sum(size for size, share in zip(whole, wanted, strict=True) if not share)
    left = max(_ACROSS - narrow, _LEAST * sum(map(bool, wanted)))
    sizes = [
        min(size, left * share / sum(wanted)) if share else size for size, share in zip(whole, wanted, strict=True)
    ]
    return [round(_ACROSS * size / sum(sizes)) for size in sizes]


_ACROSS, _LETTER, _MARGINS, _LEAST = 15137, 90, 120, 1400
"""In twentieths of a point: the page across, less its margins (267 mm), a letter, a cell's margins, and a column of words."""


def _longest(table: Table, place: int) -> int:
    """The letters of a column's widest cell; a head may stand in lines of one word."""
    return max(
        3,
        *map(len, table.columns[place].head.split()),
        *(len(row.cells[place].text) for row in table.rows if not row.is_heading),
    )


def _inked(paragraph: Any, text: str, tone: Tone, size: int = 7) -> None:
    from docx.shared import Pt, RGBColor

    run = paragraph.add_run(printable(text))
    run.font.size = Pt(size)
    run.bold = tone in _BOLD or None
    if tone in _INKS:
        run.font.color.rgb = RGBColor.from_string(_INKS[tone])
