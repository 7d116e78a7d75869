"""What is of another type than its field, or lacks what a row of it must say, is refused in words."""

from dataclasses import replace

import pytest
from tests.casebook.trial import CARLA, Trial

from escalon.conduct.permit.refusal import Refused
from escalon.facts import Day
from escalon.history.events import (
    AdverseEventRecorded,
    EntryAnnulled,
    EntryCorrected,
    FactRecorded,
    Observation,
    ParticipantConsented,
)


@pytest.fixture
def trial(sqlite_casebook):
    return Trial(sqlite_casebook)


SOME_DAY = Day.parse("2026-03-02")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (FactRecorded(participant="P-1", fact=Observation(name="esr", value="20", unit="mm/h", day=SOME_DAY)), "day"),
        (AdverseEventRecorded(participant="P-1", term=SOME_DAY, grade=1, start=SOME_DAY), "term"),
        (AdverseEventRecorded(participant="P-1", term="Sepsis", grade=1, start="2026-03-02"), "start"),
        (ParticipantConsented(participant="P-1", site="S1", form="v2", signed_on="2026-03-02"), "signed_on"),
        (ParticipantConsented(participant="P-1", site=SOME_DAY, form="v2", signed_on=SOME_DAY.earliest), "site"),
        (EntryAnnulled(participant="P-1", annuls="3", reason="a slip"), "annuls"),
        (EntryCorrected(participant="P-1", corrects=3, now=SOME_DAY, reason="a slip"), "now"),
    ],
)
def test_what_is_of_another_type_than_its_field_is_refused_and_no_error(trial, said, field):
    trial.consent("P-1")
    with pytest.raises(Refused, match=rf"{field} is .*, and takes .*\[dictionary\]"):
        trial.record(CARLA, said)
    assert [one.rule for one in trial.conduct.what_forbids(CARLA, said)] == ["dictionary"]


def test_an_adverse_event_says_when_it_began_as_a_row_must(trial):
    trial.consent("P-1")
    undated = AdverseEventRecorded(participant="P-1", term="Sepsis", grade=4)
    with pytest.raises(Refused, match=r"start: empty. Write the first day"):
        trial.record(CARLA, undated)
    trial.record(CARLA, replace(undated, start=Day.parse("2026")))
