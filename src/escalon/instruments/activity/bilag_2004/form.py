"""The 97 items of the BILAG-2004 form (revision of 1 September 2009), by number, with their part in the grading.

Items 1–77 are rated over the last 4 weeks against the 4 weeks before: 0 absent, 1 improving, 2 same, 3 worse, 4 new. Only
what is due to active lupus is recorded: not damage, infection, drugs, or thrombosis without inflammation.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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


def _rated(role: str, number: int, name: str, about: str, *also: str) -> Rated:
    return Rated(number, role, name, about, also)


# The constitutional rule looks at pyrexia and counts the other three, so they carry no role (spec SLE-3.6).
CONSTITUTIONAL = (
    _rated("", 1, "pyrexia", "pyrexia, documented, above 37.5 °C"),
    _rated("", 2, "weight_loss", "weight loss, unintentional, more than 5 %"),
    _rated("", 3, "lymphadenopathy_splenomegaly", "lymphadenopathy or splenomegaly", "nodes"),
    _rated("", 4, "anorexia", "anorexia"),
)
RATED = {
    "mucocutaneous": (
        _rated("A", 5, "skin_eruption_severe", "skin eruption, severe: more than 18 % of body surface"),
        _rated("B", 6, "skin_eruption_mild", "skin eruption, mild: at most 18 % of body surface"),
        _rated("A", 7, "angio_oedema_severe", "angio-oedema, severe"),
        _rated("C", 8, "angio_oedema_mild", "angio-oedema, mild"),
        _rated("A", 9, "mucosal_ulceration_severe", "mucosal ulceration, severe"),
        _rated("C", 10, "mucosal_ulceration_mild", "mucosal ulceration, mild"),
        _rated("A", 11, "panniculitis_bullous_severe", "panniculitis or bullous lupus, severe"),
        _rated("B", 12, "panniculitis_bullous_mild", "panniculitis or bullous lupus, mild"),
        _rated("A", 13, "cutaneous_vasculitis_major", "major cutaneous vasculitis or thrombosis"),
        _rated("B", 14, "digital_infarcts", "digital infarcts or nodular vasculitis"),
        _rated("B", 15, "alopecia_severe", "alopecia, severe"),
        _rated("C", 16, "alopecia_mild", "alopecia, mild"),
        _rated("C", 17, "periungual_erythema", "peri-ungual erythema or chilblains", "chilblains"),
        _rated("C", 18, "splinter_haemorrhages", "splinter haemorrhages"),
    ),
    "neuropsychiatric": (
        _rated("A", 19, "aseptic_meningitis", "aseptic meningitis"),
        _rated("A", 20, "cerebral_vasculitis", "cerebral vasculitis"),
        _rated("A", 21, "demyelinating_syndrome", "demyelinating syndrome"),
        _rated("A", 22, "myelopathy", "myelopathy"),
        _rated("A", 23, "acute_confusional_state", "acute confusional state"),
        _rated("A", 24, "psychosis", "psychosis"),
        _rated(
            "A", 25, "demyelinating_polyradiculoneuropathy", "acute inflammatory demyelinating polyradiculoneuropathy"
        ),
        _rated("A", 26, "mononeuropathy", "mononeuropathy, single or multiplex"),
        _rated("A", 27, "cranial_neuropathy", "cranial neuropathy"),
        _rated("A", 28, "plexopathy", "plexopathy"),
        _rated("A", 29, "polyneuropathy", "polyneuropathy"),
        _rated("B", 30, "seizure_disorder", "seizure disorder"),
        _rated("A", 31, "status_epilepticus", "status epilepticus"),
        _rated("B", 32, "cerebrovascular_disease", "cerebrovascular disease, not due to vasculitis"),
        _rated("B", 33, "cognitive_dysfunction", "cognitive dysfunction"),
        _rated("B", 34, "movement_disorder", "movement disorder"),
        _rated("B", 35, "autonomic_disorder", "autonomic disorder"),
        _rated("A", 36, "cerebellar_ataxia", "cerebellar ataxia, isolated"),
        _rated("B", 37, "lupus_headache", "lupus headache, severe and unremitting"),
        _rated("B", 38, "intracranial_hypertension_headache", "headache from intracranial hypertension"),
    ),
    "musculoskeletal": (
        _rated("A", 39, "myositis_severe", "myositis, severe"),
        _rated("B", 40, "myositis_mild", "myositis, mild"),
        _rated("A", 41, "arthritis_severe", "arthritis, severe"),
        _rated("B", 42, "arthritis_moderate", "arthritis, moderate, or tendonitis or tenosynovitis"),
        _rated("C", 43, "arthritis_mild", "arthritis, mild, or arthralgia or myalgia"),
    ),
    "cardiorespiratory": (
        _rated("B", 44, "myocarditis_mild", "myocarditis, mild"),
        _rated("A", 45, "cardiac_failure", "myocarditis or endocarditis with cardiac failure"),
        _rated("A", 46, "arrhythmia", "arrhythmia"),
        _rated("A", 47, "valvular_dysfunction", "new valvular dysfunction"),
        _rated("B", 48, "pleurisy_pericarditis", "pleurisy or pericarditis"),
        _rated("A", 49, "cardiac_tamponade", "cardiac tamponade"),
        _rated("A", 50, "pleural_effusion_dyspnoea", "pleural effusion with dyspnoea"),
        _rated("A", 51, "pulmonary_haemorrhage", "pulmonary haemorrhage or vasculitis"),
        _rated("A", 52, "interstitial_pneumonitis", "interstitial alveolitis or pneumonitis"),
        _rated("A", 53, "shrinking_lung", "shrinking lung syndrome"),
        _rated("A", 54, "aortitis", "aortitis"),
        _rated("A", 55, "coronary_vasculitis", "coronary vasculitis"),
    ),
    "gastrointestinal": (
        _rated("A", 56, "lupus_peritonitis", "lupus peritonitis"),
        _rated("B", 57, "abdominal_serositis", "abdominal serositis or ascites"),
        _rated("A", 58, "lupus_enteritis", "lupus enteritis or colitis"),
        _rated("B", 59, "malabsorption", "malabsorption"),
        _rated("B", 60, "protein_losing_enteropathy", "protein-losing enteropathy"),
        _rated("A", 61, "intestinal_pseudo_obstruction", "intestinal pseudo-obstruction"),
        _rated("B", 62, "lupus_hepatitis", "lupus hepatitis"),
        _rated("A", 63, "acute_cholecystitis", "acute lupus cholecystitis"),
        _rated("A", 64, "acute_pancreatitis", "acute lupus pancreatitis"),
    ),
    "ophthalmic": (
        _rated("A", 65, "orbital_inflammation", "orbital inflammation, myositis or proptosis"),
        _rated("A", 66, "keratitis_severe", "keratitis, severe"),
        _rated("B", 67, "keratitis_mild", "keratitis, mild"),
        _rated("B", 68, "anterior_uveitis", "anterior uveitis"),
        _rated("A", 69, "posterior_uveitis_severe", "posterior uveitis or retinal vasculitis, severe"),
        _rated("B", 70, "posterior_uveitis_mild", "posterior uveitis or retinal vasculitis, mild"),
        _rated("C", 71, "episcleritis", "episcleritis"),
        _rated("A", 72, "scleritis_severe", "scleritis, severe"),
        _rated("B", 73, "scleritis_mild", "scleritis, mild"),
        _rated("A", 74, "retinal_vaso_occlusive_disease", "retinal or choroidal vaso-occlusive disease"),
        _rated("C", 75, "cotton_wool_spots", "isolated cotton-wool spots (cytoid bodies)", "cytoid_bodies"),
        _rated("A", 76, "optic_neuritis", "optic neuritis"),
        _rated("A", 77, "ischaemic_optic_neuropathy", "anterior ischaemic optic neuropathy"),
    ),
}

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
