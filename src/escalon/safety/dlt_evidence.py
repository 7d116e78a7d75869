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
from escalon.facts import Day, Truth, any_known, together
from escalon.safety.blood_counts import Look
from escalon.safety.dlt_clauses import ClauseRead
from escalon.safety.dlt_definition import TERMS, DltDefinition, DltRule
from escalon.safety.dlt_grounds import ClauseGround, Horizon
from escalon.safety.dlt_judged import Judged
from escalon.safety.followed import Followed
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
    free = (one for one in found if one.outcome is Outcome.NO_DLT)
    people = together((term, one.participant) for one in free for term in one.uncounted)
    day = max((rule.not_recovered_by_day or 0 for rule in definition.rules), default=0)
    return tuple(f"no {_count_of(term)} after day {day}: {', '.join(who)}" for term, who in sorted(people.items()))


def _count_of(term: str) -> str:
    return {"neutrophils": "neutrophil count", "platelets": "platelet count"}.get(term, f"count for «{term}»")


@dataclass(frozen=True)
class _Reading(Judged):
    """How the participant counts, by what is recorded and what people decided of it."""

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
            if self.fatal_inside(event) is not False:
                on = f"on {day}" if (day := self.day_of_death(event)) else "on a day not recorded"
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
        unread = [fact for rule in self._count_rules for term in rule.term for fact in self.counts.ungraded(term)]
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


SEVERE = 4
"""From this grade on whatever happened since the infusion stands beside the decision: life-threatening, by CTCAE."""
_JUDGED = {True: "judged a DLT", False: "judged no DLT", None: "not judged"}
