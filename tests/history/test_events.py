"""What every kind of event keeps: a participant's code where it is about one, and a reason where one is needed."""

import pytest

from escalon.history.events import KINDS
from escalon.history.events.event import Event, ParticipantEvent, spaced


def bare(kind: type[Event], **given: object) -> Event:
    """An event with what all kinds share, checked as any is; its own fields are left out."""
    made = object.__new__(kind)
    for name, value in {"participant": None, "reason": None, "override": None, **given}.items():
        object.__setattr__(made, name, value)
    Event.__post_init__(made)
    return made


def test_a_kind_is_stored_under_its_own_name_and_said_in_words():
    assert all(name == kind.__name__ and kind.__doc__ for name, kind in KINDS.items())
    assert spaced("CellsInfused") == "cells infused"
    assert spaced("Signed") == "signed"


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.about_participant])
def test_what_is_about_a_participant_names_one(kind):
    with pytest.raises(ValueError, match="needs the participant's code"):
        bare(kind, reason="why")
    assert bare(kind, participant="P-001", reason="why").participant == "P-001"


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if not kind.about_participant])
def test_what_is_not_about_a_participant_needs_none(kind):
    assert bare(kind, reason="why").participant is None


@pytest.mark.parametrize("reason", [None, "", "  "])
@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.needs_reason])
def test_a_reason_that_is_needed_is_not_blank(kind, reason):
    with pytest.raises(ValueError, match="needs a reason"):
        bare(kind, participant="P-001", reason=reason)


@pytest.mark.parametrize("code", ["P 001", "-P1", "P" * 33, "Zoë", "P/1"])
def test_a_code_that_is_none_is_refused_with_what_to_write(code):
    with pytest.raises(ValueError, match="use letters, digits"):
        bare(ParticipantEvent, participant=code)


@pytest.mark.parametrize("code", ["P", "P-001", "9", "S1.P_07", "P" * 32])
def test_a_code_is_kept_as_written(code):
    assert bare(ParticipantEvent, participant=code).participant == code


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if "__post_init__" in vars(kind)])
def test_what_a_kind_checks_itself_comes_after_what_every_kind_checks(kind):
    made = object.__new__(kind)
    for name in ("reason", "override"):
        object.__setattr__(made, name, None)
    object.__setattr__(made, "participant", "no code")
    with pytest.raises(ValueError, match="is not a participant code"):
        made.__post_init__()


def test_what_takes_something_back_needs_a_reason():
    asked = {name for name, kind in KINDS.items() if kind.needs_reason}
    assert asked >= {
        "AccountRevoked", "AllocationReleased", "CohortClosed", "ConsentWithdrawn", "EntryAnnulled", "EntryCorrected",
        "FactCorrected", "OverrideGiven", "ParticipantWithdrawn", "RoleWithdrawn", "VisitUnlocked",
    }  # fmt: skip


@pytest.mark.parametrize("wrong", [None, "cohort", "size"])
def test_cohorts_and_places_count_from_one(wrong):
    from escalon.history.events import CohortOpened

    given = {"cohort": 1, "level": 1, "size": 1, "decision": 1}
    if wrong is None:
        assert CohortOpened(**given).what == "cohort 1 opened at level 1"
        assert CohortOpened(**given | {"level": -1}).level == -1  # below where the study starts
        return
    with pytest.raises(ValueError, match="count from 1"):
        CohortOpened(**given | {wrong: 0})
