"""One trial from five sources: a data folder, the casebook of it, its archive, and the tidy export of each: the same answers."""

import re
from datetime import UTC, datetime

import pytest

from escalon.casebook.archive import make_archive
from escalon.casebook.clock import SetClock
from escalon.casebook.location import create_casebook
from escalon.conduct.judge.cutoff import as_of
from escalon.conduct.judge.departures import departures
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.conduct.judge.samples import profiles_of
from escalon.conduct.judge.screening import screen
from escalon.conduct.record.importing import import_folder
from escalon.exchange.tidy_folder import write_folder
from escalon.facts import Day
from escalon.protocol import load_study
from escalon.reporting.trial import full_report
from escalon.reporting.view import View
from escalon.sources.as_rows import tables_of
from escalon.sources.folder import take_in
from tests.casebook.trial import INES, Trial
from tests.drawn import drawn
from tests.histories import facts

EARLY, CUTOFF = Day(2025, 6, 1), Day(2026, 6, 30)
PLACE = re.compile(r"(?:casebook:\d+|\w+\.csv:\d+)")


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """The study, and the trial as taken in from each source by its name."""
    study = load_study("nct07052565")
    data = drawn()
    book = tmp_path_factory.mktemp("place") / "book"
    clock = SetClock(datetime(2026, 7, 1, 9, tzinfo=UTC))
    casebook = create_casebook(book, study=study.id, study_version=study.version, clock=clock)
    trial = Trial(casebook, study)
    done = import_folder(trial.conduct, INES, study, data, "S1", dry_run=False, override=None)
    archive = tmp_path_factory.mktemp("archive") / "archive"
    make_archive(casebook, archive)
    casebook.close()
    assert (done.conflicts, done.refused, done.departures) == ([], (), [])
    found = {"folder": take_in(study, data), "casebook": take_in(study, book)}
    found["archive of the casebook"] = take_in(study, archive)
    for name in ("folder", "casebook"):
        tidy = tmp_path_factory.mktemp(f"export of the {name}")
        write_folder(found[name].trial, tidy)
        found[f"export of the {name}"] = take_in(study, tidy)
    return study, found


def same(sources, answer):
    """The answer of the folder, which every other source must give too."""
    study, found = sources
    answers = {name: answer(study, intake) for name, intake in found.items()}
    for name, other in answers.items():
        assert other == answers["folder"], name
    return answers["folder"]


def placeless(value):
    """An answer for scripts or a page, without where its rows were read."""
    if isinstance(value, str):
        return PLACE.sub("…", value)
    if isinstance(value, dict):
        return {key: placeless(one) for key, one in value.items()}
    return [placeless(one) for one in value] if isinstance(value, list | tuple) else value


def test_every_row_is_used_and_each_source_says_where_it_stands(sources):
    _, found = sources
    assert all(intake.refused == () for intake in found.values())
    assert all(fact.source.startswith("casebook:") for fact in facts(found["casebook"].trial))
    assert all(fact.source.startswith("facts.csv:") for fact in facts(found["export of the casebook"].trial))


def test_the_rows_are_the_same(sources):
    """In any order: a casebook has a folder's reviews of a window after its other rows."""

    def rows(study, intake):
        return {name: sorted(map(str, some)) for name, some in tables_of(intake.trial).items()}

    assert len(same(sources, rows)["facts"]) > 3000


def test_everybody_is_known_to_be_invented(sources):
    assert same(sources, lambda study, intake: intake.trial.synthetic) is True


@pytest.mark.parametrize(("day", "people"), [(EARLY, 11), (CUTOFF, 25)], ids=str)
def test_screening_is_the_same(sources, day, people):
    told = same(
        sources,
        lambda study, intake: [placeless(one.as_json()) for one in screen(study, as_of(intake.trial, day), day)],
    )
    assert len(told) == people


@pytest.mark.parametrize(("day", "conduct"), [(EARLY, "1NNN 2NTP"), (CUTOFF, "1NNN 2NTN 2NNN 3NNT 3NNN")], ids=str)
def test_the_next_dose_is_the_same_with_every_outcome_and_why(sources, day, conduct):
    told = same(
        sources,
        lambda study, intake: placeless(decide_next_dose(study, as_of(intake.trial, day), day).as_json()),
    )
    assert told["conduct"] == conduct


def test_nothing_departs_from_the_rule_wherever_it_is_read(sources):
    assert same(sources, lambda study, intake: departures(study, intake.trial)) == []


def test_the_kinetics_are_the_same(sources):
    told = same(
        sources,
        lambda study, intake: [placeless(repr(one)) for one in profiles_of(study, intake.trial)[0]],
    )
    assert len(told) == 15 * 5  # fifteen people infused; the transgene, B cells and three immunoglobulins


def test_the_report_is_the_same_but_for_where_it_comes_from(sources):
    def report(study, intake):
        document = full_report(View(study, intake, CUTOFF))
        ours = (table for table in document.tables() if not table.id.startswith(("T10-2", "T10-3", "T10-4")))
        return [(name, placeless(cell.text)) for table in ours for name, cell in table.cells()]

    told = same(sources, report)
    assert len(told) > 3000
