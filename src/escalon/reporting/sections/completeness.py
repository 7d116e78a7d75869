"""Section 8: what was due by the cut-off, what of it is recorded, what is missing, and what is not due yet."""

from collections.abc import Iterable, Mapping

from escalon.conduct.judge.asked import asked_in
from escalon.conduct.judge.member import Member
from escalon.conduct.judge.windows import State
from escalon.facts import Fact, Interval
from escalon.instruments import catalogue
from escalon.instruments.kit.visits import compares_visits
from escalon.protocol.study import Visit
from escalon.reporting.build import counted, heads, row, slug
from escalon.reporting.document import Cell, Ground, Head, Section, Table, Tone
from escalon.reporting.grounds import of_fact, of_facts
from escalon.reporting.printed import named
from escalon.reporting.view import View

TABLES = ("adverse_events",)
"""Measures that are asked for at a visit and kept as events, without a value of that day."""

Standing = Mapping[State, tuple[Ground, ...]]
"""Who stands how: a recorded value by its fact, the others by the measure, the visit and the reason."""
DueOf = Mapping[tuple[str, str], Standing]
"""By visit and measure."""


def completeness(view: View) -> tuple[Section, ...]:
    """The section of completeness."""
    view.told("counting what was due")
    found = due_of(view)
    return (Section("8", "Completeness", (by_visit(view, found), by_measure(view, found))),)


def joined(some: Iterable[Standing]) -> Standing:
    """Several visits or measures as one."""
    every = tuple(some)
    return {state: tuple(ground for one in every for ground in one[state]) for state in State}


def by_measure(view: View, dues: DueOf) -> Table:
    """T8-2: each measure over all visits, and of whom it is missing."""
    rows = []
    for name in dict.fromkeys(name for _, name in dues):
        some = {visit: one for (visit, measure), one in dues.items() if measure == name}
        where = "; ".join(f"{visit}: {named(codes, 6)}" for visit, one in some.items() if (codes := _missed(one)))
        every = joined(some.values())
        never = " (never recorded)" if every[State.MISSING] and not every[State.VALUE] else ""
        rows.append(row(slug(name), view.label(name) + never, *counts(every), where))
    columns = (*heads("measure|55"), *COUNTS, *heads("where=missing at|45"))
    return Table("T8-2", "Recorded of what was due, by measure", columns, tuple(rows), _ABOUT)


def by_visit(view: View, dues: DueOf) -> Table:
    """T8-1: each visit over all its measures."""
    rows = []
    for visit in view.study.visits:
        if some := {name: one for (id, name), one in dues.items() if id == visit.id}:
            days = f"{visit.day} ({visit.earliest} to {visit.latest})".replace("-", "−")
            worst = ", ".join(view.label(name) for name, one in some.items() if one[State.MISSING])
            rows.append(row(visit.id, visit.name, days, *counts(joined(some.values())), worst))
    columns = (*heads("visit|40", "day=day (window)"), *COUNTS, *heads("which=measures missing of somebody|50"))
    assumed = ", ".join(view.study.assumed("schedule"))
    notes = (f"The days of the schedule rest on assumptions: {assumed}.",) if assumed else ()
    return Table(
        "T8-1", "Recorded of what was due, by visit", columns, tuple(rows), _ABOUT, notes, "The study plans no visit."
    )


_ABOUT = "everybody infused of whom the measure is asked · a visit is due once its last day has passed"
COUNTS: tuple[Head, ...] = heads("due>", "recorded>", "missing>", "not_due=not due>", "left=n/a>")


def counts(one: Standing) -> tuple[Cell, ...]:
    """How many were due, recorded, missing, not due, and gone: each opens to who they are."""
    kept, missing = one[State.VALUE], one[State.MISSING]
    alone = counted(missing, tone=Tone.OPEN if missing else Tone.PLAIN)
    gone = counted(one[State.NOT_APPLICABLE])
    return (
        counted((*kept, *missing), method="recorded and missing"),
        counted(kept),
        alone,
        counted(one[State.NOT_DUE]),
        gone,
    )


def _kept(fact: Fact, code: str) -> Ground:
    """A value by where it was recorded; a score by the first entry it was made of, and how many more there are."""
    beneath = of_facts((fact,), code)
    more = f" and {len(beneath) - 1} more" if len(beneath) > 1 else ""
    return of_fact(fact, code)._replace(place=f"{beneath[0].place}{more}") if beneath else of_fact(fact, code)


def _missed(one: Standing) -> list[str]:
    return [ground.participant for ground in one[State.MISSING]]


def due_of(view: View) -> DueOf:
    """How every measure of every visit stands; worked out once a view."""
    return view.trial.once("completeness", view.study, lambda: _due_of(view))


def _due_of(view: View) -> DueOf:
    found = {}
    for visit in view.study.visits:
        for name in visit.measures:
            if name not in TABLES and not (visit.latest < 0 and _is_a_comparison(name)):
                asked = asked_in(view.study, name)
                who = [one for one in view.members if not asked or view.diseases.get(one.code, "") in asked]
                found[visit.id, name] = _standing(view, visit, name, who)
    return found


def _is_a_comparison(name: str) -> bool:
    """Whether a measure says how a visit differs from the baseline, so that nothing of it can be known at the baseline."""
    return name in catalogue() and compares_visits(catalogue()[name])


def _standing(view: View, visit: Visit, name: str, people: Iterable[Member]) -> Standing:
    stands: dict[State, list[Ground]] = {state: [] for state in State}
    for one in people:
        found = one.at(visit, [*one.series(name, None), *one.levels(name)])
        state, why = one.standing(visit, found, view.cutoff)
        bounded = [fact for fact in found.facts if isinstance(fact.value, Interval)]
        if found.is_known or bounded:
            stands[State.VALUE].append(_kept((bounded or found.facts)[0], one.code))
        else:
            unread = one.unread((name,), visit) if state is State.MISSING else ""
            stands[state].append(
                Ground(one.code, f"{view.label(name)} at {visit.id}", "", unread or why or state.value, "")
            )
    return {state: tuple(some) for state, some in stands.items()}
