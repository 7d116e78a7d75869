"""Section 3: what was given: cells against their target, lymphodepletion, and departures from the study's rules."""

from collections.abc import Iterator, Sequence
from datetime import date

from escalon.conduct.judge.given import Given, deviation
from escalon.conduct.judge.lymphodepletion import conditioning_given
from escalon.conduct.judge.watched import Watch, Watching, watched
from escalon.facts import Day, plain
from escalon.history.events import TreatmentGiven
from escalon.protocol.prose import watched_sentence
from escalon.reporting.build import Made, counted, heads, keyed, row, strong
from escalon.reporting.document import Cell, Ground, Section, Table, TableRow, Tone
from escalon.reporting.grounds import last_of, of_dose, of_fact, of_treatment, place
from escalon.reporting.printed import day, dose, dose_of, number
from escalon.reporting.view import View


def exposure(view: View) -> tuple[Section, ...]:
    """The section of exposure."""
    study = view.study
    conditioned = (lymphodepletion(view),) if study.conditions or any(_was_conditioned(view)) else ()
    during = (kept_during(view),) if study.watched else ()
    return (Section("3", "Exposure", (cells(view), *conditioned, departed(view), *during)),)


def _was_conditioned(view: View) -> Iterator[bool]:
    return (bool(view.trial.course(given.participant).conditionings) for given in view.doses)


def cells(view: View) -> Table:
    """T3-1: target and cells really given, one row for everybody infused."""
    plan = view.study.dose
    numbered = any(_product(view, given) for given in view.doses)
    rows = tuple(_cells_row(view, given, numbered) for given in view.doses)
    product = ("product",) if numbered else ()
    bags = ("bags>",) if view.study.gives_cells else ()
    columns = heads(
        "who", "disease", "level>", "infused", *product, "target>", "given>", "percent=% of target>", *bags,
        f"against=against ±{number(plan.tolerance * 100)} %|24",
    )  # fmt: skip
    unit = f"{plan.levels[0].amount.shown_unit}" if plan.levels else ""
    about = f"everybody infused · {plan.product} · {unit}"
    title, first = (
        ("Cells given", _DAY_0) if view.study.gives_cells else ("Dose given", "Day 0 is the day of the first dose.")
    )
    notes = (first, "Of no product is its number recorded.") if rows and not numbered else (first,)
    return Table("T3-1", title, columns, rows, about, notes, "Nobody has been infused.")


_DAY_0 = (
    "«Infused» is the day of the first bag. Visits and the DLT window count from the last bag of the dose, which is day 0: "
    "bags of consecutive days are one dose."
)


def _cells_row(view: View, given: Given, numbered: bool) -> TableRow:
    plan, course = view.study.dose, view.trial.course(given.participant)
    target = plan.level(given.level).amount
    off = deviation(plan, given)
    grounds = of_dose(given, course)
    known = given.amount
    return row(
        given.participant, strong(given.participant), view.diseases.get(given.participant), given.level, day(given.day),
        *((_product(view, given) or "not recorded",) if numbered else ()), Cell(dose(target.value), target.value),
        _given(given, grounds), part_of_target(view, given),
        *((Cell(str(len(given.numbers) or 1), len(given.numbers) or 1, grounds),) if view.study.gives_cells else ()),
        Cell(off, tone=Tone.OPEN) if off else "inside" if known is not None else "–",
        who=given.participant,
    )  # fmt: skip


def _given(given: Given, grounds: tuple[Ground, ...]) -> Made:
    if given.amount is None:
        return Cell("not recorded", None, grounds, tone=Tone.OPEN)
    return Cell(dose(given.amount), given.amount, grounds)


def part_of_target(view: View, given: Given) -> Made:
    """The cells given as a part of the level's target, in percent."""
    if given.amount is None:
        return "not recorded"
    target = view.study.dose.level(given.level).amount.value
    share = given.amount / target * 100
    return Cell(number(share, 0), share, of_dose(given, view.trial.course(given.participant)), "given / target")


def _product(view: View, given: Given) -> Made:
    course = view.trial.course(given.participant)
    batches = [one.event.product for one in course.infusions if one.event.product]
    name = view.study.roles.of("product")
    fact = last_of(view.facts(given.participant), name) if name else None
    if fact is not None:
        return Cell(plain(fact.value), None, (of_fact(fact, given.participant),))
    return ", ".join(dict.fromkeys(batches)) or None


def lymphodepletion(view: View) -> Table:
    """T3-2: conditioning as it was given, with the days from its first dose to the infusion."""
    rows = tuple(_conditioning_row(view, given) for given in view.doses)
    columns = heads("who", "disease", "level>", "first day", "last day", "days=days to infusion>", "given|40")
    plan = view.study.lymphodepletion
    about = "everybody infused" + (f" · {', '.join(plan.drugs)}" if plan else "")
    return Table("T3-2", "Lymphodepletion", columns, rows, about, (), "Nobody has been infused.")


def _conditioning_row(view: View, given: Given) -> TableRow:
    code, course = given.participant, view.trial.course(given.participant)
    person = view.people.get(code)
    begun = person.lymphodepletion if person else None
    acts = [one.event for one in course.conditionings]
    drugs = conditioning_given(view.study, course, begun, given.day.latest)
    doses = [f"{one.event.treatment} {dose_of(one.event)}{_on_days(one.event)}" for one in drugs]
    name = view.study.roles.of("conditioning")
    fact = last_of(view.facts(code), name) if name else None
    grounds = (of_fact(fact, code),) if fact is not None else ()
    last = _last_day([one.ended_on for one in acts], [one.event.end for one in drugs])
    beneath = tuple(of_treatment(code, one) for one in drugs)
    given_as = "; ".join([*(one.regimen for one in acts), *doses]) or "doses not recorded"
    return row(
        code, strong(code), view.diseases.get(code), given.level, Cell(str(begun or "not recorded"), None, grounds),
        Cell(last, None, beneath),
        None if begun is None else (given.day.earliest - begun).days, Cell(given_as, None, beneath),
        who=code,
    )  # fmt: skip


def _last_day(acts: Sequence[date], drugs: Sequence[Day | None]) -> str:
    """As far as it is known: a drug whose end nobody recorded may have been the last, unless an act says when all ended."""
    ends = [*map(Day.of, acts), *(end for end in drugs if end is not None)]
    if not ends or (not acts and None in drugs):
        return "not recorded"
    return str(max(ends, key=lambda end: end.latest))


def _on_days(one: TreatmentGiven) -> str:
    days = dict.fromkeys(str(day) for day in (one.start, one.end) if day is not None)
    return f" ({' to '.join(days)})" if days else ""


def departed(view: View) -> Table:
    """T3-3: what was done that the study's rules would have held on that day."""
    rows = keyed(
        row(
            f"{one.participant}.{one.rule}", strong(one.participant), str(one.day), one.rule,
            Cell(one.says, None, (Ground(one.participant, one.rule, str(one.day), one.says, place(one.source)),)),
            who=one.participant if one.participant in view.diseases else "",
        )
        for one in view.departures
    )  # fmt: skip
    columns = heads("who", "day", "rule", "done=what was done|60")
    note = "The record is replayed day by day: what the rules would have held is said, whoever did it and why."
    return Table(
        "T3-3", "Departures from the study's rules", columns, rows, "everybody infused", (note,), "None is recorded."
    )


def kept_during(view: View) -> Table:
    """T3-4: what must not happen during the study: of how many it is watched, what was recorded, and of whom it is not known."""
    every = [one for code in view.trial.participants for one in watched(view.study, view.trial, code, view.cutoff)]
    rows = tuple(
        _kept_row(
            one.id,
            one.title or watched_sentence(one, view.study),
            [watch for watch in every if watch.clause.id == one.id],
        )
        for one in view.study.watched
    )
    columns = heads("clause", "what=must not happen|40", "watched>", "departures>", "absent>", "unknown=not known>")
    note = "Known only as far as it was asked: a «no» speaks up to the day on which it was said. Departures: Table 3-3."
    return Table("T3-4", "What must not happen during the study", columns, rows, "everybody it applies to", (note,))


def _kept_row(id: str, what: str, some: Sequence[Watch]) -> TableRow:
    stands = (
        [Ground(w.participant, id, str(w.day or ""), w.why, "") for w in some if w.state is state] for state in Watching
    )
    every = [Ground(watch.participant, id, str(watch.day or ""), watch.state.value, "") for watch in some]
    return row(id, strong(id), what, counted(every), *(counted(grounds) for grounds in stands))
