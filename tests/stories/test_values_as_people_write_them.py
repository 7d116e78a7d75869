"""What people write, through the command line: each value is read as it is meant, or refused with what to write."""

from __future__ import annotations

import json
import random
import shlex
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from escalon.cli.main import app
from escalon.instruments import catalogue
from escalon.instruments.safety.ctcae.terms import question_about


def run(command: str) -> tuple[int, str, Any]:
    """Exit code, everything said, and the JSON answer where there is one."""
    found = CliRunner().invoke(app, shlex.split(command))
    assert found.exception is None or isinstance(found.exception, SystemExit | ValueError), found.exception
    said = found.output + (str(found.exception) if isinstance(found.exception, ValueError) else "")
    try:
        answer = json.loads(found.stdout)
    except json.JSONDecodeError:
        answer = None
    return (2 if isinstance(found.exception, ValueError) else found.exit_code), said, answer


REFUSED = {
    "grade icans ice=10/10 consciousness=alert seizure=none motor_weakness=no oedema=none raised_icp=no": "Write 10",
    "score sdai tender=3 swollen=3 'patient_global=5/10 NRS' 'physician_global=4 cm' 'crp=5 mg/L'": "Write 5 NRS",
    "score esspri 'dryness=8/10 NRS' 'fatigue=8/10 NRS' 'pain=8/10 NRS'": "Write 8 NRS",
    "score sjogren_2016 dryness_symptom=yes exclusion=no anti_ssa=positive oss=5/12": "Write 5",
    "grade ctcae platelets 'value=129,000 /uL' 'lower=150 10^9/L'": "Write 129000",
    "score cockcroft_gault sex=male age=40 'weight=70 kg' 'creatinine=1,020 umol/L'": "Write 1020",
    "dose product nct07052565 --level 2 --weight 70kg --cells 21,000,000": "21000000",
    "grade icaht 0=2.1 3=0.4 5=0.09 8=0.3 12=1.2 20=2 30=3": "10^9/L",
    "grade icaht 0=abc": "Write a number",
    "score crcl age=50": "cockcroft_gault",
    "score rodnan x=1": "mrss",
    "score das28_esr tender=3 swollen=4 esr=NaN 'gh=40 mm'": "esr is 'NaN'",
    "score das28_crp tender=4 swollen=5 'crp=7 nmol/L' 'gh=50 mm'": "Accepted: mg/L, mg/dL",
    "dose product nct07052565 --level 2 --weight 55kg --cells-per-ml 2.5 --viability 85% --car-fraction 40%": "2000 mL",
}


@pytest.mark.parametrize(("command", "says"), REFUSED.items())
def test_what_cannot_be_read_is_refused_with_what_to_write(command: str, says: str) -> None:
    code, said, _ = run(f"{command} --json" if not command.startswith("dose") else command)
    assert (code, says in said) == (2, True), said
    assert not any(wrong in said for wrong in ("129.000", "1.020", "21.000.000"))


HYPOTENSION = "temp_c=38.5 hypotension=yes oxygen=none"
ANSWERED = {
    "grade ctcae neutrophils 'value=<0.1 10^9/L' 'lower=2 10^9/L'": 4,
    "grade ctcae alt 'value=>1000 U/L' 'upper=40 U/L' 'baseline=30 U/L'": 4,
    "grade ctcae anemia 'value=6.0 mmol/L' 'lower=7.4 mmol/L'": 2,
    "grade ctcae anemia 'value=4.9 mmol/L' 'lower=7.4 mmol/L'": 2,
    "grade ctcae alt 'value=120 IU/L' 'upper=40 IU/L'": 1,
    "grade ctcae platelets 'value=29 K/uL' 'lower=150 10^9/L'": 3,
    "grade ctcae platelets 'value=29 G/L' 'lower=150 G/L'": 3,
    "grade ctcae lymphocytes 'value=0.7999999999999999 10^9/L' 'lower=1 10^9/L'": 1,
    f"grade crs {HYPOTENSION} 'vasopressors=norepinephrine and epinephrine'": 4,
    f"grade crs {HYPOTENSION} vasopressors=norepinephrine/epinephrine": 4,
    f"grade crs {HYPOTENSION} 'vasopressors=norepinephrine, noradrenaline'": 3,
    f"grade crs {HYPOTENSION} vasopressors=fluids": 2,
    "score ra_2010 synovitis=yes better_explained=no large=0 small=1 'rf=<20 IU/mL' 'rf_upper_limit=20 IU/mL' 'acpa=1 U/mL' "
    "'acpa_upper_limit=5 U/mL' acute_phase=abnormal 'duration=12 wk'": "not_met",
    "score ra_2010 synovitis=yes better_explained=no large=0 small=11 serology=negative acute_phase=abnormal "
    "'duration=3 months'": "met",
    "score egfr sex=male age=50 'creatinine=1 mg/dL'": pytest.approx(91.7, abs=0.1),
    "score cockcroft_gault sex=F age=45 'weight=65 kg' 'creatinine=80 umol/L'": pytest.approx(80.5537, abs=1e-3),
    "score cockcroft_gault sex=女 age=45 'weight=65 公斤' 'creatinine=80 µmol/L'": pytest.approx(80.5537, abs=1e-3),
    "score das28_esr TJC28=3 SJC28=4 ESR=20 'GH=40 mm'": pytest.approx(4.187, abs=1e-3),
    "score glucocorticoid_dose drug=dexamethasone dose=10 route=iv": pytest.approx(66.667, abs=1e-2),
}  # fmt: skip


@pytest.mark.parametrize(("command", "value"), ANSWERED.items())
def test_what_can_be_read_gives_its_answer(command: str, value: Any) -> None:
    _, said, answer = run(f"{command} --json")
    found = answer["findings"][0] if answer and "findings" in answer else answer
    assert found is not None, said
    assert found["value"] == value, found


OPEN = {
    f"grade crs {HYPOTENSION} vasopressors=n/a": [2, 4],
    f"grade crs {HYPOTENSION} vasopressors=yes": [3, 4],
    f"grade crs {HYPOTENSION} 'vasopressors=norepinefrine, norepinephrine'": [3, 4],
    "score boolean_remission_2 tender=0 swollen=0 'patient_global=1 cm' 'crp=<20 mg/L'": [False, True],
}


@pytest.mark.parametrize(("command", "bounds"), OPEN.items())
def test_what_only_an_interval_is_known_of_leaves_open_what_it_could_change(command: str, bounds: list[Any]) -> None:
    _, said, answer = run(f"{command} --json")
    assert (answer["value"], answer["status"], answer["bounds"]) == (None, "indeterminate", bounds), said


def test_a_day_below_100_is_read_in_a_series_of_counts() -> None:
    code, said, answer = run("grade icaht 0=2000 '3=<100' 10=2000 20=2000 30=2000 --json")
    assert (code, answer["late"]["status"]) == (1, "missing"), said  # nothing is counted after day 30
    assert answer["early"]["components"]["days_100"] >= 1


def test_a_value_held_back_counts_once_it_is_confirmed_and_says_so() -> None:
    held = "score cockcroft_gault sex=male age=40 'weight=70 kg' 'creatinine=5 umol/L' --json"
    assert run(held)[2]["value"] is None
    answer = run(held.replace(" --json", " confirm=creatinine --json"))[2]
    assert answer["value"] is not None
    assert "CONFIRMED" in answer["flags"]


def test_a_32_bit_column_is_graded_as_a_64_bit_one(tmp_path: Path) -> None:
    for dtype in (pl.Float32, pl.Float64):
        pl.DataFrame({"value [mmol/L]": [2.9], "upper [mmol/L]": [2.6]}).cast(dtype).write_parquet(
            tmp_path / "a.parquet"
        )
        code, said, answer = run(f"score ctcae_hypercalcemia --table {tmp_path}/a.parquet --json")
        assert (code, answer[0]["ctcae_hypercalcemia"]) == (0, 1), said


def test_vasopressors_are_recognised_in_a_table(tmp_path: Path) -> None:
    file = tmp_path / "v.csv"
    file.write_text("participant,time,temp_c,hypotension,vasopressors,oxygen\n"
                    "P01,2025-03-10T08:00,38.5,yes,norepinephrine and epinephrine,none\n", encoding="utf-8")  # fmt: skip
    assert run(f"grade crs --table {file} --json")[2]["assessments"][0]["value"] == 4


def test_the_products_own_way_of_writing_a_number_is_read() -> None:
    code, said, _ = run("dose product nct07052565 --level 2 --weight 70kg --cells '2.10 × 10⁷'")
    assert code == 0, said


WRITTEN = [
    "", "nan", "-1", "<5", "1/2", "1e400", "1,000", "阳性", "9" * 300, "1-2", "none", "5 mg", "≥", "<", "10^9/L", "∞", "½",
    "[bold]", "%", "--", "a=b", "1e5 G/L", "5±1", "~5", "０", "not done", "n/a",
]  # fmt: skip
GRADED = {"crs": "crs", "icans": "icans", "crs-ctcae": "crs_ctcae", "iec-hs": "iec_hs", "licats": "licats"}


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_written_is_an_answer_or_a_refusal(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(25):
        command, name = rng.choice([("score", name) for name in catalogue()] + [("grade", name) for name in GRADED])
        items = list(catalogue()[GRADED.get(name, name)].items)
        pairs = [f"{item}={rng.choice(WRITTEN)}" for item in rng.sample(items, min(len(items), 4))]
        code, said, _ = run(shlex.join([command, name, *pairs, "--json"]))
        assert code in (0, 1, 2), said


def test_a_term_or_a_grade_that_ctcae_lacks_is_named_with_what_was_meant() -> None:
    assert "It has 3, 4, 5" in question_about("Sepsis", 1)
    assert "«Edema limbs»" in question_about("Oedema peripheral", 2)
    assert question_about("Diarrhoea", 2) == question_about("CRS", 5) == ""
