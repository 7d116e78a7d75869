"""What happens to an invented person from conditioning on: dose, toxicity, counts, samples, and visits that find less disease."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from math import exp
from random import Random
from typing import Any

from escalon.conduct.judge.asked import named_in
from escalon.conduct.judge.lymphodepletion import regimens_of
from escalon.conduct.judge.scores import STANDING
from escalon.exchange.synthetic.screening import Drawn
from escalon.exchange.synthetic.values import (
    items_at,
    laboratory_limits,
    number_text,
    observed,
    plausible,
    recorded,
    usual,
)
from escalon.facts import Day, plain
from escalon.history.events import (
    AdverseEventRecorded,
    CellsInfused,
    Event,
    FactRecorded,
    SampleMeasured,
    TreatmentGiven,
)
from escalon.instruments import catalogue
from escalon.instruments.safety.ctcae.terms import UnknownTerm, find_event, terms
from escalon.protocol.dlt_window import dlt_window
from escalon.protocol.study import DltEvent, FactDefinition, Study, Visit

Counts = dict[tuple[int, str], FactRecorded]
"""Blood counts by day and name."""
COUNT_DAYS = (1, 4, 7, 10, 14, 21, 28, 60)
SAMPLE_DAYS = (-6, 1, 4, 7, 10, 14, 21, 28, 60, 90, 180, 270, 365)
LOOKED_AT = (-6, 14, 28, 60, 90, 180, 270, 365)
"""Days on which slow analytes are measured: B cells, immunoglobulins."""
AS_TERM = {
    "neutrophils": "Neutrophil count decreased", "platelets": "Platelet count decreased",
    "non_haematological": "Diarrhea", "any": "Diarrhea",
}  # fmt: skip
"""A term of CTCAE for what a definition calls by another name."""


@dataclass(frozen=True)
class Treatment:
    """One infusion of one invented person: level, day, and whether it had a dose-limiting toxicity."""

    person: Drawn
    level: int
    day: date
    dlt: bool
    neutropenia: int = 3
    """Its grade."""
    recovered: int = 10
    """The last day of it."""
    bled: bool = False
    """Whether platelets fell."""

    @classmethod
    def drawn(cls, person: Drawn, level: int, day: date, dlt: bool) -> "Treatment":
        """An infusion, and how the blood counts take it."""
        random = person.random
        return cls(person, level, day, dlt, random.choice((3, 4, 4)), random.randint(7, 15), random.random() < 0.2)

    @property
    def study(self) -> Study:
        """The study."""
        return self.person.study

    @property
    def random(self) -> Random:
        """The person's own draw."""
        return self.person.random

    def after(self, days: float) -> date:
        """A day counted from the infusion."""
        return self.day + timedelta(days=round(days))


def events_of(given: Treatment, last: date) -> list[Event]:
    """All that is recorded of a treated person after screening, up to the last day of the trial."""
    counts = _counts(given)
    found = [
        *_conditioning(given),
        _dose(given),
        *_visits(given, counts),
        *_toxicity(given),
        *_samples(given),
        *_review(given),
        *_drugs(given),
    ]
    visited = {visit.day for visit in given.study.visits}
    found += [count for (day, _), count in counts.items() if day not in visited]
    return [event for event in found if (day := _day(event)) is None or day <= last]


def _day(event: Event) -> date | None:
    from datetime import UTC

    happened = event.happened(UTC)
    return None if happened is None else happened.earliest


def steps_of(person: Drawn, infused: date) -> Iterator[FactRecorded]:
    """The days of collection, conditioning and infusion, where the study records them."""
    for role, offset in (("apheresis", -20), ("conditioning", _first_of_conditioning(person.study)), ("infusion", 0)):
        if name := getattr(person.study.roles, role):
            yield person.dated(name, infused + timedelta(days=offset))


def _first_of_conditioning(study: Study) -> int:
    """The study day on which conditioning begins, by the first regimen the study offers; −5 where it offers none."""
    return min((day for one in regimens_of(study)[:1] for drug in one.doses for day in drug.days), default=-5)


def _conditioning(given: Treatment) -> Iterator[TreatmentGiven]:
    """The drugs of the first regimen the study offers, at its full doses: a real dose follows renal function."""
    for drug in (each for one in regimens_of(given.study)[:1] for each in one.doses):
        yield TreatmentGiven(
            participant=given.person.who, treatment=drug.drug, start=Day.of(given.after(min(drug.days))),
            end=Day.of(given.after(max(drug.days))), dose=Decimal(plain(drug.mg_per_m2)), unit="mg/m2/day",
            route="intravenous", indication="lymphodepletion", source="synthetic",
        )  # fmt: skip


def _dose(given: Treatment) -> CellsInfused:
    """A dose within half the tolerance of its level; a flat dose by weight of the drug is given as it is."""
    plan = given.study.dose
    planned = plan.level(given.level).amount
    is_tablet = not planned.per and not planned.is_cells
    share = 1.0 if is_tablet else given.random.uniform(1 - 0.7 * float(plan.tolerance), 1 + 0.7 * float(plan.tolerance))
    value = float(planned.value) * share
    amount = Decimal(f"{value:.3g}" if planned.value < 1000 else str(round(value)))
    about: dict[str, Any] = {"participant": given.person.who, "level": given.level, "source": "synthetic"}
    about |= {"product": f"{given.person.who}-A"} if given.study.gives_cells else {}
    about["on"] = Day.of(given.day)
    if planned.unit == "{cells}/kg":
        return CellsInfused(cells_per_kg=amount, **about)
    return CellsInfused(amount=amount, unit=planned.shown_unit, **about)


# -- visits ----------------------------------------------------------------------------------------------------------------


def _visits(given: Treatment, counts: Counts) -> Iterator[Event]:
    """What each visit measures: as ill as at screening before the dose, less and less after it."""
    residual, slow = given.random.uniform(0.05, 0.4), given.random.uniform(18, 34)
    ever = given.person.ever(given.person.events())
    for visit in given.study.visits:
        day = given.after(visit.day)
        if day <= given.person.screening:
            continue
        left = 1.0 if visit.day < 0 else residual + (1 - residual) * exp(-visit.day / slow)
        found = _visit(given, visit, day, left)
        found |= {name: _at(one, visit) for (on, name), one in counts.items() if on == visit.day}
        found |= {name: observed(given.person.who, name, True, day, visit.id) for name in found if name in ever}
        ever |= given.person.ever(found.values())
        yield from found.values()


def _at(one: FactRecorded, visit: Visit) -> FactRecorded:
    return replace(one, fact=replace(one.fact, visit=visit.id))


def _visit(given: Treatment, visit: Visit, day: date, left: float) -> dict[str, FactRecorded]:
    """What one visit measures, by name, while this share of the disease is left."""
    person, study = given.person, given.study
    found: dict[str, FactRecorded] = {}
    for name in visit.measures:
        known = study.vocabulary.get(name)
        if name in study.instruments and _is_for(study, name, person.disease):
            severity = person.severity.setdefault(name, given.random.uniform(0.4, 1)) * left
            items = items_at(catalogue()[name], study.vocabulary, severity, person.traits)
            if name not in found:  # what another form of the visit has recorded is not written down a second time
                found |= recorded(person.who, items, day, visit.id)
        elif known is not None and _is_number(known) and not known.computed and name not in _analytes(study):
            low, high = plausible(known)
            share = person.traits.of(name) * (1.0 if usual(known) else left)
            text = number_text(low + (high - low) * share, known)
            limits = laboratory_limits(study, known)
            found.setdefault(name, observed(person.who, name, text, day, visit.id, unit=known.unit, **limits))
        elif (
            known is not None and known.kind in ("label", "truth") and not known.computed and name not in person.steady
        ):
            answer = given.random.choice(known.choices or (True, False)) if _is_an_outcome(study, name) else False
            if known.kind == "truth" or _is_an_outcome(study, name):
                found.setdefault(name, observed(person.who, name, answer, day, visit.id))
    computed = {
        name.rpartition(".")[0] for name in found
    }  # nor is a result beside its own items, or of another disease
    computed |= {name for name in study.instruments if not _is_for(study, name, person.disease)}
    found = {name: one for name, one in found.items() if name not in computed}
    return found | {name: _steady(given, name, day, visit) for name in found if name in person.steady}


def _is_an_outcome(study: Study, name: str) -> bool:
    return any(name in one.measure for one in study.endpoints)


def _is_number(known: FactDefinition) -> bool:
    return known.kind in ("number", "integer")


def _steady(given: Treatment, name: str, day: date, visit: Visit) -> FactRecorded:
    """What does not follow the disease: as at screening before the dose, about that after it."""
    before = next(one for one in given.person.kept[name] if isinstance(one, FactRecorded)).fact
    value, known = before.value, given.study.vocabulary[name]
    if visit.day >= 0 and value and _is_number(known) and name not in STANDING:
        value = number_text(float(value) * given.random.uniform(0.95, 1.05), known)
    limits = {"upper": before.upper, "lower": before.lower} if before.upper else laboratory_limits(given.study, known)
    return observed(given.person.who, name, value, day, visit.id, unit=before.unit, **limits)


def _is_for(study: Study, name: str, disease: str) -> bool:
    """Whether a score is asked of people with a disease: by an outcome or a clause for them, or by nobody in particular."""
    named = named_in(study, name)
    return not named or disease in named


# -- toxicity --------------------------------------------------------------------------------------------------------------


def _toxicity(given: Treatment) -> Iterator[Event]:
    if given.study.lymphodepletion is not None:
        yield _event(given, "Anemia", given.random.choice((1, 2, 2)), 1, given.random.randint(14, 40))
        yield _event(given, "Neutrophil count decreased", given.neutropenia, -2, given.recovered + 2)
        if given.bled:
            yield _event(given, "Platelet count decreased", 2, 3, 15)
    if given.dlt:
        yield _limiting(given, _clause(given.study))
    elif "CRS" in _terms(given.study) and given.random.random() < 0.35 + 0.15 * abs(given.level):
        yield _event(
            given, "CRS", given.random.choice((1, 1, 2)), given.random.randint(2, 8), given.random.randint(2, 6)
        )
    for chance, term, grade, first, days, related in (
        (0.3, "Nausea", 1, -4, 3, "no"), (0.3, "Upper respiratory infection", 2, given.random.randint(40, 120), 9, "yes"),
        (0.3, "Fatigue", 1, 3, 12, "yes"),
    ):  # fmt: skip
        if given.random.random() < chance:
            yield _event(given, term, grade, first, days, related=related)


def _event(given: Treatment, term: str, grade: int, first: int, days: int, **more: Any) -> AdverseEventRecorded:
    start, end = given.after(first), given.after(first + days)
    about: dict[str, Any] = {
        "related": "yes", "serious": False, "dlt": False, "outcome": "recovered", "expected": True, "source": "synthetic",
    } | more  # fmt: skip
    if about["serious"]:
        about["aware"] = Day.of(start + timedelta(days=1))
    return AdverseEventRecorded(
        participant=given.person.who, term=term, grade=grade, start=Day.of(start), end=Day.of(end), **about
    )


def _clause(study: Study) -> DltEvent | None:
    """The clause of the definition that a dose-limiting toxicity here meets: one below grade 4 where there is one."""
    return min(study.dlt.events if study.dlt else (), key=lambda one: (one.grade > 3, one.grade == 5), default=None)


def _limiting(given: Treatment, clause: DltEvent | None) -> AdverseEventRecorded:
    if clause is None:  # the study defines none: a person judged it
        return _event(given, "Diarrhea", 3, 4, 6, serious=True, dlt=True, expected=False)
    lasted = max(6, (clause.within_hours or 0) // 24 + 3, (clause.longer_than_days or 0) + 3)
    if clause.not_recovered_by_day is not None:
        lasted = clause.not_recovered_by_day
    return _event(
        given,
        clause.term[0] if clause.graded_by else _term(clause.term[0]),
        clause.grade,
        4,
        lasted,
        serious=True,
        dlt=True,
        expected=False,
        description=clause.text,
    )


def _term(name: str) -> str:
    if name in AS_TERM:
        return AS_TERM[name]
    in_class = (one.name for one in terms().values() if one.system_class == name and 3 in one.grades)
    try:
        find_event(name)
    except UnknownTerm:
        return next(in_class, "Diarrhea")
    return name


def _terms(study: Study) -> set[str]:
    return {term for one in (study.dlt.events if study.dlt else ()) for term in one.term}


def _counts(given: Treatment) -> Counts:
    """Blood counts that fall with conditioning and come back in time, where the study conditions and records them."""
    random = given.random
    found: Counts = {}
    if given.study.lymphodepletion is None:
        return found
    before = _platelets_before(given)
    for day in COUNT_DAYS:
        low = day <= given.recovered
        neutrophils = (
            (0.3 if given.neutropenia == 4 else 0.7) if low else min(4.2, 1.6 + 0.12 * (day - given.recovered))
        )
        platelets = 30 + day if before < 50 else min(before, 60) if given.bled and 3 <= day <= 18 else before
        haemoglobin = random.randint(92, 104) if day < 28 else random.randint(112, 128)
        values = {"neutrophils": f"{neutrophils:.2f}", "platelets": f"{platelets:.0f}", "haemoglobin": str(haemoglobin)}
        for name, value in values.items():
            if name in given.study.vocabulary:
                unit, upper, lower = _LABORATORY[name]
                found[day, name] = observed(
                    given.person.who, name, value, given.after(day), unit=unit, upper=upper, lower=lower
                )
    return found


_LABORATORY = {
    "neutrophils": ("10^9/L", "7.5", "2"), "platelets": ("10^9/L", "350", "125"), "haemoglobin": ("g/L", "160", "120"),
}  # fmt: skip


def _platelets_before(given: Treatment) -> float:
    said = given.person.kept.get("platelets", ())
    return next((float(one.fact.value) for one in said if getattr(one, "fact", None)), 220.0)  # type: ignore[attr-defined]


def _review(given: Treatment) -> Iterator[Event]:
    """The investigator's review of the window on the day after its last, by the study's own fact for it."""
    name, closed = given.study.roles.dlt_review, dlt_window(given.study, given.day).dosing_from
    if name is not None and given.study.vocabulary[name].kind == "truth":
        yield observed(given.person.who, name, not given.dlt, closed)
    elif name is not None and not given.dlt:
        yield given.person.dated(name, closed)


# -- drugs -----------------------------------------------------------------------------------------------------------------

TAPER = ((-90, 14, 1.0), (15, 45, 0.5), (46, None, 0.25))
"""The days of each step of a drug tapered after the dose, and its share of the first; one in four has the last step."""


def _drugs(given: Treatment) -> Iterator[TreatmentGiven]:
    """The drugs a study says a usual dose of, the first of each class, tapered after the dose and mostly stopped."""
    random = Random(f"{given.person.who} {given.day}")
    for known in given.study.vocabulary.values():
        if known.kind != "treatment" or not known.members or (ends := usual(known)) is None:
            continue
        first = 2.5 * round(random.uniform(*ends) / 2.5)
        for start, end, share in TAPER[: 3 if random.random() < 0.25 else 2]:
            yield TreatmentGiven(
                participant=given.person.who, treatment=known.members[0], start=Day.of(given.after(start)),
                end=None if end is None else Day.of(given.after(end)), ongoing=end is None, source="synthetic",
                dose=Decimal(f"{first * share:g}"), unit=known.unit or "", indication=given.person.disease,
            )  # fmt: skip


# -- samples ---------------------------------------------------------------------------------------------------------------


def _analytes(study: Study) -> set[str]:
    """What is followed over time in the samples table: what roles name, and every outcome compared as a course."""
    roles = {name for name in (study.roles.cells, study.roles.b_cells) if name}
    return roles | {name for one in study.endpoints if one.compare == "course" for name in one.measure}


def _samples(given: Treatment) -> Iterator[Event]:
    roles, random = given.study.roles, given.random
    shape = random.uniform(600, 2600), random.uniform(9, 13), random.uniform(3.5, 7), random.uniform(35, 90)
    returns, half_life = random.randint(70, 170), random.uniform(2, 6)
    step = 1 + [one.number for one in given.study.dose.levels].index(given.level)
    for name in sorted(_analytes(given.study)):
        unit = given.study.vocabulary[name].unit or "" if name in given.study.vocabulary else ""
        for day in _planned(given.study, name):
            if name == roles.cells and not given.study.gives_cells:
                level = 60 * step * (1 - exp(-day / half_life)) * random.uniform(0.8, 1.25) if day > 0 else 0.0
                yield _sample(given, name, day, f"{level:.3g}" if level >= 1 else "BLQ", unit, lloq="1")
            elif name == roles.cells:
                yield _sample(given, name, day, _copies(day, shape[0] * step**0.7, *shape[1:]), unit, lloq="5")
            elif name == roles.b_cells and (day in LOOKED_AT or not given.study.gives_cells):
                cells = 140 if day <= 0 else 0 if day < returns else min(180, 12 + (day - returns) * 0.8)
                yield _sample(given, name, day, str(round(cells)), unit, lloq="1")
            elif name not in (roles.cells, roles.b_cells) and (
                0 < day <= 28 or (day > 0 and not given.study.gives_cells)
            ):
                yield _sample(given, name, day, f"{40 * step * exp(-day / half_life):.3g}", unit)
    for name, start in (("igg", 12.5), ("iga", 2.1), ("igm", 1.1)):
        if name in given.study.vocabulary and roles.b_cells is not None:
            for day in LOOKED_AT:
                share = 1.0 if day < 0 else 0.35 + 0.65 * exp(-day / 45) + max(0, day - 180) / 1100
                yield _sample(given, name, day, f"{start * share:.1f}", "g/L")


def _planned(study: Study, name: str) -> tuple[int, ...]:
    """The days of the visits that measure an analyte; where the product is cells, or no visit does, the usual days."""
    visits = tuple(visit.day for visit in study.visits if name in visit.measures)
    return SAMPLE_DAYS if study.gives_cells or not visits else visits


def _sample(given: Treatment, analyte: str, day: int, value: str, unit: str, lloq: str = "") -> SampleMeasured:
    more: dict[str, Any] = {"lloq": lloq} if lloq else {}
    return SampleMeasured(
        participant=given.person.who, analyte=analyte, date=str(Day.of(given.after(day))), value=value, unit=unit,
        source="synthetic", **more,
    )  # fmt: skip


def _copies(day: int, peak: float, top: float, fade: float, fade_late: float) -> str:
    """Expansion to a peak, then a fast and a slow decline; ND before infusion, BLQ below 5 copies/µL."""
    past = day - top
    falling = 0.94 * exp(-past / fade) + 0.06 * exp(-past / fade_late)
    level = 0.0 if day < 0 else peak * (exp(past / 1.9) if past < 0 else falling)
    return "ND" if level < 1 else "BLQ" if level < 5 else f"{level:.1f}"
