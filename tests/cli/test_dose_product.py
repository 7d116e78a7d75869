"""`escalon dose product` and `escalon dose lymphodepletion`, as they are typed."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from escalon.cli.dose import app

FACTORS = ("--cells-per-ml", "2.5e6", "--viability", "85%", "--car-fraction", "40%")
PLAN = ("product", "nct07052565", "--level", "2", "--weight", "55kg")
RUNNER = CliRunner()


def run(*arguments):
    return RUNNER.invoke(app, list(arguments))


def test_a_plan_names_the_volume_and_exits_with_zero():
    found = run(*PLAN, *FACTORS)
    assert found.exit_code == 0
    assert "19.41 mL" in found.stdout
    assert "15.53 to 23.29 mL" in found.stdout


@pytest.mark.parametrize(
    ("level", "weight", "cells", "code"),
    [("2", "55", "1.72e7", 0), ("3", "70", "3.36e7", 0), ("3", "70", "3.35e7", 1), ("1", "50", "6.0e6", 0)],
)
def test_a_dose_given_is_judged_and_the_exit_code_says_so(level, weight, cells, code):
    found = run("product", "nct07052565", "--level", level, "--weight", weight, "--cells", cells, "--json")
    assert found.exit_code == code
    answer = json.loads(found.stdout)
    assert answer["verdict"]["value"] is (code == 0)
    assert answer["verdict"]["components"]["assigned_level"] == int(level)


@pytest.mark.parametrize(
    ("volume", "residual", "sentence"),
    [
        ("19.4", "25", "25 mL cannot stay behind of a bag of 19.4 mL"),
        ("-5", "0", "-5 mL is no volume"),
        ("20", "-1", "-1 mL"),
    ],
)
def test_a_volume_that_cannot_be_is_no_plan_but_an_error(volume, residual, sentence):
    found = run(*PLAN, *FACTORS, f"--volume={volume}", f"--residual={residual}")
    assert found.exit_code == 2
    assert sentence in found.stdout


def test_a_missing_viability_is_an_answer_of_not_known():
    found = run(*PLAN, "--cells-per-ml", "2.5e6", "--car-fraction", "40%", "--volume", "20", "--json")
    assert found.exit_code == 1
    assert json.loads(found.stdout)["verdict"]["missing"] == ["viability"]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--viability", "0.85"), "has no % sign"),
        (("--viability", "140%"), "outside 0 % to 100 %"),
        (("--cells-per-ml", "many"), "not an amount"),
        (("--volume", "20 mg"), "cannot be converted"),
        (("--car-gate", "all"), "viable or total"),
        (("--level", "4"), "Levels of nct07052565: 1, 2, 3"),
        (("--weight", "5"), "from 10 to 400 kg"),
        (("--reason", "leak"), "--reason, --author and --at"),
        (("--analysis-level", "2"), "is a decision"),
        (("--reason", "x", "--author", "y", "--at", "noon"), "2025-03-14T09:30"),
        (("--patient-id", "E01-7"), "product=E01-7"),
        (("--worksheet", "sheet.docx"), ".html or .pdf"),
    ],
)
def test_wrong_input_is_named_with_what_to_write(more, sentence):
    found = run(*PLAN, *more)
    assert found.exit_code == 2
    assert sentence in found.stderr
    assert "Traceback" not in found.output


@pytest.mark.parametrize("suffix", ["html", "pdf"])
def test_the_worksheet_is_written(tmp_path, suffix):
    path = tmp_path / f"sheet.{suffix}"
    assert run(*PLAN, *FACTORS, "--worksheet", str(path)).exit_code == 0
    assert path.stat().st_size > 2000


def test_a_different_label_is_a_no():
    found = run(*PLAN, *FACTORS, "--patient-id", "product=E01-7", "--label-id", "product=E01-8")
    assert found.exit_code == 1
    assert "DIFFERENT" in found.stdout


def test_weights_with_dates_are_held_against_the_studys_window():
    old = run(*PLAN, "--weight-date", "2025-01-01", "--infusion-date", "2025-03-14", *FACTORS, "--json")
    assert json.loads(old.stdout)["weight"]["value"] is None
    assert old.exit_code == 1
    recent = run(*PLAN, "--weight-date", "2025-03-10", "--infusion-date", "2025-03-14",
                 "--leukapheresis-weight", "62", *FACTORS, "--json")  # fmt: skip
    assert "weight_changed" in json.loads(recent.stdout)["weight"]["flags"]


DOSES = """participant,level,weight,cells_per_ml,viability,car_fraction,volume,residual,cells
P1,2,55,,,,,,1.72e7
P2,3,70,,,,,,3.35e7
P3,2,52,2.5e6,85%,40%,20,0,
P4,2,52,2.5e6,,40%,20,0,
"""


def test_a_table_is_judged_row_by_row(tmp_path):
    table = tmp_path / "doses.csv"
    table.write_text(DOSES, encoding="utf-8")
    found = run("product", "nct07052565", "--table", str(table), "--json")
    assert found.exit_code == 1
    rows = json.loads(found.stdout)
    assert [row["in_window"] for row in rows] == ["yes", "no", "yes", "not known"]
    assert rows[3]["cells_per_kg"] is None


def test_a_row_that_cannot_be_read_stops_the_table_and_is_named(tmp_path):
    table = tmp_path / "doses.csv"
    table.write_text(DOSES + "P5,2,52,2.5e6,0.85,40%,20,0,\n", encoding="utf-8")
    found = run("product", "nct07052565", "--table", str(table))
    assert found.exit_code == 2
    assert "doses.csv:6: viability '0.85' has no % sign" in found.stderr
    assert found.stdout == ""


BODY = ("--height", "165cm", "--weight", "62kg")


def test_no_regimen_no_dose():
    found = run("lymphodepletion", "nct07052565", *BODY, "--clearance", "95")
    assert found.exit_code == 1
    assert "Q-LD-DOSE" in found.stderr


def test_a_named_regimen_gives_doses_marked_as_unconfirmed_and_rounded_apart():
    found = run("lymphodepletion", "nct07052565", "--regimen", "autoimmune_A", *BODY, "--clearance", "79.4",
                "--round", "5", "--json")  # fmt: skip
    doses = {dose["name"]: dose for dose in json.loads(found.stdout)["doses"]}
    assert found.exit_code == 0
    assert doses["fludarabine_dose"]["value"] == pytest.approx(33.71, abs=0.005)
    assert doses["fludarabine_dose_rounded"]["value"] == 35
    assert all("rule_unconfirmed" in dose["flags"] for dose in doses.values())


def test_a_contraindication_is_a_no():
    found = run("lymphodepletion", "nct07052565", "--regimen", "autoimmune_A", *BODY, "--clearance", "29.9")
    assert found.exit_code == 1
    assert "contraindicated" in found.stdout


def test_the_clearance_may_come_from_creatinine():
    found = run("lymphodepletion", "nct07052565", "--regimen", "autoimmune_A", "--height", "160cm", "--weight", "55kg",
                "--age", "34", "--sex", "female", "--creatinine", "70 umol/L", "--json")  # fmt: skip
    assert json.loads(found.stdout)["creatinine_clearance"]["value"] == pytest.approx(86.92, abs=0.005)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--regimen", "flu"), "autoimmune_A, oncology_B"),
        (("--regimen", "autoimmune_A", "--height", "165"), "has no unit"),
        (("--regimen", "autoimmune_A", "--policy", "mine"), "us_2010 or legacy_20pct"),
        (("--regimen", "autoimmune_A", "--round", "0"), "above 0"),
    ],
)
def test_wrong_lymphodepletion_input_is_named(more, sentence):
    found = run("lymphodepletion", "nct07052565", *BODY, "--clearance", "95", *more)
    assert found.exit_code == 2
    assert sentence in found.stderr


def test_a_weight_that_was_checked_counts_for_surface_and_clearance():
    heavy = ("lymphodepletion", "nct07052565", "--regimen", "oncology_B", "--height", "170cm", "--weight", "350kg",
             "--age", "45", "--sex", "male", "--creatinine", "90 umol/L")  # fmt: skip
    asked, checked = run(*heavy), run(*heavy, "--confirm", "weight")
    assert (asked.exit_code, checked.exit_code) == (1, 0)
    assert "(confirm=weight)" in asked.stderr
    assert "4.0654 m²" in checked.stdout  # √(170 · 350 / 3600), Mosteller
    assert "453.60 mL/min" in checked.stdout  # (140 − 45) · 350 / (72 · 1.0181 mg/dL), Cockcroft–Gault
    assert "CONFIRMED" in checked.stderr
    assert run(*heavy, "--confirm", "wieght").exit_code == 2


def test_lymphodepletion_for_a_table(tmp_path):
    table = tmp_path / "people.csv"
    table.write_text("participant,height,weight,clearance\nP1,165 cm,62,95\nP2,165 cm,62,29.9\n", encoding="utf-8")
    found = run("lymphodepletion", "nct07052565", "--regimen", "autoimmune_A", "--table", str(table), "--json")
    assert found.exit_code == 1
    rows = json.loads(found.stdout)
    assert [round(row["mg"], 2) for row in rows if row["dose"] == "fludarabine_dose"] == [42.14, 0]


def test_release_results_are_judged_against_customary_limits_and_never_block():
    found = run(*PLAN, *FACTORS, "--release", "viability=65%", "--release", "sterility=negative", "--json")
    assert found.exit_code == 0
    release = json.loads(found.stdout)["release"]
    assert release["value"] is False
    assert release["components"] == {"viability": "oos", "sterility": "within"}
    assert release["flags"] == ["oos", "oos_not_approved", "rule_unconfirmed"]


@pytest.mark.parametrize("pair", ["viability", "colour=red", "viability=88"])
def test_a_release_result_that_cannot_be_read_is_named(pair):
    assert run(*PLAN, *FACTORS, "--release", pair).exit_code == 2


def test_an_unread_release_attribute_is_on_the_sheet_as_not_tested(tmp_path):
    path = tmp_path / "sheet.html"
    run(*PLAN, *FACTORS, "--release", "endotoxin=", "--release", "viability=65%", "--worksheet", str(path))
    page = path.read_text(encoding="utf-8")
    assert "not tested" in page
    assert "OUT OF SPECIFICATION" in page


def test_a_weight_at_leukapheresis_serves_at_any_age():
    found = run("product", "nct07052565", "--level", "2", "--leukapheresis-weight", "55", *FACTORS, "--json")
    weight = json.loads(found.stdout)["weight"]
    assert found.exit_code == 0
    assert weight["value"] == 55
    assert "weight_date_not_known" not in weight["flags"]


def test_the_label_is_compared_with_the_participant_named():
    found = run(*PLAN, *FACTORS, "--participant", "P01", "--label-id", "participant=P02", "--json")
    assert found.exit_code == 1
    assert json.loads(found.stdout)["identity"]["value"] is False


NASTY = "|0|-1|1e400|1e-400|5|<5|nan|inf|1,5|½|1_0|٣|%|85%|0.85|140%|-5%|20 mL|20 mg|55kg|2025-03-14|2025-02-30|female|70 umol/L"
texts = st.sampled_from([text for text in NASTY.split("|") if not text.startswith("-")])
PRODUCT = ("weight", "weight-date", "leukapheresis-weight", "infusion-date", "cells-per-ml", "viability", "car-fraction",
           "volume", "residual", "cells", "release-viability", "at", "reason", "author", "label-id", "release")  # fmt: skip
DRUGS = ("height", "weight", "clearance", "sex", "creatinine", "round", "policy", "formula")


def survives(*arguments):
    found = run(*arguments)
    assert found.exception is None or isinstance(found.exception, SystemExit), (arguments, found.exception)
    assert found.exit_code in (0, 1, 2)
    assert found.exit_code != 2 or found.stderr


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(PRODUCT), texts, max_size=6))
def test_whatever_is_typed_for_a_dose_gives_an_answer_or_a_named_mistake(options):
    survives(*PLAN, *(part for name, text in options.items() for part in (f"--{name}", text)))


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(DRUGS), texts, max_size=6))
def test_whatever_is_typed_for_lymphodepletion_gives_an_answer_or_a_named_mistake(options):
    chosen = (part for name, text in options.items() for part in (f"--{name}", text))
    survives("lymphodepletion", "nct07052565", "--regimen", "autoimmune_A", *chosen)


HERON = str(Path(__file__).parents[1] / "protocol" / "heron")


@pytest.mark.parametrize(
    ("study", "typed", "instead"),
    [
        (HERON, ("--cells", "1e6"), "--given '24 mg'"),
        (HERON, ("--cells-per-ml", "2.5e6", "--viability", "85%"), "--cells-per-ml and --viability"),
        ("nct07052565", ("--weight", "60kg", "--given", "6e6 cells"), "--cells 1.7e7"),
    ],
)
def test_what_was_given_in_another_thing_than_the_levels_is_never_dropped(study, typed, instead):
    found = run("product", study, "--level", "1", *typed)
    assert found.exit_code == 2
    assert instead in found.stderr


def test_a_table_of_flat_doses_in_mg_asks_for_no_weight(tmp_path):
    table = tmp_path / "doses.csv"
    table.write_text("participant,level,given\nP1,1,0.026 g\nP2,-1,20 mg\n", encoding="utf-8")
    found = run("product", HERON, "--table", str(table), "--json")
    assert [(row["dose_given"], row["in_window"]) for row in json.loads(found.stdout)] == [(26, "yes"), (20, "no")]


def test_a_study_without_lymphodepletion_has_none_calculated():
    found = run("lymphodepletion", HERON, "--regimen", "autoimmune_A", *"--height 165cm --weight 62kg".split())
    assert found.exit_code == 2
    assert "heron has no lymphodepletion" in found.stderr


def test_a_clearance_is_given_or_calculated_never_both(tmp_path):
    both = ("--clearance", "95", "--age", "45", "--sex", "male", "--creatinine", "120 umol/L")
    found = run(
        "lymphodepletion", "nct07052565", "--regimen", "autoimmune_A", "--height", "165cm", "--weight", "62kg", *both
    )
    assert found.exit_code == 2
    assert "say the clearance twice" in found.output
    table = tmp_path / "doses.csv"
    table.write_text(
        "participant,height,weight,clearance,creatinine\nP01,165 cm,62 kg,95,120 umol/L\n", encoding="utf-8"
    )
    found = run("lymphodepletion", "nct07052565", "--regimen", "autoimmune_A", "--table", str(table))
    assert found.exit_code == 2
    assert "doses.csv:2" in found.output


@pytest.mark.parametrize("cells", ["-5", "-2.1e7"])
def test_cells_that_cannot_be_are_named_and_not_left_out(cells):
    found = run("product", "nct07052565", "--level", "2", "--weight", "70kg", f"--cells={cells}")
    assert found.exit_code == 2
    assert "cells cannot be: write the number that was given" in found.output


@pytest.mark.parametrize("cells", ["21 million cells", "21 x10^6", "2.1 10^7", "２１００００００"])
def test_a_number_of_cells_as_people_write_it(cells):
    found = run("product", "nct07052565", "--level", "2", "--weight", "70kg", "--cells", cells, "--json")
    assert (found.exit_code, json.loads(found.stdout)["cells"]["value"]) == (0, 21_000_000)


def test_a_concentration_may_say_its_multiple():
    factors = ("--viability", "85%", "--car-fraction", "40%", "--json")
    plans = [
        run(*PLAN, "--cells-per-ml", text, *factors).stdout for text in ("2.5e6", "2.5 × 10⁶/mL", "2.5 million/mL")
    ]
    assert len(set(plans)) == 1
    assert json.loads(plans[0])["to_infuse"]["value"] > 0


@pytest.mark.parametrize(("viability", "code"), [("30%", 2), ("40%", 0), ("85%", 0)])
def test_a_fraction_of_all_cells_above_their_viability_was_gated_on_the_viable_ones(viability, code):
    """Taken as said, the dose would be shown three times too large."""
    bag = ("--cells-per-ml", "2.5e6", "--viability", viability, "--car-fraction", "40%", "--volume", "16.5")
    found = run(*PLAN, *bag, "--car-gate", "total")
    assert (found.exit_code, "was the gate on viable cells?" in found.stdout) == (code, code == 2)
