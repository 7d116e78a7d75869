"""Laboratory terms of CTCAE v5.0 (NCI, 27 November 2017): the limits as the workbook prints them, in its SI units.

A limit belongs to the milder grade. A grade of fixed limits needs no reference range; grade 1 does.
"""

from fractions import Fraction

from tests.instruments.second_opinion.opinion import opinion


def _turns(*limits):
    return " ".join(
        str(Fraction(one) + Fraction(step)) for one in limits if one for step in ("0", "0.01", "-0.01", "0.1")
    )


def falling(name, grades, normal, extra="", change=None):
    """`grades`: for each grade from 2, the value below which it begins, None where the term has no such grade by number."""
    limits = [(number, Fraction(one)) for number, one in enumerate(grades, start=2) if one is not None]

    def grade(value, lower, **said):
        found = max([number for number, limit in limits if value < limit] + [1 if value < lower else 0])
        return change(found, value, **said) if change else found

    opinion(f"ctcae_{name}", f"value lower {extra}", _turns(*grades, normal))(grade)


def rising(name, grades, normal, extra="", change=None):
    """As `falling`, for the value above which each grade begins."""
    limits = [(number, Fraction(one)) for number, one in enumerate(grades, start=2) if one is not None]

    def grade(value, upper, **said):
        found = max([number for number, limit in limits if value > limit] + [1 if value > upper else 0])
        return change(found, value, **said) if change else found

    opinion(f"ctcae_{name}", f"value upper {extra}", _turns(*grades, normal))(grade)


def times(name, multiples, from_baseline=None, inclusive=False, extra="", change=None):
    """Multiples of the upper limit for grades 1 to 4; of the baseline where that was above the limit."""

    def grade(value, upper, baseline=Fraction(0), **said):
        abnormal = from_baseline is not None and baseline > upper
        of, steps = (baseline, from_baseline) if abnormal else (upper, multiples)
        above = [number for number, one in enumerate(steps, start=1) if one is not None and value > Fraction(one) * of]
        found = max(above, default=0)
        if abnormal and inclusive and value == Fraction(steps[0]) * of:
            found = 1
        return change(found, value, upper, **said) if change else found

    asks = f"value upper {'baseline' if from_baseline else ''} {extra}"
    opinion(f"ctcae_{name}", asks, "40 60 80 100 119 120 121 150 200 240 241 300 400 1 20 26 30 31 45")(grade)


falling("white_blood_cell_decreased", ("3", "2", "1"), "4")
falling("neutrophil_count_decreased", ("1.5", "1", "0.5"), "2")
falling("lymphocyte_count_decreased", ("0.8", "0.5", "0.2"), "1.1")
falling("cd4_lymphocytes_decreased", ("0.5", "0.2", "0.05"), "0.6")
falling("platelet_count_decreased", ("75", "50", "25"), "150")
falling("haptoglobin_decreased", (), "0.3")
falling("blood_bicarbonate_decreased", (), "22")


def _life(found, value, life_threatening, **_):
    """What an abnormal value leads to counts with an abnormal value only."""
    return 4 if found and life_threatening else found


def _anaemia(found, value, transfusion, life_threatening):
    if not found:
        return 0
    return 4 if life_threatening else max(found, 3) if transfusion else found


falling("anemia", ("100", "80"), "120", "transfusion life_threatening", _anaemia)
falling("anemia_mmol_l", ("6.2", "4.9"), "7.4", "transfusion life_threatening", _anaemia)


def _hypocalcaemia(found, value, symptomatic, hospitalised, life_threatening):
    """Grade 2 also by symptoms, grade 3 also by admission, of a value that is low."""
    if not found:
        return 0
    return max(found, 4 if life_threatening else 3 if hospitalised else 2 if symptomatic else 0)


for _name, _limits, _normal in (
    ("hypocalcemia_ionised", ("1", "0.9", "0.8"), "1.12"),
):  # fmt: skip
    falling(_name, _limits, _normal, "symptomatic hospitalised life_threatening", _hypocalcaemia)
falling("hypomagnesemia", ("0.5", "0.4", "0.3"), "0.7", "life_threatening", _life)
falling("hypomagnesemia_mg_dl", ("1.2", "0.9", "0.7"), "1.7", "life_threatening", _life)
falling("hypoglycemia", ("3", "2.2", "1.7"), "3.9", "life_threatening", _life)
falling("hypoglycemia_mg_dl", ("55", "40", "30"), "70", "life_threatening", _life)
falling("hypoalbuminemia", ("30", "20"), "35", "life_threatening", _life)
falling("acidosis", (None, "7.3"), "7.35", "life_threatening", _life)
rising("alkalosis", (None, "7.5"), "7.45", "life_threatening", _life)
rising("hypermagnesemia", (None, "1.23", "3.30"), "1.05", "life_threatening", _life)
rising("hypermagnesemia_mg_dl", (None, "3", "8"), "2.5", "life_threatening", _life)
rising("cholesterol_high", ("7.75", "10.34", "12.92"), "5.2")
rising("cholesterol_high_mg_dl", ("300", "400", "500"), "200")
times("cpk_increased", ("1", "2.5", "5", "10"))
times("blood_lactate_dehydrogenase_increased", ("1",))
times("alanine_aminotransferase_increased", ("1", "3", "5", "20"), ("1.5", "3", "5", "20"), inclusive=True)
times("aspartate_aminotransferase_increased", ("1", "3", "5", "20"), ("1.5", "3", "5", "20"), inclusive=True)
times("alkaline_phosphatase_increased", ("1", "2.5", "5", "20"), ("2", "2.5", "5", "20"), inclusive=True)
times("ggt_increased", ("1", "2.5", "5", "20"), ("2", "2.5", "5", "20"), inclusive=True)
times("blood_bilirubin_increased", ("1", "1.5", "3", "10"), ("1", "1.5", "3", "10"))


def _bleeds(found, value, upper, bleeding):
    return max(found, 3) if found and bleeding else found


times("activated_partial_thromboplastin_time_prolonged", ("1", "1.5", "2.5"), extra="bleeding", change=_bleeds)


def _enzyme(value, upper, symptomatic):
    """Lipase and amylase: above twice the limit the symptoms decide between two grades."""
    if value > 5 * upper:
        return 4 if symptomatic else 3
    if value > 2 * upper:
        return 3 if symptomatic else 2
    return 2 if value > Fraction("1.5") * upper else 1 if value > upper else 0


for _name in ("lipase", "serum_amylase"):
    opinion(f"ctcae_{_name}_increased", "value upper symptomatic", "60 90 91 120 121 300 301 61")(_enzyme)


@opinion(
    "ctcae_creatinine_increased", "value upper baseline", "40 28 14 13.9 42 42.1 106 60 90 181 159 318 636 637 180"
)
def creatinine(value, upper, baseline):
    if value > 6 * upper:
        return 4
    if value > 3 * baseline or value > 3 * upper:
        return 3
    if value > Fraction("1.5") * baseline or value > Fraction("1.5") * upper:
        return 2
    return 1 if value > upper else 0


@opinion("ctcae_inr_increased", "value baseline anticoagulated bleeding", "1 1.2 1.21 1.5 1.51 2.5 2.51 3 1.8 3.75")
def inr(value, baseline, anticoagulated, bleeding):
    steps = (
        [one * baseline for one in (1, Fraction("1.5"), Fraction("2.5"))]
        if anticoagulated
        else [Fraction("1.2"), Fraction("1.5"), Fraction("2.5")]
    )
    found = sum(value > step for step in steps)
    return max(found, 3) if found and bleeding else found


AROUND = "2 1.9 1.6 1.5 1 0.5 0.49 0.45 1.8 3 1.35 0.9"


@opinion("ctcae_fibrinogen_decreased", "value lower baseline", AROUND)
def fibrinogen(value, lower, baseline):
    """Both rules, the worse of the two; the fall counts where the baseline was abnormal."""
    return _fibrinogen(value, lower, baseline, baseline < lower)


@opinion("ctcae_fibrinogen_decreased_current", "value lower baseline", AROUND)
def fibrinogen_current(value, lower, baseline):
    """The other reading of «if abnormal»: the fall counts where the value is."""
    return _fibrinogen(value, lower, baseline, value < lower)


def _fibrinogen(value, lower, baseline, abnormal):
    found = (
        4
        if value < Fraction("0.25") * lower or value < Fraction("0.5")
        else sum(value < part * lower for part in (1, Fraction("0.75"), Fraction("0.5")))
    )
    if abnormal and value < baseline:
        fall = 1 - value / baseline
        found = max(found, 1 + sum(fall >= Fraction(step) for step in ("0.25", "0.5", "0.75")))
    return found


@opinion("ctcae_hyponatremia", "value lower symptomatic life_threatening", "135 134 130 129 129.5 125 124 120 119 136")
def hyponatraemia(value, lower, symptomatic, life_threatening):
    if value < 120 or (life_threatening and (value < lower or value < 130)):
        return 4
    if value < 125 or (value < 130 and symptomatic):
        return 3
    return 2 if value < 130 else 1 if value < lower else 0


@opinion(
    "ctcae_hypokalemia", "value lower symptomatic intervention hospitalised life_threatening", "3.5 3.4 3 2.9 2.5 2.4 3.6"
)  # fmt: skip
def hypokalaemia(value, lower, symptomatic, intervention, hospitalised, life_threatening):
    low = value < lower or value < 3
    if value < Fraction("2.5") or (low and life_threatening):
        return 4
    if value < 3 or (low and hospitalised):
        return 3
    return 0 if not low else 2 if symptomatic or intervention else 1


@opinion("ctcae_lymphocyte_count_increased", "value", "4 4.1 20 20.1")
def lymphocytosis(value):
    return 3 if value > 20 else 2 if value > 4 else 0


@opinion("ctcae_leukocytosis", "value leucostasis", "100 100.1")
def leukocytosis(value, leucostasis):
    return 4 if leucostasis else 3 if value > 100 else 0


@opinion("ctcae_hemoglobin_increased", "value upper", "160 161 180 181 200 201")
def haemoglobin_high(value, upper):
    return sum(value > upper + more for more in (0, 20, 40))


@opinion("ctcae_eosinophilia", "value upper baseline steroids", "0.5 0.6 0.7 1")
def eosinophilia(value, upper, baseline, steroids):
    present = value > upper and value > baseline
    return 0 if not present else 3 if steroids else 1


@opinion("ctcae_hypertriglyceridemia", "value life_threatening", "1.70 1.71 3.42 3.43 5.7 5.71 11.4 11.41")
def triglycerides(value, life_threatening):
    if value > Fraction("11.4") or (life_threatening and value >= Fraction("1.71")):
        return 4
    return 3 if value > Fraction("5.7") else 2 if value > Fraction("3.42") else 1 if value >= Fraction("1.71") else 0


@opinion("ctcae_hypertriglyceridemia_mg_dl", "value life_threatening", "149 150 300 301 500 501 1000 1001")
def triglycerides_mg(value, life_threatening):
    if value > 1000 or (life_threatening and value >= 150):
        return 4
    return 3 if value > 500 else 2 if value > 300 else 1 if value >= 150 else 0


@opinion(
    "ctcae_electrocardiogram_qt_corrected_interval_prolonged", "value baseline torsade", "449 450 480 481 500 501 440 441 420"
)  # fmt: skip
def qtc(value, baseline, torsade):
    if torsade:
        return 4
    if value > 500 or value - baseline > 60:  # the printed bands are whole numbers, read without gaps
        return 3
    return 2 if value > 480 else 1 if value >= 450 else 0


@opinion("ctcae_ejection_fraction_decreased", "value baseline", "60 55 50 51 41 40 39 20 19 70 30")
def ejection(value, baseline):
    fall = baseline - value
    if value < 20:
        return 4
    if value < 40 or fall >= 20:
        return 3
    return 2 if value <= 50 or fall >= 10 else 0


@opinion("ctcae_fever", "value longer_than_24_h", "37.9 38 39 39.1 40 40.1")
def fever(value, longer_than_24_h):
    if value > 40:
        return 4 if longer_than_24_h else 3
    return 2 if value > 39 else 1 if value >= 38 else 0


@opinion(
    "ctcae_febrile_neutropenia",
    "value temp_c sustained_minutes life_threatening",
    "0.9 1 1.1 38 38.3 38.4 37.9 60 61 30",
)
def febrile(value, temp_c, sustained_minutes, life_threatening):
    present = value < 1 and (temp_c > Fraction("38.3") or (temp_c >= 38 and sustained_minutes > 60))
    return 0 if not present else 4 if life_threatening else 3


@opinion("ctcae_weight_loss", "value baseline", "100 95 95.1 90 90.1 80 80.1 70 60 56")
def weight_loss(value, baseline):
    lost = 1 - value / baseline
    return sum(lost >= Fraction(step) for step in ("0.05", "0.1", "0.2"))


@opinion("ctcae_weight_gain", "value baseline", "100 105 104.9 110 109.9 120 119.9 70 84 77")
def weight_gain(value, baseline):
    gained = value / baseline - 1
    return sum(gained >= Fraction(step) for step in ("0.05", "0.1", "0.2"))


@opinion("ctcae_forced_expiratory_volume_decreased", "value", "99 100 70 69 60 59 50 49 69.5")
def fev1(value):
    """FEV1 % of predicted: 99–70, 60–69, 50–59, at most 49, read without gaps."""
    return 4 if value < 50 else 3 if value < 60 else 2 if value < 70 else 1 if value < 100 else 0


def _rising_with(name, limits, normal, extra, change):
    rising(name, limits, normal, extra, change)


def _sodium(found, value, intervention, hospitalised, life_threatening):
    if not found:
        return 0
    return max(found, 4 if life_threatening else 3 if hospitalised else 2 if intervention else 0)


rising("hypernatremia", ("150", "155", "160"), "145", "intervention hospitalised life_threatening", _sodium)
rising("hyperkalemia", ("5.5", "6", "7"), "5.2", "intervention hospitalised life_threatening", _sodium)
rising(
    "hypercalcemia_ionised", ("1.5", "1.6", "1.8"), "1.3", "symptomatic hospitalised life_threatening", _hypocalcaemia
)  # fmt: skip


def _corrected(calcium, albumin):
    return calcium + Fraction("0.02") * (40 - albumin) if albumin < 40 else calcium


@opinion(
    "ctcae_hypocalcemia", "value lower albumin symptomatic hospitalised life_threatening", "2 2.1 1.75 1.5 1.9 25 40 39 2.2"
)  # fmt: skip
def hypocalcaemia(value, lower, albumin, **said):
    value = _corrected(value, albumin)
    found = max(
        [grade for grade, limit in ((2, "2"), (3, "1.75"), (4, "1.5")) if value < Fraction(limit)]
        + [int(value < lower)]
    )
    return _hypocalcaemia(found, value, **said)


@opinion(
    "ctcae_hypercalcemia", "value upper albumin symptomatic hospitalised life_threatening", "2.6 2.9 3.1 3.4 2.7 25 40 39 2.2"
)  # fmt: skip
def hypercalcaemia(value, upper, albumin, **said):
    value = _corrected(value, albumin)
    found = max(
        [grade for grade, limit in ((2, "2.9"), (3, "3.1"), (4, "3.4")) if value > Fraction(limit)]
        + [int(value > upper)]
    )
    return _hypocalcaemia(found, value, **said)
