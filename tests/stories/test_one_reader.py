"""The laws of the one reader: the same text gives the same value, or the same refusal, at every door; reading never dies;
what is exported reads back. Each has a partner that demands the known answer, so that a door that refuses all cannot pass.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from escalon.cli import main
from escalon.conduct.judge.scores import computed
from escalon.exchange.tidy_folder import write_folder
from escalon.facts import Facts, Status
from escalon.facts.words import not_known
from escalon.history.events import Observation
from escalon.instruments import assess, catalogue
from escalon.instruments.kit.visits_table import VisitsError, score_table
from escalon.protocol import load_study
from escalon.sources.folder import take_in
from escalon.sources.intake import Intake
from escalon.sources.observed import Dictionary, RowError
from escalon.web.pages.calculator import scored

STUDY = load_study("nct07052565")
DICTIONARY = Dictionary(STUDY)
DAS28, BESIDE = catalogue()["das28_crp"], {"tender": "4", "swollen": "5", "global_health": "40 mm"}
DAY = "2025-06-01"
Said = tuple[str, Any, Any]
"""The status, the value, and its bounds."""

numbers = st.one_of(
    st.integers(-3, 2000).map(str),
    st.decimals(0, 600, places=2).map(str),
    st.sampled_from(
        ["1.2e2", "１２", "12.", ".5", "007", "+4", "-0", "1_0", "1,5", "1,020", "12/28", "7 of 10", "129 000"]
    ),
)
texts = st.one_of(
    st.tuples(st.sampled_from(["", "<", "≤", "< ", ">", "≥", ">=", "~"]), numbers).map("".join),
    st.tuples(numbers, st.sampled_from(["-", "–", " to "]), numbers).map("".join),
    st.sampled_from(
        ["", "-", "–", ".", "NA", "n/a", "ND", "NK", "none", "not done", "haemolysed", "pending", "yes", "abc", "?"]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5),
)
ACCEPTED = ("mg/L", "mg/dL", "mg/l", "ug/mL", "g/L")
units = st.sampled_from([*ACCEPTED, "mm", "", "xULN"])


def said_of(finding: Any) -> Said:
    return str(finding.status), finding.value, finding.bounds


def together(text: str, unit: str) -> str:
    """The value with its unit, as one writes it where there is no column for it."""
    return text if not_known(text) is not None or not text.strip() else f"{text} {unit}".strip()


def in_python(text: str, unit: str) -> Said:
    return said_of(assess("das28_crp", **BESIDE, crp=together(text, unit)))


def at_the_command_line(text: str, unit: str) -> Said:
    words = [f"{name}={value}" for name, value in {**BESIDE, "crp": together(text, unit)}.items()]
    printed = io.StringIO()
    before, sys.argv = sys.argv, ["escalon", "score", "das28_crp", *words, "--json"]
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), pytest.raises(SystemExit):
            main.run()
    finally:
        sys.argv = before
    found = json.loads(printed.getvalue())
    return found["status"], found["value"], found["bounds"] and tuple(found["bounds"])


def on_the_page(text: str, unit: str) -> Said:
    """As the page's form sends it: an answer and its unit apart."""
    fields = {
        "tender": "4",
        "swollen": "5",
        "global_health": "40",
        "global_health.unit": "mm",
        "crp": text,
        "crp.unit": unit,
    }
    return said_of(scored(DAS28, fields))


def in_a_table(text: str, unit: str) -> Said:
    cells = {**BESIDE, f"crp [{unit}]": text}
    try:
        row = score_table(DAS28, pl.DataFrame({name: [value] for name, value in cells.items()})).frame.row(
            0, named=True
        )
    except VisitsError:  # the unit of the column is none of the item's
        return str(Status.INVALID), None, None
    return row["das28_crp_status"], row["das28_crp"], None


def in_a_data_cell(text: str, unit: str) -> Said:
    """Read as rows of `facts`, then scored as a visit."""
    cells = [
        ("tender_joints_28", "4", ""),
        ("swollen_joints_28", "5", ""),
        ("patient_global", "40", "mm"),
        ("crp", text, unit),
    ]
    facts = []
    for name, value, in_unit in cells:
        seen = Observation(name=name, value=value or None, unit=in_unit or None, day=DAY, visit="D90")
        try:
            facts.append(DICTIONARY.fact("P01", seen, "here"))
        except RowError:
            return str(Status.INVALID), None, None
    (found,) = (fact for fact in computed(STUDY, Facts(facts), ["das28_crp"]) if fact.name == "das28_crp")
    return said_of(found.behind)


def numbers_of(said: Said) -> Said:
    status, value, bounds = said
    ends = bounds and tuple(None if end is None else round(float(end), 9) for end in bounds)
    return status, None if value is None else round(float(value), 9), ends


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts, units)
@example("<5", "mg/L")
@example("10/10", "mg/L")
@example("1,5", "mg/L")
@example("5", "")
@example("–", "mg/L")
def test_the_same_text_says_the_same_at_every_door(text: str, unit: str) -> None:
    wanted = numbers_of(in_python(text, unit))
    assert numbers_of(at_the_command_line(text, unit)) == wanted
    assert numbers_of(on_the_page(text, unit)) == wanted
    assert numbers_of(in_a_data_cell(text, unit)) == wanted
    if unit in ACCEPTED:  # another unit is refused for the whole column
        assert numbers_of(in_a_table(text, unit))[:2] == wanted[:2]


# 0.56 √4 + 0.28 √5 + 0.36 ln(5 + 1) + 0.014 × 40 + 0.96 = 3.91 by hand
KNOWN = {
    ("5", "mg/L"): ("ok", 3.91), ("0.5", "mg/dL"): ("ok", 3.91), ("5.0", "ug/mL"): ("ok", 3.91), ("５", "mg/L"): ("ok", 3.91),
    ("<5", "mg/L"): ("indeterminate", None), ("not done", "mg/L"): ("missing", None), ("haemolysed", "mg/L"): ("missing", None),
    ("10/10", "mg/L"): ("invalid", None), ("1,020", "mg/L"): ("invalid", None), ("5", ""): ("invalid", None),
    ("5", "mm"): ("invalid", None), ("-5", "mg/L"): ("invalid", None), ("abc", "mg/L"): ("invalid", None),
}  # fmt: skip


@pytest.mark.parametrize("door", [in_python, at_the_command_line, on_the_page, in_a_data_cell, in_a_table])
@pytest.mark.parametrize(("written", "known"), KNOWN.items())
def test_every_door_says_the_known_answer(door: Any, written: tuple[str, str], known: tuple[str, float | None]) -> None:
    status, value, _ = door(*written)
    assert (status, None if value is None else round(float(value), 2)) == known


days = st.sampled_from(
    ["2025-03-05", "2025-03", "07/02/2025", "2025-02-30", "5 Oct 2025", "", "2025-03-05T10:00", "45695"]
)
rows_written = st.tuples(
    st.sampled_from(["P01", "P02", "p01", "", "J S"]), st.sampled_from(["alt", "crp", "malignancy", "sex", "nothing", ""]),
    texts, st.one_of(units, st.sampled_from(["U/L"])), days, st.sampled_from(["", "D28", '"', "a,b", "x\ny"]), texts, texts,
)  # fmt: skip


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(st.lists(rows_written, max_size=6))
def test_a_table_is_never_lost_to_a_cell_and_every_row_is_accounted_for(
    tmp_path: Path, rows: list[tuple[str, ...]]
) -> None:
    good = ["P99", "alt", "36", "U/L", "2025-02-07", "", "40", "laboratory"]
    columns = ("participant", "fact", "value", "unit", "date", "visit", "upper", "source")
    with (tmp_path / "facts.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows, good])
    intake = take_in(STUDY, tmp_path)
    assert [str(one.value) for one in intake.trial.facts_of("P99").named("alt")] == ["36"]
    count = intake.counts[0]
    assert count.read == count.used + count.refused
    assert {one.line for one in intake.refused} <= set(range(1, 200))
    assert all(one.message for one in intake.refused)
    assert len({one.line for one in intake.refused if one.line > 1}) == count.refused
    written = tmp_path / "written"
    write_folder(intake.trial, written)
    again = take_in(STUDY, written)
    assert not again.refused
    assert told(again) == told(intake)
    for file in written.iterdir():
        file.unlink()


def told(intake: Intake) -> list[str]:
    return [str(entry.event) for entry in intake.entries]
