"""The 97 items of the BILAG-2004 form (revision of 1 September 2009), by number, with their part in the grading.

Items 1–77 are rated over the last 4 weeks against the 4 weeks before: 0 absent, 1 improving, 2 same, 3 worse, 4 new. Only
what is due to active lupus is recorded: not damage, infection, drugs, or thrombosis without inflammation.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escalon.instruments.kit.item import Item, integer, number, truth

SYSTEMS = (
    "constitutional",
    "mucocutaneous",
    "neuropsychiatric",
    "musculoskeletal",
    "cardiorespiratory",
    "gastrointestinal",
    "ophthalmic",
    "renal",
    "haematological",
)


@dataclass(frozen=True, slots=True)
class Rated:
    """An item rated 0–4; `role` is the grade it leads to when it is same, worse or new."""

    number: int
    role: str
    name: str
    about: str
    also: tuple[str, ...] = ()


def _rated() -> dict[str, tuple[Rated, ...]]:
    """The items of `rated.txt`, by system."""
    found: dict[str, tuple[Rated, ...]] = {}
    for line in Path(__file__).with_name("rated.txt").read_text(encoding="utf-8").splitlines()[2:]:
        if line.startswith("["):
            system = line.strip("[]")
            continue
        number_, role, name, said = line.split(maxsplit=3)
        about, _, also = said.partition(" | ")
        one = Rated(int(number_), role.strip("·"), name, about, tuple(also.split()))
        found[system] = (*found.get(system, ()), one)
    return found


RATED = _rated()
CONSTITUTIONAL = RATED.pop("constitutional")

PROTEIN = ("protein_24h", "upcr", "acr")
"""The quantitative methods for urine protein; the dipstick counts only when none of them was measured."""
FUNCTION = ("creatinine", "gfr")
COMPARED = ("systolic_bp", "diastolic_bp", "dipstick_protein", *PROTEIN, *FUNCTION)
"""What the renal rule compares with the preceding visit; `previous_…` is the value by the same method then."""


def _on_form(number_: int, *also: str) -> tuple[str, ...]:
    """The spellings of an item by its number on the form."""
    return (*also, f"item_{number_}", f"i{number_}", str(number_))


def _others(name: str, *group: str) -> tuple[str, ...]:
    return tuple(other for other in group if other != name)


def _ratio(number_: int, name: str, about: str, *also: str) -> Item:
    return number(
        about, 0, None, "mg/mmol", accepts=("g/g", "mg/g"), substance="protein/creatinine",
        also=_on_form(number_, *also), fact=name, doubtful=(None, 3000),
        missing_when=_others(name, *PROTEIN, "dipstick_protein"),
    )  # fmt: skip


def _cells(number_: int, name: str, about: str, usual: int, *also: str) -> Item:
    return number(
        about, 0, None, "10^9/L", accepts=("/uL",), also=_on_form(number_, *also), fact=name, doubtful=(None, usual)
    )


_RENAL: dict[str, Item] = {
    "systolic_bp": number(
        "systolic blood pressure", 0, 300, "mmHg", also=_on_form(78), fact="systolic_bp", doubtful=(60, 260)
    ),
    "diastolic_bp": number(
        "diastolic blood pressure", 0, 250, "mmHg", also=_on_form(79), fact="diastolic_bp", doubtful=(30, 160)
    ),
    "accelerated_hypertension": truth(
        "accelerated hypertension: risen above 170/110 mmHg within a month, with retinopathy of grade III–IV",
        also=_on_form(80),
    ),
    "dipstick_protein": integer(
        "urine dipstick protein, number of +", 0, 3, also=_on_form(81, "dipstick"), fact="urine_dipstick_protein",
        missing_when=PROTEIN,
    ),
    "acr": _ratio(82, "acr", "urine albumin/creatinine ratio", "urine_albumin_creatinine"),
    "upcr": _ratio(83, "upcr", "urine protein/creatinine ratio", "urine_protein_creatinine", "pcr"),
    "protein_24h": number(
        "urine protein in 24 hours", 0, None, "g/24h", accepts=("mg/24h",), also=_on_form(84, "urine_protein", "g24"),
        fact="urine_protein_24h", doubtful=(None, 40), missing_when=_others("protein_24h", *PROTEIN, "dipstick_protein"),
    ),
    "nephrotic_syndrome": truth(
        "nephrotic syndrome: 3.5 g protein a day or more (ratio 350 mg/mmol), with low albumin and oedema",
        also=_on_form(85),
    ),
    "creatinine": number(
        "serum creatinine", 0, None, "umol/L", accepts=("mg/dL",), substance="creatinine", also=_on_form(86),
        fact="creatinine", doubtful=(20, 1500), missing_when=("gfr",),
    ),
    "gfr": number(
        "glomerular filtration rate", 0, None, "mL/min/1.73m2", also=_on_form(87, "egfr"), fact="gfr",
        doubtful=(None, 200), missing_when=("creatinine",),
    ),
    "active_sediment": truth(
        "active urinary sediment: > 5 white or red cells per high-power field, or red-cell casts, no other cause",
        also=_on_form(88, "active_urinary_sediment"),
    ),
    "active_nephritis_histology": truth(
        "active nephritis on histology in the last 3 months (ISN/RPS III or IV, A or A/C, or V)",
        also=_on_form(89, "active_nephritis"),
    ),
}  # fmt: skip
_HAEMATOLOGICAL: dict[str, Item] = {
    "haemoglobin": number(
        "haemoglobin",
        0,
        25,
        "g/dL",
        accepts=("g/L",),
        substance="haemoglobin",
        also=_on_form(90, "hb"),
        fact="haemoglobin",
        doubtful=(3, 20),
    ),
    "white_cells": _cells(91, "wbc", "white cell count", 100, "wbc"),
    "neutrophils": _cells(92, "neutrophils", "neutrophil count", 80, "anc"),
    "lymphocytes": _cells(93, "lymphocytes", "lymphocyte count", 50),
    "platelets": _cells(94, "platelets", "platelet count", 1500),
    "ttp": integer("thrombotic thrombocytopenic purpura, rated 0–4", 0, 4, also=_on_form(95)),
    "active_haemolysis": truth("evidence of active haemolysis", also=_on_form(96, "haemolysis")),
    "coombs_isolated": truth("Coombs' test positive, isolated", also=_on_form(97, "coombs", "coombs_positive")),
}
VALUES: Mapping[str, tuple[str, ...]] = {"renal": tuple(_RENAL), "haematological": tuple(_HAEMATOLOGICAL)}
CELL_LINES = ("haemoglobin", "white_cells", "neutrophils", "lymphocytes", "platelets")


def _items() -> Iterator[tuple[str, Item]]:
    for rated in (*CONSTITUTIONAL, *(one for system in RATED.values() for one in system)):
        about = f"{rated.number}. {rated.about}: 0 absent, 1 improving, 2 same, 3 worse, 4 new"
        yield rated.name, integer(about, 0, 4, also=_on_form(rated.number, *rated.also))
    yield from (_RENAL | _HAEMATOLOGICAL).items()
    for system in SYSTEMS:
        yield (
            f"previous_{system}",
            truth(
                f"{system} system ever graded A, B or C before, or so in the baseline history", ever=(system, *"ABC")
            ),
        )
    for name in COMPARED:
        yield f"previous_{name}", _previous(name)
    for name in (*CELL_LINES, "proteinuria"):
        about = (
            f"whether an abnormal {name.replace('_', ' ')} is due to lupus; not stated means it is, outside the window"
        )
        yield f"{name}_due_to_sle", truth(about)
    yield (
        "lymphodepletion_window",
        truth("between the first day of lymphodepletion and haematological recovery", needed=False),
    )


def _previous(name: str) -> Item:
    item = _RENAL[name]
    more: dict[str, Any] = {"also": f"prev_{name}", "needed": False}
    about = f"{item.about} at the preceding visit, by the same method"
    if name == "dipstick_protein":
        return integer(about, 0, 3, **more)
    return number(about, item.low, item.high, item.unit, accepts=item.accepts, substance=item.substance, **more)


ITEMS = dict(_items())
