"""IEC-HS: hyperinflammation like haemophagocytic lymphohistiocytosis after effector cells. Screening only.

A clinician assigns the diagnosis. The software shows which criteria are present and grades what was diagnosed.

Source: Hines 2023, doi:10.1016/j.jtct.2023.03.006 (ASTCT). The thresholds are unconfirmed against an accessible copy, so
every finding carries `rule_unconfirmed`.
"""

from typing import Any

from escalon.expressions.symbols import all_of, any_of, case, largest_known, negated, otherwise, points, total
from escalon.facts import Status
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import choice, number, truth

SOURCE = "Hines 2023, doi:10.1016/j.jtct.2023.03.006"
UNCONFIRMED = "thresholds of Hines 2023 not checked against an accessible copy"
FERRITIN = 2  # times ULN or baseline, not included
TRANSAMINASES = 5  # times ULN, or abnormal baseline, not included
FIBRINOGEN = 1.5  # g/L (150 mg/dL), not included
TRIGLYCERIDES = 265  # mg/dL, fasting, not included

ITEMS = {
    "ferritin_ratio": number("ferritin, times the upper limit of normal or baseline, whichever is less", 0),
    "ferritin": number(
        "ferritin, with its upper limit or baseline in place of the ratio", 0, None, "ug/L", needed=False
    ),
    "ferritin_upper": number("upper limit of normal of ferritin", 0, None, "ug/L", needed=False),
    "ferritin_baseline": number("ferritin before the cells", 0, None, "ug/L", needed=False, baseline_of="ferritin"),
    "ferritin_rising": truth("ferritin rapidly rising"),
    "crs_state": choice("course of CRS", "none", "rising", "resolving", "resolved"),
    "second_inflammatory_rise": truth("a second rise of inflammation after improvement", needed=False),
    "transaminase_ratio": number("ALT or AST, times ULN or abnormal baseline", 0),
    "alt": number("alanine aminotransferase, with its upper limit in place of the ratio", 0, None, "U/L", needed=False),
    "alt_upper": number("upper limit of normal of ALT", 0, None, "U/L", needed=False),
    "ast": number(
        "aspartate aminotransferase, with its upper limit in place of the ratio", 0, None, "U/L", needed=False
    ),
    "ast_upper": number("upper limit of normal of AST", 0, None, "U/L", needed=False),
    "fibrinogen": number("fibrinogen", 0, None, "g/L", accepts=("mg/dL",)),
    "fibrinogen_lower": number("lower limit of normal of fibrinogen", 0, None, "g/L", accepts=("mg/dL",), needed=False),
    "haemophagocytosis": truth("haemophagocytosis on tissue", needed=False),
    "cytopenia": truth("new, worse or refractory cytopenia, one lineage grade 4"),
    "ldh_above_uln": truth("LDH above the upper limit of normal", needed=False),
    "coagulopathy": truth("another coagulation abnormality", needed=False),
    "direct_hyperbilirubinaemia": truth("direct hyperbilirubinaemia", needed=False),
    "splenomegaly": truth("new splenomegaly", needed=False),
    "fever": truth("persistent or new fever", needed=False),
    "neurotoxicity": truth("neurotoxicity", needed=False),
    "pulmonary": truth("pulmonary manifestation", needed=False),
    "renal_insufficiency": truth("renal insufficiency", needed=False),
    "triglycerides": number(
        "fasting triglycerides",
        0,
        None,
        "mg/dL",
        accepts=("mmol/L",),
        substance="triglycerides",
        needed=False,
        also=("triglycerides_mg_dl",),
    ),
}
SUPPORTING = (
    "ldh_above_uln", "coagulopathy", "direct_hyperbilirubinaemia", "splenomegaly", "fever", "neurotoxicity", "pulmonary",
    "renal_insufficiency",
)  # fmt: skip


@instrument(
    "IEC-HS screen",
    source=SOURCE,
    items=ITEMS,
    name="iec_hs",
    when_missing=Status.INDETERMINATE,
    unconfirmed=UNCONFIRMED,
)
def iec_hs(it: Items) -> Outcome:
    """Whether criteria of IEC-HS are present: `positive`, `negative`, or `cannot_separate_from_crs` while CRS still rises."""
    ferritin, transaminases = _ratios(it)
    required = any_of(ferritin > FERRITIN, it.ferritin_rising)
    onset = any_of(
        it.crs_state == "resolving", it.crs_state == "resolved", otherwise(it.second_inflammatory_rise, False)
    )
    low_fibrinogen = any_of(it.fibrinogen < FIBRINOGEN, otherwise(it.fibrinogen < it.fibrinogen_lower, False))
    common = {
        "onset_with_resolving_crs": onset,
        "transaminases": transaminases > TRANSAMINASES,
        "hypofibrinogenaemia": low_fibrinogen,
        "haemophagocytosis": otherwise(it.haemophagocytosis, False),
        "cytopenia": it.cytopenia,
    }
    supporting = {name: it[name] for name in SUPPORTING} | {"triglycerides": it.triglycerides > TRIGLYCERIDES}
    any_common = any_of(*(criterion for name, criterion in common.items() if name != "onset_with_resolving_crs"))
    value = case(
        negated(required), "negative",
        all_of(any_common, it.crs_state == "rising"), "cannot_separate_from_crs",
        any_common, "positive",
        "negative",
    )  # fmt: skip
    return Outcome(
        value,
        parts={
            "required": required,
            **{f"common_{name}": criterion for name, criterion in common.items()},
            **{f"supporting_{name}": criterion for name, criterion in supporting.items()},
            "supporting_present": total(points(otherwise(criterion, False)) for criterion in supporting.values()),
        },
        read_as={"ferritin_ratio": ferritin, "transaminase_ratio": transaminases},
        asked_when=dict.fromkeys(("transaminase_ratio", "fibrinogen", "cytopenia"), required),
    )


def _ratios(it: Items) -> tuple[Any, Any]:
    """Ferritin and transaminases as multiples: as given, or from the values with their limits; the highest multiple counts."""
    ferritin = largest_known(it.ferritin / it.ferritin_upper, it.ferritin / it.ferritin_baseline)
    enzymes = largest_known(it.alt / it.alt_upper, it.ast / it.ast_upper)
    return otherwise(it.ferritin_ratio, ferritin), otherwise(it.transaminase_ratio, enzymes)


GRADE_ITEMS = {
    "diagnosed": truth("a clinician has diagnosed IEC-HS"),
    "symptomatic": truth("symptoms beyond mild"),
    "intervention": truth(
        "a drug directed at IEC-HS, or transfusion for asymptomatic hypofibrinogenaemia, is indicated"
    ),
    "severe": truth(
        "bleeding needing transfusion, hospitalisation for new kidney injury, hypotension or respiratory distress"
    ),
    "life_threatening": truth("life-threatening: pressure support, ventilation or the like", needed=False),
    "fatal": truth("death due to IEC-HS", needed=False),
}


@instrument(
    "IEC-HS grade",
    source=SOURCE,
    items=GRADE_ITEMS,
    name="iec_hs_grade",
    when_missing=Status.INDETERMINATE,
    unconfirmed=UNCONFIRMED,
)
def iec_hs_grade(it: Items) -> Any:
    """The grade of a diagnosed IEC-HS, 1–5; 0 where a clinician has not diagnosed it."""
    return case(
        negated(it.diagnosed), 0,
        otherwise(it.fatal, False), 5,
        otherwise(it.life_threatening, False), 4,
        it.severe, 3,
        any_of(it.intervention, it.symptomatic), 2,
        1,
    )  # fmt: skip
