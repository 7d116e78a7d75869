"""Section 5: adverse events that are new or worse since infusion, by class, interest and period; laboratory; narratives.

Number counts events; incidence counts participants with at least one among everybody infused, each at the highest grade. What
nobody recorded is said so: a seriousness that is not recorded is never «not serious».
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from escalon.conduct.judge.treated import is_before_infusion, reporting_periods
from escalon.drawing import nothing
from escalon.facts import Truth, together
from escalon.reporting.build import Made, heads, row, slug
from escalon.reporting.document import NOT_APPLICABLE, Block, Cell, Figure, Ground, RowKind, Section, Table, TableRow
from escalon.reporting.figures.safety_timeline import EpisodeBar, safety_timeline
from escalon.reporting.printed import count, listed, named, number, percent
from escalon.reporting.sections.escalation import SYNDROMES, syndromes_of
from escalon.reporting.sections.laboratory import laboratory_shift
from escalon.reporting.sections.narratives import narratives
from escalon.reporting.sections.reports_due import not_counted, reports_due
from escalon.reporting.sections.safety_figures import blood_counts, swimmer
from escalon.reporting.view import View
from escalon.safety.counting import (
    ReportingPeriod,
    Treated,
    before_infusion,
    carried_over,
    in_period,
    only,
    tally,
    timing,
)
from escalon.safety.infections import InfectionEpisode, Isolate, infection_density, infection_episodes
from escalon.safety.occurrence import Occurrence
from escalon.safety.periods import PHASES, Phase
from escalon.safety.proportion import clopper_pearson
from escalon.safety.seriousness import (
    OF_CELLS,
    SPECIAL_INTEREST,
    interest_in_words,
    is_related,
    special_interest,
    susar,
)

Events = Sequence[Occurrence]
Test = Callable[[Occurrence], Truth]
GRADES = (1, 2, 3, 4, 5)
INFECTIONS = "Infections and infestations"
EMERGENT = "everybody infused · events new or worse since infusion"

KINDS: Mapping[str, Test] = {
    "any event": lambda event: True,
    "grade 3 or more": lambda event: event.grade is not None and event.grade >= 3,
    "grade not recorded": lambda event: event.grade is None,
    "serious": lambda event: event.serious,
    "seriousness not recorded": lambda event: event.serious is None,
    "related to the treatment, or not assessed": is_related,
    "of them not assessed": lambda event: event.related is None,
    "related or not assessed, grade 3 or more": lambda event: is_related(event) and (event.grade or 0) >= 3,
    "unexpected serious reaction, or may be one": lambda event: susar(event).value is not False,
    "fatal": lambda event: event.is_fatal,
}
"""Each kind of event of the overview. Not known is a kind of its own, and never the other one."""


def safety(view: View) -> tuple[Section, ...]:
    """The section of safety, with narratives as a part of it."""
    counts = blood_counts(view)
    tables: tuple[Block, ...] = (
        overview(view), terms(view), interest(view), periods(view), laboratory_shift(view),
        *([timeline(view)] if syndromes_of(view) else []), *([counts] if counts else []), swimmer(view), reports_due(view),
        not_counted(view), *([infections(view)] if view.study.gives_cells else []),
    )  # fmt: skip
    return (Section("5", "Safety", tables), *narratives(view))


# -- overview ---------------------------------------------------------------------------------------------------------


def overview(view: View) -> Table:
    """T5-1: events and participants of each kind, by level and in all."""
    groups = _groups(view)
    rows = []
    for name, test in KINDS.items():
        cells: list[Made] = []
        for _, _, who in groups:
            some = only(_of(view.emergent, who), test)
            cells += [Cell(str(len(some)), len(some), view.of_events(some)), _participants(view, some, who)]
        said = name if view.study.gives_cells else name.replace("the cells", "the treatment")
        rows.append(row(slug(name), said, *cells, kind=RowKind.UNDER if name.startswith("of them") else RowKind.PLAIN))
    columns = heads("kind|34", *(text for key, head, who in groups for text in _pair(key, f"{head} (n = {len(who)})")))
    notes = (
        "Events; participants with at least one (percent from ten people on). An event is counted from its day of onset, or "
        "from the first worse grade where it began before infusion.",
        *_carried(view),
        *_died_without_an_event(view),
    )
    return Table("T5-1", "Adverse events: overview", columns, tuple(rows), EMERGENT, notes)


def _died_without_an_event(view: View) -> Iterator[str]:
    """Deaths that no fatal event stands for: the row «fatal» counts events."""
    fatal = {event.participant for event in view.emergent if KINDS["fatal"](event)}
    died = [one.participant for one in view.doses if view.trial.course(one.participant).died is not None]
    if who := [code for code in died if code not in fatal]:
        yield f"Died, with no fatal event recorded: {named(who)} (listing 4). «Fatal» counts events."


def _pair(key: str, head: str) -> tuple[str, str]:
    return f"{key}_events={head}: events>", f"{key}_people=people>"


def _groups(view: View) -> list[tuple[str, str, Sequence[Treated]]]:
    levels = [
        (
            f"level_{one.number}",
            f"level {one.number}",
            [p for p in view.population if view.level(p.participant) == one.number],
        )
        for one in view.study.dose.levels
    ]
    return [*levels, ("all", "all", view.population)]


def _of(events: Events, who: Sequence[Treated]) -> Events:
    codes = {one.participant for one in who}
    return [event for event in events if event.participant in codes]


def _participants(view: View, some: Events, who: Sequence[Treated]) -> Made:
    if not who:
        return NOT_APPLICABLE
    people = {event.participant for event in some}
    return Cell(count(len(people), len(who)), len(people), view.of_events(some))


def _carried(view: View) -> list[str]:
    """How many events lasted into the infusion without a grade that says whether they became worse."""
    some = carried_over(view.events, view.population, view.cutoff.latest)
    if not some:
        return []
    began = "1 event began" if len(some) == 1 else f"{len(some)} events began"
    return [
        f"{began} before infusion and lasted beyond it; no change of grade is recorded since, so they are not counted here "
        "(Table 5-4, first column; listing 3)."
    ]


# -- class and term ---------------------------------------------------------------------------------------------------


def terms(view: View) -> Table:
    """T5-2: every class and term, with participants by their highest grade."""
    rows: list[TableRow] = []
    for name, some in _most_first((event.term.system_class, event) for event in view.emergent):
        rows.append(_term_row(view, slug(name), name, some, RowKind.HEAD))
        ordered = _most_first((event.term.name, event) for event in some)
        rows += [_term_row(view, f"{slug(name)}.{slug(term)}", term, of, RowKind.UNDER) for term, of in ordered]
    columns = heads(
        "term=class and term|44", "events>", "people=participants>", *(f"g{grade}=grade {grade}>" for grade in GRADES),
        "not_graded=not graded>", "severe=grade ≥ 3>",
    )  # fmt: skip
    notes = (
        "A participant counts once, at the highest grade. Terms of CTCAE v5.0"
        + ("; CRS and ICANS by ASTCT 2019." if view.study.gives_cells else "."),
        "Signs that are recorded as part of a syndrome are counted with it alone.",
    )
    return Table(
        "T5-2", "Adverse events by class, term and highest grade", columns, tuple(rows), EMERGENT, notes, "No event."
    )


def _most_first(pairs: Iterable[tuple[str, Occurrence]]) -> list[tuple[str, list[Occurrence]]]:
    """The events of each class or term, of the most people first."""
    return sorted(together(pairs).items(), key=lambda item: (-len({one.participant for one in item[1]}), item[0]))


def _term_row(view: View, key: str, label: str, some: Events, kind: RowKind) -> TableRow:
    found = tally(label, some, len(view.population))
    highest: dict[str, int | None] = {}
    for event in some:
        known = highest.get(event.participant)
        highest[event.participant] = max(known or 0, event.grade or 0) or None

    def at(test: Callable[[int | None], bool]) -> Cell:
        people = {code for code, grade in highest.items() if test(grade)}
        return Cell(str(len(people)), len(people), view.of_events([e for e in some if e.participant in people]))

    people = Cell(
        count(found.participants.events, found.participants.of), found.participants.events, view.of_events(some)
    )
    return row(
        key, label, Cell(str(found.events), found.events, view.of_events(some)), people,
        *(at(lambda grade, wanted=wanted: grade == wanted) for wanted in (*GRADES, None)),  # type: ignore[misc]
        at(lambda grade: grade is not None and grade >= 3), kind=kind,
    )  # fmt: skip


# -- special interest -------------------------------------------------------------------------------------------------


def interest(view: View) -> Table:
    """T5-3: each kind of special interest that occurred: people with exact limits, grade, onset, duration, treatment."""
    rows, none = [], []
    for kind, meaning in SPECIAL_INTEREST.items():
        some = [event for event in view.emergent if special_interest(event) == kind]
        if some:
            rows.append(_interest_row(view, kind, some))
        elif view.study.gives_cells or kind not in OF_CELLS:
            none.append(f"{kind} ({meaning})")
    columns = heads(
        "event · events> · people=participants (95 % limits)|18 · grade=highest grade> · onset=onset, day · "
        "duration=duration, days · open=not ended> · treatment=treated with|34"
    )
    notes = ["Onset from infusion (day 0) and duration: median (range), both ends counted. Limits: Clopper–Pearson."]
    if none:
        notes.append(f"None recorded of: {'; '.join(none)}.")
    return Table("T5-3", "Events of special interest", columns, tuple(rows), EMERGENT, tuple(notes), "None recorded.")


def _interest_row(view: View, kind: str, some: Events) -> TableRow:
    when = timing(some, view.population)
    people = {event.participant for event in some}
    grades = [event.grade for event in some if event.grade is not None]
    grounds = view.of_events(some)
    return row(
        slug(kind), interest_in_words(kind), Cell(str(len(some)), len(some), grounds),
        Cell(percent(clopper_pearson(len(people), len(view.population))), len(people), grounds, "Clopper–Pearson"),
        Cell(str(max(grades)), max(grades), grounds) if grades else "not graded",
        _spread(when.median_onset, when.onset), _spread(when.median_duration, when.duration),
        Cell(str(when.open), when.open), listed(sorted({drug for event in some for drug in event.actions}), "nothing recorded"),
    )  # fmt: skip


def _spread(half: float | None, ends: tuple[int, int] | None) -> str:
    return NOT_APPLICABLE if half is None or ends is None else f"{number(half)} ({number(ends[0])}–{number(ends[1])})"


# -- periods ----------------------------------------------------------------------------------------------------------


def periods(view: View) -> Table:
    """T5-4: the same in the study's own periods; what began under conditioning stands in the first, at its grade then."""
    groups = [(one.name, _in(view, one)) for one in reporting_periods(view.study)]
    kinds = {
        **{name: KINDS[name] for name in ("any event", "grade 3 or more", "serious", "seriousness not recorded")},
        **_of_interest((*syndromes_of(view), "infection")),
    }
    rows = []
    for name, test in kinds.items():
        cells: list[Made] = []
        for _, events in groups:
            some = only(events, test)
            cells += [Cell(str(len(some)), len(some), view.of_events(some)), _participants(view, some, view.population)]
        rows.append(row(slug(name), interest_in_words(name), *cells))
    columns = heads("kind|34", *(text for name, _ in groups for text in _pair(slug(name), name)))
    notes = (
        "An event counts in the period of its onset. One that began before infusion counts after it only where a recorded "
        "grade says that it became worse; its grade in the first column is the one it had by then.",
    )
    return Table("T5-4", "Adverse events by period", columns, tuple(rows), "everybody infused", notes)


def _of_interest(kinds: Sequence[str]) -> dict[str, Test]:
    return {kind: (lambda event, kind=kind: special_interest(event) == kind) for kind in kinds}  # type: ignore[misc]


def _in(view: View, period: ReportingPeriod) -> Events:
    if is_before_infusion(period):
        return before_infusion(view.events, view.population)
    return in_period(view.emergent, view.population, period)


# -- figure and infections --------------------------------------------------------------------------------------------


def timeline(view: View) -> Figure:
    """F5-1: CRS and ICANS of everybody infused; a partial day stands at the first day it may be."""
    some = [e for e in view.emergent if special_interest(e) in SYNDROMES and e.start and e.participant in view.drawn]
    if not some and view.doses:
        none = "Neither CRS nor ICANS is recorded after infusion"
        return Figure("F5-1", "CRS and ICANS after infusion", nothing(none), f"{none}.", "T5-3")
    bars = [
        EpisodeBar(
            event.participant, str(special_interest(event)), view.people[event.participant].day_of(event.start.earliest),
            None if event.end is None else view.people[event.participant].day_of(event.end.latest), event.grade,
        )
        for event in some
        if event.start is not None
    ]  # fmt: skip
    observed = max((one.day_of(one.observed_to or view.cutoff.latest) for one in view.population), default=0)
    levels = {given.participant: given.level for given in view.doses}
    svg = safety_timeline(
        bars, [one.participant for one in view.population if one.participant in view.drawn], observed, levels=levels
    )
    told = "; ".join(f"{event.participant} {event.span()}" for event in some) or "none"
    return Figure(
        "F5-1", view.of_drawn("CRS and ICANS after infusion"), svg, f"CRS and ICANS after infusion: {told}.", "T5-3"
    )


def infections(view: View) -> Table:
    """T5-8: episodes of infection per 100 patient-days in each phase; two of one term within 7 days are one episode."""
    last = view.cutoff.latest
    some = [event for event in view.emergent if event.term.system_class == INFECTIONS and event.start is not None]
    isolates = [
        Isolate(
            event.participant,
            event.term.name,
            view.people[event.participant].day_of(event.start.earliest),
            grade=event.grade,
        )
        for event in some
        if event.start is not None
    ]
    found = [one for one in infection_episodes(isolates) if one.onset >= 0]
    days = {phase.name: sum(_days_at_risk(one, phase, view) for one in view.population) for phase in PHASES}
    density = infection_density(found, days)
    rows = [
        _infection_row(view, phase, density[phase.name], found, some) for phase in PHASES[1:] if phase.name in density
    ]
    columns = heads("phase", "episodes>", "days=patient-days>", "rate=per 100 patient-days>", "severe=grade ≥ 3>")
    note = "Phases: acute day 0–28, intermediate 29–100, late from 101 (Yakoub-Agha 2020, doi:10.3324/haematol.2019.229781)."
    return Table("T5-8", f"Infections by phase, to {last}", columns, tuple(rows), EMERGENT, (note,))


def _infection_row(
    view: View, phase: Phase, density: tuple[int, int, object], found: Sequence[InfectionEpisode], events: Events
) -> TableRow:
    """One phase: its episodes and who was watched for how long, each number with what it counts."""
    episodes, at_risk, rate = density
    severe = sum(one.phase.name == phase.name and (one.grade or 0) >= 3 for one in found)
    here = [
        one for one in events if one.start and _is_in(phase, view.people[one.participant].day_of(one.start.earliest))
    ]
    watched = tuple(
        Ground(one.participant, "patient-days", "", str(days), "")
        for one in view.population
        if (days := _days_at_risk(one, phase, view))
    )
    return row(
        slug(phase.name), phase.name.replace("_", " "), Cell(str(episodes), episodes, view.of_events(here)),
        Cell(str(at_risk), at_risk, watched), None if rate is None else number(rate, 2),
        Cell(str(severe), severe, view.of_events([one for one in here if (one.grade or 0) >= 3])),
    )  # fmt: skip


def _is_in(phase: Phase, day: int) -> bool:
    return phase.first is not None and phase.first <= day and (phase.last is None or day <= phase.last)


def _days_at_risk(person: Treated, phase: Phase, view: View) -> int:
    """How many days of a phase a person was observed, the first and the last included."""
    if phase.first is None:
        return 0
    last = person.day_of(min(person.observed_to or view.cutoff.latest, view.cutoff.latest))
    return max(0, min(last, last if phase.last is None else phase.last) - phase.first + 1)
