"""SLEDAI-2K: global activity of systemic lupus erythematosus from 24 weighted descriptors, 0–105.

The 2K form counts rash, alopecia, mucosal ulcers and proteinuria when they persist, not only when new. It is not the
SELENA variant, which defines several descriptors otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from escalon.expressions.symbols import all_of, any_of, case, known, negated, otherwise, points, total
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import Item, integer, number, truth


@dataclass(frozen=True, slots=True)
class Descriptor:
    """One descriptor: its weight and when it is scored."""

    weight: int
    about: str


DESCRIPTORS = {
    "seizure": Descriptor(8, "seizure of recent onset; not metabolic, infectious or from drugs"),
    "psychosis": Descriptor(8, "severe disturbance of the perception of reality; not from uraemia or drugs"),
    "obs": Descriptor(8, "organic brain syndrome: impaired orientation, memory or intellect, fluctuating"),
    "visual": Descriptor(8, "retinal changes of lupus or optic neuritis; not hypertension, infection, drugs"),
    "cranial": Descriptor(8, "new sensory or motor neuropathy of a cranial nerve"),
    "headache": Descriptor(8, "severe persistent lupus headache, not responding to narcotic analgesia"),
    "cva": Descriptor(8, "new cerebrovascular accident; not arteriosclerosis"),
    "vasculitis": Descriptor(8, "ulceration, gangrene, tender finger nodules, periungual infarct, splinters, or proof"),
    "arthritis": Descriptor(4, "two or more joints with pain and signs of inflammation"),
    "myositis": Descriptor(4, "proximal ache or weakness with raised CK or aldolase, EMG or biopsy"),
    "casts": Descriptor(4, "haem-granular or red-cell casts"),
    "haematuria": Descriptor(4, "more than 5 red cells per high-power field; not stone, infection, other"),
    "proteinuria": Descriptor(4, "more than 0.5 g in 24 hours"),
    "pyuria": Descriptor(4, "more than 5 white cells per high-power field; not infection"),
    "rash": Descriptor(2, "inflammatory-type rash"),
    "alopecia": Descriptor(2, "abnormal patchy or diffuse hair loss"),
    "ulcers": Descriptor(2, "oral or nasal ulcers"),
    "pleurisy": Descriptor(2, "pleuritic pain with rub or effusion, or pleural thickening"),
    "pericarditis": Descriptor(2, "pericardial pain with rub, effusion, ECG or echo confirmation"),
    "low_c": Descriptor(2, "CH50, C3 or C4 below the laboratory's lower limit"),
    "dna": Descriptor(2, "anti-dsDNA above the laboratory's upper limit"),
    "fever": Descriptor(1, "above 38.0 °C; not infection"),
    "plt": Descriptor(1, "platelets below 100 × 10⁹/L; not drugs"),
    "wbc": Descriptor(1, "white cells below 3.0 × 10⁹/L; not drugs"),
}
SEROLOGY = ("low_c", "dna")

# A measured value may stand in for its descriptor; all limits are strict (spec SLE-1.4).
MEASURED: dict[str, Item] = {
    "platelets": number("platelet count", 0, unit="10^9/L", accepts=("/uL",), fact="platelets"),
    "white_cells": number("white cell count", 0, unit="10^9/L", accepts=("/uL",), fact="wbc", also="wbc_count"),
    "temperature": number("body temperature", 30, 45, "°C", accepts=("°F",), fact="temperature", also="temp_c"),
    "urine_protein": number("urine protein", 0, unit="g/24h", also=("g24", "protein_24h"), fact="urine_protein_24h"),
    "upcr": number(
        "urine protein/creatinine ratio", 0, unit="g/g",
        accepts=("mg/mmol",), substance="protein/creatinine", fact="upcr",
    ),
    "rbc_hpf": number("red cells per high-power field", 0, fact="urine_rbc_hpf"),
    "wbc_hpf": number("white cells per high-power field", 0, fact="urine_wbc_hpf"),
    "inflamed_joints": integer("joints with pain and signs of inflammation", 0, 68, also="joints"),
    "c3": number("complement C3", 0, unit="g/L", accepts=("mg/dL",), fact="c3"),
    "c3_lower_limit": number("laboratory's lower limit of C3", 0, unit="g/L", accepts=("mg/dL",)),
    "c4": number("complement C4", 0, unit="g/L", accepts=("mg/dL",), fact="c4"),
    "c4_lower_limit": number("laboratory's lower limit of C4", 0, unit="g/L", accepts=("mg/dL",)),
    "ch50": number("total haemolytic complement CH50, in the laboratory's unit", 0, fact="ch50"),
    "ch50_lower_limit": number("laboratory's lower limit of CH50", 0),
    "anti_dsdna": number("anti-dsDNA antibodies, in the laboratory's unit", 0, fact="anti_dsdna"),
    "anti_dsdna_upper_limit": number("laboratory's upper limit of anti-dsDNA", 0),
}  # fmt: skip
STANDS_FOR = {
    "plt": ("platelets",),
    "wbc": ("white_cells",),
    "fever": ("temperature",),
    "haematuria": ("rbc_hpf",),
    "pyuria": ("wbc_hpf",),
    "proteinuria": ("urine_protein", "upcr"),
    "arthritis": ("inflamed_joints",),
    "low_c": ("c3", "c4", "ch50"),
    "dna": ("anti_dsdna",),
}
# Between lymphodepletion and haematological recovery these are usually due to treatment, so the assessor must say.
USUALLY_TREATMENT = ("plt", "wbc", "fever", "proteinuria")
WINDOW = truth("between the first day of lymphodepletion and haematological recovery", needed=False)
ITEMS = (
    {
        name: truth(f"{descriptor.about} ({descriptor.weight})", missing_when=STANDS_FOR.get(name, ()))
        for name, descriptor in DESCRIPTORS.items()
    }
    | {name: replace(item, needed=False) for name, item in MEASURED.items()}
    | {"lymphodepletion_window": WINDOW}
)
# Neither belongs to the instrument, so neither is the category (spec SLE-1.5; the second is the Malaysian guideline of 2024).
BANDS = {
    "five_band": "none <= 0 < mild <= 5 < moderate <= 10 < high < 20 <= very_high",
    "three_band": "remission <= 0 < low <= 4 < moderate <= 10 < high",
}


@instrument(
    "SLEDAI-2K",
    source="Gladman 2002, J Rheumatol 29:288; Bombardier 1992, Arthritis Rheum 35:630; window Touma 2010, Lupus 19:49",
    items=ITEMS,
    bands=BANDS,
    default_bands=False,
    notes="The original window is 10 days; 30 days is validated. Scores of different windows are not compared. Some texts "
    "print «new onset or recent increase of more than 0.5 g» for proteinuria: that is the wording of 1992 and of SELENA. "
    "SELENA also counts vertigo, scleritis and unconfirmed pleurisy or pericarditis; this form does not.",
)
def sledai_2k(
    it: Items,
    *,
    window_days: Literal[30, 10] = 30,
    missing: Literal["strict", "assume_absent"] = "strict",
) -> Outcome:
    """Global lupus activity: a descriptor that is present and attributable adds its weight."""
    recorded = {name: otherwise(it[name], _as_lupus(name, it)) for name in DESCRIPTORS}
    present = recorded if missing == "strict" else {name: otherwise(one, False) for name, one in recorded.items()}
    scores = {name: points(present[name], descriptor.weight) for name, descriptor in DESCRIPTORS.items()}
    by_ratio = all_of(known(it.upcr), negated(known(it.urine_protein)), negated(known(it.proteinuria)))
    return Outcome(
        total(scores.values()),
        parts={"clinical": total(scores[name] for name in DESCRIPTORS if name not in SEROLOGY)},
        flags={
            "upcr_surrogate": (by_ratio, "proteinuria judged by the protein/creatinine ratio, > 0.5 g/g"),
            "attribution_required": (
                any_of(_is_open(name, it) for name in USUALLY_TREATMENT),
                "a value between lymphodepletion and recovery meets a descriptor: say whether it is due to lupus",
            ),
            "stated_absent": (
                any_of(all_of(negated(it[name]), _measured(name, it)) for name in STANDS_FOR),
                "a measured value meets a descriptor that is stated absent: the statement counts, as not due to lupus",
            ),
        }
        | imputed(recorded, missing),
        contradictions={
            f"{name} is present, but the measured {' or '.join(measured)} is within limits": all_of(
                it[name], negated(_measured(name, it))
            )
            for name, measured in STANDS_FOR.items()
        },
        read_as={name: recorded[name] for name in STANDS_FOR},
    )


def imputed(recorded: Mapping[str, Any], missing: str) -> dict[str, tuple[Any, str]]:
    """The flag of an explicit choice to take what was not assessed as absent."""
    if missing == "strict":
        return {}
    return {
        "imputed_absent": (any_of(negated(known(one)) for one in recorded.values()), "what is missing counts as absent")
    }


def _as_lupus(name: str, it: Items) -> Any:
    """What was measured, as a descriptor; in the window after lymphodepletion nothing is guessed."""
    if name not in USUALLY_TREATMENT:
        return _measured(name, it)
    return case(_is_open(name, it), None, _measured(name, it))


def _is_open(name: str, it: Items) -> Any:
    """Whether a value meets the descriptor inside the window and nobody said whether it is due to lupus."""
    window = otherwise(it.lymphodepletion_window, False)
    return all_of(window, negated(known(it[name])), otherwise(_measured(name, it), False))


def _low_complement(it: Items) -> Any:
    """Any of the three below its limit; normal once CH50, or both C3 and C4, were measured and are within limits."""
    low = [it[name] < it[f"{name}_lower_limit"] for name in ("c3", "c4", "ch50")]
    enough = any_of(known(low[2]), all_of(known(low[0]), known(low[1])))
    return case(any_of(otherwise(one, False) for one in low), True, case(enough, False, None))


def _measured(name: str, it: Items) -> Any:
    """Whether what was measured meets a descriptor; None for one that no measurement stands for."""
    return {
        "plt": it.platelets < 100,
        "wbc": it.white_cells < 3,
        "fever": it.temperature > 38,
        "proteinuria": otherwise(it.urine_protein > 0.5, it.upcr > 0.5),
        "haematuria": it.rbc_hpf > 5,
        "pyuria": it.wbc_hpf > 5,
        "arthritis": it.inflamed_joints >= 2,
        "low_c": _low_complement(it),
        "dna": it.anti_dsdna > it.anti_dsdna_upper_limit,
    }.get(name)
