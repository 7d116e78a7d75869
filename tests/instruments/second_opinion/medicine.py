"""Kidney, body, steroids, cells of the product: from the papers and labels."""

from fractions import Fraction
from math import log, sqrt

from tests.instruments.second_opinion.opinion import opinion


@opinion("cockcroft_gault", "age sex weight creatinine", "18 40 88.4 80 100")
def cockcroft_gault(age, sex, weight, creatinine):
    """Cockcroft & Gault 1976; creatinine in µmol/L, 88.4 to the mg/dL."""
    clearance = (140 - age) * weight / (72 * creatinine / Fraction("88.4"))
    return clearance * Fraction("0.85") if sex == "female" else clearance


@opinion("cockcroft_gault_by_height", "age sex weight height creatinine", "18 40 152.4 150 170 88.4")
def cockcroft_gault_ideal(age, sex, weight, height, creatinine):
    """Devine 1974's ideal weight: 50 kg (45.5 for women) and 2.3 kg for each inch above five feet; the lighter of the two."""
    ideal = (Fraction(50) if sex == "male" else Fraction("45.5")) + Fraction("2.3") * (height / Fraction("2.54") - 60)
    return cockcroft_gault(age, sex, min(ideal, weight), creatinine)


@opinion("ckd_epi_2021", "age sex creatinine", "18 40 61.88 79.56 88.4")
def ckd_epi_2021(age, sex, creatinine):
    """Inker 2021."""
    kappa, alpha, woman = (0.7, -0.241, 1.012) if sex == "female" else (0.9, -0.302, 1.0)
    ratio = float(creatinine) / 88.4 / kappa
    return 142 * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.200 * 0.9938 ** float(age) * woman


@opinion("body_surface_area", "height weight", "170 70")
def mosteller(height, weight):
    """Mosteller 1987."""
    return sqrt(height * weight / 3600)


@opinion("corrected_calcium", "calcium albumin", "40 39.9 40.1 2.2")
def corrected_calcium(calcium, albumin):
    """Payne 1973 in mmol/L and g/L; only a low albumin is corrected for."""
    return calcium + Fraction("0.02") * (40 - albumin) if albumin < 40 else calcium


STEROIDS = {
    "prednisone": 5, "prednisolone": 5, "methylprednisolone": 4, "triamcinolone": 4, "hydrocortisone": 20, "cortisone": 25,
    "dexamethasone": Fraction("0.75"), "betamethasone": Fraction("0.75"), "deflazacort": 6,
}  # fmt: skip


@opinion("prednisone_equivalent", " ".join(STEROIDS), "0 5 4 20 0.75")
def prednisone_equivalent(**v):
    """Meikle & Tyler 1977."""
    return sum(dose * 5 / Fraction(STEROIDS[name]) for name, dose in v.items())


@opinion("glucocorticoid_dose", "drug dose every_days route", "1 2 5 7")
def glucocorticoid_dose(drug, dose, every_days, route):
    if route not in ("oral", "intravenous", "intramuscular"):
        return None
    return dose * 5 / Fraction(STEROIDS[drug]) / every_days


@opinion("change_from_baseline", "baseline now", "0 1 5")
def change(baseline, now):
    return now - baseline


@opinion("crp_ln_ratio", "baseline now", "1 5 10")
def crp_ln_ratio(baseline, now):
    """One is added to both, as DAS28-CRP adds it."""
    return log((now + 1) / (baseline + 1))


@opinion("car_positive_cells", "volume cells_per_ml viability car_fraction", "20 0.85 0.4 1")
def car_positive(volume, cells_per_ml, viability, car_fraction):
    return volume * cells_per_ml * viability * car_fraction


@opinion("target_cells", "level weight", "100000 300000 600000 70")
def target(level, weight):
    return level * weight


@opinion("cells_per_kg", "cells weight", "21000000 70")
def per_kg(cells, weight):
    return cells / weight


@opinion("volume_to_infuse", "level weight cells_per_ml viability car_fraction", "300000 55 2500000 0.85 0.4")
def to_infuse(level, weight, cells_per_ml, viability, car_fraction):
    alive = cells_per_ml * viability * car_fraction
    return level * weight / alive if alive else None


@opinion("fludarabine_renal_factor", "creatinine_clearance", "80 79.9 79.4 50 49.9 30 29.9")
def fludarabine(creatinine_clearance):
    """The label of 2010: 25, 20 and 15 mg/m², none below 30 mL/min."""
    steps = ((80, 1), (50, Fraction("0.8")), (30, Fraction("0.6")))
    return next((Fraction(factor) for limit, factor in steps if creatinine_clearance >= limit), Fraction(0))


@opinion("vcn_per_cell", "car_copies reference_copies", "12000 20000 0")
def vcn(car_copies, reference_copies):
    return 2 * car_copies / reference_copies if reference_copies else None


@opinion("vcn_per_transduced_cell", "car_copies reference_copies car_fraction", "12000 20000 0 0.3")
def vcn_transduced(car_copies, reference_copies, car_fraction):
    return 2 * car_copies / reference_copies / car_fraction if reference_copies and car_fraction else None


@opinion("copies_per_microgram", "vcn", "1.2 1")
def per_microgram(vcn):
    """A diploid genome weighs 6.6 pg."""
    return vcn * 1_000_000 / Fraction("6.6")


EVENTS = "ivig_day lymphodepletion_day recovery_day il6_blockade_day cells_given igg igg_baseline"
COURSES = {"crs": 14, "infection": 14, "steroid": 28}


@opinion(
    "distortion_flags", "day", "0 1 5 10 14 15 24 25 28 29 38 39 65 66 75 90 91 100 -5 4 7",
    optional=" ".join((EVENTS, *(f"{one}_{end}_day" for one in COURSES for end in ("start", "end")))),
)  # fmt: skip
def distortion_flags(day, **v):
    """The windows as each flag states them, in days after the end; an event that is not recorded raises none."""

    def lasts(start, end, days):
        return start is not None and day >= start and (end is None or day <= end + days)

    courses = {one: (v[f"{one}_start_day"], v[f"{one}_end_day"], days) for one, days in COURSES.items()}
    if any(None not in (start, end) and end < start for start, end, _ in courses.values()):
        return None
    given = day > 0 if v["cells_given"] is None else v["cells_given"]
    fell = None not in (v["igg"], v["igg_baseline"]) and v["igg"] < v["igg_baseline"]
    raised = (
        given and fell,
        lasts(v["ivig_day"], v["ivig_day"], 90),
        lasts(v["lymphodepletion_day"], v["recovery_day"], 0),
        lasts(*courses["crs"]) or lasts(*courses["infection"]),
        lasts(v["il6_blockade_day"], v["il6_blockade_day"], 65),
        lasts(*courses["steroid"]),
    )
    return sum(raised)
