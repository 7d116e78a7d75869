"""A mistake in a study folder is answered with file, line, the place in the text, and what to write instead."""

import random
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from escalon.cli.main import app
from escalon.protocol import Problem, Study, StudyError, load_study
from escalon.protocol.folder import find_folder
from escalon.protocol.lint import lint
from escalon.protocol.shape import keys_at
from escalon.protocol.skeleton import write_skeleton

from .folders import HERON, ORCHID, changed, refusal

# file, what stands there, what is written instead, the line that must be named, what must be said
MISTAKES = [
    ("clauses.toml", 'settle = "chest CT"', 'setle = "chest CT"', "setle", "Did you mean `settle`?"),
    ("clauses.toml", "before enrolment >= 6", "before enrollment >= 6", "enrollment", "Did you mean enrolment?"),
    ("clauses.toml", '>= 6"', '=> 6"', "=> 6", "Write >="),
    ("clauses.toml", "any thymoma ever", "thymoma >= 3 ever", "thymoma >= 3", "thymoma is an event, not a number"),
    ("clauses.toml", "sledai_2k < 8", "sledai_2k < 8 mm", "8 mm", "sledai_2k has no unit. Write 8"),
    ("clauses.toml", '"integer"', '"whole"', "whole", "'whole' is not one of"),
    ("clauses.toml", 'id   = "2"', 'id   = "1"', 'id   = "1"', "already taken"),
    ("study.toml", '= "10 %"', "= 10", "= 10", "Write it with its sign"),
    ("study.toml", '"V3"', '"V4"', '"V4"', "Unknown 3+3 variant “V4”"),
    ("study.toml", '"6 weeks"', '"2 months"', "2 months", "no fixed number of days"),
    ("study.toml", "= 500000", "= 50000", "= 50000", "a level is higher than the one before"),
    ("study.toml", "number       = 3", "number       = 5", "= 5", "Write 3"),
    ("study.toml", "= 24\ndlt", "= true\ndlt", "= true", "whole number"),
    ("study.toml", "target = 24", "target = 24 25", "24 25", "Expected newline"),
    ("study.toml", "cap                = 24\n", "", "[dose]", "`cap` is missing"),
]


@pytest.mark.parametrize(("file", "old", "new", "line", "what"), MISTAKES)
def test_a_mistake_is_named_with_its_place_and_its_correction(
    tmp_path: Path, file: str, old: str, new: str, line: str, what: str
) -> None:
    folder = changed(tmp_path, file, old, new)
    problem = refusal(folder).problems[0]
    written = (folder / file).read_text(encoding="utf-8").split("\n")
    assert problem.file == file
    assert line in written[problem.line - 1], str(problem)
    assert problem.text == written[problem.line - 1]
    assert what in problem.what
    assert "^" in str(problem)


def test_the_caret_stands_under_the_word(tmp_path: Path) -> None:
    problem = refusal(changed(tmp_path, "clauses.toml", "before enrolment >= 6", "before enrollment >= 6")).problems[0]
    assert problem.text[problem.column : problem.column + problem.width] == "enrollment"


def test_the_caret_finds_its_line_in_a_rule_of_several_lines(tmp_path: Path) -> None:
    rule = 'rule = """\nall of (any thymoma ever,\n        any thymoma before enrollment)"""'
    problem = refusal(changed(tmp_path, "clauses.toml", 'rule = "any thymoma ever"', rule)).problems[0]
    assert problem.text[problem.column : problem.column + problem.width] == "enrollment"
    assert problem.text.strip().startswith("any thymoma")


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    copy = changed(tmp_path, "study.toml", '"V3"', '"V9"')
    path = copy / "clauses.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("any thymoma ever", "any thymoma after surgery"), encoding="utf-8"
    )
    assert [problem.file for problem in refusal(copy).problems] == ["clauses.toml", "study.toml"]


def test_a_word_that_is_never_a_choice_is_refused(tmp_path: Path) -> None:
    new = 'rule = "disease is MX"'
    message = str(refusal(changed(tmp_path, "clauses.toml", 'rule = "any thymoma ever"', new)))
    assert "disease is never 'MX'. Write one of MG" in message


def test_a_number_without_its_unit_is_refused(tmp_path: Path) -> None:
    new = 'rule = "esr >= 30 before enrolment or das28_esr > 3.2 before enrolment"'
    message = str(refusal(changed(tmp_path, "clauses.toml", 'rule = "any thymoma ever"', new)))
    assert "esr is in mm/h. Write 30 mm/h" in message


def test_a_fact_cannot_be_another_kind_of_thing_than_for_an_instrument(tmp_path: Path) -> None:
    new = 'rule = "das28_esr > 3.2 before enrolment"\n\n[fact.esr]\nchoices = ["high", "low"]'
    message = str(refusal(changed(tmp_path, "clauses.toml", 'rule = "any thymoma ever"', new)))
    assert "esr is a number for das28_esr" in message


def test_the_same_table_twice_is_refused(tmp_path: Path) -> None:
    copy = changed(tmp_path, "study.toml", "[anchor.enrolment]", '[fact.thymoma]\nkind = "event"\n\n[anchor.enrolment]')
    assert "already written in another file" in str(refusal(copy))


def test_a_missing_folder_names_the_studies_there_are() -> None:
    message = str(refusal(Path("nct0705256")))
    assert "nct07052565" in message


def test_an_empty_folder_says_how_to_start(tmp_path: Path) -> None:
    assert "escalon study new" in str(refusal(tmp_path))


def test_text_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    copy = changed(tmp_path, "study.toml", "ORCHID", "ORCHID")
    (copy / "study.toml").write_bytes(b'[study]\ntitle = "caf\xe9"\n')
    assert str(refusal(copy)).startswith("study.toml:2")


def test_an_unknown_name_is_an_error_of_lint_with_the_nearest_name(tmp_path: Path) -> None:
    study = load_study(changed(tmp_path, "clauses.toml", "any thymoma ever", "any thymomas ever"))
    found = [one for one in lint(study) if one.kind == "unknown name"]
    assert [(one.about, one.do) for one in found] == [("4", "did you mean thymoma?")]


def test_limits_that_nobody_can_meet_are_an_error_of_lint(tmp_path: Path) -> None:
    rule = 'rule = "any thymoma ever or sledai_2k < 9 before enrolment"'
    study = load_study(changed(tmp_path, "clauses.toml", 'rule = "any thymoma ever"', rule))
    (found,) = [one for one in lint(study) if one.kind == "unreachable"]
    assert "sledai_2k would have to be below 8 and at least 9" in found.what


def test_a_limit_beyond_what_can_be_recorded_is_an_error_of_lint(tmp_path: Path) -> None:
    study = load_study(changed(tmp_path, "clauses.toml", "sledai_2k < 8", "sledai_2k > 105"))
    assert any("only 0 to 105 can be recorded" in one.what for one in lint(study))


def test_a_clause_asked_twice_is_a_warning_of_lint(tmp_path: Path) -> None:
    again = '\n[[exclusion]]\nid = "5"\nrule = "any thymoma ever"\n'
    study = load_study(changed(tmp_path, "clauses.toml", 'any thymoma ever"\n', f'any thymoma ever"\n{again}'))
    assert any(one.kind == "duplicate" and one.about == "5" for one in lint(study))


def test_levels_whose_windows_meet_are_an_error_of_lint(tmp_path: Path) -> None:
    study = load_study(changed(tmp_path, "study.toml", '"10 %"', '"40 %"'))
    assert sum(one.kind == "overlap" and one.severity == "error" for one in lint(study)) == 3


def mutated(text: str, rng: random.Random) -> str:
    """The text with one line dropped, doubled, cut, or one character changed."""
    lines = text.split("\n")
    number = rng.randrange(len(lines))
    match rng.randrange(5):
        case 0:
            del lines[number]
        case 1:
            lines.insert(number, lines[number])
        case 2:
            lines[number] = lines[number][: rng.randrange(len(lines[number]) + 1)]
        case 3:
            letters = list("\n".join(lines))
            letters[rng.randrange(len(letters))] = rng.choice("\"[]{}=#0 9\n\\'é.,-")
            return "".join(letters)
        case _:
            lines[number] = lines[number].replace('"', rng.choice(["", "'", '"""']), 1)
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(150))
def test_a_mutated_study_loads_or_is_refused_clearly(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    for path in ORCHID.iterdir():
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(mutated(text, rng) if rng.random() < 0.7 else text, encoding="utf-8")
    study, problems = read(tmp_path)
    assert all(problem.file and problem.line >= 1 and problem.what for problem in problems)
    assert bool(problems) is (study is None)
    if study is not None:
        lint(study)


def read(folder: Path) -> tuple[Study | None, tuple[Problem, ...]]:
    """The study, or the problems it is refused with; anything else that is raised is a fault of ours."""
    try:
        return load_study(folder), ()
    except StudyError as error:
        return None, error.problems


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ("thymoma >= 3 ever", "thymoma is an event"),
        ("any thymoma before surgery", "no [anchor.surgery]"),
        ("any thymoma beefore enrolment", "beefore"),
    ],
)
def test_an_alternative_reading_is_held_to_the_same_as_the_rule_in_force(tmp_path: Path, rule: str, what: str) -> None:
    assumption = f"""
[[assumption]]
id           = "Q-1"
about        = ["4"]
question     = "Which?"
default      = "any"
alternatives = [{{ says = "other", rules = {{ "4" = "{rule}" }} }}]
signer       = "principal investigator"

[anchor.enrolment]"""
    problem = refusal(changed(tmp_path, "study.toml", "[anchor.enrolment]", assumption)).problems[0]
    assert what in problem.what
    assert problem.where == "Q-1"


def test_the_documented_error_is_the_one_printed(tmp_path: Path) -> None:
    bundled = find_folder("nct07052565")
    folder = changed(tmp_path, "eligibility.toml", ">= 60 g/L at screening", ">= 60 at screening", bundled)
    manual = (Path(__file__).parents[2] / "docs" / "study-folder.md").read_text(encoding="utf-8")
    message, documented = (re.sub(r"\.toml:\d+", ".toml", text) for text in (str(refusal(folder)), manual))
    assert message in documented


def test_every_key_of_a_study_file_is_documented() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "study-keys.md").read_text(encoding="utf-8")
    words = set(re.findall(r"\w+", manual))
    for table in keys_at(()):
        path = (table, "x") if table in ("anchor", "baseline", "fact") else (table, 0)
        assert [key for key in keys_at(path) if key not in words] == [], table
    assert {"level", "zone", "inclusion"} <= {*keys_at(("dose",)), *keys_at(("study",)), *keys_at(())}


def linted(folder: Path, kind: str) -> list[tuple[str, str]]:
    """What lint says of one kind."""
    return [(one.about, one.what) for one in lint(load_study(folder)) if one.kind == kind]


def example(folder: Path, *changes: tuple[str, str]) -> Path:
    """The example study with some of its text changed."""
    write_skeleton(folder / "st")
    path = folder / "st" / "study.toml"
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return folder / "st"


@pytest.mark.parametrize("term", ["GVHD", "Neutropenia", "crs"])
def test_a_term_that_nobody_grades_is_an_error_of_lint(tmp_path: Path, term: str) -> None:
    ((about, what),) = linted(example(tmp_path, ('term  = ["CRS"]', f'term  = ["{term}"]')), "unknown term")
    assert about == "DLT-1"
    assert term in what


@pytest.mark.parametrize("term", ["CRS", "ICANS", "platelets", "any", "Febrile neutropenia", "Cardiac disorders"])
def test_a_term_that_is_graded_is_none(tmp_path: Path, term: str) -> None:
    assert linted(example(tmp_path, ('term  = ["CRS"]', f'term  = ["{term}"]')), "unknown term") == []


def test_a_day_beyond_the_window_is_an_error_of_lint(tmp_path: Path) -> None:
    clause = ('term  = ["CRS"]', 'term  = ["platelets"]\nnot_recovered_by_day = {}')
    assert linted(example(tmp_path / "a", (clause[0], clause[1].format(29))), "beyond the window") != []
    assert linted(example(tmp_path / "b", (clause[0], clause[1].format(28))), "beyond the window") == []


def test_a_fact_without_a_kind_that_a_visit_measures_is_an_error_of_lint(tmp_path: Path) -> None:
    height = ("[fact.pregnant]", '[fact.height]\nlabel = "height"\n\n[fact.pregnant]')
    measured = ('measures = ["adverse_events"]', 'measures = ["adverse_events", "height"]')
    assert [about for about, _ in linted(example(tmp_path / "a", height, measured), "no kind")] == ["height"]
    said = ("[fact.height]", '[fact.height]\nkind = "number"\nunit = "cm"')
    assert linted(example(tmp_path / "b", height, measured, said), "no kind") == []


def test_a_history_asked_at_screening_is_a_warning_of_lint(tmp_path: Path) -> None:
    asked = ('rule = "pregnant at screening"', 'rule = "history_of_stroke at screening"')
    declared = ("[fact.pregnant]", '[fact.history_of_stroke]\nlabel = "stroke"\nsettle = "ask"\n\n[fact.pregnant]')
    assert [about for about, _ in linted(example(tmp_path, asked, declared), "history")] == ["E-1"]


def test_the_example_study_is_simulated_as_it_is(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["simulate", str(example(tmp_path)), "-o", str(tmp_path / "sim")])
    assert found.exit_code == 0, found.output
    assert "EX" in (tmp_path / "sim" / "facts.csv").read_text(encoding="utf-8")


def test_an_entry_that_is_refused_is_named_once(tmp_path: Path) -> None:
    folder = changed(tmp_path, "study.toml", "[[dlt.event]]\n", '[[dlt.event]]\nsaid = "CRS"\n', HERON)
    assert [problem.what.partition(".")[0] for problem in refusal(folder).problems] == ["`said` is not known"]


def test_an_empty_dose_rule_is_told_a_design(tmp_path: Path) -> None:
    folder = changed(tmp_path, "study.toml", 'rule               = "3+3 variant=V2 expand_to=12"', 'rule = ""', HERON)
    assert refusal(folder).problems[0].what == '`rule` is empty. Write rule = "boin target=0.3"'


def test_an_a_plus_b_makes_cohorts_of_its_own_size(tmp_path: Path) -> None:
    old, rule = 'rule               = "3+3 variant=V2 expand_to=12"', "a+b variant=V2 a=4 b=4 c=1 d=1 e=1"
    assert load_study(changed(tmp_path / "a", "study.toml", old, f'rule = "{rule}"', HERON)).dose.cohort_size == 4
    said = refusal(changed(tmp_path / "b", "study.toml", old, f'rule = "{rule}"\ncohort_size = 3', HERON))
    assert "Write cohort_size = 4, or leave it out" in said.problems[0].what
