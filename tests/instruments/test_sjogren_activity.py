"""ESSDAI, ClinESSDAI, ESSPRI and STAR."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.facts import Status
from escalon.instruments import assess, catalogue
from escalon.instruments.activity.essdai import DOMAINS
from tests.instruments import naive_rheum
from tests.instruments.visits import assessed

levels = st.fixed_dictionaries({name: st.sampled_from(domain.levels) for name, domain in DOMAINS.items()})


def without_biological(visit):
    return {name: level for name, level in visit.items() if name != "biological"}


@given(levels)
def test_essdai_weighs_each_level_once(visit):
    wanted = sum(level * naive_rheum.WEIGHTS[name][0] for name, level in visit.items())
    finding = assess("essdai", **visit)
    assert finding.value == wanted
    assert finding.category == ("low" if wanted < 5 else "moderate" if wanted < 14 else "high")
    clinical = sum(level * naive_rheum.WEIGHTS[name][1] for name, level in visit.items())
    assert assess("clinessdai", **without_biological(visit)).value == clinical
    assert 0 <= wanted <= 123
    assert 0 <= clinical <= 135


@given(levels, st.sampled_from(list(DOMAINS)))
def test_a_higher_level_raises_both_scores(visit, name):
    scores = [assess("essdai", **(visit | {name: level})).value for level in DOMAINS[name].levels]
    assert scores == sorted(set(scores))
    if name != "biological":
        clinical = [
            assess("clinessdai", **without_biological(visit | {name: level})).value for level in DOMAINS[name].levels
        ]
        assert clinical == sorted(set(clinical))


@pytest.mark.parametrize(("name", "level"), [(name, level) for name in DOMAINS for level in (-1, 1, 3, 4)])
def test_a_level_that_a_domain_lacks_is_refused_with_those_it_has(name, level):
    if level not in DOMAINS[name].levels:
        finding = assess("essdai", **(dict.fromkeys(DOMAINS, 0) | {name: level}))
        assert finding.status is Status.INVALID
        assert any(", ".join(map(str, DOMAINS[name].levels)) in reason for reason in finding.reasons)


@given(levels, st.sets(st.sampled_from(list(DOMAINS)), min_size=1, max_size=3))
def test_bounds_of_a_missing_domain_are_its_lowest_and_highest_level(visit, gone):
    finding = assess("essdai", **(visit | dict.fromkeys(gone)))
    known = sum(level * naive_rheum.WEIGHTS[name][0] for name, level in visit.items() if name not in gone)
    most = known + sum(max(DOMAINS[name].levels) * naive_rheum.WEIGHTS[name][0] for name in gone)
    assert (finding.status, finding.value, finding.bounds) == (Status.MISSING, None, (known, most))
    assert set(finding.missing) == gone


def test_platelets_below_30_of_autoimmune_origin_always_reach_the_entry_limit_of_5():
    visit = dict.fromkeys(DOMAINS, 0) | {"platelets": (29, "10^9/L"), "autoimmune_cytopenia": True}
    finding = assess("essdai", **(visit | {"haematological": 3}))
    assert finding.components["haematological_suggested"] == 3
    assert finding.value == 6


@given(st.lists(st.integers(0, 10), min_size=3, max_size=3), st.lists(st.integers(0, 10), min_size=3, max_size=3))
def test_esspri_improvement_is_decided_on_whole_sums(before, now):
    scores = [assess("esspri", dryness=(d, "NRS"), fatigue=(f, "NRS"), pain=(p, "NRS")) for d, f, p in (before, now)]
    total_before, total_now = sum(before), sum(now)
    assert [finding.value for finding in scores] == [Fraction(total_before, 3), Fraction(total_now, 3)]
    assert scores[1].components["acceptable_state"] == (total_now < 15)
    improved = assess("esspri_improvement", baseline=scores[0].value, current=scores[1].value).value
    fall = total_before - total_now
    assert improved == (total_before > 0 and (fall >= 3 or 100 * fall >= 15 * total_before))


MEASURES = {
    "clinessdai": (None, st.integers(0, 20)),
    "esspri": (None, st.integers(0, 30).map(lambda n: Fraction(n, 3))),
    "schirmer": (None, st.integers(0, 12)),
    "staining": (None, st.integers(0, 6)),
    "saliva_flow": ("mL/min", st.integers(0, 10).map(lambda n: Fraction(n, 40))),
    "ultrasound": (None, st.integers(0, 8)),
    "igg": ("g/L", st.integers(0, 20)),
    "rf": (None, st.integers(0, 8)),
}
pairs = st.fixed_dictionaries({name: st.none() | st.tuples(values, values) for name, (_, values) in MEASURES.items()})


def star_entries(visit):
    entries = {}
    for name, pair in visit.items():
        for when, value in zip(("_baseline", ""), pair or (None, None), strict=True):
            unit = MEASURES[name][0]
            entries[name + when] = (value, unit) if unit and value is not None else value
    return entries


@given(pairs)
def test_star_adds_the_domains_and_decides_when_what_is_unknown_no_longer_matters(visit):
    base, now = ({name: pair and pair[when] for name, pair in visit.items()} for when in (0, 1))
    domains = naive_rheum.star_domains(base, now)
    known = sum(points for points in domains if points is not None)
    most = known + sum(3 if place < 2 else 1 for place, points in enumerate(domains) if points is None)
    response, points = assess("star", **star_entries(visit)), assess("star_points", **star_entries(visit))
    wanted = "responder" if known >= 5 else "non_responder" if most < 5 else None
    assert response.value == wanted
    assert points.value == (known if None not in domains else None)
    assert (response.components["points_certain"], response.components["points_possible"]) == (known, most)
    assert 0 <= known <= most <= 9


@given(pairs, st.sampled_from(list(product(("schirmer", "staining"), ("saliva_flow", "ultrasound"), ("igg", "rf")))))
def test_one_measure_for_each_domain_looks_at_no_other(visit, chosen):
    names = ("lachrymal", "salivary", "biological")
    options = dict(zip(names, chosen, strict=True))
    only = {name: pair for name, pair in visit.items() if name in (*chosen, "clinessdai", "esspri")}
    alone = assess("star_points", **star_entries(only))
    beside = assess("star_points", **star_entries(visit), **options)
    assert (alone.value, alone.bounds) == (beside.value, beside.bounds)


@given(pairs)
def test_a_responder_meets_a_three_point_domain(visit):
    finding = assess("star", **star_entries(visit))
    if finding.value == "responder":
        three = [finding.components[f"{name}_points"] for name in ("systemic", "patient_reported")]
        one = [finding.components[f"{name}_points"] for name in ("lachrymal", "salivary", "biological")]
        assert 3 in three
        assert three == [3, 3] or one.count(1) >= 2


def test_cstar_is_star():
    assert assess("cSTAR").name == "star"


@given(st.fixed_dictionaries({site: st.integers(0, 3) for site in catalogue()["mrss"].items if site != "baseline"}))
def test_mrss_is_the_sum_of_17_sites(sites):
    assert len(sites) == 17
    finding = assess("mrss", **sites)
    assert finding.value == sum(sites.values())
    worse = assessed(catalogue()["mrss"], {site: min(3, score + 1) for site, score in sites.items()})
    assert finding.value <= worse.value <= 51
