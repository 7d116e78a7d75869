"""Each clause of a study's definition of a dose-limiting toxicity on what is recorded: met, not met or open, with its grounds.

An event counts for the time it overlaps the window, a death by its day. Blood counts are graded as recorded; where none is, a
cytopenia recorded as an event stands in. What time alone will settle is told from what the record leaves open.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from escalon.facts import Truth, all_known, any_known
from escalon.instruments.safety.ctcae.terms import UnknownTerm, classes, find_event
from escalon.safety.adverse_event import NOT_CODED, AdverseEvent
from escalon.safety.blood_counts import Counts
from escalon.safety.dlt_by_counts import recovery_grounds, result_grounds
from escalon.safety.dlt_definition import TERMS, DltDefinition, DltRule
from escalon.safety.dlt_grounds import ClauseGround, Horizon
from escalon.safety.occurrence import DAY, Occurrence, lasted_longer, stretches
from escalon.safety.words import Syndrome

HAEMATOLOGICAL = frozenset(
    {
        "Anemia", "Neutrophil count decreased", "Platelet count decreased", "White blood cell decreased",
        "Lymphocyte count decreased", "CD4 lymphocytes decreased", "Febrile neutropenia", "Eosinophilia", "Leukocytosis",
        "Bone marrow hypocellular", "Hemolysis",
    }
)  # fmt: skip
"""Terms of blood counts and marrow; everything else is non-haematological."""
_KINDS = {"Cytokine release syndrome": "CRS"}


@dataclass(frozen=True, slots=True)
class ClauseRead:
    """A clause with all its grounds."""

    id: str
    text: str
    truth: Truth
    grounds: tuple[ClauseGround, ...]

    @property
    def by(self) -> date | None:
        """The day on which time alone will have settled it."""
        return max((ground.by for ground in self.grounds if ground.by), default=None)

    @property
    def word(self) -> str:
        """Met, not met or open."""
        return "open" if self.truth is None else "met" if self.truth else "not met"

    def __str__(self) -> str:
        shown = "; ".join(ground.about for ground in self.grounds if ground.truth is self.truth)
        word = "cannot be decided yet" if self.truth is None else self.word
        return f"{self.id} {word}: {self.text}{f': {shown}' if shown else ''}"


def read_clauses(
    definition: DltDefinition, events: Sequence[Occurrence], counts: Counts, window: Horizon
) -> tuple[ClauseRead, ...]:
    """Every clause on the events and counts of one participant, as they are known by `window.as_of`."""
    known = [event for one in events if (event := one.as_of(window.as_of)) is not None]
    others = [event for event in known if event.is_fatal or event.term.name.casefold() not in definition.own]
    found = []
    for rule in definition.rules:
        if rule.not_recovered_by_day is not None:
            grounds = recovery_grounds(rule, rule.not_recovered_by_day, others, counts, window)
        else:
            grounds = (
                *_event_grounds(rule, definition, known, window), *result_grounds(rule, others, counts, window),
            )  # fmt: skip
        found.append(ClauseRead(rule.id, rule.text, any_known(ground.truth for ground in grounds), grounds))
    return tuple(found)


def _event_grounds(
    rule: DltRule, definition: DltDefinition, events: Sequence[Occurrence], window: Horizon
) -> tuple[ClauseGround, ...]:
    marks = rule.marks | definition.marks
    grounds = (
        _event_ground(rule, event, definition.own, window)
        for event in events
        if not marks & _marks(event) and not is_part(event, events)
    )
    return tuple(ground for ground in grounds if ground is not None)


def is_part(event: Occurrence, events: Iterable[Occurrence]) -> bool:
    """Whether it is a part of a recorded syndrome, which is judged in its place; a death asks for itself."""
    return not event.is_fatal and syndrome_of(event, events) is not None


def syndrome_of(event: Occurrence, events: Iterable[Occurrence]) -> Occurrence | None:
    """The syndrome an event is recorded as a part of, where that is recorded, itself no part, and its days overlap."""
    part_of = event.component_of
    if part_of is None:
        return None
    whole = (one for one in events if one.component_of is None and kind_of(one) == part_of)
    return next((one for one in whole if event.may_overlap(one)), None)


def kind_of(event: Occurrence) -> str:
    """The syndrome an event is, or its special interest."""
    name = event.term.name
    return _KINDS.get(name, name if name in set(Syndrome) else event.interest)


def _marks(event: Occurrence) -> set[str]:
    return {event.term.name, kind_of(event), event.term.system_class, event.interest.replace(" ", "_")}


def _event_ground(rule: DltRule, event: Occurrence, own: frozenset[str], window: Horizon) -> ClauseGround | None:
    linked = not (rule.related and event.related is False)
    parts = (_matches(rule, event, own), _reached(rule, event, window), linked)
    lasting, by, since = _lasting(rule, event, window)
    truth = all_known((*parts, lasting))
    if truth is False:
        return None
    return ClauseGround(rule.id, event.span(), truth, event, by=by if lasting is None else None, since=since)


def is_gradable(term: str) -> bool:
    """Whether a term of a clause is one that events can have: a kind, a class or a term of CTCAE 5.0, or a group of them."""
    if term in {"any", "non_haematological", *TERMS, *TERMS.values(), *classes(), *Syndrome}:
        return True
    try:
        return find_event(term).name == term
    except UnknownTerm:
        return False


def _matches(rule: DltRule, event: Occurrence, own: frozenset[str]) -> Truth:
    """Whether the clause names the event; words that are no term, nor one of the definition's `own`, could be any."""
    wanted = {TERMS.get(term, term) for term in rule.term}
    if wanted & {kind_of(event), event.term.name, event.term.system_class} or "any" in wanted:
        return True
    if event.term.system_class == NOT_CODED:
        word = event.term.name.casefold()
        if word not in own:
            return None
        return word in rule.own or "non_haematological" in wanted
    return "non_haematological" in wanted and event.term.name not in HAEMATOLOGICAL


def _reached(rule: DltRule, event: Occurrence, window: Horizon) -> Truth:
    """Whether it had a grade of the clause within the window, new or worse than before the infusion; death by its day."""
    highest = rule.at_most_grade or 5
    died = highest == 5 and event.was_fatal_within(window.first, window.last)
    if event.assessed:
        return any_known((died, any(rule.grade <= grade <= highest for grade in _assessed_inside(event, window))))
    grades = [_line_reached(rule.grade, highest, event, line, window) for line in event.spans()]
    return any_known((died, all_known((any_known(grades), event.is_worse_since(window.first)))))


def _assessed_inside(event: Occurrence, window: Horizon) -> list[int]:
    """The grades, death apart, that were seen to hold on a day of the window."""
    ends = [moment.earliest.date() for moment, _ in event.assessed[1:]] + [date.max]
    return [
        grade
        for (moment, grade), end in zip(event.assessed, ends, strict=True)
        if grade < 5 and moment.earliest.date() <= window.last and end >= window.first
    ]


def _line_reached(lowest: int, highest: int, event: Occurrence, line: AdverseEvent, window: Horizon) -> Truth:
    """Whether a line had such a grade in the window. How grave an event was before it became fatal is not recorded."""
    if line.grade == 5 or (line.grade is None and event.is_fatal):
        alive = None if event.died is None or event.died.latest > window.last else False
        reached: Truth = alive if lowest < 5 else False
    else:
        reached = None if line.grade is None else lowest <= line.grade <= highest
    return all_known((reached, Occurrence(event.participant, (line,)).is_inside(window.first, window.last)))


def _lasting(rule: DltRule, event: Occurrence, window: Horizon) -> tuple[Truth, date | None, date]:
    """Whether it lasted as the clause asks; where only time will tell, by which day; and the day the clause was met on."""
    begun = window.day_of(event.start)
    limits = [timedelta(hours=rule.within_hours)] if rule.within_hours else []
    limits += [timedelta(days=rule.longer_than_days)] if rule.longer_than_days else []
    if not limits:
        return True, None, window.day_of(event.died) if event.died and rule.grade == 5 else begun
    if not event.assessed and any(line.start is None for line in event.lines):
        return None, None, begun  # nobody knows for how long, and no time will tell
    graded = event.with_grade(rule.grade)
    until = datetime.combine(window.as_of, time(0)) + timedelta(days=1)
    truth = all_known(lasted_longer(graded, rule.grade, limit, rule.must_improve_to, until) for limit in limits)
    open_since = [started for started, end in stretches(graded, rule.grade, rule.must_improve_to) if end is None]
    if any(started.latest - started.earliest > DAY for started in open_since):
        return truth, None, begun  # known only by its month or year: the first day is asked for at once
    settled = [(started.latest + max(limits)).date() for started in open_since]
    ahead = max((day for day in settled if day > window.as_of), default=None)
    return truth, ahead, begun + min(limits)
