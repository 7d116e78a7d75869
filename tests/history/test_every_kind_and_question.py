"""Every kind of event can change every question, or is declared irrelevant to it: one table, walked whole.

A cross says that there is a pair of histories, without and with the event, to which the question has different answers; the
example beside it is that pair. A dot says that the event is irrelevant to the question, and no example may change its answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from escalon.conduct.judge.committee import is_signed
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.conduct.judge.samples import profiles_of
from escalon.conduct.judge.screening import screen
from escalon.conduct.permit.authority import authorise
from escalon.conduct.permit.holds import holds
from escalon.conduct.permit.refusal import Refused
from escalon.escalation import EscalationError
from escalon.facts import Day
from escalon.history import Author, Entry, Trial
from escalon.history import events as e
from escalon.history.events import KINDS, Event, Observation
from escalon.history.events.account import AccountLocked, RecoveryCodeSet, SecretSet
from escalon.history.events.record import RefusedRow
from escalon.safety.adverse_event import is_death
from escalon.sources.frame import frame_of
from tests.casebook.trial import study

STUDY = study(clauses=("I-2c", "I-3a", "E-5"))
FRAME = frame_of(STUDY)
TODAY = date(2026, 3, 10)
START = datetime(2026, 1, 1, 9, tzinfo=UTC)

TABLE = """
kind                   enter  dose  acts  samples  safety  record
FactRecorded           x      x     x     .        .       .
FactCorrected          x      x     x     .        .       .
EntryCorrected         x      x     x     x        x       .
EntryAnnulled          x      x     x     x        x       .
TreatmentGiven         x      .     .     .        .       .
AdverseEventRecorded   .      x     x     .        x       .
SampleMeasured         .      x     .     x        .       .
NothingToReport        .      x     x     .        .       x
MarkedSynthetic        .      .     .     .        .       x
CellsInfused           x      x     x     x        .       .
ApheresisDone          .      .     .     .        .       x
LymphodepletionGiven   x      .     .     .        .       x
ProductReleased        .      .     .     .        .       x
LevelAllocated         .      .     .     .        .       x
AllocationReleased     .      .     .     .        .       x
DosePrepared           .      .     .     .        .       x
DoseChecked            .      .     .     .        .       x
SafetyReportSent       .      .     .     .        .       x
ToxicityObserved       .      x     x     .        .       x
ParticipantConsented   x      .     x     .        .       x
ConsentWithdrawn       .      x     x     .        .       .
ParticipantScreened    .      .     x     .        .       .
EligibilitySigned      .      .     x     .        .       .
ParticipantWithdrawn   .      x     x     .        .       .
ParticipantTransferred .      .     .     .        .       x
DltProposed            .      x     x     .        .       .
DltAdjudicated         .      x     x     .        .       .
DltWindowReviewed      .      x     x     .        .       .
EvaluabilityJudged     .      x     x     .        .       .
DecisionProposed       .      .     .     .        .       x
DecisionSigned         .      .     .     .        .       x
CohortOpened           .      .     .     .        .       x
CohortClosed           .      .     .     .        .       x
OverrideGiven          .      .     .     .        .       x
OverrideSigned         .      .     .     .        .       x
QueryRaised            .      .     .     .        .       x
QueryAnswered          .      .     .     .        .       x
QueryClosed            .      .     .     .        .       x
VisitLocked            .      .     .     .        .       x
VisitUnlocked          .      .     .     .        .       x
VisitSigned            .      .     .     .        .       .
EntrySigned            .      .     .     .        .       x
AssumptionSigned       .      .     .     .        .       .
FolderImported         x      .     .     .        .       x
AccountOpened          .      .     .     .        .       x
RoleGranted            .      .     .     .        .       x
RoleWithdrawn          .      .     .     .        .       x
AccountRevoked         .      .     .     .        .       x
AccountLocked          .      .     .     .        .       .
SecretSet              .      .     .     .        .       .
RecoveryCodeSet        .      .     .     .        .       .
CasebookOpened         .      .     .     .        .       .
AmendmentAdopted       .      x     x     .        .       .
SchemaMigrated         .      .     .     .        .       .
CheckpointKeyChanged   .      .     .     .        .       .
CheckpointKept         .      .     .     .        .       .
IdentifierSealed       .      .     .     .        .       .
IdentityOpened         .      .     .     .        .       .
BackupMade             .      .     .     .        .       .
ArchiveMade            .      .     .     .        .       .
FolderWritten          .      .     .     .        .       .
CasebookRestored       .      .     .     .        .       .
ClockConfirmed         .      .     .     .        .       .
"""
BASES = {"ParticipantEvent", "Signed"}
"""What other kinds are made of, and nobody records."""


def cells() -> dict[str, dict[str, bool]]:
    head, *lines = [line.split() for line in TABLE.strip().splitlines()]
    return {kind: dict(zip(head[1:], (one == "x" for one in marks), strict=True)) for kind, *marks in lines}


CELLS = cells()


# ---- the questions


def may_enter(trial: Trial) -> Any:
    return [
        (one.participant, one.verdict, one.obtain, [(c.criterion.id, c.verdict) for c in one.clauses])
        for one in screen(STUDY, trial, TODAY)
    ]


def next_dose(trial: Trial) -> Any:
    try:
        found = decide_next_dose(STUDY, trial, TODAY)
    except EscalationError as error:
        return str(error)
    return (
        str(found.decision),
        [(one.participant, one.outcome, one.deviation) for one in found.reviews],
        found.decision.notes,
    )


def may_be_done(trial: Trial) -> Any:
    return [(one.rule, one.about, one.says) for one in holds(STUDY, trial, TODAY)]


def in_blood(trial: Trial) -> Any:
    return [
        (one.participant, one.analyte, [(s.elapsed, s.written) for s in one.samples])
        for one in profiles_of(STUDY, trial)[0]
    ]


def safety(trial: Trial) -> Any:
    lines = [one.event for course in trial.courses.values() for one in course.adverse_events]
    return [(one.participant, one.term, one.grade, is_death(one)) for one in lines]


def record(trial: Trial) -> Any:
    """Who may act, what is open, locked, given, promised and asked, and how the record is marked."""
    courses = [
        (
            one.code,
            one.site,
            one.allocation,
            sorted(one.locked_visits),
            len(one.collections),
            len(one.products),
            len(one.conditionings),
        )
        for one in trial.courses.values()
    ]
    beside = [
        (
            one.code,
            [
                type(x.event).__name__
                for name in vars(one)
                if isinstance(some := getattr(one, name), list)
                for x in some
                if type(x.event).__name__ in ("DosePrepared", "DoseChecked", "SafetyReportSent", "ToxicityObserved")
            ],
        )
        for one in trial.courses.values()
    ]
    decisions = [(one.number, is_signed(trial, one), sorted(one.signers)) for one in trial.decisions.values()]
    overrides = [(number, sorted(one.signers), one.used_by) for number, one in trial.overrides.items()]
    queries = [(number, one.state) for number, one in trial.queries.items()]
    marks = (
        trial.synthetic,
        sorted(trial.attested),
        sorted(trial.unread, key=str),
        {n: sorted(s) for n, s in trial.signers.items()},
    )
    cohorts = [(number, one.is_open, dict(one.places)) for number, one in trial.cohorts.items()]
    return (
        courses,
        beside,
        decisions,
        overrides,
        queries,
        marks,
        cohorts,
        sorted(trial.people.by_account),
        may_record(trial),
    )


def may_record(trial: Trial) -> list[tuple[str, bool]]:
    found = []
    for name, role, site in (
        ("ines", "investigator", "S1"),
        ("nina", "investigator", "S1"),
        ("carla", "coordinator", "S1"),
    ):
        try:
            authorise(
                trial.people.get(name),
                Author(name, role, site, "test"),
                "CellsInfused" if role == "investigator" else "FactRecorded",
                "S1",
            )
            found.append((name, True))
        except Refused:
            found.append((name, False))
    return found


QUESTIONS: dict[str, Callable[[Trial], Any]] = {
    "enter": may_enter, "dose": next_dose, "acts": may_be_done, "samples": in_blood, "safety": safety, "record": record,
}  # fmt: skip


# ---- the histories


def at(day: int) -> datetime:
    return START + timedelta(days=day)


def on(day: int) -> date:
    return at(day).date()


def alt(value: str, day: int = 5, code: str = "P-1") -> e.FactRecorded:
    seen = Observation(name="alt", value=value, unit="U/L", day=str(on(day)), upper="40", visit="screening")
    return e.FactRecorded(participant=code, fact=seen)


def sample(code: str, day: int, value: str = "9") -> e.SampleMeasured:
    measured = {"value": value, "unit": "copies/µL", "lloq": "5"}
    return e.SampleMeasured(participant=code, analyte="car_transgene", date=str(on(day)), **measured)


def visited(code: str) -> e.FactRecorded:
    day = str(on(6))
    return e.FactRecorded(participant=code, fact=Observation(name="screening_visit", value=day, day=day))


def ae(term: str = "Sepsis", grade: int | None = 4, **said: Any) -> e.AdverseEventRecorded:
    return e.AdverseEventRecorded(participant="P-1", term=term, grade=grade, start=Day.of(on(35)), **said)


def infused(code: str, day: int, level: int = 1) -> e.CellsInfused:
    return e.CellsInfused(
        participant=code, at=at(day), level=level, product=f"B-{code}", cells_per_kg=Decimal(100_000 * level)
    )


SIGNED = {"printed_name": "A", "meaning": "approve", "digest": "0" * 64}
SAMPLE = e.SampleMeasured(
    participant="P-1", analyte="car_transgene", date=str(on(40)), value="100", unit="copies/µL", lloq="5"
)
BASE: list[Event] = [
    e.AccountOpened(account="ines", printed_name="Ines V"),  # 1
    e.RoleGranted(account="ines", held=e.Role.INVESTIGATOR, at_site="S1"),  # 2
    e.AccountOpened(account="carla", printed_name="Carla C"),  # 3
    e.RoleGranted(account="carla", held=e.Role.COORDINATOR, at_site="S1"),  # 4
    e.ParticipantConsented(participant="P-1", site="S1", form="v1", signed_on=on(0)),  # 5
    alt("30"),  # 6
    e.ParticipantConsented(participant="P-2", site="S1", form="v1", signed_on=on(0)),  # 7
    e.ParticipantScreened(participant="P-2", verdict=e.Verdict.ELIGIBLE),  # 8
    e.DecisionProposed(course=e.Course.TREAT, level=1, because="start"),  # 9
    e.CohortOpened(cohort=1, level=1, size=3, decision=9),  # 10
    infused("P-1", 30),  # 11
    ae("Nausea", 1),  # 12
    sample("P-1", 40, "100"),  # 13
    e.QueryRaised(text="which unit?", about=6),  # 14
    e.OverrideGiven(act="CellsInfused", participant="P-2", rules=("slot",), reason="safety"),  # 15
    e.VisitLocked(participant="P-1", visit="D28"),  # 16
    e.LevelAllocated(participant="P-2", cohort=1, level=1, place=1),  # 17
    e.QueryAnswered(query=14, text="U/L"),  # 18
    visited("P-1"),  # 19
    visited("P-2"),  # 20
]
QUIET = [one for one in BASE if not isinstance(one, e.AdverseEventRecorded)]
"""The same without any adverse event: silence."""
PAIRS: dict[str, list[tuple[Sequence[Event], Event]]] = {
    "FactRecorded": [
        (BASE, alt("500", 6)),
        (BASE, e.FactRecorded(participant="P-1", fact=Observation(name="study_discontinuation", value="yes", day=str(on(40))))),
        (BASE, alt("500", 6, "P-2")),
    ],
    "FactCorrected": [
        (BASE, e.FactCorrected(participant="P-1", corrects=6, fact=alt("500").fact, reason="slip")),
        ([*BASE, e.FactRecorded(participant="P-1", fact=Observation(name="dlt_review", value="2026-03-01", day="2026-03-01"))],
         e.FactCorrected(participant="P-1", corrects=21, reason="slip",
                         fact=Observation(name="study_discontinuation", value="yes", day=str(on(40))))),
    ],
    "EntryCorrected": [
        (BASE, e.EntryCorrected(participant="P-1", corrects=12, now=ae(), reason="slip")),
        (BASE, e.EntryCorrected(participant="P-1", corrects=11, now=infused("P-1", 60), reason="slip")),
        (BASE, e.EntryCorrected(participant="P-1", corrects=6, now=alt("500"), reason="slip")),
    ],
    "EntryAnnulled": [
        (BASE, e.EntryAnnulled(participant="P-1", annuls=number, reason="slip")) for number in (6, 11, 12, 13)
    ],
    "TreatmentGiven": [(BASE, e.TreatmentGiven(participant="P-1", treatment="filgrastim", start=Day.of(on(2))))],
    "AdverseEventRecorded": [(BASE, ae())],
    "SampleMeasured": [
        (BASE, sample("P-1", 50)),
        (BASE, sample("P-1", 59)),
    ],
    "NothingToReport": [(QUIET, e.NothingToReport(table="adverse_events"))],
    "MarkedSynthetic": [(BASE, e.MarkedSynthetic())],
    "CellsInfused": [
        (BASE, infused("P-2", 65)),
        ([*BASE, sample("P-2", 45)], infused("P-2", 38)),
        (BASE, infused("P-2", 3, 2)),
        ([*BASE, alt("500", 6, "P-2")], infused("P-2", 3)),
    ],
    "ApheresisDone": [(BASE, e.ApheresisDone(participant="P-2", at=at(8), collection="A-2"))],
    "LymphodepletionGiven": [
        ([*BASE, alt("500", 20, "P-2")],
         e.LymphodepletionGiven(participant="P-2", started_on=on(9), ended_on=on(11), regimen="as prescribed")),
    ],
    "ProductReleased": [
        (BASE, e.ProductReleased(participant="P-2", product="B-2", collection="A-2", level=1, certificate="C", at=at(9))),
    ],
    "LevelAllocated": [(BASE, e.LevelAllocated(participant="P-1", cohort=1, level=1, place=2))],
    "AllocationReleased": [(BASE, e.AllocationReleased(participant="P-2", cohort=1, place=1, reason="left"))],
    "ParticipantConsented": [(BASE, e.ParticipantConsented(participant="P-3", site="S1", form="v1", signed_on=on(50)))],
    "ConsentWithdrawn": [(BASE, e.ConsentWithdrawn(participant="P-1", on=on(40), reason="wish")),
                         (BASE, e.ConsentWithdrawn(participant="P-2", on=on(40), reason="wish"))],
    "ParticipantScreened": [
        ([*BASE, e.EligibilitySigned(participant="P-2", screening=8, **SIGNED)],
         e.ParticipantScreened(participant="P-2", verdict=e.Verdict.NOT_ELIGIBLE)),
    ],
    "EligibilitySigned": [(BASE, e.EligibilitySigned(participant="P-2", screening=8, **SIGNED))],
    "ParticipantWithdrawn": [(BASE, e.ParticipantWithdrawn(participant="P-1", on=on(40), reason="moved")),
                             (BASE, e.ParticipantWithdrawn(participant="P-2", on=on(40), reason="moved"))],
    "ParticipantTransferred": [(BASE, e.ParticipantTransferred(participant="P-1", to_site="S2", reason="moved"))],
    "DltProposed": [(BASE, e.DltProposed(participant="P-1", is_dlt=True, because="rule"))],
    "DltAdjudicated": [([*BASE, ae()], e.DltAdjudicated(participant="P-1", is_dlt=True, because="seen"))],
    "DltWindowReviewed": [(QUIET, e.DltWindowReviewed(participant="P-1", through=on(58)))],
    "EvaluabilityJudged": [(BASE, e.EvaluabilityJudged(participant="P-1", is_evaluable=False))],
    "DecisionProposed": [(BASE, e.DecisionProposed(course=e.Course.TREAT, level=2, because="rule"))],
    "DecisionSigned": [(BASE, e.DecisionSigned(decision=9, **SIGNED))],
    "CohortOpened": [(BASE, e.CohortOpened(cohort=2, level=1, size=3, decision=9))],
    "CohortClosed": [(BASE, e.CohortClosed(cohort=1, reason="complete"))],
    "OverrideGiven": [(BASE, e.OverrideGiven(act="CellsInfused", participant="P-2", rules=("slot",), reason="safety"))],
    "OverrideSigned": [(BASE, e.OverrideSigned(given=15, **SIGNED))],
    "QueryRaised": [(BASE, e.QueryRaised(text="when?", about=6))],
    "QueryAnswered": [(BASE[:17], e.QueryAnswered(query=14, text="U/L"))],
    "QueryClosed": [(BASE, e.QueryClosed(query=14))],
    "VisitLocked": [(BASE, e.VisitLocked(participant="P-1", visit="D90"))],
    "VisitUnlocked": [(BASE, e.VisitUnlocked(participant="P-1", visit="D28", reason="late result"))],
    "VisitSigned": [(BASE, e.VisitSigned(participant="P-1", visit="D28", **SIGNED))],
    "EntrySigned": [(BASE, e.EntrySigned(entry=6, **SIGNED))],
    "AssumptionSigned": [(BASE, e.AssumptionSigned(assumption="Q-DLT", **SIGNED))],
    "FolderImported": [
        (BASE, e.FolderImported(folder="data", digest="0", recorded=1, already_there=0, conflicts=0, refused=(
            RefusedRow(table="facts", participant="P-1", why="facts.csv:3: …", day=Day.of(on(3)), about="malignancy"),))),
    ],
    "AccountOpened": [(BASE, e.AccountOpened(account="nina", printed_name="N"))],
    "RoleGranted": [([*BASE, e.AccountOpened(account="nina", printed_name="N")],
                     e.RoleGranted(account="nina", held=e.Role.INVESTIGATOR, at_site="S1"))],
    "RoleWithdrawn": [(BASE, e.RoleWithdrawn(account="ines", held=e.Role.INVESTIGATOR, at_site="S1", reason="left"))],
    "AccountRevoked": [(BASE, e.AccountRevoked(account="ines", reason="left"))],
    "AccountLocked": [(BASE, AccountLocked(account="ines", failures=5))],
    "SecretSet": [(BASE, SecretSet(account="ines", digest="0"))],
    "RecoveryCodeSet": [(BASE, RecoveryCodeSet(digest="0"))],
}  # fmt: skip
OWN = {
    "CasebookOpened": {"casebook": "c", "study": "s", "study_version": "1", "public_key": "0"},
    "AmendmentAdopted": {"study_version": "2", "digest": "0", "adopted_on": on(3)},
    "SchemaMigrated": {"revision": "2"},
    "CheckpointKeyChanged": {"public_key": "0"},
    "CheckpointKept": {},
    "IdentifierSealed": {"participant": "P-1", "digest": "0"},
    "IdentityOpened": {"participant": "P-1"},
    "BackupMade": {"upto": 3, "digest": "0"},
    "ArchiveMade": {"upto": 3},
    "FolderWritten": {"upto": 3},
    "CasebookRestored": {"upto": 3, "digest": "0", "source": "s", "copy": "c"},
    "ClockConfirmed": {**SIGNED, "reason": "checked"},
}
PAIRS |= {kind: [(BASE, KINDS[kind](**said))] for kind, said in OWN.items()}
PREPARED = e.DosePrepared(
    participant="P-2", level=1, product="B-2", expires=on(90), weight_kg=Decimal(60), cells_per_ml=Decimal("1e6"),
    viability=Decimal("0.9"), car_fraction=Decimal("0.5"), volume_ml=Decimal("13.3"), at=at(60),
)  # fmt: skip
PAIRS |= {
    "DosePrepared": [(BASE, PREPARED)],
    "DoseChecked": [
        (
            [*BASE, PREPARED],
            e.DoseChecked(
                participant="P-2", prepared=21, wristband="P-2", product="B-2", expires=on(90), first_ml=Decimal("13.3"),
                second_ml=Decimal("13.3"), at=at(60),
            ),
        )
    ],
    "ToxicityObserved": [(BASE, e.ToxicityObserved(participant="P-1", syndrome="CRS", grade=4, at=at(33)))],
    "SafetyReportSent": [(BASE, e.SafetyReportSent(participant="P-1", event="1", report="initial", sent_on=on(50)))],
}  # fmt: skip


def trial_of(told: Sequence[Event]) -> Trial:
    people = {"OverrideSigned": Author("cora", "committee", "*", "test")}
    default = Author("ines", "investigator", "S1", "test")
    entries = (
        Entry(number, at(number // 4), people.get(one.kind, default), one) for number, one in enumerate(told, start=1)
    )
    return Trial(FRAME).follow(entries)


def answers(told: Sequence[Event]) -> dict[str, Any]:
    return {name: str(ask(trial_of(told))) for name, ask in QUESTIONS.items()}


def test_the_table_has_every_kind_and_every_question() -> None:
    assert set(CELLS) == set(KINDS) - BASES
    assert set(PAIRS) == set(CELLS)
    assert all(set(row) == set(QUESTIONS) for row in CELLS.values())


@pytest.mark.parametrize("kind", sorted(CELLS))
def test_a_kind_changes_the_questions_it_bears_on_and_no_other(kind: str) -> None:
    changed: set[str] = set()
    for before, event in PAIRS[kind]:
        assert event.kind == kind
        was, now = answers(before), answers([*before, event])
        changed |= {name for name in QUESTIONS if was[name] != now[name]}
    assert changed == {name for name, is_so in CELLS[kind].items() if is_so}
