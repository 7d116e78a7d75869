"""Who counts, and what belongs to a visit, have one answer each: every table that tells of it says the same."""

from datetime import date
from decimal import Decimal

from escalon.conduct.judge.endpoints import execute
from escalon.exchange.synthetic_trial import simulate
from escalon.facts import Day, Fact
from escalon.history import Unread
from escalon.history.events import AdverseEventRecorded, TreatmentGiven
from escalon.kinetics.sample import read_sample
from escalon.protocol import load_study
from escalon.reporting.registry import registry
from escalon.reporting.sections.answer import answer
from escalon.reporting.sections.basis import summary
from escalon.reporting.sections.cells import cells
from escalon.reporting.sections.completeness import completeness
from escalon.reporting.sections.efficacy import endpoint_table
from escalon.reporting.sections.escalation import levels, limiting
from escalon.reporting.sections.exposure import cells as cells_given
from escalon.reporting.sections.exposure import lymphodepletion
from escalon.reporting.sections.listings import serious, treatments
from escalon.reporting.sections.narratives import narratives
from escalon.reporting.sections.participants import demographics, flow, flow_drawn
from escalon.reporting.sections.participants import history as disease_history
from escalon.reporting.sections.safety import infections, interest, overview, periods
from escalon.sources.folder import take_in
from tests.histories import Infusion, history
from tests.reporting.views import column, texts, view_of

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


def test_where_nobody_was_infused_no_number_of_a_product_is_missed():
    said = [cells_given(view_of(history(DISEASES, infusions=some), CUTOFF)).notes[1:] for some in ((), DOSES)]
    assert said == [(), ("Of no product is its number recorded.",)]


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


def test_nobody_is_watched_after_death_whoever_recorded_it():
    """Patient-days end with a fatal event as with a death recorded as a fact, and on the day of leaving."""
    fatal = AdverseEventRecorded(
        participant="P01", term="Sepsis", grade=5, start=Day(2025, 3, 20), end=Day(2025, 3, 22), outcome="fatal"
    )
    died = Fact("death", True, Day(2025, 3, 31), participant="P02")
    for end, events, watched in (([], [], 58), ([died], [], 51), ([], [fatal], 49)):
        view = view_of(history([*DISEASES, *end], infusions=DOSES, adverse_events=events), CUTOFF)
        assert column(infections(view), "days")["acute"] == str(watched)


def test_an_interest_is_named_with_the_grade_from_which_it_counts():
    told = [
        AdverseEventRecorded(participant="P01", term="Sepsis", grade=3, start=Day(2025, 4, 1)),
        AdverseEventRecorded(participant="P02", term="Upper respiratory infection", grade=2, start=Day(2025, 4, 1)),
    ]
    view = view_of(history(DISEASES, infusions=DOSES, adverse_events=told), CUTOFF)
    assert texts(interest(view))["infection"][:2] == ("infection, grade 3 or more", "1")
    assert texts(periods(view))["infection"][0] == "infection, grade 3 or more"


def test_while_no_dose_can_be_decided_nobody_is_called_evaluable():
    trial = history(DISEASES, infusions=DOSES)
    trial.unread = [Unread("adverse_events", "P09", Day(2025, 4, 1), "adverse_events.csv:9 grade: 'abc'", "grade")]
    view = view_of(trial, CUTOFF)
    numbers = column(summary(view)[0].blocks[-1], "number")
    assert numbers["evaluable"] == column(flow(view), "n")["dlt_evaluable"] == "not known"
    assert "No dose can be decided" in levels(view).notes[-1]


def test_a_value_is_printed_with_the_digits_it_was_recorded_with():
    values = ("14.1", "292", "147")
    facts = [
        Fact("crp", Decimal(value), Day(2025, 3, 31), "mg/L", participant=code)
        for code, value in zip(("P01", "P02", "P03"), values, strict=True)
    ]
    doses = [*DOSES, Infusion("P03", 1, Day(2025, 3, 3))]
    view = view_of(history([*DISEASES, *facts], infusions=doses), CUTOFF)
    table = endpoint_table(view.study, next(one for one in view.executed if one.endpoint.id == "S-12"))
    said = {text for value in column(table, "value").values() for text in value.split(", ")} - {"–"}
    assert said <= set(values)
    assert "14.1" in said


def test_an_event_that_cannot_be_read_leaves_its_person_open_and_no_other():
    """A row refused inside the window of somebody reviewed: «no DLT, agree» would hide it. Outside the window it asks nothing."""
    reviewed = [Fact("dlt_review", "yes", Day(2025, 4, 12), participant=code) for code in ("P01", "P02")]
    why = "adverse_events.csv:9 grade: 'abc' is no grade"
    said = {}
    for day in (Day(2025, 3, 20), Day(2025, 6, 1)):
        trial = history([*DISEASES, *reviewed], infusions=DOSES)
        trial.unread = [Unread("adverse_events", "P01", day, why, "grade")]
        table = texts(limiting(view_of(trial, CUTOFF)))
        said[str(day)] = {who: row[-4:] for who, row in table.items()}
    rule, because, *people = said["2025-03-20"]["P01"]
    assert (rule, people) == ("open", ["not decided", "unsettled"])
    assert because.endswith(why)
    assert why not in str(said["2025-03-20"]["P02"]) + str(said["2025-06-01"])
    assert said["2025-06-01"]["P01"] == said["2025-06-01"]["P02"] == said["2025-03-20"]["P02"]


def test_what_somebody_was_like_when_treated_is_not_what_was_recorded_later():
    """Age and sex of a baseline, a narrative and a line listing: those of the day, whatever was written a year later."""
    aged = [Fact("age", years, Day(*day), participant="P01") for years, day in ((40, (2025, 2, 1)), (41, (2026, 3, 1)))]
    told = AdverseEventRecorded(participant="P01", term="Sepsis", grade=3, start=Day(2025, 3, 20), serious=True)
    view = view_of(history([*DISEASES, *aged], infusions=DOSES[:1], adverse_events=[told]), CUTOFF)
    measures = registry(view.study, view.trial, CUTOFF)["resultsSection"]["baselineCharacteristicsModule"]["measures"]
    [category] = measures[0]["classes"][0]["categories"]
    assert [one["value"] for one in category["measurements"]] == ["40.0", "40.0"]
    assert column(demographics(view), "all")["age"] == "40"
    assert column(serious(view), "age") == {"P01.2025-03-20": "40"}
    assert (
        narratives(view)[0]
        .blocks[2]
        .text.startswith("A 40-year-old person with RA was infused at level 1 on 3 March 2025")
    )


def test_a_drug_of_the_conditioning_given_for_the_disease_is_no_conditioning():
    given = [
        TreatmentGiven(participant="P01", treatment="cyclophosphamide", start=Day(*day), dose=Decimal(dose), unit="mg")
        for day, dose in (((2024, 1, 5), 500), ((2025, 2, 26), 1300), ((2025, 9, 1), 600))
    ]
    begun = Fact("lymphodepletion_start", "2025-02-26", Day(2025, 2, 26), participant="P01")
    view = view_of(history([*DISEASES, begun], given, infusions=DOSES[:1]), CUTOFF)
    assert column(lymphodepletion(view), "given") == {"P01": "cyclophosphamide 1300 mg (2025-02-26)"}
    assert column(disease_history(view), "all")["immunomodulator.cyclophosphamide"] == "1", (
        "given for the disease a year before"
    )
    view = view_of(history([*DISEASES, begun], given[1:], infusions=DOSES[:1]), CUTOFF)
    assert "immunomodulator.cyclophosphamide" not in column(disease_history(view), "all"), (
        "the conditioning is no earlier treatment"
    )


def test_a_drug_of_the_conditioning_without_dose_or_end_is_not_left_out():
    """The last day is that of all drugs: one that has no end may have been the last."""
    begun = Fact("lymphodepletion_start", "2025-02-26", Day(2025, 2, 26), participant="P01")
    first = TreatmentGiven(
        participant="P01", treatment="fludarabine", start=Day(2025, 2, 26), end=Day(2025, 2, 28),
        dose=Decimal(50), unit="mg",
    )  # fmt: skip
    for end, said, days in (
        (None, "not recorded", "2025-02-27"),
        (Day(2025, 3), "2025-03", "2025-02-27 to 2025-03"),
        (Day(2025, 2, 27), "2025-02-28", "2025-02-27"),
    ):
        second = TreatmentGiven(participant="P01", treatment="cyclophosphamide", start=Day(2025, 2, 27), end=end)
        view = view_of(history([*DISEASES, begun], [first, second], infusions=DOSES[:1]), CUTOFF)
        assert column(lymphodepletion(view), "last_day") == {"P01": said}
        doses = f"fludarabine 50 mg (2025-02-26 to 2025-02-28); cyclophosphamide dose not recorded ({days})"
        assert column(lymphodepletion(view), "given") == {"P01": doses}


def test_the_synthetic_trial_says_what_was_given_before_the_cells_and_of_which_product(tmp_path):
    """Its folder carries the study's own drugs of conditioning, and a number for every product."""
    study = load_study("nct07052565")
    intake = take_in(study, simulate(study, tmp_path))
    assert intake.trial.unread == ()
    view = view_of(intake.trial, CUTOFF)
    assert column(lymphodepletion(view), "given")["P01"].startswith(
        "fludarabine 25 mg/m²/day (2025-02-26 to 2025-02-28)"
    )
    assert column(lymphodepletion(view), "last_day")["P01"] == "2025-02-28"
    [*_, given] = lymphodepletion(view).rows[0].cells
    assert [(one.name, one.value) for one in given.grounds] == [
        ("fludarabine", "25 mg/m²/day"),
        ("cyclophosphamide", "1000 mg/m²/day"),
    ]
    assert column(cells_given(view), "product")["P01"] == "P01-A"
    assert "not recorded" not in {*column(cells_given(view), "product").values()}


def test_a_treatment_whose_end_nobody_recorded_is_not_said_to_last():
    """How each stands to the infusion of 3 March 2025."""
    days = {
        "a": (Day(2024, 1, 5), Day(2024, 6, 1), False, "ended before"),
        "b": (Day(2024, 1, 5), None, True, "over it"),
        "c": (Day(2024, 1, 5), None, False, "begun before, end not recorded"),
        "d": (Day(2025, 3, 3), None, False, "begun after"),
        "e": (Day(2025), None, True, "begun in the month or year of it"),
        "f": (Day(2024, 1, 5), Day(2025, 3), False, "ended in the month or year of it"),
        "g": (None, None, False, "day not recorded"),
    }
    given = [
        TreatmentGiven(participant="P01", treatment=name, start=start, end=end, ongoing=ongoing)
        for name, (start, end, ongoing, _) in days.items()
    ]
    table = treatments(view_of(history(DISEASES, given, infusions=DOSES[:1]), CUTOFF))
    assert column(table, "when") == {f"P01.{name}": said for name, (*_, said) in days.items()}


def test_who_died_after_the_last_visit_had_completed_the_study():
    for died, completed in ((Day(2026, 9, 1), "1"), (Day(2025, 9, 1), "0")):
        fact = Fact("death", True, died, participant="P01")
        view = view_of(history([*DISEASES, fact], infusions=DOSES[:1]), CUTOFF)
        [period] = registry(view.study, view.trial, CUTOFF)["resultsSection"]["participantFlowModule"]["periods"]
        counts = {one["type"]: one["achievements"][0]["numSubjects"] for one in period["milestones"]}
        assert (counts["COMPLETED"], counts["NOT COMPLETED"]) == (completed, str(1 - int(completed)))
        assert [one["type"] for one in period["dropWithdraws"]] == ([] if completed == "1" else ["Death"])


def test_years_since_a_diagnosis_of_which_only_the_year_is_known_are_whole():
    for day, said in ((Day(2015), "10"), (Day(2015, 3, 3), "10.0"), (Day(2025), "0")):
        known = Fact("ra_diagnosis", True, day, participant="P01")
        view = view_of(history([*DISEASES, known], infusions=DOSES[:1]), CUTOFF)
        assert column(disease_history(view), "ra")["ra_diagnosis"] == said


def test_a_code_that_looks_like_a_month_is_not_read_as_one():
    """What the rule says on the first page names the participant by the code, and the day in words."""
    for code in ("2001-05", "1001-02", "2001-05-06"):
        told = AdverseEventRecorded(participant=code, term="Sepsis", grade=3, start=Day(2025, 3, 20), serious=True)
        disease = Fact("disease", "RA", Day(2025, 2, 1), participant=code)
        dosed = [Infusion(code, 1, Day(2025, 3, 3))]
        view = view_of(history([disease], infusions=dosed, adverse_events=[told]), Day(2025, 6, 20))
        assert answer(view).body.startswith(f"Because settle first: {code}: Sepsis, grade 3, from 20 March 2025: ")
