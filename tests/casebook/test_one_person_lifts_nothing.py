"""Whatever one person corrects or annuls alone, an act that was held stays held: every entry of a trial, every field."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from tests.casebook.conftest import START
from tests.casebook.trial import CARLA, CORA, INES, LENA, STAN, Trial, study

from escalon.casebook.casebook import Casebook
from escalon.casebook.clock import SetClock
from escalon.casebook.errors import CasebookError
from escalon.casebook.location import create_casebook, open_casebook
from escalon.conduct.permit.corrections import CORRECTABLE
from escalon.conduct.permit.refusal import Refused
from escalon.facts import Day
from escalon.history.events import (
    AdverseEventRecorded,
    ConsentWithdrawn,
    DltAdjudicated,
    DltProposed,
    EntryAnnulled,
    EntryCorrected,
    Event,
    FactCorrected,
    FactRecorded,
    Observation,
    ParticipantWithdrawn,
)

PLAN = study(clauses=("E-9c",))
WHO = (INES, CARLA, LENA, STAN, CORA)
EVERY = int(os.environ.get("ESCALON_ONE_PERSON", "23"))
"""Of all corrections every so many is tried; `make oneperson` tries each."""


def hiv(code: str, said: str, day: date) -> FactRecorded:
    return FactRecorded(participant=code, fact=Observation(name="hiv_antibody", value=said, day=str(day)))


def one_infused(trial: Trial) -> None:
    """P-1 was infused a day ago, and P-2 is ready: the sentinel interval runs."""
    trial.open_cohort(1, 1)
    for code in ("P-1", "P-2"):
        trial.consent(code)
        trial.record(CARLA, hiv(code, "negative", trial.today()))
        trial.sign_eligibility(code, trial.screen(code).number)
        trial.apheresis(code)
        trial.allocate(code, 1)
        trial.release(code, 1)
        trial.lymphodepletion(code)
    trial.infuse("P-1", 1)
    trial.days(1)


def over(trial: Trial) -> None:
    """The same, the interval over: P-2 would be infused."""
    one_infused(trial)
    trial.days(14)


def died(trial: Trial) -> None:
    over(trial)
    start = Day.of(trial.today())
    trial.record(CARLA, AdverseEventRecorded(participant="P-1", term="Sepsis", grade=5, start=start, outcome="fatal"))


def proposed(trial: Trial) -> None:
    over(trial)
    trial.record(STAN, DltProposed(participant="P-1", is_dlt=True, because="the definition"))


def judged_no_then_worse(trial: Trial) -> None:
    over(trial)
    start = Day.of(trial.today())
    trial.record(INES, DltAdjudicated(participant="P-1", is_dlt=False, because="seen"))
    trial.record(CARLA, AdverseEventRecorded(participant="P-1", term="Sepsis", grade=5, start=start, outcome="fatal"))


def left(trial: Trial) -> None:
    over(trial)
    trial.record(INES, ParticipantWithdrawn(participant="P-2", on=trial.today(), reason="moved"))


def no_consent(trial: Trial) -> None:
    over(trial)
    trial.record(INES, ConsentWithdrawn(participant="P-2", on=trial.today(), reason="wish"))


def came_back_positive(trial: Trial) -> None:
    over(trial)
    trial.record(CARLA, hiv("P-2", "positive", trial.today()))


def two_toxic(trial: Trial) -> None:
    """Two judged DLTs of the first two: nobody more at this level."""
    over(trial)
    trial.infuse("P-2", 1)
    for code in ("P-1", "P-2"):
        trial.record(INES, DltAdjudicated(participant=code, is_dlt=True, because="seen"))
    trial.enter("P-3")
    trial.apheresis("P-3")
    with suppress(Refused):
        trial.allocate("P-3", 1)
    trial.release("P-3", 1)
    with suppress(Refused):
        trial.lymphodepletion("P-3")
    trial.days(4)


HELD: dict[str, tuple[Callable[[Trial], None], str]] = {
    "an interval runs": (one_infused, "P-2"),
    "somebody died": (died, "P-2"),
    "a toxicity is proposed": (proposed, "P-2"),
    "death after the judgement": (judged_no_then_worse, "P-2"),
    "they left": (left, "P-2"),
    "consent was withdrawn": (no_consent, "P-2"),
    "a test came back positive": (came_back_positive, "P-2"),
    "two toxicities": (two_toxic, "P-3"),
}


def others(value: Any) -> Iterator[Any]:
    """What somebody may have meant instead."""
    match value:
        case bool():
            yield not value
        case StrEnum():
            yield from (one for one in type(value) if one != value)
        case int():
            yield from (value - 1, value + 1, 1)
        case Decimal():
            yield from (value + 1, value * 2)
        case Day():
            yield from (Day.of(value.earliest + timedelta(days=days)) for days in (-40, -1, 1))
            yield None
        case datetime() | date():
            yield from (value + timedelta(days=days) for days in (-40, -1, 1, 40))
        case Observation():
            yield replace(value, value="negative" if value.value == "positive" else "positive")
            yield replace(value, day="2020-01-01")
            yield replace(value, value=None)
        case str():
            yield from ("", "another")
        case None:
            yield from (False, True)


def corrections(casebook: Casebook) -> Iterator[Event]:
    """Every entry annulled, and every entry corrected in one of its fields."""
    for entry in list(casebook.entries()):
        event = entry.event
        about = {"participant": entry.participant, "reason": "a slip"}
        yield EntryAnnulled(annuls=entry.number, **about)
        for field in fields(event) if isinstance(event, CORRECTABLE) else ():
            for value in others(getattr(event, field.name)) if field.name not in ("override", "reason") else ():
                with suppress(ValueError, TypeError, AttributeError):
                    now = replace(event, **{field.name: value})
                    if isinstance(event, FactRecorded | FactCorrected) and field.name == "fact":
                        yield FactCorrected(corrects=entry.number, fact=value, **about)
                    yield EntryCorrected(corrects=entry.number, now=now, **about)


@pytest.mark.parametrize("name", HELD)
def test_no_correction_of_one_person_opens_what_is_held(name: str, tmp_path: Path) -> None:
    prepare, code = HELD[name]
    trial = Trial(create_casebook(tmp_path / "book", study="trial", study_version="1", clock=SetClock(START)), PLAN)
    prepare(trial)
    infusion, now = trial.infusion(code, 1), trial.clock.now()
    assert trial.conduct.what_forbids(INES, infusion), "it is held"
    tried = list(corrections(trial.casebook))
    trial.casebook.close()
    recorded = 0
    for at, correction in enumerate(tried):
        if at % EVERY == len(name) % EVERY:
            copy = Path(shutil.copytree(tmp_path / "book", tmp_path / "copy"))
            again = Trial.reopened(open_casebook(copy, clock=SetClock(now)), PLAN)
            recorded += any(is_recorded(again, who, correction) for who in WHO)
            try:
                assert again.conduct.what_forbids(INES, infusion), correction
                with pytest.raises(Refused):
                    again.record(INES, infusion)
            finally:
                again.casebook.close()
                shutil.rmtree(copy)
    assert recorded, "some of them are recorded: an error is never unrecordable"


def is_recorded(trial: Trial, who: Any, event: Event) -> bool:
    with suppress(Refused, CasebookError):
        trial.record(who, event)
        return True
    return False


def test_without_the_correction_being_held_the_infusion_goes_ahead(tmp_path: Path) -> None:
    """The partner of the law: once the interval is over, the same infusion is allowed."""
    trial = Trial(create_casebook(tmp_path / "book", study="trial", study_version="1", clock=SetClock(START)), PLAN)
    over(trial)
    assert not trial.conduct.what_forbids(INES, trial.infusion("P-2", 1))
    trial.infuse("P-2", 1)
    trial.casebook.close()
