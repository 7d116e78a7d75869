"""A clause on blood counts: graded as recorded; where none is, a cytopenia recorded as an event stands in."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from escalon.facts import Truth, any_known
from escalon.safety.adverse_event import NOT_CODED
from escalon.safety.blood_counts import Counts, Look, Vague, tests_of
from escalon.safety.dlt_definition import TERMS, DltRule
from escalon.safety.dlt_grounds import ClauseGround, Horizon
from escalon.safety.occurrence import Occurrence


def recovery_grounds(
    rule: DltRule, by_day: int, events: Sequence[Occurrence], counts: Counts, window: Horizon
) -> tuple[ClauseGround, ...]:
    """The counts and cytopenias that had the grade of a clause and are not seen to have recovered by its day."""
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


def result_grounds(
    rule: DltRule, events: Sequence[Occurrence], counts: Counts, window: Horizon
) -> tuple[ClauseGround, ...]:
    """A laboratory's results at the grade of a clause that names their term, of which no recorded event tells."""
    graded = (term for word in rule.term if tests_of(term := TERMS.get(word, word)))
    terms = (term for term in graded if not _was_low_before(rule, term, counts))
    found = (ask(rule, term, events, counts, window) for term in terms for ask in (_seen_ground, _bare_ground))
    return tuple(ground for ground in found if ground is not None)


def _bare_ground(
    rule: DltRule, term: str, events: Sequence[Occurrence], counts: Counts, window: Horizon
) -> ClauseGround | None:
    """Results of a term that have no grade, as a liver enzyme without the laboratory's limit: of any grade, so they are asked."""
    own = [event for event in events if event.term.name == term]
    bare = [
        fact for fact in counts.ungraded(term)
        if fact.day is None or (fact.day.earliest <= window.last
        and not any(event.may_be_seen(rule.grade, fact.day.earliest) for event in own))
    ]  # fmt: skip
    if not bare:
        return None
    more = f" and {len(bare) - 1} more" if len(bare) > 1 else ""
    about = f"{term}: {bare[0]}{more} without a grade: record the laboratory's limits beside it"
    since = max(window.day_of(fact.day) for fact in bare)
    return ClauseGround(rule.id, about, None, term=f"{term} without a grade", since=since, results=frozenset(bare))


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
        seen = frozenset(one.fact for one in vague)
        return ClauseGround(rule.id, about, None, term=term, since=window.last, results=seen) if vague else None
    about = f"{term}: {', '.join(look.words for look in low[:3])}"
    since = window.day(low[-1].day)
    ground = ClauseGround(rule.id, about, truth, term=term, by=by, since=since, results=frozenset(low))
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
