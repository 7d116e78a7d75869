"""A level means what its unit says: a flat dose is never multiplied by body weight, an unknown unit is refused."""

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner

from escalon.cli.main import app
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.escalation import EscalationError, Treat, next_dose
from escalon.escalation.catalogue import parse_design
from escalon.escalation.notation import parse_conduct
from escalon.facts import Day
from escalon.instruments.product.dose import DoseAmount
from escalon.protocol import load_study
from escalon.protocol.design import dose_rule
from escalon.protocol.lint import lint
from escalon.protocol.prose import escalation_sentences
from escalon.protocol.skeleton import write_skeleton
from tests.histories import Infusion, history

from .folders import refusal

RUN = CliRunner(env={"COLUMNS": "160", "TERM": "dumb"})
BAG = ["--cells-per-ml", "2.5e6", "--viability", "85%", "--car-fraction", "40%"]
LOW, HIGH, PRODUCT = 'cells_per_kg = "1e5"', 'cells_per_kg = "1e6"', 'product       = "example cells"'


def study_with(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    """The example study with some of its text changed."""
    folder = tmp_path / "st"
    write_skeleton(folder)
    path = folder / "study.toml"
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return folder


def given_in(tmp_path: Path, low: str, high: str) -> Path:
    """The example study with its two levels given otherwise."""
    return study_with(tmp_path, (LOW, f'amount = "{low}"'), (HIGH, f'amount = "{high}"'))


WRITTEN = [
    ("3e5 cells/kg", DoseAmount(Fraction(300_000), "{cells}", "kg", "cells"), "3 × 10⁵ cells/kg"),
    ("3×10^5 CAR-T cells/kg", DoseAmount(Fraction(300_000), "{cells}", "kg", "CAR-T cells"), "3 × 10⁵ CAR-T cells/kg"),
    ("1.5 x 10⁶ cells/m²", DoseAmount(Fraction(1_500_000), "{cells}", "m2", "cells"), "1.5 × 10⁶ cells/m²"),
    ("1e8 cells", DoseAmount(Fraction(10**8), "{cells}", "", "cells"), "1 × 10⁸ cells"),
    ("25 mg", DoseAmount(Fraction(25), "mg", "", "mg"), "25 mg"),
    ("2 mg/kg", DoseAmount(Fraction(2), "mg", "kg", "mg"), "2 mg/kg"),
    ("10 mg/m2", DoseAmount(Fraction(10), "mg", "m2", "mg"), "10 mg/m²"),
    ("0.5 µg/kg", DoseAmount(Fraction(1, 2), "ug", "kg", "µg"), "0.5 µg/kg"),
    ("7.4 GBq", DoseAmount(Fraction(37, 5), "GBq", "", "GBq"), "7.4 GBq"),
    ("185 MBq/m²", DoseAmount(Fraction(185), "MBq", "m2", "MBq"), "185 MBq/m²"),
    ("200 mCi", DoseAmount(Fraction(200), "mCi", "", "mCi"), "200 mCi"),
    ("50 kBq/kg", DoseAmount(Fraction(50), "kBq", "kg", "kBq"), "50 kBq/kg"),
    ("5e13 vg/kg", DoseAmount(Fraction(5 * 10**13), "{vg}", "kg", "vg"), "5 × 10¹³ vg/kg"),
]


@pytest.mark.parametrize(("text", "dose", "shown"), WRITTEN)
def test_a_dose_is_read_with_its_unit_and_its_basis(text: str, dose: DoseAmount, shown: str) -> None:
    assert DoseAmount.parse(text) == dose
    assert str(dose) == shown


@pytest.mark.parametrize("given", ["200 mCi", "7400 MBq", "7.4e6 kBq"])
def test_an_activity_is_the_same_dose_in_becquerel_and_in_curie(given: str) -> None:
    assert DoseAmount.parse(given).as_given_in(DoseAmount.parse("7.4 GBq")) == Fraction(37, 5)  # 1 Ci = 37 GBq (SI)


def test_an_activity_is_planned_and_judged_and_never_a_mass(tmp_path: Path) -> None:
    folder = str(given_in(tmp_path, "7.4 GBq", "11.1 GBq"))
    line = ["dose", "product", folder, "--level", "1"]
    assert "7.4 GBq" in RUN.invoke(app, line).output
    assert RUN.invoke(app, [*line, "--given", "200 mCi"]).exit_code == 0
    low = RUN.invoke(app, [*line, "--given", "100 mCi"])
    assert (low.exit_code, "-50.0 % from level 1" in low.output) == (1, True)
    for other in ("7.4 mg", "7.4 GBq/kg", "7.4 mBq"):
        assert RUN.invoke(app, [*line, "--given", other]).exit_code != 0


@pytest.mark.parametrize(
    "text",
    [
        "3 bags", "25", "mg", "2 tablets/day", "0 mg", "-5 mg", "1e5 cells/l", "1e5 /kg", "1e30 cells",
        "7.4 mBq", "200 MCi", "2 Ci", "7.4 gbq",  # another size is another dose: 10⁹ lie between M and m
    ],
)  # fmt: skip
def test_a_unit_nobody_can_compute_with_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Write|number"):
        DoseAmount.parse(text)


def test_the_total_depends_on_what_the_dose_is_for() -> None:
    assert DoseAmount.parse("3e5 cells/kg").total(weight=70, surface=2) == 21_000_000
    assert DoseAmount.parse("10 mg/m2").total(weight=70, surface=2) == 20
    assert DoseAmount.parse("25 mg").total() == 25
    assert DoseAmount.parse("2 mg/kg").total(surface=2) is None


def test_a_flat_dose_is_not_multiplied_by_body_weight(tmp_path: Path) -> None:
    folder = str(given_in(tmp_path, "2.5e7 cells", "5e7 cells"))
    plan = RUN.invoke(app, ["dose", "product", folder, "--level", "1", "--weight", "55kg", *BAG])
    assert plan.exit_code == 0, plan.output
    assert "2.50 × 10⁷" in plan.output
    assert "29.41 mL" in plan.output  # 2.5e7 / (2.5e6 × 0.85 × 0.40)
    given = RUN.invoke(app, ["dose", "product", folder, "--level", "1", "--weight", "55kg", "--cells", "2.5e7"])
    assert given.exit_code == 0, given.output
    assert "+0.0 % from level 1" in given.output
    without_weight = RUN.invoke(app, ["dose", "product", folder, "--level", "1", *BAG])
    assert without_weight.exit_code == 0, without_weight.output


def test_a_flat_unit_beside_cells_per_kilogram_is_refused(tmp_path: Path) -> None:
    folder = study_with(
        tmp_path,
        (PRODUCT, f'{PRODUCT}\nunit = "CAR-T cells"'),
        (LOW, 'cells_per_kg = "2.5e7"'),
        (HIGH, 'cells_per_kg = "5e7"'),
    )
    problem = refusal(folder).problems[0]
    assert "another dose than so many CAR-T cells" in problem.what
    assert 'amount = "25000000 CAR-T cells"' in problem.what
    assert RUN.invoke(app, ["dose", "product", str(folder), "--level", "1", "--weight", "55kg", *BAG]).exit_code != 0


@pytest.mark.parametrize("command", [["study", "lint"], ["study", "show"], ["study", "trace"]])
def test_a_unit_that_is_not_understood_is_named_by_every_command(tmp_path: Path, command: list[str]) -> None:
    folder = study_with(tmp_path, (PRODUCT, f'{PRODUCT}\nunit = "bags"'))
    found = RUN.invoke(app, [*command, str(folder)])
    assert found.exit_code != 0
    assert "bags" in str(refusal(folder))


def test_a_drug_in_mg_is_planned_and_judged_in_mg(tmp_path: Path) -> None:
    folder = str(given_in(tmp_path, "54 mg", "81 mg"))
    plan = RUN.invoke(app, ["dose", "product", folder, "--level", "1"])
    assert (plan.exit_code, "54 mg" in plan.output) == (0, True)
    assert RUN.invoke(app, ["dose", "product", folder, "--level", "1", "--given", "43.2 mg"]).exit_code == 0
    low = RUN.invoke(app, ["dose", "product", folder, "--level", "1", "--given", "0.0431 g"])
    assert (low.exit_code, "outside ± 20 %" in low.output) == (1, True)
    assert "43.2 to 64.8 mg" in RUN.invoke(app, ["study", "show", folder, "-s", "dose"]).output


def test_a_dose_by_body_surface_asks_for_height_and_weight(tmp_path: Path) -> None:
    folder = str(given_in(tmp_path, "10 mg/m2", "20 mg/m2"))
    assert RUN.invoke(app, ["dose", "product", folder, "--level", "1"]).exit_code == 1
    size = ["--height", "170cm", "--weight", "70kg"]
    plan = RUN.invoke(app, ["dose", "product", folder, "--level", "1", *size])
    assert (plan.exit_code, "18.18 mg" in plan.output) == (0, True), plan.output
    given = RUN.invoke(app, ["dose", "product", folder, "--level", "1", *size, "--given", "18 mg"])
    assert (given.exit_code, "within ± 20 %" in given.output) == (0, True), given.output


@pytest.mark.parametrize(
    ("low", "high", "what"),
    [
        ("25 mg", "2 mg/kg", "Write all levels in one unit"),
        ("25 mg", "0.05 g", "Write all levels in one unit"),
        ("1e8 cells", "1e5 cells/kg", "Write all levels in one unit"),
        ("25 mg", "20 mg", "a level is higher than the one before it"),
        ("25 mg", "3 bags", "not a unit that a dose can be computed with"),
    ],
)
def test_levels_are_in_one_unit_and_rise(tmp_path: Path, low: str, high: str, what: str) -> None:
    assert what in refusal(given_in(tmp_path, low, high)).problems[0].what


@pytest.mark.parametrize("instead", ["", f'{LOW}\namount = "1e5 cells/kg"\n'])
def test_a_level_without_a_dose_or_with_two_is_refused(tmp_path: Path, instead: str) -> None:
    assert "a level has one `amount`" in str(refusal(study_with(tmp_path, (f"{LOW}\n", instead))))


def test_a_study_names_its_design_as_the_command_line_does(tmp_path: Path) -> None:
    rule = ('rule          = "three_plus_three"', 'rule          = "boin target=0.3"')
    study = load_study(study_with(tmp_path, rule, ('variant       = "V2"', "")))
    assert dose_rule(study).name == "BOIN 0.3"
    assert any("0.3" in sentence for sentence in escalation_sentences(study))


def test_a_level_below_level_1_is_where_nobody_starts(tmp_path: Path) -> None:
    below = (("number       = 1", "number       = -1"), ("number       = 2", "number       = 1"))
    rule = dose_rule(load_study(study_with(tmp_path, *below)))
    assert rule.labels == (-1, 1)
    assert next_dose(rule, "").level == 1
    assert next_dose(rule, "1NTT").level == -1


def test_the_first_cohort_is_treated_at_the_level_the_study_starts_at(tmp_path: Path) -> None:
    study = load_study(study_with(tmp_path, ("cap           = 12", "cap           = 12\nstart = 2")))
    assert next_dose(dose_rule(study), "").level == 2
    assert "no level 5" in str(
        refusal(study_with(tmp_path / "b", ("cap           = 12", "cap           = 12\nstart = 5")))
    )


def test_a_design_without_its_settings_says_what_to_write(tmp_path: Path) -> None:
    folder = study_with(tmp_path, ('rule          = "three_plus_three"', 'rule          = "boin"'))
    assert "boin needs target" in refusal(folder).problems[0].what


def test_a_decision_table_is_read_as_it_stands(tmp_path: Path) -> None:
    """A rule that is a file is not remembered from before the file was changed."""
    table = tmp_path / "table.csv"
    table.write_text("n,escalate,de_escalate\n3,0,2\n", encoding="utf-8")
    rule = ('"three_plus_three"', f'"table file={table} target=0.3"')
    study = load_study(study_with(tmp_path, rule, ('variant       = "V2"', "# none:")))
    for escalate, level in ((0, 1), (1, 2)):
        table.write_text(f"n,escalate,de_escalate\n3,{escalate},2\n", encoding="utf-8")
        told = next_dose(dose_rule(study), parse_conduct("1NNT"), (), date(2025, 3, 1))
        assert isinstance(told, Treat)
        assert told.level == level
        assert dose_rule(study) is dose_rule(study), "while the file says the same it is read once"


def test_a_decision_table_that_changes_while_it_is_read_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read of it is kept under no bytes but its own."""
    table = tmp_path / "table.csv"
    table.write_text("n,escalate,de_escalate\n3,0,2\n", encoding="utf-8")
    rule = ('"three_plus_three"', f'"table file={table} target=0.3"')
    study = load_study(study_with(tmp_path, rule, ('variant       = "V2"', "# none:")))

    def changed_meanwhile(*args: object, **more: object) -> object:
        table.write_text("n,escalate,de_escalate\n3,1,2\n", encoding="utf-8")
        return parse_design(*args, **more)  # type: ignore[arg-type]

    table.write_text("n,escalate,de_escalate\n3,0,3\n", encoding="utf-8")
    monkeypatch.setattr("escalon.escalation.catalogue.parse_design", changed_meanwhile)
    with pytest.raises(EscalationError, match="was changed while it was read"):
        dose_rule(study)
    told = next_dose(dose_rule(study), parse_conduct("1NNT"), (), date(2025, 3, 1))
    assert (told.action, told.level) == ("treat", 2)


@pytest.mark.parametrize("key", ["file", "File"])
def test_a_decision_table_lies_in_the_study_folder_and_its_answers_are_not_kept(tmp_path: Path, key: str) -> None:
    """Wherever the question is asked from; and a trial that was asked before is asked again."""
    rule = ('"three_plus_three"', f'"table {key}=table.csv target=0.3"')
    folder = study_with(tmp_path, rule, ('variant       = "V2"', "# none:"))
    study, versions, asked = (
        None,
        set(),
        history(infusions=tuple(Infusion(f"P{n}", 1, Day(2025, 3, 3 + 7 * n)) for n in range(3))),
    )
    for escalate, level in ((0, 2), ("", 1)):
        rows = f"1,0,1\n2,0,1\n3,{escalate},2\n"
        (folder / "table.csv").write_text(f"n,escalate,de_escalate\n{rows}", encoding="utf-8")
        study = study or load_study(folder)
        versions.add(load_study(folder).version)
        told = decide_next_dose(study, asked, date(2025, 6, 1)).decision
        assert isinstance(told, Treat), told
        assert told.level == level
    assert len(versions) == 2  # another table is another protocol


@pytest.mark.parametrize(("first", "says"), [("", False), ("whole_cohort_first = false\n", True)])
def test_backfill_is_said_to_begin_early_only_where_nothing_holds_it(tmp_path, first, says):
    changed = study_with(
        tmp_path, ('"three_plus_three"', '"3+3 backfill_to=6"'), ("cap           = 12", f"{first}cap           = 12")
    )
    sentences = escalation_sentences(load_study(changed))
    assert any("Backfill may start while windows are open above" in one for one in sentences) is says


def test_a_decision_table_that_ends_before_the_cap_is_named(tmp_path):
    changed = study_with(
        tmp_path, ('"three_plus_three"', '"table file=own.csv target=0.25"'), ('variant       = "V2"', "")
    )
    for rows, says in (("3,0,E\n3,1,S\n3,2,D\n3,3,DU", True), (_whole_rows(12), False)):
        (changed / "own.csv").write_text(f"n,t,decision\n{rows}\n")
        found = [one.what for one in lint(load_study(changed)) if one.id == "L11"]
        assert any("says nothing of 6 at a level" in one for one in found) is says


def _whole_rows(up_to: int) -> str:
    return "\n".join(f"{n},{t},S" for n in range(3, up_to + 1, 3) for t in range(n + 1))
