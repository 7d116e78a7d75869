"""What people write for one number, each text at seven doors: a value, an interval, not known, or refused at all of them."""

import csv
import io
import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import pytest
from openpyxl import Workbook
from typer.testing import CliRunner

from escalon.casebook.clock import SetClock
from escalon.casebook.location import create_casebook
from escalon.cli.main import app
from escalon.conduct.permit.refusal import Refused
from escalon.expressions.possible import is_open
from escalon.facts import Day, Status
from escalon.history.events import FactRecorded, Observation
from escalon.instruments import assess
from escalon.instruments.kit.catalogue import find
from escalon.protocol.study import Study
from escalon.sources.folder import take_in
from escalon.web.pages.calculator import scored as page_scored
from tests.casebook.conftest import START
from tests.casebook.trial import CARLA, Trial

VALUES = {
    "5.2 mg/L": "5.2", "5.2 mg/l": "5.2", "５.２ mg/L": "5.2", "+5.2 mg/L": "5.2", "5e0 mg/L": "5", "5×10^0 mg/L": "5",
    ".5 mg/L": "0.5", "5. mg/L": "5", "5mg/L": "5", "5 mg/dl": "50", "5 µg/mL": "5", "5 μg/ml": "5", "5 ug/mL": "5",
    "5 mcg/mL": "5", "5 \u00a0mg/L": "5", "٥ mg/L": "5", "0.5 mg/dL": "5", "0 mg/L": "0",
    "5.20 mg/L": "5.2", "0005 mg/L": "5", "5E-1 mg/L": "0.5", "5 (H) mg/L": "5", "5 HH mg/L": "5", "5↓ mg/L": "5",
}  # fmt: skip
INTERVALS = (
    "<5 mg/L", "< 5mg/L", "≤5 mg/L", "=<5 mg/L", "<=5 mg/L", ">5 mg/L", "≥ 5 mg/L", ">=5 mg/L", "5-10 mg/L", "5 – 10 mg/L",
    "5 to 10 mg/L", "＜5 mg/L", ">0.5 mg/dL", "<5.0 µg/mL",
)  # fmt: skip
NOT_KNOWN = (
    "NA", "N/A", "n.a.", "ND", "n.d.", "NE", "NK", "UNK", "NI", "NASK", "ASKU", "missing", "refused", "haemolysed", "hemolyzed",
    "not done", "not evaluable", "not asked", "unknown", "pending", "?", "-", "–", ".", "none", "QNS", "clotted", "未查", "不详",
    "#N/A", "to follow", "cancelled", "masked",
)  # fmt: skip
REFUSED = (
    "5,2 mg/L", "129,000 mg/L", "5·2 mg/L", "5 ½ mg/L", "½ mg/L", "1/2 mg/L", "5.2.1 mg/L", "1 000 mg/L", "1'000 mg/L",
    "~5 mg/L", "ca. 5 mg/L", "≈5 mg/L", "=5 mg/L", ">=5", "5+ mg/L", "5..10 mg/L", "10-5 mg/L", "5±1 mg/L", "5 (3-8) mg/L",
    "<LLOQ", "<0 mg/L", "-5 mg/L", "−5 mg/L", "5", "5 mg per L", "5%", "5 L/mg", "0x10 mg/L", "1_000 mg/L", "inf", "nan mg/L",
    "trace", "negative", "neg", "see lab report", "5 mg/L*", "5 mg/L H", "H 5 mg/L", "↑5 mg/L", "5,000.5 mg/L",
    "1e400 mg/L", "Ⅴ mg/L", "²5 mg/L", "5 mg/L at 10:00", "5000 mg/L", "5 nmol/L", "5 g",
)  # fmt: skip
KINDS = {
    **dict.fromkeys(VALUES, "value"), **dict.fromkeys(INTERVALS, "interval"), **dict.fromkeys(NOT_KNOWN, "not known"),
    **dict.fromkeys(REFUSED, "refused"),
}  # fmt: skip
REST = {"tender": "3", "swollen": "2", "global_health": "40 mm"}
OF_STATUS = {"ok": "value", "indeterminate": "interval", "missing": "not known", "invalid": "refused"}


def test_there_are_enough_texts():
    assert len(KINDS) >= 110


@pytest.mark.parametrize(("text", "kind"), KINDS.items())
def test_in_python(text, kind):
    found = assess("das28_crp", crp=text, **REST)
    assert OF_STATUS[str(found.status)] == kind, found
    if kind == "value":
        assert found.components["crp"] == Fraction(VALUES[text])
    if found.status is Status.INVALID:
        assert any("crp" in one for one in found.reasons)


def differing(statuses: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    return {
        text: (KINDS[text], OF_STATUS[status]) for text, status in statuses.items() if KINDS[text] != OF_STATUS[status]
    }


def scored(file: Path) -> dict[str, str]:
    found = CliRunner().invoke(app, ["score", "das28_crp", "--table", str(file)])
    assert found.exit_code == 2, found.output
    return {one["note"]: one["das28_crp_status"] for one in csv.DictReader(io.StringIO(found.stdout))}


def test_in_a_table_of_text(tmp_path):
    with (tmp_path / "v.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["note", "crp", *REST], *([f"n {one}", one, *REST.values()] for one in KINDS)])
    said = {name.removeprefix("n "): status for name, status in scored(tmp_path / "v.csv").items()}
    assert len(said) == len(KINDS)
    assert differing(said) == {}


def test_in_a_workbook(tmp_path):
    book = Workbook()
    book.active.append(["note", "crp", *REST])
    for one in KINDS:
        book.active.append([f"n {one}", None, *REST.values()])
        cell = book.active.cell(book.active.max_row, 2, one)
        cell.data_type = "s"
    book.save(tmp_path / "v.xlsx")
    said = {name.removeprefix("n "): status for name, status in scored(tmp_path / "v.xlsx").items()}
    assert differing({text.strip(): status for text, status in said.items()}) == {}


@pytest.mark.parametrize("box", ["unit beside it", "unit in the cell"])
def test_on_the_page(box):
    """As the page's form sends it: the unit chosen from its list, or typed behind the number."""
    wrong = {}
    for text, kind in KINDS.items():
        number, _, unit = text.rpartition(" ")
        apart = box == "unit beside it" and unit == "mg/L" and number
        fields = {"crp": number, "crp.unit": unit} if apart else {"crp": text}
        fields |= {"tender": "3", "swollen": "2", "global_health": "40", "global_health.unit": "mm"}
        found = page_scored(find("das28_crp"), fields)
        if OF_STATUS[str(found.status)] != kind:
            wrong[text] = (kind, str(found.status), found.reasons)
    assert wrong == {}


def test_in_a_casebook_at_the_moment_of_recording(study: Study, tmp_path: Path) -> None:
    book = create_casebook(tmp_path / "book", study="trial", study_version="1", clock=SetClock(START))
    trial, wrong = Trial(book, study), {}
    refused = set()
    trial.consent("P-001")
    day = str(Day.of(trial.today()))
    for at, text in enumerate(KINDS):
        seen = Observation(name="crp", value=text, unit=None, day=day, visit=f"visit {at}")
        try:
            trial.record(CARLA, FactRecorded(participant="P-001", fact=seen))
        except Refused:
            refused.add(text)
    assert refused == set(REFUSED)
    trial.conduct.know(("P-001",))
    kept = {one.visit: one.value for one in trial.conduct.trial.course("P-001").facts.named("crp")}
    book.close()
    for at, (text, kind) in enumerate(KINDS.items()):
        if text not in refused:
            value = kept[f"visit {at}"]
            said = "not known" if value is None else "interval" if is_open(value) else "value"
            wrong |= {text: (kind, said)} if said != kind else {}
    assert wrong == {}


def test_in_a_data_folder(study: Study, tmp_path: Path) -> None:
    lines = [
        ["participant", "fact", "value", "date"],
        *([f"P{at}", "crp", one, "2025-02-07"] for at, one in enumerate(KINDS)),
    ]
    with (tmp_path / "facts.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(lines)
    found = take_in(study, tmp_path)
    refused = {one.line - 2 for one in found.refused}
    wrong = {}
    facts = {one.event.participant: one.event.fact for one in found.entries}
    for at, (text, kind) in enumerate(KINDS.items()):
        if at in refused:
            said = "refused"
        else:
            (fact,) = found.trial.facts_of(f"P{at}").named("crp")
            said = "not known" if fact.value is None else "interval" if is_open(fact.value) else "value"
            assert facts[f"P{at}"].value is not None or said == "not known"
        if said != kind:
            wrong[text] = (kind, said)
    assert wrong == {}


@pytest.mark.parametrize("text", [*VALUES, *INTERVALS[:6], *NOT_KNOWN[:6], *REFUSED[:12]])
def test_on_the_command_line(text):
    found = CliRunner().invoke(
        app, ["score", "das28_crp", f"crp={text}", *(f"{k}={v}" for k, v in REST.items()), "--json"]
    )
    assert found.exit_code == {"value": 0, "interval": 1, "not known": 1, "refused": 2}[KINDS[text]]
    assert OF_STATUS[json.loads(found.stdout)["status"]] == KINDS[text]
