"""What of a study runs: which parts have decided something on data, which could and have not, which are only quoted.

Quoting the record implements nothing. A clause runs when it has decided about somebody, an outcome when it has given a value;
what nothing has been recorded for runs without data; a sentence runs when everything it names does.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from escalon.conduct.judge.comparisons import COMPARISONS
from escalon.conduct.judge.endpoints import execute
from escalon.conduct.judge.given import doses_of
from escalon.conduct.judge.populations import populations
from escalon.conduct.judge.screening import Verdict, screen
from escalon.conduct.judge.watched import watched
from escalon.facts import Day
from escalon.history import Trial
from escalon.protocol.study import TABLES, Endpoint, Study


class HowFar(StrEnum):
    """How far a part of a study is carried out."""

    RUNS = "runs"
    NO_DATA = "runs, no data"
    QUOTED = "quoted only"


def running(study: Study, trial: Trial, cutoff: Day) -> Mapping[str, HowFar]:
    """How each part that quotes the record is carried out, by its id, on a trial as it stood at a cut-off."""
    found = _clauses(study, trial, cutoff) | {one.id: _endpoint(study, trial, one, cutoff) for one in study.endpoints}
    given = {dose.level for course in trial.courses.values() for dose in doses_of(study, course)}
    found |= {f"level {one.number}": _decided(one.number in given) for one in study.dose.levels}
    found["dose"] = _decided(bool(given))
    for event in ("dlt", *(one.id for one in study.dlt.events)) if study.dlt else ():
        found[event] = _decided(bool(given))
    conditioned = populations(study, trial, cutoff)["lymphodepleted"].members
    found |= {"lymphodepletion": _decided(bool(conditioned))} if study.lymphodepletion else {}
    diseases = {str(fact.value) for course in trial.courses.values() for fact in course.facts.named("disease")}
    found |= {one.id: _decided(one.id in diseases) for one in study.diseases}
    found |= {
        one.id: _decided(any(_is_visited(one.id, course) for course in trial.courses.values())) for one in study.visits
    }
    return found | {one.id: _of_all(found.get(name) for name in one.implemented_by) for one in study.statements}


def of_clause(parts: Iterable[HowFar]) -> HowFar:
    """How a clause of the record is carried out: as far as the part that goes furthest."""
    some = set(parts)
    return next((one for one in HowFar if one in some), HowFar.QUOTED)


def _decided(has: bool) -> HowFar:
    return HowFar.RUNS if has else HowFar.NO_DATA


def _clauses(study: Study, trial: Trial, cutoff: Day) -> dict[str, HowFar]:
    seen = {
        clause.criterion.id
        for one in screen(study, trial, cutoff)
        for clause in one.clauses
        if clause.verdict in (Verdict.MET, Verdict.NOT_MET)
    }
    seen |= {
        one.clause.id
        for code in (trial.participants if study.watched else ())
        for one in watched(study, trial, code, cutoff)
        if one.day is not None
    }
    return {one.id: _decided(one.id in seen) for one in study.clauses}


def _endpoint(study: Study, trial: Trial, endpoint: Endpoint, cutoff: Day) -> HowFar:
    resolved = all(name in study.vocabulary or name in TABLES for name in endpoint.measure)
    if endpoint.compare not in COMPARISONS or not resolved:
        return HowFar.QUOTED
    return _decided(not execute(study, trial, endpoint, cutoff).why_not)


def _is_visited(visit: str, course: Any) -> bool:
    return any(fact.visit == visit for fact in course.facts)


def _of_all(parts: Iterable[HowFar | None]) -> HowFar:
    """A sentence that names parts is carried out as far as the least of them; one that names only topics is quoted."""
    some = {one for one in parts if one is not None}
    return next((one for one in reversed(HowFar) if one in some), HowFar.QUOTED)
