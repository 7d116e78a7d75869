"""What was written, cannot be read and bears on the next dose: until it is corrected, no dose is decided."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from escalon.conduct.judge.given import doses_of
from escalon.escalation import EscalationError
from escalon.history import Trial, Unread
from escalon.protocol.dlt_window import dlt_window
from escalon.protocol.study import RoleName, Study


def refuse_unread(study: Study, trial: Trial) -> None:
    """Refuse to decide while something that could be a DLT is unread, or belongs to nobody who was infused."""
    if held := unread_of_the_dose(study, trial, trial.unread):
        raise EscalationError(f"what could be a DLT cannot be read, so no dose is decided. Correct: {'; '.join(held)}")
    for course in trial.courses.values():
        known = bool(course.infusions or course.is_observed or course.consents)
        for one in course.adverse_events:
            if not (course.infusions if one.event.dlt else known):
                what = f"{one.event.term}, grade {one.event.grade}, from {one.event.start} [{one.place}]"
                raise EscalationError(
                    f"{what} is recorded for {course.code}, who was not infused. Correct the code in adverse_events, "
                    "or add the infusion to doses"
                )


ENDS: Mapping[RoleName, frozenset[str]] = {
    "left": frozenset({"withdrawal", "withdrawn", "discontinuation", "discontinued", "dropout", "termination"}),
    "death": frozenset({"death", "died", "deceased"}),
}
"""The facts that end somebody's time in the study, and words for them: unread, they could change how a participant counts."""
_BESIDE = frozenset(
    {"study", "trial", "date", "day", "of", "early", "from", "the", "participant", "patient", "subject"}
)


def unread_of_the_dose(study: Study, trial: Trial, rows: Iterable[Unread]) -> list[str]:
    """Which rows that could not be read bear on the next dose, each with its place and why.

    That somebody left, recorded of a day after their DLT window or of somebody not infused, bears on none.
    """
    found = []
    for row in rows:
        ends = {role for role in ENDS if _says(study, row.about, role)}
        bears = row.table in ("doses", "adverse_events") or "death" in ends
        if bears or ("left" in ends and _in_time(study, trial, row)):
            found.append(row.why)
    return found


def _says(study: Study, name: str, role: RoleName) -> bool:
    """Whether a name is the fact of a role, or one that the study does not know and that says the same."""
    known = (study.roles.of(role) or "").casefold()
    said = set(name.casefold().replace("_", " ").split()) - _BESIDE
    if name.casefold() == known or name in study.vocabulary:
        return name.casefold() == known
    return (bool(said) and said <= ENDS[role]) or bool(get_close_matches(name.casefold(), [known], cutoff=0.85))


def _in_time(study: Study, trial: Trial, row: Unread) -> bool:
    """Whether an unread day of leaving may lie in the DLT window of somebody infused."""
    course = trial.courses.get(row.participant)
    given = doses_of(study, course) if course and course.infusions else []
    if not given:
        return course is None
    definition = study.vocabulary.get(row.about)
    if row.day is None or (definition is not None and definition.kind == "date"):
        return True  # the day stands in what cannot be read
    return row.day.earliest <= dlt_window(study, given[-1].last.earliest).last
