"""Screening: who may enter, and why; what is unknown blocks, and says what to obtain."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from escalon.conduct.judge.scores import is_change, scored
from escalon.criteria import AnchorDay, Situation, decisive, english, examine, with_members
from escalon.criteria.quantity import stated
from escalon.expressions.tree import Node
from escalon.facts import Day, Facts, Finding, Truth, grounds, read_day
from escalon.history import Course, Trial
from escalon.history.collecting import without_collecting
from escalon.history.made_once import MadeOnce
from escalon.protocol.names import read_by
from escalon.protocol.study import Criterion, RoleName, Study


class Verdict(StrEnum):
    """What screening concludes, of one clause or of a participant."""

    MET = "met"
    NOT_MET = "not met"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not applicable"


WORDS = {Verdict.MET: "eligible", Verdict.NOT_MET: "not eligible", Verdict.UNKNOWN: "undecided"}


@dataclass(frozen=True, slots=True)
class Clause:
    """One eligibility clause for one participant. For an exclusion, `MET` means that it is known to be absent."""

    criterion: Criterion
    verdict: Verdict
    finding: Finding
    sentence: str

    @property
    def shown(self) -> str:
        """The verdict as people read it: an exclusion that is known to be absent is «passed», never «met»."""
        if self.criterion.kind == "exclusion":
            return {Verdict.MET: "passed: absent", Verdict.NOT_MET: "excludes"}.get(self.verdict, self.verdict.value)
        return self.verdict.value

    @property
    def obtain(self) -> tuple[str, ...]:
        """What would settle it: what the study says of the clause, then what is missing; nothing once it is decided."""
        if self.verdict is not Verdict.UNKNOWN:
            return ()
        return tuple(dict.fromkeys((*filter(None, [self.criterion.settle]), *self.finding.missing)))

    def why(self) -> tuple[str, ...]:
        """What decided it, as short sentences with dates."""
        return tuple(dict.fromkeys(reason for leaf in settling(self.finding) for reason in leaf.reasons))

    def as_json(self) -> dict[str, Any]:
        """The clause for scripts."""
        return {
            "id": self.criterion.id,
            "kind": self.criterion.kind,
            "verdict": self.verdict.value,
            "shown": self.shown,
            "rule": self.criterion.rule,
            "sentence": self.sentence,
            "why": list(self.why()),
            "obtain": list(self.obtain),
            "flags": sorted({flag for leaf in leaves(self.finding) for flag in leaf.flags}),
            "facts": [{"fact": str(fact), "source": fact.source} for fact in grounds(self.finding)],
        }


@dataclass(frozen=True, slots=True, repr=False)
class Screening:
    """A participant's screening: eligible only if every clause that applies is met."""

    participant: str
    disease: str | None
    as_of: Day
    clauses: tuple[Clause, ...]
    unread: tuple[str, ...] = ()
    """Rows of this participant that were refused: until they are corrected nobody knows what they say."""
    notes: tuple[str, ...] = ()
    """What to know about the day of decision."""

    def __repr__(self) -> str:
        """A line: whom, when, the verdict, and the clauses that are not met or not known."""
        open_ = (Verdict.NOT_MET, Verdict.UNKNOWN)
        left = ", ".join(f"{one.criterion.id} {one.verdict}" for one in self.clauses if one.verdict in open_)
        return f"{self.participant} on {self.as_of}: {WORDS[self.verdict]}{f' ({left})' if left else ''}"

    @property
    def verdict(self) -> Verdict:
        """Met if every clause is and every row could be read; not met if any clause is not; else unknown."""
        verdicts = {clause.verdict for clause in self.clauses}
        if Verdict.NOT_MET in verdicts:
            return Verdict.NOT_MET
        return Verdict.UNKNOWN if Verdict.UNKNOWN in verdicts or self.unread else Verdict.MET

    @property
    def eligible(self) -> Truth:
        """Whether the participant may enter; None while something that could change it is unknown."""
        return {Verdict.MET: True, Verdict.NOT_MET: False}.get(self.verdict)

    @property
    def obtain(self) -> tuple[str, ...]:
        """What to obtain before the participant can be decided."""
        missing = (text for clause in self.clauses for text in clause.obtain)
        return tuple(dict.fromkeys((*missing, *(f"correct {row}" for row in self.unread))))

    def failed(self) -> tuple[Clause, ...]:
        """The clauses that are not met."""
        return tuple(clause for clause in self.clauses if clause.verdict is Verdict.NOT_MET)

    def as_json(self) -> dict[str, Any]:
        """The screening for scripts."""
        return {
            "participant": self.participant,
            "disease": self.disease,
            "as_of": str(self.as_of),
            "verdict": WORDS[self.verdict],
            "obtain": list(self.obtain),
            "notes": list(self.notes),
            "clauses": [clause.as_json() for clause in self.clauses],
        }


@without_collecting()
def screen(
    study: Study, trial: Trial, cutoff: Day | date, participants: Iterable[str] | None = None
) -> tuple[Screening, ...]:
    """Screen every participant (or some) with what was known before treatment, and by the data cut-off, one at a time."""
    day, found = read_day(cutoff), []
    for participant in trial.participants if participants is None else participants:
        found.append(screen_one(study, trial, participant, day))
        trial.course(participant).put_back()
    return tuple(found)


def screen_one(study: Study, trial: Trial, participant: str, cutoff: Day, today: Day | None = None) -> Screening:
    """Screen one participant: every clause examined against the facts; as of `today` where it runs on until infusion.

    Worked out once a history: the same question is asked by the flow, the populations and the tables.
    """
    key = ("screening", id(study), participant, cutoff, today)
    return trial.once(key, study, lambda: screened(study, trial, participant, cutoff, today))


def screened(study: Study, trial: Trial, participant: str, cutoff: Day, today: Day | None) -> Screening:
    """The same without keeping it: for whoever asks once of many days."""
    facts = scored(study, trial, participant)
    here = situation(study, facts, trial.course(participant), cutoff)
    later = here if today is None else situation(study, facts, trial.course(participant), today, ("infusion",))
    clauses = clauses_of(study, here, later)
    unread = tuple(
        row.why
        for row in dict.fromkeys((*trial.course(participant).unread, *trial.unread))
        if row.participant.lower() == participant.lower() and row.table in _READ and _is_by(row.day, later.as_of)
    )
    return Screening(
        participant, _disease(here), here.as_of, clauses, unread, _notes(study, facts, trial.course(participant))
    )


_READ = ("facts", "treatments")
"""The tables that eligibility is read from."""


def _is_by(day: Day | None, last: Day) -> bool:
    return day is None or day.is_by(last) is not False


def _disease(here: Situation) -> str | None:
    """The disease a participant is screened for; both, where the record says two."""
    values = [value for value in stated("disease", None, here).values if value is not None]
    return " or ".join(sorted(map(str, values))) or None


def _notes(study: Study, facts: Facts, course: Course) -> tuple[str, ...]:
    """Whether the day treatment began is known: facts from it on must not count for eligibility."""
    if course.infused is None:
        return ()
    fact = study.roles.conditioning
    start = min(_days(study, fact, facts), key=lambda day: (day.earliest, day.latest), default=None)
    label = next((one.label for one in study.anchors.values() if one.fact == fact), "")
    if not label or (start is not None and not start.is_partial):
        return ()
    return (f"{label} is not dated in full, so what was recorded up to the day before infusion counts here",)


TREATMENT: tuple[RoleName, ...] = ("conditioning", "infusion")
"""The roles whose days begin treatment."""


def situation(
    study: Study, facts: Facts, course: Course, cutoff: Day, ends: tuple[RoleName, ...] = TREATMENT
) -> Situation:
    """A participant's facts on the day of the eligibility decision, with the study's anchors laid on the calendar.

    The decision day is the day before treatment began (the first of what `ends` it), or the cut-off while it has not.
    """
    begun = [day for role in ends for day in _days(study, study.roles.of(role), facts)]
    begun += [
        *(course.conditioning_days if "conditioning" in ends else ()),
        *([course.infused] if course.infused else []),
    ]
    first = min((day.earliest for day in begun), default=None)
    as_of = cutoff if first is None or first > cutoff.earliest else Day.of(first - timedelta(days=1))
    return on_the_day(study, facts, course, as_of, _to_come(study, course, cutoff))


def _to_come(study: Study, course: Course, cutoff: Day) -> frozenset[str | None]:
    """The facts of treatment that has not begun by a day; after an infusion no conditioning is still to come."""
    infusions = [*([course.infused] if course.infused else []), *(day for day, _ in course.days_of("infusion"))]
    if any(day.earliest <= cutoff.earliest for day in infusions):
        return frozenset()
    conditioned = any(day.earliest <= cutoff.earliest for day in course.conditioning_days)
    return to_come(study) - {study.roles.conditioning if conditioned else None}


def to_come(study: Study) -> frozenset[str | None]:
    """The facts of treatment, of whom none has begun."""
    return frozenset(study.roles.of(role) for role in TREATMENT)


def on_the_day(
    study: Study, facts: Facts, course: Course, as_of: Day, to_come: frozenset[str | None] = frozenset()
) -> Situation:
    """A participant's facts as they stood on a day, with the study's anchors laid on the calendar.

    Treatment that is `to_come` is asked about as if it began on this day: what lies before it is known as far as anything is.
    """
    anchors = {name: _laid(study, name, facts, course, as_of, to_come) for name in study.anchors}
    return Situation(facts, as_of, anchors, study.vocabulary)


def _laid(
    study: Study, name: str, facts: Facts, course: Course, as_of: Day, to_come: frozenset[str | None]
) -> AnchorDay:
    """An anchor on the calendar. A period that runs to the decision has one beginning: of two days neither is taken."""
    anchor = study.anchors[name]
    days = [
        day for day in _days(study, anchor.fact, facts) if day.is_by(as_of) is not False or anchor.until != "decision"
    ]
    day = min(days, key=lambda day: (day.earliest, day.latest), default=None)
    awaited = day is None and anchor.fact in to_come
    day = as_of if awaited else day or _acted(study, anchor.fact, course)
    if anchor.until == "decision" and len(set(days)) > 1:
        listed = ", ".join(sorted(map(str, set(days))))
        return AnchorDay(None, unsettled=f"which day is {anchor.label}: {listed}. Keep the one this decision is about")
    start = Day.of(day.earliest - timedelta(days=anchor.days_before)) if day and not day.is_partial else None
    return AnchorDay(day, start, as_of if anchor.until == "decision" else day, to_come=awaited)


def _acted(study: Study, fact: str, course: Course) -> Day | None:
    """The day of treatment that an act recorded, where no fact names it."""
    if fact == study.roles.infusion:
        return course.infused
    conditioned = course.conditioning_days if fact == study.roles.conditioning else []
    return min(conditioned, key=lambda day: day.earliest, default=None)


def _days(study: Study, name: str | None, facts: Facts) -> list[Day]:
    """Every day recorded of a fact that dates something; the day named in it, for a fact that is a date."""
    if name is None:
        return []
    meaning = study.vocabulary.get(name)
    days = [
        Day.parse(str(fact.value)) if meaning and meaning.kind == "date" else fact.day
        for each in with_members(study.vocabulary, name)
        for fact in facts.named(each)
        if fact.value is not None and fact.value is not False
    ]
    return [day for day in days if day is not None]


def clauses_of(study: Study, here: Situation, later: Situation) -> tuple[Clause, ...]:
    """Every clause for one participant, about the day of decision, or about a later one where it runs on until infusion."""
    return _ASKED("asked", study, lambda: _Asked(study)).of(here, later)


def clauses_in_words(study: Study) -> list[tuple[str, str, bool]]:
    """Every clause of a study: its id, what it asks as a sentence, and whether that must be absent."""
    asked = _ASKED("asked", study, lambda: _Asked(study))
    return [(one.id, sentence, one.kind == "exclusion") for one, sentence in asked.clauses]


class _Asked:
    """A study's clauses made ready to be asked of many people: the sentence of each, and every name a rule reads.

    What reads nothing recorded is said once for all of whom as little is: the day of decision and the anchors decide it.
    """

    def __init__(self, study: Study) -> None:
        label = Situation(Facts(), Day(1), meanings=study.vocabulary).label
        self.clauses = [(one, english(one.tree, label)) for one in study.criteria]
        self._reads = {id(tree): _reads(study, tree) for one in study.criteria for tree in one.trees}
        self._of_silence: dict[object, tuple[dict[int, Finding], dict[int, Clause]]] = {}
        self._telling: dict[frozenset[str], tuple[frozenset[int], list[bool]]] = {}

    def of(self, here: Situation, later: Situation) -> tuple[Clause, ...]:
        """Every clause for one participant."""
        told = here.facts.told()
        telling, is_told = _kept(self._telling, told, lambda: self._told(told))
        findings, silent = self._silence(here)
        examined = _examining(here, telling, findings)
        until = {"decision": examined, "infusion": examined}
        if later is not here:
            until["infusion"], silent = _examining(later, telling, self._silence(later)[0]), {}
        found = []
        for place, (criterion, sentence) in enumerate(self.clauses):
            clause = None if is_told[place] else silent.get(place)
            if clause is None:
                clause = _clause(criterion, sentence, until[criterion.until])
                if not is_told[place]:
                    silent[place] = clause
            found.append(clause)
        return tuple(found)

    def _silence(self, here: Situation) -> tuple[dict[int, Finding], dict[int, Clause]]:
        """What was said so far of rules and of clauses that read nothing, on such a day."""
        return _kept(self._of_silence, (here.as_of, *here.anchors.values()), lambda: ({}, {}))

    def _told(self, told: frozenset[str]) -> tuple[frozenset[int], list[bool]]:
        """The rules that read something of what is told, and whether each clause has one."""
        telling = frozenset(tree for tree, reads in self._reads.items() if reads is None or not told.isdisjoint(reads))
        return telling, [any(id(tree) in telling for tree in one.trees) for one, _ in self.clauses]


def _examining(here: Situation, telling: frozenset[int], of_silence: dict[int, Finding]) -> Callable[[Node], Finding]:
    """Examines the rules of one participant, each once, however many clauses it limits."""
    own: dict[int, Finding] = {}

    def examined(tree: Node) -> Finding:
        found = own if id(tree) in telling else of_silence
        if id(tree) not in found:
            found[id(tree)] = examine(tree, here)
        return found[id(tree)]

    return examined


Key = TypeVar("Key")
Answer = TypeVar("Answer")


def _kept(answers: dict[Key, Answer], key: Key, make: Callable[[], Answer]) -> Answer:
    """An answer made once, as long as there are few."""
    found = answers.get(key)
    if found is None:
        if len(answers) >= _KEPT:
            answers.clear()
        found = answers[key] = make()
    return found


_KEPT = 256
"""The answers of so many days of decision, and of so many sets of names, are kept before all are forgotten."""
_ASKED = MadeOnce()
"""The clauses of the study asked last."""


def _reads(study: Study, tree: Node) -> frozenset[str] | None:
    """The names a rule reads, and the score each is a part of; None where a change from baseline may be made of anything."""
    names = read_by(tree, study.vocabulary)
    if any(is_change(name) for name in names):
        return None
    return frozenset(names.union(name.partition(".")[0] for name in names))


def _clause(criterion: Criterion, sentence: str, examined: Callable[[Node], Finding]) -> Clause:
    if criterion.applies is not None:
        applies = examined(criterion.applies)
        if applies.value is False:
            return Clause(criterion, Verdict.NOT_APPLICABLE, applies, sentence)
        if applies.value is None:
            return Clause(criterion, Verdict.UNKNOWN, applies, sentence)
    finding = examined(criterion.tree)
    holds: Truth = finding.value  # type: ignore[assignment]
    wanted = holds if criterion.kind == "inclusion" else None if holds is None else not holds
    verdict = Verdict.UNKNOWN if wanted is None else Verdict.MET if wanted else Verdict.NOT_MET
    return Clause(criterion, verdict, finding, sentence)


def leaves(finding: Finding) -> tuple[Finding, ...]:
    """Every comparison, statement and event that a clause is made of."""
    if finding.rule == "criteria/leaf" or not finding.rule.startswith("criteria/"):
        return (finding,)
    return tuple(leaf for part in finding.rests_on if isinstance(part, Finding) for leaf in leaves(part))


def settling(finding: Finding) -> tuple[Finding, ...]:
    """The leaves that settled a finding, or that leave it open."""
    if finding.rule == "criteria/leaf" or not finding.rule.startswith("criteria/"):
        return (finding,)
    return tuple(leaf for part in decisive(finding) for leaf in settling(part))
