"""The report and its pack: same input, same bytes; what it must show; nothing half-written; nothing said that is not so."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from escalon.conduct.judge.cutoff import last_day
from escalon.conduct.judge.populations import Population
from escalon.facts import Day
from escalon.reporting import html, typst
from escalon.reporting.cell_lines import explain_cell
from escalon.reporting.document import LONGEST, Tone
from escalon.reporting.fonts import drawable
from escalon.reporting.pack import PackError, pack, write_pack
from escalon.reporting.packet import open_packet, packet
from escalon.reporting.registry import registry
from escalon.reporting.results import as_text, parts, results
from escalon.reporting.sections.efficacy import population_table
from escalon.reporting.sheet import csv
from escalon.reporting.trial import full_report
from escalon.reporting.view import View
from escalon.sources.folder import take_in
from tests.histories import changed
from tests.reporting.views import view_of
from tests.second.by_hand import CELLS, Rows


@pytest.fixture(scope="module")
def view(study, trial):
    return View(study, trial, last_day(trial.trial))


@pytest.fixture(scope="module")
def document(view):
    return full_report(view)


@pytest.fixture(scope="module")
def page(document):
    return html.page(document)


def words(document):
    """Every word of a document."""
    found = [document.title, document.subtitle]
    for block in document.blocks():
        found += [getattr(block, name, "") for name in ("text", "head", "body", "label", "title", "about", "alt")]
        found += [*getattr(block, "items", ()), *getattr(block, "notes", ())]
    return " ".join([*found, *(cell.text for table in document.tables() for _, cell in table.cells())])


def test_the_same_input_gives_the_same_bytes(study, trial_folder, view, document, page):
    """Page, CSV, drawings and JSON; every file of a pack is compared in the next test."""
    intake = take_in(study, trial_folder)
    again = View(study, intake, last_day(intake.trial))
    other = full_report(again)
    assert html.page(other) == page
    made = [
        [csv(one, table) for table in one.tables()] + [figure.svg for figure in one.figures()]
        for one in (document, other)
    ]
    assert made[0] == made[1]
    assert len(made[0]) > 60
    said = [
        "".join(as_text(parts(one, study, of.executed)))
        + "".join(as_text(registry(study, of.trial, of.cutoff).items()))
        for one, of in ((document, view), (other, again))
    ]
    assert said[0] == said[1]


def test_a_whole_pack_has_the_same_bytes_in_another_process(trial_folder, tmp_path):
    """Every file of every format, by the order of whose hashes nothing may be arranged."""
    few = tmp_path / "few"
    few.mkdir()
    for file in trial_folder.glob("*.csv"):
        head, *rows = file.read_text(encoding="utf-8").splitlines()
        kept = [row for row in rows if re.search(r"\bP0[1-8]\b", row)]
        (few / file.name).write_text("\n".join([head, *kept, ""]), encoding="utf-8")
    shutil.copy(trial_folder / "SYNTHETIC.txt", few)
    packs = [tmp_path / seed for seed in ("1", "2")]
    for into in packs:
        command = [sys.executable, "-m", "escalon", "report", "nct07052565", str(few), "-o", str(into)]
        subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PYTHONHASHSEED": into.name})
    one, two = ({str(file.relative_to(into)): file.read_bytes() for file in into.rglob("*.*")} for into in packs)
    assert {Path(name).suffix for name in one} == {".pdf", ".html", ".json", ".csv", ".xlsx", ".docx", ".svg", ".png"}
    assert [name for name in one if one[name] != two[name]] == []
    stands = "NCT07052565 · SYNTHETIC: nobody in it exists · data cut-off 20"
    assert [name for name, data in one.items() if name.endswith(".svg") and stands.encode() not in data] == []
    assert one.keys() == two.keys()


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_drawn_by_seed_is_what_a_hand_makes_of_the_rows(name, document, trial_folder):
    """And it opens: what it was counted from stands beneath it."""
    cell = document.cell(name)
    assert cell.text == CELLS[name](Rows(trial_folder, document.cutoff))
    assert cell.grounds


def test_it_is_self_contained(page):
    outside = re.findall(r'(?:src|href)\s*=\s*"(?!#)([^"]+)"', page)
    assert outside == []
    assert page.count("<script") == 2  # the data, and the one script that the page's policy names


@pytest.mark.parametrize(
    "what",
    ["SYNTHETIC", "Participant flow", "Dose escalation", "What the protocol&#x27;s rule says", "Adverse events", "DAS28-ESR",
     "SLEDAI-2K", "Assumptions in force", "SHA-256", "data cut-off", "Not a medical device", "rows read ="],
)  # fmt: skip
def test_it_shows(page, what):
    assert what in page


def test_an_earlier_cutoff_shows_fewer_infused(study, trial):
    early = full_report(View(study, trial, Day(2025, 6, 10)))
    assert early.cell("T1-1/infused/number").value == 6
    assert "Dose nobody before" in words(early)


def test_rows_kept_out_are_listed_and_said_first(study, trial_folder, tmp_path):
    for file in trial_folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    text = (tmp_path / "facts.csv").read_text(encoding="utf-8")
    (tmp_path / "facts.csv").write_text(text.replace("P01,alt,", "P01,altt,", 1), encoding="utf-8")
    broken = take_in(study, tmp_path)
    document = full_report(View(study, broken, last_day(broken.trial)))
    listed = next(table for table in document.tables() if table.id == "T10-3")
    assert "altt" in " ".join(cell.text for cell in listed.rows[0].cells)
    assert "Before anyone signs: 1 row is kept out" in words(document)


# -- numbers that stand in two places are one ------------------------------------------------------------------------


def test_the_headline_the_levels_and_the_evidence_count_the_same_people(document):
    levels = next(table for table in document.tables() if table.id == "T4-1")
    evidence = next(table for table in document.tables() if table.id == "T4-2")
    for level in levels.rows:
        here = [row for row in evidence.rows if row.cells[2].text == level.key]
        assert level.cells[3].value == len(here)
        assert level.cells[5].value == sum(row.cells[10].text == "DLT" for row in here)
        assert level.cells[8].value == sum(row.cells[11].text in ("unsettled", "differ") for row in here)
    assert document.cell("T1-1/infused/number").value == len(evidence.rows)


def test_tables_of_events_add_up_to_their_listing(document):
    periods = next(table for table in document.tables() if table.id == "T5-4")
    first = periods.rows[0].cells
    after = sum(cell.value for place, cell in enumerate(first) if place in (3, 5))
    assert after == document.cell("T5-1/any_event/all_events").value
    terms = next(table for table in document.tables() if table.id == "T5-2")
    assert sum(row.cells[1].value for row in terms.rows if row.kind == "head") == after


def test_every_visit_adds_up_to_everybody(document):
    visits = next(table for table in document.tables() if table.id == "T7-1")
    infused = document.cell("T1-1/infused/number").value
    rows = [row for row in visits.rows if "." not in row.key]
    assert rows
    for row in rows:
        of = dict(zip((one.key for one in visits.columns), row.cells, strict=True))
        assert sum(of[key].value for key in ("n", "missing", "not_due", "not_applicable")) == infused
        assert of["nd"].value + of["blq"].value + of["above"].value + of["quantified"].value == of["n"].value


def test_every_cell_of_every_section_is_explained(document, view):
    found = results(document, view.study, view.executed)
    assert {name.partition("-")[0] for name in found["cells"]} >= {f"T{n}" for n in range(1, 11)}
    for name, cell in found["cells"].items():
        line = explain_cell(found, name)
        assert line.text == f"{name} = {cell['text']}"
        assert len(line.beneath) >= max(1, len(cell.get("grounds", ())) if name[1] != "6" else 1), name


def test_every_table_has_its_own_number_and_nothing_is_blank(document):
    ids = [table.id for table in document.tables()]
    assert len(ids) == len(set(ids)) > 30
    assert [one for one in ("L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8") if one not in ids] == []


# -- words ------------------------------------------------------------------------------------------------------------


def test_the_words_of_a_head_fit_into_its_column(document):
    """In millimetres of the page's 180, or 267 across, at the size a head is set in; a column without a share takes its words."""
    for table in document.tables():
        whole = sum(one.width for one in table.columns)
        if all(one.width for one in table.columns):
            across = 267 if len(table.columns) > 13 or whole > 130 else 180
            for one in table.columns:
                room = across * one.width / whole
                assert room >= 2.2 + 1.2 * max(map(len, one.head.replace("/", " ").split())), (table.id, one.key, room)


def test_one_person_who_was_lost_earlier_is_one(view):
    first, second = (Population(name, name, "", (), {"P01": "died"}) for name in ("consented", "enrolled"))
    table = population_table(view, (first, second), ())
    assert [row.cells[-1].text for row in table.rows] == ["died (P01)", "1 is not in the one above"]


def test_what_one_disease_is_asked_is_not_missed_of_the_others(document):
    table = next(one for one in document.tables() if one.id == "T2-4")
    rows = {key: cell.text for key, cell in table.cells()}
    of_arthritis = next(key.rpartition("/")[0] for key, text in rows.items() if text.startswith("inadequate response"))
    said = [text for key, text in rows.items() if key.rpartition("/")[0] == of_arthritis]
    assert said[1:] == ["4", "–", "–", "–", "4"]
    assert not [text for text in rows.values() if "not recorded" in text]


def test_a_score_of_the_listing_opens_to_rows_that_were_read(document):
    """A response is made of scores of two visits: it opens to the items beneath both, and its items say which was before."""
    listing = next(one for one in document.tables() if one.id == "L8")
    cells = [cell for name, cell in listing.cells() if name.endswith("/value")]
    assert {ground.place.partition(":")[0] for cell in cells for ground in cell.grounds} == {"facts.csv"}
    items = document.cell("L8/P01.eular_response.D28/items").text
    assert items == "das28 esr 5.56 (2025-02-25), das28 esr 3.48"
    assert document.cell("L8/P01.haq_di.BL/value").text == "0.375"


def test_reasons_stand_once(document):
    """What kept somebody out stands in the table of clauses and in the diagram; flow and populations name the people."""
    why = document.cell("T2-1/eligible/why").text
    assert why.startswith("not eligible: P")
    assert "(excluded)" not in why
    assert document.cell("T6-P/enrolled/why").text == "10 are not in the one above"


def test_no_name_of_the_program_stands_in_what_people_read(document, view):
    """Case PG-08: a word with an underscore is a name of the program, unless it is of a file that was read."""
    for said in (words(packet(view)), words(document)):
        assert re.findall(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b(?!\.csv)", said) == []
        assert "alt / uln" not in said


def test_a_reason_is_worded_as_the_failure(trial):
    """Four of those infused are told otherwise: one is 17, one has no active lupus, one enough platelets, one is pregnant."""
    infused = trial.trial.infused()
    young, well, full = (
        next(one.code for one in infused if one.facts.named("disease")[0].value == disease)
        for disease in ("RA", "SLE", "SS")
    )
    pregnant = next(one.code for one in infused if one.facts.named("pregnant") and one.code not in (young, well, full))
    told = {(young, "age"): 17, (full, "platelets"): 96, (pregnant, "pregnant"): True}

    def other(fact):
        if fact.participant == well and fact.name.startswith("sledai_2k.") and fact.value is True:
            return replace(fact, value=False)
        value = told.get((fact.participant, fact.name))
        return fact if value is None else replace(fact, value=value)

    said = words(full_report(view_of(changed(trial.trial, other), last_day(trial.trial))))
    assert "age 17, needed 18 or more" in said
    assert re.search(r"SLEDAI-2K \d, needed 8 or more", said)
    assert re.search(r"platelets 9\d .*?, needed below 30", said)
    assert "pregnant (excluded)" in said


def test_while_a_question_is_open_nothing_is_said_of_tolerance(study, trial_folder, tmp_path):
    for file in trial_folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    rows = (tmp_path / "facts.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [row for row in rows if ",platelets," not in row and ",dlt_review," not in row]
    (tmp_path / "facts.csv").write_text("".join(kept), encoding="utf-8")
    intake = take_in(study, tmp_path)
    view = View(study, intake, last_day(intake.trial))
    said = words(packet(view))
    assert view.unsettled
    assert "tolerated" not in said
    assert f"{len(view.unsettled)} of {len(view.reviews)} participants have an open question" in said
    assert "Before anyone signs" in said


def test_the_open_part_names_nobody_and_tells_no_outcome(view):
    said = words(open_packet(view))
    assert re.findall(r"\bP\d\d\b", said) == []
    assert not {"DLT", "no DLT", "unsettled"} & {
        cell.text for table in open_packet(view).tables() for _, cell in table.cells()
    }
    assert {table.id for table in open_packet(view).tables()} == {"P-2", "P-5", "P-6"}
    assert document_tones(open_packet(view)) <= {Tone.PLAIN, Tone.OPEN, Tone.STRONG, Tone.MUTED}


def document_tones(document):
    return {cell.tone for table in document.tables() for _, cell in table.cells()}


def test_the_packet_is_two_pages_and_its_open_part_one(view):
    files = dict(pack(view, "packet"))
    pages = {name: len(re.findall(rb"/Type\s*/Page\b", data)) for name, data in files.items()}
    assert pages == {"packet.pdf": 2, "packet-open.pdf": 1}


# -- every cell -------------------------------------------------------------------------------------------------------

OF_NOBODY = {"missing", "not_due", "not_applicable", "left", "unknown", "watched", "days", "open"}
"""Columns that count what is not recorded, or days between what is: they open to who, and why."""


@pytest.fixture(scope="module")
def said(view, document):
    return results(document, view.study, view.executed)


def test_every_cell_of_every_table_opens(said):
    """A number to the records it was made of; a word, or a number that follows from its row, to those of the row."""
    closed, rows = [], {}
    for what in ("cells", "statistics"):
        for name, one in said[what].items():
            rows.setdefault(name.rpartition("/")[0], {"cells": {}, "statistics": {}})[what][name] = one
    for name, cell in said["cells"].items():  # each asked of its own row: of the whole it takes a search
        opened = str(explain_cell(said | rows[name.rpartition("/")[0]], name))
        assert opened.startswith(f"{name} = ")
        is_untested = name.startswith("T5-5/") and ".none/" in name  # neither before nor after
        if cell.get("value") and not is_untested and name.rpartition("/")[2] not in OF_NOBODY and "[" not in opened:
            closed.append(name)
    assert closed == []
    assert len(said["cells"]) > 10_000


def test_a_number_of_people_opens_to_what_makes_them_one_of_these(said):
    opened = str(explain_cell(said, "T2-1/infused/level_1"))
    assert re.search(r"P01: infusion, level 1 \d+ cells/kg on \S+  \[doses.csv:2\]", opened)
    assert "disease" in str(explain_cell(said, "T2-1/screened/n"))


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="reading a PDF needs pdftotext (poppler-utils)")
def test_the_printed_report_says_what_the_results_say(document, said, tmp_path):
    """Row by row, each in one piece: what a reader copies out of the PDF is the cells in their order."""
    (tmp_path / "report.pdf").write_bytes(typst.pdf(document))
    read = subprocess.run(
        ["pdftotext", "-raw", str(tmp_path / "report.pdf"), "-"], capture_output=True, text=True, check=True
    ).stdout
    printed = [table for table in document.tables() if len(table.rows) <= LONGEST]
    rows = {f"{table.id}/{row.key}": [cell.text for cell in row.cells] for table in printed for row in table.rows}
    told: dict[str, list[str]] = {}
    for key, cell in said["cells"].items():
        told.setdefault(key.rpartition("/")[0], []).append(cell["text"])
    assert {name: told[name] for name in rows} == rows
    whole = _unspaced(read)
    alone = {f"{table.id}/{row.key}" for table in printed for row in table.rows if row.is_heading}
    laid = {name: cells[:1] if name in alone else cells for name, cells in rows.items()}
    assert [name for name, cells in laid.items() if _unspaced(drawable("".join(cells))) not in whole] == []
    assert {"T2-3/sex", "T6-7/ra"} <= alone
    assert len(rows) > 900


def _unspaced(text):
    return re.sub(r"[\s\u200b\u202f\u00a0]", "", text)


# -- the pack ---------------------------------------------------------------------------------------------------------


def test_a_pack_is_written_whole_with_the_hash_of_each_file(view, tmp_path):
    files = write_pack(view, tmp_path / "out", "packet")
    said = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert said["cutoff"] == str(view.cutoff)
    assert said["synthetic"] is True
    for name, value in said["files"].items():
        assert sha256((tmp_path / "out" / name).read_bytes()).hexdigest() == value
    assert {file.name for file in files} == {*said["files"], "manifest.json"}
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


def test_what_fails_half_way_leaves_the_folder_as_it_was(view, tmp_path, monkeypatch):
    write_pack(view, tmp_path / "out", "packet")
    before = {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()}

    def breaks(view, only, data):
        yield "packet.pdf", b"half"
        raise OSError("no room")

    monkeypatch.setattr("escalon.reporting.pack.pack", breaks)
    with pytest.raises(OSError, match="no room"):
        write_pack(view, tmp_path / "out", "packet")
    assert {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()} == before
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


def test_what_a_view_forgot_it_concludes_anew(study, trial):
    view = View(study, trial, last_day(trial.trial))

    def said():
        return [csv(open_packet(view), one) for one in packet(view).tables()], [one.statistics for one in view.executed]

    before = said()
    view.forget()
    assert not {"executed", "members", "screenings", "dose"} & vars(view).keys()
    assert said() == before


def test_a_file_in_the_place_of_the_folder_is_refused(view, tmp_path):
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    with pytest.raises(PackError, match="is a file"):
        write_pack(view, tmp_path / "out", "packet")


def test_one_disease_alone_counts_its_own_people_while_the_rule_counts_all(study, trial):
    cutoff = last_day(trial.trial)
    alone, everybody = View(study, trial, cutoff, "SLE"), View(study, trial, cutoff)
    assert set(alone.diseases.values()) == {"SLE"}
    assert 0 < len(alone.doses) < len(everybody.doses)
    assert alone.dose == everybody.dose
