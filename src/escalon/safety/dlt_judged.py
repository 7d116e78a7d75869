"""What is recorded of one participant against the definition, what people decided of it, and what is in doubt."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from escalon.facts import Day, Truth, any_known
from escalon.safety.adverse_event import ASKS, is_death
from escalon.safety.blood_counts import Counts, is_count_of
from escalon.safety.dlt_clauses import ClauseRead, is_part, read_clauses
from escalon.safety.dlt_definition import DltDefinition
from escalon.safety.dlt_grounds import ClauseGround, Horizon
from escalon.safety.followed import OF_LESS, UNNUMBERED, Bedside, Followed, Unreadable
from escalon.safety.occurrence import Occurrence


@dataclass(frozen=True)
class Judged:
    """One participant under a definition, as of a day."""

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
        return counts_of(self.followed, self.window.first, self.window.as_of)

    @cached_property
    def clauses(self) -> tuple[ClauseRead, ...]:
        """Every clause of the definition on them."""
        return read_clauses(self.definition, self.followed.occurrences, self.counts, self.window)

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
        """What was seen at the bedside by the day of asking: whatever its grade or day, a judgement may name it."""
        return tuple(one for one in self.followed.rounds if one.day.earliest <= self.window.as_of)

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
        counts = counts_of(then, self.window.first, self.window.as_of)
        before = read_clauses(self.definition, then.occurrences, counts, self.window)
        return any(
            one.key == ground.key and one.truth is ground.truth and not one.is_less_than(ground)
            for clause in before
            for one in clause.grounds
        )

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
        died = self.window.day_of(event.died)
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
        """A grave syndrome seen at the bedside in the window asks until an event tells of it, or it was judged since."""
        if look.grade < ASKS or not self.window.first <= look.day.earliest <= self.window.last:
            return ""
        told = self.followed.judged_round(look) is not None or any(map(look.is_told_by, self.known))
        return "" if told else f"{look}, and no event of that grade is recorded on that day"

    def _elsewhere(self) -> str:
        """A death, or leaving, that the events do not explain or whose day leaves the window open."""
        died, left = self.unexplained_death, self.followed.left
        if before := [day for day in self.deaths if day.latest < self.window.first]:
            return f"died on {before[0]}, before the infusion: correct one of the two"
        if died and self._died_inside(died) is not False and not self.followed.reviewed_to(self.window.day_of(died)):
            return f"died on {died}, and no adverse event says of what: whether it is a DLT is not decided"
        if left is not None and left.latest < self.window.first and self.followed.evaluable is None:
            return f"left on {left}, before the infusion: correct one of the two"
        return self._end_not_known() if self.followed.evaluable is None else ""

    @cached_property
    def deaths(self) -> tuple[Day, ...]:
        """The days of the death, as events and the fact say them; of two that may be one, the day and not its month."""
        known = [event.died for event in self.known] + [self.followed.died]
        days = dict.fromkeys(day for day in known if day is not None and day.earliest <= self.window.as_of)
        return tuple(day for day in days if not any(_is_closer(other, day) for other in days))

    def day_of_death(self, event: Occurrence) -> Day | None:
        """The day of the death that an event led to: its own, or the one that another event or the fact tells more closely."""
        closer = (day for day in self.deaths if event.died is None or _is_closer(day, event.died))
        return next(closer, event.died) if event.is_fatal else None

    def fatal_inside(self, event: Occurrence) -> Truth:
        """Whether an event led to a death in the window."""
        day = self.day_of_death(event)
        return event.was_fatal_within(self.window.first, self.window.last) if day is None else self._died_inside(day)

    def _end_not_known(self) -> str:
        """A leaving, or a death without a DLT, of which nobody can say whether the window had ended: not «replaced», and not
        «no DLT» either."""
        last, left = self.window.last, self.followed.left
        ends = [("died", day) for day in self.deaths] + ([("left", left)] if left else [])
        known = min(last, self.window.as_of)
        if left and left.latest <= known:
            return ""  # out of the window before its end, whatever came later
        found = [f"{how} in {day}" for how, day in ends if day.earliest <= known and last < day.latest]
        found += [
            f"died of {event.lines[0].term} on a day not recorded"
            for event in self.known
            if self.day_of_death(event) is None and self.fatal_inside(event) is None
        ]
        return f"{found[0]}: whether before the window ended on {last} is not known: record the day" if found else ""

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


def _is_closer(day: Day, whole: Day) -> bool:
    """Whether a day lies in one that is known less closely: 2025-03-12 in 2025-03."""
    return day != whole and whole.earliest <= day.earliest and day.latest <= whole.latest


def counts_of(followed: Followed, first: date, as_of: date) -> Counts:
    """The blood counts of one participant since a day, as they were known on another."""
    begun = followed.begun.earliest if followed.begun else None
    return Counts([fact.what for fact in followed.counts], first, as_of, begun)
