"""Replayed through the rules: what people recorded was allowed, and what went past the rules is named."""

from __future__ import annotations

import pytest
from tests.casebook.trial import CORA, INES, PLAN, Trial

from escalon.casebook.casebook import Casebook
from escalon.conduct.permit.replay import not_allowed
from escalon.history.events import DecisionSigned


@pytest.fixture
def trial(sqlite_casebook: Casebook) -> Trial:
    return Trial(sqlite_casebook)


def test_a_trial_recorded_through_the_rules_was_allowed(trial: Trial) -> None:
    trial.treat_cohort(1, 1, "P-1", "P-2", "P-3")
    trial.open_cohort(2, 2)
    trial.prepare("P-4", 2, 2)
    number = trial.override(
        "CellsInfused", "P-4", "sentinel clock", content={"level": 2, "product": "B-P-4", "cells_per_kg": 300_000}
    )
    assert number
    trial.infuse("P-4", 2)
    assert [str(one) for one in not_allowed(PLAN, trial.casebook.entries())] == []


def test_what_was_written_past_the_rules_is_named(trial: Trial) -> None:
    trial.open_cohort(1, 1)
    trial.prepare("P-1", 1, 1)
    stranger = trial.casebook.append(INES, trial.infusion("P-9", 1))
    level = trial.casebook.append(INES, trial.infusion("P-1", 3))
    signed = trial.casebook.append(
        INES, DecisionSigned(decision=2, printed_name="Cora Example", meaning="approve", digest="0" * 64)
    )
    found = {
        one.entry.number: {each.rule for each in one.broken} for one in not_allowed(PLAN, trial.casebook.entries())
    }
    assert found[stranger.number] == {"consent"}
    assert {"release", "slot", "decision"} <= found[level.number]
    assert found[signed.number] == {"authority"}, "an investigator signs no decision of the committee"
    assert CORA.person not in found
