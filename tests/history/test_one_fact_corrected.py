"""A fact that takes another's place leaves the trial as folding everything anew would."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from escalon.history import Author, Entry, Trial
from escalon.history import events as e
from escalon.history.current import Current
from escalon.history.events import Event
from tests.history.test_every_kind_and_question import FRAME

DAY = date(2026, 3, 1)


class Anew(Trial):
    """The slow way: every correction folds everything anew."""

    def _is_one_fact(self, now: object) -> bool:
        return False


def at(number: int, event: Event) -> Entry:
    return Entry(number, datetime(2026, 3, 2, tzinfo=UTC), Author("anna", "investigator", "S1", ""), event)


def _seen(value: int, day: str = "2026-03-01") -> e.Observation:
    return e.Observation(name="alt", value=str(value), unit="U/L", day=day)


codes, overrides = st.sampled_from(["P01", "P02"]), st.sampled_from([None, None, None, 1])


days = st.sampled_from(["2026-03-01", "2026-03-01", "2026-03", "2026-03-05"])
"""Facts of a day, of a month, and of a day that is later than the one asked of."""


@st.composite
def acts(draw: st.DrawFn) -> list[Event]:
    """Facts, their corrections by a fact or by an entry of any kind, corrections of corrections, and annulments."""
    made: list[Event] = [e.OverrideGiven(participant="P01", reason="x", act="FactRecorded", rules=("lock",))]
    for number in range(2, draw(st.integers(3, 14))):
        code, seen = draw(codes), _seen(number, draw(days))
        fact = e.FactRecorded(participant=code, fact=seen, override=draw(overrides))
        target = draw(st.integers(1, number - 1))
        made.append(
            draw(
                st.sampled_from(
                    [
                        fact,
                        e.FactCorrected(participant=code, corrects=target, reason="slip", fact=seen),
                        e.EntryCorrected(participant=code, corrects=target, reason="slip", now=fact),
                        e.EntryAnnulled(participant=code, annuls=target, reason="slip"),
                        e.ConsentWithdrawn(participant=code, on=DAY, reason="moved away"),
                    ]
                )
            )
        )
    return made


def _said(trial: Trial) -> str:
    """All that a fold makes, and the facts as a rule asks for them."""
    courses = {
        code: (
            one.facts.named("alt"),
            {name: held for name, held in vars(one).items() if name not in {"once", "_facts", "frame"}},
        )
        for code, one in trial.courses.items()
    }
    people = sorted(vars(trial.people))
    return repr((courses, trial.overrides, trial.standing.by_number, people, trial.stricter is None))


@given(acts())
def test_a_fact_put_in_anothers_place_is_a_trial_folded_anew(made: list[Event]) -> None:
    quick, slow = Trial(FRAME), Anew(FRAME)
    for number, event in enumerate(made, 1):
        quick.apply(at(number, event))
        slow.apply(at(number, event))
        assert [one.observations for one in quick.courses.values()] == [
            one.observations for one in slow.courses.values()
        ]
    assert _said(quick) == _said(slow)


@settings(max_examples=50)
@given(acts(), st.integers(1, 5))
def test_a_trial_asked_of_a_day_between_entries_goes_on_as_one_folded_up_to_that_day(
    made: list[Event], every: int
) -> None:
    trial = Trial(FRAME)
    for number, event in enumerate(made, 1):
        trial.apply(at(number, event))
        if number % every == 0:
            trial.known_on(DAY)
    known, anew = trial.known_on(DAY), Trial(FRAME, DAY).follow(trial.entries.values())
    assert _said(known) == _said(anew)
    assert {one.number for one in known.later} == {one.number for one in anew.later}


@settings(max_examples=50)
@given(acts())
def test_one_more_entry_in_thought_is_one_more_entry_and_leaves_the_trial_as_it_was(made: list[Event]) -> None:
    *before, last = made
    trial = Trial(FRAME).follow(at(number, event) for number, event in enumerate(before, 1))
    stood, known = _said(trial), _said(trial.known_on(DAY))
    one = at(len(made), last)
    thought = trial.with_event(last, one.author, one.at or datetime.now(UTC))
    assert _said(thought) == _said(Trial(FRAME).follow([*trial.entries.values(), one]))
    assert _said(thought.known_on(DAY)) == _said(Trial(FRAME, DAY).follow([*trial.entries.values(), one]))
    assert (_said(trial), _said(trial.known_on(DAY))) == (stood, known)


def _numbered(trial: Trial) -> dict[str, list[Current[e.FactRecorded]]]:
    found = {code: sorted(one.observations, key=lambda seen: seen.number) for code, one in trial.courses.items()}
    return {code: seen for code, seen in found.items() if seen}


@given(acts())
def test_facts_that_come_after_their_corrections_stand_as_in_order(made: list[Event]) -> None:
    entries = [at(number, event) for number, event in enumerate(made, 1)]
    late = [one for one in entries if isinstance(one.event, e.FactRecorded)]
    trial = Trial(FRAME).follow(one for one in entries if one not in late).follow(late)
    assert _numbered(trial) == _numbered(Trial(FRAME).follow(entries))


def test_a_fact_that_comes_after_two_corrections_is_not_seen_twice() -> None:
    def fixed(target: int, value: int) -> Event:
        return e.FactCorrected(participant="P01", corrects=target, reason="slip", fact=_seen(value))

    trial = Trial(FRAME).follow([at(3, fixed(2, 8))])
    trial.follow([at(1, e.FactRecorded(participant="P01", fact=_seen(1)))])
    trial.follow([at(2, e.FactRecorded(participant="P01", fact=_seen(2)))])
    trial.follow([at(4, fixed(3, 9))])
    assert [(one.number, one.event.fact.value) for one in trial.courses["P01"].observations] == [(1, "1"), (2, "9")]


def test_what_is_corrected_after_it_was_annulled_stands_where_it_was_first_said() -> None:
    trial = Trial(FRAME).follow(
        at(number, e.FactRecorded(participant="P01", fact=_seen(number))) for number in (1, 2, 3)
    )
    trial.apply(at(4, e.EntryAnnulled(participant="P01", annuls=2, reason="another's")))
    assert [one.number for one in trial.courses["P01"].observations] == [1, 3]
    now = e.FactRecorded(participant="P01", fact=_seen(9))
    trial.apply(at(5, e.EntryCorrected(participant="P01", corrects=2, reason="theirs after all", now=now)))
    assert [(one.number, one.event.fact.value) for one in trial.courses["P01"].observations] == [
        (1, "1"),
        (2, "9"),
        (3, "3"),
    ]


def test_a_corrected_fact_is_what_stands_and_nothing_else_is_folded() -> None:
    trial = Trial(FRAME)
    for number in (1, 2, 3):
        trial.apply(at(number, e.FactRecorded(participant="P01", fact=_seen(number))))
    course = trial.courses["P01"]
    trial.apply(at(4, e.FactCorrected(participant="P01", corrects=2, reason="slip", fact=_seen(9))))
    assert trial.courses["P01"] is course
    assert [one.event.fact.value for one in course.observations] == ["1", "9", "3"]
    stands: Current[e.FactRecorded] = course.observations[1]
    assert (stands.number, stands.entry.number) == (2, 4)
