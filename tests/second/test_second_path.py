"""Two ways to one number: what results.json says is what a program says that shares nothing with the package."""

import ast
import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any

import pytest

from escalon.conduct.judge.cutoff import as_of, last_day
from escalon.conduct.judge.endpoints import execute
from escalon.conduct.judge.populations import dose_of_today
from escalon.escalation import EscalationError, Outcome
from escalon.facts import Day
from escalon.protocol import load_study
from escalon.reporting.results import exact_text, named_statistics
from escalon.sources.folder import take_in
from tests.drawn import drawn
from tests.second import scores
from tests.second.recount import recount

HERE = Path(__file__).parent
SEEDS = range(2, 2 + int(os.environ.get("SECOND_PATH_SEEDS", "2")))
Row = dict[str, str]


def test_the_second_path_imports_nothing_of_the_package():
    """Neither by name, nor by what it imports in turn, nor by running it."""
    for file in (HERE / "recount.py", HERE / "scores.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        roots = {name.partition(".")[0] for name in names}
        allowed = "csv json statistics sys collections datetime fractions functools itertools math pathlib scipy scores"
        assert roots <= set(allowed.split())
        assert not {"importlib", "__import__", "eval", "exec"} & {
            one.id for one in ast.walk(tree) if isinstance(one, ast.Name)
        }


@pytest.fixture(scope="module")
def demo(study, trial_folder):
    return trial_folder


def ours(study, folder: Path, cutoff: Day) -> tuple[dict[str, Any], dict[str, dict[str, int]]]:
    trial = as_of(take_in(study, folder).trial, cutoff)
    done = [execute(study, trial, one, cutoff) for one in study.outcomes]
    numbers = {name: exact_text(one.value) for each in done for name, one in named_statistics(study, each)}
    found = dose_of_today(study, trial, cutoff)
    assert not isinstance(found, EscalationError), found
    levels: dict[str, dict[str, int]] = {}
    for one in found.reviews:
        level = levels.setdefault(str(one.infusion.level), {"infused": 0, "dlt": 0, "evaluable": 0})
        level["infused"] += 1
        level["dlt"] += one.outcome is Outcome.DLT
        level["evaluable"] += one.outcome in (Outcome.DLT, Outcome.NO_DLT)
    return numbers, levels


def differing(study, folder: Path, cutoff: Day, more: Mapping[str, Any] = MappingProxyType({})) -> list[str]:
    """Every statistic that the two paths do not agree on; as many as there are names on either side if one is silent."""
    numbers, levels = ours(study, folder, cutoff)
    theirs, other = recount(folder, str(cutoff), more)
    found = [
        f"{name}: {numbers[name]} and {theirs.get(name)}"
        for name in numbers
        if not same(numbers[name], theirs.get(name))
    ]
    found += [f"{name}: only counted again" for name in theirs if name not in numbers and theirs[name] is not None]
    return found + ([] if levels == other else [f"levels: {levels} and {other}"])


def same(one: Any, other: Any) -> bool:
    if isinstance(one, str) and one in ("ND", "BLQ"):
        return one == other
    if one is None or other is None or isinstance(other, str):
        return one is None and other is None
    return float(Fraction(one)) == pytest.approx(float(other), rel=1e-9, abs=1e-9)


def test_every_statistic_of_the_demonstration_is_counted_twice(study, demo):
    cutoff = last_day(take_in(study, demo).trial)
    assert differing(study, demo, cutoff) == []
    assert len(ours(study, demo, cutoff)[0]) > 1000


@pytest.mark.parametrize("cutoff", [Day(2025, 4, 1), Day(2025, 6, 15), Day(2025, 10, 31), Day(2026, 2, 28)], ids=str)
def test_at_an_early_cut_off_too(study, demo, cutoff):
    assert differing(study, demo, cutoff) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_on_other_invented_trials(study, seed):
    folder = drawn(seed=seed)
    cutoff = last_day(take_in(study, folder).trial)
    assert differing(study, folder, cutoff) == []
    assert differing(study, folder, Day.of(cutoff.earliest.replace(day=1))) == []


def rows_of(file: Path) -> list[Row]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def write_rows(file: Path, rows: Iterable[Row]) -> None:
    some = list(rows)
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, list(some[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(some)


def rewritten(folder: Path, to: Path, change: Callable[[list[Row]], Iterable[Row]]) -> Path:
    """A copy of a folder with the rows of facts.csv changed."""
    to.mkdir()
    for file in folder.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    write_rows(to / "facts.csv", change(rows_of(to / "facts.csv")))
    return to


def unit_changed(rows: list[Row]) -> Iterable[Row]:
    """CRP of one visit in mg/dL: the same concentration in other words."""
    for row in rows:
        if row["fact"] == "crp" and row["visit"] == "D90":
            row |= {"value": str(Fraction(row["value"]).limit_denominator(10**6) / 10 * 1.0), "unit": "mg/dL"}
            row["value"] = f"{float(row['value']):.6g}"
        yield row


def a_day_late(rows: list[Row]) -> Iterable[Row]:
    """The visit of day 28 of half the people four days late, and one day late for the others."""
    for row in rows:
        if row["visit"] == "D28":
            late = 4 if int(row["participant"].strip("P")) % 2 else 1
            row["date"] = str(
                Day.parse(row["date"]).earliest.fromordinal(Day.parse(row["date"]).earliest.toordinal() + late)
            )
        yield row


def twice(rows: list[Row]) -> Iterable[Row]:
    """Every row of one visit twice, and one of them with another value: the same again changes nothing, another makes none."""
    for row in rows:
        yield row
        if row["visit"] == "D90":
            yield dict(row)
            if row["fact"] in ("crp", "mrss.face", "pain") and row["participant"] in ("P02", "P03", "P06", "P07"):
                yield row | {"value": "1" if row["value"] != "1" else "2"}


def left_early(rows: list[Row]) -> Iterable[Row]:
    """Two people who left, with nothing recorded later."""
    left = {"P01": "2025-05-01", "P06": "2025-07-15"}
    for row in rows:
        if row["participant"] not in left or row["date"] <= left[row["participant"]]:
            yield row
    for who, day in left.items():
        blank = dict.fromkeys(rows[0], "")
        yield blank | {
            "participant": who,
            "fact": "study_discontinuation",
            "value": "yes",
            "date": day,
            "source": "synthetic",
        }


def died(rows: list[Row]) -> Iterable[Row]:
    """One of each disease that has a response dies, the one with visits recorded later all the same, the other without."""
    days = {"P01": "2025-05-01", "P03": "2025-06-10"}
    for row in rows:
        if row["participant"] != "P03" or row["date"] <= days["P03"]:
            yield row
    for who, day in days.items():
        yield dict.fromkeys(rows[0], "") | {
            "participant": who,
            "fact": "death",
            "value": "yes",
            "date": day,
            "source": "synthetic",
        }


def rows_gone(rows: list[Row]) -> Iterable[Row]:
    """One row in nine of the visits after infusion never written down."""
    random = Random(9)
    return [row for row in rows if row["visit"] not in ("D28", "D90", "D180") or random.random() > 1 / 9]


def half_recorded(rows: list[Row]) -> Iterable[Row]:
    """One infused person of whom nothing but the disease was written down, and one of whom not even that."""
    return [
        row
        for row in rows
        if not (row["participant"] == "P02" and row["fact"] != "disease") and row["participant"] != "P03"
    ]


def in_elapsed_days(folder: Path) -> None:
    """The samples of a folder with the day since infusion in place of the date."""
    doses = {row["participant"]: row["date"] for row in rows_of(folder / "doses.csv")}
    rows = rows_of(folder / "samples.csv")
    for row in rows:
        row["day"] = str(
            Day.parse(row["date"]).earliest.toordinal() - Day.parse(doses[row["participant"]]).earliest.toordinal()
        )
        row["date"] = ""
    write_rows(folder / "samples.csv", rows)


def test_on_samples_in_elapsed_days(study, demo, tmp_path):
    folder = rewritten(demo, tmp_path / "elapsed", half_recorded)
    in_elapsed_days(folder)
    cutoff = last_day(take_in(study, demo).trial)
    assert differing(study, folder, cutoff) == []


@pytest.mark.parametrize(
    "change", [unit_changed, a_day_late, twice, left_early, died, rows_gone], ids=lambda one: one.__name__
)
def test_on_what_goes_wrong_in_a_trial(study, demo, change, tmp_path):
    folder = rewritten(demo, tmp_path / "changed", change)
    cutoff = last_day(take_in(study, demo).trial)
    assert differing(study, folder, cutoff) == []
    if change is not unit_changed:
        assert ours(study, folder, cutoff)[0] != ours(study, demo, cutoff)[0]


@pytest.fixture(scope="module")
def with_bicla(study, tmp_path_factory):
    """The study with BICLA and SRI-4 shown beside SLEDAI-2K."""
    folder = tmp_path_factory.mktemp("bicla") / "study"
    shutil.copytree(study.folder, folder)
    file = folder / "endpoints.toml"
    text, beside = file.read_text(encoding="utf-8"), '  [[endpoint.beside]]\n  measure = "{}"\n'
    sri_4 = beside.format("sri_4")
    assert sri_4 in text
    file.write_text(text.replace(sri_4, beside.format("bicla") + '  title = "BICLA"\n' + sri_4), encoding="utf-8")
    return load_study(folder)


def said_of_treatment(rows: list[Row]) -> Iterable[Row]:
    """What BICLA asks beside the scores, of everybody with lupus at two visits: one failed, of one nobody said."""
    yield from rows
    of_visits = {(r["participant"], r["visit"]): r for r in rows if r["fact"] == "physician_global_lupus"}
    for (who, visit), row in of_visits.items():
        for item in ("treatment_failure", "discontinued"):
            if visit in ("D90", "D180") and (who, item) != ("P16", "discontinued"):
                failed = (who, item, visit) == ("P08", "treatment_failure", "D180")
                yield row | {"fact": f"bicla.{item}", "value": "yes" if failed else "no", "unit": ""}


@pytest.mark.parametrize("change", [list, rows_gone], ids=["whole", "rows gone"])
def test_what_an_outcome_beside_another_asks_for_is_recorded_and_counted_twice(
    study, with_bicla, demo, change, tmp_path
):
    folder = rewritten(demo, tmp_path / "changed", lambda rows: change(list(said_of_treatment(rows))))
    assert not take_in(with_bicla, folder).refused
    cutoff = last_day(take_in(study, demo).trial)
    more = {"T6-4a": ("SLE", scores.bicla), "T6-4b": ("SLE", scores.sri4)}
    assert differing(with_bicla, folder, cutoff, more) == []
    numbers = ours(with_bicla, folder, cutoff)[0]
    if change is list:
        assert (numbers["T6-4a/D90/responders"], numbers["T6-4a/D90/responders.of"]) == (2, 3)


def test_the_same_concentration_in_another_unit_is_the_same_number(study, demo, tmp_path):
    cutoff = last_day(take_in(study, demo).trial)
    theirs, _ = recount(demo, str(cutoff))
    again, _ = recount(rewritten(demo, tmp_path / "changed", unit_changed), str(cutoff))
    assert float(theirs["T6-12/D90/value.mean"]) == pytest.approx(float(again["T6-12/D90/value.mean"]), rel=1e-6)


def test_it_runs_by_itself(demo):
    """With the package out of reach: nothing but this folder is on the path."""
    program = [sys.executable, "-I", str(HERE / "recount.py"), str(demo), "2026-06-29"]
    done = subprocess.run(program, capture_output=True, text=True, check=True, timeout=120)
    assert json.loads(done.stdout)["levels"]["1"]["infused"] == 3
