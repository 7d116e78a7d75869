"""One participant as endpoints see them: day 0, scored facts, level and disease, baselines, and what happened in between."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from math import floor

from escalon.conduct.judge.baselines import Baselines, one_of_each_visit
from escalon.conduct.judge.dose_review import deaths_of
from escalon.conduct.judge.given import dose_of, doses_of
from escalon.conduct.judge.samples import profiles_of
from escalon.conduct.judge.scores import ScoredFacts, however_little, responses, scored
from escalon.conduct.judge.windows import Placed, State, day_number, last_of, placed, why_open
from escalon.criteria import with_members
from escalon.facts import Day, Fact, Finding, Status, UnitError, together
from escalon.history import Course, Trial, Unread
from escalon.instruments.kit.baseline import in_unit as converted
from escalon.instruments.kit.catalogue import catalogue
from escalon.instruments.kit.visits import compares_visits, with_parts
from escalon.kinetics import Profile, Sample
from escalon.protocol.study import Study, Visit
from escalon.safety.adverse_event import death_day, is_death


@dataclass(frozen=True, slots=True)
class Ended:
    """Why nothing more can come of a participant, and since when."""

    how: str
    day: Day

    def __str__(self) -> str:
        return f"{self.how} {self.day}"


class Member:
    """A participant of the trial, asked by every endpoint; made once a history."""

    def __init__(self, study: Study, trial: Trial, code: str) -> None:
        self.study, self.trial, self.code = study, trial, code
        self._series: dict[tuple[str, str, str], tuple[Fact, ...]] = {}
        self._left_open: dict[str, list[Finding]] = {}

    @cached_property
    def course(self) -> Course:
        """What is recorded of them."""
        return self.trial.course(self.code)

    @cached_property
    def facts(self) -> ScoredFacts:
        """Their facts and scores."""
        return scored(self.study, self.trial, self.code)

    @cached_property
    def infused(self) -> Day | None:
        """Day 0: the last bag of the counted dose, known in full; None where there is none."""
        given = dose_of(self.study, self.trial, self.code)
        return None if given is None or given.last.is_partial else given.last

    @cached_property
    def level(self) -> int | None:
        """The dose level they were given."""
        given = dose_of(self.study, self.trial, self.code)
        return None if given is None else given.level

    @cached_property
    def disease(self) -> str:
        """The disease they have in this study; empty where none is recorded."""
        known = [fact for fact in self.facts.named("disease") if fact.value is not None]
        return str(known[-1].value) if known else ""

    @cached_property
    def baselines(self) -> Baselines:
        """Which values are baselines."""
        return Baselines(self.study, self.facts)

    @cached_property
    def has_died(self) -> bool:
        """Whether a death is recorded, with its day or without."""
        return bool(deaths_of(self.course))

    @cached_property
    def died(self) -> Day | None:
        """The first day of death recorded, as a fact or in an adverse event."""
        known = [day for day in deaths_of(self.course) if day is not None]
        return min(known, key=lambda day: day.earliest, default=None)

    @cached_property
    def ended(self) -> Ended | None:
        """Death, or leaving the study, whichever came first."""
        found = [Ended(how, day) for how, day in (("died", self.died), ("left", self.course.left)) if day is not None]
        return min(found, key=lambda one: one.day.earliest, default=None)

    def series(self, measure: str, unit: str | None, baseline: str | None = None) -> tuple[Fact, ...]:
        """Every value of a measure in one unit, one for each visit; a response against a named baseline is worked out anew."""
        key = (measure, unit or "", baseline or "")
        if key not in self._series:
            known = self._compared(measure, baseline) if baseline else self.facts.named(measure)
            self._series[key] = tuple(self.in_unit(fact, unit) for fact in one_of_each_visit(known))
        return self._series[key]

    def _compared(self, measure: str, baseline: str) -> tuple[Fact, ...]:
        whole = catalogue().get(measure.partition(".")[0])
        if whole is None or not compares_visits(whole):
            return self.facts.named(measure)
        found = responses(self.study, self.facts, whole, lambda day: self.baselines.earlier(baseline, day))
        return tuple(fact for fact in found if fact.name == measure)

    def in_unit(self, fact: Fact, unit: str | None) -> Fact:
        """A fact in the unit of the endpoint, resting on it as it was recorded; not known where it does not convert."""
        meaning = self.study.vocabulary.get(fact.name)
        try:
            other = converted(fact, unit or (meaning.unit if meaning else None), meaning.substance if meaning else None)
            why: tuple[str, ...] = ()
        except UnitError as error:
            other, why = replace(fact, value=None, source=f"{fact.source}: {error}"), (str(error),)
        if other is fact or fact.behind is not None:
            return other
        found = Finding(fact.name, other.number, unit=other.unit, reasons=why, rule="unit/1", rests_on=(fact,))
        return replace(other, behind=found)

    def levels(self, analyte: str) -> tuple[Fact, ...]:
        """Every sample of an analyte as a fact: its number, or the code of what the assay said."""
        return tuple(fact for one in self._profiles(analyte) for fact in map(self._dated, one.samples, one.observed))

    def held(self, analyte: str) -> str:
        """Why nothing may be said of an analyte though samples are recorded; empty where nothing holds it."""
        return "; ".join(why for one in self._profiles(analyte) for why in one.held)

    def unread(self, measures: Iterable[str], visit: Visit) -> str:
        """What is written of measures, or of what they are made of, on the days of a visit and cannot be read; or nothing."""
        names = {name for measure in measures for name in _made_of(measure)}
        some = [row for row in self._unread if row.about in names and self._may_be_of(visit, row.day)]
        return "; ".join(dict.fromkeys(row.why for row in some))

    @cached_property
    def _unread(self) -> tuple[Unread, ...]:
        return (*self.course.unread, *(row for row in self.trial.unread if row.participant == self.code))

    def _may_be_of(self, visit: Visit, day: Day | None) -> bool:
        if day is None or self.infused is None:
            return True
        first, last = (self.infused.earliest + timedelta(days=end) for end in (visit.earliest, visit.latest))
        return day.earliest <= last and first <= day.latest

    def _profiles(self, analyte: str) -> list[Profile]:
        if not self.course.samples:
            return []
        by = self.trial.once(("profiles", id(self.study)), self.study, lambda: _profiles(self.study, self.trial))
        return by.get((self.code, analyte), [])

    def _dated(self, sample: Sample, fact: Fact) -> Fact:
        """A sample whose row gives only the days elapsed, on its calendar day."""
        if fact.day is not None or self.infused is None:
            return fact
        return replace(fact, day=Day.of(self.infused.earliest + timedelta(days=floor(sample.day))))

    def at(self, visit: Visit, known: Sequence[Fact]) -> Placed:
        """The value of a visit among the facts of a measure; none without a day 0."""
        return Placed() if self.infused is None else placed(visit, self.infused, known)

    def standing(self, visit: Visit, found: Placed, cutoff: Day) -> tuple[State, str]:
        """How they stand at a visit, and why where there is no value: the one rule of every table."""
        if self.infused is None:
            return State.NOT_APPLICABLE, "no cells given on a known day"
        if found.is_known:
            return State.VALUE, ""
        if found.facts and all(map(_does_not_apply, found.facts)):
            return State.NOT_APPLICABLE, found.reason
        last = last_of(visit, self.infused)
        if self.ended is not None and self.ended.day.earliest <= last:
            return State.NOT_APPLICABLE, str(self.ended)
        if cutoff.latest <= last:
            return State.NOT_DUE, found.reason if found.facts else f"until {last}"
        return State.MISSING, found.reason

    def happened(self, event: str) -> list[Day | None]:
        """The days on which an intercurrent event began that may lie after infusion; None for one whose day is not recorded."""
        match event:
            case "death":
                return [self.died] if self.died else []
            case "left":
                return [self.course.left] if self.course.left else []
            case "second_infusion":
                return [one.day for one in doses_of(self.study, self.course)[1:]]
        return [fact.day for fact in self.told_of(event) if fact.until is None or not self._is_by_infusion(fact.until)]

    def told_of(self, event: str) -> tuple[Fact, ...]:
        """What says that an intercurrent event happened: the facts of it, and of a death the adverse event that ended in it."""
        of_role = {"death": self.study.roles.death, "left": self.study.roles.left}.get(event)
        names = with_members(self.study.vocabulary, of_role or event)
        said = (fact for name in names for fact in self.facts.named(name) if _is_so(fact))
        fatal = (one for one in self.course.adverse_events if event == "death" and is_death(one.event))
        died = (Fact(event, True, death_day(one.event), source=one.place, participant=self.code) for one in fatal)
        return (*said, *died)

    def _is_by_infusion(self, day: Day) -> bool:
        return self.infused is not None and day.latest <= self.infused.earliest

    def too_little(self, measures: Iterable[str], visit: Visit) -> str:
        """What a score lacks of which something is recorded in a visit's days, though too little to work it out; or nothing."""
        names = dict.fromkeys(one.partition(".")[0] for one in measures)
        found = [one for name in names if name in catalogue() for one in self._open(name)]
        some = [one for one in found if one.day is not None and self._is_of(visit, one.day)]
        return "; ".join(dict.fromkeys(filter(None, map(why_open, some))))

    def _open(self, name: str) -> list[Finding]:
        """What an instrument says at each visit that has any of its items and gives no value."""
        if name not in self._left_open:
            found = however_little(self.study, self.facts, name)
            self._left_open[name] = [one for one in found if one.value is None]
        return self._left_open[name]

    def _is_of(self, visit: Visit, day: Day) -> bool:
        infused = self.infused
        return infused is not None and not day.is_partial and visit.earliest <= day_number(day, infused) <= visit.latest


def member(study: Study, trial: Trial, code: str) -> Member:
    """A participant as endpoints see them; made once a history."""
    return trial.once(("member", id(study), code), study, lambda: Member(study, trial, code))


def _made_of(measure: str) -> set[str]:
    """A measure, and the names of all items of the score it is and of the score's parts."""
    parts = [catalogue()[one] for one in with_parts([measure.partition(".")[0]])]
    return {measure, *(key for one in parts for key in one.keys.values())}


def _does_not_apply(fact: Fact) -> bool:
    return isinstance(fact.behind, Finding) and fact.behind.status is Status.NOT_APPLICABLE


def _is_so(fact: Fact) -> bool:
    return fact.value is not None and fact.value is not False


def _profiles(study: Study, trial: Trial) -> dict[tuple[str, str], list[Profile]]:
    return together(((one.participant, one.analyte), one) for one in profiles_of(study, trial)[0])
