"""Dose-limiting toxicity: what the study's definition proposes for each participant, beside what a person decided."""

from collections.abc import Sequence
from datetime import date

from escalon.casebook.records import AdverseEvent as Recorded
from escalon.casebook.records import Infusion, Records
from escalon.facts import Truth, any_known
from escalon.instruments.safety.ctcae.laboratory import grade_laboratory
from escalon.protocol.study import Study
from escalon.reporting.adverse_events import event_of
from escalon.reporting.tables.grid import Grid
from escalon.safety.dlt import Course, propose
from escalon.safety.dlt_definition import TERMS, DltDefinition, definition_of
from escalon.safety.toxicity_course import Toxicity, toxicity

_COUNTS = {"neutrophils": TERMS["neutrophils"], "platelets": TERMS["platelets"]}


def dlt_grid(study: Study, records: Records, cutoff: date) -> Grid | None:
    """One row for each person infused: proposed by rule with its evidence, adjudicated, and whether the two agree."""
    definition = study_definition(study)
    if definition is None:
        return None
    rows = []
    for infusion in sorted(records.infusions, key=lambda one: (one.day.earliest, one.participant)):
        found = propose(course_of(records, infusion, cutoff), definition, cutoff)
        proposed = found.value if isinstance(found.value, bool) else None
        decided = adjudicated(records.adverse_events, infusion)
        why = "; ".join(found.reasons)
        rows.append((infusion.participant, _word(proposed), why, _word(decided), _compared(proposed, decided)))
    columns = ("participant", "proposed", "because", "decided by a person", "compared")
    kept = (
        "The rule proposes, a person decides; both are kept. Blood counts are those recorded as facts with their unit."
    )
    notes = (kept,) if definition.confirmed else (kept, "The definition is not confirmed by the sponsor (Q-DLT).")
    return Grid("Dose-limiting toxicity", columns, tuple(rows), notes, frozenset(columns))


def study_definition(study: Study) -> DltDefinition | None:
    """The definition of the study folder, with its window; `None` where the folder has none."""
    if study.dlt is None:
        return None
    window = study.dose.dlt_window
    days = window.number * {"day": 1, "week": 7}.get(window.unit, 1)
    return definition_of(study.dlt.events, days, study.dlt.excluded, confirmed=study.dlt.confirmed)


def course_of(records: Records, infusion: Infusion, cutoff: date) -> Course:
    """A participant's course up to the cut-off: events, blood counts graded by day, and when they left."""
    facts = records.facts_of(infusion.participant)
    left = [fact.day.earliest for fact in facts.named("study_discontinuation") if fact.day and fact.value is True]
    ended = min(left, default=None)
    return Course(
        infusion.participant,
        infusion.day.earliest,
        _toxicities(records, infusion.participant),
        {term: _grades(records, infusion, name) for name, term in _COUNTS.items()},
        observed_to=min(ended, cutoff) if ended else cutoff,
        left=f"left the study on {ended}" if ended else "",
    )


def _toxicities(records: Records, participant: str) -> tuple[Toxicity, ...]:
    return tuple(toxicity(event_of(one)) for one in records.adverse_events if one.participant == participant)


def _grades(records: Records, infusion: Infusion, name: str) -> dict[int, int]:
    """The worst grade of each full day after infusion on which a count is recorded with its unit."""
    grades: dict[int, int] = {}
    for fact in records.facts_of(infusion.participant).named(name):
        if fact.day is None or fact.day.is_partial or fact.value is None or fact.unit is None:
            continue
        for finding in grade_laboratory(_COUNTS[name], value=fact):
            grade = finding.components.get("grade_value")
            day = (fact.day.earliest - infusion.day.earliest).days
            if grade is not None:
                grades[day] = max(int(grade), grades.get(day, 0))
    return grades


def adjudicated(events: Sequence[Recorded], infusion: Infusion) -> Truth:
    """What was decided: a DLT if any event was, none if every severe event was judged not to be, else not known."""
    mine = [event for event in events if event.participant == infusion.participant and _is_severe(event)]
    return any_known(event.dlt for event in mine if event.start is None or event.start.latest >= infusion.day.earliest)


def _is_severe(event: Recorded) -> bool:
    return event.dlt is not None or event.grade is None or event.grade >= 3


def _word(truth: Truth) -> str:
    return "open" if truth is None else "DLT" if truth else "no DLT"


def _compared(proposed: Truth, decided: Truth) -> str:
    if proposed is None or decided is None:
        return "open"
    return "agree" if proposed is decided else "differ"
