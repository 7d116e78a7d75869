"""What to do next, from what has happened so far: the question a safety review asks.

The rule is a function of completed outcomes. Two things in a running trial are not completed: participants whose
DLT window is open, and a cohort that is not full. Both are settled the same way: ask the rule about every way
they could still turn out; act only if all the answers are one answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import product

from escalon.escalation.backfill import of_outcomes, room_left, while_waiting
from escalon.escalation.calendar_guards import CalendarGuard, DltWindow, WholeCohortFirst
from escalon.escalation.decision import Decision, Departure, Stop, Treat, Wait
from escalon.escalation.errors import EscalationError
from escalon.escalation.guards import Guard
from escalon.escalation.notation import Cohort, Conduct, Outcome, Treated, parse_conduct
from escalon.escalation.replay import as_said, departures, placed_otherwise
from escalon.escalation.rule import Rule, TrialState
from escalon.escalation.tally import Tally
from escalon.escalation.timed import Design
from escalon.escalation.words import plural


def next_dose(
    design: Design,
    so_far: str | Conduct | Tally,
    guards: Iterable[Guard | CalendarGuard] = (),
    today: date | None = None,
    doubt: str = "",
) -> Decision:
    """The next decision: treat (level, size, reason), wait (until), or stop (MTD, reason).

    `so_far` is the notation `1NNN 2NNT`, a `Conduct` (with infusion dates if a calendar guard is used), or a bare
    `Tally`. Guards on counts (`at_most`) may be given here or combined into the rule; guards that read a calendar
    (`dlt_window`, `sentinel`, `stagger`, `whole_cohort_first`) only here, together with `today`. `doubt` says what of the
    outcomes is in doubt: nobody is dosed then, whatever the counts say, and a stop stays a stop. Any history gets an
    answer; what in it the rule had not said is in `departures`, and among the notes.

    >>> from escalon.escalation import three_plus_three
    >>> print(next_dose(three_plus_three(3), "1NNN 2NTT"))
    treat 3 at level 1
    """
    design, calendar = _sort(design, guards)
    if isinstance(so_far, Tally):
        if calendar or not isinstance(design, Rule):
            raise EscalationError(
                "Guards and designs that read a calendar need the conduct with dates, not a bare tally"
            )
        return _remarked(_settle(design, so_far, None, ()), design, so_far, ())
    conduct = parse_conduct(so_far) if isinstance(so_far, str) else so_far
    window = next((guard for guard in calendar if isinstance(guard, DltWindow)), None)
    if any(guard.reads_calendar for guard in calendar):
        conduct = _on_the_day(conduct, window, today)
    decision, left, tally = asked(design, conduct, window, today)
    if calendar:
        decision = _held(decision, calendar, conduct, conduct.in_open_cohort(design.cohort), today)
        left += placed_otherwise(partial(_on_that_day, design, calendar, window), conduct, {one.cohort for one in left})
    if doubt and not isinstance(decision, Stop):
        decision = Wait(f"settle first: {doubt}")
    decision = _remarked(decision, design, tally, left)
    return _with_notes(decision, conduct, window, today, doubt)


def _on_that_day(
    design: Design, calendar: tuple[CalendarGuard, ...], window: DltWindow | None, before: Conduct, day: date
) -> tuple[Decision, ...]:
    """What was to be done on an earlier day, with a DLT then known, or not yet: when it was known may not be recorded."""
    views = (
        [before] if window is None else [before.as_of(day, window.length, dlts_unknown=one) for one in (False, True)]
    )
    return tuple(
        _held(said(design, seen, window, day), calendar, seen, seen.in_open_cohort(design.cohort), day)
        for seen in views
    )


def said(design: Design, conduct: Conduct, window: DltWindow | None = None, today: date | None = None) -> Decision:
    """What the design says of a conduct, departures and guards on the calendar apart."""
    if not isinstance(design, Rule):
        return design.ask(conduct, today)
    tally = conduct.tally(design.levels, design.lowest, design.cohort if design.recalls is not None else None)
    open_cohort = conduct.in_open_cohort(design.cohort)
    elsewhere = sum(tally.pending) - sum(one.outcome is Outcome.PENDING for one in open_cohort)
    until, granted = _when_all_closed(conduct, window), True
    if open_cohort and elsewhere:
        before = conduct.before_open_cohort(design.cohort)
        then = said(design, before, window, today)
        granted = isinstance(then, Treat) and then.level == open_cohort[0].level
        if not granted and not any(one.outcome is Outcome.DLT for one in open_cohort):
            until = _when_all_closed(before, window)
    return _settle(design, tally, until, open_cohort, granted=granted)


def asked(
    design: Design, conduct: Conduct, window: DltWindow | None = None, today: date | None = None
) -> tuple[Decision, tuple[Departure, ...], Tally]:
    """What the design says of a conduct, where that conduct departs from what it had said, and the counts it rests on.

    No guard on the calendar is asked here. Where nothing is open the rule is asked of every earlier state at once.
    """

    def ask(before: Conduct) -> Decision:
        return said(design, before, window, today)

    if not isinstance(design, Rule):
        dated = window is not None and all(one.infused for one in conduct)  # each is then asked about on the day
        left = () if dated else departures(ask, conduct, one_by_one=design.one_by_one)
        return ask(conduct), left, conduct.tally(design.levels, design.lowest)
    rule = design
    recalled = rule.cohort if rule.recalls is not None else None
    tallies = conduct.tallies(rule.levels, rule.lowest, recalled)
    cohorts, now = conduct.cohorts, len(conduct.cohorts)
    plain = [number for number, tally in enumerate(tallies) if not _is_open(rule, cohorts[:number], tally)]
    try:
        states = [TrialState.of(tallies[number], rule.recalls) for number in plain]
        moves = rule.moves(states)
    except EscalationError:  # a table that says nothing of some earlier count
        return ask(conduct), departures(ask, conduct), tallies[-1]
    follows = {
        n for n, one in zip(plain, moves, strict=True)
        if n < now and one.level and as_said(cohorts[n], rule.label(one.level), one.size) and not _is_seen_otherwise(cohorts, n)
    }  # fmt: skip
    left = () if len(follows) == now else departures(ask, conduct, follows)
    if plain and plain[-1] == now:
        return rule.answer(states[-1], moves[-1], tallies[-1]), left, tallies[-1]
    return ask(conduct), left, tallies[-1]


def _is_seen_otherwise(cohorts: tuple[Cohort, ...], number: int) -> bool:
    """Whether somebody treated before counted otherwise on the day a cohort began: away, or not yet dosed again."""
    before = Conduct(cohorts[:number])
    return before.seen_on(cohorts[number].treated[0].infused) is not before


def _is_open(rule: Rule, cohorts: tuple[Cohort, ...], tally: Tally) -> bool:
    """Whether an answer needs more than the counts: outcomes pending, or a cohort that is not full."""
    return any(tally.pending) or (not rule.decides_within_cohort and bool(Conduct(cohorts).in_open_cohort(rule.cohort)))


def _remarked(decision: Decision, design: Design, tally: Tally, left: tuple[Departure, ...]) -> Decision:
    """The decision with what a reader must know of it: departures, counts beyond the publication, a stop that is lacking."""
    notes = [f"departure from the rule: {one}" for one in left]
    notes += design.remarks(tally)
    if isinstance(decision, Treat):
        notes += [f"warning: {one}" for one in design.warnings]
    if not notes and not left:
        return decision
    return replace(decision, notes=(*decision.notes, *notes), departures=left)


def _on_the_day(conduct: Conduct, window: DltWindow | None, today: date | None) -> Conduct:
    """The conduct as it stands on the day of asking: a window still open is pending."""
    if today is None:
        raise EscalationError("Guards that read a calendar need `today`, the day on which the question is asked")
    for one in conduct:
        if one.infused is not None and one.infused > today:
            raise EscalationError(
                f"Participant {one.participant or 'at level ' + str(one.level)} is infused on {one.infused}, after {today}: "
                "correct the date, or ask on a later day"
            )
    return conduct.as_of(today, window.length) if window is not None else conduct


def _with_notes(
    decision: Decision, conduct: Conduct, window: DltWindow | None, today: date | None, doubt: str
) -> Decision:
    """The decision with what the calendar leaves open: windows that closed unrecorded, infusions without a date."""
    if window is None or today is None:
        return decision
    overdue = [one for one in conduct if one.outcome is Outcome.PENDING and (window.closes(one) or date.max) <= today]
    undated = [one for one in conduct if one.outcome is Outcome.NO_DLT and one.infused is None]
    notes = decision.notes
    if overdue and not doubt:
        notes += (f"{plural(len(overdue), 'DLT window')} closed with no outcome recorded: record it",)
    if undated:
        notes += (f"{plural(len(undated), 'participant')} without an infusion date: the window is taken as closed",)
    if isinstance(decision, Wait) and decision.until is not None and decision.until <= today:
        return replace(decision, until=None, notes=notes)
    return replace(decision, notes=notes)


def _sort(design: Design, guards: Iterable[Guard | CalendarGuard]) -> tuple[Design, tuple[CalendarGuard, ...]]:
    calendar: list[CalendarGuard] = []
    for guard in guards:
        if not isinstance(guard, Guard):
            calendar.append(guard)
        elif isinstance(design, Rule):
            design = design & guard
        else:
            raise EscalationError(f"{design.name} reads the clock and takes no guard on counts: {guard.prose()}")
    return design, tuple(calendar)


def _settle(
    rule: Rule, tally: Tally, until: date | None, open_cohort: tuple[Treated, ...], *, granted: bool = True
) -> Decision:
    """One answer if every way things can still turn out gives it; else fill the open cohort, or wait.

    The places of an open cohort were granted when it was opened, unless it was opened while others were pending on whom
    that depended. They stay open while none of its participants has had a DLT; after one, the next place waits for
    those pending.
    """
    rule.check_fits(tally)
    pending = sum(tally.pending)
    missing = rule.cohort - len(open_cohort) if open_cohort and not rule.decides_within_cohort else 0
    missing = room_left(rule, tally, missing)
    if rule.cap is not None:
        missing = max(0, min(missing, rule.cap - tally.enrolled))
    if not pending and not missing:
        return rule.next(tally)
    determined = _determined(rule, tally, missing)
    if determined is not None:
        return determined
    if missing and not pending:
        return _fill(rule, tally, missing, len(open_cohort))
    places = None
    if granted and open_cohort and not any(one.outcome is Outcome.DLT for one in open_cohort):
        places = _fill(rule, tally, missing, len(open_cohort)) if missing else _places_left(rule, tally)
    wait = Wait(
        f"{plural(pending, 'participant')} pending at {_where(rule, tally)}, and the decision depends on the outcome",
        until,
    )
    return places or while_waiting(rule, tally, lambda: [rule.next(done, tally) for done in completions(tally)]) or wait


def _determined(rule: Rule, tally: Tally, missing: int) -> Treat | Stop | None:
    """The answer that holds however the pending, and the missing of an open cohort, turn out; None if there is none.

    A cohort that is not full is left only downwards or by a stop: escalation waits for the whole cohort. That those missing
    would fill the level or the trial is no reason to leave them out.
    """
    if not missing:
        agreed = _one_answer(rule, tally, tally)
        note = f"{plural(sum(tally.pending), 'participant')} pending, but every outcome gives this answer"
        return agreed and replace(agreed, notes=(*agreed.notes, note))
    left, rule = None if rule.cap is None else rule.cap - tally.enrolled, of_outcomes(rule)
    filled = list(tally.pending)
    filled[tally.current - 1] += missing
    full = replace(tally, pending=tuple(filled), last_pending=tally.last_pending + missing)
    whole = _one_answer(rule, full, tally)
    if isinstance(whole, Treat) and left is not None:
        whole = replace(whole, size=min(whole.size, left))
    if isinstance(whole, Stop) and whole.mtd and rule.counted(whole.mtd) >= tally.current:
        return None  # the level was left for nothing that was seen there
    if whole is not None and (isinstance(whole, Stop) or rule.counted(whole.level) < tally.current):
        return replace(whole, notes=(*whole.notes, "already determined before the cohort is full"))
    return None


def _places_left(rule: Rule, tally: Tally) -> Treat | None:
    """Places left in the cohort being treated, for a rule that says itself what an incomplete cohort means."""
    named, without_dlts = rule.label(tally.current), rule.next(next(completions(tally)), tally)
    if not isinstance(without_dlts, Treat) or without_dlts.level != named:
        return None
    return replace(without_dlts, reason=f"the cohort at level {named} is open: complete it")


def _fill(rule: Rule, tally: Tally, missing: int, treated: int) -> Treat:
    """Complete the cohort being treated."""
    named = rule.label(tally.current)
    return Treat(named, missing, f"{treated} of a cohort of {rule.cohort} at level {named}: complete the cohort")


def _one_answer(rule: Rule, tally: Tally, seen: Tally) -> Treat | Stop | None:
    """The rule's answer if it is the same however the pending participants turn out; else None."""
    answers = [rule.next(done, seen) for done in completions(tally)]
    first = answers[0]
    same = all(
        (answer.action, answer.level, answer.size, getattr(answer, "mtd", None))
        == (first.action, first.level, first.size, getattr(first, "mtd", None))
        for answer in answers
    )
    return first if same else None


def completions(tally: Tally) -> Iterator[Tally]:
    """Every tally that can result when each pending participant either has a DLT or does not.

    One who turns out not evaluable is replaced before the decision, so is not a completion.
    """
    recalled = tally.last_pending if tally.last is not None else 0
    for dlts in product(*(range(count + 1) for count in tally.pending)):
        here = dlts[tally.current - 1] if recalled else 0
        elsewhere = tally.pending[tally.current - 1] - recalled if recalled else 0
        for of_last in range(max(0, here - elsewhere), min(here, recalled) + 1):
            yield Tally(
                n=tuple(n + p for n, p in zip(tally.n, tally.pending, strict=True)),
                t=tuple(t + d for t, d in zip(tally.t, dlts, strict=True)),
                not_evaluable=tally.not_evaluable,
                current=tally.current,
                last=tally.last and (tally.last[0] + recalled, tally.last[1] + of_last),
            )


def _where(rule: Rule, tally: Tally) -> str:
    levels = [rule.label(level) for level, count in enumerate(tally.pending, start=1) if count]
    return f"level {' and '.join(map(str, levels))}"


def _when_all_closed(conduct: Conduct, window: DltWindow | None) -> date | None:
    if window is None:
        return None
    closing = [window.closes(one) for one in conduct if one.outcome is Outcome.PENDING]
    known = [day for day in closing if day is not None]
    return max(known) if known and len(known) == len(closing) else None


def _held(
    decision: Decision,
    calendar: tuple[CalendarGuard, ...],
    conduct: Conduct,
    open_cohort: tuple[Treated, ...],
    today: date | None,
) -> Decision:
    """Let each guard in turn stop, delay or shrink what would be treated today; a stop wins, then the latest date."""
    for guard in calendar:
        if not guard.reads_calendar and not isinstance(decision, Stop):
            decision = guard.hold(decision, conduct, open_cohort, today or date.max)
    if today is None or not isinstance(decision, Treat):
        return decision
    held, waits = decision, []
    for guard in calendar:
        answer = guard.hold(held, conduct, open_cohort, today) if guard.reads_calendar else held
        if isinstance(answer, Wait):
            if answer.until is None and isinstance(guard, WholeCohortFirst):
                window = next((one for one in calendar if isinstance(one, DltWindow)), None)
                answer = replace(answer, until=_when_all_closed(conduct, window))
            waits.append(answer)
        elif isinstance(answer, Treat):
            held = answer
    if not waits:
        return held
    unknown = [wait for wait in waits if wait.until is None]
    return unknown[0] if unknown else max(waits, key=lambda wait: wait.until or date.min)
