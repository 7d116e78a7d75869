"""Random criteria, facts and situations for the laws of the language."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from escalon.criteria import AnchorDay, Situation
from escalon.expressions.events import Dose, Exposure, Happened, How, Part, Pick, Span, Stated, Tie, UnitNumber, Window
from escalon.expressions.tree import Literal, Op
from escalon.facts import Day, Duration, Fact, Facts, Interval

NUMBERS = ("alt", "esr", "platelets", "das28_esr")
TRUTHS = ("pregnant", "consented")
EVENTS = ("stroke", "vaccination", "b_cell_therapy")
DRUGS = ("methotrexate", "leflunomide")
LABELS = ("disease", "serology")
SCREENING = date(2025, 5, 1)
AS_OF = date(2025, 5, 20)

durations = st.builds(Duration, st.integers(1, 30), st.sampled_from(("day", "week", "month", "year")))
windows = st.one_of(
    st.none(),
    st.just(Window(Span.EVER)),
    st.builds(Window, st.sampled_from((Span.BEFORE, Span.AFTER, Span.AT)), st.just("screening")),
    st.builds(Window, st.sampled_from((Span.WITHIN, Span.SINCE, Span.AT_LEAST)), st.just("screening"), durations),
)
limits = st.fractions(0, 100, max_denominator=10).filter(lambda x: 10 % x.denominator == 0)
literals = st.builds(lambda x: Literal(int(x) if x.denominator == 1 else x), limits)
negatives = st.builds(lambda x: Op("neg", (x,)), literals)


@st.composite
def comparisons(draw):
    window = draw(windows)
    how = draw(st.sampled_from((How.LATEST, How.EARLIEST, How.HIGHEST, How.LOWEST, How.COUNT)))
    tie = draw(st.sampled_from((None, *Tie))) if how is not How.COUNT else None
    pick = Pick(draw(st.sampled_from(NUMBERS)), how, window=window, tie=tie)
    left = draw(
        st.sampled_from(
            (
                pick,
                Op("div", (pick, replace(pick, part=Part.UPPER))),
                Op("sub", (pick, Pick(draw(st.sampled_from(NUMBERS)), window=window))),
                Op("mul", (Op("add", (pick, Literal(1))), Literal(2))),
            )
        )
    )
    right = draw(
        st.one_of(literals, negatives, st.builds(UnitNumber, limits, st.sampled_from(("mL/min", "10^9/L", "mm/h"))))
    )
    return Op(draw(st.sampled_from(("lt", "le", "eq", "ne", "ge", "gt"))), (left, right))


@st.composite
def exposures(draw):
    low, high = sorted((draw(limits), draw(limits)))
    dose = draw(
        st.sampled_from((None, Dose(low, high, "mg/week"), Dose(None, high, "mg/day"), Dose(low, None, "mg/day")))
    )
    lasting = draw(durations) if dose is None else draw(st.one_of(st.none(), durations))
    return Exposure(
        draw(st.sampled_from(DRUGS)), "screening", lasting, dose, draw(durations) if dose else None,
        draw(st.booleans()) if dose else False,
    )  # fmt: skip


leaves = st.one_of(
    comparisons(),
    exposures(),
    st.builds(lambda n, w, window: Op("eq", (Pick(n, window=window), Literal(w))), st.sampled_from(LABELS),
              st.sampled_from(("RA", "SLE", "met")), windows),
    st.builds(Stated, st.sampled_from(TRUTHS), windows),
    st.builds(Happened, st.sampled_from(EVENTS), windows),
)  # fmt: skip


def connected(parts):
    several = st.lists(parts, min_size=1, max_size=5).map(tuple)
    return st.one_of(
        st.builds(lambda part: Op("not", (part,)), parts),
        st.builds(Op, st.sampled_from(("and", "or")), several),
        several.flatmap(lambda some: st.integers(1, len(some)).map(lambda n: Op("at_least", (Literal(n), *some)))),
    )


criteria = st.recursive(leaves, connected, max_leaves=8)

days = st.one_of(
    st.none(),
    st.integers(-500, 20).map(lambda n: Day.of(SCREENING + timedelta(days=n))),
    st.sampled_from((Day(2025, 4), Day(2025, 5), Day(2024), Day(2025))),
)
values = st.one_of(st.none(), st.decimals(0, 120, places=1))


@st.composite
def intervals(draw):
    """A number that is only known to lie between two ends, one of which may be absent, either of which may be open."""
    low, high = sorted(
        Fraction(n, 10) for n in draw(st.lists(st.integers(0, 1200), min_size=2, max_size=2, unique=True))
    )
    opened = draw(st.booleans()), draw(st.booleans())
    kinds = Interval(low, high, *opened), Interval(high=high, high_open=opened[1]), Interval(low, low_open=opened[0])
    return draw(st.sampled_from(kinds))


recorded = st.one_of(
    st.builds(Fact, st.sampled_from(NUMBERS), st.one_of(values, intervals()), days, upper=values),
    st.builds(Fact, st.sampled_from(TRUTHS + EVENTS), st.sampled_from((True, False, None)), days),
    st.builds(Fact, st.sampled_from(LABELS), st.sampled_from(("RA", "SLE", "met", None)), days),
    st.builds(Fact, st.sampled_from(DRUGS + EVENTS), st.sampled_from((True, Decimal(10), Decimal(20))), days,
              st.sampled_from(("mg/week", None)), until=days, ongoing=st.booleans()),
)  # fmt: skip
histories = st.lists(recorded, max_size=12).map(Facts)


def situation(facts, **anchors):
    screening = AnchorDay(Day.of(SCREENING), Day.of(SCREENING - timedelta(days=28)), Day.of(AS_OF))
    return Situation(facts, Day.of(AS_OF), {"screening": screening, **anchors})


def exact(text):
    return Fraction(text)
