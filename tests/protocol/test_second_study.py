"""Another trial is a folder: nothing in the code knows of it."""

from fractions import Fraction
from pathlib import Path

import pytest

from escalon.escalation import next_dose
from escalon.facts import Duration
from escalon.protocol import load_study
from escalon.protocol.design import calendar_guards, dose_rule
from escalon.protocol.lint import lint
from escalon.protocol.skeleton import Outline, write_skeleton
from escalon.protocol.trace import trace

from .folders import ORCHID


def test_another_trial_is_written_without_touching_code() -> None:
    study = load_study(ORCHID)
    assert [one.amount.value for one in study.dose.levels] == [250_000, 500_000, 1_000_000, 2_000_000]
    assert study.dose.window(study.dose.level(1)) == (Fraction(225_000), Fraction(275_000))
    assert study.dose.dlt_window == Duration(6, "week")
    assert study.vocabulary["disease"].choices == ("MG",)
    assert study.vocabulary["sledai_2k"].high == 105
    assert [one.severity for one in lint(study)].count("error") == 1  # it defines no DLT, which lint says
    assert trace(study).uncovered == ()


def test_its_dose_rule_has_its_levels_and_cap() -> None:
    rule = dose_rule(load_study(ORCHID))
    assert (rule.levels, rule.cap) == (4, 24)
    assert next_dose(rule, "1NNN 2NNN").level == 3
    assert [type(guard).__name__ for guard in calendar_guards(load_study(ORCHID))] == ["DltWindow"]


def test_the_skeleton_loads_and_lints_and_is_traced(tmp_path: Path) -> None:
    written = write_skeleton(tmp_path / "mine")
    study = load_study(tmp_path / "mine")
    assert [path.name for path in written] == ["study.toml", "record.txt"]
    assert [one for one in lint(study) if one.severity == "error"] == []
    assert trace(study).uncovered == ()
    assert trace(study).misquoted == ()


def test_a_variant_that_there_is_not_is_refused_with_those_there_are(tmp_path: Path) -> None:
    for rule in ("3+3", "boin target=0.25", "P01"):
        with pytest.raises(ValueError, match=r"no variant 'V9' of a 3\+3\. Write one of: V1, V2, V3"):
            write_skeleton(tmp_path / "mine", Outline(rule=rule, variant="V9"))
    assert not (tmp_path / "mine").exists()
    write_skeleton(tmp_path / "mine", Outline(variant="v3"))


def test_the_version_changes_with_any_word_of_the_folder(tmp_path: Path) -> None:
    write_skeleton(tmp_path / "a")
    write_skeleton(tmp_path / "b")
    before = load_study(tmp_path / "a").version
    assert before == load_study(tmp_path / "b").version
    path = tmp_path / "b" / "record.txt"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert load_study(tmp_path / "b").version != before
