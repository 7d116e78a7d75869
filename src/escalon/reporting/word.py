"""The tables of a document as one text document, with its mark, cut-off and page number on every page."""

from collections.abc import Iterable
from io import BytesIO
from typing import Any

from escalon.reporting.document import (
    LONGEST,
    Block,
    Bullets,
    Document,
    Headline,
    RowKind,
    Section,
    Table,
    Text,
    Tone,
    printable,
)
from escalon.reporting.packed import settled
from escalon.reporting.widths import shares

_INKS = {Tone.ALARM: "A9141E", Tone.OPEN: "8A6D00", Tone.MUTED: "5B6470"}


def word(document: Document) -> bytes:
    """Every section with its texts and tables; the same document gives the same bytes."""
    from docx import Document as Paper
    from docx.shared import Mm, Pt

    paper = Paper()
    style = paper.styles["Normal"]
    style.font.name, style.font.size = "Inter", Pt(8)
    style.paragraph_format.space_after = Pt(3)
    page = paper.sections[0]
    page.page_width, page.page_height = Mm(297), Mm(210)
    page.left_margin = page.right_margin = Mm(15)
    page.top_margin, page.bottom_margin = Mm(18), Mm(15)
    page.header.paragraphs[
        0
    ].text = f"{document.study.upper()} · {document.name} · {document.mark} · data cut-off {document.cutoff}"
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
            _inked(paper.add_paragraph(), block.text, block.tone)
        case Headline():
            _inked(paper.add_paragraph(), f"{block.label}: {block.head}", Tone.STRONG)
            paper.add_paragraph(printable(block.body))
        case Bullets():
            for item in block.items:
                _inked(paper.add_paragraph(style="List Bullet"), item, block.tone)
        case Table():
            _table(paper, block)


def _table(paper: Any, table: Table) -> None:
    title = paper.add_paragraph()
    title.paragraph_format.keep_with_next = True
    title.add_run(f"{table.label} {table.title}").bold = True
    if table.about:
        about = paper.add_paragraph()
        about.paragraph_format.keep_with_next = True
        _inked(about, table.about, Tone.MUTED)
    if not table.rows or len(table.rows) > LONGEST:
        said = table.empty if not table.rows else f"{len(table.rows)} rows: they stand in {table.file}."
        paper.add_paragraph(said)
    else:
        _rows(paper, table)
    for note in table.notes:
        _inked(paper.add_paragraph(), note, Tone.MUTED)


def _rows(paper: Any, table: Table) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    grid = paper.add_table(rows=0, cols=len(table.columns))
    grid.style = "Light List"
    _borders(grid)
    _set_widths(grid, table)
    heads = grid.add_row()
    repeated = OxmlElement("w:tblHeader")
    repeated.set(qn("w:val"), "true")
    heads._tr.get_or_add_trPr().append(repeated)
    _write(heads, [(column.head, Tone.STRONG, column.right, False) for column in table.columns])
    for row in table.rows:
        tones = [
            Tone.STRONG if row.kind is RowKind.HEAD and cell.tone is Tone.PLAIN else cell.tone for cell in row.cells
        ]
        _write(
            grid.add_row(),
            [
                (cell.text, tone, column.right, row.kind is RowKind.UNDER and column is table.columns[0])
                for cell, tone, column in zip(row.cells, tones, table.columns, strict=True)
            ],
        )


def _borders(grid: Any) -> None:
    """Hair lines under the rows and no boxes."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    grid.style = None
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "bottom", "insideH"):
        line = OxmlElement(f"w:{side}")
        for key, value in (("val", "single"), ("sz", "4"), ("color", "C9CFD6")):
            line.set(qn(f"w:{key}"), value)
        borders.append(line)
    grid._tbl.tblPr.append(borders)


def _set_widths(grid: Any, table: Table) -> None:
    from docx.shared import Mm

    wanted = [share or _longest(table, place) for place, share in enumerate(shares(table))]
    grid.autofit = False
    for column, share in zip(grid.columns, wanted, strict=True):
        column.width = Mm(267 * share / sum(wanted))


def _longest(table: Table, place: int) -> int:
    """The characters of a narrow column's widest cell: a date and a count stay in one piece."""
    texts = (table.columns[place].head, *(row.cells[place].text for row in table.rows))
    return max(6, min(22, max(map(len, texts)) + 2))


def _write(row: Any, cells: Iterable[tuple[str, Tone, bool, bool]]) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm

    for place, (text, tone, right, under) in zip(row.cells, cells, strict=True):
        paragraph = place.paragraphs[0]
        if right:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        if under:
            paragraph.paragraph_format.left_indent = Mm(3)
        _inked(paragraph, text, tone)


def _inked(paragraph: Any, text: str, tone: Tone) -> None:
    from docx.shared import Pt, RGBColor

    run = paragraph.add_run(printable(text))
    run.font.size = Pt(7)
    run.bold = tone in (Tone.STRONG, Tone.ALARM, Tone.OPEN) or None
    if tone in _INKS:
        run.font.color.rgb = RGBColor.from_string(_INKS[tone])
