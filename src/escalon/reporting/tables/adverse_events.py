"""Tables of adverse events: overview, class and term by grade, events of special interest, periods.

Incidence is participants with at least one event among all infused, with exact limits (Clopper & Pearson); a participant
counts once, at the highest grade. Every table is a function of events and population alone.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from escalon.reporting.tables.grid import Grid
from escalon.safety.counting import (
    PERIODS,
    Rate,
    Tally,
    Timing,
    Treated,
    began_before,
    by_term,
    exposure_adjusted,
    grouped,
    in_period,
    only,
    tally,
    timing,
)
from escalon.safety.occurrence import Occurrence
from escalon.safety.proportion import Proportion
from escalon.safety.seriousness import SPECIAL_INTEREST, is_related, special_interest, susar

Events = Sequence[Occurrence]
Population = Sequence[Treated]
COUNTED_ONCE = (
    "A participant counts once, at the highest grade. Percent of all infused; 95 % limits are exact (Clopper–Pearson)."
)
GRADES = (1, 2, 3, 4, 5)


def overview_grid(events: Events, population: Population, cutoff: date) -> Grid:
    """Events and participants in all, of grade 3 or more, serious, related, fatal; by dose level and overall."""
    groups = grouped(events, population, lambda person: person.level or "level not recorded")
    groups["all"] = (tuple(events), tuple(population))
    rows = [_overview_row(name, keep, groups) for name, keep in _KINDS.items()]
    rows.append(("first event per patient-year", *(_first_after(some, who, cutoff) for some, who in groups.values())))
    columns = ("", *(f"{name} (n = {len(who)})" for name, (_, who) in groups.items()))
    earlier = len(began_before(events, population))
    notes = (
        f"{earlier} events began before infusion; they are counted because they became worse after it, or may have.",
        "Events; participants (percent, 95 % limits).",
        "Missing causality counts as related; a seriousness that is not recorded is not counted as serious.",
        "Per patient-year: participants with an event that began after infusion, over the time from infusion to the first such "
        "event or the end of observation.",
    )
    return Grid("Treatment-emergent adverse events", columns, tuple(rows), notes, frozenset({""}))


def _first_after(events: Events, population: Population, cutoff: date) -> str:
    earlier = set(map(id, began_before(events, population)))
    return _rate(exposure_adjusted([event for event in events if id(event) not in earlier], population, cutoff))


_KINDS: Mapping[str, Callable[[Occurrence], bool | None]] = {
    "any event": lambda event: True,
    "grade 3 or more": lambda event: event.grade is not None and event.grade >= 3,
    "serious": lambda event: event.serious,
    "related to the cells": is_related,
    "related, grade 3 or more": lambda event: is_related(event) and event.grade is not None and event.grade >= 3,
    "SUSAR, or not known to be expected": lambda event: susar(event).value is True,
    "fatal": lambda event: event.is_fatal,
    "grade not recorded": lambda event: event.grade is None,
}


def _overview_row(
    name: str, keep: Callable[[Occurrence], bool | None], groups: Mapping[str, tuple[Events, Population]]
) -> tuple[str, ...]:
    return (name, *(events_and_people(tally(name, only(some, keep), len(who))) for some, who in groups.values()))


def term_grid(events: Events, population: Population) -> Grid:
    """Every class and term: events, participants with exact limits, and participants by highest grade."""
    rows: list[tuple[str, ...]] = []
    for name, (whole, terms) in by_term(events, len(population)).items():
        rows.append(_term_row(name, whole))
        rows += [_term_row(f"  {one.label}", one) for one in terms]
    columns = (
        "class and term",
        "events",
        "participants",
        *(f"grade {grade}" for grade in GRADES),
        "not graded",
        "grade ≥ 3",
    )
    notes = (
        COUNTED_ONCE,
        "Terms of CTCAE v5.0; CRS and ICANS by ASTCT 2019. Symptoms that are part of a syndrome are left out.",
    )
    return Grid(
        "Adverse events by class, term and highest grade", columns, tuple(rows), notes, frozenset({"class and term"})
    )


def _term_row(label: str, found: Tally) -> tuple[str, ...]:
    by_grade = [str(found.highest.get(grade, 0)) for grade in (*GRADES, None)]
    return (label, str(found.events), with_limits(found.participants), *by_grade, str(found.at_least(3)))


def interest_grid(events: Events, population: Population) -> Grid:
    """Each kind of event of special interest: participants, highest grade, time to onset, duration, treatment."""
    rows = []
    for kind in SPECIAL_INTEREST:
        some = tuple(event for event in events if special_interest(event) == kind)
        found, when = tally(kind, some, len(population)), timing(some, population)
        highest = max((grade for grade in found.highest if grade is not None), default=None)
        used = sorted({drug for event in some for drug in event.actions})
        rows.append(
            (
                kind, str(found.events), with_limits(found.participants), "" if highest is None else str(highest),
                _spread(when.median_onset, when.onset), _duration(when), ", ".join(used),
            )
        )  # fmt: skip
    columns = ("event", "events", "participants", "highest grade", "onset, day", "duration, days", "treatment used")
    notes = ("Onset from infusion (day 0) and duration as median (range); infection and ICAHT from grade 3.",)
    return Grid("Events of special interest", columns, tuple(rows), notes, frozenset({"event", "treatment used"}))


def period_grid(events: Events, population: Population) -> Grid:
    """Events and participants in each reporting period, by the day of onset."""
    rows = [(period.name, *_period_row(in_period(events, population, period), len(population))) for period in PERIODS]
    columns = ("period", "events", "participants", "grade 3 or more")
    note = "A partial onset counts in the first period from infusion on that it may lie in."
    return Grid("Adverse events by period of onset", columns, tuple(rows), (note,), frozenset({"period"}))


def _period_row(events: Events, observed: int) -> tuple[str, ...]:
    found = tally("", events, observed)
    return str(found.events), with_limits(found.participants), str(found.at_least(3))


def group_grid(events: Events, population: Population, what: str, by: Callable[[Treated], str]) -> Grid:
    """Participants with any event, grade 3 or more, CRS, ICANS and infection in each group, such as disease."""
    rows = []
    for name, (some, who) in grouped(events, population, by).items():
        kinds = (
            some,
            only(some, _KINDS["grade 3 or more"]),
            *(
                tuple(event for event in some if special_interest(event) == kind)
                for kind in ("CRS", "ICANS", "infection")
            ),
        )
        rows.append((name, str(len(who)), *(with_limits(tally("", kind, len(who)).participants) for kind in kinds)))
    columns = (what, "infused", "any event", "grade 3 or more", "CRS", "ICANS", "infection ≥ 3")
    return Grid(f"Adverse events by {what}", columns, tuple(rows), (COUNTED_ONCE,), frozenset({what}))


def listing_grid(events: Events, population: Population) -> Grid:
    """Every serious event and every event of grade 3 or more, one row each."""
    people = {one.participant: one for one in population}
    kept = [event for event in events if event.serious or event.grade is None or event.grade >= 3]
    rows = tuple(
        (
            event.participant, people[event.participant].level, event.term.name, "?" if event.grade is None else str(event.grade),
            _day(event, people[event.participant]), str(event.end or ("ongoing" if event.ongoing else "not recorded")),
            _word(event.serious), "yes" if is_related(event) else "no", event.verbatim,
        )
        for event in sorted(kept, key=lambda one: (one.participant, str(one.start)))
    )  # fmt: skip
    columns = ("participant", "level", "term", "grade", "onset, day", "end", "serious", "related", "in their words")
    return Grid(
        "Serious events and events of grade 3 or more", columns, rows, (), frozenset(columns) - {"grade", "onset, day"}
    )


def _day(event: Occurrence, person: Treated) -> str:
    if event.start is None:
        return "not recorded"
    return str(event.start) if event.start.is_partial else str(person.day_of(event.start.earliest))


def _word(truth: bool | None) -> str:
    return "not recorded" if truth is None else "yes" if truth else "no"


def events_and_people(found: Tally) -> str:
    """`12; 5 (83.3 %, 35.9–99.6 %)`."""
    return f"{found.events}; {with_limits(found.participants)}"


def with_limits(part: Proportion) -> str:
    """`5 (83.3 %, 35.9–99.6 %)`; the bare count where nobody was observed."""
    if part.percent is None or part.low is None or part.high is None:
        return str(part.events)
    return f"{part.events} ({float(part.percent):.1f} %, {100 * part.low:.1f}–{100 * part.high:.1f} %)"


def _rate(rate: Rate) -> str:
    return "" if rate.per_year is None else f"{float(rate.per_year):.2f}"


def _spread(middle: float | None, ends: tuple[int, int] | None) -> str:
    return "" if middle is None or ends is None else f"{middle:g} ({ends[0]}–{ends[1]})"


def _duration(when: Timing) -> str:
    text = _spread(when.median_duration, when.duration)
    return f"{text}{'; ' if text else ''}{when.open} open" if when.open else text
