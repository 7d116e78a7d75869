"""From a trial to its adverse events and to everybody they are counted among."""

from datetime import date

from escalon.conduct.judge.given import first_doses
from escalon.history import Trial
from escalon.protocol.study import Study
from escalon.safety.counting import Treated
from escalon.safety.occurrence import Occurrence, occurrences


def events_of(trial: Trial) -> tuple[Occurrence, ...]:
    """Every event, its lines together, coded where its words are a term; in the order of the entries."""
    courses = sorted(
        (one for one in trial.courses.values() if one.adverse_events), key=lambda one: one.adverse_events[0].number
    )
    return tuple(
        event for course in courses for event in occurrences(course.code, [one.event for one in course.adverse_events])
    )


def safety_population(study: Study, trial: Trial, cutoff: date) -> tuple[Treated, ...]:
    """Everyone infused by the cut-off, with dose level, disease, start of lymphodepletion and last day observed."""
    found = []
    for given in first_doses(study, trial):
        if given.day.earliest > cutoff:
            continue
        course = trial.course(given.participant)
        begun = [day.earliest for day, _ in course.days_of("conditioning")] + [
            day.earliest for day in course.conditioning_days
        ]
        known = [fact.value for fact in course.facts.named("disease") if fact.value is not None]
        left = course.left.earliest if course.left else cutoff
        found.append(
            Treated(
                given.participant, given.day.earliest, min(begun, default=None), f"level {given.level}",
                str(known[-1]) if known else "", min(left, cutoff),
            )
        )  # fmt: skip
    return tuple(found)
