"""Every figure there is, each of a plain and of a crowded trial: what the laws of drawing are asked of."""

import random
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

from escalon.drawing import ValueMark
from escalon.escalation import at_most, three_plus_three
from escalon.escalation.evaluation import Simulation, compare
from escalon.escalation.outlook import outlook
from escalon.escalation.rolling_six import RollingSix
from escalon.escalation.scenario import Scenario
from escalon.kinetics import Limits, profile
from escalon.reporting.figures.b_cells import b_cell_figure
from escalon.reporting.figures.clocks import Running, clocks_figure
from escalon.reporting.figures.cohorts import CohortCourse, cohorts_figure
from escalon.reporting.figures.comparison import comparison_svg
from escalon.reporting.figures.dose_strip import Marked, Strip, dose_strip
from escalon.reporting.figures.evidence import DayLane, DayLanes, GradedDays, evidence_figure
from escalon.reporting.figures.flow import FlowBox, flow_figure
from escalon.reporting.figures.heat import HeatCell, HeatMap, heat_map
from escalon.reporting.figures.kinetics import kinetics_figure
from escalon.reporting.figures.outlook import outlook_svg
from escalon.reporting.figures.participant_axis import Axis, Lasting, Values, participant_axis
from escalon.reporting.figures.recruitment import recruitment_figure
from escalon.reporting.figures.safety_timeline import EpisodeBar, safety_timeline
from escalon.reporting.figures.swimmer import MARKS, DiseaseState, Mark, Swimmer, swimmer_plot
from escalon.reporting.figures.trajectories import Measure, Point, trajectories

RULE = three_plus_three(3, "V2") & at_most(18)
TODAY = date(2026, 6, 29)
DAYS = [-5, 1, 4, 7, 10, 14, 21, 28, 60, 90, 180, 365]


def people(count):
    """Codes with their dose level."""
    return [(f"P{number:02d}", number % 3 + 1) for number in range(1, count + 1)]


def cohorts(count):
    draw = random.Random(count)
    outcomes = ("no_dlt", "dlt", "pending", "not_evaluable")
    found = []
    for place, (code, level) in enumerate(people(count)):
        start = date(2025, 1, 1) + timedelta(days=place * 17)
        outcome = outcomes[place % 4]
        hit = start + timedelta(days=draw.randrange(28)) if outcome == "dlt" else None
        found.append(
            CohortCourse(code, level, start, start + timedelta(days=27), outcome, hit, f"/participants/{code}")
        )
    return cohorts_figure(found, TODAY)


def clocks(count):
    tones = ("", "good", "alarm", "open", "muted")
    return clocks_figure(
        [
            Running(f"SUSAR {code}", TODAY - timedelta(place), TODAY + timedelta(place), "due, nobody yet", tone=tones[place % 5])
            for place, (code, _) in enumerate(people(count))
        ],
        TODAY,
    )  # fmt: skip


def flow(count):
    reasons = tuple(
        f"{code}: SLEDAI-2K 6, needed 8 or more, and creatinine clearance 22 mL/min, needed 30"
        for code, _ in people(count)
    )
    levels = [
        FlowBox(
            f"Level {level} (medium): {count} infused", ("RA 1, SLE 2, systemic sclerosis 2, Sjögren disease 1",), level
        )
        for level in (1, 2, 3, 4)
    ]
    return flow_figure(
        FlowBox("Screened: 31", ("RA 10, SLE 11",)),
        [FlowBox("Not eligible: 9", reasons), FlowBox("Undecided: 2")],
        FlowBox("Eligible: 20"),
        levels,
        [FlowBox("Apheresed: 19")],
    )


def timeline(count):
    draw = random.Random(count)
    bars = [
        EpisodeBar(code, kind, draw.randrange(0, 9), draw.choice([None, 9, 10, 30]), draw.choice([None, 1, 2, 3, 4, 5]))
        for code, _ in people(count) for kind in ("CRS", "ICANS")
    ]  # fmt: skip
    return safety_timeline(bars, [code for code, _ in people(count)], 200, levels=dict(people(count)))


def swimmer(count):
    draw = random.Random(count)
    kinds = list(MARKS)
    swimmers = [
        Swimmer(
            code, level, draw.choice([30, 200, 480]), draw.choice(["", "left the study"]),
            tuple(Mark(draw.randrange(0, 40), kinds[n % len(kinds)], "Neutropenia grade 4", 4) for n in range(count % 9)),
            tuple(DiseaseState(day, str(draw.choice([4, 16, 105])), draw.randrange(4), 4) for day in (0, 28, 90, 180)),
        )
        for code, level in people(count)
    ]  # fmt: skip
    return swimmer_plot(swimmers, "2026-06-29", ends_on=365)


def courses(count, measures=3):
    draw = random.Random(count)
    names = (("SLEDAI-2K", ""), ("Physician's global", "mm"), ("ESR", "mm/h"))
    drawn = [
        Measure(
            title,
            tuple(
                Point(code, level, day, value := round(draw.uniform(0, 80) / (1 + day / 30), 1), unit, f"{value}", f"D{day}")
                for code, level in people(count) for day in (0, 28, 90, 180, 365)
            ),
            ((20.0, "mild, up to 20"), (22.0, "moderate, up to 22")),
        )
        for title, unit in names[:measures]
    ]  # fmt: skip
    reached = {code: draw.choice([60.0, 200.0, 400.0]) for code, _ in people(count)}
    return trajectories(drawn, reached, (("0", 0), ("M1", 28), ("M3", 90), ("M6", 180), ("M12", 365)))


def counts(count):
    draw = random.Random(count)
    points = tuple(
        Point(code, level, day, draw.choice([0, 0.1, 0.4, 2, 6.5]), "10^9/L")
        for code, level in people(count)
        for day in DAYS
    )
    measure = Measure(
        "Neutrophils", points, ((0.5, "grade 4 below 0.5"), (1.0, "grade 3 below 1")), linear_to=0.5, alarm=True
    )
    return trajectories([measure], everyone=True)


def evidence(count):
    lanes = (
        DayLane("CRS", (GradedDays(3, 7, 2), GradedDays(9, 40, None))), DayLane("ICANS", (GradedDays(6, 6, 5),)),
        DayLane("neutrophils", tuple(GradedDays(day, day, grade) for day, grade in ((1, 4), (4, 4), (7, 3), (14, 1), (28, 0)))),
        DayLane("platelets", missing="no count recorded after infusion"),
    )  # fmt: skip
    return evidence_figure([DayLanes(code, level, 28 if level < 3 else 12, lanes) for code, level in people(count)], 28)


def heat(count):
    domains = ("constitutional", "mucocutaneous", "neuropsychiatric", "musculoskeletal", "cardiorespiratory", "renal")
    row = (*(HeatCell(letter, "EDCBA".index(letter)) for letter in "ABCD"), HeatCell("not due"))
    rows = tuple(row for _ in domains)
    return heat_map(
        [HeatMap(f"{code} · level {level}", rows) for code, level in people(count)],
        domains,
        ("BL", "D28", "D90", "D180", "D365"),
        ("E", "D", "C", "B", "A"),
    )


def recruitment(count):
    found: dict[tuple[str, int], list[str]] = {}
    for place, (code, level) in enumerate(people(count)):
        found.setdefault(("RA SLE Sjögren SSc".split()[place % 4], level), []).append(code)
    return recruitment_figure(found, "RA SLE Sjögren SSc".split(), (1, 2, 3))


def strip(count):
    def amount(value):
        return Marked(Fraction(value), f"{value} cells/kg")

    return dose_strip(
        Strip(2, amount(300000), amount(240000), amount(360000), "±20 %"),
        amount(300000 + 10 * count),
        amount(298000 + 30000 * count),
    )


def samples(count, unit="copies/µL"):
    draw = random.Random(count)
    for code, level in people(count):
        peak = draw.uniform(300, 9000)
        levels = [peak * part for part in (0, 0.005, 0.05, 0.4, 1, 0.7, 0.2, 0.06, 0.015, 0.004, 0.001, 0)]
        yield replace(
            profile(DAYS, [round(level, 1) for level in levels], Limits(unit, 5, lod=2), code), group=f"level {level}"
        )


def kinetics(count):
    return kinetics_figure(list(samples(count)), note="SYNTHETIC DATA")


def b_cells(count):
    draw = random.Random(count)
    found = []
    for code, level in people(count):
        values = [120, 0, 0, draw.choice([0, 60]), 75, draw.uniform(0, 900)]
        one = profile([-3, 14, 60, 120, 150, 300], values, Limits("/uL", 1), code, "cd19_b_cells")
        found.append(replace(one, group=f"level {level}"))
    return b_cell_figure(found)


def axis(count):
    draw = random.Random(count)
    events = []
    for _ in range(count):
        first, lasts, grade = draw.randrange(-6, 200), draw.choice([None, 0, 7, 40]), draw.choice([None, 1, 2, 3, 4])
        last = None if lasts is None else first + lasts
        events.append(Lasting(first, last, "Neutrophil count decreased", grade, is_event=True, href="/entries/3"))
    values = tuple(
        Values(
            title,
            about,
            tuple(ValueMark(day, draw.uniform(1, 3000), "", f"{day}") for day in DAYS),
            title == "CAR-T in blood",
            (2.6,),
        )
        for title, about in (
            ("DAS28-ESR", "remission below 2.6"),
            ("CAR transgene copies in peripheral blood by quantitative PCR", "copies/µL, log"),
            ("CAR-T in blood", "copies/µL"),
            ("IgG", "g/L; low below 4"),
            ("Pneumonoultramicroscopicsilicovolcanoconiosis", "/uL"),
        )
    )
    treatment = (
        Lasting(-400, -100, "adalimumab"),
        Lasting(-5, -3, "lymphodepletion"),
        Lasting(6, 8, "tocilizumab"),
        Lasting(6, 9, "dexamethasone"),
        Lasting(200, None, "prednisone"),
    )
    return participant_axis(
        Axis(2, "infusion, level 2, 266 478 cells/kg", 28, 365, treatment, tuple(events), values), "P07"
    )


def tree(count):
    return outlook_svg(outlook(RULE, "1NNN 2NNT", [(0.1, 0.2, 0.3)] if count % 2 else [], depth=1 + (count > 3)))


def comparison(count):
    designs = [RULE, RollingSix(3, 28)] * max(1, count // 6)
    return comparison_svg(
        compare(designs[:3], [Scenario("the truth as we fear it", (0.1, 0.2, 0.3))], 0.25, Simulation(50, 1, 14))
    )


FIGURES = {
    "cohorts": cohorts, "clocks": clocks, "flow": flow, "timeline": timeline, "swimmer": swimmer, "courses": courses,
    "by_level": lambda count: courses(count + 12), "counts": counts, "evidence": evidence, "heat": heat,
    "recruitment": recruitment, "strip": strip, "kinetics": kinetics, "b_cells": b_cells, "axis": axis, "tree": tree,
    "comparison": comparison,
}  # fmt: skip
SIZES = (1, 2, 5, 9, 18)
