"""Rheumatoid arthritis, from the papers."""

from fractions import Fraction
from math import log, sqrt

from tests.instruments.second_opinion.opinion import band, opinion

DAS = band(("remission", "2.6", False), ("low", "3.2", True), ("moderate", "5.1", True), ("high", None, False))
JOINTS = "0 1 2 3 28"
GLOBAL = "0 1 2 5 10 50 100"


@opinion("das28_esr", "tender swollen esr global_health", f"{JOINTS} {GLOBAL} 1", category=DAS)
def das28_esr(tender, swollen, esr, global_health):
    """Prevoo 1995; ln 0 is not defined, and a rate below 1 counts as 1."""
    return 0.56 * sqrt(tender) + 0.28 * sqrt(swollen) + 0.70 * log(max(esr, 1)) + 0.014 * float(global_health)


@opinion("das28_esr_3", "tender swollen esr", f"{JOINTS} 1", category=DAS)
def das28_esr_3(tender, swollen, esr):
    return (0.56 * sqrt(tender) + 0.28 * sqrt(swollen) + 0.70 * log(max(esr, 1))) * 1.08 + 0.16


@opinion("das28_crp", "tender swollen crp global_health", f"{JOINTS} {GLOBAL}", category=DAS)
def das28_crp(tender, swollen, crp, global_health):
    """Wells 2009; CRP in mg/L."""
    return 0.56 * sqrt(tender) + 0.28 * sqrt(swollen) + 0.36 * log(crp + 1) + 0.014 * float(global_health) + 0.96


@opinion("das28_crp_3", "tender swollen crp", JOINTS, category=DAS)
def das28_crp_3(tender, swollen, crp):
    return (0.56 * sqrt(tender) + 0.28 * sqrt(swollen) + 0.36 * log(crp + 1)) * 1.10 + 1.15


@opinion(
    "cdai", "tender swollen patient_global physician_global", "0 1 2 0.7 0.1 2.4 2.6 10 22",
    category=band(("remission", "2.8", True), ("low", "10", True), ("moderate", "22", True), ("high", None, False)),
)  # fmt: skip
def cdai(tender, swollen, patient_global, physician_global):
    """Aletaha 2005."""
    return tender + swollen + patient_global + physician_global


@opinion(
    "sdai", "tender swollen patient_global physician_global crp", "0 1 2 1.2 0.8 0.2 0.3 0.4 6.9 0.9 10 1.1",
    category=band(("remission", "3.3", True), ("low", "11", True), ("moderate", "26", True), ("high", None, False)),
)  # fmt: skip
def sdai(tender, swollen, patient_global, physician_global, crp):
    """Smolen 2003; CRP in mg/dL."""
    return tender + swollen + patient_global + physician_global + crp


def _response(baseline, current):
    """Aletaha 2012: by half, by 70 %, by 85 %."""
    if baseline == 0:
        return "none"
    fall = 100 * (baseline - current)
    for label, percent in (("major", 85), ("moderate", 70), ("minor", 50)):
        if fall >= percent * baseline:
            return label
    return "none"


opinion("cdai_response", "baseline current", "0 40 20 20.1 12 6 10 5 3 1.5")(_response)
opinion("sdai_response", "baseline current", "0 40 20 20.1 12 6 10 5 3 1.5")(_response)


@opinion("cdai_important_improvement", "baseline current", "0 1 2 4 9 10 16 22 23 11")
def cdai_important(baseline, current):
    """Curtis 2015."""
    return baseline - current >= (12 if baseline > 22 else 6 if baseline > 10 else 1)


@opinion("eular_response", "baseline current", "4.4 3.2 4.2 3.6 5.1 2.6 1.2 0.6 3.9 3.3 5.2 6.3 5.7")
def eular(baseline, current):
    """van Gestel 1998."""
    fall = baseline - current
    if fall <= Fraction("0.6"):
        return "none"
    if fall <= Fraction("1.2"):
        return "moderate" if current <= Fraction("5.1") else "none"
    return "good" if current <= Fraction("3.2") else "moderate"


def _boolean(limit, crp_counts):
    def remission(tender, swollen, patient_global, crp=Fraction(0)):
        return tender <= 1 and swollen <= 1 and patient_global <= limit and (not crp_counts or crp <= 1)

    return remission


for _version, _limit in ((1, 1), (2, 2)):
    opinion(f"boolean_remission_{_version}", "tender swollen crp patient_global", "0 1 1.1 2 2.1 0.9")(
        _boolean(_limit, True)
    )
    opinion(f"boolean_remission_{_version}_without_crp", "tender swollen patient_global", "0 1 1.1 2 2.1")(
        _boolean(_limit, False)
    )

CORE = "patient_global pain physician_global haq crp"
ACR_ITEMS = " ".join(f"{name} {name}_baseline" for name in ("tender swollen " + CORE).split())


def _acr(percent):
    def response(**v):
        """Felson 1995; a component that was 0 cannot be said to have improved."""

        def improved(name):
            before, now = v[f"{name}_baseline"], v[name]
            return before > 0 and 100 * (before - now) >= percent * before

        return improved("tender") and improved("swollen") and sum(map(improved, CORE.split())) >= 3

    return response


for _percent in (20, 50, 70):
    opinion(f"acr{_percent}", ACR_ITEMS, "0 10 8 5 3 1 20 16 6 2 1.5 0.45 0.3 0.9 0.6 60 48 30 18")(_acr(_percent))

CATEGORIES = {
    "dressing": "dress shampoo", "arising": "stand_up bed", "eating": "cut_meat lift_cup open_milk",
    "walking": "walk_outdoors climb_steps", "hygiene": "wash_body tub_bath toilet", "reach": "reach_up bend_down",
    "grip": "car_doors open_jars faucets", "activities": "errands car chores",
}  # fmt: skip
AIDS = {
    "dressing": "dressing_devices", "arising": "special_chair", "eating": "special_utensils",
    "walking": "cane walker crutches wheelchair", "grip": "jar_opener", "reach": "reach_appliances", "activities": "",
    "hygiene": "raised_toilet_seat bathtub_seat bathtub_bar bathroom_appliances",
}  # fmt: skip


@opinion(
    "haq_di", "", optional=" ".join((*CATEGORIES.values(), *AIDS.values(), *(f"help_{one}" for one in CATEGORIES)))
)
def haq_di(**v):
    """Bruce & Fries 2003: the worst item of a category, at least 2 with an aid or help; six of eight suffice."""
    scores = []
    for category, items in CATEGORIES.items():
        answered = [v[item] for item in items.split() if v.get(item) is not None]
        if answered:
            helped = any(v.get(aid) for aid in (*AIDS[category].split(), f"help_{category}"))
            scores.append(max([*answered, 2] if helped else answered))
    return Fraction(sum(scores)) / len(scores) if len(scores) >= 6 else None


@opinion("haq_di_category_only", "", optional=" ".join(CATEGORIES))
def haq_by_category(**v):
    scores = [one for one in v.values() if one is not None]
    return Fraction(sum(scores)) / len(scores) if len(scores) >= 6 else None


MHAQ = "dress bed lift_cup walk_outdoors wash_body bend_down faucets car"


@opinion("mhaq_8", MHAQ)
def mhaq(**v):
    """Pincus 1983: the mean of eight."""
    return Fraction(sum(v.values())) / 8


@opinion(
    "ra_2010", "definite_synovitis better_explained large_joints small_joints serology acute_phase duration",
    "0 1 2 3 4 10 11 41 42 43",
)  # fmt: skip
def ra_2010(definite_synovitis, better_explained, large_joints, small_joints, serology, acute_phase, duration):
    """Aletaha 2010."""
    if not definite_synovitis or better_explained:
        return None
    if small_joints and large_joints + small_joints > 10:
        joints = 5
    elif small_joints >= 4:
        joints = 3
    elif small_joints >= 1:
        joints = 2
    else:
        joints = 1 if large_joints >= 2 else 0
    points = joints + {"negative": 0, "low": 2, "high": 3}[serology] + (acute_phase == "abnormal") + (duration >= 42)
    return "met" if points >= 6 else "not_met"
