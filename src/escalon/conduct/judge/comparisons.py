"""The ways an endpoint compares, one small class each, registered by the word a study writes in `compare`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol, get_args

from escalon.conduct.judge.cells import AtVisit, Statistic
from escalon.conduct.judge.member import Member
from escalon.conduct.judge.summaries import StatisticsOf, by_group, counts, exact_value, middle, numbers, rank, share
from escalon.conduct.judge.treated import events_of, is_before_infusion, reporting_periods, safety_population
from escalon.conduct.judge.windows import Placed, State, number_of, placed
from escalon.facts import Day, Fact, exact
from escalon.history import Trial
from escalon.instruments.kit.baseline import settled
from escalon.protocol.schedule import Compare, Intercurrent
from escalon.protocol.study import Endpoint, Study, Visit
from escalon.safety.counting import Treated, emergent, in_period
from escalon.safety.occurrence import Occurrence

BEST = "best"
"""The one row of a best change."""
EVER = "infusion to cut-off"
"""The first row of events; the reporting periods follow."""


@dataclass(frozen=True, slots=True)
class Question:
    """An endpoint, the people it is about, and the history and day it is asked of."""

    study: Study
    trial: Trial
    endpoint: Endpoint
    cutoff: Day
    people: Sequence[Member]

    @property
    def visits(self) -> list[Visit]:
        """The declared visits, in the order they are planned; where none is declared, those that measure it."""
        at, roots = self.endpoint.at, {name.partition(".")[0] for name in self.endpoint.measure}
        some = (one for one in self.study.visits if (one.id in at if at else roots & set(one.measures)))
        return sorted(some, key=lambda one: one.day)


def between(endpoint: Endpoint) -> tuple[Intercurrent, ...]:
    """The intercurrent events of an endpoint; for a response, death is one unless it is declared otherwise."""
    declared = endpoint.intercurrent
    if endpoint.compare != "response" or any(one.event == "death" for one in declared):
        return declared
    return (*declared, Intercurrent.made(event="death", strategy="composite"))


class Comparing(Protocol):
    """What each way of comparing gives: the cells of everybody, and the statistics of each group."""

    def cells(self, asked: Question) -> Iterator[AtVisit]:
        """Everybody at every visit."""

    def statistics(self, asked: Question, cells: Sequence[AtVisit], groups: Sequence[str]) -> Iterator[Statistic]:
        """What the cells come to."""


class Value:
    """The value at each visit, summarised as it is."""

    def cells(self, asked: Question) -> Iterator[AtVisit]:
        """The value nearest to each visit, or why there is none."""
        for person in asked.people:
            known = [fact for name in asked.endpoint.measure for fact in self.series(asked, person, name)]
            yield from self.finished(asked, person, [self.at(asked, person, visit, known) for visit in asked.visits])

    def series(self, asked: Question, person: Member, measure: str) -> Sequence[Fact]:
        """All values of a measure."""
        return person.series(measure, asked.endpoint.unit, asked.endpoint.baseline)

    def at(self, asked: Question, person: Member, visit: Visit, known: Sequence[Fact]) -> AtVisit:
        """One person at one visit."""
        measure = next((fact.name for fact in known), asked.endpoint.measure[0])
        blank = AtVisit(
            asked.endpoint.id, person.code, person.disease, person.level, measure, visit.id, State.NOT_APPLICABLE
        )
        if person.infused is None:
            return replace(blank, reason=person.standing(visit, Placed(), asked.cutoff)[1])
        labels = {one.id for one in asked.study.visits}
        found = placed(visit, person.infused, known, asked.endpoint.window, asked.endpoint.better, labels)
        cell = self.compared(asked, person, visit, found, _standing(blank, asked, person, visit, found))
        if cell.state is State.MISSING:
            why = "" if found.facts else person.too_little(asked.endpoint.measure, visit)
            cell = replace(cell, reason=person.unread(asked.endpoint.measure, visit) or why or cell.reason)
        return _after(cell, asked, person, visit)

    def compared(self, asked: Question, person: Member, visit: Visit, found: Placed, cell: AtVisit) -> AtVisit:
        """The cell with what its value is compared with."""
        return cell

    def finished(self, asked: Question, person: Member, cells: list[AtVisit]) -> Iterable[AtVisit]:
        """All visits of one person, once each is known."""
        return _carried(cells) if asked.endpoint.missing == "last_value" else cells

    def statistics(self, asked: Question, cells: Sequence[AtVisit], groups: Sequence[str]) -> Iterator[Statistic]:
        """Counts of the four states, and what the numbers come to."""
        for group, visit, some in by_group(cells, groups):
            yield from counts(group, visit, some)
            yield from self.summaries(asked, group, visit, some)

    def summaries(self, asked: Question, group: str, visit: str, some: Sequence[AtVisit]) -> Iterator[Statistic]:
        """The numbers of one group at one visit."""
        yield from numbers(group, visit, some, "value", {cell.id: number_of(cell.value) for cell in some})


class Change(Value):
    """The value, and its difference from the participant's own baseline."""

    def compared(self, asked: Question, person: Member, visit: Visit, found: Placed, cell: AtVisit) -> AtVisit:
        """The change of a value after treatment began; before it a value is not compared."""
        if cell.state is not State.VALUE or not found.facts or person.infused is None or visit.latest < 0:
            return cell
        fact = found.facts[-1]
        base = person.baselines.of(fact.name, asked.endpoint.baseline, fact.day)
        before = settled(base)
        if before is None:
            return replace(cell, flags=(*cell.flags, *base.reasons), baseline_rests_on=tuple(_facts(base.rests_on)))
        now, then = number_of(cell.value), person.in_unit(before, asked.endpoint.unit).number
        if now is None or then is None:
            return replace(cell, flags=(*cell.flags, f"the baseline is {before}"), baseline_rests_on=(before,))
        change, flag = self.difference(now, exact(then))
        flags = (*cell.flags, flag) if flag else cell.flags
        return replace(cell, baseline=exact(then), change=change, flags=flags, baseline_rests_on=(before,))

    def difference(self, now: Fraction, then: Fraction) -> tuple[Fraction | None, str]:
        """The change, or why there is none."""
        return now - then, ""

    def summaries(self, asked: Question, group: str, visit: str, some: Sequence[AtVisit]) -> Iterator[Statistic]:
        """The values, then their changes with limits."""
        yield from super().summaries(asked, group, visit, some)
        yield from numbers(group, visit, some, "change", {cell.id: cell.change for cell in some}, limits=True)


class PercentChange(Change):
    """The value, and its difference from baseline in percent of the baseline."""

    def difference(self, now: Fraction, then: Fraction) -> tuple[Fraction | None, str]:
        """The change in percent; none from a baseline of zero."""
        return (100 * (now - then) / then, "") if then else (None, "no percentage of a baseline of 0")


class BestChange(Change):
    """The best change from baseline at any visit up to the cut-off, one for each participant."""

    def finished(self, asked: Question, person: Member, cells: list[AtVisit]) -> Iterable[AtVisit]:
        """The cell with the best change; where there is none, the first that says why."""
        changed = [cell for cell in cells if cell.change is not None]
        sign = -1 if asked.endpoint.better == "higher" else 1
        best = min(changed, key=lambda cell: sign * (cell.change or 0), default=None)
        after = [cell for cell in cells if cell.state is not State.VALUE] or cells
        if best is not None:
            yield replace(best, visit=BEST, flags=(*best.flags, f"at {best.visit}"))
        elif after:
            yield replace(after[0], visit=BEST)


class Response:
    """Whether each participant responded, and the share who did."""

    def __init__(self) -> None:
        self._value, self._change = Value(), Change()

    def cells(self, asked: Question) -> Iterator[AtVisit]:
        """Yes, no, or why it is not known."""
        for cell in (self._value if asked.endpoint.improved_by is None else self._change).cells(asked):
            answer = _answered(cell, asked.endpoint) if cell.state is State.VALUE else cell
            if answer.value is True and answer.reason:
                answer = replace(answer, state=State.MISSING, value=None)
            if answer.state is State.MISSING and asked.endpoint.missing == "non_responder":
                flags = (*answer.flags, f"missing, counted as no: {answer.reason}")
                answer = replace(answer, state=State.VALUE, value=False, flags=flags)
            yield answer

    def statistics(self, asked: Question, cells: Sequence[AtVisit], groups: Sequence[str]) -> Iterator[Statistic]:
        """Responders of those with an answer, with exact limits; and with the missing counted as no."""
        for group, visit, some in by_group(cells, groups):
            yield from counts(group, visit, some)
            answered = [cell for cell in some if cell.state is State.VALUE]
            missing = [cell for cell in some if cell.state is State.MISSING]
            yield from share(group, visit, some, answered, "responders", "of those with an answer")
            yield from share(
                group, visit, some, answered + missing, "responders_or_no", "a missing answer counts as no"
            )


class LevelOverTime(Value):
    """The level of something measured in blood over time; below quantification the assay's own code stands, never a number."""

    def series(self, asked: Question, person: Member, measure: str) -> Sequence[Fact]:
        """The samples; where the measure is no analyte of the samples table, its facts."""
        return person.levels(measure) or super().series(asked, person, measure)

    def compared(self, asked: Question, person: Member, visit: Visit, found: Placed, cell: AtVisit) -> AtVisit:
        """A sample that is recorded and may not be used says what holds it."""
        why = person.held(asked.endpoint.measure[0]) if cell.state is State.MISSING else ""
        return replace(cell, reason=why) if why else cell

    def summaries(self, asked: Question, group: str, visit: str, some: Sequence[AtVisit]) -> Iterator[Statistic]:
        """How many are quantified, and the median and range of all, a code counting as below every number."""
        known = [cell for cell in some if cell.state is State.VALUE]
        ranked = sorted(known, key=lambda cell: (rank(cell.value), cell.id))
        quantified = [cell for cell in known if number_of(cell.value) is not None]
        made = StatisticsOf(group, visit, some)
        yield made(
            "quantified", len(quantified), known, "samples with a number at or above the limit of quantification"
        )
        if not ranked:
            return
        how = "below quantification counts as less than every number"
        yield made("value.median", middle(ranked), known, f"median; {how}")
        yield made("value.low", exact_value(ranked[0].value), ranked[:1], f"lowest; {how}")
        yield made("value.high", exact_value(ranked[-1].value), ranked[-1:], f"highest; {how}")


class EventCounts:
    """Adverse events after infusion: how many, in how many participants, and their highest grade, by reporting period."""

    def cells(self, asked: Question) -> Iterator[AtVisit]:
        """How many events each participant had in each period; the highest grade stands in the flags."""
        people, events = _events(asked)
        places = {id(one.event): one.place for person in asked.people for one in person.course.adverse_events}
        after = [one for one in reporting_periods(asked.study) if not is_before_infusion(one)]
        for person in asked.people:
            if (treated := people.get(person.code)) is None:
                continue
            own = [one for one in events if one.participant == person.code]
            for period, chosen in (
                (EVER, own),
                *((period.name, list(in_period(own, [treated], period))) for period in after),
            ):
                yield self._cell(asked, person, period, chosen, places)

    def _cell(
        self, asked: Question, person: Member, period: str, chosen: Sequence[Occurrence], places: Mapping[int, str]
    ) -> AtVisit:
        grades = [one.grade for one in chosen]
        highest = max((grade for grade in grades if grade is not None), default=None)
        flags = (f"highest grade {highest}",) if highest else ()
        unknown = (f"{grades.count(None)} without a grade",) if None in grades else ()
        rests_on = tuple(
            Fact(line.term, line.grade, line.start, None, places.get(id(line), ""), person.code)
            for one in chosen
            for line in one.lines
        )
        return AtVisit(
            asked.endpoint.id, person.code, person.disease, person.level, "adverse_events", period, State.VALUE,
            None, len(chosen), flags=(*flags, *unknown), rests_on=rests_on,
        )  # fmt: skip

    def statistics(self, asked: Question, cells: Sequence[AtVisit], groups: Sequence[str]) -> Iterator[Statistic]:
        """Events, participants with at least one with exact limits, and participants by highest grade."""
        for group, period, some in by_group(cells, groups):
            yield from counts(group, period, some)
            made = StatisticsOf(group, period, some)
            having = [cell for cell in some if cell.value]
            yield made(
                "events", sum(int(cell.value or 0) for cell in some), having, "events that began or became worse"
            )
            yield from share(group, period, some, some, "participants", "participants with at least one", having)
            for grade in range(1, 6):
                of = [cell for cell in having if f"highest grade {grade}" in cell.flags]
                yield made(f"grade_{grade}", len(of), of, f"participants whose highest grade is {grade}")


COMPARISONS: dict[str, Comparing] = {
    "value": Value(),
    "change from baseline": Change(),
    "percent change": PercentChange(),
    "best change": BestChange(),
    "response": Response(),
    "events": EventCounts(),
    "course": LevelOverTime(),
}
assert set(COMPARISONS) == set(get_args(Compare)), "every word a study may write has its executor"


def _standing(blank: AtVisit, asked: Question, person: Member, visit: Visit, found: Placed) -> AtVisit:
    """The cell with its state: a value, or the way in which there is none."""
    state, reason = person.standing(visit, found, asked.cutoff)
    value = exact_value(found.value) if state is State.VALUE else None
    return replace(
        blank, state=state, value=value, day=found.day, reason=reason, flags=found.flags, rests_on=found.facts
    )


def _after(cell: AtVisit, asked: Question, person: Member, visit: Visit) -> AtVisit:
    """The cell after what happened between infusion and the visit, the first that ends its count deciding.

    What may have happened before the visit or not leaves open what it would make `no`: the value then carries a `reason`.
    """
    if person.infused is None or visit.latest < 0 or cell.state is State.NOT_DUE:
        return cell
    last = visit.latest if cell.day is None else min(cell.day, visit.latest)
    happened = [(one, span) for one in between(asked.endpoint) for span in _spans(person, one.event, last)]
    happened.sort(key=lambda each: each[1][:2])
    if both := _neither_first(happened, last):
        return replace(cell, state=State.MISSING, value=None, baseline=None, change=None, reason=both)
    for one, (first, latest, when) in happened:
        what, is_sure = f"{one.event.replace('_', ' ')} {when}", first > 0 and latest <= last
        doubt = f"{what}: not known whether between infusion and this visit"
        if one.strategy == "treatment_policy":
            flags = (*cell.flags, f"after {what}" if is_sure else doubt)
            cell = replace(cell, flags=flags) if cell.state is State.VALUE else cell
        elif one.strategy == "composite" and is_sure:
            flags = (*cell.flags, f"no response: {what}")
            told = (*cell.rests_on, *person.told_of(one.event))
            return replace(cell, state=State.VALUE, value=False, reason="", flags=flags, rests_on=told)
        elif one.strategy == "while_on_treatment" and is_sure:
            state, reason = State.NOT_APPLICABLE, f"after {what}"
            return replace(cell, state=state, value=None, baseline=None, change=None, reason=reason)
        elif one.strategy == "composite" and cell.state is State.VALUE:
            cell = replace(cell, reason=doubt)
        elif one.strategy == "composite" or cell.state is not State.NOT_APPLICABLE:
            reason = "; ".join(filter(None, (cell.reason, doubt)))
            cell = replace(cell, state=State.MISSING, value=None, baseline=None, change=None, reason=reason)
    return cell


def _neither_first(happened: list[tuple[Intercurrent, tuple[int, int, str]]], last: int) -> str:
    """That of two events which end the count differently nobody knows the first; empty where one is known to be it."""
    ends = [(one, span) for one, span in happened if one.strategy in ("composite", "while_on_treatment")]
    sure = [(one, span) for one, span in ends if span[0] > 0 and span[1] <= last]
    if not sure:
        return ""
    surest = min(sure, key=lambda each: each[1][1])
    early = [surest, *(each for each in ends if each[1][0] < surest[1][1])]
    said = {one.strategy: f"{one.event.replace('_', ' ')} {when}" for one, (_, _, when) in early}
    return f"{' and '.join(said.values())}: not known which came first" if len(said) > 1 else ""


def _spans(person: Member, event: str, last: int) -> Iterator[tuple[int, int, str]]:
    """The first and last day after infusion on which an event may have begun that may be one by a `last` day, and its date."""
    for day in person.happened(event):
        if day is None:
            yield -_EVER, _EVER, "without a date"
        elif person.infused is not None:
            first, latest = ((end - person.infused.earliest).days for end in (day.earliest, day.latest))
            if latest > 0 and first <= last:
                yield first, latest, f"{'in' if day.is_partial else 'on'} {day}"


_EVER = 10**6
"""More days than any study has."""


def _carried(cells: list[AtVisit]) -> Iterator[AtVisit]:
    """The cells with each missing one after baseline replaced by the last value, saying so."""
    last: AtVisit | None = None
    for cell in cells:
        if cell.state is State.MISSING and last is not None:
            flags = (*cell.flags, f"missing, the value of {last.visit} carried forward: {cell.reason}")
            yield replace(last, visit=cell.visit, flags=flags)
            continue
        if cell.state is State.VALUE and cell.day is not None and cell.day > 0:
            last = cell
        yield cell


def _facts(some: Iterable[object]) -> Iterator[Fact]:
    return (one for one in some if isinstance(one, Fact))


def _answered(cell: AtVisit, endpoint: Endpoint) -> AtVisit:
    """A value as a yes or no: the word or truth it is, or whether it improved enough; without a baseline nobody can say."""
    if endpoint.improved_by is None or isinstance(cell.value, bool):
        return replace(cell, value=_is_response(cell.value, endpoint.counts))
    if cell.change is None:
        return replace(cell, state=State.MISSING, value=None, reason="; ".join(cell.flags) or "no baseline")
    gained = cell.change if endpoint.better == "higher" else -cell.change
    return replace(cell, value=gained >= endpoint.improved_by)


def _is_response(value: object, words: Sequence[str]) -> bool:
    return value is True if isinstance(value, bool) else str(value) in (words or ("responder",))


def _events(asked: Question) -> tuple[dict[str, Treated], tuple[Occurrence, ...]]:
    """Everybody infused as safety counts them, and their events that are new or worse since infusion."""
    codes = {one.code for one in asked.people}
    population = safety_population(asked.study, asked.trial, asked.cutoff.latest)
    people = {one.participant: one for one in population if one.participant in codes}
    return people, emergent(events_of(asked.trial), tuple(people.values()), asked.cutoff.latest)
