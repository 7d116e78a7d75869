"""Joint counts, DAS28, CDAI, SDAI, EULAR and ACR response, Boolean remission."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from escalon.facts import Status
from escalon.instruments import assess, catalogue
from escalon.instruments.activity.joint_counts import JOINTS
from tests.instruments import naive_rheum
from tests.instruments.visits import assessed, counts, values, visits

joints = st.integers(0, 28)
line = st.integers(0, 100).map(lambda n: Fraction(n, 10))
crp_mgl = st.integers(0, 3000).map(lambda n: Fraction(n, 10))
das28 = st.integers(0, 950).map(lambda n: Fraction(n, 100))


def cm(value):
    return (value, "cm")


def test_the_28_joint_set_has_14_kinds_of_joint_on_two_sides():
    assert len(JOINTS) == len(set(JOINTS)) == 28
    assert {joint.rsplit("_", 1)[1] for joint in JOINTS} == {"right", "left"}
    assert not any(word in joint for joint in JOINTS for word in ("ankle", "hip", "dip", "foot", "toe"))


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=28, max_size=28))
def test_the_union_counts_each_joint_once(signs):
    visit = {f"tender_{joint}": tender for joint, (tender, _) in zip(JOINTS, signs, strict=True)}
    visit |= {f"swollen_{joint}": swollen for joint, (_, swollen) in zip(JOINTS, signs, strict=True)}
    union = assess("active_joints_28", **visit)
    assert union.value == sum(tender or swollen for tender, swollen in signs)
    assert union.components["tender"] == sum(tender for tender, _ in signs)
    assert max(union.components["tender"], union.components["swollen"]) <= union.value


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=28, max_size=28))
def test_the_two_counts_alone_bound_the_union(signs):
    tender, swollen = (sum(sign[place] for sign in signs) for place in (0, 1))
    union = sum(any(sign) for sign in signs)
    finding = assess("active_joints_28", tjc28=tender, sjc28=swollen)
    if finding.value is None:
        assert finding.bounds == (max(tender, swollen), min(28, tender + swollen))
        assert finding.bounds[0] <= union <= finding.bounds[1]
    else:
        assert finding.value == union


@given(joints, joints, line, line)
def test_cdai_is_the_exact_sum_in_its_band(tender, swollen, patient, physician):
    found = assess("cdai", tender=tender, swollen=swollen, patient_global=cm(patient), physician_global=cm(physician))
    assert found.value == tender + swollen + patient + physician
    assert 0 <= found.value <= 76
    assert found.category == naive_rheum.activity(found.value, ("2.8", "10", "22"))


@given(joints, joints, line, line, crp_mgl)
def test_sdai_adds_crp_in_mg_per_dl(tender, swollen, patient, physician, crp):
    entries = {"patient_global": cm(patient), "physician_global": cm(physician), "crp": (crp, "mg/L")}
    found = assess("sdai", tender=tender, swollen=swollen, **entries)
    assert found.value == tender + swollen + patient + physician + crp / 10
    assert found.category == naive_rheum.activity(found.value, ("3.3", "11", "26"))


@pytest.mark.parametrize(("instrument", "limits"), [("cdai", ("2.8", "10", "22")), ("sdai", ("3.3", "11", "26"))])
def test_a_sum_exactly_on_a_limit_is_in_the_lower_band(instrument, limits):
    for label, limit in zip(("remission", "low", "moderate"), limits, strict=True):
        at, step = Fraction(limit), Fraction(1, 10**6)
        whole, rest = divmod(at, 1)
        visit = {"tender": int(whole), "swollen": 0, "physician_global": Fraction(0), "crp": Fraction(0)}
        visit = {name: value for name, value in visit.items() if name in catalogue()[instrument].items}
        found = catalogue()[instrument]
        assert assessed(found, visit | {"patient_global": rest}).category == label
        assert assessed(found, visit | {"patient_global": rest + step}).category != label


@pytest.mark.parametrize("name", ["das28_esr", "das28_esr_3", "das28_crp", "das28_crp_3", "cdai", "sdai"])
@given(data=st.data())
def test_a_worse_item_never_lowers_the_score(name, data):
    instrument = catalogue()[name]
    visit = data.draw(visits(instrument, missing=False)) | dict.fromkeys(["physician_global_scale"])
    visit = {key: value for key, value in visit.items() if key in instrument.items}
    assume(all(counts(instrument.items[key], value) for key, value in visit.items()))
    item = data.draw(st.sampled_from([key for key, value in visit.items() if value is not None]))
    worse = data.draw(values(instrument.items[item]).filter(lambda value: value >= visit[item]))
    assume(counts(instrument.items[item], worse))
    before, after = assessed(instrument, visit), assessed(instrument, visit | {item: worse})
    assert after.value >= before.value
    assert worse == visit[item] or after.value > before.value or item == "esr"


@given(joints, joints, st.integers(1, 200), line, crp_mgl)
def test_das28_is_the_printed_formula(tender, swollen, esr, health, crp):
    counts = 0.56 * math.sqrt(tender) + 0.28 * math.sqrt(swollen)
    core_e, core_c = counts + 0.70 * math.log(esr), counts + 0.36 * math.log(float(crp) + 1)
    both = {"tender": tender, "swollen": swollen}
    health_mm = float(health * 10)
    assert assess("das28_esr", **both, esr=esr, global_health=cm(health)).value == pytest.approx(
        core_e + 0.014 * health_mm
    )
    assert assess("das28_esr_3", **both, esr=esr).value == pytest.approx(core_e * 1.08 + 0.16)
    by_crp = assess("das28_crp", **both, crp=(crp, "mg/L"), global_health=cm(health))
    assert by_crp.value == pytest.approx(core_c + 0.014 * health_mm + 0.96)
    assert assess("das28_crp_3", **both, crp=(crp, "mg/L")).value == pytest.approx(core_c * 1.10 + 1.15)


@given(das28, das28)
def test_eular_response_is_the_printed_table(baseline, current):
    assert assess("eular_response", baseline=baseline, current=current).value == naive_rheum.eular(baseline, current)


@given(das28, st.sampled_from(["0.6", "1.2"]))
def test_a_fall_exactly_on_a_limit_is_not_more_than_it_even_as_doubles(baseline, limit):
    current = baseline - Fraction(limit)
    if current >= 0:
        exact = assess("eular_response", baseline=baseline, current=current).value
        doubles = assess("eular_response", baseline=float(baseline), current=float(baseline) - float(limit)).value
        assert exact == doubles == naive_rheum.eular(baseline, current)


ACR_UNITS = {"patient_global": "mm", "pain": "mm", "physician_global": "mm", "crp": "mg/L"}
acr_visit = st.fixed_dictionaries(
    {
        "tender": st.integers(0, 20),
        "swollen": st.integers(0, 20),
        "haq": st.integers(0, 24).map(lambda n: Fraction(n, 8)),
        **{name: st.integers(0, 20).map(lambda n: Fraction(5 * n)) for name in ACR_UNITS},
    }
)


def acr_entries(before, after):
    both = {f"{name}_baseline": value for name, value in before.items()} | after
    return {
        name: (value, ACR_UNITS[name.removesuffix("_baseline")])
        if name.removesuffix("_baseline") in ACR_UNITS and value is not None
        else value
        for name, value in both.items()
    }


@given(acr_visit, acr_visit)
def test_acr_response_is_both_counts_and_three_of_five_and_is_nested(before, after):
    entries = acr_entries(before, after)
    found = {percent: assess(f"acr{percent}", **entries) for percent in (20, 50, 70)}
    for percent, finding in found.items():
        assert finding.value is naive_rheum.acr(before, after, percent)
        assert ("ZERO_BASELINE" in finding.flags) == (0 in before.values())
    assert found[20].value >= found[50].value >= found[70].value


@given(
    acr_visit,
    acr_visit,
    st.sets(st.sampled_from(["pain", "patient_global", "physician_global", "haq", "crp"]), max_size=3),
)
def test_an_open_acr_response_is_one_that_what_is_missing_could_still_decide(before, after, gone):
    """Exact: a missing measure may turn out improved or not, so every combination is tried."""
    finding = assess("acr50", **acr_entries(before, after | dict.fromkeys(gone)))
    results = set()
    for outcome in product([True, False], repeat=len(gone)):
        filled = dict(after)
        for name, improved in zip(sorted(gone), outcome, strict=True):
            filled[name] = Fraction(0) if improved else before[name]
        results.add(naive_rheum.acr(before, filled, 50))
    decided = {finding.value} if finding.status is Status.OK else {True, False}
    assert results == decided


@pytest.mark.parametrize("gone", ["tender", "swollen", "tender_baseline", "swollen_baseline"])
def test_a_missing_joint_count_makes_the_response_missing(gone):
    worse = {"tender": 5, "swollen": 5, "haq": 1, "pain": 50, "patient_global": 50, "physician_global": 50, "crp": 5}
    finding = assess("acr20", **(acr_entries(worse, worse) | {gone: None}))
    assert (finding.status, finding.value) == (Status.MISSING, None)


boolean_item = {
    "tender": st.integers(0, 2),
    "swollen": st.integers(0, 2),
    "crp": st.sampled_from([Fraction(9, 10), Fraction(1), Fraction(11, 10)]),
    "patient_global": st.sampled_from([Fraction(n, 10) for n in (0, 10, 11, 20, 21)]),
}


@given(st.fixed_dictionaries({name: strategy | st.none() for name, strategy in boolean_item.items()}))
def test_boolean_remission_is_decided_by_the_first_failing_item_or_by_all(visit):
    limits = {"tender": 1, "swollen": 1, "crp": 1}
    for version, patient_limit in ((1, 1), (2, 2)):
        tests = [None if visit[name] is None else visit[name] <= limit for name, limit in limits.items()]
        tests.append(None if visit["patient_global"] is None else visit["patient_global"] <= patient_limit)
        wanted = False if False in tests else None if None in tests else True
        instrument = catalogue()[f"boolean_remission_{version}"]
        finding = assessed(instrument, visit)
        assert finding.value is wanted
        assert (finding.status is Status.OK) == (wanted is not None)


@given(st.fixed_dictionaries(boolean_item))
def test_remission_by_version_1_is_remission_by_version_2(visit):
    first, second = (assessed(catalogue()[f"boolean_remission_{version}"], visit).value for version in (1, 2))
    assert second or not first


@given(st.integers(0, 760), st.integers(0, 760))
def test_relative_response_steps_are_nested(before, now):
    response = assess("cdai_response", baseline=Fraction(before, 10), current=Fraction(now, 10)).value
    improvement = Fraction(before - now, before) if before else Fraction(0)
    steps = [(Fraction(85, 100), "major"), (Fraction(7, 10), "moderate"), (Fraction(1, 2), "minor")]
    assert response == next((label for step, label in steps if before and improvement >= step), "none")
