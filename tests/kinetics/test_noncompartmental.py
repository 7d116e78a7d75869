import csv
import math
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from escalon.facts import Status, UnitError
from escalon.kinetics import Limits, Plan, Profile, Sample, by_group, noncompartmental, profile, summarise
from escalon.kinetics.detection import Detection
from tests.kinetics import naive_nca

LIMITS = Limits("copies/µL", 5)
SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "nca"


@st.composite
def courses(draw):
    """Days and levels of a plausible profile: a zero baseline, then zeros and levels from 5 to 100 000."""
    gaps = draw(st.lists(st.integers(1, 200), min_size=1, max_size=12))
    days = [0.0]
    for gap in gaps:
        days.append(round(days[-1] + gap / 8, 3))
    level = st.one_of(st.just(0.0), st.integers(5, 100_000).map(float))
    return days, [0.0, *draw(st.lists(level, min_size=len(gaps), max_size=len(gaps)))]


def values(kinetics):
    return {name: finding.value for name, finding in kinetics.findings.items()}


@given(courses(), st.sampled_from(["linear", "linup_logdown"]))
def test_areas_agree_with_thin_slices_of_the_drawn_curve(course, method):
    days, levels = course
    found = noncompartmental(profile(days, levels, LIMITS), Plan(method=method))
    expected = naive_nca.area(days, levels, logdown=method == "linup_logdown", slices=200)
    assert found["auc_last"].value == pytest.approx(expected, rel=2e-2, abs=1e-9)
    if method == "linear":
        assert found["auc_last"].value == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_log_area_agrees_with_very_thin_slices():
    days, levels = [0, 1, 4, 7, 10, 14, 21, 28, 60, 90], [0, 12, 85, 640, 2150, 1480, 420, 130, 35, 0]
    found = noncompartmental(profile(days, levels, LIMITS))
    assert found["auc_last"].value == pytest.approx(naive_nca.area(days, levels, logdown=True), rel=1e-6)
    assert found["auc_0_28"].value == pytest.approx(naive_nca.area(days, levels, 28, logdown=True), rel=1e-6)


@given(courses())
def test_half_life_agrees_with_a_naive_search(course):
    days, levels = course
    found = noncompartmental(profile(days, levels, LIMITS))["half_life"].value
    expected = naive_nca.half_life(days, levels)
    assert (found is None) == (expected is None)
    if expected is not None:
        assert found == pytest.approx(expected, rel=1e-6)


@given(courses())
def test_linear_area_is_additive_over_time(course):
    days, levels = course
    whole = noncompartmental(profile(days, levels, LIMITS), Plan(method="linear", horizons=(10,)))
    assume(whole["tlast"].value is not None and whole["tlast"].value > 10)
    to_ten = whole["auc_0_10"].value
    rest = naive_nca.area(days, levels, slices=2) - naive_nca.area(days, levels, 10, slices=2)
    assert to_ten + rest == pytest.approx(whole["auc_last"].value, rel=1e-9)


@given(courses(), st.integers(1, 500), st.sampled_from(["linear", "linup_logdown"]))
def test_scaling_the_level_scales_peak_and_area_and_leaves_times(course, k, method):
    days, levels = course
    plan = Plan(method=method)
    once = values(noncompartmental(profile(days, levels, LIMITS), plan))
    limits = Limits("copies/µL", 5 * k)
    times = values(noncompartmental(profile(days, [level * k for level in levels], limits), plan))
    for name in ("cmax", "auc_last", "auc_all"):
        assert times[name] == pytest.approx(once[name] * k, rel=1e-9)
    for name in ("auc_0_28", "auc_0_84"):
        assert (times[name] is None) == (once[name] is None)
        assert times[name] == (None if once[name] is None else pytest.approx(once[name] * k, rel=1e-9))
    for name in ("tmax", "tlast", "persistence", "first_detection"):
        assert times[name] == once[name]
    assert times["half_life"] == pytest.approx(once["half_life"], rel=1e-6) if once["half_life"] else True


@given(courses())
def test_the_unit_changes_the_number_and_nothing_else(course):
    days, levels = course
    per_microlitre = profile(days, levels, LIMITS)
    per_millilitre = per_microlitre.in_unit("{copies}/mL")
    one, other = noncompartmental(per_microlitre), noncompartmental(per_millilitre)
    assert other["cmax"].unit == "{copies}/mL"
    assert other["cmax"].value == pytest.approx(one["cmax"].value * 1000)
    assert other["auc_last"].value == pytest.approx(one["auc_last"].value * 1000)
    assert other["tmax"].value == one["tmax"].value


@given(courses())
def test_log_down_is_never_more_than_linear(course):
    days, levels = course
    linear = noncompartmental(profile(days, levels, LIMITS), Plan(method="linear"))["auc_last"].value
    logdown = noncompartmental(profile(days, levels, LIMITS))["auc_last"].value
    assert logdown <= linear * (1 + 1e-12)


def test_copies_per_microgram_never_become_copies_per_microlitre():
    with pytest.raises(UnitError):
        profile([0, 7], [0, 100], Limits("copies/µg", 50)).in_unit("copies/µL")


def test_a_positive_baseline_blocks_every_parameter():
    found = noncompartmental(profile([-1, 7, 14], [20, 100, 50], LIMITS))
    assert {finding.value for finding in found.findings.values()} == {None}
    assert {finding.status for finding in found.findings.values()} == {Status.INVALID}
    assert "baseline_positive" in found.flags


def test_an_early_positive_sample_before_a_clean_baseline_still_blocks():
    assert "baseline_positive" in noncompartmental(profile([-30, -1, 7], [20, 0, 100], LIMITS)).flags


def test_a_sample_without_result_is_left_out_and_named_not_zero():
    found = noncompartmental(profile([0, 7, 14, 20, 28], [0, 100, 50, None, 20], LIMITS), Plan(method="linear"))
    assert found["auc_last"].value == 350 + 525 + 14 * 35
    assert found["auc_last"].missing == ("day 20",)
    assert "samples_without_result" in found.flags


@pytest.mark.parametrize(
    ("days", "levels", "least"),
    [
        ([0, 7, 10, 14], [0, 100, None, 50], 100),
        ([0, 4, 7, 10, 28], [0, None, None, 40, 20], 40),
        ([0, 1, 4, 7, 10, 14, 28], [0, 0, None, None, None, None, None], 0),
        ([0, 1, 7, 28], [0, 0, None, 0], 0),
    ],
)
def test_where_a_lost_sample_could_hold_the_peak_neither_peak_nor_area_is_known(days, levels, least):
    found = noncompartmental(profile(days, levels, LIMITS))
    assert found["cmax"].bounds == (least, None)
    names = ("cmax", "tmax", "auc_0_28", "auc_0_84", "auc_last", "auc_all")
    assert [found[name].status for name in names] == [Status.INDETERMINATE] * 6
    assert [found[name].value for name in names] == [None] * 6
    assert "which could hold the peak" in found["cmax"].reasons[0]


A = ([0, 1, 4, 7, 10, 14, 28], [0, 0, 36.1, 432.4, 1329, 310.5, 40.2])


def test_an_area_beyond_the_last_sample_is_a_lower_bound_and_no_value():
    found = noncompartmental(profile(*A, LIMITS))
    later, known = found["auc_0_84"], found["auc_0_28"]
    assert (later.value, later.status, later.flags) == (None, Status.INDETERMINATE, ("truncated",))
    assert later.bounds == (known.value, None)
    assert "the last sample is of day 28" in later.reasons[0]


@pytest.mark.parametrize(("last", "known"), [(81, True), (90, True), (80, False)])
def test_a_sample_below_quantification_within_the_visit_window_ends_the_area(last, known):
    days, levels = A
    found = noncompartmental(profile([*days, last], [*levels, 0], LIMITS))
    assert (found["auc_0_84"].value is not None) is known


def test_a_group_s_area_rests_on_those_who_were_followed_to_its_end():
    days, levels = A
    followed, begun = (noncompartmental(profile(days[:n], levels[:n], LIMITS, f"P{n}")) for n in (7, 4))
    area = summarise([followed, begun], "auc_0_28")
    assert (area.n, area.without_value) == (1, 1)
    assert area.median == followed["auc_0_28"].value
    assert summarise([followed, begun], "cmax").n == 2


@pytest.mark.parametrize(
    "wrong", [{"baseline": "any"}, {"method": "spline"}, {"middle_blq": "half"}, {"horizons": (0,)}]
)
def test_a_plan_is_checked_where_it_is_made(wrong):
    with pytest.raises(ValueError, match=r"Write|above 0"):
        Plan(**wrong)


def test_no_result_after_infusion_is_missing_not_zero():
    found = noncompartmental(profile([0, 7], [0, None], LIMITS))
    assert found["cmax"].value is None
    assert found["cmax"].status is Status.MISSING


def test_a_sample_above_the_range_leaves_peak_and_area_open():
    found = noncompartmental(profile([0, 7, 14, 28], [0, 400, 2e6, 10], Limits("copies/µL", 5, uloq=1e6)))
    assert found["cmax"].value is None
    assert found["cmax"].bounds == (1e6, None)
    assert found["auc_last"].value is None
    assert found["tlast"].value == 28


def test_the_first_of_two_equal_peaks_is_tmax():
    assert noncompartmental(profile([0, 7, 14], [0, 100, 100], LIMITS))["tmax"].value == 7


def test_persistence_is_censored_while_the_last_sample_is_positive():
    going = noncompartmental(profile([0, 7, 365], [0, 100, 6], LIMITS))["persistence"]
    gone = noncompartmental(profile([0, 7, 180, 365], [0, 100, 6, 2], LIMITS))["persistence"]
    assert (going.value, going.category, going.bounds) == (365, "censored", (365, None))
    assert (gone.value, gone.category, gone.bounds) == (180, "ended", (180, 365))
    assert gone.components["last_detected_at_any_level"] == 365


def test_middle_blq_is_dropped_and_counted_as_zero_beside_it():
    p = profile([0, 2, 5, 8], [0, 10, 0, 40], LIMITS)
    found = noncompartmental(p, Plan(method="linear"))["auc_last"]
    assert found.value == 10 + 150
    assert found.components["with_middle_blq_as_zero"] == 10 + 15 + 60
    as_zero = noncompartmental(p, Plan(method="linear", middle_blq="zero"))["auc_last"]
    assert as_zero.value == 85


def test_a_partial_area_is_extrapolated_only_on_request_and_only_from_the_visit_window():
    p = profile([0, 7, 10, 14, 21, 26], [0, 1000, 800, 400, 100, 50], LIMITS)
    kept = noncompartmental(p)["auc_0_28"]
    beyond = noncompartmental(p, Plan(extrapolate=True))["auc_0_28"]
    assert "truncated" in kept.flags
    assert "extrapolated" in beyond.flags
    decline = noncompartmental(p)["half_life"].components["lambda_z"]
    added = 50 / decline * (1 - math.exp(-2 * decline))
    assert beyond.value == pytest.approx(kept.value + added)
    assert beyond.components["extrapolated_percent"] == pytest.approx(100 * added / beyond.value)
    early = profile([0, 7, 10, 14, 21], [0, 1000, 800, 400, 100], LIMITS)
    assert "truncated" in noncompartmental(early, Plan(extrapolate=True))["auc_0_28"].flags


def test_a_rising_tail_has_no_half_life():
    found = noncompartmental(profile([0, 7, 14, 21, 28], [0, 1000, 10, 20, 40], LIMITS))["half_life"]
    assert found.value is None
    assert found.reasons == ("the last samples do not decline",)


def test_a_flat_tail_has_no_half_life():
    assert noncompartmental(profile([0, 7, 14, 21, 28], [0, 1000, 20, 20, 20], LIMITS))["half_life"].value is None


def test_samples_after_a_retreatment_are_left_out_only_when_configured():
    p = profile([0, 7, 28, 60], [0, 100, 10, 900], LIMITS)
    assert noncompartmental(p)["cmax"].value == 900
    assert noncompartmental(p, Plan(until=56))["cmax"].value == 100


def test_two_samples_at_one_time_are_refused():
    with pytest.raises(ValueError, match="two samples on day 7"):
        profile([0, 7, 7], [0, 1, 2], LIMITS)


def test_nominal_time_is_flagged():
    samples = (
        Sample(elapsed=Fraction(0), detection=Detection.ND),
        Sample(elapsed=Fraction(7), detection=Detection.QUANTIFIED, value=Fraction(100), timing="nominal"),
    )
    assert "nominal_time" in noncompartmental(Profile("P1", "car_copies", "copies/µL", samples)).flags


def test_every_parameter_rests_on_the_samples_it_was_made_of():
    found = noncompartmental(profile([0, 7, 14], [0, 100, 50], LIMITS, "P1"))
    assert [str(fact.value) for fact in found["cmax"].rests_on] == ["ND", "100", "50"]


def test_units_are_not_pooled_in_a_summary():
    blood = noncompartmental(profile([0, 7], [0, 100], LIMITS))
    dna = noncompartmental(profile([0, 7], [0, 100], Limits("copies/µg", 50)))
    with pytest.raises(UnitError, match="not pooled"):
        summarise([blood, dna], "cmax")


def test_zero_and_unknown_are_counted_apart_from_the_geometric_mean():
    group = [noncompartmental(profile([0, 7], [0, level], LIMITS)) for level in (100.0, 400.0, 0.0, None)]
    found = summarise(group, "cmax")
    assert found.geometric_mean == pytest.approx(200)
    assert (found.n, found.zeros, found.without_value) == (3, 1, 1)
    assert found.cv_percent == pytest.approx(100 * math.sqrt(math.exp(math.log(4) ** 2 / 2) - 1))
    assert summarise(group, "tlast").censored == 0
    assert by_group(group).keys() == {""}


def _subjects(name, time):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path.name} is not beside the repository (../shared/data/nca)")
    subjects = {}
    with path.open() as file:
        for row in csv.DictReader(file):
            subjects.setdefault(row["Subject"], []).append((float(row[time]), float(row["conc"])))
    return {subject: sorted(points) for subject, points in subjects.items()}


@pytest.mark.parametrize(("name", "time", "people"), [("theoph.csv", "Time", 12), ("indometh.csv", "time", 6)])
def test_published_data_sets_agree_with_the_naive_implementation(name, time, people):
    subjects = _subjects(name, time)
    assert len(subjects) == people
    for points in subjects.values():
        days, levels = [t for t, _ in points], [c for _, c in points]
        smallest = min(level for level in levels if level > 0)
        plan = Plan(method="linear", baseline="measured")
        found = noncompartmental(profile(days, levels, Limits("mg/L", smallest)), plan)
        zero = [(0.0, 0.0)] if days[0] > 0 else []
        with_zero = [*zero, *points]
        expected = naive_nca.area([t for t, _ in with_zero], [c for _, c in with_zero], slices=2)
        assert found["auc_last"].value == pytest.approx(expected, rel=1e-9)
        assert found["cmax"].value == max(levels)
        fitted = naive_nca.half_life(days, levels)
        assert found["half_life"].value == pytest.approx(fitted, rel=1e-6)
