"""2016 ACR/EULAR criteria for primary Sjögren disease: five weighted items, 4 of 9 points.

For people with a dryness symptom or an active ESSDAI domain. Eyes are judged singly: one eye is enough. Isolated anti-La does not
score. Focus score of 1 and Schirmer of 5 mm count; reprints with > 1 and < 5 are wrong.
"""

from escalon.expressions.symbols import all_of, any_of, negated, otherwise
from escalon.facts import Status
from escalon.instruments.classification.sjogren_aecg_2002 import (
    FINDINGS,
    exclusion_contradiction,
    exclusion_items,
    item_parts,
)
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import Item, number, truth
from escalon.instruments.kit.points import any_evaluable, any_present, awarded, classified, refuted, together

SYMPTOMS = ("dry_eyes_3_months", "sand_or_gravel", "tear_substitutes", "dry_mouth_3_months", "liquids_to_swallow")
EXCLUSIONS = {
    "head_neck_radiation": "past radiation of head or neck",
    "hepatitis_c": "active hepatitis C, by PCR",
    "aids": "acquired immunodeficiency syndrome",
    "sarcoidosis": "sarcoidosis",
    "amyloidosis": "amyloidosis",
    "graft_versus_host_disease": "graft-versus-host disease",
    "igg4_related_disease": "IgG4-related disease",
}
WEIGHTS = {"histopathology": 3, "anti_ssa": 3, "ocular_staining": 1, "tear_flow": 1, "salivary_flow": 1}
LIMIT = 4
ITEMS: dict[str, Item] = {
    "dryness_symptom": truth("at least one of the five dryness questions is answered yes", missing_when=SYMPTOMS),
    "essdai_domain_positive": truth("at least one ESSDAI domain is active"),
    "histopathology": truth(
        "focal lymphocytic sialadenitis, focus score 1 or more per 4 mm²", missing_when=("focus_score",)
    ),
    "anti_ssa": truth("anti-Ro (SSA) antibodies", also=("ssa", "anti_ro"), fact="anti_ssa"),
    "ocular_staining": truth(
        "ocular staining score 5 or more, or van Bijsterveld 4 or more, in one eye",
        missing_when=("oss", "van_bijsterveld"),
    ),
    "tear_flow": truth("Schirmer 5 mm in 5 min or less in one eye", missing_when=("schirmer",)),
    "salivary_flow": truth("unstimulated flow 0.1 mL/min or less", missing_when=("saliva_flow",)),
    "oss": number("ocular staining score of the worse eye", 0, 12, needed=False),
    **{name: FINDINGS[name] for name in (*SYMPTOMS, "van_bijsterveld", "schirmer", "focus_score", "saliva_flow")},
    **exclusion_items(EXCLUSIONS),
}


@instrument(
    "ACR/EULAR 2016, primary Sjögren disease",
    source="Shiboski 2017, doi:10.1136/annrheumdis-2016-210571 and doi:10.1002/art.39859",
    items=ITEMS,
    when_missing=Status.INDETERMINATE,
    code="SS2016",
    notes="People on anticholinergic drugs are tested after a sufficient washout.",
)
def sjogren_2016(it: Items) -> Outcome:
    """Whether primary Sjögren disease is classified: 4 or more of 9 points and no exclusion."""
    stained = any_of(it.oss >= 5, it.van_bijsterveld >= 4)
    measured = {
        "histopathology": it.focus_score >= 1,
        "ocular_staining": any_evaluable(it.oss >= 5, it.van_bijsterveld >= 4),  # two scales for one finding
        "tear_flow": it.schirmer <= 5,
        "salivary_flow": it.saliva_flow <= 0.1,
    }
    item = {name: otherwise(it[name], measured.get(name)) for name in WEIGHTS}
    score = together(awarded(item[name], weight) for name, weight in WEIGHTS.items())
    asked = any_of(*(it[name] for name in SYMPTOMS))
    entry = any_of(otherwise(it.dryness_symptom, asked), it.essdai_domain_positive)
    excluded = any_present(it.exclusion, *(it[name] for name in EXCLUSIONS))
    met = score.reach(LIMIT)
    return Outcome(
        classified(met, excluded),
        unless={"no symptom of dryness, no ESSDAI domain": negated(entry)},
        parts={**score.parts(), "met": all_of(met, negated(excluded)), **item_parts(item)},
        read_as=item
        | dict.fromkeys(EXCLUSIONS, excluded)
        | dict.fromkeys(("dryness_symptom", "essdai_domain_positive"), entry),
        contradictions={
            f"{name} is stated otherwise than its measurement says": refuted(it[name], found)
            for name, found in (measured | {"dryness_symptom": asked, "ocular_staining": stained}).items()
        }
        | exclusion_contradiction(it, EXCLUSIONS),
    )
