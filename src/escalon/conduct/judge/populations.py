"""Who counts: the populations of a trial, each with its rule, its members, and why anybody else is not one."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from escalon.conduct.judge.baselines import first_day
from escalon.conduct.judge.dose_review import OUTCOMES
from escalon.conduct.judge.dosing import NextDose, decide_next_dose
from escalon.conduct.judge.screening import WORDS, Verdict, screen
from escalon.escalation import EscalationError, Outcome
from escalon.facts import Day, Fact
from escalon.history import Course, Trial
from escalon.protocol.study import Study


@dataclass(frozen=True, slots=True)
class Population:
    """Some of a trial's people: what makes somebody one of them, who is, and why each other one is not."""

    name: str
    title: str
    rule: str
    members: tuple[str, ...]
    excluded: Mapping[str, str] = field(default_factory=dict)
    grounds: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict)
    """The facts that make each member one."""
    undecided: str = ""
    """Why nobody can be said to belong; the members are then empty."""

    def __contains__(self, participant: object) -> bool:
        return participant in self.members

    def among(self, codes: Collection[str]) -> "Population":
        """The same population among some people alone: what each belongs to was decided with everybody there."""
        members = tuple(code for code in self.members if code in codes)
        return replace(self, members=members, excluded={c: why for c, why in self.excluded.items() if c in codes})


def populations(study: Study, trial: Trial, cutoff: Day) -> Mapping[str, Population]:
    """Every population that endpoints and tables count in, by name; worked out once a history and cut-off."""
    return trial.once(("populations", id(study), cutoff), study, lambda: _populations(study, trial, cutoff))


def dose_of_today(study: Study, trial: Trial, cutoff: Day) -> NextDose | EscalationError:
    """The next dose at the cut-off, or why it is not decided; worked out once a history and cut-off."""
    return trial.once(("next dose", id(study), cutoff), study, lambda: _dose(study, trial, cutoff))


def _dose(study: Study, trial: Trial, cutoff: Day) -> NextDose | EscalationError:
    try:
        return decide_next_dose(study, trial, cutoff)
    except EscalationError as error:
        return error


def _populations(study: Study, trial: Trial, cutoff: Day) -> dict[str, Population]:
    found = [
        Population("screened", "Screened", "anything is recorded of the person by the cut-off", trial.participants),
        _eligible(study, trial, cutoff),
    ]
    found.append(_enrolled(study, trial, found[1]))
    found += [
        _reached(study, trial, "apheresed", "Apheresed", ("apheresis", "collections"), "cells were collected"),
        _reached(
            study,
            trial,
            "lymphodepleted",
            "Lymphodepleted",
            ("conditioning", "conditionings"),
            "lymphodepletion was begun",
        ),
        _infused(study, trial),
        _evaluable(study, trial, cutoff),
    ]
    return {one.name: one for one in found}


def on_the_way(study: Study, some: Mapping[str, Population]) -> list[Population]:
    """The populations people come through in a study: without the steps that it does not have and nobody took."""
    asked = {"apheresed": study.collects_cells, "lymphodepleted": study.conditions}
    return [one for name, one in some.items() if asked.get(name, True) or one.members]


def _split(trial: Trial, why_not: Callable[[Course], str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Who belongs, and why each other person does not."""
    reasons = {code: why_not(trial.course(code)) for code in trial.participants}
    return tuple(code for code, why in reasons.items() if not why), {code: why for code, why in reasons.items() if why}


def _eligible(study: Study, trial: Trial, cutoff: Day) -> Population:
    by = {one.participant: one for one in screen(study, trial, cutoff)}

    def why_not(course: Course) -> str:
        one = by[course.code]
        if one.verdict is Verdict.MET:
            return ""
        failed = ", ".join(clause.criterion.id for clause in one.failed())
        more = f" and {len(one.obtain) - 1} more" if len(one.obtain) > 1 else ""
        return f"{WORDS[one.verdict]}: {failed}" if failed else f"undecided: {''.join(one.obtain[:1])}{more}"

    members, excluded = _split(trial, why_not)
    return Population("eligible", "Eligible", "every clause that applies is met before treatment", members, excluded)


def _enrolled(study: Study, trial: Trial, eligible: Population) -> Population:
    def why_not(course: Course) -> str:
        if not course.has_consent:
            return "no consent"
        if course.code not in eligible:
            return eligible.excluded[course.code]
        collected = first_day(course.facts, study.roles.apheresis) is not None
        return "" if collected or course.allocation or course.infusions else f"no decision to {step} is recorded"

    step = "collect cells" if study.collects_cells else "treat"
    members, excluded = _split(trial, why_not)
    rule = f"consent, eligible by what is recorded, and the decision to {step}"
    return Population("enrolled", "Enrolled", rule, members, excluded)


def _reached(study: Study, trial: Trial, name: str, title: str, step: tuple[str, str], rule: str) -> Population:
    """Those of whom a step is recorded: by the fact that the study's role names, or by an entry of the act itself."""
    role, acts = step
    fact = study.roles.of(role)  # type: ignore[arg-type]
    if fact is None and not any(getattr(one, acts) for one in trial.courses.values()):
        return Population(name, title, rule, (), undecided=f"this study records no {role}")

    def why_not(course: Course) -> str:
        return "" if getattr(course, acts) or first_day(course.facts, fact) is not None else f"no {role} recorded"

    members, excluded = _split(trial, why_not)
    grounds = {code: trial.facts_of(code).named(fact or "") for code in members}
    return Population(name, title, rule, members, excluded, grounds)


def _infused(study: Study, trial: Trial) -> Population:
    members, excluded = _split(trial, lambda course: "" if course.infusions else "not infused")
    rule = f"received any {'cells' if study.gives_cells else 'dose'}; everybody in it counts for safety"
    return Population("infused", "Infused (safety)", rule, members, excluded)


def _evaluable(study: Study, trial: Trial, cutoff: Day) -> Population:
    """Those the dose rule counted: the very object it decided from."""
    rule = "counted by the dose rule: a DLT, or a closed window known to be free of one"
    found = dose_of_today(study, trial, cutoff)
    if isinstance(found, EscalationError):
        return Population("dlt_evaluable", "DLT-evaluable", rule, (), undecided=str(found))
    by = {one.participant: one for one in found.reviews}

    def why_not(course: Course) -> str:
        one = by.get(course.code)
        if one is None:
            return "not infused"
        return "" if one.outcome in (Outcome.DLT, Outcome.NO_DLT) else f"{OUTCOMES[one.outcome]}: {one.why}"

    return Population("dlt_evaluable", "DLT-evaluable", rule, *_split(trial, why_not))
