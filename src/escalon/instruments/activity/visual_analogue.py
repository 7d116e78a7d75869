"""Pain, patient's global and physician's global on a line of 100 mm, with the scale always stated.

A reading on 0–10 (a line of 10 cm, or a chosen number) counts ten to one; the reading as recorded is kept beside it. The
physician's global also exists as an anchored 0–3 scale of lupus: one must never pass for the other.
"""

from typing import Annotated, Any, Literal

from escalon.expressions.symbols import all_of, case, known, negated, one_of, otherwise
from escalon.instruments.kit.change import change, percent_change
from escalon.instruments.kit.instrument import Outcome, instrument
from escalon.instruments.kit.item import choice, named, number

_line = number("line of 100 mm", 0, 100, "mm", accepts=("cm", "NRS"))
Pain = Annotated[float, named(_line, "patient's pain, 0 none to 100 severe", also=("pain",), fact="pain")]
PainBefore = Annotated[
    float, named(_line, "patient's pain at baseline", also=("pain_baseline",), needed=False, baseline_of="reading")
]
Global = Annotated[float, named(_line, "patient's global disease activity", also=("ptga", "gh"), fact="patient_global")]
GlobalBefore = Annotated[
    float, named(_line, "patient's global at baseline", also=("ptga_baseline",), needed=False, baseline_of="reading")
]
# The physician's reading is in the units of its scale, so the scale, not the unit, says what it means.
Reading = Annotated[float, number("the physician's reading, in the units of its scale", 0, 100, "mm", also=("phga",))]
Scale = Annotated[str, choice("scale of the reading", "RA_0_100MM", "RA_0_10CM", "NRS_0_10", "SLE_0_3")]
Disease = Annotated[str, choice("disease, which says what scale to expect", "RA", "SLE", "pSS", "SSc", needed=False)]
IMPORTANT = "Ward 2014, doi:10.1136/annrheumdis-2013-205079"
ANCHORED = "Anderson EW 2022, Ann Rheum Dis 81:1336"
# Ward 2014: falls that patients with RA call improvement, at 80 % specificity, mm.
IMPORTANT_FALL = {"pain": 20, "patient_global": 18}


@instrument("Pain", source=IMPORTANT, unit="mm", code="PAINVAS")
def pain_vas(reading: Pain, baseline: PainBefore) -> Outcome:
    """The patient's pain on 0–100 mm, with the change from baseline; a fall of 20 mm is a guide value for improvement."""
    return _line_with_change(reading, baseline, IMPORTANT_FALL["pain"])


@instrument("Patient's global disease activity", source=IMPORTANT, unit="mm", code="PTGAVAS")
def patient_global(reading: Global, baseline: GlobalBefore) -> Outcome:
    """The patient's global on 0–100 mm, with the change from baseline; a fall of 18 mm is a guide value for improvement."""
    return _line_with_change(reading, baseline, IMPORTANT_FALL["patient_global"])


@instrument(
    "Physician's global disease activity, arthritis",
    source=f"{ANCHORED} (0–3 scale); linear rescaling is a project option without a source in RA",
    unit="mm",
    code="PHGAVAS",
    notes="A record that writes «VAS of 0–3 mm» is a slip: a 3 mm line cannot be read, and 0–3 is the scale of lupus.",
)
def physician_global(
    reading: Reading, scale: Scale, disease: Disease, *, rescale: Literal["no", "yes"] = "no"
) -> Outcome:
    """The physician's global in arthritis on 0–100 mm; a reading on the 0–3 scale of lupus is refused unless rescaled.

    Without a scale that of the disease is assumed: 0–3 in SLE, 100 mm in RA, Sjögren disease and systemic sclerosis; a
    reading of 3 or less is then not scored until confirmed, since it might be either. A rescaled value (× 100/3) is for
    description only, not for entry decisions.
    """
    counted = otherwise(scale, case(disease == "SLE", "SLE_0_3", "RA_0_100MM"))
    lupus, of_ten = counted == "SLE_0_3", one_of(counted, ("RA_0_10CM", "NRS_0_10"))
    millimetres = case(lupus, reading * 100 / 3, case(of_ten, reading * 10, reading))
    return Outcome(
        millimetres,
        parts={"scale_read_as": counted, "centimetres": millimetres / 10},
        read_as={"scale": counted},
        queries={
            "no scale is stated and the reading is 3 or less: confirm RA_0_100MM or SLE_0_3": all_of(
                negated(known(scale)), reading <= 3
            )
        },
        flags=_rescaled(lupus, rescale),
        contradictions=_beyond(reading, lupus, of_ten)
        | ({"physician global recorded on the SLE scale": lupus} if rescale == "no" else {}),
    )


def _line_with_change(reading: Any, baseline: Any, important: int) -> Outcome:
    return Outcome(
        reading,
        parts={
            "centimetres": reading / 10,
            "change": change(baseline, reading),
            "percent_change": percent_change(baseline, reading),
            "improved": baseline - reading >= important,
        },
    )


def _rescaled(lupus: Any, rescale: str) -> dict[str, tuple[Any, str]]:
    text = "0–3 reading stretched to 100 mm: for description only, not for entry decisions"
    return {"RESCALED": (lupus, text)} if rescale == "yes" else {}


def _beyond(reading: Any, lupus: Any, of_ten: Any) -> dict[str, Any]:
    return {
        "the reading is above 3 on a 0–3 scale": all_of(lupus, reading > 3),
        "the reading is above 10 on a 0–10 scale": all_of(of_ten, reading > 10),
    }
