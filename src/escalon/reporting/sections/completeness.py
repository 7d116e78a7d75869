"""Section 8: what was due by the cut-off, what of it is recorded, what is missing, and what is not due yet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from escalon.conduct.judge.member import Member, member
from escalon.conduct.judge.windows import State
from escalon.facts import Interval
from escalon.protocol.study import Visit
from escalon.reporting.build import heads, row, slug
from escalon.reporting.document import Cell, Ground, Section, Table, Tone
from escalon.reporting.grounds import of_facts
from escalon.reporting.printed import named
from escalon.reporting.view import View

TABLES = ("adverse_events",)
"""Measures that are asked for at a visit and kept as events, without a value of that day."""


@dataclass(frozen=True, slots=True)
class MeasureDue:
    """How one measure of one visit stands: whom it was due of and recorded of, who misses it, who is not due, who left."""

    recorded: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    not_due: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    grounds: tuple[Ground, ...] = ()

    @property
    def due(self) -> int:
        """How many it was due of by the cut-off."""
        return len(self.recorded) + len(self.missing)


DueOf = Mapping[tuple[str, str], MeasureDue]
"""By visit and measure."""


def completeness(view: View) -> tuple[Section, ...]:
    """The section of completeness."""
    view.told("counting what was due")
    found = due_of(view)
    return (Section("8", "Completeness", (by_visit(view, found), by_measure(view, found))),)


def by_measure(view: View, dues: DueOf) -> Table:
    """T8-2: each measure over all visits, and of whom it is missing."""
    rows = []
    for name in dict.fromkeys(name for visit in view.study.visits for name in visit.measures if name not in TABLES):
        some = [(visit, dues[visit.id, name]) for visit in view.study.visits if (visit.id, name) in dues]
        due, recorded = sum(one.due for _, one in some), sum(len(one.recorded) for _, one in some)
        where = "; ".join(f"{visit.id}: {named(one.missing, 6)}" for visit, one in some if one.missing)
        never = " (never recorded)" if due and not recorded else ""
        grounds = tuple(ground for _, one in some for ground in one.grounds)
        rows.append(
            row(
                slug(name), view.label(name) + never, due, Cell(str(recorded), recorded, grounds),
                *_absent([(f"{visit.id}", one) for visit, one in some]), where,
            )
        )  # fmt: skip
    columns = heads(
        "measure|30", "due>", "recorded>", "missing>", "not_due=not due>", "left=left or died>", "where=missing at|60"
    )
    return Table("T8-2", "Recorded of what was due, by measure", columns, tuple(rows), _ABOUT)


_ABOUT = "everybody infused of whom the measure is asked · a visit is due once its last day has passed"


def by_visit(view: View, dues: DueOf) -> Table:
    """T8-1: each visit over all its measures."""
    rows = []
    for visit in view.study.visits:
        some = [dues[visit.id, name] for name in visit.measures if (visit.id, name) in dues]
        if not some:
            continue
        due, recorded = sum(one.due for one in some), sum(len(one.recorded) for one in some)
        worst = [name for name in visit.measures if (visit.id, name) in dues and dues[visit.id, name].missing]
        rows.append(
            row(
                visit.id, visit.name, f"{visit.day} ({visit.earliest} to {visit.latest})".replace("-", "−"), due,
                Cell(str(recorded), recorded, tuple(ground for one in some for ground in one.grounds)),
                *_absent([(view.label(name), dues[visit.id, name]) for name in visit.measures if (visit.id, name) in dues]),
                ", ".join(view.label(name) for name in worst),
            )
        )  # fmt: skip
    columns = heads(
        "visit|24",
        "day=day (window)",
        "due>",
        "recorded>",
        "missing>",
        "not_due=not due>",
        "left=left or died>",
        "which=measures missing of somebody|60",
    )
    assumed = ", ".join(view.study.assumed("schedule"))
    notes = (f"The days of the schedule rest on assumptions: {assumed}.",) if assumed else ()
    return Table(
        "T8-1", "Recorded of what was due, by visit", columns, tuple(rows), _ABOUT, notes, "The study plans no visit."
    )


def _absent(some: Sequence[tuple[str, MeasureDue]]) -> Iterator[Cell]:
    """How often nothing is recorded that was due, is not due yet, or no longer: each with who it is and where."""
    for state, of in (("missing", "missing"), ("not due", "not_due"), ("left or died", "left")):
        found = tuple(Ground(code, where, "", state, "") for where, one in some for code in getattr(one, of))
        yield Cell(str(len(found)), len(found), found, tone=Tone.OPEN if found and of == "missing" else Tone.PLAIN)


def due_of(view: View) -> DueOf:
    """How every measure of every visit stands; worked out once a view."""
    return view.trial.once("completeness", view.study, lambda: _due_of(view))


def _due_of(view: View) -> DueOf:
    people = [member(view.study, view.trial, code) for code in view.people]
    found = {}
    for visit in view.study.visits:
        for name in visit.measures:
            if name not in TABLES:
                who = [one for one in people if _is_asked(view, name, view.diseases.get(one.code, ""))]
                found[visit.id, name] = _due(view, visit, name, who)
    return found


def _is_asked(view: View, name: str, disease: str) -> bool:
    """Whether a measure is asked of people with a disease: an endpoint that names it says of whom, else everybody."""
    of = [one for one in view.study.endpoints if name in one.measure]
    limits = [one.diseases for one in of]
    if not of or any(not limit for limit in limits):
        rules = [
            one for one in view.study.criteria if one.applies_text and name in one.rule and name not in _general(view)
        ]
        return not rules or any(disease in one.applies_text for one in rules)
    return any(disease in limit for limit in limits)


def _general(view: View) -> set[str]:
    """The names that rules for everybody read."""
    return {word for one in view.study.criteria if not one.applies_text for word in one.rule.split()}


def _due(view: View, visit: Visit, name: str, people: Sequence[Member]) -> MeasureDue:
    stands: dict[State, list[str]] = {state: [] for state in State}
    grounds: list[Ground] = []
    for one in people:
        found = one.at(visit, [*one.series(name, None), *one.levels(name)])
        state, _ = one.standing(visit, found, view.cutoff)
        bounded = [fact for fact in found.facts if isinstance(fact.value, Interval)]
        if found.is_known or bounded:
            state = State.VALUE
            grounds += of_facts((bounded or found.facts)[:1], one.code)
        stands[state].append(one.code)
    kept, missing, not_due, left = (tuple(stands[state]) for state in _STATES)
    return MeasureDue(kept, missing, not_due, left, tuple(grounds))


_STATES = (State.VALUE, State.MISSING, State.NOT_DUE, State.NOT_APPLICABLE)
