"""A trial under any dose rule, recorded through conduct and read again at every door: the same dose, holds and departures."""

import os
import re
from datetime import timedelta

import pytest
from tests.casebook.trial import INES, Trial
from tests.casebook.walk import RULES, WINDOW, Walk

from escalon.casebook import location
from escalon.casebook.archive import make_archive
from escalon.casebook.backup import back_up, restore
from escalon.casebook.location import open_casebook
from escalon.conduct.judge.departures import departures
from escalon.conduct.judge.dose_review import gone
from escalon.conduct.judge.dosing import decide_as_recorded
from escalon.conduct.permit.holds import dosing_holds
from escalon.escalation import next_dose
from escalon.exchange.tidy_folder import write_folder
from escalon.facts import Day
from escalon.history.events import ConsentWithdrawn
from escalon.protocol import load_study
from escalon.protocol.design import dose_rule
from escalon.sources.folder import take_in

SEEDS = int(os.environ.get("ESCALON_WALKS", "1"))
"""How many random trials under each rule."""

PASSPHRASE = "a long passphrase of a test"
PLACE = re.compile(r"(?:casebook:\d+|\w+\.csv:\d+)(?: \([^)]*\))?")
NAMED = "departure from the rule: "


def placeless(value):
    """An answer without where its rows were read."""
    if isinstance(value, str):
        return PLACE.sub("…", value)
    if isinstance(value, dict):
        return {key: placeless(one) for key, one in value.items()}
    return [placeless(one) for one in value] if isinstance(value, list | tuple) else value


def said(study, trial, days):
    """What a door answers on some days: the dose with every outcome and why, and the holds of each level."""
    found = {}
    for day in days:
        dose = placeless(decide_as_recorded(study, trial, Day.of(day)).as_json())
        dose["decision"].pop("departures")
        dose["decision"]["notes"] = [one for one in dose["decision"]["notes"] if not one.startswith(NAMED)]
        found[f"dose on {day}"] = dose
        found[f"holds on {day}"] = placeless([one.as_json() for one in dosing_holds(study, trial, day)])
    return found


def departed(study, trial, day):
    """What the rules would have held by the record, and what the dose rule's own replay names beside its answer."""
    noted = decide_as_recorded(study, trial, Day.of(day)).decision.departures
    return [placeless(str(one)) for one in departures(study, trial)], [str(one) for one in noted]


def doors(walk, folder):
    """The trial as it stands at each door that keeps every entry, by its name."""
    place, book = folder / "book", walk.trial.casebook
    yield "casebook", take_in(walk.plan, place).trial
    make_archive(book, folder / "archive")
    yield "archive", take_in(walk.plan, folder / "archive").trial
    back_up(place, folder / "backup", PASSPHRASE)
    restore(folder / "backup", folder / "restored", PASSPHRASE)
    restored = open_casebook(folder / "restored", clock=walk.trial.clock)
    yield "restored", Trial.reopened(restored, walk.plan).conduct.informed()
    restored.close()


@pytest.mark.parametrize("back", [4, 35], ids=["inside the window", "after it"])
def test_consent_withdrawn_and_given_anew_counts_alike_by_entries_and_by_rows(back, sqlite_casebook, tmp_path):
    trial = Trial(sqlite_casebook)
    trial.infuse_cohort(1, 1, "P-1", "P-2", "P-3")
    trial.days(5)
    gone = trial.today()
    trial.record(INES, ConsentWithdrawn(participant="P-3", on=gone, reason="thinks it over"))
    trial.days(back)
    trial.consent("P-3")
    trial.days(40)
    trial.nothing_to_report()
    study, recorded = trial.conduct.study, trial.conduct.informed()
    days = [gone + timedelta(days=number) for number in (-1, 0, 2, back - 1, back, back + 1, 60)]
    outcomes = [decide_as_recorded(study, recorded, Day.of(day)).reviews[-1].outcome.value for day in days]
    assert outcomes == (["P", "X", "X", "X", "P", "P", "N"] if back == 4 else ["P"] + ["X"] * 6)
    write_folder(recorded, tmp_path / "rows", study=study)
    assert said(study, take_in(study, tmp_path / "rows").trial, days) == said(study, recorded, days)


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("rule", RULES)
def test_a_trial_answers_alike_at_every_door_and_as_the_rule_alone_does(rule, seed, tmp_path, monkeypatch):
    walk = Walk(rule, seed, tmp_path).go(6)
    monkeypatch.setattr(location, "ComputerClock", lambda: walk.trial.clock)
    study, recorded, today = walk.plan, walk.trial.conduct.informed(), walk.trial.today()

    # the partner of agreement: the known answer, from the walk's own book of what happened to whom
    found = decide_as_recorded(study, recorded, Day.of(today))
    assert {one.participant: (one.counted_at, one.outcome.value) for one in found.reviews} == {
        code: (level, walk.outcomes[code]) for code, (level, _) in walk.given.items()
    }
    known = next_dose(dose_rule(study), walk.notation)
    assert (found.decision.action, found.decision.level, found.decision.size) == (known.action, known.level, known.size)

    days = [today, *walk.random.sample(walk.days, min(2, len(walk.days)))]
    days += [one[1] + timedelta(days=walk.random.randint(0, WINDOW + 1)) for one in walk.given.values()][-3:]
    answers, left = said(study, recorded, days), departed(study, recorded, today)
    for name, trial in doors(walk, tmp_path):
        assert said(study, trial, days) == answers, name
        assert departed(study, trial, today) == left, name

    write_folder(take_in(study, tmp_path / "book").trial, tmp_path / "export", study=study)
    rows = take_in(study, tmp_path / "export").trial
    assert said(study, rows, days) == answers
    # rows do not say when a DLT was known, so that whoever was infused in its window has the benefit of the doubt
    assert all(set(some) <= set(all_) for some, all_ in zip(departed(study, rows, today), left, strict=True))

    # the two replays, of the acts and of the counts, name the same cohorts (decision 0029)
    cohort_of = {one.participant: at for at, each in enumerate(found.conduct.cohorts, 1) for one in each.treated}
    acts = {cohort_of[one.participant] for one in departures(study, recorded) if one.rule == "rule"}
    assert acts == {one.cohort for one in found.decision.departures}


@pytest.mark.parametrize(
    ("back", "counts"),
    [
        ("2026-04-02", True),
        ("2026-04-13", True),
        ("2026-04-14", False),
        ("2026-03-27", True),
        ("2026-04", False),
        ("2026-05-02", False),
        ("", False),
    ],
)
def test_a_leaving_with_an_end_counts_as_gone_unless_they_were_surely_back_in_the_window(back, counts, tmp_path):
    (tmp_path / "doses.csv").write_text(
        "participant,level,date,cells_per_kg,source\nP02,1,2026-03-17,100000,crf\n", encoding="utf-8"
    )
    (tmp_path / "adverse_events.csv").write_text("participant,term,grade,start,source\n", encoding="utf-8")
    left = f"P02,study_discontinuation,yes,2026-03-27,{back},crf\n"
    (tmp_path / "facts.csv").write_text(f"participant,fact,value,date,until,source\n{left}", encoding="utf-8")
    study = load_study("nct07052565")
    [found] = decide_as_recorded(study, take_in(study, tmp_path).trial, Day.parse("2026-06-01")).reviews
    assert found.outcome.value == ("N" if counts else "X")


@pytest.mark.parametrize(
    ("on", "is_away"), [("2026-03-20", False), ("2026-04-01", True), ("2026-08-01", True), ("2026-08-02", False)]
)
def test_nobody_is_treated_between_leaving_and_coming_back(on, is_away, tmp_path):
    dose = f"participant,level,date,cells_per_kg,source\nP02,1,{on},100000,crf\n"
    (tmp_path / "doses.csv").write_text(dose, encoding="utf-8")
    (tmp_path / "adverse_events.csv").write_text("participant,term,grade,start,source\n", encoding="utf-8")
    left = "P02,study_discontinuation,yes,2026-03-27,2026-08-01,crf\n"
    (tmp_path / "facts.csv").write_text(f"participant,fact,value,date,until,source\n{left}", encoding="utf-8")
    study = load_study("nct07052565")
    intake = take_in(study, tmp_path)
    assert bool(gone(intake.trial.course("P02"), Day.parse(on).earliest)) is is_away
    assert ("withdrawn" in {one.rule for one in departures(study, intake.trial)}) is is_away
    assert any("after leaving on 2026-03-27" in str(one) for one in intake.contradictions) is is_away
