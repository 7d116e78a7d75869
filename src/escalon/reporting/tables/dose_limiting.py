"""Dose-limiting toxicity: what the study's definition proposes for each participant, beside what a person decided."""

from datetime import date

from escalon.conduct.judge.evidence import evidence, study_definition
from escalon.conduct.judge.given import first_doses
from escalon.facts import Truth
from escalon.history import Trial
from escalon.protocol.study import Study
from escalon.reporting.tables.grid import Grid
from escalon.safety.dlt_evidence import DltEvidence


def dlt_grid(study: Study, trial: Trial, cutoff: date) -> Grid | None:
    """One row for each person infused: proposed by rule with its evidence, adjudicated, and whether the two agree."""
    definition = study_definition(study)
    if definition is None:
        return None
    rows = []
    for infusion in first_doses(study, trial):
        found = evidence(study, trial, infusion, cutoff)
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


def _because(found: DltEvidence) -> str:
    said = [str(clause) for clause in found.clauses if clause.truth is found.proposed]
    return "; ".join(said) if found.proposed is not False else "no rule of the definition is met"


def _word(truth: Truth) -> str:
    return "open" if truth is None else "DLT" if truth else "no DLT"


def _compared(proposed: Truth, decided: Truth) -> str:
    if proposed is None or decided is None:
        return "open"
    return "agree" if proposed is decided else "differ"
