"""Distortions after B-cell-directed cell therapy: what makes a measure look better or worse than the disease is.

They are flagged and never corrected. The rule works on study days (the infusion is day 0), so it can be read over columns;
`distortions` finds those days among recorded events. How long each window lasts is our assumption and is given with its
reason; a trial may choose other lengths.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from escalon.expressions.symbols import all_of, any_of, case, count, known, otherwise
from escalon.facts import Day, Finding
from escalon.instruments.kit.assessment import assess_with
from escalon.instruments.kit.instrument import Instrument, Items, Outcome, instrument
from escalon.instruments.kit.item import Item, integer, number, truth


@dataclass(frozen=True, slots=True)
class Distortion:
    """What distorts, which recorded facts it touches, and how many days after its end it is still assumed to."""

    says: str
    touches: frozenset[str]
    days: int = 0
    because: str = ""


_acute_phase = {"crp", "esr"}
_joints = {"tender_joints_28", "swollen_joints_28"}
_lines = {"patient_global", "physician_global", "physician_global_lupus", "pain"}
_cells = {"wbc", "neutrophils", "lymphocytes", "platelets", "haemoglobin"}
DISTORTIONS: Mapping[str, Distortion] = {
    "IGG_DEPLETION": Distortion(
        "IgG fell after anti-BCMA/anti-CD19 cells: it earns the biological point of STAR and, below 5 g/L, adds to ESSDAI",
        frozenset({"igg"}),
    ),
    "IVIG_WINDOW": Distortion(
        "immunoglobulin was given: IgG cannot be interpreted, and ESR may rise",
        frozenset({"igg", "esr"}),
        90,
        "about three half-lives of IgG, of three to four weeks each",
    ),
    "DRUG_CYTOPENIA": Distortion(
        "between lymphodepletion and recovery a low count is due to treatment unless it is judged otherwise",
        frozenset(_cells),
    ),
    "CRS_WINDOW": Distortion(
        "cytokine release syndrome or infection raises CRP and ESR without arthritis",
        frozenset(_acute_phase),
        14,
        "CRP falls with a half-life of 19 hours, Pepys 2003, doi:10.1172/JCI18921; ESR follows more slowly",
    ),
    "IL6_BLOCKADE": Distortion(
        "interleukin-6 blockade suppresses CRP and ESR, so DAS28, SDAI and the acute-phase term of ACR look too good",
        frozenset(_acute_phase),
        65,
        "five half-lives of tocilizumab, of up to 13 days at steady state (prescribing information)",
    ),
    "RESCUE_STEROID": Distortion(
        "steroid for CRS or ICANS improves joint counts and scales for a while",
        frozenset(_joints | _lines),
        28,
        "four weeks, as trials ask for stable steroid before an assessment",
    ),
}


def _on(about: str) -> Item:
    return integer(f"study day {about}", -400, 7300, needed=False)


ITEMS: dict[str, Item] = {
    "day": integer("study day of the assessment; the infusion is day 0", -400, 7300, also=("assessment_day",)),
    "igg_baseline": number(
        "immunoglobulin G at baseline", 0, None, "g/L", accepts=("mg/dL",), needed=False, baseline_of="igg"
    ),
    "igg": number("immunoglobulin G at the assessment", 0, None, "g/L", accepts=("mg/dL",), fact="igg", needed=False),
    "ivig_day": _on("of the last immunoglobulin infusion up to the assessment"),
    "lymphodepletion_day": _on("of the first dose of lymphodepletion"),
    "recovery_day": _on("of haematological recovery"),
    "crs_start_day": _on("on which the last cytokine release syndrome began"),
    "crs_end_day": _on("on which it had resolved"),
    "infection_start_day": _on("on which the last infection began"),
    "infection_end_day": _on("on which it had resolved"),
    "il6_blockade_day": _on("of the last dose of interleukin-6 blockade up to the assessment"),
    "steroid_start_day": _on("of the first dose of the last course of steroid for CRS or ICANS"),
    "steroid_end_day": _on("of its last dose"),
    "cells_given": truth(
        "anti-BCMA/anti-CD19 cells were given before the assessment; not said: from day 1 on", needed=False
    ),
}


@instrument(
    "Distortions after cell therapy",
    source="project rule (spec, section 0.6); windows as stated with each flag",
    items=ITEMS,
    code="DISTORT",
    notes="Window lengths are assumptions: "
    + "; ".join(f"{code} {one.days} days ({one.because})" for code, one in DISTORTIONS.items() if one.days),
)
def distortion_flags(it: Items) -> Outcome:
    """How many distortions bear on an assessment, each flagged; an event that is not recorded raises none."""
    days = {code: one.days for code, one in DISTORTIONS.items()}
    found = {
        "IGG_DEPLETION": all_of(otherwise(it.cells_given, it.day > 0), it.igg < it.igg_baseline),
        "IVIG_WINDOW": _since(it.day, it.ivig_day, it.ivig_day, days["IVIG_WINDOW"]),
        "DRUG_CYTOPENIA": _since(it.day, it.lymphodepletion_day, it.recovery_day, 0),
        "CRS_WINDOW": any_of(
            otherwise(_since(it.day, it[f"{event}_start_day"], it[f"{event}_end_day"], days["CRS_WINDOW"]), False)
            for event in ("crs", "infection")
        ),
        "IL6_BLOCKADE": _since(it.day, it.il6_blockade_day, it.il6_blockade_day, days["IL6_BLOCKADE"]),
        "RESCUE_STEROID": _since(it.day, it.steroid_start_day, it.steroid_end_day, days["RESCUE_STEROID"]),
    }
    raised = {code: otherwise(condition, False) for code, condition in found.items()}
    return Outcome(
        count(raised.values()),
        required=known(it.day),
        flags={code: (raised[code], one.says) for code, one in DISTORTIONS.items()},
        contradictions={
            f"{event}_end_day is before {event}_start_day": it[f"{event}_end_day"] < it[f"{event}_start_day"]
            for event in ("crs", "infection", "steroid")
        },
    )


def _since(day: Any, start: Any, end: Any, days: int) -> Any:
    """From the start until so many days after the end; without an end it still lasts."""
    return all_of(day >= start, case(known(end), day <= end + days, True))


def touched(instrument: Instrument) -> Mapping[str, frozenset[str]]:
    """Which of an instrument's facts each distortion touches, for the flags that can concern it at all."""
    facts = {item.fact or name for name, item in instrument.items.items()}
    return {code: one.touches & facts for code, one in DISTORTIONS.items() if one.touches & facts}


@dataclass(frozen=True, slots=True)
class Course:
    """Something that lasted: from a day to a day, which is `None` while it has not ended."""

    start: Day
    end: Day | None = None


@dataclass(frozen=True, slots=True)
class Events:
    """What happened to a participant that can distort a measure, by calendar day."""

    infusion: Day
    lymphodepletion: Day | None = None
    recovery: Day | None = None
    ivig: Collection[Day] = ()
    il6_blockade: Collection[Day] = ()
    crs: Collection[Course] = ()
    infections: Collection[Course] = ()
    rescue_steroid: Collection[Course] = ()


def distortions(day: Day, events: Events, **igg: Any) -> Finding:
    """The distortions that bear on an assessment on a day, from all events; `igg` and `igg_baseline` may be given.

    Of several courses the one that reaches furthest is looked at. A partial date counts by its latest possible day where
    that raises a flag, since a flag too many costs a look and one too few a wrong conclusion.
    """
    days: dict[str, Any] = {"day": _study_day(day, events, latest=False)}
    for name, when in (("lymphodepletion_day", events.lymphodepletion), ("recovery_day", events.recovery)):
        if when is not None:
            days[name] = _study_day(when, events, latest=name == "recovery_day")
    for name, given in (("ivig_day", events.ivig), ("il6_blockade_day", events.il6_blockade)):
        past = [when for when in given if _study_day(when, events, latest=False) <= days["day"]]
        if past:
            days[name] = max(min(_study_day(when, events), days["day"]) for when in past)
    for name, courses in (("crs", events.crs), ("infection", events.infections), ("steroid", events.rescue_steroid)):
        days |= _last_course(name, courses, days["day"], events)
    return assess_with(distortion_flags, days | igg, day)


def _last_course(name: str, courses: Collection[Course], day: int, events: Events) -> dict[str, int]:
    begun = [course for course in courses if _study_day(course.start, events, latest=False) <= day]
    if not begun:
        return {}
    last = max(begun, key=lambda course: _open_end(course, events))
    start = {f"{name}_start_day": _study_day(last.start, events, latest=False)}
    return start if last.end is None else start | {f"{name}_end_day": _study_day(last.end, events)}


def _open_end(course: Course, events: Events) -> float:
    return float("inf") if course.end is None else _study_day(course.end, events)


def _study_day(day: Day, events: Events, latest: bool = True) -> int:
    when = day.latest if latest else day.earliest
    return (when - events.infusion.earliest).days
