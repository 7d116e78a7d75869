"""What every section asks for, found once a run: the trial at the cut-off, who was screened, dosed and how, and all events."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from itertools import islice

from escalon import __version__
from escalon.conduct.judge.agreed import Agreed, agreed
from escalon.conduct.judge.cutoff import as_of, checked
from escalon.conduct.judge.departures import ActDeparture
from escalon.conduct.judge.dose_review import DoseReview, review
from escalon.conduct.judge.dosing import NextDose
from escalon.conduct.judge.endpoints import Executed, execute
from escalon.conduct.judge.given import Given, first_doses
from escalon.conduct.judge.member import Member, member
from escalon.conduct.judge.populations import Population, dose_of_today, populations
from escalon.conduct.judge.screening import Screening, screen_one
from escalon.conduct.judge.treated import events_of, safety_population
from escalon.conduct.judge.watched import all_departures
from escalon.escalation import EscalationError
from escalon.facts import Day, Facts
from escalon.history import Course, Current, Trial
from escalon.history.events import AdverseEventRecorded
from escalon.instruments import catalogue
from escalon.instruments.safety.ctcae.results import GradedResult, grade_results
from escalon.protocol.own_words import in_own_words
from escalon.protocol.study import Study
from escalon.protocol.vocabulary import DISEASE
from escalon.reporting.build import counted
from escalon.reporting.document import Cell, Document, Ground, Section
from escalon.reporting.grounds import of_dose, of_event, of_fact
from escalon.reporting.in_words import in_words_of
from escalon.safety.adverse_event import AdverseEvent
from escalon.safety.counting import Treated, emergent
from escalon.safety.occurrence import Occurrence
from escalon.sources.intake import Intake

Told = Callable[[str], None]
"""Is told what is being done, for whoever waits."""


def _in_silence(_: str) -> None:
    """Nobody waits."""


MOST_DRAWN = 36
"""A figure with a lane or a line for each person holds so many; of more it shows the newest, and says so."""


class View:
    """One study, one source, one cut-off, and everything concluded of them, each found when it is first asked for."""

    def __init__(
        self, study: Study, intake: Intake, cutoff: Day | date, disease: str = "", told: Told = _in_silence
    ) -> None:
        self.study, self.intake, self.cutoff, self.disease, self.told = study, intake, checked(cutoff), disease, told
        self._given = {*vars(self), "_given", "trial", "whole"}

    def forget(self) -> None:
        """Drop what was concluded: whatever is asked again is concluded anew."""
        for name in vars(self).keys() - self._given:
            delattr(self, name)
        self.trial.forget()
        self.whole.forget()

    @cached_property
    def trial(self) -> Trial:
        """The trial as it stood at the cut-off; of one disease alone, where the report is of one."""
        trial = as_of(self.intake.trial, self.cutoff)
        return trial.of({code for code, one in trial.courses.items() if self._has(one)}) if self.disease else trial

    def _has(self, course: Course) -> bool:
        return self.disease in {str(fact.value) for fact in course.facts.named(DISEASE)}

    @cached_property
    def screenings(self) -> tuple[Screening, ...]:
        """Everybody screened, with the verdict on every clause."""
        found = []
        codes = self.trial.participants
        for number, code in enumerate(codes, start=1):
            if number % 50 == 1:
                self.told(f"screening {number} of {len(codes)}")
            found.append(screen_one(self.study, self.trial, code, self.cutoff))
        return tuple(found)

    @cached_property
    def diseases(self) -> Mapping[str, str]:
        """The disease of everybody screened; «not recorded» where it is not."""
        return {code: one.disease or "not recorded" for code, one in self.screening_of.items()}

    @cached_property
    def screening_of(self) -> Mapping[str, Screening]:
        """The screening of everybody, by code."""
        return {one.participant: one for one in self.screenings}

    @cached_property
    def whole(self) -> Trial:
        """The trial at the cut-off with every disease: the dose rule counts all of them."""
        return as_of(self.intake.trial, self.cutoff) if self.disease else self.trial

    @cached_property
    def populations(self) -> Mapping[str, Population]:
        """Who belongs to each population, among those this report is of."""
        found = populations(self.study, self.whole, self.cutoff)
        return {name: one.among(self.trial.courses) if self.disease else one for name, one in found.items()}

    @cached_property
    def dose(self) -> NextDose | str:
        """The next dose by the study's rule, or why none can be decided."""
        found = dose_of_today(self.study, self.whole, self.cutoff)
        return str(found) if isinstance(found, EscalationError) else found

    @cached_property
    def agreed(self) -> Mapping[str, Agreed]:
        """Who has signed how the record is read, by assumption."""
        return agreed(self.study, self.whole)

    @cached_property
    def doses(self) -> Sequence[Given]:
        """The dose of everybody infused that the rule counts, in the order given."""
        return first_doses(self.study, self.trial)

    @cached_property
    def reviews(self) -> Sequence[DoseReview]:
        """How everybody infused counts for the dose rule, and why."""
        if isinstance(self.dose, NextDose):
            here = {one.participant for one in self.doses}
            return [one for one in self.dose.reviews if one.participant in here]
        return [review(self.study, self.trial, given, self.cutoff.latest) for given in self.doses]

    @cached_property
    def unsettled(self) -> Sequence[DoseReview]:
        """The participants of whom the definition and people do not say the same, and time alone will not settle it."""
        return [one for one in self.reviews if is_open(one)]

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """Everybody infused as endpoints and the schedule see them, with every score worked out in one go."""
        found = tuple(member(self.study, self.trial, code) for code in self.people)
        for one in found:
            one.facts.all_scored()
        return found

    @cached_property
    def executed(self) -> tuple[Executed, ...]:
        """Every declared endpoint, and what is shown beside it, carried out."""
        found, _ = [], self.members
        for one in self.study.outcomes:
            self.told(f"endpoint {one.id}")
            found.append(execute(self.study, self.trial, one, self.cutoff))
        return tuple(found)

    @cached_property
    def departures(self) -> Sequence[ActDeparture]:
        """What was done that the study's rules would have held."""
        self.told("replaying what was done")
        return all_departures(self.study, self.trial, self.cutoff)

    @cached_property
    def population(self) -> tuple[Treated, ...]:
        """Everybody infused by the cut-off: whom safety is told of."""
        return safety_population(self.study, self.trial, self.cutoff.latest)

    @cached_property
    def people(self) -> Mapping[str, Treated]:
        """The same by code."""
        return {one.participant: one for one in self.population}

    @cached_property
    def events(self) -> tuple[Occurrence, ...]:
        """Every adverse event of everybody."""
        return events_of(self.trial)

    @cached_property
    def emergent(self) -> tuple[Occurrence, ...]:
        """The events that are new or worse since infusion, syndromes' own symptoms left out."""
        return emergent(self.events, self.population, self.cutoff.latest)

    @cached_property
    def laboratory(self) -> Mapping[str, tuple[GradedResult, ...]]:
        """Every graded laboratory result of everybody infused."""
        self.told("grading laboratory results")
        return {
            one.participant: tuple(
                result
                for result in grade_results(self.facts(one.participant), one.lymphodepletion or one.infusion)
                if result.grade is not None
            )
            for one in self.population
        }

    @cached_property
    def _lines(self) -> Mapping[tuple[object, ...], Current[AdverseEventRecorded]]:
        return {_key(one.event): one for course in self.trial.courses.values() for one in course.adverse_events}

    def of_lines(self, lines: Sequence[AdverseEvent]) -> tuple[Ground, ...]:
        """Where the lines of an event are recorded."""
        return tuple(of_event(one) for line in lines if (one := self._lines.get(_key(line))) is not None)

    def of_events(self, events: Sequence[Occurrence]) -> tuple[Ground, ...]:
        """Where events are recorded."""
        return tuple(ground for event in events for ground in self.of_lines(event.lines))

    @cached_property
    def given(self) -> Mapping[str, Given]:
        """The dose of everybody infused, by code."""
        return {one.participant: one for one in self.doses}

    def counted(self, codes: Collection[str]) -> Cell:
        """A number of people, each with the record that makes them one of these: the dose, or the first thing recorded."""
        named = ((Ground(code, "participant", "", "counted", ""), *self._recorded(code)) for code in codes)
        return counted([ground for some in named for ground in some], len(codes))

    def _recorded(self, code: str) -> Iterator[Ground]:
        if code in self.given:
            yield from of_dose(self.given[code], self.trial.course(code))
        elif facts := self.facts(code).named(DISEASE) or tuple(islice(self.facts(code), 1)):
            yield of_fact(facts[-1], code)

    def label(self, name: str) -> str:
        """A fact, analyte or score as people call it."""
        meaning = self.study.vocabulary.get(name)
        known = catalogue().get(name.partition(".")[0])
        if known is not None:
            return str(known.title)
        return meaning.label if meaning and meaning.label else name.replace("_", " ")

    def facts(self, code: str) -> Facts:
        """What is known of one participant."""
        return self.trial.facts_of(code)

    def level(self, code: str) -> int | None:
        """The level a participant was dosed at; None for nobody infused."""
        return self._levels.get(code)

    @cached_property
    def _levels(self) -> Mapping[str, int]:
        return {one.participant: one.level for one in self.doses}

    @cached_property
    def drawn(self) -> frozenset[str]:
        """Those whom figures show: everybody infused, or of many the newest."""
        return frozenset(one.participant for one in self.doses[-MOST_DRAWN:])

    def of_drawn(self, title: str) -> str:
        """A figure's title, saying where it does not show everybody."""
        every, shown = len(self.doses), len(self.drawn)
        return title if shown == every else f"{title}: the newest {shown} of {every}"

    def document(self, name: str, title: str, sections: Sequence[Section], subtitle: str = "") -> Document:
        """The document of these sections, under the study's name, the cut-off, the mark and the stamp."""
        study = self.study
        made = Document(
            study.id, title, study.version, name, self.dated, self.trial.synthetic, tuple(sections),
            subtitle=subtitle, input=self.digest, software=f"Escalon {__version__}",
            people={code: (disease, self.level(code)) for code, disease in self.diseases.items()},
        )  # fmt: skip
        return made if study.gives_cells else in_words_of(made, in_own_words(study, self._written()))

    @property
    def dated(self) -> str:
        """The cut-off as it stands on every page, and by when it was recorded where later entries are left out."""
        recorded = self.intake.recorded
        return str(self.cutoff) if recorded is None else f"{self.cutoff}, as recorded by {recorded}"

    def _written(self) -> list[str]:
        """What people wrote of events in their own words."""
        return [text for line in self._lines.values() for text in (line.event.term, line.event.description or "")]

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of everything that was read."""
        from hashlib import sha256

        said = "".join(f"{value}  {file}\n" for file, value in sorted(self.intake.hashes.items()))
        return sha256(said.encode()).hexdigest()


def _key(line: AdverseEvent) -> tuple[object, ...]:
    """What tells a line from another, as it was recorded or as it stood on an earlier day."""
    return getattr(line, "participant", ""), line.id, line.term, line.start, line.source, line.description


def is_open(one: DoseReview) -> bool:
    """Whether somebody must still answer: the rule, or a person, says nothing or otherwise, and no window is waited for."""
    found = one.evidence
    if found is None or (found.proposed is found.decided and found.decided is not None):
        return False
    return one.in_doubt or not is_waited_for(one)


def is_waited_for(one: DoseReview) -> bool:
    """Whether only a window, or a clause of it, that has not closed keeps the outcome open."""
    found = one.evidence
    if found is None:
        return False
    asked = [clause for clause in found.clauses if clause.truth is None]
    later = all(clause.by is not None and clause.by >= found.window.as_of for clause in asked)
    return (later and found.until is not None) or (later and bool(asked) and found.decided is True)
