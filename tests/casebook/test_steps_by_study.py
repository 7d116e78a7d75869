"""The steps before a dose are the study's own: what it does not have is not asked for, and what it has always is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tests.casebook.test_sequence import refused
from tests.casebook.trial import INES, PLAN, Trial, study
from tests.protocol.folders import HERON

from escalon.casebook.casebook import Casebook
from escalon.conduct.permit.refusal import Refused
from escalon.escalation import stopping_rule
from escalon.facts import Day
from escalon.history.events import AdverseEventRecorded, CellsInfused
from escalon.protocol import load_study
from escalon.protocol.study import Study

STEPS = ("apheresis", "lymphodepletion", "release")


def without(*steps: str) -> Study:
    """The plan of the tests without some of its steps."""
    roles: dict[str, Any] = {}
    more: dict[str, Any] = {}
    if "apheresis" in steps:
        roles["apheresis"] = None
    if "lymphodepletion" in steps:
        roles["conditioning"], more["lymphodepletion"] = None, None
    return PLAN.model_copy(update={"roles": PLAN.roles.model_copy(update=roles), **more})


def placed(casebook: Casebook, plan: Study) -> Trial:
    """Cohort 1 is open at level 1, and P-1 holds a place in it; nothing else is done."""
    trial = Trial(casebook, plan)
    trial.open_cohort(1, 1)
    trial.enter("P-1")
    trial.allocate("P-1", 1)
    return trial


@pytest.mark.parametrize(
    ("left_out", "asked"),
    [
        ((), {"apheresis", "lymphodepletion", "release"}),
        (("apheresis",), {"lymphodepletion", "release"}),
        (("lymphodepletion",), {"apheresis", "release"}),
        (("apheresis", "lymphodepletion"), {"release"}),  # cells from a donor are released like any others
    ],
)
def test_an_infusion_waits_for_the_steps_of_its_study_alone(sqlite_casebook: Casebook, left_out, asked) -> None:
    plan = without(*left_out)
    assert (plan.collects_cells, plan.conditions) == ("apheresis" not in left_out, "lymphodepletion" not in left_out)
    trial = placed(sqlite_casebook, plan)
    assert refused(lambda: trial.infuse("P-1", 1)) == asked


def test_a_step_that_was_taken_is_in_its_order_even_where_no_study_asks_for_it(sqlite_casebook: Casebook) -> None:
    trial = placed(sqlite_casebook, without("apheresis", "lymphodepletion"))
    trial.apheresis("P-1")
    trial.lymphodepletion("P-1")
    trial.release("P-1", 1)
    early = replace(trial.infusion("P-1", 1), at=trial.clock.now().replace(hour=1))
    assert {"apheresis", "release"} <= refused(lambda: trial.record(INES, early))
    trial.infuse("P-1", 1)
    assert [one.code for one in trial.conduct.trial.infused()] == ["P-1"]


def tablet(trial: Trial, amount: str, unit: str = "mg", product: str = "") -> CellsInfused:
    return CellsInfused(
        participant="P-1", at=trial.clock.now(), level=1, amount=Decimal(amount), unit=unit, product=product
    )


@pytest.fixture
def heron(sqlite_casebook: Casebook) -> Trial:
    """A tablet in mg, without its clauses, so that everybody may enter."""
    plan = load_study(HERON).model_copy(update={"version": "1", "inclusion": (), "exclusion": (), "zone": None})
    return placed(sqlite_casebook, plan)


def test_a_tablet_is_given_without_cells_collected_conditioned_or_released(heron: Trial) -> None:
    heron.record(INES, tablet(heron, "25"))
    assert [one.code for one in heron.conduct.trial.infused()] == ["P-1"]


@pytest.mark.parametrize(
    ("amount", "unit", "product", "rule"),
    [("50", "mg", "", "dose"), ("25", "CAR-T cells", "", "dictionary"), ("25", "mg", "B-9", "release")],
)
def test_it_is_held_by_its_dose_and_by_a_product_that_is_named(heron: Trial, amount, unit, product, rule) -> None:
    assert refused(lambda: heron.record(INES, tablet(heron, amount, unit, product))) == {rule}


@pytest.mark.parametrize("step", ["consent", "slot"])
def test_it_is_never_given_without_consent_or_a_place(sqlite_casebook: Casebook, step: str) -> None:
    plan = load_study(HERON).model_copy(update={"version": "1", "inclusion": (), "exclusion": (), "zone": None})
    trial = Trial(sqlite_casebook, plan)
    trial.open_cohort(1, 1)
    if step == "slot":
        trial.enter("P-1")
    assert step in refused(lambda: trial.record(INES, tablet(trial, "25")))


# -- what stops a study, and what its protocol leaves open ------------------------------------------------------------


def test_a_stopping_rule_holds_the_acts_of_a_casebook_as_it_stops_the_next_dose(sqlite_casebook: Casebook) -> None:
    trial = Trial(sqlite_casebook, study(stopping=(stopping_rule("a death"),)))
    trial.treat_cohort(1, 1, "P-1", "P-2", "P-3")
    died = {"term": "Sepsis", "grade": 5, "start": Day.of(trial.today()), "end": Day.of(trial.today())}
    trial.record(INES, AdverseEventRecorded(participant="P-1", dlt=False, **died))
    with pytest.raises(Refused, match="1 death seen: the study stops at 1 death") as why:
        trial.decide(2)
    assert {one.rule for one in why.value.broken} == {"rule"}


def test_nobody_is_dosed_in_a_casebook_on_what_the_protocol_is_silent_about(sqlite_casebook: Casebook) -> None:
    trial = Trial(sqlite_casebook, study(silent=("sentinel_interval",)))
    with pytest.raises(Refused, match="the protocol is silent on sentinel interval") as why:
        trial.decide(1)
    assert {one.rule for one in why.value.broken} == {"rule"}
