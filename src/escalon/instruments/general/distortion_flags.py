"""Distortions after B-cell-directed cell therapy: what makes a measure look better or worse than the disease is.

They are flagged and never corrected. The rule works on study days (the infusion is day 0), so it can be read over columns.
How long each window lasts is our assumption and is given with its reason; a trial may choose other lengths.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from escalon.expressions.symbols import all_of, any_of, case, count, known, otherwise
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import Item, integer, number, truth


@dataclass(frozen=True, slots=True)
class Distortion:
    """What distorts, and how many days after its end it is still assumed to."""

    says: str
    days: int = 0
    because: str = ""


DISTORTIONS: Mapping[str, Distortion] = {
    "IGG_DEPLETION": Distortion(
        "IgG fell after anti-BCMA/anti-CD19 cells: it earns the biological point of STAR and, below 5 g/L, adds to ESSDAI",
    ),
    "IVIG_WINDOW": Distortion(
        "immunoglobulin was given: IgG cannot be interpreted, and ESR may rise",
        90,
        "about three half-lives of IgG, of three to four weeks each",
    ),
    "DRUG_CYTOPENIA": Distortion(
        "between lymphodepletion and recovery a low count is due to treatment unless it is judged otherwise",
    ),
    "CRS_WINDOW": Distortion(
        "cytokine release syndrome or infection raises CRP and ESR without arthritis",
        14,
        "CRP falls with a half-life of 19 hours, Pepys 2003, doi:10.1172/JCI18921; ESR follows more slowly",
    ),
    "IL6_BLOCKADE": Distortion(
        "interleukin-6 blockade suppresses CRP and ESR, so DAS28, SDAI and the acute-phase term of ACR look too good",
        65,
        "five half-lives of tocilizumab, of up to 13 days at steady state (prescribing information)",
    ),
    "RESCUE_STEROID": Distortion(
        "steroid for CRS or ICANS improves joint counts and scales for a while",
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
