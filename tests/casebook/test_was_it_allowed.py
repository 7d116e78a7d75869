"""Replayed through the rules: what people recorded was allowed, and what went past the rules is named."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.casebook.conftest import START
from tests.casebook.trial import ADA, CORA, INES, MONA, PLAN, STAN, Trial

from escalon.casebook.casebook import Casebook
from escalon.casebook.clock import SetClock
from escalon.casebook.location import create_casebook, open_casebook
from escalon.conduct.record.replay import not_allowed
from escalon.history.entry import Author
from escalon.history.events import (
    AccountOpened,
    AccountRevoked,
    Course,
    DecisionProposed,
    DecisionSigned,
    DltAdjudicated,
    EntryAnnulled,
    EntrySigned,
    EvaluabilityJudged,
    FolderImported,
    RecoveryCodeSet,
    Role,
    RoleGranted,
    SecretSet,
)


@pytest.fixture
def trial(sqlite_casebook: Casebook) -> Trial:
    return Trial(sqlite_casebook)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A casebook in which one person was infused, closed."""
    folder = tmp_path_factory.mktemp("begun") / "book"
    trial = Trial(create_casebook(folder, study=PLAN.id, study_version=PLAN.version, clock=SetClock(START)))
    trial.open_cohort(1, 1)
    trial.prepare("P-1", 1, 1)
    trial.infuse("P-1", 1)
    trial.casebook.close()
    return folder


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


def test_judgements_recorded_through_the_rules_were_allowed_and_one_that_hides_what_it_lifts_is_named(
    tmp_path: Path,
) -> None:
    trial = Trial(create_casebook(tmp_path / "book", study=PLAN.id, study_version=PLAN.version, clock=SetClock(START)))
    trial.treat_cohort(1, 1, "P-1", "P-2", "P-3")
    trial.record(INES, DltAdjudicated(participant="P-3", is_dlt=True, because="grade 4"))
    back = trial.record(INES, DltAdjudicated(participant="P-3", is_dlt=False, because="on reflection"))
    assert back.event.needs == 2
    assert [str(one) for one in not_allowed(PLAN, trial.casebook.entries())] == []
    trial.record(INES, DltAdjudicated(participant="P-1", is_dlt=True, because="grade 4"))
    hidden = trial.casebook.append(INES, DltAdjudicated(participant="P-1", is_dlt=False, because="on reflection"))
    trial.record(INES, EvaluabilityJudged(participant="P-2", is_evaluable=False, because="a wrong dose"))
    (named,) = not_allowed(PLAN, trial.casebook.entries())
    assert (named.entry.number, "does not say so" in str(named)) == (hidden.number, True)
    trial.casebook.close()


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
    assert "authority" in found[signed.number], "an investigator signs no decision of the committee"
    assert CORA.person not in found


SYSTEM, RECOVERED = (
    Author("escalon", "software", "", "cli"),
    Author("escalon", "software", "", "recovery at the computer"),
)
IMPORT = Author("ines", "investigator", "S1", "import:doses.csv:2")


def forged_signature(trial: Trial) -> list[tuple[Author, Any]]:
    decision = next(trial.casebook.entries(kinds=["DecisionProposed"])).number
    said = {"decision": decision, "printed_name": "Cora Example", "meaning": "approve"}
    return [(CORA, DecisionSigned(**said, digest="0" * 64))]


FORGERIES: dict[str, tuple[str, Callable[[Trial], list[tuple[Author, Any]]]]] = {
    "an infusion in the software's name": ("authority", lambda t: [(SYSTEM, t.infusion("P-1", 3))]),
    "an infusion as an imported row, without an import": ("import", lambda t: [(IMPORT, t.infusion("P-1", 3))]),
    "an import whose rows the rules would have held": (
        "import",
        lambda t: [(IMPORT, t.infusion("P-1", 3)), (INES, imported())],
    ),
    "an import in another's name": (
        "import",
        lambda t: [(IMPORT, t.infusion("P-1", 1)), (replace(INES, person="igor", site="S2"), imported())],
    ),
    "a signature as an imported row": ("import", lambda t: [(IMPORT, forged_signature(t)[0][1]), (INES, imported())]),
    "a signature of nothing that stands there": ("signature", forged_signature),
    "a name that is not the signer's": (
        "signature",
        lambda t: [(MONA, EntrySigned(entry=9, printed_name="Cora Example", meaning="seen", digest="0" * 64))],
    ),
    "an account given again": ("account", lambda t: [(ADA, AccountOpened(account="ines", printed_name="Mallory M"))]),
    "a printed name given twice": (
        "account",
        lambda t: [(ADA, AccountOpened(account="mallory", printed_name="Ines  example"))],
    ),
    "a second first account": (
        "account",
        lambda t: [(SYSTEM, AccountOpened(account="mallory", printed_name="Mallory M"))],
    ),
    "a role the software gives": (
        "account",
        lambda t: [(SYSTEM, RoleGranted(account="stan", held=Role.COMMITTEE, at_site="*"))],
    ),
    "a role of nobody": ("account", lambda t: [(ADA, RoleGranted(account="ghost", held=Role.MONITOR, at_site="*"))]),
    "a password one administrator sets": ("reset", lambda t: [(ADA, SecretSet(account="ines", digest="0" * 64))]),
    "a recovery of somebody who administers nothing": (
        "account",
        lambda t: [(RECOVERED, SecretSet(account="ines", digest="0" * 64))],
    ),
    "the last administrator revoked": ("account", lambda t: [(ADA, AccountRevoked(account="ada", reason="x"))]),
    "what only the software records": ("authority", lambda t: [(INES, RecoveryCodeSet(digest="0" * 64))]),
    "a correction that hides what it lifts": (
        "correction",
        lambda t: [(INES, EntryAnnulled(participant="P-1", annuls=t.infused, reason="an error"))],  # type: ignore[attr-defined]
    ),
    "an answer the rule did not give": (
        "answer",
        lambda t: [(STAN, DecisionProposed(course=Course.TREAT, level=2, because="x", as_of=t.today()))],
    ),
}


def imported() -> FolderImported:
    return FolderImported(folder="data", digest="0" * 64, recorded=1, already_there=0, conflicts=0)


@pytest.mark.parametrize("name", FORGERIES)
def test_what_a_program_with_the_key_writes_past_the_rules_is_named(begun: Path, tmp_path: Path, name: str) -> None:
    casebook = open_casebook(Path(shutil.copytree(begun, tmp_path / "book")), clock=SetClock(START + timedelta(days=1)))
    rule, forge = FORGERIES[name]
    trial = Trial.__new__(Trial)
    trial.casebook, trial.clock = casebook, casebook.clock  # type: ignore[assignment]
    trial.infused = next(casebook.entries(kinds=["CellsInfused"])).number  # type: ignore[attr-defined]
    before = casebook.head.number
    for author, event in forge(trial):
        casebook.append(author, event)
    found = list(not_allowed(PLAN, casebook.entries()))
    casebook.close()
    assert found, "found nothing"
    assert all(one.entry.number > before for one in found), [str(one) for one in found]
    assert rule in {each.rule for one in found for each in one.broken}, [str(one) for one in found]


def test_an_entry_dated_before_the_one_it_follows_is_named(begun: Path) -> None:
    casebook = open_casebook(begun, read_only=True)
    *some, last = casebook.entries()
    casebook.close()
    early = replace(last, at=last.at - timedelta(days=9))
    [found] = not_allowed(PLAN, [*some, early])
    assert (found.entry, "clock" in {one.rule for one in found.broken}) == (early, True)
