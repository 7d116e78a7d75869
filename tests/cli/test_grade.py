"""`escalon grade`: what it prints, in JSON and for tables, and its exit codes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from escalon.cli.grade import app

run = CliRunner().invoke


def lines(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_crs_in_json() -> None:
    found = run(app, ["crs", "temp_c=38.5", "hypotension=yes", "vasopressors=norepinephrine", "oxygen=none", "--json"])
    answer = json.loads(found.stdout)
    assert (found.exit_code, answer["value"], answer["rule"]) == (0, 3, "crs/ASTCT-2019")


def test_missing_flow_is_a_range_that_says_what_to_record() -> None:
    found = run(app, ["crs", "temp_c=38.5", "hypotension=no", "oxygen=low_flow_nc"])
    assert found.exit_code == 1  # not settled, as of a score
    assert "grade 2 to 3, not settled" in found.stdout
    assert "record: flow_l_min" in found.stdout


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["crs", "fever=38.5"], "Did you mean temp_c?"),
        (["crs", "noradrenaline=yes"], "Did you mean vasopressors?"),
        (["ctcae", "alt=200 U/L"], "Write: escalon grade ctcae alt value='200 U/L'"),
        (["crs", "temp=38"], "Items: temp_c"),
        (["crs", "38"], "is not NAME=VALUE"),
        (["crs"], "give the inputs"),
        (["ctcae", "ferritin", "value=900"], "is not a term"),
        (["ctcae", "sodium", "value=120", "lowr=135"], "Inputs: "),
        (["icaht", "three=400"], "neutrophils by day"),
        (["icaht", "3=-5"], "0–1000000"),
        (["crs", "--table", "nowhere.csv"], "there is no file"),
        (["ctcae"], "name a test or a term"),
    ],
)
def test_wrong_input_ends_with_two_and_says_what_to_write(command: list[str], says: str) -> None:
    found = run(app, command)
    assert found.exit_code == 2
    assert says in found.output


def test_value_out_of_range_ends_with_two() -> None:
    assert run(app, ["crs", "temp_c=60", "--json"]).exit_code == 2


def test_every_command_lists_its_inputs() -> None:
    for command, word in (
        ("crs", "flow_l_min"),
        ("icans", "consciousness"),
        ("iec-hs", "ferritin_ratio"),
        ("icaht", "DAY=COUNT"),
    ):
        found = run(app, [command, "--help"])
        assert found.exit_code == 0
        assert word in found.stdout


def test_ctcae_gives_both_directions() -> None:
    found = run(
        app,
        ["ctcae", "potassium", "value=3.4", "lower=3.5", "upper=5.1", "symptomatic=no", "intervention=no", "--json"],
    )
    grades = {one["name"]: one["value"] for one in json.loads(found.stdout)["findings"]}
    assert grades == {"ctcae_hyperkalemia": 0, "ctcae_hypokalemia": 1}


def test_term_without_a_number_shows_its_text() -> None:
    found = run(app, ["ctcae", "Skin infection", "--json"])
    assert json.loads(found.stdout)["grades"]["5"] == "Death"


def test_terms_and_tests_are_listed() -> None:
    assert len(json.loads(run(app, ["ctcae", "--find", "infection", "--json"]).stdout)) > 60
    assert {"test": "hemoglobin", "unit": "g/L", "also": "g/dL", "term": "Anemia", "reads": "lower"} in json.loads(
        run(app, ["ctcae", "--tests", "--json"]).stdout
    )


def test_icaht_and_iec_hs() -> None:
    counts = [f"{day}={400 if 3 <= day <= 9 else 2000}" for day in range(31)]
    assert json.loads(run(app, ["icaht", *counts, "--json"]).stdout)["early"]["value"] == 2
    found = run(
        app,
        [
            "iec-hs",
            "ferritin_ratio=2.1",
            "crs_state=resolved",
            "transaminase_ratio=6",
            "fibrinogen=1.2 g/L",
            "cytopenia=no",
            "--json",
        ],
    )
    assert json.loads(found.stdout)["value"] == "positive"


def test_table_of_assessments_gives_days_and_episodes(tmp_path: Path) -> None:
    file = lines(
        tmp_path / "vitals.csv",
        "participant,time,temp_c,hypotension,oxygen,flow_l_min,vasopressors",
        "P01,2025-03-05T08:00,38.5,no,none,,",
        "P01,2025-03-05T20:00,39.1,yes,low_flow_nc,4,norepinephrine",
        "P01,2025-03-06T20:00,36.9,no,none,,",
        "P02,2025-03-05T08:00,37.0,no,none,,",
    )
    out = tmp_path / "graded.csv"
    found = run(app, ["crs", "--table", str(file), "--json", "-o", str(out)])
    answer = json.loads(found.stdout)
    assert found.exit_code == 0
    assert answer["episodes"] == [
        {
            "participant": "P01", "start": "2025-03-05T08:00:00", "end": "2025-03-06T20:00:00",
            "last_sign": "2025-03-05T20:00:00", "hours": 36.0, "maximum": 3, "bounds": None, "missing": [],
        }
    ]  # fmt: skip
    assert [day["maximum"] for day in answer["days"]] == [3, 0, 0]
    assert [row["grade"] for row in csv.DictReader(out.read_text(encoding="utf-8").splitlines())] == [
        "1",
        "3",
        "0",
        "0",
    ]


def test_wrong_time_names_its_line(tmp_path: Path) -> None:
    file = lines(tmp_path / "vitals.csv", "participant,time,temp_c", "P01,5 March,38.5")
    found = run(app, ["crs", "--table", str(file)])
    assert found.exit_code == 2
    assert "vitals.csv:2, time" in found.output


def test_laboratory_table_names_rows_it_cannot_grade(tmp_path: Path) -> None:
    file = lines(
        tmp_path / "lab.csv",
        "participant,test,value,unit,lower,upper,baseline",
        "P01,alt,119,U/L,,40,80",
        "P01,hb,9.9,g/dL,12,16,",
        "P01,hb,99,,12,16,",
    )
    out = tmp_path / "graded.csv"
    found = run(app, ["ctcae", "--table", str(file), "-o", str(out)])
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert found.exit_code == 2
    assert "lab.csv:4: hb has no unit" in found.output
    assert [(row["term"], row["grade"]) for row in rows if not row["problem"]] == [
        ("Alanine aminotransferase increased", "0"), ("Anemia", "2"), ("Hemoglobin increased", "0"),
    ]  # fmt: skip


ASKED = [
    ("potassium", "34", "mmol/L", "lower=3.5"),
    ("sodium", "13.7", "mmol/L", "lower=135"),
    ("hemoglobin", "1.2", "g/L", "lower=120"),
    ("calcium", "9.5", "mmol/L", "lower=2.1"),
    ("creatinine", "1.0", "umol/L", "upper=106"),
    ("platelets", "20000", "10^9/L", "lower=150"),
    ("platelets", "0.129", "10^9/L", "lower=150"),
    ("platelets", "129.000", "/uL", "lower=150000"),
    ("neutrophils", "4.500", "/uL", "lower=2000"),
    ("alt", "-5", "U/L", "upper=40"),
    ("alt", "36", "U/L", "upper=40"),
]


@pytest.mark.parametrize(("test", "value", "unit", "limit"), ASKED)
def test_a_table_of_results_asks_what_one_result_is_asked(
    test: str, value: str, unit: str, limit: str, tmp_path: Path
) -> None:
    name, _, number = limit.partition("=")
    file = lines(tmp_path / "lab.csv", f"test,value,unit,{name}", f"{test},{value},{unit},{number}")
    rows = json.loads(run(app, ["ctcae", "--table", str(file), "--json"]).stdout)
    given = [test, f"value={value} {unit}", f"{name}={number} {unit}"]
    one = json.loads(run(app, ["ctcae", *given, "--json"]).stdout)["findings"]
    assert [row["grade"] for row in rows] == [found["value"] for found in one]
    said = ["; ".join(found["reasons"]) for found in one]
    assert [row["says"] or row["problem"] for row in rows] == (["", ""] if value == "36" else said)[: len(rows)]


def test_a_result_that_was_asked_about_is_confirmed_by_name_or_in_its_row(tmp_path: Path) -> None:
    given = ["ctcae", "platelets", "value=129.000 /uL", "lower=150 10^9/L"]
    asked = run(app, given)
    assert (asked.exit_code, "confirm=value" in asked.stdout) == (1, True)
    answered = run(app, [*given, "confirm=value"])
    assert (answered.exit_code, "grade 4" in answered.stdout) == (0, True)
    assert "has no input volume" in run(app, [*given, "confirm=volume"]).output
    rows = ["platelets,129.000,/uL,150000,", "platelets,129.000,/uL,150000,value", "platelets,129.000,/uL,150000,yes"]
    file = lines(tmp_path / "lab.csv", "test,value,unit,lower,confirm", *rows)
    found = json.loads(run(app, ["ctcae", "--table", str(file), "--json"]).stdout)
    assert [row["grade"] for row in found] == [None, 4, 4]


@pytest.mark.parametrize(
    ("command", "header", "says"),
    [
        ("crs", "time,temp_c", "column participant is missing"),
        ("ctcae", "participant,value", "column test is missing"),
        ("icaht", "participant,day", "column anc is missing"),
    ],
)
def test_missing_column_is_named(tmp_path: Path, command: str, header: str, says: str) -> None:
    file = lines(tmp_path / "some.csv", header, ",".join("1" for _ in header.split(",")))
    found = run(app, [command, "--table", str(file)])
    assert found.exit_code == 2
    assert says in found.output


def test_counts_table_grades_every_participant(tmp_path: Path) -> None:
    rows = [f"P0{n},{day},{300 if day in range(3, 3 + 7 * n) else 2500}" for n in (1, 2) for day in range(31)]
    file = lines(tmp_path / "counts.csv", "participant,day,anc", *rows)
    found = json.loads(run(app, ["icaht", "--table", str(file), "--json"]).stdout)
    assert [one["early"]["value"] for one in found] == [2, 3]


VITALS = "participant,time,temp_c,hypotension,vasopressors,oxygen"


def courses(tmp_path: Path, *rows: str, header: str = VITALS) -> tuple[int, dict[str, list[tuple[str, object]]], str]:
    """Exit code, each person's assessments as (clock, grade), and what was said aside."""
    found = run(app, ["crs", "--table", str(lines(tmp_path / "v.csv", header, *rows)), "--json"])
    graded: dict[str, list[tuple[str, object]]] = {}
    for one in json.loads(found.stdout)["assessments"]:
        graded.setdefault(one["participant"], []).append((one["time"][11:16], one["value"]))
    return found.exit_code, graded, found.stderr


def test_clocks_with_zones_are_put_in_order_and_never_mixed_with_others(tmp_path: Path) -> None:
    early, late = "C,2025-03-05T09:00+08:00,38.6,no,,none", "C,2025-03-05T02:00Z,38.6,yes,norepinephrine,none"
    assert courses(tmp_path, late, early)[:2] == (0, {"C": [("01:00", 1), ("02:00", 3)]})
    code, graded, said = courses(tmp_path, early, "C,2025-03-05T10:00,38.6,no,,none", "D,2025-03-05,38.6,no,,none")
    assert (code, graded) == (2, {"D": [("00:00", 1)]})
    assert "v.csv:3, time: other clocks of this person carry a zone" in said


@pytest.mark.parametrize(
    "wrong", ["C,2025-03-05T24:00,38.6,no,,none", "C,05.03.2025 08:00,38.6,no,,none", "C,2025-03,38.6,no,,none",
     ",2025-03-05,39,no,,none"]
)  # fmt: skip
def test_a_time_that_cannot_be_read_holds_its_person_alone(tmp_path: Path, wrong: str) -> None:
    code, graded, said = courses(tmp_path, wrong, "D,2025-03-05T08:00,38.5,no,,none")
    assert (code, graded) == (2, {"D": [("08:00", 1)]})
    assert "v.csv:2, " in said


@pytest.mark.parametrize(
    "time", ["2025年3月5日8时30分", "2025年3月5日 上午8点30分", "05MAR2025:08:30:00", "5 Mar 2025 8:30 AM"]
)
def test_clocks_as_people_write_them(tmp_path: Path, time: str) -> None:
    assert courses(tmp_path, f"C,{time},38.6,no,,none")[:2] == (0, {"C": [("08:30", 1)]})


def test_words_in_brackets_behind_the_column_of_a_name_are_no_unit_of_it(tmp_path: Path) -> None:
    header = VITALS.replace("participant", "participant (ID)")
    rows = "001,2025-03-05,38.5,no,,none", "P2,2025-03-05,38.5,no,,none"
    assert list(courses(tmp_path, *rows, header=header)[1]) == ["001", "P2"]


def test_a_header_may_carry_the_unit_of_its_column(tmp_path: Path) -> None:
    header = VITALS.replace("temp_c", "temp_c [°F]")
    assert courses(tmp_path, "C,2025-03-05,101.5,no,,none", "D,2025-03-05,98 °F,no,,none", header=header)[1] == {
        "C": [("00:00", 1)], "D": [("00:00", 0)]
    }  # fmt: skip
    code, graded, said = courses(tmp_path, "C,2025-03-05,37 °C,no,,none", header=header)
    assert (code, graded["C"], "temp_c is in '°C °f'" in said) == (2, [("00:00", None)], True)
    counts = lines(tmp_path / "c.csv", "participant,day,anc [10^9/L]", "P,D0,2.1", "P,D3,0.09", "P,day 6,2", "P,30,3")
    (found,) = json.loads(run(app, ["icaht", "--table", str(counts), "--closed", "--json"]).stdout)
    assert found["early"]["components"]["days_100"] == 1


def test_a_term_with_an_instrument_of_its_own_is_graded_from_its_measurements() -> None:
    found = run(app, ["ctcae", "hypertension", "systolic=165", "diastolic=95", "--json"])
    assert [one["value"] for one in json.loads(found.stdout)["findings"]] == [3]
    assert run(app, ["ctcae", "Hypoxia", "value=87%"]).exit_code == 2


def test_days_before_the_infusion_may_be_written_plainly() -> None:
    found = run(app, ["icaht", "-5=3000", "0=2000", "D+3=90", "30=2000", "--json"])
    assert json.loads(found.stdout)["early"]["components"]["days_100"] == 1
    assert "there is no option --bogus" in str(run(app, ["icaht", "--bogus", "3=400"]).stderr)


def test_a_result_below_a_limit_is_not_too_high_either() -> None:
    found = run(app, ["ctcae", "hemoglobin", "value=<79 g/L", "lower=120", "--json"])
    assert [one["value"] for one in json.loads(found.stdout)["findings"]] == [3, 0]
    open_ = run(app, ["ctcae", "hemoglobin", "value=<130 g/L", "lower=120", "--json"])
    assert [one["value"] for one in json.loads(open_.stdout)["findings"]] == [None, None]


def test_one_bad_row_of_counts_costs_the_person_it_is_of_and_nobody_else(tmp_path: Path) -> None:
    rows = ("participant,day,anc", ",0,2000", "P01,3,400", "P02,3,300", "P02,D3,900", "P03,2,1,5,6")
    found = run(app, ["icaht", "--table", str(lines(tmp_path / "anc.csv", *rows)), "--json"])
    assert (found.exit_code, [one["participant"] for one in json.loads(found.stdout)]) == (2, ["P01"])
    for said in ("anc.csv:2, participant: is empty", "P02: day 3 has two counts", "anc.csv:6", "2 of 3 participants"):
        assert said in found.stderr


def test_somebody_of_whom_no_count_is_known_is_listed_without_a_grade(tmp_path: Path) -> None:
    table = lines(tmp_path / "anc.csv", "participant,day,anc", "P01,3,400", "P02,3,")
    found = json.loads(run(app, ["icaht", "--table", str(table), "--json"]).stdout)
    assert [(one["participant"], one["early"]["value"]) for one in found] == [("P01", None), ("P02", None)]
    assert "no neutrophil count" in found[1]["early"]["reasons"][0]


def test_two_counts_of_one_day_are_refused_however_the_day_is_written() -> None:
    found = run(app, ["icaht", "3=400", "D3=90", "5=80"])
    assert (found.exit_code, "day 3 has two counts" in found.stderr) == (2, True)


def test_milliequivalents_of_calcium_and_magnesium_are_read_and_rows_are_counted_once(tmp_path: Path) -> None:
    rows = (
        "test,value,unit,lower,upper",
        "magnesium,0.7,mEq/L,1.4,2.1",
        "calcium,5.9,mEq/L,4.3,5.25",
        "calcium,x,mg/dL,8,10",
    )
    found = run(app, ["ctcae", "--table", str(lines(tmp_path / "lab.csv", *rows)), "--json"])
    grades = {one["term"]: one["grade_value"] for one in json.loads(found.stdout)[:4]}
    assert grades == {"Hypomagnesemia": 3, "Hypermagnesemia": 0, "Hypocalcemia": 0, "Hypercalcemia": 2}
    assert "1 of 3 rows could not be graded" in found.stderr


def test_a_limit_that_stood_in_for_the_other_is_shown_as_it_was_recorded() -> None:
    found = run(app, ["ctcae", "calcium", "value=12.6 mg/dL", "upper=2.6 mmol/L"])
    assert (found.stdout.count("upper_recorded 2.6 mmol/L"), "lower_recorded" in found.stdout) == (2, False)
