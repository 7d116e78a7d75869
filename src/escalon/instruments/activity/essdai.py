"""ESSDAI: systemic activity of Sjögren disease in twelve weighted domains, 0–123.

The assessor's level of a domain is what counts, weighted once (some tables print weighted scores: never multiply twice).
Damage, and whatever is not due to Sjögren disease, is level 0. Measured values may be given beside the levels: they never
replace one, but one that disagrees with the level recorded holds the score back until it is confirmed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from escalon.expressions.symbols import all_of, case, known, largest_known, maximum, negated, points, total
from escalon.instruments.kit.change import change
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import Item, integer, level, number, truth


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain: its weight in ESSDAI and in ClinESSDAI (None: not part of it), and the levels it has."""

    weight: int
    clinical: int | None
    about: str
    levels: tuple[int, ...] = (0, 1, 2, 3)
    also: tuple[str, ...] = ()


# Weights and levels: Seror 2010, development table; ClinESSDAI weights as reproduced from Seror 2016 (clinessdai.py).
DOMAINS = {
    "constitutional": Domain(3, 4, "fever, night sweats, weight loss", (0, 1, 2)),
    "lymphadenopathy": Domain(4, 4, "lymph nodes, splenomegaly, lymphoma", also=("lymphadenopathy_and_lymphoma",)),
    "glandular": Domain(2, 2, "swelling of parotid, submandibular or lachrymal glands", (0, 1, 2)),
    "articular": Domain(2, 3, "arthralgia with morning stiffness, synovitis of 28 joints"),
    "cutaneous": Domain(3, 3, "erythema multiforme, vasculitis, purpura, subacute cutaneous lupus"),
    "pulmonary": Domain(5, 6, "bronchial involvement, interstitial lung disease"),
    "renal": Domain(5, 6, "tubular acidosis, glomerular involvement, interstitial nephritis"),
    "muscular": Domain(6, 7, "myositis proven by EMG or biopsy"),
    "peripheral_nervous_system": Domain(5, 5, "polyneuropathy, ganglionopathy, mononeuritis", also=("pns",)),
    "central_nervous_system": Domain(5, 5, "central involvement; there is no low level", (0, 2, 3), ("cns",)),
    "haematological": Domain(2, 2, "cytopenia of autoimmune origin, not from drugs", also=("hematological",)),
    "biological": Domain(1, None, "clonal component, complement, IgG, cryoglobulin", (0, 1, 2)),
}
_COUNT: dict[str, Any] = {"unit": "10^9/L", "accepts": ("/uL",), "needed": False}
MEASURED: dict[str, Item] = {
    "autoimmune_cytopenia": truth("assessor: any cytopenia is autoimmune, not from drugs or cells", needed=False),
    "neutrophils": number("neutrophil count", 0, fact="neutrophils", **_COUNT),
    "lymphocytes": number("lymphocyte count", 0, fact="lymphocytes", **_COUNT),
    "platelets": number("platelet count", 0, fact="platelets", **_COUNT),
    "haemoglobin": number(
        "haemoglobin", 0, unit="g/L", accepts=("g/dL",), substance="haemoglobin", fact="haemoglobin", needed=False
    ),
    "igg": number("immunoglobulin G", 0, unit="g/L", accepts=("mg/dL",), fact="igg", needed=False),
    "clonal_component": truth("clonal component", needed=False),
    "low_complement": truth("low C3, C4 or CH50", needed=False),
    "cryoglobulin": truth("cryoglobulin", needed=False),
    "recent_hypogammaglobulinaemia": truth("hypogammaglobulinaemia of recent onset", needed=False),
    "synovitis_joints": integer(
        "joints of 28 with synovitis", 0, 28, fact="swollen_joints_28", of=("active_joints_28.swollen",), needed=False
    ),
}


def domain_items(clinical: bool = False) -> dict[str, Item]:
    """The level of each domain; without the biological one for ClinESSDAI."""
    return {
        name: level(
            f"activity level: {domain.about}",
            *domain.levels,
            also=domain.also,
            of=(f"essdai.{name}",) if clinical else (),
        )
        for name, domain in DOMAINS.items()
        if not clinical or domain.clinical is not None
    }


def baseline_items(score: str, most: int) -> dict[str, Item]:
    """The score itself at baseline."""
    return {"baseline": integer("score at baseline", 0, most, needed=False, baseline_of=score)}


@instrument(
    "ESSDAI",
    source="Seror 2010, Ann Rheum Dis 69:1103–1109; levels Seror 2015, RMD Open 1:e000022; states and important change "
    "Seror 2016, Ann Rheum Dis 75:382–389",
    items=domain_items() | MEASURED | baseline_items("essdai", 123),
    bands="low < 5 <= moderate <= 13 < high",
    notes="A fall of 3 or more is an important improvement; some trials use 4 (`improvement=4`). All twelve domains are "
    "required and a look-back of 4 weeks is customary; no published rule for missing domains was found.",
)
def essdai(it: Items, *, improvement: Literal[3, 4] = 3) -> Outcome:
    """Systemic activity of Sjögren disease: the sum of level times weight over twelve domains, 0–123."""
    score = total(it[name] * domain.weight for name, domain in DOMAINS.items())
    suggested = suggestions(it)
    cytopenia = largest_known(*_cytopenia_levels(it)) >= 1
    return Outcome(
        score,
        parts={f"{name}_suggested": found for name, found in suggested.items()}
        | {"change": change(it.baseline, score), "improved": it.baseline - score >= improvement},
        flags={
            "DRUG_CYTOPENIA": (
                all_of(negated(it.autoimmune_cytopenia), cytopenia),
                "a cytopenia that is not autoimmune does not count in the haematological domain",
            ),
            "IGG_DEPLETION": (
                it.igg < 5,
                "IgG below 5 g/L adds to the biological domain; after B-cell-directed cells it is the treatment's effect",
            ),
        },
        queries=disagreements(it, suggested),
    )


def suggestions(it: Items) -> Mapping[str, Any]:
    """The levels that measured values reach: haematological, biological, articular; unknown where nothing was measured."""
    return {
        "haematological": case(it.autoimmune_cytopenia, largest_known(*_cytopenia_levels(it)), 0),
        "biological": largest_known(*_biological_levels(it)),
        "articular": case(it.synovitis_joints >= 6, 3, case(it.synovitis_joints >= 1, 2, 0)),
    }


def disagreements(it: Items, suggested: Mapping[str, Any]) -> Mapping[str, Any]:
    """A level below what was measured, or above it when nothing that could explain it was left unmeasured."""
    haematological = all_of(*map(known, _cytopenia_levels(it)), known(it.autoimmune_cytopenia))
    biological = all_of(*map(known, _biological_levels(it)))
    above = {
        "haematological": all_of(haematological, it.haematological > suggested["haematological"]),
        "biological": all_of(biological, it.biological > suggested["biological"]),
        # Arthralgia without synovitis is level 1, which a joint count cannot show.
        "articular": it.articular > maximum(suggested["articular"], 1),
    }
    below = {name: it[name] < suggested[name] for name in suggested}
    return {
        f"the {name} level {how} the measured values: confirm it": condition
        for how, some in (("is below", below), ("is above", above))
        for name, condition in some.items()
    }


def _cytopenia_levels(it: Items) -> list[Any]:
    return [
        case(it.neutrophils < 0.5, 3, case(it.neutrophils <= 1, 2, points(it.neutrophils < 1.5))),
        case(it.haemoglobin < 80, 3, case(it.haemoglobin <= 100, 2, points(it.haemoglobin < 120))),
        case(it.platelets < 50, 3, case(it.platelets <= 100, 2, points(it.platelets < 150))),
        case(it.lymphocytes <= 0.5, 2, points(it.lymphocytes < 1)),
    ]


def _biological_levels(it: Items) -> list[Any]:
    return [
        case(it.igg > 20, 2, case(it.igg >= 16, 1, points(it.igg < 5, 2))),
        points(it.clonal_component),
        points(it.low_complement),
        points(it.cryoglobulin, 2),
        points(it.recent_hypogammaglobulinaemia, 2),
    ]
