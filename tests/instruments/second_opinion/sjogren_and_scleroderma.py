"""Sjögren disease and systemic sclerosis, from the papers."""

from fractions import Fraction

from tests.instruments.second_opinion.opinion import opinion

ESSDAI = {
    "constitutional": 3, "lymphadenopathy": 4, "glandular": 2, "articular": 2, "cutaneous": 3, "pulmonary": 5, "renal": 5,
    "muscular": 6, "peripheral_nervous_system": 5, "central_nervous_system": 5, "haematological": 2, "biological": 1,
}  # fmt: skip
CLINESSDAI = {
    "constitutional": 4, "lymphadenopathy": 4, "glandular": 2, "articular": 3, "cutaneous": 3, "pulmonary": 6, "renal": 6,
    "muscular": 7, "peripheral_nervous_system": 5, "central_nervous_system": 5, "haematological": 2,
}  # fmt: skip


def _activity(score):
    return "low" if score < 5 else "moderate" if score <= 13 else "high"


@opinion("essdai", " ".join(ESSDAI), category=_activity)
def essdai(**v):
    """Seror 2010; the central nervous system has no level 1."""
    return None if v["central_nervous_system"] == 1 else sum(ESSDAI[name] * level for name, level in v.items())


@opinion("clinessdai", " ".join(CLINESSDAI))
def clinessdai(**v):
    """Seror 2016."""
    return None if v["central_nervous_system"] == 1 else sum(CLINESSDAI[name] * level for name, level in v.items())


@opinion("esspri", "dryness fatigue pain", "0 5 10")
def esspri(dryness, fatigue, pain):
    """Seror 2011."""
    return Fraction(dryness + fatigue + pain) / 3


@opinion("esspri_improvement", "baseline current", "0 1 2 7 6 8 8.5 6.8 5.1 6.0 4.25 5")
def esspri_improvement(baseline, current):
    """Seror 2016: a point, or 15 %."""
    fall = baseline - current
    return baseline > 0 and (fall >= 1 or 100 * fall >= 15 * baseline)


MEASURES = "schirmer staining saliva_flow ultrasound igg rf"
TURNS = "0 3 5 8 6 2 4 7 12 9 20 18 0.1 0.125 24 100 75 10 1"
ASKED = "clinessdai clinessdai_baseline esspri esspri_baseline"
PAIRS = " ".join(f"{name} {name}_baseline" for name in MEASURES.split())


def _fell(percent, was, now):
    """A fall in percent; of nothing it cannot be measured."""
    return None if was == 0 else 100 * (was - now) >= percent * was


HOLDS = {
    "schirmer": lambda was, now: now - was >= 5 if was < 5 else now >= 5,
    "staining": lambda was, now: was - now >= 2 if was >= 3 else now < 3,
    "saliva_flow": lambda was, now: 100 * (now - was) >= 25 * was if was > 0 else now > 0,
    "ultrasound": lambda was, now: _fell(25, was, now),
    "igg": lambda was, now: _fell(10, was, now),
    "rf": lambda was, now: _fell(25, was, now),
}


def _points(v):
    """Seror 2022: the points earned, and those nobody can say; of two measures of a domain one that holds earns its point."""
    points = 3 * (v["clinessdai_baseline"] - v["clinessdai"] >= 3) + 3 * esspri_improvement(
        v["esspri_baseline"], v["esspri"]
    )
    unknown = 0
    for domain in ("schirmer staining", "saliva_flow ultrasound", "igg rf"):
        pairs = [(name, v[f"{name}_baseline"], v[name]) for name in domain.split()]
        said = [HOLDS[name](was, now) for name, was, now in pairs if was is not None and now is not None]
        points += True in said
        unknown += not any(one is not None for one in said)
    return points, unknown


@opinion("star_points", ASKED, TURNS, PAIRS)
def star_points(**v):
    points, unknown = _points(v)
    return None if unknown else points


@opinion("star", ASKED, TURNS, PAIRS)
def star(**v):
    points, unknown = _points(v)
    if points < 5 <= points + unknown:
        return None
    return "responder" if points >= 5 else "non_responder"


SITES = (
    "face chest abdomen upper_arm_right upper_arm_left forearm_right forearm_left hand_right hand_left fingers_right "
    "fingers_left thigh_right thigh_left leg_right leg_left foot_right foot_left"
)


@opinion("mrss", SITES)
def mrss(**v):
    """Clements 1995."""
    return sum(v.values())


@opinion(
    "sjogren_2016", "dryness_symptom essdai_domain_positive histopathology anti_ssa ocular_staining tear_flow salivary_flow "
    "exclusion",
)  # fmt: skip
def sjogren_2016(
    dryness_symptom, essdai_domain_positive, histopathology, anti_ssa, ocular_staining, tear_flow, salivary_flow, exclusion
):  # fmt: skip
    """Shiboski 2017."""
    if not dryness_symptom and not essdai_domain_positive:
        return None
    if exclusion:
        return "excluded"
    return "met" if 3 * histopathology + 3 * anti_ssa + ocular_staining + tear_flow + salivary_flow >= 4 else "not_met"


@opinion(
    "sjogren_aecg_2002", "ocular_symptoms oral_symptoms ocular_signs histopathology salivary_involvement autoantibodies "
    "associated_disease exclusion",
)  # fmt: skip
def aecg(
    ocular_symptoms, oral_symptoms, ocular_signs, histopathology, salivary_involvement, autoantibodies, associated_disease,
    exclusion,
):  # fmt: skip
    """Vitali 2002, primary Sjögren syndrome."""
    if exclusion:
        return "excluded"
    signs = ocular_signs + histopathology + salivary_involvement
    four = ocular_symptoms + oral_symptoms + signs + autoantibodies >= 4 and (histopathology or autoantibodies)
    primary = not associated_disease and (four or signs + autoantibodies >= 3)
    return "met" if primary else "not_met"


@opinion(
    "ssc_2013", "thickening_sparing_fingers better_explained thickening_proximal_to_mcp sclerodactyly puffy_fingers "
    "digital_tip_ulcers pitting_scars telangiectasia nailfold_capillaries pulmonary_hypertension interstitial_lung_disease "
    "raynaud anticentromere anti_topoisomerase_1 anti_rna_polymerase_3",
)  # fmt: skip
def ssc_2013(thickening_sparing_fingers, better_explained, **v):
    """van den Hoogen 2013."""
    if thickening_sparing_fingers or better_explained:
        return None
    skin = 9 if v["thickening_proximal_to_mcp"] else 4 if v["sclerodactyly"] else 2 * v["puffy_fingers"]
    tips = 3 if v["pitting_scars"] else 2 * v["digital_tip_ulcers"]
    lung = 2 * (v["pulmonary_hypertension"] or v["interstitial_lung_disease"])
    blood = 3 * (v["anticentromere"] or v["anti_topoisomerase_1"] or v["anti_rna_polymerase_3"])
    points = skin + tips + 2 * v["telangiectasia"] + 2 * v["nailfold_capillaries"] + lung + 3 * v["raynaud"] + blood
    return "met" if points >= 9 else "not_met"
