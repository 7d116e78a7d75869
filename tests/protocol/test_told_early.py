"""What a folder could say and nobody could carry out is told when it is read or linted, with its line and what to write."""

from pathlib import Path

import pytest

from escalon.protocol import StudyError, load_study
from escalon.protocol.lint import lint
from escalon.protocol.skeleton import write_skeleton

CRP = '\n[fact.crp]\nkind = "number"\nunit = "mg/L"\n'


@pytest.fixture(scope="module")
def example(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("new") / "st"
    write_skeleton(folder)
    return (folder / "study.toml").read_text(encoding="utf-8")


def made(folder: Path, text: str) -> Path:
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder


def fact(name: str, kind: str, *more: str) -> str:
    return "\n".join(("", f"[fact.{name}]", f'kind = "{kind}"', f'label = "{name}"', 'settle = "ask"', *more, ""))


def clause(rule: str, table: str = "exclusion") -> str:
    return f'\n[[{table}]]\nid = "X"\nsays = "Pregnant women"\nrule = "{rule}"\n'


def outcome(**keys: str) -> str:
    said = {
        "id": '"S-9"',
        "role": '"secondary"',
        "title": '"x"',
        "measure": '"crp"',
        "compare": '"value"',
        "among": '"infused"',
    }
    said |= {"at": '["D28"]'} | keys
    return "\n[[endpoint]]\n" + "".join(f"{key} = {value}\n" for key, value in said.items())


def asked(alternatives: str) -> str:
    return (
        '\n[[assumption]]\nid = "Q-1"\nabout = ["E-1"]\nquestion = "?"\ndefault = "d"\nsigner = "pi"\n'
        f"alternatives = {alternatives}\n"
    )


REFUSED = {
    "a number has no choices": ("", fact("smoker", "number", 'choices = ["a"]'), "which has no choices"),
    "usual beyond range": ("", fact("bmi", "number", "high = 60", "usual_high = 120"), "usual_high is above high: 120 and 60"),
    "doubtful below range": ("", fact("bmi", "number", "low = 10", "doubtful_low = 5"), "low is above doubtful_low"),
    "a unit of another kind": ("", CRP + outcome(unit='"mmol/L"'), "does not convert to mmol/L. Write unit = \"mg/L\""),
    "a change of a label": (
        "", fact("recist", "label", 'choices = ["CR"]') + outcome(measure='"recist"', compare='"percent change"'),
        'which has no percent change. Write compare = "response" or "value"',
    ),
    "a word that is no choice": (
        "", fact("recist", "label", 'choices = ["CR"]') + outcome(measure='"recist"', compare='"response"', counts='["PR"]'),
        "recist is never 'PR'. Write one of CR",
    ),
    "an anchor that is no day": ("", '\n[anchor.x]\nfact = "age"\nlabel = "x"\n', "and an anchor is a day"),
    "a period turned round": (
        "", '\n[[period]]\nid = "P"\nname = "x"\ngroup = "reporting"\nfirst_day = 30\nlast_day = 10\n',
        "the period ends on day 10, before it begins on day 30",
    ),
    "a period from nowhere": (
        "", '\n[[period]]\nid = "P"\nname = "x"\ngroup = "reporting"\nstarts_at = "ld"\n', "there is no [anchor.ld]",
    ),
    "watched from a day there is not": (
        "", '\n[[watched]]\nid = "W"\nrule = "pregnant after infusion"\nsince = "conditioning"\n', "it would never be watched",
    ),
    "a DLT of grades turned round": ("grade = 4", "grade = 4\nat_most_grade = 3", "at_most_grade 3 is below grade 4"),
    "no improvement": ("grade = 4", "grade = 3\nimproves_to = 3\nwithin_hours = 9", "improves_to 3 is no improvement on grade 3"),
    "an improvement without time": ("grade = 4", "grade = 3\nimproves_to = 2", "Write within_hours, or not_recovered_by_day"),
    "two alternatives of a name": (
        "", asked('[{ name = "a", says = "x", without = ["E-1"] }, { name = "a", says = "y", without = ["E-2"] }]'),
        "two alternatives are called 'a'",
    ),
    "a date in quotes": (
        "", '\n[[answer]]\nassumption = "Q-VARIANT"\nby = "x"\non = "2026-01-01"\ndigest = "a"\n',
        "Write a date, without quotes: on = 2026-03-10",
    ),
    "a start there is not": ("tolerance ", "start = 3\ntolerance ", "there is no level 3 to start at. Levels are 1, 2"),
    "cohorts of one by one": (
        'rule          = "three_plus_three"\nvariant       = "V2" ', 'rule = "rolling-six"\ncohort_size = 3\n#',
        "rolling-six places participants one by one",
    ),
    "a tolerance that is silent": ('"20 %"', '"silent"', "`tolerance` cannot be silent"),
    "a visit's day in quotes": ("", '\n[[visit]]\nid = "D60"\nname = "x"\nday = "60"\n', "Write a whole number"),
    "one choice alone": ("tolerance ", 'weight = "ideal"\ntolerance ', "Write 'actual'"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_one_problem_and_what_to_write(tmp_path: Path, example: str, name: str) -> None:
    old, new, said = REFUSED[name]
    text = example.replace(old, new, 1) if old else example + new
    assert text != example
    with pytest.raises(StudyError) as caught:
        load_study(made(tmp_path, text))
    assert said in str(caught.value)
    assert len(caught.value.problems) == 1


def test_a_design_that_a_folder_proposes_names_no_size(tmp_path: Path, example: str) -> None:
    text = example.replace('"three_plus_three"', '"boin"').replace('variant       = "V2"', "#")
    with pytest.raises(StudyError, match=r"boin needs target. Write for example: boin target=0.25$"):
        load_study(made(tmp_path, text))


LINTED = {
    **{
        f"{name} is asked as it is today": ("", clause(f"{name} at screening") + fact(name, "truth"), "L17", "X")
        for name in ("stroke", "organ_transplant", "had_stroke", "hepatitis_b_past", "dmso_allergy", "prior_car_t", "anaphylaxis")
    },
    "two limits of a ratio": ("", clause("alt / uln >= 4 at screening", "inclusion"), "L02", "I-2 and X"),
    "a ratio that follows": ("", clause("alt / uln > 5 at screening"), "L04", "X"),
    "the only disease excluded": ("", clause("disease is EX"), "L02", "X"),
    "a label without choices": ("", clause("smoker is never", "inclusion") + fact("smoker", "label"), "L16", "X"),
    "longer than the window": ("grade = 4", "grade = 3\nlonger_than_days = 40", "L14", "DLT-1"),
    "an alternative of a name nobody has": ("", asked('[{ says = "x", rules = { "E-1" = "pregnnt" } }]'), "L25", "Q-1"),
    "a response of a number": ("", CRP + outcome(compare='"response"'), "L19", "S-9"),
}  # fmt: skip


@pytest.mark.parametrize("name", LINTED)
def test_lint_names_it(tmp_path: Path, example: str, name: str) -> None:
    old, new, id, about = LINTED[name]
    before = {(one.id, one.about) for one in lint(load_study(made(tmp_path, example)))}
    after = lint(load_study(made(tmp_path, example.replace(old, new, 1) if old else example + new)))
    assert (id, about) not in before
    assert (id, about) in {(one.id, one.about) for one in after}


@pytest.mark.parametrize(
    "rule", ["disease is one of (EX, EX)", "alt / uln <= 2 at screening", "alt / lln >= 4 at screening"]
)
def test_what_can_be_met_is_no_contradiction(tmp_path: Path, example: str, rule: str) -> None:
    found = lint(load_study(made(tmp_path, example + clause(rule, "inclusion"))))
    assert [one.about for one in found if one.id == "L02"] == []
