"""Each clause of a study's definition of a dose-limiting toxicity on what is recorded: met, not met or open, with its grounds.

An event counts for the time it overlaps the window, a death by its day. Blood counts are graded as recorded; where none is, a
cytopenia recorded as an event stands in. What time alone will settle is told from what the record leaves open.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from escalon.facts import Truth, all_known, any_known
from escalon.instruments.safety.ctcae.terms import UnknownTerm, classes, find_event
from escalon.safety.adverse_event import NOT_CODED, AdverseEvent
from escalon.safety.blood_counts import Counts, Look, Vague, tests_of
from escalon.safety.dlt_definition import TERMS, DltDefinition, DltRule
from escalon.safety.occurrence import Occurrence, lasted_longer, stretches
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
class Horizon:
    """The days in which a toxicity can be dose-limiting: infusion is day 0, `last` still counts, `as_of` is the last known."""

    first: date
    last: date
    as_of: date

    def day(self, number: int) -> date:
        """The date of a day counted from infusion."""
        return self.first + timedelta(days=number)


@dataclass(frozen=True, slots=True)
class ClauseGround:
    """One thing that meets a clause or may: an event, or the counts of a term."""

    clause: str
    about: str
    truth: Truth
    event: Occurrence | None = None
    term: str = ""
    """The term of blood counts it is about."""
    by: date | None = None
    """The day on which time alone will have settled it, where it still lies ahead."""
    since: date | None = None
    """The day of the evidence: what was reviewed up to an earlier day did not have it."""
    is_silence: bool = False
    """Open only because nobody recorded anything, not by anything recorded."""

    @property
    def is_doubt(self) -> bool:
        """Whether what is recorded meets the clause or leaves it open with no day ahead that would settle it."""
        return not self.is_silence and (self.truth is True or (self.truth is None and self.by is None))

    @property
    def key(self) -> tuple[object, ...]:
        """The same question on another day or with more entries."""
        return (self.clause, self.term, self.event.key if self.event else ())


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
            grounds = _count_grounds(rule, rule.not_recovered_by_day, others, counts, window)
        else:
            grounds = (
                *_event_grounds(rule, definition, known, window), *_seen_grounds(rule, others, counts, window),
            )  # fmt: skip
        found.append(ClauseRead(rule.id, rule.text, any_known(ground.truth for ground in grounds), grounds))
    return tuple(found)


# ---- events


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


def _lasting(rule: DltRule, event: Occurrence, window: Horizon) -> tuple[Truth, date | None, date | None]:
    """Whether it lasted as the clause asks; where only time will tell, by which day; and the day the clause was met on."""
    begun = max(event.start.earliest, window.first) if event.start else None
    limits = [timedelta(hours=rule.within_hours)] if rule.within_hours else []
    limits += [timedelta(days=rule.longer_than_days)] if rule.longer_than_days else []
    if not limits:
        return True, None, event.died.earliest if event.died and rule.grade == 5 else begun
    graded = event.with_grade(rule.grade)
    until = datetime.combine(window.as_of, time(0)) + timedelta(days=1)
    truth = all_known(lasted_longer(graded, rule.grade, limit, rule.must_improve_to, until) for limit in limits)
    open_since = [started for started, end in stretches(graded, rule.grade, rule.must_improve_to) if end is None]
    settled = [(started.latest + max(limits)).date() for started in open_since]
    ahead = max((day for day in settled if day > window.as_of), default=None)
    return truth, ahead, None if begun is None else begun + min(limits)


# ---- blood counts


def _count_grounds(
    rule: DltRule, by_day: int, events: Sequence[Occurrence], counts: Counts, window: Horizon
) -> tuple[ClauseGround, ...]:
    terms = [TERMS.get(term, term) for term in rule.term]
    found = [
        _count_ground(rule, term, by_day, events, counts, window)
        for term in terms
        if not _was_low_before(rule, term, counts)
    ]
    return tuple(ground for ground in found if ground is not None)


def _count_ground(
    rule: DltRule, term: str, by_day: int, events: Sequence[Occurrence], counts: Counts, window: Horizon
) -> ClauseGround | None:
    """A count at the grade must be seen to have recovered on or before the day; the counts tell, and where there is none
    an event of that term. Nothing recorded at the grade, and no count on the day or later, is silence and not recovery.
    """
    seen = counts.looks(term)
    day = window.day(by_day)
    own = [event for event in events if _may_be_low(rule, term, event, day, window)]
    truth, why = _by_counts(rule, by_day, seen)
    if truth is not True and (late := _not_settled(rule, by_day, own, seen, window)) is not None:
        truth, why = None, f"{late.span()}; recovery by day {by_day} is not recorded"
        own = [late]
    elif truth is not True and (vague := _by_a_vague_count(rule, by_day, seen, counts.vague(term))):
        truth, why = None, vague
    elif truth is None and window.as_of > day and _ended_since(own, _last_low(rule, by_day, seen), window):
        return None  # the event's row tells: it had ended by the day
    if truth is False:
        return None
    silent = truth is None and (not why or _died_before(events, day))
    about = (
        why
        if truth is None and own and why.startswith(own[0].lines[0].term)
        else f"{term}: {why or f'no count on or after day {by_day}'}"
    )
    ahead = day if truth is None and window.as_of <= day else None
    ground = ClauseGround(rule.id, about, truth, own[0] if own else None, term, ahead, day, silent)
    return _beside_the_count_before(rule, ground, counts) if truth is True else ground


def _seen_grounds(
    rule: DltRule, events: Sequence[Occurrence], counts: Counts, window: Horizon
) -> tuple[ClauseGround, ...]:
    """A laboratory's results at the grade of a clause that names their term, of which no recorded event tells."""
    graded = (term for word in rule.term if tests_of(term := TERMS.get(word, word)))
    terms = (term for term in graded if not _was_low_before(rule, term, counts))
    found = (_seen_ground(rule, term, events, counts, window) for term in terms)
    return tuple(ground for ground in found if ground is not None)


def _seen_ground(
    rule: DltRule, term: str, events: Sequence[Occurrence], counts: Counts, window: Horizon
) -> ClauseGround | None:
    own, last = [event for event in events if event.term.name == term], (window.last - window.first).days
    highest = rule.at_most_grade or 5
    looks = [
        look for look in counts.looks(term)
        if look.low > highest or look.high < rule.grade or not _is_told(look, rule.grade, own, window)
    ]  # fmt: skip

    def is_low(look: Look) -> bool:
        return look.day <= last and rule.grade <= look.high and look.low <= highest

    low = [look for look in looks if is_low(look)]
    vague = [one for one in counts.vague(term) if any(map(is_low, one.looks))]
    truth, by = _how_long(rule, low, looks, window) if low else (False, None)
    if truth is False:
        about = f"{term}: {vague[0].fact}, on a day that is not recorded" if vague else ""
        return ClauseGround(rule.id, about, None, term=term, since=window.last) if vague else None
    about = f"{term}: {', '.join(look.words for look in low[:3])}"
    ground = ClauseGround(rule.id, about, truth, term=term, by=by, since=window.day(low[0].day))
    return _beside_the_count_before(rule, ground, counts) if truth is True else ground


def _is_told(look: Look, asked: int, events: Iterable[Occurrence], window: Horizon) -> bool:
    """Whether an event of the term, as grave as the result may be or as the clause asks, is recorded over its day: its own
    row is judged.
    """
    day, least = window.day(look.day), min(look.high, max(look.low, asked))
    return any(event.may_be_seen(least, day) for event in events)


def _how_long(rule: DltRule, low: Sequence[Look], looks: Sequence[Look], window: Horizon) -> tuple[Truth, date | None]:
    """Whether results were at the grade, and for as long as the clause asks: between two results nobody knows."""
    limit = rule.longer_than_days or (rule.within_hours or 0) / 24
    sure = [look for look in low if look.low >= rule.grade and look.high <= (rule.at_most_grade or 5)]
    if not limit:
        return (True if sure else None), None
    found: list[Truth] = []
    for look in low:
        before = max((one.day for one in looks if one.day < look.day and one.high <= rule.must_improve_to), default=0)
        after = min((one.day for one in looks if one.day > look.day and one.high <= rule.must_improve_to), default=None)
        held = [
            one.day for one in looks if look.day <= one.day < (after or one.day + 1) and one.low > rule.must_improve_to
        ]
        if look in sure and held and held[-1] - look.day > limit:
            found.append(True)
        else:
            found.append(False if after is not None and after - before <= limit else None)
    settled = window.day(low[-1].day) + timedelta(days=limit)
    truth = any_known(found)
    return truth, settled if truth is None and settled > window.as_of else None


def _beside_the_count_before(rule: DltRule, ground: ClauseGround, counts: Counts) -> ClauseGround:
    """A count that was at the grade before treatment meets a clause by itself: it is asked, with that value beside it."""
    before = counts.before_treatment(ground.term)
    if before is None or before[2] < rule.grade:
        return ground
    return replace(ground, truth=None, about=f"{ground.about}; before treatment {before[0]} (grade {before[2]})")


def _was_low_before(rule: DltRule, term: str, counts: Counts) -> bool:
    """Whether a count was surely at the grade before treatment, and the definition then leaves that term out."""
    before = counts.before_treatment(term) if rule.low_before == "not counted" else None
    return before is not None and before[1] >= rule.grade


def _by_counts(rule: DltRule, by_day: int, seen: Sequence[Look]) -> tuple[Truth, str]:
    """What the counts alone settle, and in which words; None without words where they say nothing of the grade."""
    low = [look for look in seen if look.high >= rule.grade and look.day <= by_day]
    after = [look for look in seen if look.day >= by_day]
    if not low:
        if after and after[0].high < rule.grade:
            return False, ""
        first = after[0] if after and not any(look.day <= by_day for look in seen) else None
        return None, f"{first.words}, and no count before it" if first else ""
    last = low[-1]
    if any(last.day < look.day <= by_day and look.high <= rule.must_improve_to for look in seen):
        return False, ""
    said = last.words
    later = next((look for look in seen if look.day > by_day), None)
    if last.low < rule.grade:
        return None, said
    if last.day == by_day or (later is not None and later.low >= rule.grade):
        return True, said if last.day == by_day or later is None else f"{said} and again on day {later.day}"
    return None, f"{said}, recovery by day {by_day} is not recorded"


def _by_a_vague_count(rule: DltRule, by_day: int, seen: Sequence[Look], vague: Iterable[Vague]) -> str:
    """A count at the grade that could meet the clause on one of the days on which it may have been taken, in words."""
    for count in vague:
        for look in count.looks:
            here = sorted([*seen, look], key=lambda one: one.day)
            if look.high >= rule.grade and look.day <= by_day and _by_counts(rule, by_day, here)[0] is not False:
                return f"{count.fact}, on a day that is not recorded"
    return ""


def _may_be_low(rule: DltRule, term: str, event: Occurrence, until: date, window: Horizon) -> bool:
    """Whether an event of the term may have had the grade between infusion and the day, and was not there as bad before."""
    if event.term.name != term and event.term.system_class != NOT_CODED:
        return False
    if event.grade is not None and event.grade < rule.grade:
        return False
    baseline = event.baseline_grade
    as_bad = baseline is not None and event.grade is not None and baseline >= event.grade
    return not as_bad and event.is_inside(window.first, until) is not False


def _not_settled(
    rule: DltRule, by_day: int, own: Sequence[Occurrence], seen: Sequence[Look], window: Horizon
) -> Occurrence | None:
    """An event that may have lasted beyond the day, where no count taken since it began shows the recovery."""
    low = _last_low(rule, by_day, seen)
    on_the_day = next((look for look in seen if look.day >= by_day), None)
    if on_the_day is not None and on_the_day.high < rule.grade:
        return None
    recovered = low is not None and any(low < look.day <= by_day and look.high <= rule.must_improve_to for look in seen)
    for event in own:
        began = -1 if event.start is None else (event.start.earliest - window.first).days
        ended = event.end is not None and event.end.latest <= window.day(by_day)
        if not ended and not (recovered and low is not None and low >= began):
            return event
    return None


def _ended_since(events: Iterable[Occurrence], low: int | None, window: Horizon) -> bool:
    """Whether a row says that an event of the term ended, at or after the last count at the grade."""
    since = window.first if low is None else window.day(low)
    return any(event.end is not None and event.end.earliest >= since for event in events)


def _last_low(rule: DltRule, by_day: int, seen: Iterable[Look]) -> int | None:
    """The last day, by the clause's, on which a count had the grade or may have had it."""
    return max((look.day for look in seen if look.high >= rule.grade and look.day <= by_day), default=None)


def _died_before(events: Iterable[Occurrence], day: date) -> bool:
    return any(event.died is not None and event.died.latest < day for event in events)
