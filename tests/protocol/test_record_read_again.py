"""NCT07052565 decides as its words say: histories last, treatments need their time, and the days after screening count too."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from escalon.cli.main import app, run
from escalon.protocol import load_study
from escalon.protocol.lint import lint
from escalon.protocol.readings import under

RUN = CliRunner(env={"COLUMNS": "160", "TERM": "dumb"})
FACTS = "participant,fact,value,unit,date,source,visit,lower,upper"
TREATMENTS = "participant,treatment,start,end,ongoing,dose,unit,source"
ABOUT = [
    f"{who},{fact},{value},,2025-02-07,crf,screening,,"
    for who, disease in (("P01", "RA"), ("P03", "SS"), ("P23", "RA"))
    for fact, value in (("disease", disease), ("screening_visit", "2025-02-07"))
]


def shown(folder: Path, clause: str, facts: str, treatments: str = "", day: str = "2025-02-20") -> str:
    """What a clause concludes of the one participant these rows are about: passed, excludes, met, not met, unknown."""
    rows = [line for line in facts.splitlines() if line]
    courses = [line for line in treatments.splitlines() if line]
    who = (rows or courses)[0].partition(",")[0]
    (folder / "facts.csv").write_text("\n".join([FACTS, *ABOUT, *rows, ""]))
    (folder / "treatments.csv").write_text("\n".join([TREATMENTS, *courses, ""]))
    found = RUN.invoke(app, ["screen", "nct07052565", str(folder), "-p", who, "--cutoff", day, "--json"])
    participants = json.loads(found.stdout[: found.stdout.rindex("}") + 1])["participants"]
    (one,) = [each for each in participants[0]["clauses"] if each["id"] == clause]
    return str(one["verdict"])


HISTORIES = [
    ("E-1b", "history_of_stroke"), ("E-1c", "history_of_cerebral_aneurysm"), ("E-1d", "history_of_epilepsy"),
    ("E-1e", "history_of_convulsions"), ("E-1g", "history_of_severe_head_injury"), ("E-1h", "dementia"),
    ("E-1i", "parkinsons_disease"), ("E-2c", "history_of_myocardial_infarction"), ("E-8b", "severe_allergy_to_cyclophosphamide"),
    ("E-8c", "severe_allergy_to_fludarabine"), ("E-8d", "severe_allergy_to_dmso"),
    ("E-8a", "severe_allergy_to_other_study_material"),
]  # fmt: skip


@pytest.mark.parametrize(("clause", "name"), HISTORIES)
def test_a_history_lasts(tmp_path: Path, clause: str, name: str) -> None:
    once = f"P23,{name},yes,,2019-06,crf,screening,,\n"
    later_no = f"P23,{name},no,,2025-02-07,crf,screening,,\n"
    assert shown(tmp_path, clause, once) == "not met"
    assert shown(tmp_path, clause, once + later_no) == "not met"
    assert shown(tmp_path, clause, later_no) == "met"
    assert shown(tmp_path, clause, "P23,age,40,,2025-02-07,crf,screening,,\n") == "unknown"


MTX, ADA = "P01,methotrexate,2020-03-01,{},,15,mg/week,crf\n", "P01,adalimumab,2023-01-01,2024-06-01,,40,mg,crf\n"
FAILED = "P01,inadequate_response_to_dmards,yes,,2025-02-07,crf,screening,,\n"


@pytest.mark.parametrize(
    ("stopped", "met"), [("2020-03-02", False), ("2020-05-31", False), ("2020-06-01", True), ("2023-06-01", True)]
)
def test_three_months_of_use_are_three_months(tmp_path: Path, stopped: str, met: bool) -> None:
    assert (shown(tmp_path, "I-6b", FAILED, MTX.format(stopped) + ADA) == "met") is met


@pytest.mark.parametrize(("clause", "name"), [("E-4a", "vaccination"), ("E-4b", "b_cell_therapy")])
def test_what_is_recorded_after_screening_excludes_too(tmp_path: Path, clause: str, name: str) -> None:
    no = f"P01,{name},no,,2025-02-07,crf,screening,,\n"
    assert shown(tmp_path, clause, no) == "met"
    after = f"P01,{'vaccination' if clause == 'E-4a' else 'b_cell_therapy'},yes,,2025-02-10,crf,screening,,\n"
    if clause == "E-4a":
        assert shown(tmp_path, clause, no + after) == "not met"
    assert shown(tmp_path, clause, "P01,age,40,,2025-02-07,crf,screening,,\n") == "unknown"


def test_rituximab_after_screening_excludes(tmp_path: Path) -> None:
    no = "P01,b_cell_therapy,no,,2025-02-07,crf,screening,,\n"
    given = "P01,rituximab,2025-02-10,2025-02-10,,1000,mg,crf\n"
    assert shown(tmp_path, "E-4b", no, given) == "not met"
    assert shown(tmp_path, "E-4b", no, given, day="2025-02-08") == "met"  # not yet given on that day


@pytest.mark.parametrize("drug", ["belimumab", "tofacitinib", "hydroxychloroquine"])
def test_nine_months_of_an_immunomodulator_are_more_than_six(tmp_path: Path, drug: str) -> None:
    assert shown(tmp_path, "I-8f", "", f"P03,{drug},2024-05-01,,yes,200,mg/week,crf\n") == "met"


def test_who_no_longer_takes_methotrexate_need_not_take_it_stably(tmp_path: Path) -> None:
    stopped = "P01,methotrexate,2024-01-01,2025-01-17,,15,mg/week,crf\n"
    other = "P01,leflunomide,2024-06-01,,yes,20,mg/day,crf\n"
    assert shown(tmp_path, "I-6e", "", stopped + other) == "met"
    assert shown(tmp_path, "I-6h", "", stopped + other) == "met"
    assert shown(tmp_path, "I-6d", "", stopped + other) == "met"
    assert shown(tmp_path, "I-6d", "", stopped) != "met"
    still = "P01,methotrexate,2025-01-17,,yes,15,mg/week,crf\n"
    assert shown(tmp_path, "I-6e", "", still) == "not met"


@pytest.mark.parametrize(
    "about",
    [
        "Q-JAK", "Q-RA-ACTIVITY", "Q-STOPPING", "Q-DLT-4-BASELINE", "Q-PLATELET-FLOOR", "Q-WASHOUT", "Q-STEROID-CEILING",
        "Q-COMMITTEE", "Q-DISEASE-ORDER", "Q-RECHECK", "Q-HCV-TREATED", "Q-TB-LATENT", "Q-RENAL-FAILURE", "Q-ARM", "Q-NO-LIMITS",
    ],
)  # fmt: skip
def test_a_silence_of_the_record_is_listed_by_lint_with_what_else_it_could_mean(about: str) -> None:
    study = load_study("nct07052565")
    assert about in [one.about for one in lint(study) if one.severity == "assumption"]
    assert study.assumption(about).alternatives


def test_the_joints_of_the_sister_record_are_a_reading_that_can_be_put_in_force() -> None:
    study = load_study("nct07052565")
    conjunct = under(study, "Q-RA-ACTIVITY", 1)
    assert conjunct.criterion("I-6c").tree.parts[-1] == conjunct.criterion("I-6c").tree.parts[1]  # type: ignore[union-attr]
    assert conjunct.criterion("I-6c").tree != study.criterion("I-6c").tree
    assert conjunct.version.endswith("+Q-RA-ACTIVITY/1")


def test_every_alternative_with_rules_can_be_put_in_force() -> None:
    study = load_study("nct07052565")
    for one in study.assumptions:
        for number, alternative in enumerate(one.alternatives, start=1):
            if alternative.rules:
                other = under(study, one.id, number)
                assert all(other.criterion(name).tree != study.criterion(name).tree for name in alternative.rules), (
                    one.id
                )


def test_lint_names_a_count_that_is_low_before_treatment() -> None:
    (found,) = [one for one in lint(load_study("nct07052565")) if one.kind == "met at baseline"]
    assert found.about == "DLT-4"
    assert "I-8b" in found.what


def test_screening_under_another_reading_says_so(tmp_path: Path) -> None:
    rows = "P03,pss_thrombocytopenia,no,,2025-02-07,crf,screening,,\nP03,essdai,8,,2025-02-07,crf,screening,,\n"
    assert shown(tmp_path, "I-8b", rows) == "not met"
    for chosen in ("Q-SS-TP=or", "Q-SS-TP=1", "Q-SS-TP"):
        command = [
            "screen",
            "nct07052565",
            str(tmp_path),
            "-p",
            "P03",
            "--cutoff",
            "2025-02-20",
            "--json",
            "--with",
            chosen,
        ]
        found = RUN.invoke(app, command).stdout
        answer = json.loads(found[: found.rindex("}") + 1])
        assert answer["version"].endswith("+Q-SS-TP/1")
        assert {one["id"]: one["verdict"] for one in answer["participants"][0]["clauses"]}["I-8b"] == "met"


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ("Q-NONE=1", "no assumption 'Q-NONE'"),
        ("Q-SS-TP=and", "Write Q-SS-TP=or"),
        ("Q-SS-TP=9", "Write Q-SS-TP=or"),
        ("Q-CELLS=1", "the laboratory counts"),
    ],
)
def test_a_reading_that_is_none_is_refused(chosen: str, says: str, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr("sys.argv", ["escalon", "study", "lint", "nct07052565", "--with", chosen])
    with pytest.raises(SystemExit) as left:
        run()
    assert left.value.code == 2
    assert says in " ".join(capsys.readouterr().err.split())
