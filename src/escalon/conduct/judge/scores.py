"""Scores from recorded items: every instrument of the study, for every participant and assessment.

Facts of one visit are scored together (of one day, where no visit is named). What stands for the person rather than the
visit (sex, age, height, weight) is taken from the latest earlier entry. A score that was recorded as well stays beside the
computed one; where the two differ, both are shown and flagged, and what is made of the score
is not settled. Two different values of one item on one day make the score invalid: which of them holds is not for
software to say.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from sys import intern

from escalon.conduct.judge.assessments import Assessment, Visits, assessments, visits_of, written
from escalon.conduct.judge.baselines import DIFFERS, Baselines, differs
from escalon.criteria.situation import one_visit, said
from escalon.facts import Day, Fact, Facts, Finding, Interval, Status, exact, plain
from escalon.history import Trial
from escalon.instruments.kit.assessment import assess_with
from escalon.instruments.kit.catalogue import find
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.visits import (
    Earlier,
    change_since,
    compares_visits,
    may_answer,
    may_be_settled,
    reads_baseline,
    taken,
    with_parts,
)
from escalon.protocol.study import Study

STANDING = ("sex", "age", "height", "weight")
CONTRADICTORY = "CONTRADICTORY_ITEMS"
SEVERAL_DAYS = "ITEMS_OF_SEVERAL_DAYS"
OTHER_DAY = "LABEL_AND_DAY_DISAGREE"


def scored(study: Study, trial: Trial, participant: str) -> "ScoredFacts":
    """A participant's facts with every score of the study that can be computed from them; worked out once a history."""
    course = trial.course(participant)
    return course.once(("scored", id(study)), study, lambda: ScoredFacts(study, course.facts))


class ScoredFacts(Facts):
    """A participant's facts with their scores: an instrument is scored when a name of it is asked for, at the visits asked.

    The instruments are the study's, unless others are given, each after its parts.
    """

    __slots__ = ("_at_visit", "_grouped", "_instruments", "_recorded", "_several", "_study")

    def __init__(self, study: Study, recorded: Facts, instruments: tuple[str, ...] = ()) -> None:
        self._study, self._recorded, self._instruments = study, recorded, instruments or study.instruments
        self._grouped: Visits | None = None
        self._at_visit: dict[tuple[tuple[str, ...], int], list[Fact]] = {}
        self._several: dict[tuple[str, ...], Facts] = {}

    @property
    def recorded(self) -> Facts:
        """What was written down, without any score."""
        return self._recorded

    def told(self) -> frozenset[str]:
        """Every name something is recorded under, and every instrument that may be scored of it; of others nothing is."""
        recorded = self._recorded.told()
        return recorded | _scorable(self._instruments, recorded)

    def named(self, name: str) -> tuple[Fact, ...]:
        """All facts of a name, recorded and computed, oldest first."""
        behind = _behind(self._instruments, name)
        return self._with(behind).named(name) if behind or is_change(name) else self._recorded.named(name)

    def near(self, name: str, first: Day | None, last: Day | None, newest: bool = False) -> tuple[Fact, ...]:
        """Every fact of a name that may be of these days; where the newest is wanted, back to one that is surely of them.

        A part of a score, and what is compared with a baseline, is known from all visits.
        """
        behind = _behind(self._instruments, name)
        if not behind and not is_change(name):
            return self._recorded.near(name, first, last, newest)
        is_known = behind in self._several or self._instruments in self._several
        if not behind or "." in name or is_known or any(reads_baseline(find(one)) for one in behind):
            return self.named(name)
        recorded, found = self._recorded.named(name), list[Fact]()
        for place in reversed(range(len(self._visits))):
            visit = self._visits.empty(place)
            standing = said((*recorded, *found)) if newest else ()
            if any(_settles(fact, visit.day, first, last) and not _has_peer(fact, recorded) for fact in standing):
                break
            if visit.reaches(first, last):
                found = [fact for fact in self._scored_at(behind, place) if fact.name == name] + found
        return Facts((*recorded, *found)).named(name)

    def names(self) -> tuple[str, ...]:
        """The names something is recorded or computed under."""
        return self.all_scored().names()

    def with_facts(self, more: Iterable[Fact]) -> Facts:
        """These facts and some more."""
        return self.all_scored().with_facts(more)

    def __len__(self) -> int:
        return len(self.all_scored())

    def all_scored(self) -> Facts:
        """The same with every score worked out in one go, for whoever will ask for most of them."""
        return self._with(self._instruments)

    @property
    def _visits(self) -> Visits:
        if self._grouped is None:
            self._grouped = visits_of(self._study, self._recorded)
        return self._grouped

    def _with(self, only: tuple[str, ...]) -> Facts:
        """What is recorded, with the scores of some instruments at every visit."""
        known = self._several.get(self._instruments, self._several.get(only))
        if known is None:
            more = computed(self._study, self._recorded, only)
            known = self._recorded.with_facts(more)
            if only == self._instruments:  # whatever was worked out of a part is in the whole
                self._several.clear()
                self._at_visit.clear()
            self._several[only] = known
        return known

    def _scored_at(self, only: tuple[str, ...], place: int) -> list[Fact]:
        key = (only, place)
        if key not in self._at_visit:
            visit = self._visits.holding(place, [one for one in self._recorded.names() if _is_read(only, one)])
            self._at_visit[key] = _of_one_visit(map(find, only), visit, dict(visit.facts), self._recorded)
        return self._at_visit[key]


def _settles(fact: Fact, before: Day, first: Day | None, last: Day | None) -> bool:
    """Whether a computed fact is surely of some days and surely later than all of a visit: nothing older can be the newest."""
    if fact.behind is None or fact.day is None:
        return False
    return fact.day.is_within(first, last) is True and before.is_before(fact.day) is True


def _has_peer(fact: Fact, recorded: Iterable[Fact]) -> bool:
    """Whether a score of its visit was recorded for another day: which of the two counts, what lies between them says too."""
    return any(one_visit(fact, other) and other.day != fact.day for other in recorded)


def is_change(name: str) -> bool:
    """Whether a name may be the change of any measure from its baseline, one that no instrument gives too."""
    return name.endswith(".change")


@cache
def _behind(instruments: tuple[str, ...], name: str) -> tuple[str, ...]:
    """The instruments of a study, in their order, that must be scored to know what is computed under a name."""
    if is_change(name):
        return instruments
    wanted = {name.partition(".")[0]} & set(instruments)
    while not (more := {read for one in wanted for read in _reads(one)} & set(instruments)) <= wanted:
        wanted |= more
    return tuple(one for one in instruments if one in wanted)


@lru_cache(1024)
def _scorable(instruments: tuple[str, ...], recorded: frozenset[str]) -> frozenset[str]:
    """The instruments that may be scored of somebody of whom some names are recorded; the others surely are not."""
    found: set[str] = set()
    for one in instruments:  # the parts of a score stand before it
        names = _own_names(one)
        known = frozenset(name for name in names if name in recorded or name.partition(".")[0] in found)
        if not names or _may_be_scored(find(one), known, True):
            found.add(one)
    return frozenset(found)


@cache
def _is_read(instruments: tuple[str, ...], name: str) -> bool:
    """Whether some instruments may read a name at a visit: an item, what stands for the person, a score or its part."""
    word = name.partition(".")[0]
    return word in STANDING or word in instruments or any(word in _reads(one) for one in instruments)


@cache
def _reads(instrument: str) -> frozenset[str]:
    """The facts, and the scores by their first word, that an instrument's items are taken from."""
    of = find(instrument)
    names = [key for name, item in of.items.items() for key in (of.keys[name], *item.of, item.baseline_of or "")]
    return frozenset(name.partition(".")[0] for name in names)


def computed(study: Study, facts: Facts, only: Iterable[str] | None = None) -> list[Fact]:
    """The computed facts of one participant: one per score, component and assessment; of `only` these instruments.

    Scores of one visit first; then those that compare visits (responses, changes), from what the visits and the baseline hold.
    """
    instruments = [find(name) for name in (study.instruments if only is None else only)]
    visits = [(one, dict(one.facts)) for one in assessments(study, facts)]
    each = [(n, fact) for n, (one, here) in enumerate(visits) for fact in _of_one_visit(instruments, one, here, facts)]
    found = [fact for _, fact in each]
    baselines = Baselines(study, facts.with_facts(found))
    anchor, earlier = baselines.start, baselines.earlier()
    if anchor is not None:
        later = [(n, one, here) for n, (one, here) in enumerate(visits) if anchor.is_by(one.day)]
        changed = [one for one in instruments if reads_baseline(one)]
        again = [
            (n, f) for n, one, here in later for own in changed for f in _scored_at(own, one, here, facts, earlier)
        ]
        again += [(n, fact) for n, one, here in later for fact in _changes(study, [(one, here)], earlier)]
        replaced = {(n, fact.name) for n, fact in again}  # by the visit's place: two may bear one label
        found = [fact for n, fact in each if (n, fact.name) not in replaced] + [fact for _, fact in again]
    return [*found, *_without_parts(found)]


def _of_one_visit(
    instruments: Iterable[Instrument], assessment: Assessment, here: dict[str, Fact], facts: Facts
) -> list[Fact]:
    """What a visit alone gives: `here` are its facts, among which every score then stands."""
    alone = (one for one in instruments if not compares_visits(one))
    return [fact for instrument in alone for fact in _scored_at(instrument, assessment, here, facts)]


def _scored_at(
    instrument: Instrument, assessment: Assessment, here: dict[str, Fact], facts: Facts, earlier: Earlier | None = None
) -> list[Fact]:
    """The facts of one score at one visit, which then stand among the visit's own for the scores made of them."""
    names = _own_names(instrument.name)
    is_asked = not names or _may_be_scored(instrument, names.intersection(here), earlier is not None)
    finding = score(instrument, assessment, facts, here, earlier) if is_asked else None
    if finding is None:
        return []
    found = _as_facts(finding, assessment)
    for fact in found:
        is_score = fact.name == instrument.name and fact.value is not None
        if is_score or here.setdefault(fact.name, fact).behind is not None:  # a recorded part stays what it is
            here[fact.name] = fact
    return found


@cache
def _own_names(instrument: str) -> frozenset[str]:
    """The names of which a visit must have one for a score to be meant; none where what stands for the person is enough."""
    of = find(instrument)
    return frozenset(key for name, item in of.of_the_visit.items() for key in (of.keys[name], *item.of)) - frozenset(
        STANDING
    )


@cache
def _may_be_scored(instrument: Instrument, here: frozenset[str], with_baseline: bool) -> bool:
    """Whether a visit with entries under some names can give a score, whatever they say: so many, or telling."""
    if not here:
        return False
    known = here.union(STANDING)
    given = {
        name
        for name, item in instrument.items.items()
        if not known.isdisjoint((instrument.keys[name], *item.of))
        or item.source_of
        or (with_baseline and item.baseline_of)
    }
    return _is_meant(instrument, given) or (may_be_settled(instrument) and may_answer(instrument, frozenset(given)))


def responses(
    study: Study, facts: ScoredFacts, instrument: Instrument, earlier: Callable[[Day], Earlier]
) -> list[Fact]:
    """What an instrument that compares visits says at each visit against other baselines than the study's own.

    `facts` are a participant's with their scores; `earlier` gives the baselines for the day of a visit.
    """
    visits = _with_parts(study, facts, instrument)
    return [fact for one, here in visits for fact in _scored_at(instrument, one, here, facts, earlier(one.day))]


def however_little(study: Study, known: ScoredFacts, name: str) -> list[Finding]:
    """What an instrument leaves open at each visit that has anything of what it asks for; `known` are facts with scores."""
    instrument, baselines = find(name), Baselines(study, known)
    start, found = baselines.start, list[Finding | None]()
    for one, here in _with_parts(study, known, instrument):
        if not compares_visits(instrument) or (start is not None and start.is_by(one.day)):
            found.append(score(instrument, one, known, here, baselines.earlier(), however_little=True))
    return [one for one in found if one is not None]


def _with_parts(
    study: Study, known: ScoredFacts, instrument: Instrument
) -> Iterator[tuple[Assessment, dict[str, Fact]]]:
    """Each visit with what is recorded and the study's scores that an instrument reads, an open one as the range it lies in."""
    every = with_parts((*study.instruments, instrument.name))
    parts = [find(one) for one in _behind(every, instrument.name) if one != instrument.name]
    for one in assessments(study, known.recorded):
        here = dict(one.facts)
        _of_one_visit(parts, one, here, known.recorded)
        yield one, here


def taken_at(study: Study, facts: Facts, instrument: Instrument, visit: str) -> Mapping[str, Fact]:
    """What an instrument's items are taken from at a visit, beside what is typed there: baselines, parts, sex and height."""
    done = facts.with_facts(computed(study, facts))
    here = {fact.name: fact for fact in done if fact.visit == visit and fact.value is not None}
    last = max((fact.day for fact in here.values() if fact.day), key=lambda day: day.latest, default=None)
    standing = (_standing(key, facts, last)[0] for key in STANDING) if last else ()
    known = {fact.name: fact for fact in standing if fact is not None}
    baselines = Baselines(study, done)
    return taken(instrument, known | here, None if baselines.start is None else baselines.earlier()).given


def _changes(study: Study, visits: Iterable[tuple[Assessment, Mapping[str, Fact]]], earlier: Earlier) -> list[Fact]:
    """The change of every measure an endpoint compares with baseline, as `<measure>.change`, unless its score has one."""
    compared = {name for one in study.endpoints if one.compare == "change from baseline" for name in one.measure}
    found = []
    for assessment, here in visits:
        for name in sorted(compared & set(here)):
            finding = None if f"{name}.change" in here else _change(assessment, name, here[name], earlier)
            if finding is not None:
                base = Fact(finding.name, finding.value, here[name].day, finding.unit, _source(finding))
                found.append(replace(base, visit=assessment.visit, behind=finding))
    return found


def _change(assessment: Assessment, name: str, now: Fact, earlier: Earlier) -> Finding | None:
    """The change of one measure; none, and why, where its recorded value is not the one its items give."""
    found = change_since(name, now, earlier(name))
    if found is None or not differs(now):
        return found
    return _not_settled(found, [now, *_recorded(assessment, name)])


def _without_parts(found: list[Fact]) -> list[Fact]:
    """An assessment that gave no score gave none of its parts either: not known, so that no older part stands in for it."""
    parts: dict[str, dict[str, None]] = {}
    for fact in found:
        name, dot, _ = fact.name.partition(".")
        if dot:
            parts.setdefault(name, {}).setdefault(fact.name)
    bases = (fact for fact in found if "." not in fact.name and fact.value is None)
    there = {(fact.name, fact.visit, fact.day) for fact in found if fact.value is None}
    absent = [replace(base, name=part, unit=None) for base in bases for part in parts.get(base.name, ())]
    return [one for one in absent if (one.name, one.visit, one.day) not in there]


def score(
    instrument: Instrument,
    assessment: Assessment,
    facts: Facts,
    here: Mapping[str, Fact] | None = None,
    earlier: Earlier | None = None,
    however_little: bool = False,
) -> Finding | None:
    """The finding of an instrument at an assessment; None where too little was recorded to mean one.

    `here` are the visit's facts with the scores made of them so far; `earlier` gives baselines.
    """
    standing = {key: _standing(key, facts, assessment.day) for key in STANDING if key not in assessment.facts}
    known = dict(assessment.facts if here is None else here) | {
        key: fact for key, (fact, _) in standing.items() if fact is not None
    }
    got = taken(instrument, known, earlier)
    contradictory = [fact for key in got.names.values() for fact in assessment.contradictory.get(key, ())]
    contradictory += [fact for key in got.names.values() if key in standing for fact in standing[key][1]]
    contradictory += [
        fact
        for key in got.names.values()
        if differs(known.get(key))
        for fact in (known[key], *_recorded(assessment, key))
    ]
    own = {name for name, fact in got.given.items() if got.names.get(name) not in STANDING}
    visit = own & instrument.of_the_visit.keys()
    day = max(
        (day for name in visit if (day := got.given[name].day)), key=lambda one: one.latest, default=assessment.day
    )
    meant = _is_meant(instrument, got.given, visit) or (however_little and bool(visit))
    if contradictory:
        return _not_settled(assess_with(instrument, got.given, day), contradictory) if meant else None
    if not meant and not (visit and may_be_settled(instrument)):
        return None
    finding = assess_with(instrument, got.given, day, bounded=meant)
    if not meant and finding.status not in (Status.OK, Status.NOT_APPLICABLE):
        return None
    if assessment.notes:
        finding = replace(finding, flags=(*finding.flags, OTHER_DAY))
    finding = replace(finding, reasons=(*finding.reasons, *got.unsettled, *assessment.notes))
    return _dated(finding, [got.given[name] for name in visit] or list(got.given.values()))


def _is_meant(instrument: Instrument, given: Collection[str], visit: Collection[str] = ()) -> bool:
    """Whether so much was recorded that a score was meant: half of what the visit itself has to give.

    Sex, age, height and weight alone are no assessment, unless the instrument asks for nothing else.
    """
    items = instrument.of_the_visit
    own = {name for name in items if instrument.keys[name] not in STANDING} or set(items)
    wanted = [name for name in own if items[name].needed]
    stood_for = {other for name in given for other in instrument.items[name].instead_of}
    here = sum(
        name in given or name in stood_for or any(other in given for other in items[name].missing_when)
        for name in wanted
    )
    return bool(own.intersection(given).intersection(visit or own)) and 2 * here >= len(wanted)


def _not_settled(finding: Finding, differing: Iterable[Fact]) -> Finding:
    facts = tuple(dict.fromkeys(differing))
    names = ", ".join(dict.fromkeys(fact.name for fact in facts))
    reason = f"different values of {names} on one day: {'; '.join(map(str, facts))}. Correct the record"
    return replace(
        finding, value=None, status=Status.INVALID, category=None, bounds=None, components={},
        flags=(*finding.flags, CONTRADICTORY), reasons=(reason,), rests_on=tuple(dict.fromkeys((*finding.rests_on, *facts))),
    )  # fmt: skip


def _dated(finding: Finding, items: Iterable[Fact]) -> Finding:
    """The finding, saying so where its items are of several days."""
    days = sorted({fact.day.latest for fact in items if fact.day})
    if len(days) < 2:
        return finding
    reason = f"items dated {days[0]} to {days[-1]}, taken together as one visit"
    return replace(finding, flags=(*finding.flags, SEVERAL_DAYS), reasons=(*finding.reasons, reason))


def _standing(name: str, facts: Facts, day: Day) -> tuple[Fact | None, tuple[Fact, ...]]:
    """The latest entry up to a day of what stands for the person; and all of that day, where they differ."""
    earlier = [
        fact for fact in facts.named(name) if fact.value is not None and (fact.day is None or fact.day.is_by(day))
    ]
    same = [fact for fact in earlier if fact.day == earlier[-1].day]
    differing = tuple(same) if len({written(fact) for fact in same}) > 1 else ()
    return (earlier[-1] if earlier else None), differing


def _recorded(assessment: Assessment, name: str) -> list[Fact]:
    return [fact for fact in assessment.all if fact.name == name]


def _as_facts(finding: Finding, assessment: Assessment) -> list[Fact]:
    """The score as a fact, and each of its components, each carrying the finding beneath it."""
    differing = [fact for fact in _recorded(assessment, finding.name) if _differs(fact, finding)]
    if differing and finding.status is Status.OK:
        said = " and ".join(plain(fact.value) for fact in differing)
        flag = f"recorded {said}, computed from the items {plain(finding.value, 4)}"
        finding = replace(finding, flags=(*finding.flags, DIFFERS), reasons=(*finding.reasons, flag))
    day, source = finding.day or assessment.day, _source(finding)
    base = Fact(finding.name, finding.value, day, finding.unit, source, visit=assessment.visit, behind=finding)
    parts = {
        key: value
        for key, value in finding.components.items()
        if value is None or isinstance(value, bool | int | float | str | Fraction)
    }
    if finding.category is not None:
        parts = {"category": finding.category, **parts}
    return [base, *(replace(base, name=intern(f"{finding.name}.{key}"), value=value) for key, value in parts.items())]


def _source(finding: Finding) -> str:
    return intern(f"computed ({finding.rule})")


def _differs(recorded: Fact, finding: Finding) -> bool:
    """Whether a recorded score is another number than the computed one, at the digits it was recorded with."""
    value = recorded.value
    if isinstance(value, bool | str) or isinstance(finding.value, bool | str) or value is None or finding.value is None:
        return str(value).lower() != str(finding.value).lower()
    if isinstance(value, Interval):
        return finding.value not in value
    digits = -int(value.as_tuple().exponent) if isinstance(value, Decimal) else 9
    return round(exact(finding.value), digits) != round(exact(value), digits)
