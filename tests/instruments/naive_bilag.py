"""BILAG-2004 written a second time, from the words of the scoring text and for complete visits only: the tests' oracle.

Plain `if` and floats-free comparisons on the recorded numbers; shares nothing with the package.
"""

from collections.abc import Mapping
from typing import Any

ROLES = {
    "mucocutaneous": ({5, 7, 9, 11, 13}, {6, 12, 14, 15}, {8, 10, 16, 17, 18}),
    "neuropsychiatric": (
        {19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 31, 36},
        {30, 32, 33, 34, 35, 37, 38},
        set(),
    ),
    "musculoskeletal": ({39, 41}, {40, 42}, {43}),
    "cardiorespiratory": ({45, 46, 47, 49, 50, 51, 52, 53, 54, 55}, {44, 48}, set()),
    "gastrointestinal": ({56, 58, 61, 63, 64}, {57, 59, 60, 62}, set()),
    "ophthalmic": ({65, 66, 69, 72, 74, 76, 77}, {67, 68, 70, 73}, {71, 75}),
}
PROTEIN = {"protein_24h": (1, 0.5, 0.25), "upcr": (100, 50, 25), "acr": (100, 50, 25)}


def grade_rated(system: str, ratings: Mapping[int, int], before: bool) -> str:
    severe, moderate, mild = ROLES[system]
    grades = []
    for number, rating in ratings.items():
        if rating == 0:
            continue
        if number in severe:
            grades.append("B" if rating == 1 else "A")
        elif number in moderate:
            grades.append("C" if rating == 1 else "B")
        elif number in mild:
            grades.append("C")
    return min(grades, default="D" if before else "E")


def grade_constitutional(ratings: Mapping[int, int], before: bool) -> str:
    fever = ratings[1] in (2, 3, 4)
    count = len([number for number in (2, 3, 4) if ratings[number] in (2, 3, 4)])
    if fever and count >= 2:
        return "A"
    if fever or count >= 2:
        return "B"
    if any(ratings[number] for number in (1, 2, 3, 4)):
        return "C"
    return "D" if before else "E"


def grade_renal(now: Mapping[str, Any], last: Mapping[str, Any], before: bool, registry: bool) -> str:
    """`now` has numbers or None; at least one protein method and one of creatinine and GFR is measured."""
    quantitative = [name for name in PROTEIN if now[name] is not None]
    protein = 0
    for name in quantitative:
        severe, moderate, mild = PROTEIN[name]
        fell = last[name] is not None and last[name] > 0 and (last[name] - now[name]) / last[name] >= 0.25
        if now[name] > severe and not fell:
            protein = max(protein, 3)
        elif now[name] >= moderate and not fell:
            protein = max(protein, 2)
        elif now[name] > mild:
            protein = max(protein, 1)
    if not quantitative:
        plus, was = now["dipstick_protein"], last["dipstick_protein"]
        if (was is None and registry and plus >= 2) or (was is not None and plus - was >= 2):
            protein = 3
        elif was is not None and plus - was == 1 and plus >= 2:
            protein = 2
        elif plus >= 1:
            protein = 1
    failing, rising = _function(now, last, registry)
    first, fourth, fifth = protein == 3, now["active_sediment"], now["active_nephritis_histology"]
    six = [first, now["accelerated_hypertension"], failing, fourth, fifth, now["nephrotic_syndrome"]]
    if sum(six) >= 2 and (first or fourth or fifth):
        return "A"
    if any(six) or protein == 2 or rising:
        return "B"
    if protein == 1 or _pressure(now, last):
        return "C"
    return "D" if before else "E"


def _function(now: Mapping[str, Any], last: Mapping[str, Any], registry: bool) -> tuple[bool, bool]:
    failing = rising = False
    creatinine, was = now["creatinine"], last["creatinine"]
    if creatinine is not None and creatinine > 130:
        if was is None:
            failing = registry
        elif creatinine * 10 > was * 13:
            failing = True
        elif creatinine * 100 >= was * 115:
            rising = True
    gfr, was = now["gfr"], last["gfr"]
    if gfr is not None:
        if gfr < 80 and (registry if was is None else gfr * 100 < was * 67):
            failing = True
        if gfr < 50 and (was is None or was > 50):
            failing = True
    return failing, rising


def _pressure(now: Mapping[str, Any], last: Mapping[str, Any]) -> bool:
    if last["systolic_bp"] is None or last["diastolic_bp"] is None:
        return False
    high = now["systolic_bp"] > 140 and now["diastolic_bp"] > 90
    return high and now["systolic_bp"] - last["systolic_bp"] >= 30 and now["diastolic_bp"] - last["diastolic_bp"] >= 15


def grade_blood(now: Mapping[str, Any], before: bool) -> str:
    hb, wbc, anc, lym, plt = (
        now[name] for name in ("haemoglobin", "white_cells", "neutrophils", "lymphocytes", "platelets")
    )
    if now["ttp"] > 1 or hb < 8 or wbc < 1 or anc < 0.5 or plt < 25:
        return "A"
    if now["ttp"] == 1 or hb < 9 or (now["active_haemolysis"] and hb < 10) or wbc < 2 or anc < 1 or plt < 50:
        return "B"
    if hb < 11 or now["active_haemolysis"] or wbc < 4 or anc < 2 or plt < 150 or lym < 1 or now["coombs_isolated"]:
        return "C"
    return "D" if before else "E"
