"""The safety part of the report: tables and figures from records, deterministic, up to the cut-off."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from datetime import date
from decimal import Decimal

import pytest

from escalon.conduct.judge.evidence import study_definition
from escalon.conduct.judge.treated import safety_population
from escalon.facts import Day, Fact
from escalon.history import Trial, fold
from escalon.history.entry import entry_of_file
from escalon.history.events import AdverseEventRecorded, SafetyReportSent
from escalon.protocol import load_study
from escalon.reporting.figures.safety_timeline import EpisodeBar, safety_timeline
from escalon.reporting.figures.swimmer import MARKS, Mark, Swimmer, swimmer_plot
from escalon.reporting.sections.escalation import limiting
from escalon.reporting.sections.laboratory import laboratory_shift
from escalon.reporting.sections.listings import before_infusion, deaths, serious
from escalon.reporting.sections.narratives import narratives
from escalon.reporting.sections.reports_due import reports_due
from escalon.reporting.sections.safety import infections, interest, overview, periods, safety, terms, timeline
from escalon.reporting.view import View
from escalon.safety.adverse_event import NOT_CODED, coded
from escalon.safety.seriousness import susar
from tests.histories import Infusion, history
from tests.reporting.views import STUDY, column, texts, view_of

INFUSED = date(2025, 3, 10)
CUTOFF = Day.parse("2025-09-01")


def event(
    person: str, term: str, grade: int | None, start: str, end: str | None = None, **more: object
) -> AdverseEventRecorded:
    days = {"start": Day.parse(start), "end": None if end is None else Day.parse(end)}
    return AdverseEventRecorded(participant=person, term=term, grade=grade, **days, **more)  # type: ignore[arg-type]


EVENTS = (
    event("P1", "CRS", 2, "2025-03-14", "2025-03-18", related=True, serious=True, action="tocilizumab"),
    event("P1", "ICANS", 1, "2025-03-16", "2025-03-17", related=True),
    event("P2", "Lung infection", 3, "2025-05-02", "2025-05-12", related=False, serious=True, id="AE7"),
    event("P2", "Nausea", 1, "2025-03-01", "2025-03-04", related=False),
    event("P2", "Platelet count decreased", 4, "2025-03-05", "2025-04-09"),
    event("P3", "Feeling odd", None, "2025-03"),
    event("P3", "Myocarditis", 5, "2025-03-20", "2025-03-24", outcome="fatal", dlt=True, id="AE9"),
)


@pytest.fixture(scope="module")
def records() -> Trial:
    infusions = tuple(Infusion(f"P{n}", 1 if n < 3 else 2, Day.of(INFUSED)) for n in (1, 2, 3, 4))
    facts = tuple(Fact("disease", "RA" if n % 2 else "SLE", Day.of(INFUSED), participant=f"P{n}") for n in (1, 2, 3, 4))
    facts += tuple(
        Fact("lymphodepletion_start", "2025-03-05", Day.parse("2025-03-05"), participant=f"P{n}") for n in (1, 2, 3, 4)
    )
    facts += (Fact("study_discontinuation", "2025-06-01", Day.parse("2025-06-01"), participant="P4"),)
    return history(facts, (), EVENTS, infusions)


@pytest.fixture(scope="module")
def view(records: Trial) -> View:
    return view_of(records, CUTOFF)


def test_everyone_infused_is_the_safety_population(records: Trial) -> None:
    found = safety_population(load_study(STUDY), records, CUTOFF.latest)
    assert [(one.participant, one.level, one.disease, one.observed_to) for one in found] == [
        ("P1", "level 1", "RA", date(2025, 9, 1)), ("P2", "level 1", "SLE", date(2025, 9, 1)),
        ("P3", "level 2", "RA", date(2025, 3, 24)), ("P4", "level 2", "SLE", date(2025, 6, 1)),
    ]  # fmt: skip


def test_words_that_are_no_term_are_kept_as_not_coded(view: View) -> None:
    assert coded("Feeling odd").system_class == NOT_CODED
    assert NOT_CODED in column(terms(view), "term").values()


def test_overview_counts_events_and_participants(view: View) -> None:
    table = overview(view)
    events, people = column(table, "all_events"), column(table, "all_people")
    assert (events["any_event"], people["any_event"]) == ("5", "3")
    assert (events["grade_3_or_more"], people["grade_3_or_more"]) == ("2", "2")
    assert column(table, "level_2_people")["fatal"] == "1"
    assert events["grade_not_recorded"] == "1"


def test_a_seriousness_nobody_recorded_is_a_kind_of_its_own_and_never_no(view: View) -> None:
    events = column(overview(view), "all_events")
    assert (events["serious"], events["seriousness_not_recorded"]) == ("3", "2")
    may_be = [one for one in view.emergent if susar(one).value is not False]
    assert any(one.serious is None for one in may_be)
    assert events["unexpected_serious_reaction_or_may_be_one"] == str(len(may_be))
    assert {row.participant for row in serious(view).rows} == {"P1", "P2", "P3"}
    assert "not recorded" in column(serious(view), "serious").values()


def test_what_began_under_lymphodepletion_counts_there_at_its_grade_then_and_not_after(view: View) -> None:
    table = periods(view)
    assert column(table, "lymphodepletion_to_infusion_events")["any_event"] == "1"  # platelets, grade 4, from day -5
    assert column(table, "infusion_to_day_28_events")["any_event"] == "4"
    assert column(table, "day_29_to_1_year_events")["any_event"] == "1"
    assert "1 event began before infusion and lasted beyond it" in " ".join(overview(view).notes)
    assert {row.participant for row in before_infusion(view).rows} == {"P2"}


def test_an_event_that_grew_worse_after_infusion_counts_in_both_periods() -> None:
    steps = (
        event("P1", "Anemia", 2, "2025-03-06", "2025-03-12", id="7"),
        event("P1", "Anemia", 3, "2025-03-12", "2025-03-18", id="7"),
    )
    facts = (Fact("lymphodepletion_start", "2025-03-05", Day.parse("2025-03-05"), participant="P1"),)
    table = periods(view_of(history(facts, (), steps, (Infusion("P1", 1, Day.of(INFUSED)),)), CUTOFF))
    assert column(table, "lymphodepletion_to_infusion_events")["any_event"] == "1"
    assert column(table, "lymphodepletion_to_infusion_events")["grade_3_or_more"] == "0"
    assert column(table, "infusion_to_day_28_events")["grade_3_or_more"] == "1"


def test_event_that_ended_before_infusion_is_left_out(view: View) -> None:
    assert "Nausea" not in column(terms(view), "term").values()


def test_special_interest_has_onset_duration_and_treatment_and_names_what_did_not_occur(view: View) -> None:
    table = interest(view)
    assert texts(table)["crs"][3:] == ("2", "4 (4–4)", "5 (5–5)", "0", "tocilizumab")
    assert set(texts(table)) == {"crs", "icans", "infection"}
    assert "IEC-HS" in " ".join(table.notes)


def test_every_count_opens_to_the_rows_it_counts(view: View) -> None:
    for table in (overview(view), terms(view), periods(view)):
        for name, cell in table.cells():
            if name.endswith(("_events", "/events")):
                assert len({ground.place for ground in cell.grounds}) == cell.value, name


def test_deaths_are_listed_with_their_day(view: View) -> None:
    assert [row.cells[3].text for row in deaths(view).rows] == ["2025-03-24"]


def test_proposal_stands_beside_the_decision(view: View) -> None:
    table = limiting(view)
    assert (column(table, "rule")["P3"], column(table, "person")["P3"]) == ("DLT", "DLT")
    assert "Myocarditis" in column(table, "why")["P3"]
    assert column(table, "rule")["P1"] == "open"  # nobody recorded the blood counts
    assert column(table, "compared")["P1"] == "unsettled"


def test_blood_counts_are_graded_into_the_proposal_and_into_the_shift() -> None:
    def count(name: str, value: str, day: str) -> Fact:
        return Fact(name, Decimal(value), Day.parse(day), "10^9/L", participant="P1", lower=Decimal("1.5"))

    facts = (
        count("neutrophils", "2.4", "2025-03-01"), count("neutrophils", "0.4", "2025-04-07"),
        count("platelets", "200", "2025-04-07"),
    )  # fmt: skip
    view = view_of(history(facts, (), (), (Infusion("P1", 1, Day.of(INFUSED)),)), CUTOFF)
    table = limiting(view)
    assert column(table, "rule")["P1"] == "DLT"
    assert "grade 4 on day 28" in column(table, "why")["P1"]
    shift = texts(laboratory_shift(view))["neutrophil_count_decreased.0"]
    assert shift == ("grade 0", "1", "0", "0", "0", "0", "1", "0")


def test_definition_of_the_study_folder_is_read() -> None:
    definition = study_definition(load_study(STUDY))
    assert definition is not None
    assert (definition.window_days, definition.confirmed, len(definition.rules)) == (28, False, 9)


def test_same_records_and_cutoff_give_the_same_sections(records: Trial) -> None:
    assert safety(view_of(records, CUTOFF)) == safety(view_of(records, CUTOFF))


def test_earlier_cutoff_does_not_know_what_came_later(records: Trial) -> None:
    early = view_of(records, Day.parse("2025-03-17"))
    assert "Lung infection" not in column(terms(early), "term").values()
    assert "CRS grade 2 from day 4 still there at the cut-off" in timeline(early).svg


def test_nobody_infused_is_said() -> None:
    view = view_of(history(), CUTOFF)
    assert terms(view).empty == "No event."
    assert column(overview(view), "all_people")["any_event"] == "–"


def test_a_narrative_says_what_is_recorded_and_what_is_not(view: View) -> None:
    text = " ".join(getattr(block, "text", "") for block in narratives(view)[0].blocks)
    assert "Myocarditis began on day 10, reached grade 5 and ended on day 14" in text
    assert "It was fatal on 24 March 2025." in text
    assert "the dose given is not recorded" in text
    assert "judged dose-limiting" in text
    assert "Nausea" not in text  # it was not serious, and nobody judged it


@pytest.mark.parametrize(
    "drawing",
    [
        safety_timeline(
            [EpisodeBar("P<1>", "CRS", 4, 8, 2), EpisodeBar("P<1>", "ICANS", 6, None, None)], ["P<1>", "P2"], 200
        ),
        safety_timeline([], ["P1"], 28),
        safety_timeline([], [], 28),
        swimmer_plot([Swimmer("P<1>", 1, 300, "left", (Mark(5, "DLT", "CRS & co"),))], "2025-09-01"),
        swimmer_plot([], "2025-09-01"),
    ],
)
def test_drawing_is_well_formed_and_says_what_it_shows(drawing: str) -> None:
    root = ElementTree.fromstring(drawing)
    assert root.get("role") == "img"
    assert root.get("aria-label")


def test_grade_is_printed_and_not_only_coloured() -> None:
    drawing = safety_timeline([EpisodeBar("P1", "CRS", 4, 8, 3)], ["P1"], 28)
    assert ">3</text>" in drawing
    assert "P1 CRS grade 3 from day 4 to day 8" in drawing


def test_marks_of_one_day_do_not_hide_each_other() -> None:
    marks = tuple(Mark(5, kind, kind) for kind in MARKS)[:3]
    drawing = swimmer_plot([Swimmer("P1", 1, 100, "", marks)], "2025-09-01")
    root = ElementTree.fromstring(drawing)
    places = [
        one.get("d") or one.get("cy")
        for kind in ("path", "circle")
        for one in root.iter(f"{{http://www.w3.org/2000/svg}}{kind}")
    ]
    assert len(set(places)) == len(places) > 3


def test_infection_density_counts_the_days_each_person_was_observed(view: View) -> None:
    rows = {key: row[1:] for key, row in texts(infections(view)).items()}
    # One died on day 14. The others: 29 days each; then 72 days each; then two to day 175 (75 days each), one to day 83 (none).
    assert rows["acute"] == ("0", str(3 * 29 + 15), "0.00", "0")
    assert rows["intermediate"] == ("1", str(2 * 72 + 55), f"{100 / (2 * 72 + 55):.2f}", "1")
    assert rows["late"] == ("0", str(2 * 75), "0.00", "0")


def due(*events: AdverseEventRecorded, today: str = "2025-03-20") -> list[tuple[str, ...]]:
    return list(texts(reports_due(view_of(history(adverse_events=events), Day.parse(today)))).values())


def serious_one(**more: object) -> AdverseEventRecorded:
    base = {"participant": "P01", "term": "Myocarditis", "grade": 4, "start": Day(2025, 3, 10), "serious": True}
    return AdverseEventRecorded(**(base | {"related": True, "expected": False, "aware": Day(2025, 3, 11)} | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("more", "by", "state"),
    [
        ({}, "2025-03-26", "SUSAR report: 6 days left"),
        ({"grade": 5}, "2025-03-18", "SUSAR, first report: 2 days late"),
        ({"seriousness": ("life_threatening",)}, "2025-03-18", "SUSAR, first report: 2 days late"),
        ({"outcome": "died"}, "2025-03-18", "SUSAR, first report: 2 days late"),
    ],
)
def test_a_reaction_is_due_by_its_clock(more: dict[str, object], by: str, state: str) -> None:
    first = due(serious_one(**more))[0]
    assert (first[0], first[4]) == (by, state)


def test_an_expected_event_has_no_clock_and_one_without_awareness_stands_first() -> None:
    assert due(serious_one(expected=True)) == []
    rows = due(serious_one(), serious_one(aware=None, term="Colitis"))
    assert [row[4] for row in rows] == ["the day of awareness is not recorded", "SUSAR report: 6 days left"]


def test_an_event_whose_seriousness_is_not_recorded_keeps_its_clock() -> None:
    row = due(serious_one(serious=None))[0]
    assert row[0] == "2025-03-26"
    assert "serious: not recorded" in row[5]


def test_an_event_of_which_neither_seriousness_nor_awareness_is_recorded_is_named() -> None:
    rows = due(serious_one(serious=None, aware=None))
    assert [(row[0], row[4]) for row in rows] == [("–", "the day of awareness is not recorded")]


def test_a_report_that_was_sent_says_when() -> None:
    sent = SafetyReportSent(participant="P01", event=1, report="SUSAR report", sent_on=date(2025, 3, 28))
    trial = fold(
        (entry_of_file(number, one, "t") for number, one in enumerate((serious_one(), sent), start=1)), history().frame
    )
    rows = texts(reports_due(view_of(trial, Day.parse("2025-04-20"))))
    assert [row[4] for row in rows.values()] == ["SUSAR report: sent 2025-03-28, 2 days late"]
