"""The scores of NCT07052565 written a second time from their papers, over plain dictionaries of what one visit recorded.

Nothing here comes from the package. A score is None where an item it needs is missing; the demonstration's visits are complete.
"""

from fractions import Fraction
from itertools import product
from math import log, sqrt

SLEDAI = dict(
    **dict.fromkeys("seizure psychosis obs visual cranial headache cva vasculitis".split(), 8),
    **dict.fromkeys("arthritis myositis casts haematuria proteinuria pyuria".split(), 4),
    **dict.fromkeys("rash alopecia ulcers pleurisy pericarditis low_c dna".split(), 2),
    **dict.fromkeys("fever plt wbc".split(), 1),
)
MRSS = (
    "face chest abdomen upper_arm_right upper_arm_left forearm_right forearm_left hand_right hand_left fingers_right "
    "fingers_left thigh_right thigh_left leg_right leg_left foot_right foot_left"
).split()
HAQ = (
    "dress shampoo", "stand_up bed", "cut_meat lift_cup open_milk", "walk_outdoors climb_steps", "wash_body tub_bath toilet",
    "reach_up bend_down", "car_doors open_jars faucets", "errands car chores",
)  # fmt: skip
HAQ_AIDS = (
    "dressing_devices help_dressing", "special_chair help_arising", "special_utensils help_eating",
    "cane walker crutches wheelchair help_walking", "raised_toilet_seat bathtub_seat bathtub_bar long_handled_bath help_hygiene",
    "long_handled_reach help_reach", "jar_opener help_grip", "help_activities",
)  # fmt: skip
CLINESSDAI = {
    "constitutional": 4, "lymphadenopathy": 4, "glandular": 2, "articular": 3, "cutaneous": 3, "pulmonary": 6, "renal": 6,
    "muscular": 7, "peripheral_nervous_system": 5, "central_nervous_system": 5, "haematological": 2,
}  # fmt: skip
CONSTITUTIONAL = "pyrexia weight_loss lymphadenopathy_splenomegaly anorexia".split()
BILAG = {
    "mucocutaneous": "skin_eruption_severe:A skin_eruption_mild:B angio_oedema_severe:A angio_oedema_mild:C "
    "mucosal_ulceration_severe:A mucosal_ulceration_mild:C panniculitis_bullous_severe:A panniculitis_bullous_mild:B "
    "cutaneous_vasculitis_major:A digital_infarcts:B alopecia_severe:B alopecia_mild:C periungual_erythema:C "
    "splinter_haemorrhages:C",
    "neuropsychiatric": "aseptic_meningitis:A cerebral_vasculitis:A demyelinating_syndrome:A myelopathy:A "
    "acute_confusional_state:A psychosis:A demyelinating_polyradiculoneuropathy:A mononeuropathy:A cranial_neuropathy:A "
    "plexopathy:A polyneuropathy:A seizure_disorder:B status_epilepticus:A cerebrovascular_disease:B cognitive_dysfunction:B "
    "movement_disorder:B autonomic_disorder:B cerebellar_ataxia:A lupus_headache:B intracranial_hypertension_headache:B",
    "musculoskeletal": "myositis_severe:A myositis_mild:B arthritis_severe:A arthritis_moderate:B arthritis_mild:C",
    "cardiorespiratory": "myocarditis_mild:B cardiac_failure:A arrhythmia:A valvular_dysfunction:A pleurisy_pericarditis:B "
    "cardiac_tamponade:A pleural_effusion_dyspnoea:A pulmonary_haemorrhage:A interstitial_pneumonitis:A shrinking_lung:A "
    "aortitis:A coronary_vasculitis:A",
    "gastrointestinal": "lupus_peritonitis:A abdominal_serositis:B lupus_enteritis:A malabsorption:B "
    "protein_losing_enteropathy:B intestinal_pseudo_obstruction:A lupus_hepatitis:B acute_cholecystitis:A acute_pancreatitis:A",
    "ophthalmic": "orbital_inflammation:A keratitis_severe:A keratitis_mild:B anterior_uveitis:B posterior_uveitis_severe:A "
    "posterior_uveitis_mild:B episcleritis:C scleritis_severe:A scleritis_mild:B retinal_vaso_occlusive_disease:A "
    "cotton_wool_spots:C optic_neuritis:A ischaemic_optic_neuropathy:A",
}


def number(text):
    """A number exactly, or the word there is."""
    try:
        return Fraction(text)
    except ValueError:
        return text


def das28(v):
    """Prevoo 1995."""
    need = [v.get(name) for name in ("tender_joints_28", "swollen_joints_28", "esr", "patient_global")]
    if None in need:
        return None
    tender, swollen, esr, health = map(float, need)
    return 0.56 * sqrt(tender) + 0.28 * sqrt(swollen) + 0.70 * log(esr) + 0.014 * health


def sledai(v):
    """Gladman 2002: the sum of the weights, where every descriptor is known."""
    low, high = _activity(v) or (0, 1)
    return low if low == high else None


def _activity(v):
    """The least and the most the descriptors add up to, each not recorded absent and present; None of less than half."""
    found = {name: v.get(f"sledai_2k.{name}", _measured(v).get(name)) for name in SLEDAI}
    unsure = {name.removeprefix("sledai_2k.") for name in v.get("?", ())} & {*SLEDAI, *COUNTED}
    if 2 * sum(one is not None for one in found.values()) < len(found) or _contradicts(v) or unsure:
        return None
    low = sum(SLEDAI[name] for name, one in found.items() if one in ("present", "yes"))
    return low, low + sum(SLEDAI[name] for name, one in found.items() if one is None)


COUNTED = ("platelets", "wbc", "urine_protein_24h", "upcr")


def _measured(v):
    """What the laboratory says of the descriptors that are measured: a value stands in for its descriptor."""
    protein = (
        v["urine_protein_24h"] if "urine_protein_24h" in v else v["upcr"] / Fraction("113.12") if "upcr" in v else None
    )
    met = {
        "plt": v["platelets"] < 100 if "platelets" in v else None,
        "wbc": v["wbc"] < 3 if "wbc" in v else None,
        "proteinuria": None if protein is None else protein > Fraction(1, 2),
    }
    return {name: "present" if one else "absent" for name, one in met.items() if one is not None}


def _contradicts(v):
    """A descriptor ticked though what the laboratory measured at the visit lies within its limit: nobody can say which is so."""
    ticked = {name for name in SLEDAI if v.get(f"sledai_2k.{name}") in ("present", "yes")}
    return any(one == "absent" and name in ticked for name, one in _measured(v).items())


def mrss(v):
    """Clements 1995."""
    found = [v.get(f"mrss.{name}") for name in MRSS]
    return None if None in found else sum(found)


def haq(v):
    """Bruce & Fries 2003: the items where they are recorded, else the index."""
    scores = []
    for items, aids in zip(HAQ, HAQ_AIDS, strict=True):
        found = [v[f"haq_di.{name}"] for name in items.split() if f"haq_di.{name}" in v]
        if found:
            aided = any(v.get(f"haq_di.{name}") == "yes" for name in aids.split())
            scores.append(max(*found, 2) if aided else max(found))
    return Fraction(sum(scores)) / len(scores) if len(scores) >= 6 else v.get("haq_di")


def letters(v):
    """Isenberg 2005's letter of each system; None where what is not recorded, absent or at its worst, would change it."""
    found = {name: _settled(_rated, v, entries.split()) for name, entries in BILAG.items()}
    found["constitutional"] = _settled(_general, v, [f"{name}:" for name in CONSTITUTIONAL])
    gone = {"gfr": v.get("gfr"), "protein": next((v[n] for n in ("urine_protein_24h", "upcr", "acr") if n in v), None)}
    found["renal"] = None if None in gone.values() else _settled(_renal, v, [f"{name}:" for name in RENAL])
    found["haematological"] = _settled(_blood, v, [f"{name}:" for name in BLOOD])
    for system, letter in found.items():
        if letter == "D" and v.get(f"bilag_2004.previous_{system}") is None:
            found[system] = None
        elif letter == "D" and v[f"bilag_2004.previous_{system}"] == "no":
            found[system] = "E"
    return found


RENAL = "accelerated_hypertension nephrotic_syndrome active_sediment active_nephritis_histology".split()
BLOOD = "active_haemolysis coombs_isolated".split()


def _settled(letter, v, entries):
    """The letter of a system, if it is the same with everything not recorded absent and with all of it new."""
    names = [f"bilag_2004.{one.partition(':')[0]}" for one in entries]
    if all(name not in v for name in names):
        return None
    yes = "yes" if letter in (_renal, _blood) else 4
    both = {letter(dict.fromkeys(names, one) | v, entries) for one in ("no" if yes == "yes" else 0, yes)}
    return both.pop() if len(both) == 1 else None


def bilag(v):
    """Yee 2010's numeric index of the letters: A 12, B 8, C 1; D and E nothing, so that whether it was ever ill is not asked."""
    found = letters(v | {f"bilag_2004.previous_{system}": "yes" for system in (*BILAG, *OTHERS)})
    points = {"A": 12, "B": 8, "C": 1, "D": 0}
    return None if None in found.values() else sum(points[letter] for letter in found.values())


OTHERS = ("constitutional", "renal", "haematological")


def sri4(before, now):
    """Furie 2009, three criteria, each needed: one that is surely not met decides, whatever is missing of the others.

    None where the grades contradict each other: a system once involved cannot now never have been.
    """
    was, is_ = sledai(before), _activity(now)
    pairs = list(zip(letters(before).values(), letters(now).values(), strict=True))
    if was is None or was < 4 or any(one in tuple("ABCD") and other == "E" for one, other in pairs):
        return None
    fell = None if is_ is None else True if was - is_[1] >= 4 else False if was - is_[0] < 4 else None
    new_a, new_b = ([_is_new(one, other, letter) for one, other in pairs] for letter in "AB")
    met = [fell, _fewer(new_a, 1), _fewer(new_b, 2), _global_not_worse(before, now)]
    return False if False in met else None if None in met else True


def bicla(before, now):
    """Wallace 2014: every A and B better, no new A and at most one new B, neither SLEDAI nor physician worse, no failure."""
    pairs = list(zip(letters(before).values(), letters(now).values(), strict=True))
    if any(one in tuple("ABCD") and other == "E" for one, other in pairs):
        return None
    active = [one in ("A", "B") if one is not None else None for one, _ in pairs]
    if True not in active:
        return None
    better = [
        True if one in ("C", "D", "E") else None if None in (one, other) else other > one and other != "A"
        for one, other in pairs
    ]
    new_a, new_b = ([_is_new(one, other, letter) for one, other in pairs] for letter in "AB")
    was, is_ = sledai(before), _activity(now)
    higher = None if None in (was, is_) else True if is_[0] > was else False if is_[1] <= was else None
    failed = [now.get(f"bicla.{name}") for name in ("treatment_failure", "discontinued")]
    met = [*better, _fewer(new_a, 1), _fewer(new_b, 2), None if higher is None else not higher]
    met += [_global_not_worse(before, now), *(None if one is None else one == "no" for one in failed)]
    return False if False in met else None if None in met else True


def _is_new(was, is_, letter):
    """Whether a system is newly of a letter; None while that is open."""
    worse = {"A": ("B", "C", "D", "E"), "B": ("C", "D", "E")}[letter]
    if (is_ is not None and is_ != letter) or (was is not None and was not in worse):
        return False
    return None if None in (was, is_) else True


def _fewer(some, most):
    """Whether fewer than so many are so; None while what is open decides."""
    least = some.count(True)
    return False if least >= most else True if least + some.count(None) < most else None


def _global_not_worse(before, now):
    was, is_ = (one.get("physician_global_lupus") for one in (before, now))
    return None if None in (was, is_) else is_ - was < Fraction(3, 10)


def eular(before, now):
    """van Gestel 1998: good or moderate, by the fall of DAS28 and the level reached."""
    was, is_ = das28(before), das28(now)
    if was is None or is_ is None:
        return None
    fall = was - is_
    return fall > 1.2 + 1e-9 or (fall > 0.6 + 1e-9 and is_ <= 5.1)


def _rated(v, entries):
    """A severe item active is A, a moderate one B, a mild one C; improving, the first two are one letter lower."""
    grades = ["D"]
    for item, role in (one.split(":") for one in entries):
        rating = v[f"bilag_2004.{item}"]
        if rating:
            grades.append(role if rating >= 2 else {"A": "B", "B": "C", "C": "C"}[role])
    return min(grades)


def _general(v, entries):
    ratings = [v[f"bilag_2004.{one[:-1]}"] for one in entries]
    fever, *others = ratings
    several = sum(one >= 2 for one in others) >= 2
    if fever >= 2 and several:
        return "A"
    return "B" if fever >= 2 or several else "C" if any(ratings) else "D"


def _renal(v, _):
    """Protein, function, pressure and proof of nephritis; what was measured last time stands on the form as `previous_`."""
    flags = [v.get(f"bilag_2004.{name}") == "yes" for name in ("accelerated_hypertension", "nephrotic_syndrome")]
    proof = [v.get(f"bilag_2004.{name}") == "yes" for name in ("active_sediment", "active_nephritis_histology")]
    gfr, before = v.get("gfr"), v.get("bilag_2004.previous_gfr")
    fell = gfr is not None and before is not None and gfr < 80 and 100 * gfr < 67 * before
    failing = fell or (gfr is not None and gfr < 50 and (before is None or before > 50))
    protein = _protein(v)
    if sum((*flags, *proof, protein == 3, failing)) >= 2 and (any(proof) or protein == 3):
        return "A"
    return "B" if any((*flags, *proof, failing)) or protein >= 2 else "C" if protein else "D"


def _protein(v):
    if v.get("bilag_2004.proteinuria_due_to_sle") == "no":
        return 0
    found = 0
    for name, was, limits in (
        ("urine_protein_24h", "protein_24h", (1, 0.5, 0.25)), ("upcr", "upcr", (100, 50, 25)), ("acr", "acr", (100, 50, 25)),
    ):  # fmt: skip
        now, last = v.get(name), v.get(f"bilag_2004.previous_{was}")
        if now is not None:
            fell = last is not None and last > 0 and 100 * (last - now) >= 25 * last
            severe, moderate, mild = limits
            points = 3 if now > severe and not fell else 2 if now >= moderate and not fell else 1 if now > mild else 0
            found = max(found, points)
    return found


def _blood(v, _):
    hb, wbc, anc, lym, plt = (v.get(n) for n in ("haemoglobin", "wbc", "neutrophils", "lymphocytes", "platelets"))
    if None in (hb, wbc, anc, plt):
        return None
    due = {
        n: v.get(f"bilag_2004.{n}_due_to_sle") != "no"
        for n in ("haemoglobin", "white_cells", "neutrophils", "platelets")
    }
    hb, wbc, anc, plt = (
        value if due[name] else 10**6
        for name, value in zip(due, (Fraction(hb) / 10, wbc, anc, plt), strict=True)
    )  # fmt: skip
    lym = 10**6 if lym is None or v.get("bilag_2004.lymphocytes_due_to_sle") == "no" else lym
    broken, coombs = (v.get(f"bilag_2004.{name}") == "yes" for name in ("active_haemolysis", "coombs_isolated"))
    broken = broken and due["haemoglobin"]  # haemolysis counts with a haemoglobin that does
    ttp = v.get("bilag_2004.ttp", 0)
    if ttp > 1 or hb < 8 or wbc < 1 or anc < 0.5 or plt < 25:
        return "A"
    if ttp == 1 or hb < 9 or (broken and hb < 10) or wbc < 2 or anc < 1 or plt < 50:
        return "B"
    return "C" if hb < 11 or broken or wbc < 4 or anc < 2 or plt < 150 or lym < 1 or coombs else "D"


def acr70(before, now):
    """Felson 1995: both joint counts, and three of five further measures; None where what is missing could decide."""
    fell = {
        name: _fell(before, now, name) for name in ("tender_joints_28", "swollen_joints_28", *FURTHER, "esr", "crp")
    }
    if None in (fell["tender_joints_28"], fell["swollen_joints_28"]) or now["?"] & {*fell, "haq_di"}:
        return None
    reactants = ("crp",) if before.get("esr") is None else ("esr",) if before.get("crp") is None else ("esr", "crp")
    answers = set()
    for further in product(*(_possible(fell[name]) for name in FURTHER)):
        for acute in {one for name in reactants for one in _possible(fell[name])}:
            answers.add(fell["tender_joints_28"] and fell["swollen_joints_28"] and sum(further) + acute >= 3)
    return answers.pop() if len(answers) == 1 else None


def acr70_in_all(before, now):
    """Both joint counts and all five further measures, as the record words it: one that is known not to be better decides."""
    names = ("tender_joints_28", "swollen_joints_28", *FURTHER, "esr", "crp")
    if now["?"] & {*names, "haq_di"}:
        return None
    fell = {name: _fell(before, now, name) for name in names}
    acute = {fell[name] for name in ("esr", "crp") if before.get(name) is not None}
    needed = [fell[name] for name in names[:-2]] + [acute.pop() if len(acute) == 1 else None]
    return False if False in needed else None if None in needed else True


def haq_improved(before, now):
    """Wells 1993: lower by 0.22 or more."""
    was, is_ = haq(before), haq(now)
    return None if was is None or is_ is None else was - is_ >= Fraction(22, 100)


FURTHER = ("pain", "patient_global", "physician_global", "haq")


def _fell(before, now, name):
    old, new = (_index(one) if name == "haq" else one.get(name) for one in (before, now))
    return False if old == 0 else None if old is None or new is None else 100 * (old - new) >= 70 * old


def _index(one):
    """HAQ-DI of its items or as it was recorded; where the two are there and differ, neither."""
    found = {value for value in (haq(one), one.get("haq_di")) if value is not None}
    return found.pop() if len(found) == 1 else None


def _possible(truth):
    return (True, False) if truth is None else (truth,)


def star(before, now):
    """Seror 2022: five of nine points; None while what is missing decides."""
    least, most = _star(before, now)
    return True if least >= 5 else False if most < 5 else None


def star_points(before, now):
    """The points, where every domain has a measure."""
    least, most = _star(before, now)
    return least if least == most else None


def _star(before, now):
    """The least and the most points; an «or» within a domain is met by either measure."""
    three = [_better(_clinical(before), _clinical(now), lambda old, new: old - new >= 3)]
    three.append(
        _better(_symptoms(before), _symptoms(now), lambda old, new: old - new >= 1 or 100 * (old - new) >= 15 * old > 0)
    )
    tests = {
        ("star.schirmer", "star.staining"): (_schirmer, _staining),
        ("star.saliva_flow", "star.ultrasound"): (_flow, _fell_by(25)),
        ("igg", "rheumatoid_factor"): (_fell_by(10), _fell_by(25)),
    }
    one = []
    for names, rules in tests.items():
        found = [rule(before[n], now[n]) for n, rule in zip(names, rules, strict=True) if n in before and n in now]
        one.append(any(found) if found else None)
    least = 3 * three.count(True) + one.count(True)
    return least, least + 3 * three.count(None) + one.count(None)


def _better(before, now, rule):
    """Whether a score fell enough, whatever an unrecorded part of the later one is; the earlier one must be whole."""
    if None in (before, now) or before[0] != before[1]:
        return None
    answers = {rule(before[0], one) for one in now}
    return answers.pop() if len(answers) == 1 else None


def _clinical(v):
    """The least and the most ClinESSDAI, each domain not recorded at 0 and at its highest level; None of less than half."""
    found = {name: v.get(f"essdai.{name}") for name in CLINESSDAI}
    most = {name: 2 if name in ("constitutional", "glandular") else 3 for name in CLINESSDAI}
    return _between(found, most, lambda levels: sum(CLINESSDAI[name] * one for name, one in levels.items()))


def _symptoms(v):
    """The least and the most ESSPRI, each complaint not recorded at 0 and at 10; None of less than half."""
    found = {name: v.get(f"esspri.{name}") for name in ("dryness", "fatigue", "pain")}
    return _between(found, dict.fromkeys(found, 10), lambda all_: Fraction(sum(map(Fraction, all_.values()))) / 3)


def _between(found, most, total):
    if 2 * sum(one is not None for one in found.values()) < len(found):
        return None
    return tuple(
        total({n: end(n) if one is None else one for n, one in found.items()}) for end in (lambda n: 0, most.get)
    )


def _schirmer(before, now):
    return now - before >= 5 if before < 5 else now >= 5


def _staining(before, now):
    return before - now >= 2 if before >= 3 else now < 3


def _flow(before, now):
    return 100 * (now - before) >= 25 * before if before > 0 else now > 0


def _fell_by(percent):
    return lambda before, now: before > 0 and 100 * (before - now) >= percent * before
