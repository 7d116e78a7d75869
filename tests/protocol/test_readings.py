"""Every alternative of an assumption is data: it can be put in force, or says why not; a signature puts it in force for good."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from escalon.cli.main import app
from escalon.protocol import load_study
from escalon.protocol.answers import sign
from escalon.protocol.errors import StudyError
from escalon.protocol.laid_over import without
from escalon.protocol.lint import lint
from escalon.protocol.load import not_in_force
from escalon.protocol.readings import under, with_readings
from escalon.protocol.skeleton import Outline, copy_study, write_skeleton

from .folders import ORCHID, changed, refusal

RUN = CliRunner(env={"COLUMNS": "160", "TERM": "dumb"})
NCT = load_study("nct07052565")
EVERY = [(one, number) for one in NCT.assumptions for number, _ in enumerate(one.alternatives, start=1)]


def test_every_alternative_of_the_bundled_study_is_switchable_or_says_why_not() -> None:
    assert not list(not_in_force(NCT))
    for one, number in EVERY:
        other = one.alternatives[number - 1]
        assert other.is_coded != bool(other.words_only), (one.id, number)
    assert sum(one.alternatives[number - 1].is_coded for one, number in EVERY) >= 90


def test_a_study_under_a_reading_differs_from_the_study_as_it_stands() -> None:
    """A few of them, end to end: what is computed is what the alternative says."""
    assert under(NCT, "Q-3+3-VARIANT", 1).dose.variant == "V1"
    assert under(NCT, "Q-ZONE").zone == "UTC"
    assert under(NCT, "Q-STAGGER", 1).dose.stagger is None
    assert under(NCT, "Q-BASKET").dose.strata == "disease"
    assert under(NCT, "Q-LD-DOSE", 2).lymphodepletion.chosen == "oncology_B"  # type: ignore[union-attr]
    clause = next(one for one in under(NCT, "Q-DLT", 3).dlt.events if one.id == "DLT-1b")  # type: ignore[union-attr]
    assert (clause.within_hours, clause.improves_to, clause.text) == (None, None, "CRS grade 3")
    assert "E-13" in [one.id for one in under(NCT, "Q-STEROID-CEILING").exclusion]
    assert "I-6d" not in [one.id for one in under(NCT, "Q-RA-BG", 4).inclusion]
    assert under(NCT, "Q-RA-RITUXIMAB").vocabulary["bdmard"].members.count("rituximab") == 0


def test_readings_add_up_and_the_version_names_them() -> None:
    both = with_readings(NCT, ["Q-3+3-VARIANT=1", "Q-SS-TP=or"])
    assert both.version == f"{NCT.version}+Q-3+3-VARIANT/1+Q-SS-TP/1"
    assert both.dose.variant == "V1"
    assert both.in_force("Q-SS-TP") == "either is a route"
    assert with_readings(NCT, ["Q-SS-TP=as assumed"]).version == NCT.version


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ("Q-CELLS=1", "words only: the laboratory counts"),
        ("Q-SS-TP=and", "chooses none. Write Q-SS-TP=or"),
        ("Q-SS-TP=3", "chooses none"),
        ("Q-NONE=1", "has no assumption 'Q-NONE'"),
    ],
)
def test_a_reading_that_cannot_be_is_refused_with_what_can(chosen: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        with_readings(NCT, [chosen])


@pytest.mark.parametrize(
    ("carries", "why"),
    [
        ('instead = { dose.rule = "boin" }', "boin needs target"),
        ('instead = { dose.colour = "red" }', "`colour` is not known"),
        ('instead = { exclusion = [{ id = "E-99" }] }', "`rule` is missing"),
        ('without = ["E-99"]', "no such entry or key"),
        ("instead = { dose = 3 }", "dose"),
    ],
)
def test_lint_names_an_alternative_that_cannot_be_put_in_force(tmp_path: Path, carries: str, why: str) -> None:
    folder = _with_alternative(tmp_path, f'{{ says = "otherwise", {carries} }}')
    (found,) = [one for one in lint(load_study(folder)) if one.kind == "not in force"]
    assert why in found.what
    with pytest.raises(ValueError, match="cannot be put in force"):
        under(load_study(folder), "Q-NEW")


def test_lint_asks_for_the_reason_of_an_alternative_in_words(tmp_path: Path) -> None:
    folder = _with_alternative(tmp_path, '"otherwise"')
    assert [one.about for one in lint(load_study(folder)) if one.kind == "words only" and one.about == "Q-NEW"] == [
        "Q-NEW"
    ]
    other = _with_alternative(tmp_path / "b", '{ says = "otherwise", words_only = "a person decides" }')
    assert not [one for one in lint(load_study(other)) if one.kind == "words only" and one.about == "Q-NEW"]


def _with_alternative(tmp_path: Path, alternative: str) -> Path:
    text = (ORCHID / "study.toml").read_text(encoding="utf-8")
    more = (
        f'\n[[assumption]]\nid = "Q-NEW"\nabout = ["dose"]\nquestion = "?"\ndefault = "so"\nsigner = "PI"\n'
        f"alternatives = [{alternative}]\n"
    )
    tmp_path.mkdir(exist_ok=True)
    return changed(tmp_path, "study.toml", text, text + more)


def test_what_is_taken_out_is_an_entry_or_a_key_of_one() -> None:
    tables = {
        "dose": {"stagger": 7, "level": ({"number": 1}, {"number": 2})},
        "visit": ({"id": "D1", "day": 1}, {"id": "D2"}),
    }
    assert without(tables, "D2")["visit"] == ({"id": "D1", "day": 1},)
    assert without(tables, "D1.day")["visit"] == ({"id": "D1"}, {"id": "D2"})
    assert "stagger" not in without(tables, "dose.stagger")["dose"]
    assert "stagger" in tables["dose"]
    for absent in ("D3", "dose.colour", "D2.day", "stagger"):
        with pytest.raises(KeyError):
            without(tables, absent)


# ---- signatures ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    write_skeleton(tmp_path / "mine")
    return tmp_path / "mine"


def test_a_signature_closes_the_question_and_puts_the_reading_in_force(mine: Path) -> None:
    before = load_study(mine)
    assert [one.about for one in lint(before) if one.severity == "assumption"] == ["Q-VARIANT"]
    after = sign(mine, ["Q-VARIANT"], "Li Na, PI", date(2026, 3, 10), "2")
    assert after.dose.variant == "V3"
    assert after.version != before.version
    assert "+" not in after.version  # the folder itself says so now
    assert not [one for one in lint(after) if one.severity == "assumption"]
    again = sign(mine, ["Q-VARIANT"], "Li Na, PI", date(2026, 3, 11))
    assert again.dose.variant == "V2"
    assert [one.reading for one in again.answers] == ["2", "as assumed"]


def test_a_signature_is_of_the_words_that_stood_there(mine: Path) -> None:
    sign(mine, ["Q-VARIANT"], "Li Na, PI", date(2026, 3, 10), "2")
    text = (mine / "study.toml").read_text(encoding="utf-8")
    (mine / "study.toml").write_text(f"# a line more moves everything\n{text}", encoding="utf-8")
    assert load_study(mine).dose.variant == "V3"
    (mine / "study.toml").write_text(text.replace("Which variant", "What variant"), encoding="utf-8")
    found = load_study(mine)
    assert found.dose.variant == "V2"
    assert [one.about for one in lint(found) if one.kind == "old signature"] == ["Q-VARIANT"]
    assert [one.about for one in lint(found) if one.severity == "assumption"] == ["Q-VARIANT"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nct07052565", "Q-DLT", "--by", "PI"], "signed in a copy of your own"),
        (["{mine}", "Q-X", "--by", "PI"], "There are: Q-VARIANT"),
        (["{mine}", "Q-VARIANT", "--by", " "], "who signs?"),
        (["{mine}", "Q-VARIANT", "--by", "PI", "--on", "10.3."], "not a day"),
        (["{mine}", "Q-VARIANT", "--by", "PI", "--reading", "7"], "chooses none"),
    ],
)
def test_a_signature_that_is_none_is_refused_and_nothing_written(mine: Path, arguments: list[str], said: str) -> None:
    found = RUN.invoke(app, ["study", "sign", *(one.format(mine=mine) for one in arguments)])
    assert found.exit_code
    assert said in f"{found.exception}{found.stderr}"
    assert not (mine / "answers.toml").exists()


def test_an_answer_to_no_assumption_is_refused_where_it_stands(mine: Path) -> None:
    sign(mine, ["Q-VARIANT"], "Li Na, PI", date(2026, 3, 10))
    text = (mine / "answers.toml").read_text(encoding="utf-8")
    (mine / "answers.toml").write_text(text.replace('"Q-VARIANT"', '"Q-VARIANTS"'), encoding="utf-8")
    (problem,) = refusal(mine).problems
    assert (problem.file, "Did you mean Q-VARIANT?" in problem.what) == ("answers.toml", True)


def test_a_copy_of_the_bundled_study_is_signed_alternative_by_alternative(tmp_path: Path) -> None:
    copy_study("nct07052565", tmp_path / "own")
    assert load_study(tmp_path / "own").version == NCT.version
    found = sign(tmp_path / "own", ["Q-SS-TP"], "PI", date(2026, 3, 10), "or")
    assert found.criterion("I-8b").rule == under(NCT, "Q-SS-TP").criterion("I-8b").rule
    assert len(found.assumptions) - len(found.signed) == len(NCT.assumptions) - 1


# ---- a new study --------------------------------------------------------------------------------------------------------

OUTLINES = [
    Outline(),
    Outline(rule="boin target=0.3", levels=("5e7 cells", "1e8 cells", "2e8 cells", "4e8 cells"), cap=30),
    Outline(rule="3+3", variant="V3", levels=("-1=20 mg", "1=40 mg", "2=80 mg"), product="tablets of X", start=1),
    Outline(
        rule="crm target=0.25 skeleton=0.05/0.15/0.30", levels=("0.5 mg/kg", "1 mg/kg", "2 mg/kg"), window="3 weeks"
    ),
    Outline(
        rule="i3+3 target=0.25", levels=("10 mg/m²", "20 mg/m²"), diseases=("A=first", "B=second"), by_disease=True
    ),
    Outline(rule="keyboard target=0.3", levels=("3.0e8 cells", "4.5e8 cells", "6.0e8 cells")),
    Outline(rule="3+3 variant=V1", levels=("1e6 CAR-T cells/kg",), title='A "quoted" title', zone="Asia/Tokyo"),
]


@pytest.mark.parametrize("outline", OUTLINES, ids=lambda one: one.rule)
def test_an_outline_of_any_design_passes_its_own_lint(tmp_path: Path, outline: Outline) -> None:
    write_skeleton(tmp_path / "new", outline)
    found = load_study(tmp_path / "new")
    assert [one.kind for one in lint(found) if one.severity != "assumption"] == [
        "gap"
    ]  # the DLT definition is to be confirmed
    assert len(found.dose.levels) == len(outline.levels)


@pytest.mark.parametrize(
    ("outline", "says"),
    [
        (Outline(cap=0), "`cap` is 0: it should be greater than or equal to 1"),
        (Outline(start=0), "there is no level 0 to start at"),
        (Outline(rule=""), "`rule` is empty"),
    ],
    ids=("cap", "start", "rule"),
)
def test_what_an_outline_says_is_never_replaced_by_the_usual(tmp_path: Path, outline: Outline, says: str) -> None:
    with pytest.raises(StudyError, match=re.escape(says)):
        write_skeleton(tmp_path / "new", outline)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("outline", "infusion", "says"),
    [
        (Outline(), "car_t_infusion", "by a 3+3 rule"),
        (
            Outline(product="NK-1", levels=("3e8 CAR-NK cells",), rule="a+b variant=V2 a=4 b=4 c=1 d=2 e=2"),
            "cell_infusion",
            "by an A+B rule",
        ),
        (Outline(product="tablet", levels=("3 mg",), rule="i3+3 target=0.25", cap=12), "first_dose", "by an i3+3 rule"),
    ],
    ids=("example", "NK cells", "tablet"),
)
def test_an_outline_names_the_day_of_what_is_given(tmp_path: Path, outline: Outline, infusion: str, says: str) -> None:
    write_skeleton(tmp_path / "new", outline)
    found = load_study(tmp_path / "new")
    assert found.roles.infusion == infusion
    assert says in "".join(found.dose.says.pieces)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--level", "3 bags"], "not a unit"),
        (["--rule", "bo1n"], "bo1n"),
        (["--window", "1 month"], "no fixed number of days"),
        (["--zone", "Berlin"], "is not a time zone"),
        (["--from", "nct07052565", "--cap", "3"], "--from copies a study as it is"),
    ],
)
def test_an_outline_of_no_study_leaves_nothing_behind(tmp_path: Path, option: list[str], said: str) -> None:
    found = RUN.invoke(app, ["study", "new", str(tmp_path / "new"), *option])
    assert found.exit_code
    assert said in f"{found.exception}{found.stderr}"
    assert not (tmp_path / "new").exists()


# ---- through the command line -------------------------------------------------------------------------------------------


def test_screening_under_a_reading_names_whom_it_treats_otherwise(tmp_path: Path) -> None:
    facts = [
        "participant,fact,value,unit,date,source",
        "P01,disease,RA,,2025-02-07,crf",
        "P01,screening_visit,2025-02-07,,2025-02-07,crf",
    ]
    facts += ["P01,haemoglobin,70,g/L,2025-02-07,crf"]
    (tmp_path / "facts.csv").write_text("\n".join([*facts, ""]), encoding="utf-8")
    found = RUN.invoke(app, ["screen", "nct07052565", str(tmp_path), "--with", "Q-HB-LOW=1", "--json"])
    answer = json.loads(found.stdout)
    assert answer["version"] == f"{NCT.version}+Q-HB-LOW/1"
    assert answer["compared_with"] == NCT.version
    assert answer["changed"] == [
        {"participant": "P01", "was": "undecided", "becomes": "not eligible", "clauses": {"I-2d": ["met", "not met"]}}
    ]
