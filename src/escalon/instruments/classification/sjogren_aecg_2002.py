"""2002 American-European consensus (AECG) criteria for Sjögren disease: six items, primary and secondary disease.

The limits are inclusive: Schirmer 5 mm or less, staining 4 or more, flow 1.5 mL in 15 min or less, focus score 1 or more; a
review of 2021 reprints them without the equals signs. Rule (c), the classification tree, is not implemented.
"""

from fractions import Fraction
from typing import Any

from escalon.expressions.symbols import all_of, any_of, at_least, case, negated, otherwise
from escalon.facts import Status
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import Item, number, truth
from escalon.instruments.kit.points import any_present, classified, refuted

SIX: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "ocular_symptoms": (
        "i",
        "daily dry eyes for 3 months, recurrent sand or gravel, or tear substitutes more than 3 times a day",
        ("dry_eyes_3_months", "sand_or_gravel", "tear_substitutes"),
    ),
    "oral_symptoms": (
        "ii",
        "daily dry mouth for 3 months, salivary swelling as an adult, or liquids needed for dry food",
        ("dry_mouth_3_months", "salivary_swelling", "liquids_to_swallow"),
    ),
    "ocular_signs": ("iii", "Schirmer 5 mm or less, or staining 4 or more", ("schirmer", "van_bijsterveld")),
    "histopathology": ("iv", "labial gland focus score of 1 or more per 4 mm²", ("focus_score",)),
    "salivary_involvement": (
        "v",
        "flow of 1.5 mL in 15 min or less, diffuse sialectasias, or abnormal scintigraphy",
        ("saliva_flow", "sialectasias", "scintigraphy"),
    ),
    "autoantibodies": ("vi", "anti-Ro (SSA) or anti-La (SSB)", ("anti_ssa", "anti_ssb")),
}
OBJECTIVE = ("ocular_signs", "histopathology", "salivary_involvement", "autoantibodies")
FINDINGS: dict[str, Item] = {
    "dry_eyes_3_months": truth("daily, persistent, troublesome dry eyes for more than 3 months", needed=False),
    "sand_or_gravel": truth("recurrent sensation of sand or gravel in the eyes", needed=False),
    "tear_substitutes": truth("tear substitutes more than 3 times a day", needed=False),
    "dry_mouth_3_months": truth("daily feeling of dry mouth for more than 3 months", needed=False),
    "salivary_swelling": truth("recurrent or persistent swelling of salivary glands as an adult", needed=False),
    "liquids_to_swallow": truth("liquids to aid in swallowing dry food", needed=False),
    "schirmer": number("Schirmer I without anaesthesia, 5 min, worse eye", 0, 35, "mm", needed=False),
    "van_bijsterveld": number("van Bijsterveld score of the worse eye", 0, 9, needed=False),
    "focus_score": number("labial gland focus score, foci per 4 mm²", 0, 20, needed=False),
    "saliva_flow": number(
        "unstimulated whole salivary flow", 0, None, "mL/min", accepts=("mL/15min", "mL/5min"), needed=False
    ),
    "sialectasias": truth("diffuse sialectasias on parotid sialography", needed=False),
    "scintigraphy": truth("abnormal salivary scintigraphy", needed=False),
    "anti_ssa": truth("anti-Ro (SSA) antibodies", fact="anti_ssa", needed=False),
    "anti_ssb": truth("anti-La (SSB) antibodies", fact="anti_ssb", needed=False),
}
EXCLUSIONS = {
    "head_neck_radiation": "past radiation of head or neck",
    "hepatitis_c": "hepatitis C",
    "aids": "acquired immunodeficiency syndrome",
    "lymphoma": "pre-existing lymphoma",
    "graft_versus_host_disease": "graft-versus-host disease",
    "anticholinergic_drugs": "anticholinergic drugs within four half-lives",
    "sarcoidosis": "sarcoidosis",
}
LOW_FLOW = Fraction("1.5") / 15  # mL/min


def exclusion_items(exclusions: dict[str, str]) -> dict[str, Item]:
    """Each exclusion, and one answer for all of them."""
    each = {name: truth(about, missing_when=("exclusion",)) for name, about in exclusions.items()}
    return each | {"exclusion": truth("any exclusion on the list is present", needed=False)}


ITEMS = (
    {name: truth(about, also=(numeral,), missing_when=findings) for name, (numeral, about, findings) in SIX.items()}
    | {"associated_disease": truth("another connective tissue disease is present")}
    | FINDINGS
    | exclusion_items(EXCLUSIONS)
)


@instrument(
    "AECG 2002, Sjögren disease",
    source="Vitali 2002, doi:10.1136/ard.61.6.554",
    items=ITEMS,
    when_missing=Status.INDETERMINATE,
    code="AECG2002",
    notes="Value and part `met` are about primary disease; the category says whether the rule for secondary disease is met.",
)
def sjogren_aecg_2002(it: Items) -> Outcome:
    """Whether primary Sjögren disease is classified: 4 of 6 items with histopathology or antibodies, or 3 of 4 objective."""
    measured = _measured(it)
    item = {name: otherwise(it[name], measured[name]) for name in SIX}
    four_of_six = all_of(at_least(4, item.values()), any_of(item["histopathology"], item["autoantibodies"]))
    three_objective = at_least(3, *(item[name] for name in OBJECTIVE))
    primary = all_of(negated(it.associated_disease), any_of(four_of_six, three_objective))
    secondary = all_of(
        it.associated_disease,
        any_of(item["ocular_symptoms"], item["oral_symptoms"]),
        at_least(2, *(item[name] for name in OBJECTIVE[:3])),
    )
    excluded = any_present(it.exclusion, *(it[name] for name in EXCLUSIONS))
    return Outcome(
        classified(primary, excluded),
        category=case(excluded, "excluded", case(primary, "primary", case(secondary, "secondary", "neither"))),
        parts={"met": all_of(primary, negated(excluded)), "secondary": all_of(secondary, negated(excluded))}
        | item_parts(item),
        read_as=item | dict.fromkeys(EXCLUSIONS, excluded),
        flags={
            "rule_unconfirmed": (it.sarcoidosis, "sarcoidosis as an exclusion of these criteria was not confirmed"),
        },
        contradictions={
            f"{name} is stated otherwise than its findings say": refuted(it[name], measured[name]) for name in SIX
        }
        | exclusion_contradiction(it, EXCLUSIONS),
    )


def item_parts(item: dict[str, Any]) -> dict[str, Any]:
    """The items as they were counted."""
    return {f"{name}_counted": found for name, found in item.items()}


def exclusion_contradiction(it: Items, exclusions: dict[str, str]) -> dict[str, Any]:
    """The answer for all exclusions against each of them."""
    each = any_of(*(it[name] for name in exclusions))
    return {"exclusion is stated otherwise than the exclusions listed": refuted(it.exclusion, each)}


def _measured(it: Items) -> dict[str, Any]:
    """The six items from their findings; one finding that is absent leaves an item open while another is not known."""
    return {
        "ocular_symptoms": any_of(it.dry_eyes_3_months, it.sand_or_gravel, it.tear_substitutes),
        "oral_symptoms": any_of(it.dry_mouth_3_months, it.salivary_swelling, it.liquids_to_swallow),
        "ocular_signs": any_of(it.schirmer <= 5, it.van_bijsterveld >= 4),
        "histopathology": it.focus_score >= 1,
        "salivary_involvement": any_of(it.saliva_flow <= LOW_FLOW, it.sialectasias, it.scintigraphy),
        "autoantibodies": any_of(it.anti_ssa, it.anti_ssb),
    }
