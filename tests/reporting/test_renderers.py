"""One document in every format: the same bytes twice, people's words as data, the mark and the cut-off on every page."""

import json
import re
import shutil
import subprocess
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from zipfile import ZipFile

import pytest

from escalon.reporting import html, typst
from escalon.reporting.build import row
from escalon.reporting.document import (
    LONGEST,
    Beside,
    Bullets,
    Cell,
    Document,
    Figure,
    Ground,
    Head,
    Headline,
    RowKind,
    Section,
    Signatures,
    Table,
    TableRow,
    Text,
    Tone,
)
from escalon.reporting.fonts import FONTS, characters, drawable
from escalon.reporting.sheet import csv, workbook
from escalon.reporting.word import word

TYPED = '=HYPERLINK("http://x") #strong[x] <b>*bold*</b> \\n $x$ `raw` 发热3天 龘 \u202e </script>'
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 20"><text y="9" font-family="Inter">P01</text></svg>'


def table(rows: int = 3) -> Table:
    ground = Ground("P01", "fever", "2025-03-20", TYPED, "facts.csv:7")
    columns = (Head("who", "who"), Head("n", "n", right=True), Head("said", "in their words"))
    some = (
        TableRow(
            f"r{one}",
            (Cell(f"P{one:02d}"), Cell("−1.5", -1, (ground,), "counted", Tone.ALARM), Cell(TYPED, tone=Tone.OPEN)),
            RowKind.UNDER if one else RowKind.HEAD,
            f"P{one:02d}",
        )
        for one in range(rows)
    )
    return Table("T5-1", "Adverse events", columns, tuple(some), "all infused", ("≤ ≥ ± ²",))


def document(rows: int = 3) -> Document:
    figure = Figure("F5-1", "Time", SVG, "P01 had fever", "T5-1")
    return Document(
        "nct07052565", "Safety review", "abc", "committee packet", "2025-06-22", True,
        (
            Section("", "", (Headline("the rule says", "wait", "because", Tone.OPEN), Text(TYPED, Tone.ALARM))),
            Section("5", "Safety", (table(rows), Beside((figure, Text("beside")), (2, 1)))),
            Section("5.1", "Decision", (Bullets(("one", "two")), Signatures(("follow", "hold"), ("Chair",)))),
        ),
        software="Escalon 0.1.0", people={f"P{one:02d}": ("RA", 1) for one in range(rows)},
    )  # fmt: skip


@pytest.mark.parametrize("render", [typst.pdf, html.page, workbook, word], ids=["pdf", "html", "xlsx", "docx"])
def test_the_same_document_gives_the_same_bytes(render):
    assert render(document()) == render(document())


def test_office_files_hold_no_moment_but_one():
    for data in (workbook(document()), word(document())):
        with ZipFile(BytesIO(data)) as archive:
            assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            times = re.findall(rb"<dcterms:(?:created|modified)[^>]*>([^<]*)", archive.read("docProps/core.xml"))
        assert set(times) == {b"1980-01-01T00:00:00Z"}


def test_every_character_is_drawn_or_named_and_no_glyph_is_missing():
    known = characters(FONTS / "Inter-Regular.ttf")
    assert {ord(sign) for sign in "−–×⁵≤≥±·²µ°«»…½"} <= known
    assert ord("发") in characters(FONTS / "DroidSansFallback-GB2312.ttf")
    assert drawable("发热 龘\u200d a\u202eb") == "发热 [U+9F98] a[U+202E]b"
    assert typst.pdf(document()).startswith(
        b"%PDF"
    )  # PDF/UA-1 refuses a missing glyph, a table without head, no alt text


def test_a_drawing_becomes_a_picture():
    assert typst.pngs([SVG]) == typst.pngs([SVG], apart=True)
    assert typst.pngs([SVG])[0].startswith(b"\x89PNG")


def test_the_page_allows_its_own_script_alone_and_carries_everything_else():
    page = html.page(document(), "demo/data")
    script = re.findall(r"<script>(.*?)</script>", page, re.S)
    assert len(script) == 1
    assert f"sha256-{b64encode(sha256(script[0].encode()).digest()).decode()}" in page
    assert "<b>*bold*" not in page
    assert page.count("</script>") == 2
    assert not re.search(r"(src|href)=[\"']?(https?:|//)", page)


def test_a_cell_opens_to_its_grounds_from_one_block():
    found = json.loads(re.findall(r'type="application/json" id=data>(.*?)</script>', html.page(document()), re.S)[0])
    method, ground = found["cells"]["T5-1/r0/n"]
    assert found["texts"][method] == "counted"
    assert [found["texts"][one] for one in found["grounds"][ground]] == [
        "P01",
        "fever",
        "2025-03-20",
        TYPED,
        "facts.csv:7",
    ]
    assert found["command"] == "escalon explain DATA CELL"


def test_a_page_that_would_be_too_large_shows_the_command_in_place_of_the_grounds(monkeypatch):
    monkeypatch.setattr(html, "LARGEST", 50_000)
    page = html.page(document())
    assert '"cells": null' in page
    assert "escalon explain DATA CELL" in page


def test_a_long_listing_is_not_printed_but_named():
    assert "201 rows: they stand in tables/T5-1.csv." in html.page(document(201))


def test_a_workbook_holds_numbers_as_numbers_and_runs_nothing():
    from openpyxl import load_workbook

    sheet = load_workbook(BytesIO(workbook(document())))["T5-1"]
    rows = list(sheet.iter_rows())
    assert "SYNTHETIC" in rows[1][0].value
    assert "2025-06-22" in rows[1][0].value
    who, number, said = rows[4]
    assert (who.value, number.value, number.data_type) == ("P00", -1.5, "n")
    assert (said.value.startswith("=HYPERLINK"), said.data_type) == (True, "s")
    named = replace(table(), title="=1+1 \x07")  # a study may call its outcome so
    contents = load_workbook(BytesIO(workbook(document(), [named])))["contents"]
    assert [(one.value, one.data_type) for one in list(contents.rows)[-1]] == [("T5-1", "s"), ("=1+1 [U+0007]", "s")]


def test_a_row_of_a_sheet_is_as_high_as_its_longest_cell_and_a_note_no_wider_than_the_table():
    from openpyxl import load_workbook

    long = replace(table(), rows=(row("a", "P00", 1, "said " * 40), row("b", "P01", 2, "no")), notes=("a note " * 60,))
    sheet = load_workbook(BytesIO(workbook(document(), [long])))["T5-1"]
    heights = [sheet.row_dimensions[number].height for number in (5, 6)]
    assert heights == [48.0, None]
    assert max(len(one[0].value) for one in sheet.iter_rows(min_row=7)) <= 120


def test_csv_says_study_cutoff_and_mark_in_every_row_and_begins_no_formula():
    lines = csv(document(), table()).splitlines()
    assert lines[0] == "who,n,said,study,cutoff,mark"
    assert all(line.endswith("nct07052565,2025-06-22,SYNTHETIC: nobody in it exists") for line in lines[1:])
    assert lines[1].startswith("P00,-1.5,\"'=HYPERLINK")


def test_paper_has_mark_cutoff_and_page_numbers_in_every_format():
    with ZipFile(BytesIO(word(document()))) as archive:
        head = archive.read("word/header1.xml").decode()
        foot = archive.read("word/footer1.xml").decode()
    assert "SYNTHETIC" in head
    assert "2025-06-22" in head
    assert "NUMPAGES" in foot
    page = html.page(document())
    assert 'content:"page " counter(page) " of " counter(pages)' in page
    assert '@top-right{content:"data cut-off 2025-06-22"' in page


def test_a_table_that_is_not_laid_out_turns_no_page():
    """A listing that stands in its own file alone leaves the page upright."""
    wide = tuple(Head(f"c{one}", "a head of some length") for one in range(16))
    rows = tuple(TableRow(str(one), tuple(Cell("x") for _ in wide)) for one in range(LONGEST + 1))
    for kept, is_turned in ((rows, False), (rows[:20], True)):
        part = Section("1", "Listing", (Table("L8", "Scores", wide, kept),))
        assert part.is_wide is is_turned


def in_groups(rows: int = 2) -> Table:
    """A group's name with nothing beside it, and the rows beneath it."""
    columns = (Head("visit", "visit"), Head("n", "n", right=True), Head("value", "value"))
    under = (TableRow(f"d{n}", (Cell(f"D{n}"), Cell("4", 4), Cell("8, 15, 19")), RowKind.UNDER) for n in range(rows))
    head = TableRow("ra", (Cell("RA", tone=Tone.STRONG), Cell("–"), Cell("–")), RowKind.HEAD)
    return Table("T6-7", "ESR", columns, (head, *under), "Population: " + "treated and assessed, " * 20)


def test_a_groups_name_runs_over_all_columns_and_no_dash_stands_beside_it():
    from openpyxl import load_workbook

    grouped = replace(document(), sections=(Section("1", "S", (in_groups(),)),))
    assert "<tr class=head><td colspan=3>RA</td></tr>" in html.page(grouped)
    text = ZipFile(BytesIO(word(grouped))).read("word/document.xml").decode()
    assert '<w:gridSpan w:val="3"/>' in text
    assert text.count("–") == 0
    sheet = load_workbook(BytesIO(workbook(grouped)))["T6-7"]
    assert [cell.value for cell in next(row for row in sheet.iter_rows() if row[0].value == "RA")] == ["RA", None, None]
    assert csv(grouped, in_groups()).splitlines()[1].startswith("RA,–,–,")


def test_a_groups_name_does_not_widen_the_column_it_runs_over_in_word():
    def first(name: str) -> str:
        long = replace(in_groups(), rows=(replace(in_groups().rows[0], cells=(Cell(name), Cell("–"), Cell("–"))),))
        made = word(replace(document(), sections=(Section("1", "S", (long,)),)))
        return re.search(r'w:gridCol w:w="(\d+)"', ZipFile(BytesIO(made)).read("word/document.xml").decode())[1]

    assert first("Alanine aminotransferase increased: 12 tested after") == first("RA")


def test_a_printed_sheet_is_no_wider_than_its_table_and_on_a4():
    from openpyxl import load_workbook

    grouped = replace(document(), sections=(Section("1", "S", (in_groups(),)),))
    sheet = load_workbook(BytesIO(workbook(grouped)))["T6-7"]
    assert max(len(str(row[0].value or "")) for row in sheet.iter_rows()) <= 60
    assert sheet.page_setup.paperSize == 9


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="reading a PDF needs pdftotext (poppler-utils)")
def test_a_table_that_begins_on_a_new_page_begins_under_its_running_head(tmp_path):
    """However much room is left on the page before: the study, the mark and the cut-off are never written over."""
    for lines in range(44, 66):
        before = tuple(Text("one line") for _ in range(lines))
        made = replace(document(), sections=(Section("1", "S", (*before, in_groups(40))),))
        (tmp_path / "one.pdf").write_bytes(typst.pdf(made))
        found = subprocess.run(
            ["pdftotext", "-bbox", str(tmp_path / "one.pdf"), "-"], capture_output=True, text=True, check=True
        )
        places = re.findall(r'yMin="([\d.]+)"[^>]*>(?:ESR|RA|visit|D\d+)<', found.stdout)
        assert len(places) > 40
        assert min(map(float, places)) > 55, lines


def test_no_date_and_no_code_of_a_wide_listing_is_broken_in_word():
    heads = ("who", "level", "term", "from", "to", *(f"serious{n}" for n in range(9)))
    columns = tuple(Head(one, one, width=24 if one == "term" else 0) for one in heads)
    said = ("P01", "1", "Neutrophil count decreased", "2025-03-01", "2025-03-16", *("recovered" for _ in range(9)))
    listing = Table("L1", "Events", columns, (TableRow("a", tuple(map(Cell, said))),))
    text = ZipFile(BytesIO(word(replace(document(), sections=(Section("1", "S", (listing,)),))))).read(
        "word/document.xml"
    )
    widths = list(map(int, re.findall(r'w:gridCol w:w="(\d+)"', text.decode())))
    assert sum(widths) == pytest.approx(15137, abs=20)
    letter = 77  # twentieths of a point, of a 7-point digit of the font
    for width, cell in zip(widths, said, strict=True):
        assert width >= letter * max(map(len, cell.split())), cell


def test_no_number_is_broken_and_every_printed_table_is_as_wide_as_the_page():
    from escalon.reporting.typst import _breakable
    from escalon.reporting.widths import over_the_page, shares

    assert _breakable("−0.04 (0.31) of 11 people") == "−0.04 (0.31) of 11 people"
    assert _breakable("see adverse_events.csv:12") == "see adverse_\u200bevents.\u200bcsv:\u200b12"
    columns = (Head("visit", "visit"), Head("n", "n", right=True), Head("value", "value", right=True))
    narrow = Table("T6-1", "x", columns, (TableRow("BL", (Cell("BL"), Cell("15"), Cell("7.3 (1 to 43)"))),))
    assert (shares(narrow), over_the_page(narrow)) == ([0, 0, 0], [1, 0, 0])
    paper = word(replace(document(), sections=(Section("1", "S", (narrow,)),)))
    text = ZipFile(BytesIO(paper)).read("word/document.xml").decode()
    assert min(map(int, re.findall(r'w:gridCol w:w="(\d+)"', text))) > 2000
