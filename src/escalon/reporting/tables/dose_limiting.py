"""Dose-limiting toxicity: what the study's definition proposes for each participant, beside what a person decided."""

from datetime import date

from escalon.casebook.records import Infusion, Records
from escalon.facts import Truth
from escalon.protocol.design import in_days
from escalon.protocol.study import Study
from escalon.reporting.tables.grid import Grid
from escalon.safety.dlt_clauses import Horizon
from escalon.safety.dlt_definition import DltDefinition, definition_of
from escalon.safety.dlt_evidence import DltEvidence, dlt_evidence
from escalon.safety.followed import Entered, Followed, WindowReview


def dlt_grid(study: Study, records: Records, cutoff: date) -> Grid | None:
    """One row for each person infused: proposed by rule with its evidence, adjudicated, and whether the two agree."""
    definition = study_definition(study)
    if definition is None:
        return None
    rows = []
    for infusion in sorted(records.infusions, key=lambda one: (one.day.earliest, one.participant)):
        first = infusion.day.earliest
        horizon = Horizon(first, Horizon(first, first, cutoff).day(definition.window_days), cutoff)
        found = dlt_evidence(definition, followed(records, infusion, cutoff), horizon)
        proposed, decided = found.proposed, found.decided
        rows.append(
            (infusion.participant, _word(proposed), _because(found), _word(decided), _compared(proposed, decided))
        )
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
    days = in_days(study.dose.dlt_window)
    return definition_of(study.dlt.events, days, study.dlt.excluded, confirmed=study.dlt.confirmed)


def followed(records: Records, infusion: Infusion, cutoff: date) -> Followed:
    """One infused participant as the definition sees them: events, counts, reviews, leaving."""
    facts = records.facts_of(infusion.participant)
    left = [fact.day for fact in facts.named("study_discontinuation") if fact.day and fact.value is True]
    return Followed(
        participant=infusion.participant,
        events=[Entered(one) for one in records.adverse_events if one.participant == infusion.participant],
        counts=[Entered(fact) for fact in facts],
        reviews=[WindowReview(fact.day.earliest) for fact in facts.named("dlt_review") if fact.day and fact.value],
        evaluable=infusion.evaluable,
        left=min((day for day in left if day.earliest <= cutoff), key=lambda day: day.earliest, default=None),
    )


def _because(found: DltEvidence) -> str:
    said = [str(clause) for clause in found.clauses if clause.truth is found.proposed]
    return "; ".join(said) if found.proposed is not False else "no rule of the definition is met"


def _word(truth: Truth) -> str:
    return "open" if truth is None else "DLT" if truth else "no DLT"


def _compared(proposed: Truth, decided: Truth) -> str:
    if proposed is None or decided is None:
        return "open"
    return "agree" if proposed is decided else "differ"
