"""SLE 2019: the EULAR/ACR classification of systemic lupus erythematosus.

It classifies, it does not diagnose. Antinuclear antibodies are the entry. A criterion counts if it was ever there and nothing
explains it better than lupus; criteria need not occur together. In each domain only the heaviest counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from escalon.expressions.symbols import all_of, any_of, negated, one_of, otherwise
from escalon.facts import Status
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import Item, choice, integer, number, truth
from escalon.instruments.kit.points import Points, awarded, classified, highest


@dataclass(frozen=True, slots=True)
class Weighted:
    """One criterion: its weight and when it is met."""

    weight: int
    about: str


CLINICAL: dict[str, dict[str, Weighted]] = {
    "constitutional": {"fever": Weighted(2, "fever above 38.3 °C")},
    "haematological": {
        "leukopenia": Weighted(3, "white cells below 4.0 × 10⁹/L"),
        "thrombocytopenia": Weighted(4, "platelets below 100 × 10⁹/L"),
        "haemolysis": Weighted(4, "autoimmune haemolysis, with a positive direct antiglobulin test"),
    },
    "neuropsychiatric": {
        "delirium": Weighted(2, "delirium, of hours to less than 2 days, fluctuating"),
        "psychosis": Weighted(3, "delusions or hallucinations without insight, and no delirium"),
        "seizure": Weighted(5, "seizure, primary generalised or partial"),
    },
    "mucocutaneous": {
        "alopecia": Weighted(2, "non-scarring alopecia, observed by a clinician"),
        "oral_ulcers": Weighted(2, "oral ulcers, observed by a clinician"),
        "subacute_or_discoid": Weighted(4, "subacute cutaneous or discoid lupus, observed"),
        "acute_cutaneous": Weighted(6, "acute cutaneous lupus: malar or generalised maculopapular, observed"),
    },
    "serosal": {
        "effusion": Weighted(5, "pleural or pericardial effusion on imaging"),
        "pericarditis": Weighted(6, "acute pericarditis: two of pain, rub, ECG change, new or worse effusion"),
    },
    "musculoskeletal": {
        "joints": Weighted(6, "synovitis of two joints, or tenderness of two with 30 minutes of morning stiffness"),
    },
    "renal": {
        "proteinuria": Weighted(4, "more than 0.5 g in 24 hours, or the same by ratio"),
        "nephritis_class_2_5": Weighted(8, "lupus nephritis of class II or V on biopsy (ISN/RPS 2003)"),
        "nephritis_class_3_4": Weighted(10, "lupus nephritis of class III or IV on biopsy (ISN/RPS 2003)"),
    },
}
IMMUNOLOGY: dict[str, dict[str, Weighted]] = {
    "antiphospholipid": {
        "antiphospholipid": Weighted(
            2, "anticardiolipin or anti-β2GP1 at medium or high titre, or lupus anticoagulant"
        ),
    },
    "complement": {
        "low_c3": Weighted(3, "C3 below the lower limit of normal (3, or 4 together with C4)"),
        "low_c4": Weighted(3, "C4 below the lower limit of normal (3, or 4 together with C3)"),
    },
    "sle_specific": {
        "anti_dsdna": Weighted(6, "anti-dsDNA, by an assay of at least 90 % specificity"),
        "anti_sm": Weighted(6, "anti-Sm"),
    },
}
BOTH_LOW = 4
ENOUGH = 10

# What may be given for a criterion instead of judging it: the most abnormal value ever that is due to lupus.
HELPERS: dict[str, Item] = {
    "ana_titre": integer("highest titre of antinuclear antibodies on HEp-2 cells, as 80 for 1:80", 0),
    "temperature": number("highest temperature", 30, 45, "°C", accepts=("°F",)),
    "white_cells": number("lowest white cell count", 0, None, "10^9/L", accepts=("/uL",), also="wbc"),
    "platelets": number("lowest platelet count", 0, None, "10^9/L", accepts=("/uL",)),
    "urine_protein": number("highest urine protein", 0, None, "g/24h", also=("g24", "protein_24h")),
    "upcr": number(
        "highest urine protein/creatinine ratio", 0, None, "g/g", accepts=("mg/mmol",), substance="protein/creatinine"
    ),
    "swollen_joints": integer("joints with synovitis", 0, 68),
    "tender_joints": integer("tender joints", 0, 68),
    "morning_stiffness": number("morning stiffness", 0, 1440, "min"),
    "biopsy_class": choice(
        "class of lupus nephritis, ISN/RPS 2003", "none", "I", "II", "III", "IV", "V", "III+V", "IV+V", "VI"
    ),
    "anticardiolipin": truth("anticardiolipin above 40 units or the 99th percentile"),
    "anti_b2gp1": truth("anti-β2GP1 above 40 units or the 99th percentile"),
    "lupus_anticoagulant": truth("lupus anticoagulant"),
}
STANDS_FOR = {
    "ana": ("ana_titre",),
    "fever": ("temperature",),
    "leukopenia": ("white_cells",),
    "thrombocytopenia": ("platelets",),
    "proteinuria": ("urine_protein", "upcr"),
    "joints": ("swollen_joints", "tender_joints"),
    "nephritis_class_2_5": ("biopsy_class",),
    "nephritis_class_3_4": ("biopsy_class",),
    "antiphospholipid": ("anticardiolipin", "anti_b2gp1", "lupus_anticoagulant"),
}
CRITERIA = {name: one for domain in (*CLINICAL.values(), *IMMUNOLOGY.values()) for name, one in domain.items()}
ITEMS = (
    {
        "ana": truth(
            "antinuclear antibodies at 1:80 or more on HEp-2 cells, or an equivalent test, at least once",
            missing_when=STANDS_FOR["ana"],
        )
    }
    | {
        name: truth(f"{one.about} ({one.weight})", missing_when=STANDS_FOR.get(name, ()))
        for name, one in CRITERIA.items()
    }
    | {name: replace(item, needed=False) for name, item in HELPERS.items()}
)


@instrument(
    "SLE 2019 EULAR/ACR",
    source="Aringer 2019, doi:10.1002/art.40930 and doi:10.1136/annrheumdis-2018-214819",
    items=ITEMS,
    when_missing=Status.INDETERMINATE,
    code="SLE2019",
    notes="Limits differ between instruments: fever above 38.3 °C here, 38.0 in SLEDAI-2K, 37.5 in BILAG-2004; white cells below "
    "4.0 here, 3.0 in SLEDAI-2K.",
)
def sle_2019(it: Items) -> Outcome:
    """Met with the entry criterion, at least 10 points over ten domains, and at least one clinical criterion; 0–51 points."""
    found = {name: otherwise(it[name], _measured(name, it)) for name in ("ana", *CRITERIA)}
    domains = {name: _heaviest(domain, found) for name, domain in (CLINICAL | IMMUNOLOGY).items()}
    domains["complement"] = highest(domains["complement"], awarded(all_of(found["low_c3"], found["low_c4"]), BOTH_LOW))
    clinical, immunology = _sum(domains, CLINICAL), _sum(domains, IMMUNOLOGY)
    total = clinical + immunology
    any_clinical = any_of(found[name] for domain in CLINICAL.values() for name in domain)
    return Outcome(
        classified(all_of(found["ana"], total.reach(ENOUGH), any_clinical)),
        parts={
            "total": total.total,
            "clinical": clinical.total,
            "immunology": immunology.total,
            "any_clinical": any_clinical,
        }
        | {f"domain_{name}": points.total for name, points in domains.items()},
        bounds_of="total",
        flags={
            "no_clinical_criterion": (
                all_of(total.reach(ENOUGH), negated(any_clinical)),
                "10 points or more, but immunology alone is not enough",
            ),
            "stated_absent": (
                any_of(all_of(negated(it[name]), _measured(name, it)) for name in STANDS_FOR),
                "a measured value meets a criterion that is stated absent: the statement counts, as better explained otherwise",
            ),
        },
        contradictions={
            f"{name} is present, but {' or '.join(measured)} is within limits": all_of(
                it[name], negated(_measured(name, it))
            )
            for name, measured in STANDS_FOR.items()
        },
        read_as={name: found[name] for name in STANDS_FOR},
    )


def _heaviest(domain: Mapping[str, Weighted], found: Mapping[str, Any]) -> Points:
    return highest(*(awarded(found[name], one.weight) for name, one in domain.items()))


def _sum(domains: Mapping[str, Points], kind: Mapping[str, Any]) -> Points:
    first, *rest = (domains[name] for name in kind)
    for points in rest:
        first = first + points
    return first


def _measured(name: str, it: Items) -> Any:
    """Whether what was measured meets a criterion; None for one that no measurement stands for."""
    return {
        "ana": it.ana_titre >= 80,
        "fever": it.temperature > 38.3,
        "leukopenia": it.white_cells < 4,
        "thrombocytopenia": it.platelets < 100,
        "proteinuria": otherwise(it.urine_protein > 0.5, it.upcr > 0.5),
        "joints": any_of(it.swollen_joints >= 2, all_of(it.tender_joints >= 2, it.morning_stiffness >= 30)),
        "nephritis_class_2_5": one_of(it.biopsy_class, ("II", "V", "III+V", "IV+V")),
        "nephritis_class_3_4": one_of(it.biopsy_class, ("III", "IV", "III+V", "IV+V")),
        "antiphospholipid": any_of(it.anticardiolipin, it.anti_b2gp1, it.lupus_anticoagulant),
    }.get(name)
