"""Whether one participant had a dose-limiting toxicity: what the definition says of the record, what people decided, and how
the participant counts.

One order of precedence: a standing judgement «yes» is a DLT; then a doubt makes the outcome pending; then who left or died is
not evaluable; then an open window is pending; then there was none. A judgement «no» and the investigator's review of the window
settle what was then recorded; what is new, or contradicts them, opens the question again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from escalon.escalation import Outcome
from escalon.facts import Day, Truth, any_known
from escalon.safety.adverse_event import ASKS, is_death
from escalon.safety.blood_counts import Counts, Look, is_count_of
from escalon.safety.dlt_clauses import ClauseGround, ClauseRead, Horizon, is_part, read_clauses
from escalon.safety.dlt_definition import TERMS, DltDefinition, DltRule
from escalon.safety.followed import OF_LESS, UNNUMBERED, Bedside, Followed, Unreadable
from escalon.safety.occurrence import Occurrence


@dataclass(frozen=True, kw_only=True)
class DltEvidence:
    """How one participant counts, with everything it rests on."""

    participant: str
    window: Horizon
    clauses: tuple[ClauseRead, ...]
    decided: Truth
    """What people decided; None while nobody has."""
    dlts: tuple[str, ...]
    """The standing judgements «yes» in the window, each in words."""
    doubts: tuple[str, ...]
    outcome: Outcome
    why: str
    until: date | None
    """While the window, or a clause of it, is open: its last day."""
    notes: tuple[str, ...]
    late: tuple[str, ...]
    """What came after the window, which the definition does not count."""
    uncounted: tuple[str, ...]
    """Terms whose clause reads counts, of which none was recorded on its day or later."""
    unread: tuple[str, ...] = ()
    """Events of the window that were written and cannot be read."""

    @property
    def in_doubt(self) -> bool:
        """Whether it is pending for what is recorded, and not only because the window is open."""
        return self.outcome is Outcome.PENDING and bool(self.doubts)

    @property
    def proposed(self) -> Truth:
        """What the definition says of the record; silence, or an event that cannot be read, leaves it open."""
        found = any_known(clause.truth for clause in self.clauses)
        return None if found is False and self.unread else found


def dlt_evidence(
    definition: DltDefinition, followed: Followed, window: Horizon, *, review_required: bool = False
) -> DltEvidence:
    """Each clause of the definition on a participant's record as of a day, what people decided, and the outcome."""
    return _Reading(definition, followed, window, review_required).evidence()


def uncounted_notes(found: Iterable[DltEvidence], definition: DltDefinition) -> tuple[str, ...]:
    """For the headline: whose outcome rests on no count where a clause reads one: `no platelet count after day 28: P01`."""
    people: dict[str, list[str]] = {}
    for one in found:
        if one.outcome is Outcome.NO_DLT:
            for term in one.uncounted:
                people.setdefault(term, []).append(one.participant)
    day = max((rule.not_recovered_by_day or 0 for rule in definition.rules), default=0)
    return tuple(f"no {_count_of(term)} after day {day}: {', '.join(who)}" for term, who in sorted(people.items()))


def _count_of(term: str) -> str:
    return {"neutrophils": "neutrophil count", "platelets": "platelet count"}.get(term, f"count for «{term}»")


@dataclass(frozen=True)
class _Reading:
    definition: DltDefinition
    followed: Followed
    window: Horizon
    review_required: bool

    @cached_property
    def known(self) -> tuple[Occurrence, ...]:
        """The events as of the day."""
        found = (event.as_of(self.window.as_of) for event in self.followed.occurrences)
        return tuple(event for event in found if event is not None)

    @cached_property
    def counts(self) -> Counts:
        """The blood counts as of the day."""
        return _counts(self.followed, self.window)

    @cached_property
    def clauses(self) -> tuple[ClauseRead, ...]:
        return read_clauses(self.definition, self.followed.occurrences, self.counts, self.window)

    def evidence(self) -> DltEvidence:
        doubts = self.doubts
        outcome, why, until = self.outcome
        return DltEvidence(
            participant=self.followed.participant,
            window=self.window,
            clauses=self.clauses,
            decided=self.decided,
            dlts=self.dlts,
            doubts=doubts,
            outcome=outcome,
            why=why,
            until=until,
            notes=tuple(dict.fromkeys((*self.severe, *self.overruled, *self.ungraded_counts))),
            late=tuple(self.late),
            uncounted=() if self.followed.reviewed_to(self.window.last) else self.uncounted,
            unread=self.unread_events,
        )

    # -- what people decided -----------------------------------------------------------------------------------------

    @cached_property
    def dlts(self) -> tuple[str, ...]:
        """The standing judgements «yes» in the window, each in words: of an event, or of everything together."""
        judged = (one for one in self.known if self.followed.judged(one)[0] and self._may_be_inside(one))
        found = [f"DLT: {event.span()}" for event in judged]
        found += [f"DLT: {look}" for look in self.looks if self.followed.judged_round(look) and not self._whole_yes]
        return (*found, f"DLT: {self._whole_yes}") if self._whole_yes else tuple(found)

    @cached_property
    def _whole_yes(self) -> str:
        """Why everything together was judged a DLT; empty where it was not."""
        whole = self.followed.whole
        return (whole.because or "as judged") if whole and whole.is_dlt else ""

    @cached_property
    def looks(self) -> tuple[Bedside, ...]:
        """The grave syndromes seen at the bedside in the window by the day of asking."""
        last = min(self.window.last, self.window.as_of)
        return tuple(
            one for one in self.followed.rounds if one.grade >= ASKS and self.window.first <= one.day.earliest <= last
        )

    @property
    def yes(self) -> str:
        """The first standing judgement «yes», in words; empty where there is none in the window."""
        return next(iter(self.dlts), "")

    @cached_property
    def decided(self) -> Truth:
        """What people decided of this window as a whole; None while nobody has, which an empty record never answers."""
        if self.yes or self.doubts:
            return True if self.yes else None
        whole = self.followed.whole
        if (whole and not whole.is_dlt) or self.followed.reviewed_to(self.window.last):
            return False
        asked = [event for event in self.known if self._asks(event)]
        answers = [answer if entry > OF_LESS else None for answer, entry in map(self.followed.judged, asked)]
        return any_known(answers) if asked else None

    def settled(self, ground: ClauseGround) -> bool:
        """Whether a judgement «no» or a review answers a ground, on what was then recorded."""
        if ground.event is not None:
            answer, entry = self.followed.judged(ground.event)
            if answer is False and self._was_known(ground, entry) and not self.contradicts(ground):
                return True
        elif any(
            not one.is_dlt and self.followed.is_of_counts(one) and self._was_known(ground, one.entry)
            for one in self.followed.judgements
        ):
            return True
        return any(
            (ground.since is None or ground.since <= review.through) and self._was_known(ground, review.entry)
            for review in self.followed.reviews
        )

    def _was_known(self, ground: ClauseGround, entry: int) -> bool:
        """Whether what was recorded up to an entry already met the clause, or left it open as it is."""
        entries = [*(line.entry for line in self.followed.events), *(line.entry for line in self.followed.counts)]
        if max(entries, default=UNNUMBERED) <= entry:
            return True
        then = self.followed.known_at(entry)
        before = read_clauses(self.definition, then.occurrences, _counts(then, self.window), self.window)
        return any(one.key == ground.key and one.truth is ground.truth for clause in before for one in clause.grounds)

    def contradicts(self, ground: ClauseGround) -> bool:
        """Whether counts go on at the grade after the day on which the judged event is said to have ended."""
        if not ground.term or ground.truth is not True or ground.event is None or ground.event.end is None:
            return False
        return ground.since is not None and ground.event.end.latest < ground.since

    # -- doubt -------------------------------------------------------------------------------------------------------

    @cached_property
    def doubts(self) -> tuple[str, ...]:
        """Why it is not known whether there was a DLT, each in a sentence."""
        found = [self._doubt(ground) for clause in self.clauses for ground in clause.grounds if ground.is_doubt]
        found += [self._misplaced(event) for event in self.known]
        found += [self._death(event) for event in self.known]
        found += [self._undefined(event) for event in self.known]
        found += [self._unreadable(fact) for fact in self.followed.unreadable if not fact.is_event]
        found += [f"{why}; so whether it is a DLT is not decided" for why in self.unread_events]
        found += [self._observed_only(look) for look in self.looks]
        found.append(self._elsewhere())
        return tuple(dict.fromkeys(sentence for sentence in found if sentence))

    def _doubt(self, ground: ClauseGround) -> str:
        if self.settled(ground):
            return ""
        if ground.event is None or ground.term:
            contradicted = self.contradicts(ground) and ground.event is not None
            said = f"; the event is judged no DLT, ended on {ground.event.end}" if contradicted and ground.event else ""
            word = "meets" if ground.truth else "may meet"
            return f"{ground.about} {word} {ground.clause}{said}: whether it is a DLT is not decided"
        again = " (judged no DLT on less)" if self.followed.judged(ground.event)[0] is False else ""
        return f"{ground.about}: whether it is a DLT is not decided{again}"

    @cached_property
    def unread_events(self) -> tuple[str, ...]:
        """Events of the window that were written and cannot be read: a review of the window does not read them either."""
        return tuple(
            dict.fromkeys(one.why for one in self.followed.unreadable if one.is_event and self._in_window(one))
        )

    def _in_window(self, one: Unreadable) -> bool:
        within = one.day is None or one.day.is_within(Day.of(self.window.first), Day.of(self.window.last))
        return within is not False

    def _unreadable(self, fact: Unreadable) -> str:
        """A count in the window that was written and cannot be read could be the one that a clause asks for."""
        if not self._in_window(fact) or self.followed.reviewed_to(self.window.last):
            return ""
        asking = [rule.id for rule in self.definition.rules if any(is_count_of(term, fact.name) for term in rule.term)]
        return f"{fact.why}; {asking[0]} reads it, so whether there was a DLT is not decided" if asking else ""

    def _misplaced(self, event: Occurrence) -> str:
        """A judgement that cannot be right: a DLT that was over before the infusion."""
        if self.followed.judged(event)[0] and event.is_inside(self.window.first, date.max) is False:
            return f"{event.span()} is judged a DLT but was over before the infusion: correct one of the two"
        return ""

    def _death(self, event: Occurrence) -> str:
        """A death in the window always asks, whatever clause it could meet."""
        if event.was_fatal_within(self.window.first, self.window.last) is False:
            return ""
        answer, entry = self.followed.judged(event)
        known = min((line.entry for line in self.followed.lines(event) if is_death(line.what)), default=UNNUMBERED)
        if answer is not None and known <= entry:
            return ""
        day = event.died or event.start
        died = self.window.last if day is None else day.earliest
        if any(review.through >= died and known <= review.entry for review in self.followed.reviews):
            return ""
        return f"{event.span()}: whether it is a DLT is not decided"

    def _undefined(self, event: Occurrence) -> str:
        """Where the study states no definition, every grave event in the window asks."""
        answer, entry = self.followed.judged(event)
        if self.definition.rules or not self._asks(event) or (answer is not None and entry > OF_LESS):
            return ""
        if event.start is not None and self.followed.reviewed_to(event.start.latest):
            return ""
        return f"{event.span()}: whether it is a DLT is not decided, and the study states no definition"

    def _observed_only(self, look: Bedside) -> str:
        """What was seen at the bedside asks until an event tells of it, or it was judged since."""
        told = self.followed.judged_round(look) is not None or any(map(look.is_told_by, self.known))
        return "" if told else f"{look}, and no event of that grade is recorded on that day"

    def _elsewhere(self) -> str:
        """A death, or leaving, that the events do not explain or whose day leaves the window open."""
        died, left = self.unexplained_death, self.followed.left
        days = [event.died for event in self.known if event.died] + ([self.followed.died] if self.followed.died else [])
        if before := [day for day in days if day.latest < self.window.first]:
            return f"died on {before[0]}, before the infusion: correct one of the two"
        if died and self._died_inside(died) is not False and not self.followed.reviewed_to(died.earliest):
            return f"died on {died}, and no adverse event says of what: whether it is a DLT is not decided"
        if left is not None and left.earliest <= self.window.as_of and self.followed.evaluable is None:
            if left.latest < self.window.first:
                return f"left on {left}, before the infusion: correct one of the two"
            if left.earliest <= self.window.last < left.latest:
                return f"left in {left}: whether before the window ended on {self.window.last} is not known"
        return ""

    @property
    def unexplained_death(self) -> Day | None:
        """A death known by the day of asking of which no adverse event tells."""
        died = self.followed.died
        known = died is not None and died.earliest <= self.window.as_of
        return died if known and not any(event.is_fatal for event in self.known) else None

    def _died_inside(self, day: Day) -> Truth:
        return day.is_within(Day.of(self.window.first), Day.of(self.window.last))

    def _may_be_inside(self, event: Occurrence) -> bool:
        return event.is_inside(self.window.first, self.window.last) is not False

    def _asks(self, event: Occurrence) -> bool:
        """Whether an event is one that people judge: of grade 3 or more, not graded, fatal, or judged."""
        return self._may_be_inside(event) and (
            self.followed.judged(event)[0] is not None or (event.is_grave and not is_part(event, self.known))
        )

    # -- the outcome -------------------------------------------------------------------------------------------------

    @cached_property
    def outcome(self) -> tuple[Outcome, str, date | None]:
        """How the participant counts, why in a sentence, and how long the window stays open."""
        if self.yes:
            return Outcome.DLT, self.yes, None
        if self.doubts:
            return Outcome.PENDING, self.doubts[0], None
        if why := self._not_evaluable():
            return Outcome.NOT_EVALUABLE, why, None
        if (until := self._open_until()) is not None:
            return Outcome.PENDING, f"DLT window open to the end of {until}", until
        if self.review_required and not self.followed.reviewed_to(self.window.last):
            return Outcome.PENDING, "the investigator's review of the window is not signed", None
        if not (self.followed.is_reported or self.followed.reviewed_to(self.window.last)):
            return Outcome.PENDING, "no adverse event is recorded, and nobody says that there was none", None
        return Outcome.NO_DLT, self._without(), None

    def _open_until(self) -> date | None:
        """The last day of the window, or of a clause begun in it, while it has not passed."""
        open_ = [
            ground.by
            for clause in self.clauses
            for ground in clause.grounds
            if ground.by and not ground.is_silence and not self.settled(ground)
        ]
        if self.window.as_of <= self.window.last:
            return self.window.last
        return max((day for day in open_ if day > self.window.as_of), default=None)

    def _not_evaluable(self) -> str:
        if self.followed.evaluable is False:
            return "judged not evaluable"
        if self.followed.evaluable is True:
            return ""
        for event in self.known:
            if event.was_fatal_within(self.window.first, self.window.last) is not False:
                on = f"on {event.died}" if event.died else "on a day not recorded"
                return f"died of {event.lines[0].term} {on}, judged no DLT, in the window: replaced"
        if self.followed.died is not None and self._died_inside(self.followed.died):
            return f"died on {self.followed.died}, in the window, without a DLT: replaced"
        left = self.followed.left
        if left is not None and left.earliest <= self.window.as_of and left.earliest <= self.window.last:
            return f"left on {left}, before the window ended, without a DLT: replaced"
        return ""

    def _without(self) -> str:
        """Of one who left or died in the window and whom a person judged evaluable, both are said."""
        evaluable = replace(self.followed, evaluable=None)
        early = replace(self, followed=evaluable)._not_evaluable().partition(":")[0] if self.followed.evaluable else ""
        return f"window closed without a DLT{f'; {early}, and judged evaluable all the same' if early else ''}"

    # -- what the committee should see beside it ---------------------------------------------------------------------

    @cached_property
    def severe(self) -> list[str]:
        """Every event of grade 4 or 5 and every death since the infusion, whoever judged it."""
        died = self.unexplained_death
        return [
            *(
                self._said(event)
                for event in self.known
                if (event.is_fatal or (event.grade or 0) >= SEVERE)
                and event.is_inside(self.window.first, date.max) is not False
            ),
            *([f"died on {died}{self._day_of(died)}, and no adverse event says of what"] if died else []),
        ]

    @cached_property
    def late(self) -> list[str]:
        """What came after the window, which the definition does not count: judged dose-limiting, or counts of grade 4."""
        return [
            f"{event.span()} is judged a DLT but began after the window ended on {self.window.last}, so the rule does not "
            "count it: the committee decides"
            for event in self.known
            if self.followed.judged(event)[0] and event.start and event.start.earliest > self.window.last
        ] + [
            f"{term}: {look.words}, which no clause counts: the committee decides"
            for term, look in self._late_counts
            if not any(ground.term == term and not ground.is_silence for one in self.clauses for ground in one.grounds)
        ]

    @property
    def _late_counts(self) -> list[tuple[str, Look]]:
        """The first count of each term that is of grade 4 after the day by which its clause asks for recovery."""
        found = []
        for rule in self._count_rules:
            for term in (TERMS.get(one, one) for one in rule.term):
                late = (look for look in self.counts.looks(term) if look.day > (rule.not_recovered_by_day or 0))
                found += [(term, look) for look in late if look.low >= SEVERE][:1]
        return found

    @cached_property
    def overruled(self) -> list[str]:
        """What meets a clause and was judged no."""
        return [
            f"{ground.about} meets {clause.id}, {self._overruled_by(ground)}"
            for clause in self.clauses
            for ground in clause.grounds
            if ground.truth is True and not self.yes and self.settled(ground)
        ]

    def _overruled_by(self, ground: ClauseGround) -> str:
        event = ground.event
        return (
            "judged no DLT"
            if event is None or self.followed.judged(event)[0] is False
            else "and the review says no DLT"
        )

    @property
    def _count_rules(self) -> list[DltRule]:
        """The rules of the definition that read counts by a day."""
        return [rule for rule in self.definition.rules if rule.not_recovered_by_day is not None]

    @cached_property
    def uncounted(self) -> tuple[str, ...]:
        found = []
        for rule in self._count_rules:
            by_day = rule.not_recovered_by_day or 0
            if self.window.as_of >= self.window.day(by_day):
                found += [term for term in rule.term if not any(look.day >= by_day for look in self.counts.looks(term))]
        return tuple(dict.fromkeys(found))

    @cached_property
    def ungraded_counts(self) -> list[str]:
        unread = [fact for rule in self.definition.rules for term in rule.term for fact in self.counts.ungraded(term)]
        return [f"{fact} has no grade, so no clause reads it" for fact in dict.fromkeys(unread)]

    def _day_of(self, day: Day) -> str:
        return "" if day.is_partial else f" (day {(day.earliest - self.window.first).days})"

    def _said(self, event: Occurrence) -> str:
        answer = _JUDGED[self.followed.judged(event)[0]]
        if answer == _JUDGED[None] and event.start is not None and self.followed.reviewed_to(event.start.latest):
            answer = "no DLT by the review of the window"
        died = ""
        if event.died is not None:
            died = f", died on {event.died}{self._day_of(event.died)}"
        return f"{event.span()}{died}: {answer}"


def _counts(followed: Followed, window: Horizon) -> Counts:
    return counts_of(followed, window.first, window.as_of)


def counts_of(followed: Followed, first: date, as_of: date) -> Counts:
    """The blood counts of one participant since a day, as they were known on another."""
    begun = followed.begun.earliest if followed.begun else None
    return Counts([fact.what for fact in followed.counts], first, as_of, begun)


SEVERE = 4
"""From this grade on whatever happened since the infusion stands beside the decision: life-threatening, by CTCAE."""
_JUDGED = {True: "judged a DLT", False: "judged no DLT", None: "not judged"}
