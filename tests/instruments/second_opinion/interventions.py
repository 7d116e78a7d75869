"""Terms of CTCAE v5.0 that pressure, oxygen, function or treatment grade (NCI, 27 November 2017); LICATS; the IEC-HS screen.

A limit belongs to the milder grade; what the workbook prints with gaps between whole numbers is read without them.
"""

from fractions import Fraction

from tests.instruments.second_opinion.opinion import opinion


def _outcome(found, life_threatening, fatal=None):
    return 5 if fatal else 4 if life_threatening else found


@opinion(
    "ctcae_hypertension", "systolic diastolic", "119 120 139 140 159 160 79 80 89 90 99 100",
    "one_drug more_drugs life_threatening fatal",
)  # fmt: skip
def hypertension(systolic, diastolic, one_drug, more_drugs, life_threatening, fatal):
    """Adults: from 120/80, 140/90 and 160/100."""
    found = sum(systolic >= s or diastolic >= d for s, d in ((120, 80), (140, 90), (160, 100)))
    return _outcome(max(found, 3 if more_drugs else 2 if one_drug else 0), life_threatening, fatal)


@opinion(
    "ctcae_hypoxia", "spo2 spo2_exercise oxygen", "87 87.9 88 88.1 95", "life_threatening fatal"
)  # fmt: skip
def hypoxia(spo2, spo2_exercise, oxygen, life_threatening, fatal):
    """By pulse oximetry; PaO2, which may stand in for it at rest, is left to the tables."""
    found = 3 if spo2 < 88 else 2 if spo2_exercise < 88 or oxygen else 0
    return _outcome(found, life_threatening, fatal)


@opinion("ctcae_chronic_kidney_disease", "value lower", "90 89 60 59 59.9 30 29 15 14 14.9", "proteinuria dialysis")
def kidney(value, lower, proteinuria, dialysis):
    if dialysis:
        return 4
    found = sum(value < limit for limit in (60, 30, 15))
    return found + 1 if found else 1 if value < lower or proteinuria else 0


@opinion(
    "ctcae_carbon_monoxide_diffusing_capacity_decreased", "value lower pulmonary_symptoms",
    "25 24 22 21.9 20 19 17 16.9 16 28 30", "baseline",
)  # fmt: skip
def diffusing_capacity(value, lower, pulmonary_symptoms, baseline):
    """Units below the lower limit, at follow-up below the baseline: 3 to 5, to 8, more; symptoms make the second 3."""
    fall = (lower if baseline is None else baseline) - value
    if fall > 8 or (fall > 5 and pulmonary_symptoms):
        return 3
    return 2 if fall > 5 else 1 if fall >= 3 else 0


@opinion("ctcae_vital_capacity_abnormal", "value", "90 91 75 74.9 50 49.9", "limits_instrumental limits_self_care")
def vital_capacity(value, limits_instrumental, limits_self_care):
    """90–75 % of what is predicted, below 75 to 50, below 50; what it limits counts of a capacity that is low."""
    if value > 90:
        return 0
    if value < 50 or limits_self_care:
        return 3
    return 2 if value < 75 or limits_instrumental else 1


@opinion("ctcae_proteinuria", "value upper", "0.15 0.16 0.14 1 0.99 3.5 3.49")
def proteinuria(value, upper):
    """Adults: from the upper limit, 1.0 and 3.5 g a day."""
    return 3 if value >= Fraction("3.5") else 2 if value >= 1 else 1 if value >= upper else 0


@opinion("ctcae_hyperuricemia", "value upper consequences", "420 421 419 360", "life_threatening")
def urate(value, upper, consequences, life_threatening):
    if value <= upper:
        return 0
    return 4 if life_threatening else 3 if consequences else 1


@opinion("ctcae_hyperglycemia", "above_baseline management_changed insulin hospitalised", optional="life_threatening")
def glucose(above_baseline, management_changed, insulin, hospitalised, life_threatening):
    found = 3 if insulin or hospitalised else 2 if management_changed else 1 if above_baseline else 0
    return _outcome(found, life_threatening)


@opinion("ctcae_hypophosphatemia", "below_normal oral_replacement hospitalised", optional="life_threatening")
def phosphate_low(below_normal, oral_replacement, hospitalised, life_threatening):
    found = 3 if hospitalised else 2 if oral_replacement else 1 if below_normal else 0
    return _outcome(found, life_threatening)


@opinion("ctcae_hyperphosphatemia", "above_normal intervention hospitalised", optional="life_threatening")
def phosphate_high(above_normal, intervention, hospitalised, life_threatening):
    found = 3 if hospitalised else 2 if intervention else 1 if above_normal else 0
    return _outcome(found, life_threatening)


@opinion("ctcae_infection", "treatment", optional="limits_instrumental life_threatening fatal")
def infection(treatment, limits_instrumental, life_threatening, fatal):
    needed = {"none": 1, "local": 1, "oral": 2, "intravenous": 3, "invasive": 3}[treatment]
    return _outcome(max(needed, 2 if limits_instrumental else 1), life_threatening, fatal)


@opinion("ctcae_blood_culture", "symptoms treated", optional="life_threatening fatal")
def blood_culture(symptoms, treated, life_threatening, fatal):
    """Bacteremia has grade 2 alone without symptoms; sepsis begins at grade 3."""
    return _outcome(3 if symptoms and treated else 2, life_threatening, fatal)


@opinion("ctcae_reactivation", "symptoms treatment moderate", optional="hospitalised life_threatening fatal")
def reactivation(symptoms, treatment, moderate, hospitalised, life_threatening, fatal):
    needed = {"none": 1, "local": 2, "oral": 2, "intravenous": 3, "invasive": 3}[treatment]
    found = max(needed, 2 if symptoms and moderate else 1, 3 if hospitalised else 1)
    return _outcome(found, life_threatening, fatal)


@opinion("ctcae_general", "severity", optional="activities hospitalised")
def general(severity, activities, hospitalised):
    """The five general columns of the workbook: the worst of what is said."""
    named = {"absent": 0, "mild": 1, "moderate": 2, "severe": 3, "life_threatening": 4, "fatal": 5}[severity]
    limited = {"instrumental": 2, "self_care": 3}.get(activities, 0)
    return max(named, limited, 3 if hospitalised else 0)


@opinion("licats", "organ affected_before other_cause care", optional="b_cell_aplasia fatal")
def licats(organ, affected_before, other_cause, care, b_cell_aplasia, fatal):
    """Hagen 2025: only in an organ the disease had affected, and where nothing else explains it."""
    if other_cause or not affected_before:
        return 0
    return 5 if fatal else {"observation": 1, "treatment": 2, "hospital": 3, "intensive_care": 4}[care]


@opinion(
    "iec_hs", "ferritin_ratio ferritin_rising crs_state transaminase_ratio fibrinogen fibrinogen_lower cytopenia",
    "2 2.1 1.9 5 5.1 4.9 1.5 1.49 1.51 2", "haemophagocytosis",
)  # fmt: skip
def iec_hs(
    ferritin_ratio, ferritin_rising, crs_state, transaminase_ratio, fibrinogen, fibrinogen_lower, cytopenia,
    haemophagocytosis,
):  # fmt: skip
    """Hines 2023: ferritin more than twice the limit or rising fast, and a criterion of the list, apart from a rising CRS."""
    if not (ferritin_ratio > 2 or ferritin_rising):
        return "negative"
    low = fibrinogen < Fraction("1.5") or fibrinogen < fibrinogen_lower
    if not (transaminase_ratio > 5 or low or cytopenia or haemophagocytosis):
        return "negative"
    return "cannot_separate_from_crs" if crs_state == "rising" else "positive"


@opinion("pga", "pga", "0 0.3 1.9 3", "scale")
def pga(pga, scale):
    """0 to 3; a line of 100 mm and a number up to ten are brought to it."""
    highest = {"mm100": 100, "NRS_0_10": 10}.get(scale, 3)
    return None if pga > highest else Fraction(pga) * 3 / highest


@opinion("pain_vas", "reading", "0 50 100", "baseline")
def pain(reading, baseline):
    return reading


@opinion("patient_global", "reading", "0 50 100", "baseline")
def patient_global(reading, baseline):
    return reading


@opinion("physician_global", "reading scale", "0 3 3.1 10 10.1 100")
def physician_global(reading, scale):
    """On 100 mm; the anchored 0–3 scale of lupus is another one."""
    if scale == "SLE_0_3" or (scale in ("RA_0_10CM", "NRS_0_10") and reading > 10):
        return None
    return reading if scale == "RA_0_100MM" else reading * 10


JOINTS = [
    f"{joint}_{side}"
    for joint in (
        "shoulder", "elbow", "wrist", "knee", *(f"{row}_{finger}" for row in ("mcp", "pip") for finger in range(1, 6))
    )
    for side in ("right", "left")
]  # fmt: skip


def _joints(kind):
    opinion(f"{kind}_joints_28", " ".join(f"{kind}_{joint}" for joint in JOINTS))(lambda **seen: sum(seen.values()))


for _kind in ("tender", "swollen"):
    _joints(_kind)


@opinion("active_joints_28", " ".join(f"{kind}_{joint}" for joint in JOINTS for kind in ("tender", "swollen")))
def active_joints(**seen):
    return sum(seen[f"tender_{joint}"] or seen[f"swollen_{joint}"] for joint in JOINTS)


@opinion("crp_change", "baseline now", "0 5 10")
def crp_change(baseline, now):
    return now - baseline


@opinion("esr_change", "baseline now", "0 5 10")
def esr_change(baseline, now):
    return now - baseline


def _calcium(limits, rising):
    def grade(value, normal, symptomatic, hospitalised, life_threatening):
        beyond = [value > one if rising else value < one for one in (normal, *limits)]
        if not any(beyond):
            return 0
        by_number = max(number for number, is_so in enumerate(beyond, start=1) if is_so)
        return max(by_number, 4 if life_threatening else 3 if hospitalised else 2 if symptomatic else 0)

    return grade


_SAID = "symptomatic hospitalised life_threatening"


@opinion("ctcae_hypercalcemia_mg_dl", "value upper", "10.5 10.6 11.5 11.6 12.5 12.6 13.5 13.6", _SAID)
def calcium_high(value, upper, **said):
    return _calcium([Fraction(one) for one in ("11.5", "12.5", "13.5")], rising=True)(value, upper, **said)


@opinion("ctcae_hypocalcemia_mg_dl", "value lower", "8.5 8.4 8 7.9 7 6.9 6 5.9", _SAID)
def calcium_low(value, lower, **said):
    return _calcium([Fraction(one) for one in ("8", "7", "6")], rising=False)(value, lower, **said)
