"""One invented person at screening, for whom each clause is met or not on purpose: drawn, asked by the study's own rules, kept.

For each clause a value is proposed for what it reads (about the limit, a date in its window, a course of a drug), the rule
is examined, and the proposal is kept only if the clause and everything settled before come out as wanted.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from escalon.conduct.judge.scores import computed
from escalon.conduct.judge.screening import situation
from escalon.criteria import Situation, examine, with_members
from escalon.criteria.situation import Stretch, placed
from escalon.exchange.synthetic.values import Traits, about_limit, items_at, number_text, observed, picks_in, recorded
from escalon.expressions.events import Dose, Exposure, Happened, Pick, Span, Stated, Window
from escalon.expressions.tree import Literal, Node, Op
from escalon.facts import Day, Fact, Facts, plain
from escalon.history import Course, Trial, entry_of_file, fold
from escalon.history.events import Event, FactRecorded, TreatmentGiven
from escalon.instruments import catalogue
from escalon.instruments.kit.visits import with_parts
from escalon.protocol.names import anchors_in, leaves, names_in
from escalon.protocol.study import Criterion, FactDefinition, Study
from escalon.sources.frame import frame_of

TRIES = 90
Kept = dict[str, tuple[Event, ...]]
"""What is recorded, by the name it is recorded under."""


@dataclass
class Drawn:
    """An invented person: what is recorded of them so far, and how ill they were drawn, by instrument."""

    study: Study
    who: str
    random: Random
    consent: date
    screening: date
    decided: date
    visit: str = "screening"
    treated: date | None = None
    """The day of the infusion; None for whoever is kept out."""
    kept: Kept = field(default_factory=dict)
    severity: dict[str, float] = field(default_factory=dict)
    fixed: set[str] = field(default_factory=set)
    """What was drawn for a rule by itself, not as an item of a score: it does not get better with the disease."""
    settled: list[tuple[Node, bool, frozenset[str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.traits = Traits(self.random)
        self._known: dict[Event, tuple[Fact, ...]] = {}
        self._anchors = {anchor.fact for anchor in self.study.anchors.values()}
        self._nothing = Course(self.who, frame_of(self.study))
        self.disease = ""
        for role, day in (("consent", self.consent), ("screening", self.screening)):
            if name := getattr(self.study.roles, role):
                self.kept[name] = (self.dated(name, day),)
        for anchor in self.study.anchors.values():
            if anchor.fact not in self.kept and anchor.fact not in _later(self.study):
                self.kept[anchor.fact] = (self.dated(anchor.fact, self.screening),)

    def dated(self, name: str, day: date) -> FactRecorded:
        """A step of the trial, as the study's fact for it is recorded."""
        is_date = self.study.vocabulary[name].kind == "date"
        return observed(self.who, name, str(Day.of(day)) if is_date else True, day)

    @property
    def steady(self) -> set[str]:
        """What was drawn for a clause and is recorded: it does not follow the disease."""
        return self.fixed.intersection(self.kept)

    def events(self) -> list[Event]:
        """All that is recorded."""
        return [event for some in self.kept.values() for event in some]

    def trial(self, kept: Kept | None = None) -> Trial:
        """What is recorded, folded."""
        some = [event for events in (self.kept if kept is None else kept).values() for event in events]
        return fold(
            (entry_of_file(number, event, "drawn") for number, event in enumerate(some, start=1)), frame_of(self.study)
        )

    def here(self, kept: Kept, names: Iterable[str]) -> Situation:
        """The person on the day of decision: what is recorded under these names, and the scores among them computed."""
        read = {*names, *self._anchors}
        facts = self.read(event for name in kept if name in read for event in kept[name])
        scores = {name for name in names if name in self.severity}
        if scores:
            only = tuple(with_parts(scores))
            facts = Facts([*facts, *computed(self.study, facts, only)])
        return situation(self.study, facts, self._nothing, Day.of(self.decided))

    def read(self, events: Iterable[Event]) -> Facts:
        """What entries say, as the study reads them."""
        return Facts(fact for event in events for fact in self._read(event))

    def ever(self, events: Iterable[Event]) -> set[str]:
        """What forms ask of all earlier visits (was this system ever involved?) and these entries answer with yes."""
        facts, found = self.read(events), set()
        for form in (catalogue()[name] for name in self.study.instruments):
            asked = {form.keys[name]: item.ever for name, item in form.items.items() if item.ever}
            if asked.keys().isdisjoint(facts.names()):
                continue
            scored = {one.name: one.value for one in (*facts, *computed(self.study, facts, (form.name,)))}
            found |= {
                key
                for key, (part, *some) in asked.items()
                if scored.get(key) is True or scored.get(f"{form.name}.{part}") in some
            }
        return found

    def _read(self, event: Event) -> tuple[Fact, ...]:
        """What one entry says, as the study reads it."""
        if event not in self._known:
            self._known[event] = tuple(self.trial({"": (event,)}).course(self.who).facts)
        return self._known[event]

    # -- clauses -----------------------------------------------------------------------------------------------------

    def applies(self, criterion: Criterion) -> bool:
        """Whether a clause is for this person."""
        if criterion.applies is None:
            return True
        return self._is(criterion.applies, True, self.kept, self.reads(criterion.applies))

    def is_asked(self, tree: Node) -> bool:
        """Whether every day a rule counts from has come for this person."""
        anchors = (self.study.anchors[name] for name in anchors_in(tree) if name in self.study.anchors)
        return all(one.fact in self.kept for one in anchors)

    def settle(self, tree: Node, want: bool) -> bool:
        """Record what makes a rule come out as wanted without unsettling another; False where nothing was found."""
        if not self.is_asked(tree):
            return False
        names = self.reads(tree)
        beside = [one for one in self.settled if names & one[2]]
        if self._is(tree, want, self.kept, names):
            self.settled.append((tree, want, names))
            return True
        for attempt in range(TRIES):
            kept, ill = dict(self.kept), dict(self.severity)
            for atom, truth in _branch(tree, want, self.random):
                kept |= self._proposed(atom, truth, attempt, kept)
            if all(self._is(other, truth, kept, read) for other, truth, read in ((tree, want, names), *beside)):
                self.kept = kept
                self.settled.append((tree, want, names))
                return True
            self.severity = ill
        return False

    def reads(self, tree: Node) -> frozenset[str]:
        """Every name a rule may rest on: its own, the drugs of its classes, the items of its instruments."""
        found: set[str] = set()
        for name in names_in(tree):
            found |= {name.partition(".")[0], *with_members(self.study.vocabulary, name)}
        for part in with_parts(one for one in found if one in self.study.instruments):
            found |= {part, *catalogue()[part].keys.values()}
        return frozenset(found)

    def _is(self, tree: Node, want: bool, kept: Kept, names: Iterable[str]) -> bool:
        return examine(tree, self.here(kept, names)).value is want

    # -- proposals ---------------------------------------------------------------------------------------------------

    def _proposed(self, atom: Node, want: bool, attempt: int, kept: Kept) -> Kept:
        match atom:
            case Stated(name, window):
                return self._said(name, want, window, kept, attempt)
            case Op("eq", (Pick(name=name, window=window), Literal(str() as word))):
                choices = self.study.vocabulary[name].choices if name in self.study.vocabulary else ()
                others = [one for one in choices if one != word] or [f"not {word}"]
                return self._fact(name, word if want else self.random.choice(others), window, kept)
            case Happened() | Exposure():
                return self._course(atom, want, kept)
            case Op():
                return self._numbers(atom, attempt, kept)
        return {}

    def _said(self, name: str, want: bool, window: Window | None, kept: Kept, attempt: int) -> Kept:
        known = self.study.vocabulary.get(name)
        if known is not None and known.kind in ("treatment", "event"):
            return self._course(Happened(name, window), want, kept)
        if known is not None and known.computed and attempt < TRIES // 2:
            return self._items(name)
        return self._fact(name, want, window, kept)

    def _numbers(self, atom: Op, attempt: int, kept: Kept) -> Kept:
        found: Kept = {}
        for pick in picks_in(atom):
            known = self.study.vocabulary.get(pick.name)
            if known is None or pick.name in found:
                continue
            if known.computed and attempt < TRIES // 2:
                found |= self._items(pick.name)
            elif known.kind in ("treatment", "event"):
                found |= self._course(Happened(pick.name, pick.window), self.random.random() < 0.5, kept)
            else:
                value, limits = about_limit(known, atom, attempt, self.random)
                found |= self._fact(pick.name, number_text(value, known), pick.window, kept, **limits)
        return found

    def _items(self, name: str) -> Kept:
        """The items of an instrument and its parts, of a person as ill as is now drawn."""
        root = name.partition(".")[0]
        found: Kept = {}
        for part in with_parts([root]):
            instrument = catalogue()[part]
            self.traits.forget([key for key in instrument.keys.values() if key not in self.kept])
            self.severity[part] = self.random.uniform(0.25, 1)
            items = items_at(instrument, self.study.vocabulary, self.severity[part], self.traits)
            found |= {key: (one,) for key, one in recorded(self.who, items, self.screening, self.visit).items()}
        return {key: events for key, events in found.items() if key not in self.fixed}

    def _fact(self, name: str, value: Any, window: Window | None, kept: Kept, **more: Any) -> Kept:
        known = self.study.vocabulary.get(name)
        day = self._day(window, kept)
        unit = known.unit if known and known.kind in ("number", "integer") else None
        self.fixed.add(name)
        visit = self.visit if day == self.screening else ""
        return {name: (observed(self.who, name, value, day, visit, unit=unit, **more),)}

    def _course(self, atom: Happened | Exposure, want: bool, kept: Kept) -> Kept:
        """That something happened or a drug was taken, in the window and for as long as the rule asks; or that it was not."""
        known = self.study.vocabulary.get(atom.name)
        if not want:
            if isinstance(atom, Happened) and atom.recorded:
                return {}
            return {atom.name: tuple(self._denied(atom, kept))}
        if known is not None and known.kind == "event":
            last = self._period(getattr(atom, "window", None), kept)
            day = self._within(last)
            return {atom.name: (observed(self.who, atom.name, True, day),)}
        excluded = {one for rule in self.study.exclusion for one in self.reads(rule.tree)} if want else set()
        members = known.members if known else ()
        name = self.random.choice([one for one in members if one not in excluded] or members or (atom.name,))
        return {name: (self._given(name, atom, kept),)}

    def _denied(self, atom: Happened | Exposure, kept: Kept) -> Iterator[FactRecorded]:
        """A «no» of the day of screening; of the days of decision and of treatment too, where the rule asks up to treatment."""
        window = Window(Span.BEFORE, atom.anchor) if isinstance(atom, Exposure) else atom.window
        yield observed(self.who, atom.name, False, self.screening, self.visit)
        asked = self._period(window, kept).stated_from
        if asked is None or asked.earliest <= self.screening:
            return
        anchor = self.study.anchors.get(window.anchor) if window else None
        before = self.decided
        if self.treated is not None and anchor is not None and anchor.fact in _later(self.study):
            before = self.treated - timedelta(days=1)
        for day in sorted({min(asked.earliest, self.decided), max(before, self.decided)}):
            yield observed(self.who, atom.name, False, day)

    def _given(self, name: str, atom: Happened | Exposure, kept: Kept) -> TreatmentGiven:
        window = Window(Span.BEFORE, atom.anchor) if isinstance(atom, Exposure) else atom.window
        period = self._period(window, kept)
        last = min((period.last or period.by).latest, self.decided)
        lengths = [atom.lasting, atom.dose_lasting] if isinstance(atom, Exposure) else [atom.lasting]
        start = min([length.before(Day.of(last)).earliest for length in lengths if length is not None], default=last)
        first = None if period.first is None else period.first.earliest
        if first is None:
            start -= timedelta(days=self.random.randint(14, 200))
        is_old = isinstance(atom, Happened) and last < self.screening
        dose = atom.dose if isinstance(atom, Exposure) else None
        unit = "" if dose is None else dose.unit
        end = Day.of(last) if is_old else None
        return TreatmentGiven(
            participant=self.who, treatment=name, start=Day.of(start), end=end, ongoing=not is_old,
            dose=None if dose is None else _middle(dose), unit=unit, source="synthetic",
        )  # fmt: skip

    def _period(self, window: Window | None, kept: Kept) -> Stretch:
        return placed(window, self.here(kept, ()))

    def _day(self, window: Window | None, kept: Kept) -> date:
        """The day of screening where the window holds it, else the last day that it does."""
        period = self._period(window, kept)
        first = period.first.earliest if period.first else date.min
        last = min((period.last or period.by).latest, self.decided)
        return self.screening if first <= self.screening <= last else max(last, first)

    def _within(self, period: Stretch) -> date:
        last = min((period.last or period.by).latest, self.screening)
        first = period.first.earliest if period.first else last - timedelta(days=self.random.randint(60, 3000))
        return first + (last - first) * self.random.random() if first < last else last


def _middle(dose: Dose) -> Decimal:
    """A dose inside a range, of which one end may be open."""
    low = dose.low if dose.low is not None else (dose.high or Fraction(1)) / 2
    return Decimal(plain((low + (dose.high if dose.high is not None else low * 2)) / 2, 3))


def _later(study: Study) -> set[str]:
    """The facts of steps that come after screening."""
    return {
        name for role in ("conditioning", "infusion", "apheresis", "left", "death") if (name := study.roles.of(role))
    }


def _branch(tree: Node, want: bool, random: Random) -> Iterator[tuple[Node, bool]]:
    """The leaves and comparisons that together make a rule come out as wanted: one way of several, drawn."""
    match tree:
        case Op("not", (part,)):
            yield from _branch(part, not want, random)
        case Op("and" | "or" as name, parts):
            chosen = parts if want is (name == "and") else (random.choice(parts),)
            for part in chosen:
                yield from _branch(part, want, random)
        case Op("at_least", (Literal(int() as least), *parts)):
            number = least if want else len(parts) - least + 1
            for part in random.sample(parts, number):
                yield from _branch(part, want, random)
        case _:
            yield tree, want


def wanted(criterion: Criterion) -> bool:
    """How a clause's rule must come out for the person to pass it."""
    return criterion.kind == "inclusion"


def draw(
    study: Study, person: Drawn, disease: str, failing: Criterion | None = None, first: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Record a screening at which all clauses are passed, but one where one is named; the ids of clauses nothing settled.

    What was settled first the others are drawn beside, so a clause that nothing settled may be named as one of the `first`.
    """
    person.disease = disease
    person.kept["disease"] = (observed(person.who, "disease", disease, person.consent, "consent"),)
    if failing is not None and failing.applies is not None:
        person.settle(failing.applies, True)
    for name in _asked_of_everyone(study, person):
        person.kept[name] = _anything(study.vocabulary[name], person)
    order = sorted(study.criteria, key=lambda one: (one is not failing, one.id not in first))
    asked = [one for one in order if one is failing or person.is_asked(one.tree)]
    return tuple(
        one.id
        for one in asked
        if person.applies(one) and not person.settle(one.tree, wanted(one) is not (one is failing))
    )


def _asked_of_everyone(study: Study, person: Drawn) -> list[str]:
    """What decides whom a clause is for, such as sex, beside the disease."""
    found = [leaf for one in study.criteria if one.applies is not None for leaf in leaves(one.applies)]
    names = [leaf.name for leaf in found if isinstance(leaf, Pick | Stated)]
    return [name for name in dict.fromkeys(names) if name in study.vocabulary and name not in person.kept]


def _anything(known: FactDefinition, person: Drawn) -> tuple[Event, ...]:
    value: Any = person.random.choice(known.choices) if known.choices else person.random.random() < 0.5
    if known.kind in ("number", "integer"):
        value = plain(0)
    return (observed(person.who, known.name, value, person.consent, "consent"),)
