"""The rheumatology instruments once more, as plain Python on complete visits: an independent reading of the sheet.

Nothing here is shared with the package. Numbers are exact (int, Fraction); None stands only where said.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any


def activity(value: Fraction, limits: tuple[str, str, str]) -> str:
    """The band of CDAI or SDAI, whose limits belong to the lower band."""
    for label, limit in zip(("remission", "low", "moderate"), limits, strict=True):
        if value <= Fraction(limit):
            return label
    return "high"


def eular(baseline: Fraction, current: Fraction) -> str:
    fall = baseline - current
    table = {
        "low": ("good", "moderate", "none"),
        "moderate": ("moderate", "moderate", "none"),
        "high": ("moderate", "none", "none"),
    }
    row = "low" if current <= Fraction("3.2") else "moderate" if current <= Fraction("5.1") else "high"
    column = 0 if fall > Fraction("1.2") else 1 if fall > Fraction("0.6") else 2
    return table[row][column]


def acr(before: dict[str, Any], after: dict[str, Any], percent: int) -> bool:
    """ACR response of complete visits, with CRP as the reactant."""

    def improved(name: str) -> bool:
        return before[name] > 0 and Fraction(before[name] - after[name], 1) / before[name] * 100 >= percent

    counts = improved("tender") and improved("swollen")
    others = sum(improved(name) for name in ("pain", "patient_global", "physician_global", "haq", "crp"))
    return counts and others >= 3


HAQ = {
    "dressing": (["dress", "shampoo"], ["dressing_devices"]),
    "arising": (["stand_up", "bed"], ["special_chair"]),
    "eating": (["cut_meat", "lift_cup", "open_milk"], ["special_utensils"]),
    "walking": (["walk_outdoors", "climb_steps"], ["cane", "walker", "crutches", "wheelchair"]),
    "hygiene": (
        ["wash_body", "tub_bath", "toilet"],
        ["raised_toilet_seat", "bathtub_seat", "bathtub_bar", "bathroom_appliances"],
    ),
    "reach": (["reach_up", "bend_down"], ["reach_appliances"]),
    "grip": (["car_doors", "open_jars", "faucets"], ["jar_opener"]),
    "activities": (["errands", "car", "chores"], []),
}


def haq_di(visit: dict[str, Any], with_aids: bool = True) -> Fraction | None:
    scores = []
    for category, (items, aids) in HAQ.items():
        answers = [visit[item] for item in items if visit[item] is not None]
        if not answers:
            continue
        score = max(answers)
        boxes = [*aids, f"help_{category}", f"assigned_{category}"]
        if with_aids and score < 2 and any(visit[box] for box in boxes):
            score = 2
        scores.append(score)
    return Fraction(sum(scores), len(scores)) if len(scores) >= 6 else None


WEIGHTS = {
    "constitutional": (3, 4),
    "lymphadenopathy": (4, 4),
    "glandular": (2, 2),
    "articular": (2, 3),
    "cutaneous": (3, 3),
    "pulmonary": (5, 6),
    "renal": (5, 6),
    "muscular": (6, 7),
    "peripheral_nervous_system": (5, 5),
    "central_nervous_system": (5, 5),
    "haematological": (2, 2),
    "biological": (1, 0),
}


def star_domains(base: dict[str, Any], now: dict[str, Any]) -> list[int | None]:
    """Points of the five domains; None for a domain that cannot be evaluated. Measures may be None."""

    def rose(name: str) -> Any:
        return None if base[name] is None or now[name] is None else now[name] - base[name]

    def fell_percent(name: str) -> Any:
        change = rose(name)
        return None if change is None or base[name] == 0 else Fraction(-change * 100) / base[name]

    def one_point(*tests: bool | None) -> int | None:
        done = [test for test in tests if test is not None]
        return (1 if any(done) else 0) if done else None

    change = rose("schirmer")
    schirmer = None if change is None else change >= 5 if base["schirmer"] < 5 else now["schirmer"] >= 5
    change = rose("staining")
    staining = None if change is None else change <= -2 if base["staining"] >= 3 else now["staining"] < 3
    change = rose("saliva_flow")
    flow = None
    if change is not None:
        flow = change > 0 if base["saliva_flow"] == 0 else change * 100 >= 25 * base["saliva_flow"]
    ultrasound, igg, rf = fell_percent("ultrasound"), fell_percent("igg"), fell_percent("rf")
    systemic = rose("clinessdai")
    symptoms = rose("esspri")
    felt = None if symptoms is None else symptoms <= -1 or (fell_percent("esspri") or 0) >= 15
    return [
        None if systemic is None else 3 * (systemic <= -3),
        None if felt is None else 3 * felt,
        one_point(schirmer, staining),
        one_point(flow, None if ultrasound is None else ultrasound >= 25),
        one_point(None if igg is None else igg >= 10, None if rf is None else rf >= 25),
    ]


def ra_points(large: int, small: int, serology: str, acute: str, days: Fraction) -> int:
    if large + small > 10 and small >= 1:
        joints = 5
    elif small >= 4:
        joints = 3
    elif small >= 1:
        joints = 2
    elif large >= 2:
        joints = 1
    else:
        joints = 0
    return joints + {"negative": 0, "low": 2, "high": 3}[serology] + (acute == "abnormal") + (days >= 42)


def aecg(i: bool, ii: bool, iii: bool, iv: bool, v: bool, vi: bool, associated: bool) -> tuple[bool, bool]:
    """Primary and secondary disease."""
    four = i + ii + iii + iv + v + vi >= 4 and (iv or vi)
    primary = not associated and (four or iii + iv + v + vi >= 3)
    return primary, associated and (i or ii) and iii + iv + v >= 2


def ssc_points(it: dict[str, bool]) -> int:
    skin = max(9 * it["thickening_proximal_to_mcp"], 4 * it["sclerodactyly"], 2 * it["puffy_fingers"])
    tips = max(2 * it["digital_tip_ulcers"], 3 * it["pitting_scars"])
    lung = 2 * (it["pulmonary_hypertension"] or it["interstitial_lung_disease"])
    antibody = it["anticentromere"] or it["anti_topoisomerase_1"] or it["anti_rna_polymerase_3"]
    small = 2 * it["telangiectasia"] + 2 * it["nailfold_capillaries"]
    return skin + tips + lung + small + 3 * it["raynaud"] + 3 * antibody
