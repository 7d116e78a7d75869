"""2013 ACR/EULAR classification of systemic sclerosis: 9 points, or skin thickening of the fingers beyond the knuckles.

Items count if ever present. Skin of the fingers and fingertip lesions score their highest only; pulmonary arterial hypertension
(by right-heart catheter) and interstitial lung disease (CT or radiograph, basal, or Velcro crackles) score 2 together; antibodies
score 3 however many.
"""

from escalon.expressions.symbols import all_of, any_of
from escalon.facts import Status
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import Item, truth
from escalon.instruments.kit.points import any_present, awarded, classified, highest, refuted, together

LIMIT = 9
ANTIBODIES = {
    "anticentromere": "anticentromere antibodies",
    "anti_topoisomerase_1": "anti-topoisomerase I (Scl-70) antibodies",
    "anti_rna_polymerase_3": "anti-RNA polymerase III antibodies",
}
ITEMS: dict[str, Item] = {
    "thickening_sparing_fingers": truth("skin thickening that spares the fingers"),
    "better_explained": truth("a scleroderma-like disorder explains the picture better"),
    "thickening_proximal_to_mcp": truth(
        "skin thickening of the fingers of both hands beyond the knuckles (9, sufficient)"
    ),
    "sclerodactyly": truth("skin thickening of the fingers, distal to the knuckles (4)"),
    "puffy_fingers": truth("puffy fingers (2)"),
    "digital_tip_ulcers": truth("ulcers of the fingertips (2)", also=("fingertip_ulcers",)),
    "pitting_scars": truth("pitting scars of the fingertips (3)"),
    "telangiectasia": truth("telangiectasia (2)"),
    "nailfold_capillaries": truth("abnormal nailfold capillaries (2)", also=("nailfold",)),
    "pulmonary_hypertension": truth(
        "pulmonary arterial hypertension by right-heart catheter (2, once with ILD)", also=("pah",)
    ),
    "interstitial_lung_disease": truth("interstitial lung disease (2, once with PAH)", also=("ild",)),
    "raynaud": truth("Raynaud phenomenon (3)"),
    **{name: truth(f"{about} (3, once)", missing_when=("ssc_antibody",)) for name, about in ANTIBODIES.items()},
    "ssc_antibody": truth("any of the three antibodies", needed=False),
}


@instrument(
    "ACR/EULAR 2013, systemic sclerosis",
    source="van den Hoogen 2013, doi:10.1002/art.38098 and doi:10.1136/annrheumdis-2013-204424",
    items=ITEMS,
    when_missing=Status.INDETERMINATE,
    code="SSC2013",
    notes="Scleroderma-like disorders: nephrogenic fibrosis, generalised morphea, eosinophilic fasciitis, scleredema, "
    "scleromyxedema, porphyria, graft-versus-host disease, diabetic cheiroarthropathy and others.",
)
def ssc_2013(it: Items) -> Outcome:
    """Whether systemic sclerosis is classified: 9 or more points of eight items."""
    antibody = any_present(it.ssc_antibody, *(it[name] for name in ANTIBODIES))
    score = together(
        (
            highest(
                awarded(it.thickening_proximal_to_mcp, 9), awarded(it.sclerodactyly, 4), awarded(it.puffy_fingers, 2)
            ),
            highest(awarded(it.digital_tip_ulcers, 2), awarded(it.pitting_scars, 3)),
            awarded(it.telangiectasia, 2),
            awarded(it.nailfold_capillaries, 2),
            awarded(any_of(it.pulmonary_hypertension, it.interstitial_lung_disease), 2),
            awarded(it.raynaud, 3),
            awarded(antibody, 3),
        )
    )
    on_fingers = any_of(it.thickening_proximal_to_mcp, it.sclerodactyly)
    return Outcome(
        classified(score.reach(LIMIT)),
        unless={
            "the skin thickening spares the fingers": it.thickening_sparing_fingers,
            "better explained by another disease": it.better_explained,
        },
        parts=score.parts(),
        read_as=dict.fromkeys(ANTIBODIES, antibody),
        contradictions={
            "the thickening is said to spare the fingers and to be on them": all_of(
                it.thickening_sparing_fingers, on_fingers
            ),
            "ssc_antibody is stated otherwise than the antibodies listed": refuted(
                it.ssc_antibody, any_of(*(it[name] for name in ANTIBODIES))
            ),
        },
    )
