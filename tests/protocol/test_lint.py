"""Lint names what a sponsor would want to know of any protocol, each remark with an id that docs/lint.md explains."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from escalon.cli.main import app
from escalon.protocol import load_study
from escalon.protocol.lint import lint
from escalon.protocol.remarks import kinds
from tests.protocol.folders import HERON, LANTERN
from tests.protocol.test_doses import study_with

PAGE = (Path(__file__).parents[2] / "docs" / "lint.md").read_text(encoding="utf-8")


def test_every_kind_of_remark_is_explained_under_its_id() -> None:
    explained = dict(re.findall(r"^\| (L\d\d) \| ([^|]+) \|", PAGE, re.MULTILINE))
    assert explained == {one.id: one.name for one in kinds().values()}


@pytest.mark.parametrize("folder", [LANTERN, HERON, "nct07052565"])
def test_a_finished_study_has_no_errors(folder: Path | str) -> None:
    assert [one for one in lint(load_study(folder)) if one.severity == "error"] == []


FIRST_EXCLUSION, SILENT_PLACES = "[[exclusion]]", "# ---- where the protocol is silent"


def clause(rule: str, more: str = "") -> tuple[str, str]:
    """One more inclusion, before the exclusions."""
    return FIRST_EXCLUSION, f'[[inclusion]]\nid = "I-1b"\nsays = "Adults"\n{more}{rule}\n\n{FIRST_EXCLUSION}'


OUTCOME = """[[endpoint]]
id = "S-1"
role = "secondary"
title = "ALT"
says = "Adverse"
among = "infused"
measure = "alt"
compare = "change from baseline"
at = ["D28"]
"""
ADULT = 'rule = "age >= 18 at consent"'
MEASURE = 'measures = ["adverse_events"]'
CASES = [
    ("L02", "I-1", (ADULT, 'rule = "age >= 18 at consent and age < 16 at consent"'), "at least 18 and below 16"),
    ("L02", "I-1", (ADULT, 'rule = "age >= 130 at consent"'), "only 0 to 120 can be recorded"),
    ("L03", "I-1", (ADULT, 'rule = "age >= 0 at consent"'), "whatever may be recorded of age is at least 0"),
    ("L03", "I-1", (ADULT, 'rule = "age <= 120 at consent"'), "whatever may be recorded of age is at most 120"),
    (
        "L04", "I-1b", clause('rule = "age > 16 at consent"'), "age above 16 follows from I-1, which asks for at least 18",
    ),
    ("L02", "I-1b", clause('rule = "age > 20 at consent and age < 21 at consent"'), "would have to be above 20 and below 21"),
    ("L02", "I-1b", clause('rule = "pregnant and not pregnant"'), "nothing that may be recorded could meet it"),
    (
        "L02", "I-1b", clause('rule = "pregnant at screening and not pregnant at screening"'),
        "nothing that may be recorded could meet it",
    ),
    ("L02", "I-1b", clause('rule = "at least 3 of (pregnant, age > 20 at consent)"'), "nothing that may be recorded"),
    ("L02", "I-1b and E-1", clause('rule = "pregnant at screening and age > 30"'), "is required by I-1b and excluded by E-1"),
    ("L02", "I-1b", clause(ADULT, 'applies = "age > 130 at consent"\n'), "nobody is as its `applies` says: age > 130 at consent"),
    ("L02", "I-1b", clause(ADULT, 'applies = "alt > 9 U/L and alt < 8 U/L"\n'), "nobody is as its `applies` says"),
    ("L02", "I-1 and I-1b", clause('rule = "pregnant ever"', 'applies = "age < 18 at consent"\n'), "applies to nobody whom I-1"),
    ("L02", "I-1b", clause('rule = "alt <= 3 * uln and alt / uln > 5"'), "alt / uln would have to be at most 3 and above 5"),
    ("L02", "I-1b", clause('rule = "2 * alt < 40 U/L and alt > 30 U/L"'), "alt would have to be below 20 and above 30"),
    ("L02", "I-1b", clause('rule = "alt < -1 U/L"'), "but only 0 to … can be recorded"),
    ("L02", "I-1b", clause('rule = "alt > alt"'), "nothing that may be recorded could meet it"),
    ("L03", "I-1b", clause('rule = "alt <= alt"'), "whatever may be recorded meets it"),
    ("L02", "I-1b and E-2", clause('rule = "any steroid within 1 week before screening"'), "could meet both"),
    ("L02", "I-1b and E-2", clause('rule = "any prednisone within 10 days before screening"'), "could meet both"),
    ("L02", "I-1b and E-2", clause('rule = "prednisone for at least 3 months before screening"'), "could meet both"),
    ("L04", "I-1b", clause('rule = "not any steroid within 3 days before screening"'), "whoever meets E-2 meets it"),
    ("L21", "I-1b, E-2", clause('rule = "any prednisone at least 3 weeks before screening"'), "is asked for and excluded"),
    ("L02", "I-1b and E-1", clause('rule = "pregnant at screening"'), "is required by I-1b and excluded by E-1"),
    ("L03", "I-1b", clause('rule = "age >= 40 at consent or age < 40 at consent"'), "whatever may be recorded meets it"),
    ("L04", "I-1b", clause('rule = "age > 16 at consent or pregnant ever"'), "whoever meets I-1 meets it"),
    ("L28", "I-1b", clause('rule = "age between 12 and 100 at consent"'), "age 12; what is outside 16–110 is held"),
    ("L05", "I-1b", clause(ADULT), "asks the same as I-1"),
    ("L13", "DLT-1", ('term  = ["CRS"]', 'term  = ["GVHD"]'), "nobody grades «GVHD»"),
    ("L13", "DLT-1", ('term  = ["CRS"]', 'term  = ["QTc prolongation"]'), "nobody grades «QTc prolongation»"),
    ("L14", "DLT-1", ("grade = 4", "grade = 4\nnot_recovered_by_day = 60"), "after the window of 28 days has closed"),
    ("L10", "level 2", ('cells_per_kg = "1e6"', 'cells_per_kg = "1.2e5"'), "reaches into level 2"),
    ("L12", "left", ('left      = "study_discontinuation"', ""), "no fact plays the role left"),
    ("L16", "height", (MEASURE, 'measures = ["adverse_events", "height"]\n\n[fact.height]\nlabel = "height"'), "has no kind"),
    ("L18", "dose", ('weight_window = "30 days"', 'weight_window = "silent"'), "silent on weight window"),
    ("L20", "alt", ('settle = "liver panel, with the laboratory\'s upper limit"', ""), "nothing says how to obtain it"),
    ("L22", "S-1", (SILENT_PLACES, f"{OUTCOME}\n{SILENT_PLACES}"), "no visit measures alt"),
    ("L27", "E-2", ("2 weeks before screening\"", "2 weeks before infusion\""), "asked about the day of decision only"),
    ("L29", "I-1b", clause('rule = "pregnant or not pregnant at screening"'), "do not hold for pregnant, of which"),
    ("L29", "I-1b", clause('rule = "alt <= 99 U/L or alt >= 9 U/L at screening"'), "do not hold for alt, of which"),
    ("L23", "P-1", ('among   = "infused"', "#"), "does not say in whom"),
]  # fmt: skip


COUNTS = """[fact.platelets]
label  = "platelets"
kind   = "number"
unit   = "10^9/L"
low    = 0
settle = "blood count"

[fact.pregnant]"""
LOW_COUNT = """grade = 4

[[dlt.event]]
id    = "DLT-2"
text  = "platelets grade 4 not recovered by day 28"
term  = ["platelets"]
grade = 4
not_recovered_by_day = 28
"""
UNRANGED = """[fact.il_6]
label  = "interleukin 6"
kind   = "number"
unit   = "ng/L"
settle = "blood sample"

[fact.pregnant]"""
WORDS, ASKED, V1 = 'says = "Adults of 18 years or more"\n', "[[assumption]]\n", 'instead = { dose.variant = "V1" }'
OPEN = [
    ("L01", "I-1b", [clause('rule = "alb >= 30 at screening"')], "alb"),
    ("L07", "Inclusion Criteria 1", [(WORDS, "")], "nothing quotes «Adults of 18 years more»"),
    ("L08", "I-1", [(WORDS, WORDS.replace("or more", "and more"))], "Adults of 18 years and more"),
    ("L09", "I-1", [(WORDS, "")], "quotes nothing"),
    ("L11", "dose", [("cap           = 12", "cap           = 6")], "6"),
    (
        "L15", "DLT-2", [("[fact.pregnant]", COUNTS), ("grade = 4", LOW_COUNT), clause('rule = "platelets < 20 10^9/L"')],
        "I-1b",
    ),
    ("L30", "il_6", [("[fact.pregnant]", UNRANGED), clause('rule = "il_6 <= 50 ng/L at screening"')], "I-1b reads it"),
    ("L19", "dlt", [], "nobody has confirmed"),
    ("L19", "zone", [('zone     = "UTC"', "")], "zone"),
    ("L24", "Q-VARIANT", [(f", {V1}", "")], "V1"),
    ("L25", "Q-VARIANT", [(V1, V1.replace("V1", "V9"))], "V9"),
    ("L90", "Q-VARIANT", [], "Which variant"),
    ("L91", "Q-VARIANT", [(ASKED, f'{ASKED}kind = "contradiction"\n')], "Which variant"),
    ("L92", "Q-VARIANT", [(ASKED, f'{ASKED}kind = "wording"\n')], "Which variant"),
]  # fmt: skip


@pytest.mark.parametrize(("id", "about", "changes", "says"), OPEN, ids=lambda one: one if isinstance(one, str) else "")
def test_what_is_open_is_named(tmp_path: Path, id: str, about: str, changes: list[tuple[str, str]], says: str) -> None:
    found = [one for one in lint(load_study(study_with(tmp_path, *changes))) if one.id == id]
    assert about in [one.about for one in found]
    assert any(says in one.what for one in found)


def test_a_folder_without_the_registry_s_words_says_that_nothing_is_traced(tmp_path: Path) -> None:
    folder = study_with(tmp_path)
    (folder / "record.txt").unlink()
    assert [one.id for one in lint(load_study(folder)) if one.kind == "no record"] == ["L06"]


def test_every_kind_of_remark_is_made_of_a_folder_here() -> None:
    """Partner of the page: what it explains is found. Old signatures are tested with the answers they are in (L26)."""
    shown = {one[0] for one in (*CASES, *OPEN)} | NAMED.keys() | {"L06", "L26"}
    assert shown == {one.id for one in kinds().values()}


@pytest.mark.parametrize(("id", "about", "change", "says"), CASES, ids=lambda one: one if isinstance(one, str) else "")
def test_what_is_wrong_is_named(tmp_path: Path, id: str, about: str, change: tuple[str, str], says: str) -> None:
    found = [one for one in lint(load_study(study_with(tmp_path, change))) if one.id == id]
    assert [one.about for one in found] == [about]
    assert says in found[0].what
    assert found[0].do


def test_a_study_of_children_says_so_and_lint_asks_no_more(tmp_path: Path) -> None:
    usual = ("low    = 0\nhigh   = 120", "low    = 0\nhigh   = 120\nusual_low = 4\nusual_high = 21")
    change = clause('rule = "age between 12 and 100 at consent"')
    assert "L28" not in {one.id for one in lint(load_study(study_with(tmp_path, change, usual)))}


def test_a_word_of_a_scale_that_ctcae_does_not_have_is_a_term(tmp_path: Path) -> None:
    change = ('term  = ["CRS"]', 'graded_by = "MAGIC 2016"\nterm  = ["Acute GVHD"]')
    assert "L13" not in {one.id for one in lint(load_study(study_with(tmp_path, change)))}


@pytest.mark.parametrize("rule", ["count of score >= 12 ever", "count of score >= 1 ever", "count of score < 2 ever"])
def test_how_often_a_value_was_recorded_has_no_range_of_the_value(tmp_path: Path, rule: str) -> None:
    score = '[fact.score]\nkind = "integer"\nlabel = "score"\nlow = 1\nhigh = 10\n\n[fact.pregnant]'
    found = lint(load_study(study_with(tmp_path, clause(f'rule = "{rule}"'), ("[fact.pregnant]", score))))
    assert not [one for one in found if one.id in ("L02", "L03") and one.about == "I-1b"]


@pytest.mark.parametrize("rule", ["count of alt < 0 ever", "count of alt > 3 ever and count of alt < 2 ever"])
def test_how_often_a_value_was_recorded_is_not_called_the_value(tmp_path: Path, rule: str) -> None:
    found = [one for one in lint(load_study(study_with(tmp_path, clause(f'rule = "{rule}"')))) if one.id == "L02"]
    assert [one.what for one in found] == ["nothing that may be recorded could meet it"]


def test_a_clause_that_asks_to_be_told_is_not_idle_beside_one_that_takes_silence_for_no(tmp_path: Path) -> None:
    told, silent = (f"not any {kind}steroid within 3 days before screening" for kind in ("", "recorded "))
    change = clause(f'rule = "{told}"\n\n[[inclusion]]\nid = "I-1c"\nsays = "x"\nrule = "{silent}"')
    steroid = ('rule = "any steroid within', 'rule = "any recorded steroid within')
    found = {one.about for one in lint(load_study(study_with(tmp_path, change, steroid))) if one.id == "L04"}
    assert found == {"I-1c"}


def test_a_stricter_clause_for_some_does_not_make_one_for_all_idle(tmp_path: Path) -> None:
    change = clause('rule = "age >= 21 at consent"', 'applies = "disease is EX"\n')
    assert "L04" not in {one.id for one in lint(load_study(study_with(tmp_path, change)))}


CHANGE = OUTCOME.replace('measure = "alt"', 'measure = "igg"')
IGG = '[fact.igg]\nkind = "number"\nunit = "g/L"\nlow = 0\n\n[fact.pregnant]'
BEFORE = """[[visit]]
id = "BASE"
name = "Baseline"
day = -5
earliest = -7
latest = -1
measures = ["igg"]

[[visit]]"""


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ((), True),
        ((("[[visit]]", BEFORE),), False),
        (((ADULT, 'rule = "age >= 18 at consent and igg > 1 g/L at screening"'),), False),
        (((f"{SILENT_PLACES}", SILENT_PLACES), ('compare = "change from baseline"', 'compare = "value"')), False),
    ],
)
def test_a_change_from_a_baseline_that_nobody_collects_is_named(tmp_path: Path, more, named: bool) -> None:
    changes = (
        ("[fact.pregnant]", IGG),
        (MEASURE, 'measures = ["adverse_events", "igg"]'),
        (SILENT_PLACES, f"{CHANGE}\n{SILENT_PLACES}"),
    )  # fmt: skip
    found = [one for one in lint(load_study(study_with(tmp_path, *changes, *more))) if one.about == "S-1"]
    assert [(one.id, one.severity) for one in found] == ([("L19", "warning")] if named else [])
    for one in found:
        assert (
            one.what == "igg is compared with a baseline, and neither a visit before treatment nor a clause collects it"
        )
        assert one.do == "add igg to the measures of a visit before day 0"


HISTORY = 'says = "Pregnant women"\nrule = "pregnant at screening or history_of_stroke at screening"'
WICKED = [
    (ADULT, 'rule = "age >= 18 at consent and age < 16 at consent"'),
    (
        FIRST_EXCLUSION,
        "\n\n".join(
            [
                '[[inclusion]]\nid = "I-3"\nrule = "alt >= 0 U/L at screening"',
                '[[inclusion]]\nid = "I-4"\nrule = "age >= 16 at consent"',
                '[[inclusion]]\nid = "I-5"\nrule = "age > 12 at consent"',
                FIRST_EXCLUSION,
            ]
        ),
    ),
    ('says = "Pregnant women"\nrule = "pregnant at screening"', HISTORY),
    ('2 weeks before screening"', '2 weeks before infusion"'),
    (
        "[fact.pregnant]",
        '[fact.history_of_stroke]\nlabel = "stroke"\n\n[fact.height]\nlabel = "height"\n\n[fact.pregnant]',
    ),
    (MEASURE, 'measures = ["adverse_events", "height"]'),
    ('term  = ["CRS"]', 'term  = ["GVHD"]'),
    ("grade = 4", "grade = 4\nnot_recovered_by_day = 60"),
    ('cells_per_kg = "1e6"', 'cells_per_kg = "1.2e5"'),
    ('among   = "infused"', "#"),
    (SILENT_PLACES, f"{OUTCOME}\n{SILENT_PLACES}"),
]
NAMED = {
    "L02": ("error", "I-1"), "L03": ("warning", "I-3"), "L04": ("warning", "I-5"), "L10": ("error", "level 2"),
    "L13": ("error", "DLT-1"), "L14": ("error", "DLT-1"), "L16": ("error", "height"), "L17": ("warning", "E-1"),
    "L22": ("error", "S-1"), "L23": ("warning", "P-1"), "L27": ("warning", "E-2"),
}  # fmt: skip


def test_everything_that_is_wrong_with_a_wicked_folder_is_named_at_once(tmp_path: Path) -> None:
    folder = study_with(tmp_path, *WICKED)
    found = CliRunner().invoke(app, ["study", "lint", str(folder), "--json", "--strict"])
    assert found.exit_code == 1
    remarks = json.loads(found.stdout)["remarks"]
    lines = (folder / "study.toml").read_text(encoding="utf-8").splitlines()
    for id, (severity, about) in NAMED.items():
        mine = [one for one in remarks if one["id"] == id and about in one["about"].split(" and ")]
        assert [one["severity"] for one in mine[:1]] == [severity], (id, [one for one in remarks if one["id"] == id])
        assert all(one["what"] and one["do"] for one in mine)
        assert all(one["file"] == "study.toml" and 1 <= one["line"] <= len(lines) for one in mine)
        assert f"| {id} |" in PAGE
    assert [one for one in lint(load_study(study_with(tmp_path / "b"))) if one.id in NAMED] == []


def test_a_clause_of_a_laboratory_s_usual_name_is_told_the_study_s(tmp_path: Path) -> None:
    study = load_study(study_with(tmp_path, clause('rule = "sgpt < 100 U/L at consent"')))
    assert [one.do for one in lint(study) if one.kind == "unknown name"] == ["did you mean alt?"]


@pytest.mark.parametrize(
    ("term", "near"),
    [("QTc prolongation", "Electrocardiogram QT corrected interval prolonged"), ("Diarrhoea", "Diarrhea")],
)
def test_a_term_that_is_none_is_told_with_the_one_that_is_meant(tmp_path: Path, term: str, near: str) -> None:
    changed = study_with(tmp_path, ('term  = ["CRS"]', f'term  = ["{term}"]'))
    assert [one.do for one in lint(load_study(changed)) if one.id == "L13" and near in one.do]


def test_words_that_an_assumption_alone_quotes_are_not_carried_out(tmp_path: Path) -> None:
    folder = study_with(tmp_path, (ADULT, ADULT))
    record = folder / "record.txt"
    record.write_text(record.read_text(encoding="utf-8") + "Part two starts one level lower.\n", encoding="utf-8")
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write(
            '[[assumption]]\nid = "Q-PART"\nabout = ["dose"]\nquestion = "Where?"\ndefault = "level 1"\n'
            'alternatives = ["lower"]\nsigner = "sponsor"\nsays = "Part two starts one level lower."\n'
        )
    said = [one.what for one in lint(load_study(folder)) if one.kind == "not traced"]
    assert [one.startswith("only the assumption Q-PART quotes «Part two starts") for one in said] == [True]
