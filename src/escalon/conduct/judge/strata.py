"""Strata: the parts of a trial that escalate by themselves, such as its diseases; each is asked as a trial of its own."""

from escalon.facts import together
from escalon.history import Course, Trial
from escalon.protocol.study import Study

UNSAID = "stratum not recorded"
"""The stratum of whoever has none recorded; while one of them was dosed, nobody is dosed in any stratum."""


def stratum_of(study: Study, course: Course) -> str:
    """The stratum of a participant by the study's own fact; empty where the study has no strata."""
    if study.dose.strata is None:
        return ""
    stated = [fact for fact in course.facts.named(study.dose.strata) if fact.value is not None]
    return str(stated[-1].value) if stated else UNSAID


def strata_named(study: Study) -> tuple[str, ...]:
    """The strata a study has, in its own order; none where it escalates as one."""
    return () if study.dose.strata is None else study.vocabulary[study.dose.strata].choices


def strata_of(study: Study, trial: Trial) -> dict[str, Trial]:
    """The trial of each stratum alone, in the order the study names them; those nobody belongs to as well."""
    belonging = together((stratum_of(study, course), code) for code, course in trial.courses.items())
    names = dict.fromkeys((*strata_named(study), *belonging))
    found = {name: trial.of(belonging.get(name, ())) for name in names}
    for one in found.values():  # events of the others say that the table is kept: silence about these is an answer
        others = (course for code, course in trial.courses.items() if code not in one.courses)
        one.later = [*trial.later, *(event for course in others for event in course.adverse_events)]
    return found
