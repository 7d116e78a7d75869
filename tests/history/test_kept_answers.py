"""An answer kept for a history as it stands is the answer of the same history folded afresh, whatever came, in any order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalon.conduct.judge.cutoff import as_of
from escalon.conduct.judge.dose_review import review
from escalon.conduct.judge.endpoints import execute
from escalon.conduct.judge.given import first_doses
from escalon.conduct.judge.populations import dose_of_today, populations
from escalon.conduct.judge.scores import scored
from escalon.conduct.judge.visits import forms_of
from escalon.conduct.permit.holds import dosing_holds
from escalon.facts import Day, Duration
from escalon.history import Author, Entry, Trial
from escalon.history import events as e
from escalon.history.events import Event
from escalon.history.made_once import MadeOnce
from tests.history.test_every_kind_and_question import BASE, FRAME, PAIRS, QUESTIONS, QUIET, STUDY, TODAY, ae, at, on

LONGER = STUDY.model_copy(
    update={"dose": STUDY.dose.model_copy(update={"dlt_window": Duration(60, "day")}), "inclusion": ()}
)
"""The same study with a longer window and no criterion to enter by: the same people, other answers."""
EARLIER = TODAY - timedelta(days=30)


def _counts(study: Any, day: Any) -> Callable[[Trial], Any]:
    return lambda trial: [
        (one.participant, one.outcome, one.why, one.window, one.in_doubt)
        for one in (review(study, trial, given, day) for given in first_doses(study, trial))
    ]


def _of(study: Any, day: Any) -> dict[str, Callable[[Trial], Any]]:
    cut = Day.of(day)
    return {
        "counts": _counts(study, day),
        "holds": lambda trial: dosing_holds(study, trial, day),
        "holds of level 2": lambda trial: dosing_holds(study, trial, day, 2),
        "populations": lambda trial: sorted(populations(study, trial, cut).items()),
        "next dose": lambda trial: str(dose_of_today(study, trial, cut)),
        "then": lambda trial: _counts(study, day)(as_of(trial, cut)),
        "stricter": lambda trial: None if trial.stricter is None else dosing_holds(study, trial.stricter, day),
        "scores": lambda trial: [[*scored(study, trial, code)] for code in trial.participants],
    }


ASKED: dict[str, Callable[[Trial], Any]] = QUESTIONS | {
    f"{name}, {about}, {day}": ask
    for about, study in (("planned", STUDY), ("longer", LONGER))
    for day in (TODAY, EARLIER)
    for name, ask in _of(study, day).items()
}
TOLD = [event for pairs in PAIRS.values() for base, event in pairs if base is BASE or base is QUIET]
BY = Author("ines", "investigator", "S1", "test")


def _entries(told: Sequence[Event]) -> list[Entry]:
    return [Entry(number, at(number // 4), BY, one) for number, one in enumerate(told, start=1)]


def _afresh(entries: Sequence[Entry]) -> Trial:
    return Trial(FRAME).follow(entries)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.sampled_from(TOLD), min_size=1, max_size=4),
    st.lists(st.sampled_from(sorted(ASKED)), min_size=3, max_size=8, unique=True),
)
def test_what_is_kept_is_what_the_same_history_says_afresh(more: list[Event], questions: list[str]) -> None:
    base = BASE
    entries = _entries([*base, *more])
    kept = _afresh(entries[: len(base)])
    for upto in range(len(base), len(entries) + 1):
        if upto > len(base):
            kept.apply(entries[upto - 1])
        for name in (*questions, *reversed(questions)):
            assert str(ASKED[name](kept)) == str(ASKED[name](_afresh(entries[:upto]))), (name, upto)


@pytest.mark.parametrize(
    "kind", ["FactCorrected", "EntryCorrected", "EntryAnnulled", "FolderImported", "DltAdjudicated"]
)
def test_each_of_the_kinds_that_change_what_was_said_is_met_after_every_question(kind: str) -> None:
    for base, event in PAIRS[kind]:
        entries = _entries([*base, event])
        kept = _afresh(entries[:-1])
        before = {name: str(ask(kept)) for name, ask in ASKED.items()}
        kept.apply(entries[-1])
        assert {name: str(ask(kept)) for name, ask in ASKED.items()} == {
            name: str(ask(_afresh(entries))) for name, ask in ASKED.items()
        }
        assert {name: str(ask(_afresh(entries[:-1]))) for name, ask in ASKED.items()} == before


def test_known_answers_of_a_history_that_grows() -> None:
    kept = _afresh(_entries(BASE))
    quiet = _counts(STUDY, TODAY)(kept)
    assert [(one[0], one[1].name) for one in quiet] == [("P-1", "NO_DLT")]
    assert [one[1].name for one in _counts(LONGER, TODAY)(kept)] == ["PENDING"]  # the same day, a longer window
    kept.apply(Entry(len(BASE) + 1, at(20), BY, ae()))
    assert [(one[0], one[1].name) for one in _counts(STUDY, TODAY)(kept)] == [("P-1", "PENDING")]  # it awaits judgement
    kept.apply(
        Entry(len(BASE) + 2, at(20), BY, e.EntryAnnulled(participant="P-1", annuls=len(BASE) + 1, reason="slip"))
    )
    assert _counts(STUDY, TODAY)(kept) == quiet
    assert on(30) < TODAY


def test_an_answer_begun_before_the_history_went_on_is_not_kept_after_it() -> None:
    once, about = MadeOnce(), object()

    def slow() -> str:
        once.forget()  # the fold goes on while somebody still reads
        return "as it stood before"

    assert once("question", about, slow) == "as it stood before"
    assert once("question", about, lambda: "as it stands") == "as it stands"
    assert once("question", about, lambda: "never asked") == "as it stands"


def test_an_answer_rests_on_each_thing_it_was_made_of() -> None:
    once, one, other = MadeOnce(), object(), object()
    assert once("question", (one, other), lambda: 1) == 1
    assert once("question", (one, object()), lambda: 2) == 2
    assert once("question", (object(), other), lambda: 3) == 3


def test_an_endpoint_of_one_study_is_not_answered_for_another_that_came_and_went() -> None:
    trial = _afresh(_entries(BASE))
    endpoint = next(one for one in STUDY.endpoints if one.compare == "course")
    expected = {}
    for late in range(12):  # each study takes the place in memory of the one before, and shares its endpoints
        visits = tuple(one for one in STUDY.visits if late % 2 or one.id != "D10")
        other = STUDY.model_copy(update={"visits": visits})
        found = [cell.visit for cell in execute(other, trial, endpoint, Day.of(TODAY)).cells]
        assert found == expected.setdefault(late % 2, found)
        del other
    assert expected[0] != expected[1]


def test_the_forms_of_a_visit_are_those_of_the_study_that_is_asked() -> None:
    visit = next(one for one in STUDY.visits if "weight" in one.measures)
    found = []
    for late in range(50):
        word = STUDY.vocabulary["weight"].model_copy(update={"label": f"weight {late % 2}"})
        other = STUDY.model_copy(update={"facts": {**STUDY.facts, "weight": word}})
        found.append(f"weight {late % 2}" in str(forms_of(other, visit.id)))
        del other
    assert all(found)
