"""A synthetic trial as a data folder: invented people, drawn from a seed, who follow the study's own rules.

Nobody in it exists. The shapes are plausible (scores that fall after infusion, cells that expand and fade, a cytokine
release syndrome in the first two weeks); no number in it is evidence of anything.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import exp
from pathlib import Path
from random import Random
from typing import Any

from escalon.facts import plain
from escalon.protocol.dlt_window import dlt_window
from escalon.protocol.study import Study
from escalon.sources.columns import TABLES

NOTICE = """SYNTHETIC DATA. Every participant in this folder is invented; nobody in it exists.
Drawn by `escalon simulate` for {study}, seed {seed}. Not evidence of anything.
"""
DISEASES = ("RA", "SLE", "SS", "SSC")
FIRST_DAY, LAST_DAY = date(2025, 3, 3), date(2026, 6, 30)  # nothing is recorded later
SLEDAI_ACTIVE = ("arthritis", "rash", "proteinuria", "low_c", "dna", "alopecia")
SLEDAI_ITEMS = (
    "seizure psychosis obs visual cranial headache cva vasculitis arthritis myositis casts haematuria proteinuria "
    "pyuria rash alopecia ulcers pleurisy pericarditis low_c dna fever plt wbc"
).split()
ESSDAI_ITEMS = (
    "constitutional lymphadenopathy glandular articular cutaneous pulmonary renal muscular peripheral_nervous_system "
    "central_nervous_system haematological biological"
).split()
MRSS_SITES = (
    "face chest abdomen upper_arm_right upper_arm_left forearm_right forearm_left hand_right hand_left fingers_right "
    "fingers_left thigh_right thigh_left leg_right leg_left foot_right foot_left"
).split()
NEGATIVE_HISTORY = (
    "other_cns_disease history_of_stroke history_of_cerebral_aneurysm history_of_epilepsy history_of_convulsions "
    "history_of_aphasia history_of_severe_head_injury dementia parkinsons_disease cerebellar_disease "
    "organic_brain_syndrome mental_disorder other_serious_heart_disease angina history_of_myocardial_infarction "
    "heart_failure arrhythmia organ_transplantation stem_cell_transplantation vaccination b_cell_therapy malignancy "
    "end_stage_renal_failure uncontrollable_infection severe_allergy_to_other_study_material "
    "severe_allergy_to_cyclophosphamide severe_allergy_to_fludarabine severe_allergy_to_dmso pregnant lactating "
    "planning_pregnancy partner_planning_pregnancy active_tuberculosis investigator_finds_unsuitable "
    "colony_stimulating_factor"
).split()
SEROLOGY = "hbsag hbv_dna hcv_antibody hiv_antibody syphilis_serology cmv_dna ebv_dna".split()
RA_ONLY = {
    "inadequate_response_to_dmards": "yes", "steroid_floor": (7.5, "mg/day"),
    "hydroxychloroquine": "no", "sulfasalazine": "no", "leflunomide": "no",
}  # fmt: skip
DIAGNOSIS = {"RA": "ra_diagnosis", "SLE": "sle_diagnosis", "SS": "sjogren_diagnosis", "SSC": "ssc_diagnosis"}
CLASSIFIED = {"RA": "ra_2010", "SLE": "sle_2019", "SS": "sjogren_2016", "SSC": "ssc_2013"}

# The people screened but not treated: disease, what is different from an eligible person, and (None) what is not recorded.
FAILURES: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("RA", {"alt": "152"}),
    ("SLE", {"b_cell_therapy": "recent"}),
    ("SLE", {"sledai": ("arthritis", "rash")}),
    ("SS", {"platelets": "96"}),
    ("SSC", {"hrct_progression": "no"}),
    ("SLE", {"pregnant": "yes", "sex": "female"}),
    ("RA", {"cmv_dna": "positive"}),
    ("SSC", {"malignancy": "2009"}),
    ("SLE", {"hiv_antibody": None, "creatinine": None}),
    ("RA", {"age": "17"}),
)
# The cohorts of the synthetic trial: level, and who of the three has the dose-limiting toxicity. The rule asks for each of
# them: one DLT in three is expanded to six, one in six is tolerated, and the highest level tolerated ends the escalation.
COHORTS: tuple[tuple[int, int | None], ...] = ((1, None), (2, 1), (2, None), (3, 2), (3, None))
BLOOD_COUNT_DAYS = (1, 4, 7, 10, 14, 21, 28, 60)  # visits of the schedule, and one beyond the DLT window


@dataclass
class Tables:
    """The rows written so far, by table."""

    rows: dict[str, list[dict[str, str]]] = field(default_factory=lambda: {name: [] for name in TABLES})

    def add(self, table: str, **cells: Any) -> None:
        """Add a row; None is an empty cell."""
        self.rows[table].append({name: _text(value) for name, value in cells.items()})

    def fact(self, who: str, day: date | str, visit: str, values: Mapping[str, Any], source: str = "synthetic") -> None:
        """Facts of one visit: a value, `(value, unit)`, or with the limits `(value, unit, upper, lower)`."""
        if isinstance(day, date) and day > LAST_DAY:
            return
        about = {"participant": who, "date": day, "source": source, "visit": visit}
        for name, value in values.items():
            cells = value if isinstance(value, tuple) else (value,)
            what, unit, upper, lower = (*cells, None, None, None)[:4]
            self.add("facts", fact=name, value=what, unit=unit, upper=upper, lower=lower, **about)

    def write(self, folder: Path) -> None:
        """Write every table as CSV, with the columns of the dictionary that are used."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, columns in TABLES.items():
            used = [
                column.name
                for column in columns
                if any(row.get(column.name) for row in self.rows[name]) or column.required
            ]
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, used, extrasaction="ignore", lineterminator="\n")
                writer.writeheader()
                writer.writerows(self.rows[name])


def _text(value: Any) -> str:
    if value is None:
        return ""
    return plain(value, 3) if isinstance(value, float) else str(value)


def simulate(study: Study, folder: Path, seed: int = 1) -> Path:
    """Write a synthetic trial of the study into a folder. The same seed gives the same bytes.

    Raises ValueError for a study whose diseases, levels or facts are not those this writes.
    """
    _fits(study)
    random, tables = Random(seed), Tables()
    number = 0
    opens = FIRST_DAY
    failures = list(FAILURES)
    for cohort, (level, dlt) in enumerate(COHORTS):
        third = (
            30 if dlt == 1 else 23
        )  # after a DLT of the second, the third waits for the end of the sentinel's window
        infused = [opens + timedelta(days=offset) for offset in (0, 15, third)]
        for place, day in enumerate(infused):
            number += 1
            disease = DISEASES[(cohort * 3 + place) % len(DISEASES)]
            _treated(tables, random, study, f"P{number:02d}", disease, level, day, dlt == place)
        for disease, different in failures[cohort * 2 : cohort * 2 + 2]:
            number += 1
            _screened(tables, random, f"P{number:02d}", disease, opens - timedelta(days=20), different)
        opens = infused[-1] + timedelta(days=36)
    tables.write(folder)
    (folder / "SYNTHETIC.txt").write_text(NOTICE.format(study=study.id, seed=seed), encoding="utf-8")
    return folder


def _fits(study: Study) -> None:
    """Refuse a study that this does not describe, instead of writing another trial's people into it."""
    diseases = {one.id for one in study.diseases}
    strange = sorted(set(DISEASES) - diseases | set(NEGATIVE_HISTORY) - set(study.vocabulary))
    levels = {level for level, _ in COHORTS} - {one.number for one in study.dose.levels}
    if strange or levels or study.dose.levels[0].amount.unit != "{cells}/kg":
        raise ValueError(
            f"{study.id} cannot be simulated yet: the synthetic trial has people with {', '.join(DISEASES)}, dosed at levels "
            f"{', '.join(str(level) for level in sorted({level for level, _ in COHORTS}))} in cells/kg, and this study has "
            f"{', '.join(sorted(diseases))} and levels {', '.join(str(one.number) for one in study.dose.levels)} in "
            f"{study.dose.shown_unit}. Write its data folder by hand (docs/data.md)"
        )


def _screened(
    tables: Tables, random: Random, who: str, disease: str, screening: date, different: Mapping[str, Any]
) -> dict[str, float]:
    """Everything a screening visit records; `different` is what sets this person apart. Returns starting values."""
    consent = screening - timedelta(days=3)
    person = {
        "disease": disease, "informed_consent": consent, "sex": different.get("sex", random.choice(("female", "female", "male"))),
        "age": different.get("age", str(random.randint(24, 61))),
    }  # fmt: skip
    tables.fact(who, consent, "consent", person)
    start = _starting_activity(random)
    values = _screening_values(random, disease, screening, start) | _history(different)
    values |= _activity(disease, start, 1.0, different.get("sledai", SLEDAI_ACTIVE), random)
    tables.fact(who, screening, "screening", _with_differences(values, different))
    diagnosed = date(2025 - random.randint(2, 14), random.randint(1, 12), 1)
    tables.fact(who, f"{diagnosed:%Y-%m}", "", {DIAGNOSIS[disease]: "yes"}, "referral letter")
    if different.get("malignancy"):
        tables.fact(who, different["malignancy"], "", {"malignancy": "yes"}, "oncology record")
    _medication(tables, who, disease, screening, different)
    return start


def _with_differences(values: dict[str, Any], different: Mapping[str, Any]) -> dict[str, Any]:
    """The values with what is different about a person; what is not recorded of them is left out."""
    for name, value in different.items():
        if name in values:
            old = values[name]
            values[name] = (value, *old[1:]) if isinstance(old, tuple) else value
    return {
        name: value for name, value in values.items() if (value[0] if isinstance(value, tuple) else value) is not None
    }


def _starting_activity(random: Random) -> dict[str, float]:
    return {
        "tender": random.randint(8, 18), "swollen": random.randint(6, 12), "esr": random.randint(34, 80),
        "crp": random.randint(12, 48), "global": random.randint(52, 84), "physician": random.randint(45, 78),
        "mrss": random.randint(18, 32), "haq": random.choice((1.25, 1.5, 1.75, 2.0)), "weight": random.randint(48, 74),
    }  # fmt: skip


def _screening_values(random: Random, disease: str, screening: date, start: Mapping[str, float]) -> dict[str, Any]:
    low_platelets = disease == "SS"
    return {
        "screening_visit": screening,
        "weight": (start["weight"], "kg"),
        "wbc": (random.randint(38, 82) / 10, "10^9/L"),
        "neutrophils": (random.randint(21, 52) / 10, "10^9/L"),
        "haemoglobin": (random.randint(98, 139), "g/L"),
        "platelets": (random.randint(12, 26) if low_platelets else random.randint(150, 310), "10^9/L"),
        "alt": (random.randint(12, 44), "U/L", 40),
        "ast": (random.randint(12, 40), "U/L", 40),
        "total_bilirubin": (random.randint(6, 18), "umol/L", 21),
        "creatinine": (random.randint(48, 92), "umol/L"),
        "inr": (random.randint(92, 112) / 100, None, 1.2),
        "prothrombin_time": (random.randint(108, 129) / 10, "s", 13),
        "ana_titre": {"RA": 0, "SS": 320}.get(disease, random.choice((160, 320, 640))),
        "anti_dsdna_serology": "positive" if disease == "SLE" else "negative",
        "anti_sm_serology": "negative",
        CLASSIFIED[disease]: "met",
        "active_despite_treatment": "yes",
        **(RA_ONLY if disease == "RA" else {}),
        **({"bilag_2004.eligible": "yes"} if disease == "SLE" else {}),
        **({"pss_thrombocytopenia": "yes"} if disease == "SS" else {}),
        **({"hrct_progression": "yes"} if disease == "SSC" else {}),
    }  # fmt: skip


def _history(different: Mapping[str, Any]) -> dict[str, Any]:
    history: dict[str, Any] = dict.fromkeys(NEGATIVE_HISTORY, "no")
    if "b_cell_therapy" in different:
        del history["b_cell_therapy"]
    if different.get("malignancy"):
        del history["malignancy"]
    return history | dict.fromkeys(SEROLOGY, "negative")


def _activity(
    disease: str, start: Mapping[str, float], share: float, sledai: Iterable[str], random: Random
) -> dict[str, Any]:
    """The items of the disease's scores, at a share of the starting activity."""

    def left(name: str) -> int:
        return max(0, round(start[name] * share + random.choice((-1, 0, 0, 1)) * (share < 1)))

    common = {"esr": (max(2, left("esr")), "mm/h"), "crp": (max(1, left("crp")), "mg/L")}
    if disease == "RA":
        return common | {
            "tender_joints_28": left("tender"), "swollen_joints_28": left("swollen"), "patient_global": (left("global"), "mm"),
            "physician_global": (left("physician") / 10, "cm"), "pain": (left("global"), "mm"),
            "haq_di": round(start["haq"] * share * 8) / 8,
        }  # fmt: skip
    if disease == "SLE":
        active = [name for place, name in enumerate(sledai) if place < round(6 * share + 0.4)]
        found = {f"sledai_2k.{name}": "present" if name in active else "absent" for name in SLEDAI_ITEMS}
        return common | found | {"physician_global_lupus": round(2.2 * share, 1)}
    if disease == "SS":
        high = 3 if share > 0.7 else 2 if share > 0.4 else 1 if share > 0.2 else 0
        levels = {"haematological": high, "articular": round(2 * share), "biological": round(1.2 * share)}
        return common | {f"essdai.{name}": levels.get(name, 0) for name in ESSDAI_ITEMS}
    skin = left("mrss")
    return common | {f"mrss.{site}": min(3, skin // 17 + (place < skin % 17)) for place, site in enumerate(MRSS_SITES)}


def _medication(tables: Tables, who: str, disease: str, screening: date, different: Mapping[str, Any]) -> None:
    def course(drug: str, weeks: int, dose: float, unit: str, ended: int | None = None) -> None:
        end = None if ended is None else screening - timedelta(weeks=ended)
        when = {"start": screening - timedelta(weeks=weeks), "end": end, "ongoing": None if end else "yes"}
        tables.add("treatments", participant=who, treatment=drug, dose=dose, unit=unit, source="synthetic", **when)

    if disease == "RA":
        course("methotrexate", 30, 15, "mg/week")
        course("adalimumab", 60, 40, "mg", ended=8)
    else:
        course("hydroxychloroquine", 90, 200, "mg/day")
    if "b_cell_therapy" in different:
        course("belimumab", 20, 200, "mg/week", ended=2)


def _treated(
    tables: Tables, random: Random, study: Study, who: str, disease: str, level: int, infused: date, dlt: bool
) -> None:
    start = _screened(tables, random, who, disease, infused - timedelta(days=24), {})
    roles = study.roles
    for role, offset in ((roles.apheresis, -20), (roles.conditioning, -5), (roles.infusion, 0)):
        if role is not None:
            stepped = infused + timedelta(days=offset)
            tables.fact(who, stepped, "", {role: stepped})
    given = float(study.dose.level(level).amount.value) * random.uniform(0.86, 1.14)
    tables.add("doses", participant=who, level=level, date=infused, cells_per_kg=round(given), source="synthetic")
    tables.fact(who, infused - timedelta(days=6), "BL", _activity(disease, start, 1.0, SLEDAI_ACTIVE, random))
    residual = random.uniform(0.05, 0.4)
    for day, visit in ((28, "D28"), (90, "D90"), (180, "D180"), (365, "D365")):
        share = residual + (1 - residual) * exp(-day / random.uniform(18, 34))
        tables.fact(who, infused + timedelta(days=day), visit, _activity(disease, start, share, SLEDAI_ACTIVE, random))
    _adverse_events(tables, random, who, infused, level, dlt, low_platelets=disease == "SS")
    closed = dlt_window(study, infused).dosing_from
    if roles.dlt_review is not None:
        tables.fact(who, closed, "", {roles.dlt_review: "no" if dlt else "yes"}, "investigator's review")
    _samples(tables, random, who, infused, level)


def _adverse_events(
    tables: Tables, random: Random, who: str, infused: date, level: int, dlt: bool, *, low_platelets: bool
) -> None:
    def event(term: str, grade: int, first: int, days: int, **more: Any) -> None:
        start, end = infused + timedelta(days=first), infused + timedelta(days=first + days)
        cells = {"related": "yes", "serious": "no", "dlt": "no", "outcome": "recovered", "expected": "yes"} | more
        if cells["serious"] == "yes":
            cells["aware"] = start + timedelta(days=1)
        tables.add(
            "adverse_events", participant=who, term=term, grade=grade, start=start, end=end, source="synthetic", **cells
        )

    neutropenia, days = random.choice((3, 4, 4)), random.randint(9, 17)
    event("Neutrophil count decreased", neutropenia, -2, days)
    thrombocytopenia = random.random() < 0.2
    _neutrophils(tables, random, who, infused, neutropenia, days - 2)
    _platelets(tables, random, who, infused, low=low_platelets, fell=thrombocytopenia)
    event("Anemia", random.choice((1, 2, 2)), 1, random.randint(14, 40))
    if dlt:
        event(
            "CRS",
            3,
            4,
            6,
            serious="yes",
            dlt="yes",
            action="tocilizumab, norepinephrine",
            description="grade 3 for 5 days despite treatment",
        )
        event("ICANS", 2, 6, 3, serious="yes")
    elif random.random() < 0.35 + 0.15 * level:
        event("CRS", random.choice((1, 1, 2)), random.randint(2, 8), random.randint(2, 6), action="supportive")
    if random.random() < 0.3:
        event("Nausea", 1, -4, 3, related="no")
    if random.random() < 0.3:
        event("Upper respiratory infection", 2, random.randint(40, 120), 9, action="oral antibiotics")
    if thrombocytopenia:
        event("Platelet count decreased", 2, 3, 15)


def _neutrophils(tables: Tables, random: Random, who: str, infused: date, grade: int, until: int) -> None:
    """Neutrophils and haemoglobin that fall with lymphodepletion and come back, by the grade of the event beside them."""
    lowest = 0.3 if grade == 4 else 0.7
    for day in BLOOD_COUNT_DAYS:
        neutrophils = lowest if day <= until else min(4.2, 1.6 + 0.12 * (day - until))
        counts = {
            "neutrophils": (round(neutrophils, 2), "10^9/L", 7.5, 2.0),
            "haemoglobin": (random.randint(92, 104) if day < 28 else random.randint(112, 128), "g/L", 160, 120),
        }
        tables.fact(who, infused + timedelta(days=day), "", counts)


def _platelets(tables: Tables, random: Random, who: str, infused: date, *, low: bool, fell: bool) -> None:
    """Platelets that fall by the event beside them; those lowered by the disease rise with treatment, never of grade 4."""
    for day in BLOOD_COUNT_DAYS:
        usual = 30 + day if low else random.randint(140, 290)
        platelets = min(usual, random.randint(54, 72)) if fell and 3 <= day <= 18 else usual
        tables.fact(who, infused + timedelta(days=day), "", {"platelets": (platelets, "10^9/L", 350, 125)})


def _samples(tables: Tables, random: Random, who: str, infused: date, level: int) -> None:
    def sample(analyte: str, day: int, value: Any, unit: str, lloq: float | None = None) -> None:
        about = {"participant": who, "date": infused + timedelta(days=day), "source": "synthetic"}
        if infused + timedelta(days=day) > LAST_DAY:
            return
        tables.add("samples", analyte=analyte, value=value, unit=unit, lloq=lloq, **about)

    peak = random.uniform(600, 2600) * level**0.7
    top, fade, fade_late = random.uniform(9, 13), random.uniform(3.5, 7), random.uniform(35, 90)
    returns = random.randint(70, 170)
    for day in (-6, 1, 4, 7, 10, 14, 21, 28, 60, 90, 180, 270, 365):
        sample("car_transgene", day, _copies(day, peak, top, fade, fade_late), "copies/µL", 5)
        if day in (-6, 14, 28, 60, 90, 180, 270, 365):
            b_cells = 140 if day < 0 else 0 if day < returns else min(180, 12 + (day - returns) * 0.8)
            igg = 12.5 if day < 0 else 12.5 * (0.35 + 0.65 * exp(-day / 45)) + max(0, day - 180) / 90
            sample("cd19_b_cells", day, round(b_cells), "/uL", 1)
            sample("igg", day, round(igg, 1), "g/L")


def _copies(day: int, peak: float, top: float, fade: float, fade_late: float) -> Any:
    """Expansion to a peak, then a fast and a slow decline; ND before infusion, BLQ below 5 copies/µL."""
    after = day - top
    falling = 0.94 * exp(-after / fade) + 0.06 * exp(-after / fade_late)
    level = 0.0 if day < 0 else peak * (exp(after / 1.9) if after < 0 else falling)
    return "ND" if level < 1 else "BLQ" if level < 5 else round(level, 1)
