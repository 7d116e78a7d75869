"""Modified Rodnan skin score: skin thickness in systemic sclerosis by palpation of 17 sites, 0–51.

The 26-site original and 22-site forms have other maxima. Neck, back and toes are not scored. Late atrophy lowers the score
without recovery. One number for each site; whether it is an average or a global impression is fixed for a study.
"""

from escalon.expressions.symbols import total
from escalon.instruments.kit.change import change, percent_change
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import Item, integer

MIDLINE = {"face": "face", "chest": "anterior chest", "abdomen": "abdomen"}
PAIRED = {
    "upper_arm": "upper arm",
    "forearm": "forearm",
    "hand": "hand (dorsum)",
    "fingers": "fingers",
    "thigh": "thigh",
    "leg": "leg",
    "foot": "foot (dorsum)",
}
SITES = MIDLINE | {f"{site}_{side}": f"{about}, {side}" for site, about in PAIRED.items() for side in ("right", "left")}
ITEMS: dict[str, Item] = {
    site: integer(f"{about}: 0 normal, 1 mild, 2 moderate, 3 severe thickening", 0, 3) for site, about in SITES.items()
} | {"baseline": integer("total at baseline", 0, 51, needed=False, baseline_of="mrss")}
IMPORTANT_FALL = 5  # Khanna 2019: 5 in diffuse disease, about 24 %; 3–4 overall; inter-observer SD about 5


@instrument(
    "Modified Rodnan skin score",
    source="Khanna 2017, doi:10.5301/jsrd.5000231; important change Khanna 2006, Ann Rheum Dis 65:1325, and Khanna 2019, "
    "doi:10.1186/s13075-019-1809-y",
    items=ITEMS,
    notes="All 17 sites are required: no rule for a site that cannot be examined was found.",
)
def mrss(it: Items) -> Outcome:
    """Skin thickness in SSc: the sum of 17 sites scored 0–3; with a baseline, the change and whether it fell by 5 or more."""
    score = total(it[site] for site in SITES)
    return Outcome(
        score,
        parts={
            "change": change(it.baseline, score),
            "percent_change": percent_change(it.baseline, score),
            "improved_ge5": it.baseline - score >= IMPORTANT_FALL,
        },
    )
