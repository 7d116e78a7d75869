"""Who counts, and what belongs to a visit, have one answer each: every table that tells of it says the same."""

from datetime import date

from escalon.conduct.judge.endpoints import execute
from escalon.facts import Day, Fact
from escalon.history import Unread
from escalon.history.events import AdverseEventRecorded
from escalon.kinetics.sample import read_sample
from escalon.reporting.sections.basis import summary
from escalon.reporting.sections.cells import cells
from escalon.reporting.sections.completeness import completeness
from escalon.reporting.sections.participants import flow, flow_drawn
from escalon.reporting.sections.safety import overview
from tests.histories import Infusion, history
from tests.reporting.views import column, view_of

CUTOFF = Day(2026, 12, 31)
DOSES = [Infusion("P01", 1, Day(2025, 3, 3)), Infusion("P02", 1, Day(2025, 3, 10))]
DISEASES = [Fact("disease", "RA", Day(2025, 2, 1), participant=code) for code in ("P01", "P02", "P03")]


def sample(**said):
    told = {"participant": "P01", "analyte": "car_transgene", "unit": "copies/µL", "lloq": "5"} | said
    return read_sample(told, "samples.csv:2")


def copies(*samples):
    """S-1 at D7 of P01, and the row of T7-1 for that visit."""
    view = view_of(history(DISEASES, infusions=DOSES, samples=samples), CUTOFF)
    done = execute(view.study, view.trial, view.study.endpoint("S-1"), CUTOFF)
    at = next(one for one in done.cells if one.participant == "P01" and one.visit == "D7")
    table = next(block for block in cells(view)[0].blocks if getattr(block, "id", "") == "T7-1")
    row = next(row for row in table.rows if row.key == "D7")
    return at, dict(zip((one.key for one in table.columns), row.cells, strict=True))


def test_the_flow_is_the_populations_and_its_diagram_says_the_same():
    view = view_of(history(DISEASES, infusions=DOSES), CUTOFF)
    sizes = {name: "not known" if one.undecided else str(len(one.members)) for name, one in view.populations.items()}
    assert column(flow(view), "n") == sizes
    assert (sizes["screened"], sizes["infused"]) == ("3", "2")
    assert all(f"{one.title} {sizes[name]}" in flow_drawn(view).alt for name, one in view.populations.items())


def test_a_sample_with_elapsed_days_alone_belongs_to_its_visit_in_both_tables():
    at, row = copies(sample(day="7", value="120"))
    assert (at.value, row["quantified"].value, row["n"].value) == (120, 1, 1)


def test_a_level_that_two_samples_of_one_moment_hold_says_so():
    at, row = copies(sample(date="2025-03-10", value="120"), sample(date="2025-03-10", value="77"))
    assert at.state.value == "missing"
    assert "2 samples on day 7" in at.reason
    assert "2 samples on day 7" in row["missing"].grounds[0].value


def test_nobody_misses_a_visit_after_a_fatal_event():
    died = AdverseEventRecorded(
        participant="P01", term="Sepsis", grade=5, start=Day(2025, 3, 20), end=Day(2025, 3, 22), outcome="fatal"
    )
    view = view_of(history(DISEASES, infusions=DOSES, adverse_events=[died]), CUTOFF)
    by_measure = completeness(view)[0].blocks[1]
    said = column(by_measure, "where")["esr"]
    assert "P01" not in said.partition("D28")[2]
    assert "D90: P02" in said
    assert column(summary(view)[0].blocks[-1], "number")["died"] == "1"


def test_a_seriousness_that_nobody_recorded_is_counted_as_such():
    told = AdverseEventRecorded(participant="P02", term="Nausea", grade=1, start=Day.of(date(2025, 4, 1)))
    view = view_of(history(DISEASES, infusions=DOSES, adverse_events=[told]), CUTOFF)
    numbers = column(summary(view)[0].blocks[-1], "number")
    assert (numbers["serious"], numbers["unsaid"]) == ("0", "1")


def test_a_measure_is_due_of_those_it_is_asked_of():
    """The ESR is an outcome of everybody though a clause reads `das28_esr`; an ESSPRI is asked where the STAR is made of it."""
    sjogren = Fact("disease", "SS", Day(2025, 2, 1), participant="P02")
    view = view_of(history([*DISEASES[:1], sjogren], infusions=DOSES), CUTOFF)
    where = column(completeness(view)[0].blocks[1], "where")
    assert "D28: P01, P02" in where["esr"]
    assert "D28: P02;" in where["esspri"]
    assert ("BL" in where["star"], "D28: P02" in where["star"]) == (False, True)


def test_what_is_written_and_cannot_be_read_is_the_reason_why_it_is_missing():
    trial = history(DISEASES, infusions=DOSES)
    why = "facts.csv:7 value: esr is 'abc'. Write a number 0–300 in mm/h"
    trial.unread = [Unread("facts", "P01", Day(2025, 3, 31), why, "esr")]
    view = view_of(trial, CUTOFF)
    for id in ("S-2", "S-7"):
        done = execute(view.study, view.trial, view.study.endpoint(id), CUTOFF)
        reasons = {one.visit: one.reason for one in done.cells if one.participant == "P01"}
        assert (reasons["D28"], reasons["D90"]) == (why, "nothing recorded")
    missing = next(row for row in completeness(view)[0].blocks[1].rows if row.key == "esr").cells[3]
    assert why in [ground.value for ground in missing.grounds]


def test_a_death_that_no_event_stands_for_is_said_beneath_the_events():
    died = Fact("death", True, Day(2025, 4, 1), participant="P02")
    said = "P02 (listing 4)"
    assert said in " ".join(overview(view_of(history([*DISEASES, died], infusions=DOSES), CUTOFF)).notes)
    assert said not in " ".join(overview(view_of(history(DISEASES, infusions=DOSES), CUTOFF)).notes)
