"""What waits is found from where the trial stands: each step of a trial leaves the next one waiting, for whom it is."""

from __future__ import annotations

import pytest

from escalon.conduct.judge.waiting import Urgency, Waiting, waiting
from escalon.history.events import DecisionSigned, DltAdjudicated, DltProposed, QueryAnswered, QueryRaised
from tests.casebook.conftest import clock, sqlite_casebook  # noqa: F401
from tests.casebook.trial import CARLA, CORA, CYRUS, INES, MONA, STAN, Trial


@pytest.fixture
def trial(sqlite_casebook):  # noqa: F811
    return Trial(sqlite_casebook)


def acts(trial: Trial) -> list[tuple[str, str]]:
    return [(one.act, one.participant) for one in found(trial)]


def found(trial: Trial) -> tuple[Waiting, ...]:
    with trial.conduct.standing() as standing:
        trial.conduct.know(tuple(standing.participants))
        return waiting(trial.conduct.study, standing, trial.today())


def test_a_participant_s_way_in_leaves_each_next_step_waiting(trial):
    assert acts(trial) == []
    trial.consent("P-001")
    assert acts(trial) == [("ParticipantScreened", "P-001")]
    number = trial.screen("P-001").number
    (one,) = found(trial)
    assert (one.act, one.about, one.state) == ("EligibilitySigned", number, "ready to sign")
    trial.sign_eligibility("P-001", number)
    assert acts(trial) == []
    trial.apheresis("P-001")
    assert acts(trial) == [("ProductReleased", "P-001")]


def test_a_query_waits_for_the_site_and_its_answer_for_the_monitor(trial):
    trial.consent("P-001")
    query = trial.record(MONA, QueryRaised(participant="P-001", text="which form?")).number
    assert ("QueryAnswered", "P-001") in acts(trial)
    trial.record(CARLA, QueryAnswered(query=query, text="v1"))
    assert ("QueryClosed", "P-001") in acts(trial)
    assert ("QueryAnswered", "P-001") not in acts(trial)


def test_a_decision_waits_for_two_signatures_and_then_for_its_cohort(trial):
    trial.treat_cohort(1, 1, "P-001", "P-002", "P-003")
    assert ("DecisionProposed", "") in acts(trial)
    number = trial.propose(2).number
    for signer in (CORA, CYRUS):
        (one,) = [one for one in found(trial) if one.act == "DecisionSigned"]
        assert (one.about, one.urgency) == (number, Urgency.NOW)
        trial.sign(signer, DecisionSigned, decision=number)
    assert ("CohortOpened", "") in acts(trial)
    assert ("DecisionSigned", "") not in acts(trial)


def test_a_window_that_runs_says_how_many_days_are_left(trial):
    trial.open_cohort(1, 1)
    trial.prepare("P-001", 1, 1)
    trial.infuse("P-001", 1)
    trial.days(10)
    trial.nothing_to_report()
    (one,) = [one for one in found(trial) if one.act == "DltWindowReviewed"]
    assert (one.participant, one.urgency, one.state) == ("P-001", Urgency.WEEK, "18 days left")


def test_a_visit_long_over_of_which_nothing_is_recorded_goes_on_waiting(trial):
    trial.treat_cohort(1, 1, "P-001", "P-002", "P-003")
    trial.days(150)
    over = [one for one in found(trial) if one.what == "Visits of which nothing is recorded"]
    assert [one.participant for one in over] == ["P-001", "P-002", "P-003"]
    visits = [visit.name for visit in trial.conduct.study.visits if visit.day > 0 and visit.latest < 150 - 7]
    assert over[0].why == ", ".join(visits)
    assert over[0].state == f"{len(visits)} over"


def test_a_proposal_about_somebody_who_counts_with_a_toxicity_already_waits_to_be_judged(trial):
    trial.treat_cohort(1, 1, "P-001")
    trial.record(INES, DltAdjudicated(participant="P-001", is_dlt=True, because="CRS"))
    proposed = trial.record(STAN, DltProposed(participant="P-001", is_dlt=True, because="neurotoxicity too")).number
    assert [one.about for one in found(trial) if one.act == "DltAdjudicated"] == [proposed]
    trial.record(INES, DltAdjudicated(participant="P-001", is_dlt=True, because="both", rests_on=(proposed,)))
    assert not [one for one in found(trial) if one.act == "DltAdjudicated"]
