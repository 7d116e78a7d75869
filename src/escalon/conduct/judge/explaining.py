"""How a number came about: the finding, the findings beneath it, down to the entries they rest on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from escalon.conduct.judge.baselines import baseline_day
from escalon.conduct.judge.dose_review import OUTCOMES, review
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.conduct.judge.given import amount_text, dose_of
from escalon.conduct.judge.scores import ScoredFacts, however_little, scored
from escalon.conduct.judge.screening import WORDS, screen_one
from escalon.conduct.judge.watched import Watching, watched
from escalon.facts import Day, Fact, Facts, Finding, plain, read_day
from escalon.history import Current, Trial
from escalon.history.events import AdverseEventRecorded
from escalon.instruments import catalogue
from escalon.instruments.kit.catalogue import find
from escalon.instruments.kit.meaning import did_you_mean
from escalon.instruments.kit.visits import compares_visits, with_parts
from escalon.protocol.study import Study


class NothingToExplain(ValueError):
    """A participant or finding that does not exist; says which do."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an explanation, and what is beneath it."""

    text: str
    beneath: tuple["Line", ...] = ()

    def __str__(self) -> str:
        """The line, and each beneath it two places further in."""
        return "\n".join([self.text, *(f"  {line}" for part in self.beneath for line in str(part).split("\n"))])

    def as_json(self) -> dict[str, object]:
        """The line for scripts."""
        return {"text": self.text, "beneath": [line.as_json() for line in self.beneath]}


def explain(study: Study, trial: Trial, participant: str, finding: str, when: Day | date, visit: str = "") -> Line:
    """Explain a clause (`I-3a`, or a watched one), a score (`das28_esr`), `eligibility`, `dlt`, or `next_dose` for everybody.

    A score that the study does not ask for is worked out as well, where what it is made of was recorded.
    """
    cutoff = read_day(when)
    if finding == "next_dose":
        return _next_dose(study, trial, cutoff)
    if participant not in trial.participants:
        known = ", ".join(trial.participants) or "none yet"
        raise NothingToExplain(f"there is no participant {participant!r}. There are {known}")
    if finding == "eligibility":
        return _eligibility(study, trial, participant, cutoff)
    if finding == "dlt":
        return _dlt(study, trial, participant, cutoff)
    if any(criterion.id == finding for criterion in study.criteria):
        return _clause(study, trial, participant, finding, cutoff)
    if any(one.id == finding for one in study.watched):
        return _watched(study, trial, participant, finding, cutoff)
    return _score(study, trial, participant, finding, visit)


def _clause(study: Study, trial: Trial, participant: str, id: str, cutoff: Day) -> Line:
    screening = screen_one(study, trial, participant, cutoff)
    clause = next(one for one in screening.clauses if one.criterion.id == id)
    says = Line(f"the registry says: {clause.criterion.says}")
    rule = Line(f"read as: {' '.join(clause.criterion.rule.split())} ({clause.criterion.place})")
    assumed = tuple(Line(f"assumption {one}: {study.in_force(one)}") for one in study.assumed(clause.criterion.id))
    head = f"{id} for {participant}: {clause.shown} (decided as of {screening.as_of})"
    return Line(head, (says, rule, *assumed, *_beneath(clause.finding)))


def _watched(study: Study, trial: Trial, participant: str, id: str, cutoff: Day) -> Line:
    """What must not happen during the study: how it stands, since when it is watched, and on what that rests."""
    clause = next(one for one in study.watched if one.id == id)
    found = next((one for one in watched(study, trial, participant, cutoff) if one.clause.id == id), None)
    rule = Line(f"read as: {' '.join(clause.rule.split())} ({clause.place})")
    if found is None:
        return Line(f"{id} for {participant}: not watched: no {clause.since} is recorded, or it is for others", (rule,))
    says = (Line(f"the registry says: {clause.says}"),) if clause.says else ()
    since = Line(f"watched from {found.first} to {found.last}")
    assumed = tuple(Line(f"assumption {one}: {study.in_force(one)}") for one in study.assumed(id))
    when = f" on {found.day}" if found.state is Watching.BROKEN else ""
    head = f"{id} for {participant}: {found.state}{when}: {found.name} ({found.why})"
    unsure = () if found.unsure is None else _beneath(found.unsure)
    return Line(head, (*says, rule, since, *assumed, *_beneath(found.finding), *unsure))


def _eligibility(study: Study, trial: Trial, participant: str, cutoff: Day) -> Line:
    screening = screen_one(study, trial, participant, cutoff)
    lines = (
        Line(f"{clause.criterion.id} {clause.shown}: {clause.sentence}", _beneath(clause.finding))
        for clause in screening.clauses
        if clause.verdict is not screening.verdict.NOT_APPLICABLE
    )
    return Line(f"{participant}: {WORDS[screening.verdict]} as of {screening.as_of}", tuple(lines))


def _dlt(study: Study, trial: Trial, participant: str, cutoff: Day) -> Line:
    infusion = dose_of(study, trial, participant)
    if infusion is None:
        raise NothingToExplain(f"{participant} has not been infused")
    found = review(study, trial, infusion, cutoff.latest)
    events = tuple(_event(event) for event in trial.course(participant).adverse_events)
    outcome = OUTCOMES[found.outcome]
    head = f"{participant}: {outcome}: {found.why.removeprefix(f'{outcome}: ')}"
    given = Line(f"level {infusion.level}, {amount_text(study.dose, infusion)} on {infusion.day} [{infusion.source}]")
    window = Line(f"DLT window: {found.window}")
    return Line(head, (given, window, Line("events" if events else "no adverse event recorded", events)))


def _event(one: Current[AdverseEventRecorded]) -> Line:
    event = one.event
    lasted = f"{event.start} to {event.end or ('ongoing' if event.ongoing else 'an end that is not recorded')}"
    return Line(f"{event.term}, grade {event.grade}, {lasted}, DLT {plain(event.dlt)}  [{one.place}]")


def _next_dose(study: Study, trial: Trial, cutoff: Day) -> Line:
    found = decide_next_dose(study, trial, cutoff)
    people = tuple(_dlt(study, trial, one.participant, cutoff) for one in found.reviews)
    rests = tuple(Line(f"assumption {id}: {study.in_force(id)}") for id in found.assumptions)
    notes = tuple(Line(note) for note in found.decision.notes)
    return Line(
        f"{found.headline}: {found.decision.reason}", (*notes, Line(f"conduct: {found.conduct}", people), *rests)
    )


def _score(study: Study, trial: Trial, participant: str, name: str, visit: str) -> Line:
    known, beside = _with_scores(study, trial, participant, name)
    lines = [_fact(fact) for fact in known.named(name) if visit in ("", fact.visit, str(fact.day))]
    if not lines and not visit and name in catalogue():
        lines = [_finding(one) for one in however_little(study, known, name)]
    if not lines:
        raise NothingToExplain(_no_score(study, known, participant, name, visit))
    return Line(f"{name} of {participant}{beside}", tuple(lines))


def _no_score(study: Study, known: Facts, participant: str, name: str, visit: str) -> str:
    """Why there is nothing to explain, and what to write instead."""
    where = f" at {visit}" if visit else ""
    if name == "change_from_baseline":
        return "the change of which measure? Write its name and .change, such as esr.change"
    if name in catalogue() and compares_visits(find(name)) and not visit and baseline_day(study, known) is None:
        before = " or ".join(filter(None, (study.roles.of(role) for role in study.baseline.before)))
        return f"{participant} has no {name}: it compares a visit with the baseline, and no {before} is recorded"
    if visits := list(dict.fromkeys(fact.visit or str(fact.day) for fact in known.named(name))):
        return f"{participant} has no {name}{where}. Write one of: {', '.join(visits)}"
    there = {fact.name for fact in known if "." not in fact.name and fact.name != name}
    meant = did_you_mean(name, dict.fromkeys(there, "") | {one.name: one.title for one in catalogue().values()})
    names, clause = ", ".join(sorted(there)), study.criteria[0].id
    hint = "" if name in catalogue() else meant
    return f"{participant} has no {name}{where}.{hint} Write a clause such as {clause}, eligibility, dlt, or one of: {names}"


def _with_scores(study: Study, trial: Trial, participant: str, name: str) -> tuple[ScoredFacts, str]:
    """A participant's facts with the study's scores; with any other there is, where it is asked for, and words that say so."""
    one = name.partition(".")[0]
    if one in study.instruments or one not in catalogue():
        return scored(study, trial, participant), ""
    wider = with_parts((*study.instruments, one))
    return ScoredFacts(study, trial.course(participant).facts, wider), f", which {study.id} does not ask for"


def _beneath(finding: Finding) -> tuple[Line, ...]:
    if finding.rule == "criteria/leaf":
        return tuple(_leaf(finding))
    return tuple(
        Line(f"{part.name}: {_truth(part)}", _beneath(part)) if isinstance(part, Finding) else _fact(part)
        for part in finding.rests_on
    )


def _leaf(finding: Finding) -> Iterator[Line]:
    for reason in finding.reasons:
        yield Line(reason)
    for missing in finding.missing:
        yield Line(f"to settle it: {missing}")
    for ground in finding.rests_on:
        yield _finding(ground) if isinstance(ground, Finding) else _fact(ground)


def _truth(finding: Finding) -> str:
    if not finding.rule.startswith("criteria/"):
        return plain(finding.value)
    return "met" if finding.value is True else "not met" if finding.value is False else "unknown"


def _fact(fact: Fact) -> Line:
    if isinstance(fact.behind, Finding):
        return _finding(fact.behind, fact.visit, fact)
    return Line(f"{fact}  [{fact.source or 'no source'}]")


def _finding(finding: Finding, visit: str = "", part: Fact | None = None) -> Line:
    """A finding with what it rests on; where a part of it was asked for (`essdai.change`), that part heads it."""
    value = plain(finding.value, 4) + _between(finding) + (f" ({finding.category})" if finding.category else "")
    name = finding.name
    if part is not None and part.name.startswith(f"{finding.name}.") and not part.name.endswith(".category"):
        name, value = part.name, f"{plain(part.value, 4)}, of {finding.name} {value}"
    when = f" on {finding.day}" if finding.day else ""
    at = f" at {visit}" if visit and visit != str(finding.day) else ""
    notes = tuple(Line(reason) for reason in (*_parts(finding), *finding.reasons))
    return Line(
        f"{name} = {value}{when}{at}, by {finding.rule}", (*notes, *(_ground(ground) for ground in finding.rests_on))
    )


def _between(finding: Finding) -> str:
    """Between what an open number lies, where anything is known of that."""
    ends = finding.bounds or (None, None)
    if finding.value is not None or any(isinstance(end, bool | str) for end in ends) or ends == (None, None):
        return ""
    return " between " + " and ".join("…" if end is None else plain(end, 4) for end in ends)


def _parts(finding: Finding) -> Iterator[str]:
    """The intermediate terms of a score in one sentence, where it has some."""
    known = catalogue().get(finding.name)
    names = () if known is None else known.traced().parts
    shown = [f"{name.replace('_', ' ')} {plain(finding.components.get(name), 4)}" for name in names]
    if shown and finding.components:
        yield f"made of: {', '.join(shown)}"


def _ground(ground: object) -> Line:
    return _finding(ground) if isinstance(ground, Finding) else _fact(ground)  # type: ignore[arg-type]
