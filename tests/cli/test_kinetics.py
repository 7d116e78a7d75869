"""`escalon kinetics`, as it is typed."""

import json
import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from escalon.cli.kinetics import kinetics
from tests.protocol.folders import LANTERN, changed

APP = typer.Typer()
APP.command()(kinetics)
RUNNER = CliRunner()
SAMPLES = """participant,analyte,date,value,unit,lloq
P1,car_transgene,2025-02-28,ND,copies/µL,5
P1,car_transgene,2025-03-08,640,copies/µL,5
P1,car_transgene,2025-03-11,2150,copies/µL,5
P1,car_transgene,2025-03-15,600,copies/µL,5
P1,car_transgene,2025-03-29,,copies/µL,5
P1,car_transgene,2025-04-05,40,copies/µL,5
P1,cd19_b_cells,2025-03-15,0,cells/µL,1
P1,igg,2025-02-28,9.0,g/L,
P1,igg,2025-04-05,3.6,g/L,
"""


@pytest.fixture
def data(tmp_path):
    (tmp_path / "samples.csv").write_text(SAMPLES, encoding="utf-8")
    (tmp_path / "doses.csv").write_text("participant,level,date\nP1,1,2025-03-01\n", encoding="utf-8")
    (tmp_path / "SYNTHETIC.txt").write_text("", encoding="utf-8")
    return tmp_path


def test_the_command_prints_json_with_every_parameter(data):
    found = RUNNER.invoke(APP, [str(data), "--json", "--method", "linear"])
    assert found.exit_code == 0
    answer = json.loads(found.stdout)
    (one,) = answer["kinetics"]
    assert answer["synthetic"] is True
    assert one["group"] == "level 1"
    assert one["parameters"]["cmax"]["value"] == 2150
    assert one["parameters"]["auc_last"]["value"] == pytest.approx(7 * 320 + 3 * 1395 + 4 * 1375 + 21 * 320)
    assert one["flags"] == ["clock_not_recorded", "samples_without_result"]
    assert answer["b_cell_aplasia"][0]["category"] == "ongoing"


def test_numbers_are_never_cut_off_on_a_narrow_screen(data, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    found = RUNNER.invoke(APP, [str(data)])
    assert "2150" in found.stdout
    assert "no result on day 28: left out" in found.stdout
    assert "…" not in found.stdout
    assert "SYNTHETIC DATA" in found.stdout
    assert "ig replacement consider" in found.stdout


def test_the_page_its_figures_and_the_table_are_written(data, tmp_path):
    out = tmp_path / "out"
    assert RUNNER.invoke(APP, [str(data), "-o", str(out)]).exit_code == 0
    assert {path.name for path in out.iterdir()} == {
        "kinetics.html", "kinetics.svg", "b_cells.svg", "kinetics.csv", "change_from_baseline.csv",
    }  # fmt: skip
    page = (out / "kinetics.html").read_text(encoding="utf-8")
    assert "SYNTHETIC DATA" in page
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?http", page)
    assert "P1,level 1,car_transgene,cmax,2150.0,copies/µL,ok" in (out / "kinetics.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--method", "spline"], "linup_logdown or linear"),
        (["--middle-blq", "half"], "drop or zero"),
        (["--horizon", "0"], "above 0"),
        (["--horizon", "inf"], "above 0"),
        (["--horizon", "nan"], "above 0"),
        (["--until", "nan"], "number of days"),
        (["--recovery-from", "inf"], "must be above 0"),
        (["--analyte", "car"], "no samples of car"),
        (["--aplasia-below", "60"], "at most --recovery-from"),
        (["--unit", "copies/µg"], "not in copies/µg"),
    ],
)
def test_a_wrong_option_is_named(data, arguments, sentence):
    found = RUNNER.invoke(APP, [str(data), *arguments])
    assert found.exit_code == 2
    assert sentence in found.stderr


def test_a_missing_folder_and_a_bad_row_are_named(data):
    assert "there is no such file or folder" in RUNNER.invoke(APP, [str(data / "nowhere")]).stderr
    (data / "samples.csv").write_text(SAMPLES + "P1,car_transgene,2025-05-05,40,copies/µL,\n", encoding="utf-8")
    found = RUNNER.invoke(APP, [str(data)])
    assert found.exit_code == 2
    assert "samples.csv:11: lloq is empty" in found.stderr


def test_the_change_from_baseline_is_written_for_every_sample(data, tmp_path):
    out = tmp_path / "out"
    RUNNER.invoke(APP, [str(data), "-o", str(out)])
    lines = (out / "change_from_baseline.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 4
    assert lines[2].startswith("P1,level 1,10.0,2150.0,copies/µL,quantified,2.934")
    assert "baseline_set_to_half_lloq" in lines[2]


WELLS = "run,role,sample,copies,ct\n" + "".join(
    f"R1,standard,,{10**level},{ct}\n" for level, ct in enumerate((35.02, 31.68, 28.37, 25.05, 21.71, 18.40), 1)
)


@pytest.mark.parametrize(("control", "verdict"), [("Undetermined", "accepted"), ("37.0", "FAILED: no results")])
def test_raw_wells_are_judged_and_the_run_is_shown(tmp_path, control, verdict):
    (tmp_path / "samples.csv").write_text(
        "participant,analyte,day,unit,lloq,qpcr_sample,elution_ul,template_ul,blood_ul\n"
        "P1,car_transgene,-1,copies/µL,5,S0,50,5,200\nP1,car_transgene,7,copies/µL,5,S1,50,5,200\n",
        encoding="utf-8",
    )
    wells = WELLS + f"R1,no_template,,,{control}\nR1,sample,S0,,Undetermined\nR1,sample,S1,,24.0\n"
    (tmp_path / "qpcr_wells.csv").write_text(wells, encoding="utf-8")
    shown = RUNNER.invoke(APP, [str(tmp_path)])
    assert verdict in shown.stdout
    answer = json.loads(RUNNER.invoke(APP, [str(tmp_path), "--json"]).stdout)
    assert answer["runs"][0]["slope"] == pytest.approx(-3.323714, abs=1e-6)
    cmax = answer["kinetics"][0]["parameters"]["cmax"]["value"]
    assert cmax == (pytest.approx(20599 / 20, rel=1e-4) if verdict == "accepted" else None)


def test_nothing_measured_yet_is_an_answer_and_two_bags_are_one_dose(tmp_path: Path) -> None:
    head = "participant,analyte,date,value,unit,lloq\n"
    (tmp_path / "samples.csv").write_text(head, encoding="utf-8")
    (tmp_path / "doses.csv").write_text(
        "participant,level,date\nP01,1,2025-03-03\nP01,1,2025-03-04\n", encoding="utf-8"
    )
    found = RUNNER.invoke(APP, [str(tmp_path), "--json"])
    assert (found.exit_code, json.loads(found.stdout)["kinetics"]) == (0, [])
    row = "P01,car_transgene,2025-03-14,100,copies/µL,5\n"
    (tmp_path / "samples.csv").write_text(head + row, encoding="utf-8")
    found = RUNNER.invoke(APP, [str(tmp_path), "--json"])
    (one,) = json.loads(found.stdout)["kinetics"]
    assert one["parameters"]["tmax"]["value"] == 10  # days run from the last bag


@pytest.fixture
def own(tmp_path):
    """Samples under names of a study's own, and a dose in two bags two days apart."""
    data = tmp_path / "own"
    data.mkdir()
    rows = "P1,vector_copies,2025-03-05,100,copies/µL,5\nP1,vector_copies,2025-03-11,900,copies/µL,5\n"
    rows += "P1,vector_copies,2025-03-21,300,copies/µL,5\nP1,b_cell_count,2025-03-11,0,cells/µL,1\n"
    (data / "samples.csv").write_text(f"participant,analyte,date,value,unit,lloq\n{rows}", encoding="utf-8")
    doses = "participant,level,date\nP1,1,2025-03-01\nP1,1,2025-03-03\n"
    (data / "doses.csv").write_text(doses, encoding="utf-8")
    return data


@pytest.mark.parametrize(("within", "tmax"), [(None, 10), ("1 days", 10), ("2 days", 8)])
def test_a_study_says_which_analytes_are_meant_and_which_bags_are_one_dose(own, tmp_path, within, tmax):
    written = "" if within is None else f'split_within = "{within}"\n'
    study = changed(tmp_path, "study.toml", "[dose]\n", f"[dose]\n{written}", LANTERN)
    found = RUNNER.invoke(APP, [str(study), str(own), "--json"])
    assert found.exit_code == 0, found.output
    answer = json.loads(found.stdout)
    (one,) = answer["kinetics"]
    assert (one["analyte"], one["parameters"]["cmax"]["value"]) == ("vector_copies", 900)
    assert one["parameters"]["tmax"]["value"] == tmax
    assert len(answer["b_cell_aplasia"]) == 1


def test_without_its_study_an_analyte_of_its_own_is_asked_for(own):
    found = RUNNER.invoke(APP, [str(own)])
    assert found.exit_code == 2
    assert "In this table: b_cell_count, vector_copies" in found.stderr
    assert "or write the study before the data" in found.stderr
    named = RUNNER.invoke(APP, [str(own), "--analyte", "vector_copies", "--json"])
    assert json.loads(named.stdout)["b_cell_aplasia"] == [], "which analyte counts B cells only the study says"


def test_what_is_written_beside_a_study_and_its_data_is_refused(own):
    found = RUNNER.invoke(APP, [str(LANTERN), str(own), "more"])
    assert found.exit_code == 2
    assert "write the study and its data folder" in found.stderr
    assert "nct07052565" in str(RUNNER.invoke(APP, ["nct0705256", str(own)]).exception)


def test_a_dose_that_cannot_be_read_holds_its_person_alone(data):
    doses = data / "doses.csv"
    doses.write_text(doses.read_text(encoding="utf-8") + "P2,1,07.03.2025\n", encoding="utf-8")
    samples = data / "samples.csv"
    more = [line.replace("P1,", "P2,", 1) for line in SAMPLES.splitlines()[1:7]]
    samples.write_text(SAMPLES + "\n".join(more) + "\n", encoding="utf-8")
    found = RUNNER.invoke(APP, [str(data), "--json"])
    answer = json.loads(found.stdout)
    values = {one["participant"]: one["parameters"]["cmax"]["value"] for one in answer["kinetics"]}
    assert (found.exit_code, values) == (2, {"P1": 2150, "P2": None})
    assert "doses.csv:3: date: '07.03.2025' is not a date of one meaning" in answer["problems"][0]


def test_b_cells_are_answered_where_no_product_was_measured(data):
    rows = [line for line in SAMPLES.splitlines() if "car_transgene" not in line]
    (data / "samples.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    found = RUNNER.invoke(APP, [str(data), "--json"])
    assert found.exit_code == 0
    assert json.loads(found.stdout)["b_cell_aplasia"][0]["category"] == "ongoing"
    assert "no samples of car_transgene" in found.stderr


@pytest.mark.parametrize("days", [("D7", "10", "Day 28"), ("168 h", "10 d", "4 weeks"), ("7", "D+10", "28.0")])
def test_elapsed_days_are_read_as_people_write_them(data, days):
    rows = [f"P1,car_transgene,{day},{value},copies/µL,5" for day, value in zip(days, (100, 400, 20), strict=True)]
    head = "participant,analyte,day,value,unit,lloq\nP1,car_transgene,D-6,ND,copies/µL,5\n"
    (data / "samples.csv").write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    (one,) = json.loads(RUNNER.invoke(APP, [str(data), "--json"]).stdout)["kinetics"]
    assert [one["parameters"][name]["value"] for name in ("cmax", "tmax", "tlast")] == [400, 10, 28]
