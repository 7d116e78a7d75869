import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.facts import Day
from escalon.kinetics import Detection, Limits, noncompartmental
from escalon.kinetics.qpcr_table import plates_of
from escalon.kinetics.sample import read_result, read_sample
from escalon.kinetics.samples_table import Infused, TableError, profiles_of, read_samples

INFUSED = {"P1": Infused(Day(2025, 3, 1), "level 1")}
CTS = ("35.02", "31.68", "28.37", "25.05", "21.71", "18.40")


def numbered(rows, file="samples.csv"):
    return [(f"{file}:{line}", row) for line, row in enumerate(rows, 2)]


def row(**cells):
    base = {"participant": "P1", "analyte": "car_copies", "date": "2025-03-08", "value": "100", "unit": "copies/µL"}
    return base | {"lloq": "5"} | cells


def gathered(rows, infusions=INFUSED, wells=None):
    samples, refused = read_samples(rows)
    return profiles_of(samples, infusions, wells, refused)


def profiles(rows, *more):
    found = gathered(numbered(rows), *more)
    assert found.problems == ()
    return found.profiles


def refused(rows):
    return [str(problem) for problem in gathered(numbered(rows)).problems]


def test_dates_count_from_the_infusion_and_say_that_the_clock_is_missing():
    (found,) = profiles([row(), row(date="2025-02-28", value="ND")])
    assert [(sample.day, sample.timing) for sample in found.samples] == [(-1, "date"), (7, "date")]
    assert found.group == "level 1"
    assert "clock_not_recorded" in noncompartmental(found).flags


def test_the_clock_gives_exact_days():
    cells = row(collected="2025-03-08T21:00", infusion_end="2025-03-01T09:00")
    (found,) = profiles([cells], {})
    assert found.samples[0].day == 7.5
    assert found.samples[0].timing == "clock"


def test_a_nominal_day_is_used_only_where_nothing_better_is_recorded():
    (found,) = profiles([row(date="", nominal_day="7")], {})
    assert found.samples[0].timing == "nominal"
    assert "nominal_time" in noncompartmental(found).flags


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ({"participant": ""}, "participant is empty"),
        ({"unit": ""}, "unit is empty"),
        ({"lloq": ""}, "lloq is empty"),
        ({"lloq": "0"}, "above 0"),
        ({"value": "1,5"}, "Write the decimal sign as a point"),
        ({"value": "lots"}, "is not a number"),
        ({"value": "-3"}, "cannot be negative"),
        ({"value": "<50"}, "on which side of the limit"),
        ({"value": "nan"}, "is not a number"),
        ({"date": "2025-03"}, "no time"),
        ({"date": "08.03.2025"}, "is not a date"),
        ({"participant": "P9"}, "that of the infusion"),
        ({"qpcr_sample": "S1", "value": ""}, "no qpcr_wells table"),
        ({"collected": "2025-03-08T21:00", "infusion_end": "2025-03-01T09:00+08:00"}, "time zone"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_what_to_write(cells, sentence):
    problems = refused([row(date="2025-03-09"), row(**cells)])
    assert len(problems) == 1
    assert problems[0].startswith("samples.csv:3: ")
    assert sentence in problems[0]


def test_every_problem_is_reported_at_once():
    assert len(refused([row(value="x"), row(value="y"), row(unit="")])) == 3


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([{"value": "1", "unit": "x", "day": "1"}], "column participant is missing"),
        ([row(concentration="1")], "'concentration' is not known"),
    ],
)
def test_missing_and_unknown_columns_are_named(rows, sentence):
    with pytest.raises(TableError, match=sentence):
        read_samples(numbered(rows))


def test_two_samples_of_one_moment_are_refused():
    found = gathered(numbered([row(), row(value="200"), row(participant="P2", day="3")]))
    assert "2 samples on day 7 (samples.csv:3 too)" in str(found.problems[0])
    first, second = (noncompartmental(profile) for profile in found.profiles)
    assert first["cmax"].value is None
    assert "2 samples on day 7" in first.reasons[-1]
    assert second["cmax"].value == 100


def test_two_units_of_one_analyte_are_two_profiles():
    found = profiles([row(), row(unit="copies/µg", lloq="")])
    assert [profile.unit for profile in found] == ["copies/µL", "copies/µg"]
    assert found[1].samples[0].lloq == 50


def test_two_spellings_of_one_unit_are_one_profile():
    assert len(profiles([row(), row(date="2025-03-15", unit="copies/ul")])) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2150", Detection.QUANTIFIED),
        ("4.99", Detection.BLQ),
        ("0", Detection.ND),
        ("ND", Detection.ND),
        ("Undetermined", Detection.ND),
        ("BLQ", Detection.BLQ),
        ("<5", Detection.BELOW),
        ("< 2", Detection.BELOW),
        (">1000000", Detection.ABOVE),
        ("", Detection.MISSING),
        ("not done", Detection.MISSING),
    ],
)
def test_results_are_read_as_laboratories_write_them(text, code):
    assert read_result(text, Limits("copies/µL", 5))[0] is code


def wells(sample_cts=("24.0", "24.1"), control="Undetermined"):
    cells = [
        {"run": "R1", "role": "standard", "sample": "", "copies": str(10**level), "ct": ct}
        for level, ct in enumerate(CTS, 1)
        for _ in (1, 2)
    ]
    cells.append({"run": "R1", "role": "no_template", "sample": "", "copies": "", "ct": control})
    cells += [{"run": "R1", "role": "sample", "sample": "S1", "copies": "", "ct": ct} for ct in sample_cts]
    return numbered(cells, "qpcr_wells.csv")


VOLUMES = {"elution_ul": "50", "template_ul": "5", "blood_ul": "200"}


def from_wells(plates, **cells):
    one = row(value="", qpcr_sample="S1", **(VOLUMES | cells))
    return profiles([one], INFUSED, plates.read)[0].samples[0]


def test_wells_become_copies_per_microlitre_of_blood():
    found = from_wells(plates_of(wells(("33.0", "33.0"))))
    assert float(found.value) == pytest.approx(40.37 * 50 / 5 / 200, rel=1e-4)
    assert found.detection is Detection.BLQ


def test_wells_become_copies_per_microgram_with_the_dna_put_in():
    found = from_wells(plates_of(wells(("24.0", "24.0"))), unit="copies/µg", lloq="", ng_input="200")
    assert float(found.value) == pytest.approx(102_996, rel=1e-4)


def test_a_failed_run_gives_no_level_and_says_why():
    found = from_wells(plates_of(wells(control="37.1")))
    assert found.detection is Detection.MISSING
    assert "no-template control amplified" in found.note


def test_dark_wells_are_not_detected():
    assert from_wells(plates_of(wells(("Undetermined", "Undetermined")))).detection is Detection.ND


def test_one_dark_replicate_beside_a_quantifiable_one_asks_for_a_repeat():
    found = from_wells(plates_of(wells(("24.0", "Undetermined"))))
    assert found.detection is Detection.MISSING
    assert "repeat" in found.note


def test_without_its_volumes_a_sample_has_no_level():
    one = row(value="", qpcr_sample="S1", **(VOLUMES | {"blood_ul": ""}))
    (problem,) = gathered(numbered([one]), INFUSED, plates_of(wells()).read).problems
    assert "blood_ul is empty" in problem.why


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"ct": ""}, "Undetermined"),
        ({"ct": "99"}, "between 0 and 60"),
        ({"role": "mystery"}, "standard, no_template or sample"),
        ({"sample": ""}, "sample is empty"),
        ({"run": ""}, "run is empty"),
    ],
)
def test_a_bad_well_is_named(change, sentence):
    rows = wells()
    where, last = rows[-1]
    (problem,) = plates_of([*rows[:-1], (where, last | change)]).problems
    assert problem.startswith(where)
    assert sentence in problem


def test_a_sample_in_two_runs_is_refused_so_that_nobody_averages_across_curves():
    rows = wells()
    again = [(where, cells | {"run": "R2"}) for where, cells in rows]
    plates = plates_of([*rows, *again])
    assert "is in runs R1, R2" in plates.problems[0]
    with pytest.raises(ValueError, match="is in runs R1, R2"):
        plates.read(read_sample(row(value="", qpcr_sample="S1", **VOLUMES)))


NASTY = "0|-1|1e400|1e-400|5|<|>|<5|>x|nan|inf|1,5|ND|½|1_0|٣|\0|copies/µL|2025-02-30|2025-13-01|2025-03-08|0001-01-01"
NASTY += "|9999-12-31T23:59|day 7|%|1e10|99999999999|1e18|-1e18|"
nasty = st.sampled_from(NASTY.split("|"))
COLUMNS = "participant analyte date day nominal_day collected infusion_end value unit lloq lod uloq group".split()


def attempted(read):
    try:
        return read(), ()
    except TableError as error:
        return None, error.problems


@given(st.lists(st.dictionaries(st.sampled_from(COLUMNS), nasty, min_size=1), min_size=1, max_size=4))
def test_whatever_is_written_is_read_or_refused_by_name(cells):
    rows = numbered([row(**some) for some in cells])
    found = gathered(rows)
    assert all(problem.source.startswith("samples.csv:") for problem in found.problems)
    if not found.problems:
        assert sum(len(profile.samples) for profile in found.profiles) == len(rows)
    for profile in found.profiles:
        kinetics = noncompartmental(profile)
        assert all(f.value is None or f.value == f.value for f in kinetics.findings.values())
        kinetics.as_json()


@given(st.lists(st.dictionaries(st.sampled_from(["run", "role", "sample", "copies", "ct"]), nasty), max_size=4))
def test_whatever_is_in_the_wells_is_read_or_refused_by_name(changes):
    rows = wells()
    for place, some in enumerate(changes):
        where, cells = rows[-1 - place]
        rows[-1 - place] = (where, cells | some)
    plates = plates_of(rows)
    assert all(problem.startswith("qpcr_wells") for problem in plates.problems)
    for name in plates.samples.keys() - plates.spoilt.keys():
        plates.read(read_sample(row(value="", qpcr_sample=name, **VOLUMES)))
