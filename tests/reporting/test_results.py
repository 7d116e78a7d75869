"""results.json: every number of the endpoints' tables opens to what it rests on, and two runs are compared cell by cell."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from escalon.conduct.judge.cutoff import last_day
from escalon.conduct.judge.endpoints import execute
from escalon.conduct.judge.explaining import NothingToExplain
from escalon.facts import Day
from escalon.history.entry import Author, Entry
from escalon.history.events import CellsInfused, EntryAnnulled, FactCorrected, FactRecorded, Observation
from escalon.reporting.cell_lines import explain_cell, is_cell
from escalon.reporting.difference import Because, differences
from escalon.reporting.results import as_text, results
from escalon.reporting.sections.efficacy import efficacy, table_id
from escalon.reporting.view import View
from escalon.sources.casebook import of_entries, recorded_by
from escalon.sources.folder import take_in
from escalon.sources.frame import frame_of


def results_of(study, folder, cutoff=None):
    intake = take_in(study, folder)
    view = View(study, intake, cutoff or last_day(intake.trial))
    return results(view.document("full report", study.title, efficacy(view)), study, view.executed)


@pytest.fixture(scope="module")
def found(study, trial_folder):
    return results_of(study, trial_folder)


def changed_copy(folder: Path, to: Path, change) -> Path:
    """The folder with the lines of facts.csv changed; `change` gives the line instead, or None to leave it out."""
    to.mkdir()
    for file in folder.iterdir():
        text = file.read_text(encoding="utf-8")
        if file.name == "facts.csv":
            head, *lines = text.splitlines()
            kept = [one for line in lines if (one := change(line)) is not None]
            text = "\n".join([head, *kept]) + "\n"
        (to / file.name).write_text(text, encoding="utf-8")
    return to


def test_every_declared_endpoint_has_a_table_of_its_own(study, found):
    tables = {name.partition("/")[0] for name in found["cells"]}
    wanted = [table_id(study, one) for one in study.endpoints]
    assert len(set(wanted)) == len(wanted)
    assert set(wanted) <= tables
    assert found["endpoints"]["S-4"]["table"] == "T6-4"


def test_every_cell_statistic_and_standing_is_explained(found):
    places = set()
    for where in ("cells", "statistics", "at_visits"):
        for name in found[where]:
            assert is_cell(name), name
            line = explain_cell(found, name)
            assert line.text.startswith(name)
            places |= {one.text.rpartition("[")[2] for one in leaves(line) if "[" in one.text}
    assert any(place.startswith("facts.csv:") for place in places)
    with pytest.raises(NothingToExplain, match="Did you mean T6-4/D90/n"):
        explain_cell(found, "T6-4/D90/N")


def leaves(line):
    return [line] if not line.beneath else [leaf for one in line.beneath for leaf in leaves(one)]


def test_every_number_counted_rests_on_recorded_lines(found, trial_folder):
    sizes = {file.name: len(file.read_text(encoding="utf-8").splitlines()) for file in trial_folder.glob("*.csv")}
    for ground in found["grounds"].values():
        if place := ground.get("place"):
            file, _, line = place.partition(":")
            assert 2 <= int(line) <= sizes[file], ground
    with_value = [
        one for one in found["at_visits"].values() if one["state"] == "value" and one.get("value") not in (0, False)
    ]
    assert with_value
    assert all(one.get("grounds") for one in with_value)


def test_the_four_states_add_up_in_every_table(study, found):
    for one in found["statistics"].values():
        assert all(one[key] >= 0 for key in ("n", "missing", "not_due", "not_applicable"))
    for endpoint in found["endpoints"].values():
        for name in {key.rpartition("/")[0] for key in found["cells"] if key.startswith(f"{endpoint['table']}/")}:
            if "." in name or f"{name}/n" not in found["cells"] or found["cells"][f"{name}/n"]["text"] == "–":
                continue
            parts = [found["cells"][f"{name}/{key}"]["value"] for key in ("n", "missing", "not_due", "not_applicable")]
            assert sum(parts) == len(endpoint["members"]), name


def test_the_same_results_are_the_same_bytes_and_json(study, trial_folder, found):
    again = "".join(as_text(results_of(study, trial_folder).items()))
    assert again == "".join(as_text(found.items()))
    assert json.loads(again)["study"] == study.id
    assert differences(found, json.loads(again)) == []


def test_a_later_cut_off_closes_windows_and_brings_what_was_recorded(study, trial_folder, found):
    early = results_of(study, trial_folder, Day(2025, 9, 1))
    reasons = {one.because for one in differences(early, found)}
    assert reasons == {Because.NEW_DATA, Because.WINDOW}


def test_a_corrected_value_and_a_new_row_are_told_apart(study, trial_folder, found, tmp_path):
    def corrected(line):
        return f"P01,esr,51.5,{line.split(',', 3)[3]}" if line.startswith("P01,esr,") else line

    more = differences(found, results_of(study, changed_copy(trial_folder, tmp_path / "a", corrected)))
    assert more
    assert {one.because for one in more} == {Because.CORRECTED}
    fewer = results_of(
        study, changed_copy(trial_folder, tmp_path / "b", lambda line: None if is_late_crp(line, "P02") else line)
    )
    assert Because.NEW_DATA in {one.because for one in differences(fewer, found)}
    assert {one.because for one in differences(found, fewer)} >= {Because.CORRECTED}
    assert Because.UNEXPLAINED not in {one.because for one in [*differences(fewer, found), *differences(found, fewer)]}


def test_a_death_explains_the_responses_that_it_ended(study, trial_folder, found, tmp_path):
    """A change of a response, of its limits and of everything counted with it names the row that says who died."""
    copied = changed_copy(trial_folder, tmp_path / "a", lambda line: line)
    with (copied / "facts.csv").open("a", encoding="utf-8") as rows:
        rows.write("P16,death,yes,,2026-01-15,synthetic,,,\n")
    moved = differences(found, results_of(study, copied))
    ended = {one.name: one for one in moved if one.name.startswith("T6-4a/D180/responders")}
    assert {one.because for one in moved} == {Because.NEW_DATA}
    assert {one.shown_by for one in ended.values()} == {("P16 death 2026-01-15 yes",)}
    assert len(ended) == 6


def test_a_row_that_moves_to_another_line_is_no_change(study, trial_folder, found, tmp_path):
    def later(line):
        return f"P01,malignancy,no,,2020-01-01,synthetic,,,\n{line}" if line.startswith("P01,esr,") else line

    moved = differences(found, results_of(study, changed_copy(trial_folder, tmp_path / "a", later)))
    assert [one.name for one in moved if one.name.startswith("L7/")] == []


def test_a_row_that_two_tables_say_in_their_own_words_is_not_corrected_by_the_other(found):
    """A drug given is «yes» where drugs are counted, and its dose where they are listed: the same line, unchanged."""
    drug = {"participant": "P01", "name": "abatacept", "day": "2024-08-28", "place": "treatments.csv:2"}
    other = drug | {"participant": "P07", "place": "treatments.csv:9"}
    grounds = {"g1": drug | {"value": "yes"}, "g2": drug | {"value": "dose not recorded"}}
    whole = found | {"statistics": {}, "at_visits": {}}
    before = whole | {
        "cutoff": "2025-03-05",
        "grounds": grounds,
        "cells": {"T2-4/b/all": {"text": "1", "grounds": ["g1"]}},
    }
    after = before | {
        "cutoff": "2026-06-24",
        "grounds": dict(reversed(grounds.items())) | {"g3": other | {"value": "yes"}},
        "cells": {"T2-4/b/all": {"text": "2", "grounds": ["g1", "g3"]}},
    }
    assert [one.because for one in differences(before, after)] == [Because.NEW_DATA]


def test_one_of_two_values_of_a_day_that_is_corrected_is_told_as_it_was_and_is(found):
    esr = {"participant": "P01", "name": "esr", "day": "2025-06-01"}
    both = {
        "g1": esr | {"place": "facts.csv:2", "value": "6 mm/h"},
        "g2": esr | {"place": "facts.csv:3", "value": "60 mm/h"},
    }
    cell = {"L8/x/value": {"text": "no value", "grounds": ["g1", "g2"]}}
    before = found | {"statistics": {}, "at_visits": {}, "grounds": both, "cells": cell, "input": {"facts.csv": "1"}}
    one = {"grounds": {"g1": both["g1"]}, "cells": {"L8/x/value": {"text": "1.94", "grounds": ["g1"]}}}
    after = before | one | {"input": {"facts.csv": "2"}}
    for runs, says in (
        ((before, after), "6 mm/h and 60 mm/h → 6 mm/h"),
        ((after, before), "6 mm/h → 6 mm/h and 60 mm/h"),
    ):
        [change] = differences(*runs)
        assert (change.because, change.shown_by) == (Because.CORRECTED, (f"P01 esr 2025-06-01: {says}",))


def test_somebody_who_is_no_longer_there_is_the_reason(study, trial_folder, found, tmp_path):
    """Also where nothing recorded of the person stood beneath the number: one without any event was counted too."""
    for file in trial_folder.iterdir():
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        (tmp_path / file.name).write_text("".join(one for one in lines if one[:4] != "P23,"), encoding="utf-8")
    fewer = results_of(study, tmp_path)
    name = "T6-AE/day_29_to_1_year/participants.of"
    for old, new, because in ((found, fewer, Because.CORRECTED), (fewer, found, Because.NEW_DATA)):
        changes = {one.name: one for one in differences(old, new)}
        assert changes[name].because is because
        assert Because.UNEXPLAINED not in {one.because for one in changes.values()}


def test_a_list_that_many_cells_share_stands_once(found):
    shared = [one["grounds"] for one in found["cells"].values() if isinstance(one.get("grounds"), str)]
    assert len(shared) > len(set(shared))
    assert all(set(found["sets"][name]) <= {*found["grounds"]} for name in shared)
    assert all(len(one["grounds"]) <= 3 for one in found["cells"].values() if isinstance(one.get("grounds"), list))


def is_late_crp(line, who):
    return line.startswith(f"{who},") and ",crp," in line and ",D90" in line


def test_another_study_version_or_software_is_the_reason_only_where_nothing_else_is(found):
    other = json.loads(json.dumps(found))
    other["version"] = "another"
    name = next(iter(other["statistics"]))
    other["statistics"][name]["value"] = 99
    assert [(one.name, one.because) for one in differences(found, other)] == [(name, Because.STUDY)]
    other["version"] = found["version"]
    assert [one.because for one in differences(found, other)] == [Because.UNEXPLAINED]
    assert "unexplained" in str(differences(found, other)[0])


@pytest.mark.parametrize("other", [{}, {"cells": {}, "statistics": {}, "grounds": {}, "study": "another"}])
def test_what_is_not_comparable_is_said(found, other):
    with pytest.raises(ValueError, match=r"results\.json|different studies"):
        differences(found, other)


def test_a_cut_off_in_the_past_knows_nothing_later(study, trial_folder):
    day = Day(2025, 6, 1)
    early = results_of(study, trial_folder, day)
    days = [ground["day"][:10] for ground in early["grounds"].values() if ground.get("place")]
    assert days
    assert max(days) <= str(day)


def test_every_endpoint_with_a_number_has_the_course_of_its_measure(study, trial_folder):
    intake = take_in(study, trial_folder)
    view = View(study, intake, last_day(intake.trial))
    figures = {one.id: one for one in view.document("full report", "", efficacy(view)).figures()}
    drawn = [one for one in view.executed if one.endpoint.compare == "change from baseline" and not one.why_not]
    assert {f"F{table_id(study, one.endpoint).removeprefix('T')}" for one in drawn} <= set(figures)
    assert all(
        one.table in {table.id for table in view.document("", "", efficacy(view)).tables()} for one in figures.values()
    )
    items = figures["F6-4-items"].svg
    assert "yes" in items
    assert "no" in items


def run_of(text, *bags, input="a"):
    """A run of one cell of P01 that rests on a sample and is counted from the infusion, and the bags recorded."""
    sample = {
        "participant": "P01",
        "name": "car_transgene",
        "day": "2025-03-10",
        "value": "9",
        "place": "samples.csv:2",
    }
    doses = {
        f"d{day}": {"participant": who, "name": "infusion, level 1", "day": day, "value": "5", "place": "doses.csv:9"}
        for who, day in bags
    }
    return {
        "study": "s", "version": "1", "software": "e", "cutoff": "2026-01-01", "input": input, "statistics": {},
        "cells": {"T7-2/P01/tmax": {"text": text, "grounds": ["g1"]}}, "grounds": {"g1": sample, **doses},
    }  # fmt: skip


@pytest.mark.parametrize(("who", "because"), [("P01", Because.NEW_DATA), ("P02", Because.UNEXPLAINED)])
def test_a_bag_explains_what_moved_with_it_for_its_own_participant_alone(who, because):
    before = run_of("14", ("P01", "2025-03-03"))
    after = run_of("13", ("P01", "2025-03-03"), (who, "2025-03-04"), input="b")
    assert [one.because for one in differences(before, after)] == [because]
    gone = differences(after, before)
    assert gone[0].because is (Because.CORRECTED if because is Because.NEW_DATA else Because.UNEXPLAINED)


def test_what_was_annulled_after_the_evening_reported_of_is_told_as_a_correction():
    before, after = run_of("13", ("P01", "2025-03-04")), run_of("14", input="b")
    before["cutoff"] += ", as recorded by 2026-01-05"
    del after["cells"]["T7-2/P01/tmax"]["grounds"], after["grounds"]["g1"]
    [found] = differences(before, after)
    assert (found.because, found.shown_by) == (
        Because.CORRECTED,
        ("P01 car_transgene 2025-03-10 9 is no longer there",),
    )


def told(number, month, day, event):
    return Entry(
        number, datetime(2025, month, day, 22, 30, tzinfo=UTC), Author("ines", "Ines", "investigator", "S1"), event
    )


def seen(name, value, day, **more):
    return FactRecorded(participant="P01", fact=Observation(name=name, value=value, day=day, **more))


def test_a_casebook_is_reported_as_it_was_recorded_by_a_day(study):
    """Entered, corrected and annulled later is what the cut-off shows; as recorded by that evening nothing of it."""
    entries = [
        told(1, 2, 1, seen("disease", "RA", "2025-02-01")),
        told(2, 2, 25, seen("esr", "80", "2025-02-25", unit="mm/h")),
        told(3, 3, 3, CellsInfused(participant="P01", level=1, on=Day(2025, 3, 3), cells_per_kg=Decimal(100000))),
        told(4, 3, 31, seen("esr", "40", "2025-03-31", unit="mm/h")),
        told(5, 4, 2, seen("crp", "9", "2025-03-31", unit="mg/L")),
        told(
            6,
            5,
            1,
            FactCorrected(
                participant="P01",
                corrects=4,
                reason="slip",
                fact=Observation(name="esr", value="30", day="2025-03-31", unit="mm/h"),
            ),
        ),
        told(7, 5, 2, EntryAnnulled(participant="P01", annuls=5, reason="another person")),
        told(8, 5, 3, seen("physician_global", "20", "2025-03-31", unit="mm")),
    ]
    whole = of_entries(study, Path("book"), entries, "entry 8")
    cutoff = Day(2025, 4, 5)

    def values(intake):
        view = View(study, intake, cutoff)
        return view, {
            id: execute(study, view.trial, study.endpoint(id), cutoff).at("D28")[0].value
            for id in ("S-7", "S-12", "S-6")
        }

    view, now = values(whole)
    assert (view.dated, now) == ("2025-04-05", {"S-7": 30, "S-12": None, "S-6": 20})
    then = recorded_by(study, whole, Day(2025, 4, 30))
    view, before = values(then)
    assert (view.dated, before) == ("2025-04-05, as recorded by 2025-04-30", {"S-7": 40, "S-12": 9, "S-6": None})
    assert then.hashes != whole.hashes
    corrected = recorded_by(study, whole, Day(2025, 5, 1))
    hours_ahead = frame_of(study).zone.utcoffset(datetime(2025, 5, 1)) >= timedelta(hours=2)
    assert values(corrected)[1]["S-7"] == (40 if hours_ahead else 30)


def test_a_folder_does_not_say_when_anything_was_recorded(study, trial_folder):
    with pytest.raises(ValueError, match="does not say when anything was recorded"):
        recorded_by(study, take_in(study, trial_folder), Day(2025, 4, 1))
