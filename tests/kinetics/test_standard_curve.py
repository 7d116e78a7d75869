from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.facts import Status
from escalon.kinetics import Acceptance, Standard, fit_curve, judge_run, read_copies
from escalon.kinetics.qpcr_table import plates_of

CTS = (35.02, 31.68, 28.37, 25.05, 21.71, 18.40)
STANDARDS = [Standard(10**level, (ct, ct)) for level, ct in enumerate(CTS, 1)]
CLEAN = [None, None]


def run(standards=STANDARDS, controls=CLEAN, **more):
    return judge_run(standards, controls, **more)


@given(st.floats(-4.5, -2.5), st.floats(30, 45))
def test_points_on_a_line_give_back_that_line(slope, intercept):
    cts = [intercept + slope * level for level in range(1, 7)]
    if min(cts) <= 0 or max(cts) > 60:
        return
    curve = fit_curve([Standard(10**level, (ct,)) for level, ct in enumerate(cts, 1)])
    assert curve.slope == pytest.approx(slope)
    assert curve.intercept == pytest.approx(intercept)
    assert curve.r_squared == pytest.approx(1)


@given(st.floats(10, 1_000_000))
def test_copies_and_ct_are_inverse(copies):
    curve = fit_curve(STANDARDS)
    assert curve.copies(curve.ct(copies)) == pytest.approx(copies)


def test_replicates_are_averaged_before_the_fit():
    spread = [Standard(level.copies, (level.cts[0] - 0.1, level.cts[0] + 0.1)) for level in STANDARDS]
    assert fit_curve(spread).slope == pytest.approx(fit_curve(STANDARDS).slope)


def test_a_clean_run_is_accepted():
    assert run().failures == ()
    assert run().accepted


@pytest.mark.parametrize(
    ("standards", "controls", "sentence"),
    [
        (STANDARDS[:4], CLEAN, "at least 5"),
        (STANDARDS, [], "no no-template control"),
        (STANDARDS, [None, 38.2], "no-template control amplified"),
        ([replace(STANDARDS[0], cts=(34.0, 36.0)), *STANDARDS[1:]], CLEAN, "SD"),
        ([replace(STANDARDS[0], cts=(35.02, None)), *STANDARDS[1:]], CLEAN, "did not amplify"),
        ([replace(STANDARDS[2], cts=(29.3, 29.3)), *STANDARDS[:2], *STANDARDS[3:]], CLEAN, "reads back"),
        ([Standard(10**n, (20.0,)) for n in range(1, 7)], CLEAN, "does not change"),
    ],
)
def test_every_limit_fails_the_run_by_name(standards, controls, sentence):
    judged = run(standards, controls)
    assert not judged.accepted
    assert sentence in "; ".join(judged.failures)


def test_a_failed_run_yields_no_results():
    found = read_copies(run(controls=[36.0]), [24.0, 24.1])
    assert found.value is None
    assert found.status is Status.INVALID
    assert "no-template control amplified" in found.reasons[0]


def test_the_standard_at_the_limit_of_quantification_may_read_back_further_off():
    off = [Standard(level.copies, level.cts) for level in STANDARDS]
    curve = fit_curve(off)
    found = judge_run(off, CLEAN, Acceptance(back_calculated=0.001, back_calculated_at_lloq=0.5), lloq_copies=10)
    assert curve.copies(CTS[0]) != pytest.approx(10, rel=0.001)
    assert all("10-copy" not in failure.split("the ")[1][:8] for failure in found.failures)
    assert found.failures


def test_a_dark_well_is_not_detected_and_not_missing():
    dark, empty = read_copies(run(), [None, None]), read_copies(run(), [])
    assert (dark.value, dark.category) == (0, "ND")
    assert (empty.value, empty.status) == (None, Status.MISSING)


def test_some_dark_replicates_are_flagged():
    assert "replicates_discordant" in read_copies(run(), [34.9, None]).flags


def test_replicates_far_apart_give_no_value():
    assert read_copies(run(), [24.0, 26.0]).value is None


def test_beyond_the_highest_standard_nothing_is_extrapolated():
    found = read_copies(run(), [15.0, 15.0])
    assert found.value is None
    assert found.category == "above ULOQ"
    assert "dilute" in found.reasons[0]


@pytest.mark.parametrize("ct", [0, -1, 61, float("nan"), float("inf")])
def test_what_cannot_be_a_ct_is_refused(ct):
    with pytest.raises(ValueError, match="Ct"):
        read_copies(run(), [ct])


@pytest.mark.parametrize("copies", [0, -5, float("nan")])
def test_a_standard_without_copies_is_refused(copies):
    with pytest.raises(ValueError, match="above 0"):
        Standard(copies, (20.0,))


def test_exact_copies_of_a_reading_are_kept_to_the_unit():
    from escalon.kinetics import per_microgram, per_reaction

    found = read_copies(run(), [24.0])
    assert float(per_microgram(per_reaction(found.value), 200).value) == pytest.approx(102_996, rel=1e-4)
    assert isinstance(per_reaction(found.value).value, Fraction)


def test_wells_are_called_as_instruments_call_them():
    head = ("run", "role", "sample", "copies", "ct")
    ladder = [("R1", "Standard", "", str(10**n), f"{38.3 - 3.38 * n:.2f}") for n in range(1, 7) for _ in "ab"]
    wells = [
        *ladder,
        ("R1", "NTC", "", "", "Undetermined"),
        ("R1", "Unknown", "s7", "", "25.0"),
        ("R1", "UNKN", "s7", "", "25.1"),
    ]
    rows = [(f"w:{line}", dict(zip(head, well, strict=True))) for line, well in enumerate(wells, start=2)]
    assert plates_of(rows).runs["R1"].accepted
    for well, said in (
        (("R1", "blank", "", "", "20"), "w:99: role 'blank' is not known"),
        (("R1", "sample", "s7", "", "N/A"), "w:99: 'N/A' is not a number. Write Undetermined"),
    ):
        (problem,) = plates_of([*rows, ("w:99", dict(zip(head, well, strict=True)))]).problems
        assert problem.startswith(said)


def test_one_bad_well_costs_its_sample_or_its_run_and_nothing_else():
    head = ("run", "role", "sample", "copies", "ct")

    def judged(*more: tuple[str, str, str, str, str]):
        wells = [
            (run, *well)
            for run in ("R1", "R2")
            for well in (
                *(("standard", "", str(10**n), f"{38.3 - 3.38 * n:.2f}") for n in range(1, 7) for _ in "ab"),
                ("no_template", "", "", "Undetermined"),
                ("sample", f"{run}-s7", "", "25.0"),
                ("sample", f"{run}-s8", "", "25.0"),
            )
        ]
        return plates_of([(f"w:{n}", dict(zip(head, well, strict=True))) for n, well in enumerate([*wells, *more], 2)])

    spoilt = judged(("R1", "sample", "R1-s7", "", "abc"))
    assert set(spoilt.spoilt) == {"R1-s7"}
    assert "abc" in spoilt.problems[0]
    assert all(run.accepted for run in spoilt.runs.values())
    for well in (("R1", "standard", "", "", "20"), ("R1", "no_template", "", "", ""), ("R1", "mystery", "x", "", "1")):
        found = judged(well)
        assert [run.accepted for run in found.runs.values()] == [False, True]
        assert len(found.problems) == 1
    assert not any(run.accepted for run in judged(("", "no_template", "", "", "30")).runs.values())
