"""Seriousness, expectedness and the reporting clock of an adverse event.

Seriousness is not severity: a grade 4 neutropenia without admission is severe and not automatically serious; an admission
that was planned is not by itself a serious event.

Source: ICH E2A (1994): criteria, and the clocks of 7 and 15 calendar days from the sponsor's awareness (day 0). Local law and
the ethics committee may be stricter.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from escalon.facts import Day, Finding, Status, Truth
from escalon.safety.occurrence import Occurrence
from escalon.safety.words import Criterion

MEANING = {
    Criterion.DEATH: "death",
    Criterion.LIFE_THREATENING: "at risk of death at the time of the event",
    Criterion.HOSPITALISATION: "inpatient admission or its prolongation",
    Criterion.DISABILITY: "persistent or significant disability or incapacity",
    Criterion.CONGENITAL_ANOMALY: "congenital anomaly or birth defect",
    Criterion.IMPORTANT: "another medically important event",
}


FATAL, FATAL_COMPLETE, OTHER = 7, 15, 15
"""Calendar days from awareness: the first report of what is fatal or life-threatening, the complete one, any other."""


@dataclass(frozen=True, slots=True)
class Due:
    """One report that is due: what, to whom, by which day, and whether a given day is past it."""

    what: str
    by: date
    event: str


def is_related(event: Occurrence) -> bool:
    """Whether the event counts as related to the cells: not assessed counts as related."""
    return event.related is not False


def susar(event: Occurrence) -> Finding:
    """Whether an event is a suspected unexpected serious adverse reaction: serious, related and unexpected.

    Missing causality counts as related; an unknown expectedness counts as unexpected, since silence must not stop a clock.
    """
    grave, linked, expected = event.serious, is_related(event), event.expected
    flags = ["causality_not_assessed"] if event.related is None else []
    if expected is None:
        flags.append("expectedness_not_assessed")
    value: Truth = False if grave is False or not linked or expected is True else True if grave else None
    days = FATAL if urgent(event) else OTHER
    reasons = (
        f"serious: {_word(grave)}",
        f"related: {'not assessed, which counts as yes' if event.related is None and linked else _word(linked)}",
        f"unexpected: {'not assessed, which counts as yes' if expected is None else _word(not expected)}",
    )
    return Finding(
        "susar",
        value,
        Status.OK if value is not None else Status.INDETERMINATE,
        category=f"{days} days" if value else None,
        components={"serious": grave, "related": linked, "expected": expected, "clock_days": days if value else None},
        missing=() if grave is not None else ("serious",),
        flags=tuple(flags),
        reasons=reasons,
        rule="susar/ICH-E2A",
    )


def urgent(event: Occurrence) -> bool:
    """Whether the short clock applies: fatal, whichever column says so, or life-threatening."""
    return bool(event.criteria & {Criterion.DEATH, Criterion.LIFE_THREATENING})


def awareness(event: Occurrence) -> Day | None:
    """The day the clock runs from: when the sponsor first knew what makes it urgent, or serious, or else of it at all."""
    lines = [Occurrence(event.participant, (line,)) for line in event.lines if line.aware]
    for needed in (urgent, lambda one: one.serious is True, lambda _: True):
        known = [one.aware for one in lines if one.aware and needed(one)]
        if known:
            return min(known, key=lambda day: (day.earliest, day.latest))
    return None


def due(event: Occurrence, aware: date) -> tuple[Due, ...]:
    """What is due when, counting the sponsor's awareness as day 0; nothing for an event that is no SUSAR.

    An event whose seriousness is not known yet is due as if it were serious.
    """
    if susar(event).value is False:
        return ()
    name = event.id or str(event)
    if urgent(event):
        return (
            Due("SUSAR, first report", aware + timedelta(FATAL), name),
            Due("SUSAR, complete report", aware + timedelta(FATAL_COMPLETE), name),
        )
    return (Due("SUSAR report", aware + timedelta(OTHER), name),)


def _word(truth: Truth) -> str:
    return "not known" if truth is None else "yes" if truth else "no"


SPECIAL_INTEREST = {
    "CRS": "cytokine release syndrome, any grade",
    "ICANS": "neurotoxicity of effector cells, any grade",
    "ICAHT": "haematotoxicity of effector cells, grade 3 or more",
    "IEC-HS": "hyperinflammation like haemophagocytic lymphohistiocytosis, any grade",
    "infection": "infection, grade 3 or more",
    "hypogammaglobulinaemia": "low immunoglobulins",
    "secondary T-cell malignancy": "any",
    "disease flare": "flare of the autoimmune disease",
    "pregnancy": "any",
}
"""Events of special interest after CAR-T cells, with the grade from which they count."""
OF_CELLS = ("CRS", "ICANS", "ICAHT", "IEC-HS", "hypogammaglobulinaemia", "secondary T-cell malignancy")
"""Those that only cells are known for: of another product their absence says nothing."""
_BY_TERM = {"Cytokine release syndrome": "CRS", "ICANS": "ICANS", "ICAHT": "ICAHT", "IEC-HS": "IEC-HS"}
_FROM_GRADE = {"ICAHT": 3, "infection": 3}


def interest_in_words(kind: str) -> str:
    """A kind of special interest, with the grade from which it counts: `CRS`; `infection, grade 3 or more`."""
    return f"{kind}, grade {_FROM_GRADE[kind]} or more" if kind in _FROM_GRADE else kind


def special_interest(event: Occurrence) -> str | None:
    """Which special interest an event is of, if any: as recorded, or an infection of grade 3 or more, or CRS by its term."""
    kind = event.interest
    if not kind:
        kind = _BY_TERM.get(event.term.name, "")
    if not kind and event.term.system_class == "Infections and infestations":
        kind = "infection"
    needed = _FROM_GRADE.get(kind, 1)
    return kind if kind and (event.grade is None or event.grade >= needed) else None
