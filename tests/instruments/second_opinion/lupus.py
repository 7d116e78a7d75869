"""Systemic lupus erythematosus, from the papers."""

from fractions import Fraction

from tests.instruments.second_opinion.opinion import opinion

EIGHT = "seizure psychosis obs visual cranial headache cva vasculitis"
FOUR = "arthritis myositis casts haematuria proteinuria pyuria"
TWO = "rash alopecia ulcers pleurisy pericarditis low_c dna"
ONE = "fever plt wbc"
DESCRIPTORS = f"{EIGHT} {FOUR} {TWO} {ONE}"
SYSTEMS = (
    "constitutional mucocutaneous neuropsychiatric musculoskeletal cardiorespiratory gastrointestinal ophthalmic renal "
    "haematological"
).split()
LETTERS = " ".join(SYSTEMS)
BEFORE = " ".join(f"{name}_baseline" for name in SYSTEMS)


@opinion("sledai_2k", DESCRIPTORS)
def sledai_2k(**v):
    """Gladman 2002."""
    weights = {8: EIGHT, 4: FOUR, 2: TWO, 1: ONE}
    return sum(weight for weight, names in weights.items() for name in names.split() if v[name])


def _new(v):
    """The systems now A that were not, and those now B that were C, D or E."""
    pairs = [(v[f"{name}_baseline"], v[name]) for name in SYSTEMS]
    return (
        sum(now == "A" and was != "A" for was, now in pairs),
        sum(now == "B" and was in "CDE" for was, now in pairs),
        pairs,
    )


def _contradicts(pairs):
    """A system that was ever involved cannot have been never involved later."""
    return any(was != "E" and now == "E" for was, now in pairs)


@opinion("sri_4", f"sledai_baseline sledai pga_baseline pga {BEFORE} {LETTERS}", "0 3 4 8 12 1.6 1.9 1.89 0.3 0.29 1")
def sri_4(**v):
    """Furie 2009; who had less than 4 points cannot lose 4."""
    new_a, new_b, pairs = _new(v)
    if _contradicts(pairs) or v["sledai_baseline"] < 4:
        return None
    improved = v["sledai_baseline"] - v["sledai"] >= 4
    return improved and new_a == 0 and new_b <= 1 and v["pga"] - v["pga_baseline"] < Fraction("0.3")


@opinion(
    "bicla", f"sledai_baseline sledai pga_baseline pga {BEFORE} {LETTERS} treatment_failure discontinued",
    "0 4 8 9 10 1.6 1.9 1.89 0.3 0.29 1",
)  # fmt: skip
def bicla(**v):
    """Wallace 2014: every A and B of the start better, and nothing new."""
    new_a, new_b, pairs = _new(v)
    if _contradicts(pairs) or not any(was in "AB" for was, _ in pairs):
        return None
    better = all({"A": now in "BCD", "B": now in "CD"}.get(was, True) for was, now in pairs)
    steady = v["sledai"] <= v["sledai_baseline"] and v["pga"] - v["pga_baseline"] < Fraction("0.3")
    return better and not new_a and new_b <= 1 and steady and not v["treatment_failure"] and not v["discontinued"]


@opinion(
    "doris", "low_c dna sledai pga prednisone treatment_unstable rescue_steroid", "0 1 2 4 0.5 0.49 0.4 5 5.1"
)  # fmt: skip
def doris(low_c, dna, sledai, pga, prednisone, treatment_unstable, rescue_steroid):
    """van Vollenhoven 2021."""
    clinical = sledai - 2 * low_c - 2 * dna
    if clinical < 0:
        return None
    return clinical == 0 and pga < Fraction("0.5") and prednisone <= 5 and not treatment_unstable and not rescue_steroid


@opinion(
    "lldas",
    f"{DESCRIPTORS} {' '.join('previous_' + name for name in DESCRIPTORS.split())} haemolysis gastrointestinal_activity "
    "new_bilag_activity pga prednisone rescue_steroid treatment_tolerated investigational_drug",
    "0 1 1.1 7.5 7.6 5",
)  # fmt: skip
def lldas(**v):
    """Franklyn 2016."""
    score = sledai_2k(**{name: v[name] for name in DESCRIPTORS.split()})
    major = f"{EIGHT} casts haematuria proteinuria pyuria pleurisy pericarditis fever"
    quiet = not any(v[name] for name in major.split()) and not v["haemolysis"] and not v["gastrointestinal_activity"]
    new = any(v[name] and not v[f"previous_{name}"] for name in DESCRIPTORS.split()) or v["new_bilag_activity"]
    treated = v["prednisone"] <= Fraction("7.5") and not v["rescue_steroid"]
    tolerated = v["treatment_tolerated"] and not v["investigational_drug"]
    return score <= 4 and quiet and not new and v["pga"] <= 1 and treated and tolerated


@opinion("bilag_2004_grades", LETTERS)
def bilag_points(**v):
    """Yee 2010."""
    return sum({"A": 12, "B": 8, "C": 1}.get(letter, 0) for letter in v.values())


@opinion("bilag_2004_change", f"{BEFORE} {LETTERS}")
def bilag_change(**v):
    """Yee 2010 at both visits; who was ever involved cannot later have been never involved."""
    _, _, pairs = _new(v)
    numbers = {"A": 12, "B": 8, "C": 1, "D": 0, "E": 0}
    return None if _contradicts(pairs) else sum(numbers[now] - numbers[was] for was, now in pairs)


DOMAINS = (
    {"fever": 2}, {"leukopenia": 3, "thrombocytopenia": 4, "haemolysis": 4}, {"delirium": 2, "psychosis": 3, "seizure": 5},
    {"alopecia": 2, "oral_ulcers": 2, "subacute_or_discoid": 4, "acute_cutaneous": 6}, {"effusion": 5, "pericarditis": 6},
    {"joints": 6}, {"proteinuria": 4, "nephritis_class_2_5": 8, "nephritis_class_3_4": 10},
)  # fmt: skip
CRITERIA = " ".join(name for domain in DOMAINS for name in domain)


@opinion("sle_2019", f"ana {CRITERIA} antiphospholipid low_c3 low_c4 anti_dsdna anti_sm")
def sle_2019(ana, antiphospholipid, low_c3, low_c4, anti_dsdna, anti_sm, **v):
    """Aringer 2019: within a domain the highest counts; ten points, one of them clinical, after the entry criterion."""
    if v["psychosis"] and v["delirium"]:
        v["psychosis"] = False
    clinical = sum(max(weight * v[name] for name, weight in domain.items()) for domain in DOMAINS)
    immune = 2 * antiphospholipid + (4 if low_c3 and low_c4 else 3 * (low_c3 or low_c4)) + 6 * (anti_dsdna or anti_sm)
    return "met" if ana and clinical and clinical + immune >= 10 else "not_met"
