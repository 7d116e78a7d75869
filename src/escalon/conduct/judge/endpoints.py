"""A declared endpoint carried out: who counts, what each has at each visit, and what that comes to, down to the facts.

`execute` is the one way from a declaration to numbers. Nobody is dropped: every member of the population stands at every
visit as a value, missing, not due or not applicable, with the reason, and these four always add up to all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from re import sub
from typing import Literal, TypeAlias

from escalon.conduct.judge.cells import AtVisit, Statistic, in_group
from escalon.conduct.judge.comparisons import COMPARISONS, Question, between
from escalon.conduct.judge.member import Member, member
from escalon.conduct.judge.populations import populations
from escalon.conduct.judge.windows import State
from escalon.criteria import Situation, examine
from escalon.facts import Day, Fact, Facts, Finding, plain, together
from escalon.history import Trial
from escalon.instruments import catalogue
from escalon.protocol.names import names_in
from escalon.protocol.study import Endpoint, Study

WhyNot: TypeAlias = Literal[
    "", "nobody belongs", "nothing recorded", "no baseline", "not due for anybody", "no executor"
]
"""The fixed reasons for an endpoint without a number."""


@dataclass(frozen=True)
class Executed:
    """An endpoint carried out at a cut-off: its cells, its statistics, or the one reason why it has none."""

    endpoint: Endpoint
    estimand: str
    population: str
    members: tuple[str, ...]
    excluded: Mapping[str, str]
    cells: tuple[AtVisit, ...]
    statistics: tuple[Statistic, ...]
    why_not: WhyNot = ""
    detail: str = ""
    """What `why_not` is about: how many of whom have how much."""
    unit: str = ""

    @property
    def visits(self) -> tuple[str, ...]:
        """The visits it has cells at, in order."""
        return tuple(self._at)

    def at(self, visit: str, group: str = "") -> tuple[AtVisit, ...]:
        """The cells of a visit, of everybody or of one group."""
        return tuple(cell for cell in self._at.get(visit, ()) if in_group(cell, group))

    def statistic(self, visit: str, name: str, group: str = "") -> Statistic | None:
        """A statistic by its name."""
        return self._named.get((visit, name, group))

    @cached_property
    def _at(self) -> Mapping[str, list[AtVisit]]:
        return together((cell.visit, cell) for cell in self.cells)

    @cached_property
    def _named(self) -> Mapping[tuple[str, str, str], Statistic]:
        return {(one.visit, one.name, one.group): one for one in reversed(self.statistics)}


def execute(study: Study, trial: Trial, endpoint: Endpoint, cutoff: Day) -> Executed:
    """Carry out an endpoint on a history as it stood at a cut-off; worked out once a history."""
    key = ("endpoint", id(study), id(endpoint), cutoff)
    return trial.once(key, (study, endpoint), lambda: _execute(study, trial, endpoint, cutoff))


def _execute(study: Study, trial: Trial, endpoint: Endpoint, cutoff: Day) -> Executed:
    members, excluded = whose(study, trial, endpoint, cutoff)
    people = [member(study, trial, code) for code in members]
    asked = Question(study, trial, endpoint, cutoff, people)
    comparison = COMPARISONS.get(endpoint.compare)
    cells = tuple(comparison.cells(asked)) if comparison else ()
    statistics = tuple(comparison.statistics(asked, cells, _groups(people, endpoint.by))) if comparison else ()
    why, detail = _why_not(study, endpoint, members, cells)
    return Executed(
        endpoint, estimand(study, endpoint), endpoint.population, members, excluded, cells, statistics, why, detail,
        endpoint.unit or unit_of(study, endpoint.measure[0]),
    )  # fmt: skip


def by_level(study: Study, trial: Trial, endpoint: Endpoint, cutoff: Day) -> Executed:
    """The same carried out, with its statistics of each dose level."""
    done = execute(study, trial, endpoint, cutoff)
    people = [member(study, trial, code) for code in done.members]
    asked = Question(study, trial, endpoint, cutoff, people)
    found = COMPARISONS[endpoint.compare].statistics(asked, done.cells, _groups(people, ("level",)))
    return replace(done, statistics=tuple(found))


def _groups(people: Iterable[Member], by: Iterable[str]) -> list[str]:
    """Everybody, then each level or disease that somebody is of."""
    found = {name for one_by in by for one in people if (name := _group(one, one_by))}
    return ["", *sorted(found)]


def _group(one: Member, by: str) -> str:
    return (f"level {one.level}" if one.level is not None else "") if by == "level" else one.disease


def unit_of(study: Study, measure: str) -> str:
    """The unit a measure is counted in; empty for a bare number."""
    meaning = study.vocabulary.get(measure)
    return (meaning.unit if meaning else None) or ""


def whose(study: Study, trial: Trial, endpoint: Endpoint, cutoff: Day) -> tuple[tuple[str, ...], dict[str, str]]:
    """Who belongs to an endpoint, and why each other person of the trial does not."""
    known = populations(study, trial, cutoff)
    members, excluded = [], {}
    read = [name for name in names_in(endpoint.tree) if name not in known]
    read += [part for name in read if name in study.vocabulary for part in study.vocabulary[name].members]
    for code in trial.participants:
        facts = [fact for name in read for fact in member(study, trial, code).facts.named(name)]
        standing = [Fact(name, code in one, None, participant=code) for name, one in known.items()]
        here = Situation(Facts([*facts, *standing]), cutoff, {}, study.vocabulary)
        found = examine(endpoint.tree, here)
        if found.value is True:
            members.append(code)
        else:
            excluded[code] = _why_excluded(endpoint, code, known, found)
    return tuple(members), excluded


def _why_excluded(endpoint: Endpoint, code: str, known: Mapping[str, object], found: Finding) -> str:
    one = known.get(endpoint.population)
    why = getattr(one, "excluded", {}).get(code, "") or getattr(one, "undecided", "")
    if why:
        return str(why)
    return (
        f"not known whether {endpoint.among}: {'; '.join(found.missing)}"
        if found.value is None
        else f"not {endpoint.among}"
    )


_STRATEGIES = {
    "treatment_policy": "values count whatever happened",
    "composite": "counts as no response from then on",
    "while_on_treatment": "values after it do not count",
}
_VARIABLES = {
    "value": "{}",
    "change from baseline": "change of {} from baseline",
    "percent change": "change of {} from baseline in percent",
    "best change": "best change of {} from baseline so far",
    "response": "response by {}",
    "events": "{}: events, participants with any, highest grade",
    "course": "level of {} over time",
}


def estimand(study: Study, endpoint: Endpoint) -> str:
    """Population, variable, intercurrent events with their strategies, summary, and what missing values become."""
    names = " and ".join(_called(study, name) for name in endpoint.measure)
    variable = _VARIABLES.get(endpoint.compare, "{}").format(names)
    if endpoint.improved_by is not None:
        variable = f"{names} better than at baseline by {plain(endpoint.improved_by)} or more"
    among = sub(r"\binfused\b", study.said("infused"), endpoint.among)
    parts = [f"Population: {among}", f"variable: {variable}"]
    if endpoint.is_compared_with_baseline:
        rule = study.baselines[endpoint.baseline] if endpoint.baseline else study.baseline
        parts.append(f"baseline: {rule}")
    parts += [
        f"{one.event.replace('_', ' ')}: {_STRATEGIES[one.strategy]} ({one.strategy.replace('_', ' ')})"
        for one in between(endpoint)
    ]
    missing = {
        "show": "missing values are shown, not replaced",
        "non_responder": "a missing value counts as no response",
        "last_value": "a missing value is replaced by the last one after baseline",
    }[endpoint.missing]
    return "; ".join([*parts, missing]) + "."


def _called(study: Study, name: str) -> str:
    """A measure as people call it: by the study's own word, or by the title of its instrument and the name of the part."""
    meaning, whole = study.vocabulary.get(name), catalogue().get(name.partition(".")[0])
    if meaning is not None and meaning.label:
        return meaning.label
    part = name.partition(".")[2] if whole else name
    return ", ".join(filter(None, (whole.title if whole else "", part.replace("_", " "))))


def _why_not(
    study: Study, endpoint: Endpoint, members: tuple[str, ...], cells: tuple[AtVisit, ...]
) -> tuple[WhyNot, str]:
    """The reason why there is no number; the gravest that holds, with what it is about."""
    if endpoint.compare not in COMPARISONS:
        return "no executor", endpoint.compare
    if not members:
        return "nobody belongs", endpoint.among
    if endpoint.compare == "events":
        return "", ""
    compared = endpoint.compare in ("change from baseline", "percent change", "best change")
    before = {one.id for one in study.visits if one.latest < 0} if compared else set()
    after = [cell for cell in cells if cell.visit not in before] or cells
    valued = [cell for cell in after if cell.state is State.VALUE]
    measures, when = ", ".join(_called(study, name) for name in endpoint.measure), " after treatment" if before else ""
    if not valued:
        states = {cell.state for cell in after}
        if State.NOT_DUE in states and State.MISSING not in states:
            return "not due for anybody", f"{len(members)} belong"
        needs = dict.fromkeys(cell.reason for cell in after if cell.state is State.MISSING and cell.reason)
        known = f"0 of {len(members)} have {measures}{when}"
        return "nothing recorded", ": ".join(filter(None, (known, "; ".join([*needs][:3]))))
    if compared and all(cell.baseline is None for cell in valued):
        return (
            "no baseline",
            f"0 of {len({cell.participant for cell in valued})} with {measures} have one before treatment",
        )
    return "", ""
