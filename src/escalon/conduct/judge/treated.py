"""From a trial to its adverse events, to everybody they are counted among, and to the periods they are counted in."""

from datetime import date

from escalon.conduct.judge.given import first_doses
from escalon.conduct.judge.member import member
from escalon.history import Trial
from escalon.protocol.study import Study
from escalon.safety.counting import ReportingPeriod, Treated
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
        begun = [day.earliest for day in course.conditioned_on]
        known = [fact.value for fact in course.facts.named("disease") if fact.value is not None]
        ended = member(study, trial, given.participant).ended
        found.append(
            Treated(
                given.participant, given.day.earliest, min(begun, default=None), f"level {given.level}",
                str(known[-1]) if known else "", min(ended.day.earliest, cutoff) if ended else cutoff
            )
        )  # fmt: skip
    return tuple(found)


def reporting_periods(study: Study) -> list[ReportingPeriod]:
    """The study's periods for counting events; before and from infusion on, where it names none."""
    named = [one for one in study.periods if one.group == "reporting"]
    if not named:
        return [ReportingPeriod("before infusion", None, -1), ReportingPeriod("from infusion", 0, None)]
    return [ReportingPeriod(one.name, one.first_day, one.last_day) for one in named]


def is_before_infusion(period: ReportingPeriod) -> bool:
    """Whether a period ends before day 0."""
    return period.last is not None and period.last < 0
