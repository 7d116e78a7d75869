"""The same rows through `data check`, `kinetics` and the report: one reader, so that none prints what another refuses."""

import json
import re

import pytest
from typer.testing import CliRunner

from escalon.cli.main import app

RUNNER = CliRunner()
HEAD = "participant,analyte,date,value,unit,lloq,uloq,source"
DOSES = "participant,level,date,cells_per_kg,source\nP01,1,2025-03-03,100000,crf\n"
TWO_DOSES = DOSES + "P02,1,2025-03-03,100000,crf\n"
ROWS = (
    ("2025-02-25", "ND"),
    ("2025-03-04", "BLQ"),
    ("2025-03-07", "36.1"),
    ("2025-03-10", "432.4"),
    ("2025-03-13", "1329"),
    ("2025-03-17", "310.5"),
    ("2025-03-31", "40.2"),
)
AREA_TO_28 = 8052.012140556315


def rows(lloq="5", uloq="", without=(), change=None):
    kept = [(day, (change or {}).get(day, value)) for day, value in ROWS if day not in without]
    return [f"P01,car_transgene,{day},{value},copies/µL,{lloq},{uloq},lab" for day, value in kept]


def folder(tmp_path, lines, doses=DOSES, head=HEAD, **files):
    people = sorted({line.split(",")[0] for line in lines} | {"P01"})
    facts = "participant,fact,value,unit,date,source\n" + "".join(
        f"{who},informed_consent,2025-01-06,,2025-01-06,crf\n" for who in people
    )
    tables = {"samples": "\n".join([head, *lines]) + "\n", "doses": doses, "facts": facts}
    tables |= {"adverse_events": "participant,term,grade,start\n"} | files
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


def kinetics(data, *options):
    return json.loads(RUNNER.invoke(app, ["kinetics", str(data), *options, "--json"]).stdout)


def parameters(answer, who="P01"):
    (one,) = (one for one in answer["kinetics"] if one["participant"] == who)
    return one["parameters"]


def checked(data):
    found = RUNNER.invoke(app, ["data", "check", "nct07052565", str(data), "--json"])
    return json.dumps(json.loads(found.stdout)["problems"], ensure_ascii=False)


def reported(data):
    out = data / "out"
    RUNNER.invoke(app, ["report", "nct07052565", str(data), "-o", str(out), "--cutoff", "2025-06-01"])
    return "\n".join(file.read_text(encoding="utf-8") for file in out.rglob("*.html"))


def test_the_true_peak_is_the_same_everywhere(tmp_path):
    data = folder(tmp_path, rows())
    found = parameters(kinetics(data))
    assert (found["cmax"]["value"], found["tmax"]["value"]) == (1329, 10)
    assert found["auc_0_28"]["value"] == pytest.approx(AREA_TO_28)
    assert "samples.csv" not in checked(data)
    assert "1329" in reported(data)


def test_a_level_above_the_range_is_nowhere_a_number(tmp_path):
    data = folder(tmp_path, rows(uloq="1000"))
    found = parameters(kinetics(data))
    assert (found["cmax"]["value"], found["cmax"]["bounds"]) == (None, [1000, None])
    page = re.sub(
        r"<script.*?</script>", "", reported(data), flags=re.DOTALL
    )  # without what was recorded, beneath a cell
    assert "1329" not in page
    assert re.search(r"≥\s?1\s?000", page)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (rows(lloq=""), "lloq is empty"),
        (rows(change={"2025-03-13": "<2000"}), "on which side of the limit"),
        (rows(uloq="1000", change={"2025-03-13": ">500"}), "on which side of the limit"),
        ([*rows(), "P01,car_transgene,2025-03-13,999,copies/µL,5,,lab"], "2 samples on day 10"),
        ([*rows(), "P01,,2025-03-20,999999,copies/µL,5,,lab"], "analyte"),
        (rows(change={"2025-03-13": "-4"}), "cannot be negative"),
    ],
)
def test_what_kinetics_cannot_use_is_named_by_data_check_and_is_no_number(tmp_path, lines, sentence):
    data = folder(tmp_path, lines)
    assert sentence in checked(data)
    answer = kinetics(data)
    assert any(sentence in problem for problem in answer["problems"])
    cmax = parameters(answer)["cmax"]
    assert cmax["value"] == (1329 if sentence == "analyte" else None)
    assert "999" not in str(cmax)
    assert RUNNER.invoke(app, ["kinetics", str(data)]).exit_code == 2
    if sentence != "analyte":
        assert ">1329<" not in reported(data)


@pytest.mark.parametrize(
    "text", [">1000000", "BLOQ", "<LOD", "<5", "≤4", "not detected", "Undetermined", "haemolysed", "n/a"]
)
def test_what_kinetics_reads_data_check_accepts(tmp_path, text):
    data = folder(tmp_path, rows(change={"2025-03-04": text} if text[0] != ">" else {"2025-03-13": text}))
    assert "samples.csv" not in checked(data)
    assert kinetics(data)["problems"] == []


def test_a_contradiction_of_one_person_costs_nobody_else_an_answer(tmp_path):
    more = ["P02,car_transgene,2025-02-28,ND,copies/µL,5,,lab", "P02,car_transgene,2025-03-10,77,copies/µL,5,,lab"]
    more += ["P01,car_transgene,2025-03-13,999,copies/µL,5,,lab"]
    answer = kinetics(folder(tmp_path, [*rows(), *more], TWO_DOSES))
    assert parameters(answer, "P02")["cmax"]["value"] == 77
    held = parameters(answer)["cmax"]
    assert (held["value"], held["status"]) == (None, "invalid")
    assert "2 samples on day 10" in held["reasons"][0]
    assert "baseline_not_recorded" not in held["flags"]  # rows that cannot be used say nothing of a baseline


def test_an_unreadable_cell_is_not_left_out_of_a_peak_in_silence(tmp_path):
    answer = kinetics(folder(tmp_path, rows(change={"2025-03-13": "13x29"})))
    assert parameters(answer)["cmax"]["value"] is None


def test_lost_tubes_are_not_zeros(tmp_path):
    data = folder(tmp_path, rows(change={day: "" for day, _ in ROWS[2:]}))
    found = parameters(kinetics(data))
    assert {found[name]["value"] for name in ("cmax", "tmax", "auc_0_28", "auc_last")} == {None}


def test_an_area_ends_where_it_was_measured_to(tmp_path):
    data = folder(tmp_path, rows())
    found = parameters(kinetics(data, "--horizon", "28", "--horizon", "84"))
    assert found["auc_0_28"]["value"] == pytest.approx(AREA_TO_28)
    assert found["auc_0_84"]["value"] is None
    assert found["auc_0_84"]["bounds"] == [pytest.approx(AREA_TO_28), None]


def test_a_group_s_summary_does_not_mix_finished_areas_with_begun_ones(tmp_path):
    begun = [line.replace("P01", "P02") for line in rows()[:4]]
    shown = RUNNER.invoke(app, ["kinetics", str(folder(tmp_path, [*rows(), *begun], TWO_DOSES))]).stdout
    (line,) = (line for line in shown.splitlines() if "level 1 │ AUC0–28d" in line)
    n, mean, spread, _, no_value = (cell.strip() for cell in line.split("│")[3:8])
    assert (n, mean, spread, no_value) == ("1", "8050", "8050 (8050 to 8050)", "1")


STANDARDS = "".join(
    f"R1,standard,,{10**level},{ct + side}\n"
    for level, ct in enumerate((34.9, 31.6, 28.1, 24.8, 21.4, 18.0), 1)
    for side in (-0.05, 0.05)
)
WELLS = f"run,role,sample,copies,ct\n{STANDARDS}R1,no_template,,,Undetermined\nR1,sample,s7,,36.0\nR1,sample,s7,,36.1\n"


def test_a_level_outside_the_standard_curve_says_so_in_every_table(tmp_path):
    lines = ["X,car_transgene,-3,ND,copies/µg,1,,", "X,car_transgene,7,,copies/µg,1,s7,200"]
    head = "participant,analyte,day,value,unit,lloq,qpcr_sample,ng_input"
    data = folder(tmp_path, lines, head=head, qpcr_wells=WELLS)
    (one,) = kinetics(data)["kinetics"]
    assert "below_lowest_standard" in one["flags"]
    assert any("lowest standard" in reason for reason in one["reasons"])
    assert "below_lowest_standard" in RUNNER.invoke(app, ["kinetics", str(data)]).stdout


ALIKE = ["1329 copies/µL", "1.329e3", "１３２９", "1.329 × 10³"]


@pytest.mark.parametrize("written", ALIKE)
def test_a_result_is_read_as_any_other_amount(tmp_path, written):
    data = folder(tmp_path, rows(change={"2025-03-13": written}))
    assert parameters(kinetics(data))["cmax"]["value"] == 1329
    assert "refused" not in checked(data)


@pytest.mark.parametrize(
    ("written", "status"),
    [("n.d.", "ok"), ("neg", "ok"), ("未检出", "ok"), ("BLLOQ", "ok"), ("less than 5", "ok"), ("QNS", "indeterminate"),
     ("lost", "indeterminate"), ("pending", "indeterminate")],
)  # fmt: skip
def test_a_word_for_nothing_found_is_none_for_no_result(tmp_path, written, status):
    data = folder(tmp_path, rows(change={"2025-03-13": written}))
    assert parameters(kinetics(data))["cmax"]["status"] == status
    assert json.loads(checked(data)) == []


REFUSED = {
    "1329 copies/mL": "is not in copies/µL",
    "1300-1400": "is a range",
    "1e20": "beyond anything that is measured",
    "positive": "is not a number",
}


@pytest.mark.parametrize(("written", "why"), REFUSED.items())
def test_what_is_no_result_is_refused_by_every_reader(tmp_path, written, why):
    data = folder(tmp_path, rows(change={"2025-03-13": written}))
    answer = kinetics(data)
    assert parameters(answer)["cmax"]["value"] is None
    assert why in answer["problems"][0]
    assert why in checked(data)


def test_levels_in_units_that_convert_are_one_course(tmp_path):
    lines = [line for line in rows() if "2025-03-13" not in line]
    data = folder(tmp_path, [*lines, "P01,car_transgene,2025-03-13,1329000,copies/mL,5000,,lab"])
    found = parameters(kinetics(data))
    assert found["cmax"]["value"] == 1329
    assert found["auc_0_28"]["value"] == pytest.approx(AREA_TO_28)


HELD = {
    "P01,CAR_transgene,2025-03-13,1329,copies/µL,5,,lab": "written another way",
    "P01,car_transgene,2025-03-13,1329,bananas,5,,lab": "no unit that is known",
    "P01,car_transgene,2052-03-13,1329,copies/µL,5,,lab": "yet to come",
    "P01,car_transgene,2025-03-13,1,329,copies/µL,5,,lab": "cells, but there are",
}


@pytest.mark.parametrize(("line", "why"), HELD.items())
def test_a_peak_in_a_row_that_cannot_be_used_is_not_left_out_in_silence(tmp_path, line, why):
    lines = [one for one in rows() if "2025-03-13" not in one]
    answer = kinetics(folder(tmp_path, [*lines, line]))
    assert parameters(answer)["cmax"]["value"] is None
    assert why in answer["problems"][0]


def test_a_day_that_is_not_its_date_is_asked_about(tmp_path):
    head = "participant,analyte,date,day,value,unit,lloq"
    data = folder(tmp_path, ["P01,car_transgene,2025-03-13,3,1329,copies/µL,5"], head=head)
    assert "is not the date" in kinetics(data)["problems"][0]
    assert "is not the date" in checked(data)


def test_a_clock_is_read_as_any_other_moment(tmp_path):
    head = "participant,analyte,collected,infusion_end,value,unit,lloq"
    times = ("2025-03-13 9:30", "14-Mar-2025 10:00", "2025/03/15 10:00")
    lines = [f"P01,car_transgene,{time},2025-03-03 10:00,{10 + at},copies/µL,5" for at, time in enumerate(times)]
    data = folder(tmp_path, lines, head=head)
    assert parameters(kinetics(data))["tmax"]["value"] == 12
    assert json.loads(checked(data)) == []


def test_analytes_beside_the_product_are_named(tmp_path):
    answer = kinetics(folder(tmp_path, [*rows(), "P01,igg,2025-03-13,7,g/L,,,lab"]))
    assert answer["other_analytes"] == [{"participant": "P01", "analyte": "igg", "unit": "g/L", "samples": 1}]


def test_samples_of_somebody_not_infused_are_named_by_the_check(tmp_path):
    data = folder(tmp_path, [*rows(), "P02,car_transgene,2025-02-25,ND,copies/µL,5,,lab"])
    assert "P02 has samples and no infusion" in checked(data)


def test_a_table_without_a_result_column_is_refused_by_both(tmp_path):
    data = folder(tmp_path, ["P01,car_transgene,2025-03-13,copies/µL,5"], head="participant,analyte,date,unit,lloq")
    assert "the column value is missing" in checked(data)
    assert RUNNER.invoke(app, ["kinetics", str(data)]).exit_code == 2


def test_a_point_that_may_part_thousands_makes_no_level_below_the_limit(tmp_path):
    """1.329 copies/µL is below the limit of 5, and would be the peak if a German wrote it."""
    data = folder(tmp_path, rows(change={"2025-03-13": "1.329"}))
    assert (
        "1.329' would be 1329 if its point parted thousands"
        in RUNNER.invoke(app, ["data", "check", "nct07052565", str(data)]).output
    )
    assert parameters(kinetics(data))["cmax"]["value"] is None
