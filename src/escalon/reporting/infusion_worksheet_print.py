"""The infusion-day worksheet laid out: a self-contained HTML page, or a PDF on A4."""

from html import escape

from escalon.reporting.infusion_worksheet import Worksheet, WorksheetPart, foot, sections, subtitle, title
from escalon.reporting.page import page

_SYNTHETIC = "SYNTHETIC DATA: the person is invented."


def worksheet_html(sheet: Worksheet) -> str:
    """The sheet as one self-contained page."""
    above, signatures = sections(sheet)
    alarms = [*([_SYNTHETIC] if sheet.heading.synthetic else []), *sheet.alarms]
    parts = [
        "<style>table{width:100%}td{height:1.5em;border:1px solid #999}td:last-child{min-width:9em}"
        "@media screen{table{display:block;overflow-x:auto}}</style>",
        *(f"<p class=warn><b>{escape(alarm)}</b></p>" for alarm in alarms),
        *(_html_table(section) for section in above),
        "<h2>Verdict</h2>",
        *(f"<p><b>{escape(line)}</b></p>" for line in sheet.verdict),
        *(f"<p class=warn>{escape(warning)}</p>" for warning in sheet.warnings),
        _html_table(signatures),
    ]
    return page(title(sheet.heading), subtitle(sheet.heading), parts, foot(sheet.heading))


def _html_table(section: WorksheetPart) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in section.columns)
    body = "\n".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in section.rows)
    caption = f"<caption>{escape(section.title)}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"


def worksheet_pdf(sheet: Worksheet) -> bytes:
    """The sheet as a PDF on A4, for printing; the same sheet gives the same bytes."""
    import typst

    return bytes(typst.compile(_typst(sheet).encode(), format="pdf", timestamp=0))


_PREAMBLE = """
#set document(title: "Infusion worksheet", date: none)
#set page(paper: "a4", margin: (x: 1.6cm, top: 1.4cm, bottom: 1.6cm), footer: text(7.5pt, fill: luma(90))[FOOT])
#set text(size: 9pt, font: ("Libertinus Serif", "New Computer Modern"))
#show heading: it => block(above: 9pt, below: 5pt, text(11pt, it.body))
#let warning(body) = block(width: 100%, above: 4pt, below: 4pt, inset: (x: 6pt, y: 4pt),
  stroke: (left: 3pt + rgb("#b00020")), fill: rgb("#fdf1f1"), body)
#set table(stroke: 0.4pt + luma(150), inset: (x: 4pt, y: 4.2pt))
"""


def _typst(sheet: Worksheet) -> str:
    """The sheet in typst's markup, every text of it escaped."""
    above, signatures = sections(sheet)
    alarms = [*([_SYNTHETIC] if sheet.heading.synthetic else []), *sheet.alarms]
    parts = [
        _PREAMBLE.replace("FOOT", _escaped(foot(sheet.heading))),
        f'#text(15pt, weight: "bold")[{_escaped(title(sheet.heading))}]\n',
        f"#text(fill: luma(90))[{_escaped(subtitle(sheet.heading))}]",
        *(f"#warning[*{_escaped(alarm)}*]" for alarm in alarms),
        *(_typst_table(section) for section in above),
        "== Verdict",
        *(f"#block(above: 5pt)[*{_escaped(line)}*]" for line in sheet.verdict),
        *(f"#warning[{_escaped(warning)}]" for warning in sheet.warnings),
        _typst_table(signatures),
    ]
    return "\n".join(parts)


def _typst_table(section: WorksheetPart) -> str:
    widths = ", ".join(f"{width}fr" for width in section.widths)
    head = ", ".join(f"[*{_escaped(name)}*]" for name in section.columns)
    body = ",\n  ".join(", ".join(_cell(cell) for cell in row) for row in section.rows)
    return f"== {_escaped(section.title)}\n#table(columns: ({widths}), table.header({head}),\n  {body})"


def _cell(text: str) -> str:
    return f"[{_escaped(text)}]" if text else "[#box(width: 100%, height: 0.9em)]"


def _escaped(text: str) -> str:
    """Text for typst markup: every character that means something there is written as itself."""
    return "".join(f"\\{char}" if char in "\\#$*_`<>@[]~=-+/'\"" else char for char in text)
