"""Endpoints carried out: everybody stands somewhere at every visit, and each number opens to dated facts."""

from collections import Counter
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalon.conduct.judge.comparisons import COMPARISONS
from escalon.conduct.judge.cutoff import as_of, last_day
from escalon.conduct.judge.endpoints import execute
from escalon.conduct.judge.estimates import deviation, limits_of_mean, median, root
from escalon.conduct.judge.populations import populations
from escalon.conduct.judge.windows import State, placed
from escalon.facts import Day, Fact, Interval
from escalon.instruments import catalogue
from escalon.protocol.schedule import BaselineRule, Compare, Intercurrent
from tests.histories import Infusion, event, history

INFUSED = date(2025, 3, 3)
LATE = Day(2026, 12, 31)


def on(day):
    return Day.of(INFUSED + timedelta(days=day))


def fact(name, value, day, unit=None, visit="", who="P01"):
    return Fact(name, value, on(day), unit, f"{name} {day}", who, visit=visit)


def people(*facts, codes=("P01",), disease="SLE", events=()):
    """Infused people of one disease, with what is said of them."""
    told = [Fact("disease", disease, on(-30), participant=code) for code in codes]
    return history(
        [*told, *facts], adverse_events=events, infusions=[Infusion(code, 1, Day.of(INFUSED)) for code in codes]
    )


@pytest.fixture
def sledai(study):
    return study.endpoint("S-4")


def cell(study, endpoint, trial, visit, cutoff=LATE, who="P01"):
    return next(
        one for one in execute(study, trial, endpoint, cutoff).cells if one.visit == visit and one.participant == who
    )


def total(value, day, visit="", who="P01"):
    return fact("sledai_2k", value, day, visit=visit, who=who)


def test_every_word_a_study_may_compare_with_has_its_executor():
    assert set(COMPARISONS) == set(Compare.__args__)


def test_a_change_is_the_value_less_the_last_before_treatment(study, sledai):
    trial = people(total(20, -40), total(16, -6), total(12, 28))
    found = cell(study, sledai, trial, "D28")
    assert (found.state, found.value, found.baseline, found.change, found.day) == (State.VALUE, 12, 16, -4, 28)
    assert [fact.source for fact in found.grounds] == ["sledai_2k 28", "sledai_2k -6"]


@pytest.mark.parametrize(
    ("cutoff", "state"), [(on(27), State.NOT_DUE), (on(31), State.NOT_DUE), (on(32), State.MISSING)]
)
def test_a_visit_is_due_until_its_window_has_closed(study, sledai, cutoff, state):
    found = cell(study, sledai, people(total(16, -6)), "D28", cutoff)
    assert (found.state, bool(found.reason)) == (state, True)


def test_who_died_or_left_has_no_later_visit(study, sledai):
    left = people(total(16, -6), fact("study_discontinuation", True, 60))
    assert cell(study, sledai, left, "D28").state is State.MISSING
    after = cell(study, sledai, left, "D90")
    assert (after.state, after.reason) == (State.NOT_APPLICABLE, f"left {on(60)}")
    fatal = event(participant="P01", term="Sepsis", grade=5, start=on(20), end=on(25), outcome="fatal")
    died = people(total(16, -6), events=[fatal])
    assert cell(study, sledai, died, "D28").reason == f"died {on(25)}"


def test_the_day_wins_over_the_label_and_says_so(study, sledai):
    found = cell(study, sledai, people(total(16, -6), total(9, 90, "D28")), "D90")
    assert (found.value, found.flags) == (9, ("labelled D28, dated day 90: counts at D90",))
    missed = cell(study, sledai, people(total(16, -6), total(9, 90, "D28")), "D28")
    assert (missed.state, missed.reason) == (State.MISSING, "labelled D28, dated day 90, outside days 25 to 31")


def test_nearest_to_the_planned_day_and_of_two_the_later(study):
    visit = next(one for one in study.visits if one.id == "D28")
    near = [total(1, 25), total(2, 27), total(3, 29), total(4, 31)]
    assert [placed(visit, Day.of(INFUSED), near[:n]).value for n in (1, 2, 3, 4)] == [1, 2, 3, 3]
    take = {name: placed(visit, Day.of(INFUSED), near, name, "lower").value for name in ("last", "worst", "mean")}
    assert take == {"last": 4, "worst": 4, "mean": Fraction(5, 2)}


def test_two_values_of_one_day_are_none(study, sledai):
    found = cell(study, sledai, people(total(16, -6), total(12, 28), total(8, 28)), "D28")
    assert found.state is State.MISSING
    assert "different values of one day" in found.reason


def test_an_incomplete_date_is_no_day_of_a_visit_and_is_said(study, sledai):
    month = Fact("sledai_2k", 4, Day(2025, 3), None, "x", "P01")
    assert "whose day is not known" in cell(study, sledai, people(total(16, -6), month), "D28").reason


def test_without_a_baseline_a_value_has_no_change(study, sledai):
    found = execute(study, people(total(12, 28)), sledai, LATE)
    assert (found.why_not, found.at("D28")[0].change) == ("no baseline", None)
    assert found.statistic("D28", "change.n").value == 0
    assert found.statistic("D28", "n").value == 1


def test_the_five_reasons(study, sledai):
    assert execute(study, people(disease="RA"), sledai, LATE).why_not == "nobody belongs"
    assert execute(study, people(), sledai, LATE).why_not == "nothing recorded"
    early = sledai.model_copy(update={"at": ("D28",)})
    assert execute(study, people(total(16, -6)), early, on(2)).why_not == "not due for anybody"
    stranger = sledai.model_copy(update={"compare": "tendril"})
    assert execute(study, people(), stranger, LATE).why_not == "no executor"


def test_a_named_baseline_is_used(study, sledai):
    rules = {
        "first": BaselineRule.made(name="first", take="first", before="lymphodepletion"),
        "nadir": BaselineRule.made(name="nadir", take="lowest"),
    }
    wider = study.model_copy(update={"baselines": rules})
    trial = people(
        total(20, -40), total(16, -6), total(4, 28), total(9, 90), fact("lymphodepletion_start", str(on(-5)), -5)
    )
    found = {
        name: cell(wider, sledai.model_copy(update={"baseline": name}), trial, "D90").baseline
        for name in ("first", "nadir")
    }
    assert found == {"first": 20, "nadir": 4}


ARTHRITIS = {
    "tender_joints_28": (20, 4, None), "swollen_joints_28": (12, 3, None), "pain": (60, 15, "mm"),
    "patient_global": (60, 15, "mm"), "physician_global": (60, 15, "mm"), "haq_di": (1.5, 0.25, None),
    "crp": (30, 5, "mg/L"), "esr": (30, 5, "mm/h"),
}  # fmt: skip


def responders(*more, later=90):
    told = [
        fact(name, value, day, unit)
        for name, (before, now, unit) in ARTHRITIS.items()
        for value, day in ((before, -6), (now, later))
    ]
    return people(*told, *more, disease="RA")


def test_acr70_is_a_response_from_two_visits(study):
    found = execute(study, responders(), study.endpoint("S-8"), LATE)
    assert [(one.visit, one.state, one.value) for one in found.cells][:2] == [
        ("D28", State.MISSING, None), ("D90", State.VALUE, True),
    ]  # fmt: skip
    assert found.statistic("D90", "responders").value == 1
    assert len(found.at("D90")[0].grounds) == 2 * len(ARTHRITIS)


def test_death_and_rescue_make_no_responder_where_declared(study):
    rescue = Intercurrent.made(event="jak_inhibitor", strategy="composite")
    endpoint = study.endpoint("S-8").model_copy(update={"intercurrent": (rescue,)})
    given = fact("tofacitinib", True, 40)
    assert cell(study, endpoint, responders(given), "D90").value is False
    assert cell(study, endpoint, responders(), "D90").value is True
    fatal = event(participant="P01", term="Sepsis", grade=5, start=on(150), end=on(160), outcome="fatal")
    trial = people(disease="RA", events=[fatal])
    assert cell(study, study.endpoint("S-8"), trial, "D180").value is False
    found = cell(study, study.endpoint("S-8"), trial, "D180")
    assert "no response: death" in found.flags[0]
    assert [(one.name, one.day) for one in found.grounds if one.name == "death"] == [("death", on(160))]


def test_a_response_that_an_event_ended_rests_on_what_says_so(study):
    """Whoever opens the number sees the row, and a comparison of two reports can name it."""
    rescue = Intercurrent.made(event="jak_inhibitor", strategy="composite")
    endpoint = study.endpoint("S-8").model_copy(update={"intercurrent": (rescue,)})
    given, died = fact("tofacitinib", True, 40), fact("death", True, 60)
    assert given in cell(study, endpoint, responders(given), "D90").grounds
    assert died in cell(study, study.endpoint("S-8"), responders(died), "D90").grounds


def test_strategies_and_missing_values_of_a_change(study, sledai):
    given = fact("tofacitinib", True, 40)
    told = (total(16, -6), total(8, 28), total(6, 90), given)
    for strategy, state in (("treatment_policy", State.VALUE), ("while_on_treatment", State.NOT_APPLICABLE)):
        endpoint = sledai.model_copy(
            update={"intercurrent": (Intercurrent.made(event="jak_inhibitor", strategy=strategy),)}
        )
        assert cell(study, endpoint, people(*told), "D90").state is state
        assert cell(study, endpoint, people(*told), "D28").flags == ()
    carried = cell(study, sledai.model_copy(update={"missing": "last_value"}), people(*told), "D180")
    assert (carried.value, carried.change) == (6, -10)
    assert "carried forward" in carried.flags[-1]


RESCUE = Intercurrent.made(event="jak_inhibitor", strategy="composite")


@pytest.mark.parametrize(
    ("begun", "state", "value"),
    [
        (on(40), State.VALUE, False),
        (Day(2025, 4), State.VALUE, False),
        (on(-20), State.VALUE, True),
        (on(91), State.VALUE, True),
        (Day(2025, 3), State.MISSING, None),  # infused on the third: the drug may have been stopped for it
        (Day(2025, 6), State.MISSING, None),  # the visit was on the first
        (Day(2025), State.MISSING, None),
        (None, State.MISSING, None),
    ],
    ids=str,
)
def test_what_may_have_come_before_a_visit_leaves_its_response_open(study, begun, state, value):
    endpoint = study.endpoint("S-8").model_copy(update={"intercurrent": (RESCUE,)})
    trial = responders(Fact("tofacitinib", True, begun, None, "x", "P01"))
    found = cell(study, endpoint, trial, "D90")
    assert (found.state, found.value) == (state, value)
    assert ("not known whether" in found.reason) is (state is State.MISSING)


@pytest.mark.parametrize("begun", [on(40), Day(2025), None], ids=str)
def test_who_left_is_not_counted_as_no_for_a_drug_without_a_date(study, begun):
    """Whether the drug came before or after, nothing is counted while on treatment of somebody who has left."""
    stopped = Intercurrent.made(event="jak_inhibitor", strategy="while_on_treatment")
    endpoint = study.endpoint("S-8").model_copy(update={"intercurrent": (stopped,), "missing": "non_responder"})
    drug = Fact("tofacitinib", True, begun, None, "x", "P01")
    trial = people(fact("study_discontinuation", True, 20), drug, disease="RA")
    assert cell(study, endpoint, trial, "D90").state is State.NOT_APPLICABLE


def test_what_a_response_lacks_is_said_beside_the_drug_without_a_date(study):
    endpoint = study.endpoint("S-8").model_copy(update={"intercurrent": (RESCUE,)})
    drug = Fact("tofacitinib", True, None, None, "x", "P01")
    found = cell(study, endpoint, people(fact("tender_joints_28", 3, 90), drug, disease="RA"), "D90")
    assert found.state is State.MISSING
    assert found.reason.startswith("needs swollen")
    assert "not known whether" in found.reason


def test_a_value_that_is_missing_anyway_is_not_laid_to_a_drug_that_does_not_matter(study, sledai):
    told = Intercurrent.made(event="jak_inhibitor", strategy="treatment_policy")
    endpoint = sledai.model_copy(update={"intercurrent": (told,)})
    drug = Fact("tofacitinib", True, None, None, "x", "P01")
    found = cell(study, endpoint, people(total(16, -6), drug), "D28")
    assert (found.state, found.reason, found.flags) == (State.MISSING, "nothing recorded", ())


def test_no_response_stays_none_whenever_rescue_was_given(study):
    endpoint = study.endpoint("S-8").model_copy(update={"intercurrent": (RESCUE,)})
    trial = responders(*(fact("tender_joints_28", 19, 180), fact("swollen_joints_28", 12, 180)), later=180)
    said = [
        fact
        for fact in trial.facts_of("P01")
        if fact.name not in ("tender_joints_28", "swollen_joints_28") or fact.day != on(180)
    ]
    worse = [
        fact("tender_joints_28", 19, 180),
        fact("swollen_joints_28", 12, 180),
        Fact("tofacitinib", True, Day(2025), None, "x", "P01"),
    ]
    found = cell(study, endpoint, people(*(one for one in said if one.name != "disease"), *worse, disease="RA"), "D180")
    assert (found.state, found.value) == (State.VALUE, False)


@pytest.mark.parametrize("turned", [False, True])
def test_the_first_event_decides_in_whichever_order_they_are_declared(study, turned):
    declared = [
        Intercurrent.made(event="left", strategy="composite"),
        Intercurrent.made(event="jak_inhibitor", strategy="while_on_treatment"),
    ]
    both = tuple(reversed(declared) if turned else declared)
    endpoint = study.endpoint("S-8").model_copy(update={"intercurrent": both})
    gone = fact("study_discontinuation", True, 20)
    assert (
        cell(study, endpoint, people(gone, fact("tofacitinib", True, 10), disease="RA"), "D90").state
        is State.NOT_APPLICABLE
    )
    assert cell(study, endpoint, people(gone, fact("tofacitinib", True, 30), disease="RA"), "D90").value is False


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("drug", "state"),
    [
        (None, State.MISSING),  # it may have come before the leaving, or after it
        (Day(2025), State.MISSING),
        (Day(2025, 3), State.MISSING),
        (on(10), State.NOT_APPLICABLE),
        (on(20), None),  # on one day: as declared
        (on(30), State.VALUE),
    ],
    ids=str,
)
def test_of_two_events_that_end_the_count_differently_the_first_must_be_known(study, drug, state, turned):
    left = Intercurrent.made(event="left", strategy="composite")
    stopped = Intercurrent.made(event="jak_inhibitor", strategy="while_on_treatment")
    endpoint = study.endpoint("S-8").model_copy(update={"intercurrent": (left, stopped)[:: -1 if turned else 1]})
    told = Fact("tofacitinib", True, drug, None, "x", "P01")
    found = cell(study, endpoint, people(fact("study_discontinuation", True, 20), told, disease="RA"), "D90")
    assert found.state is (state or (State.NOT_APPLICABLE if turned else State.VALUE))
    assert ("not known which came first" in found.reason) is (state is State.MISSING)


def test_a_response_against_a_named_baseline_reads_every_score_that_one_against_the_studys_own_reads(study):
    """A questionnaire recorded by its items is not «not recorded», whichever baseline the response is against."""
    endpoint = study.endpoint("S-8")
    measured = {name: both for name, both in ARTHRITIS.items() if name not in ("haq_di", "esr", "physician_global")}
    measured["pain"] = (60, 60, "mm")
    measured |= {f"haq_di.{name}": (2, 0, None) for name, item in catalogue()["haq_di"].items.items() if item.needed}
    told = [
        fact(name, value, day, unit, visit)
        for name, (before, now, unit) in measured.items()
        for value, day, visit in ((before, -6, "BL"), (now, 90, "D90"))
    ]
    rules = {"own": BaselineRule.made(name="own", before="infusion")}
    wider, trial = study.model_copy(update={"baselines": rules}), people(*told, disease="RA")
    against = [endpoint.model_copy(update={"baseline": name}) for name in (None, "own")]
    assert [cell(wider, one, trial, "D90").value for one in against] == [True, True]


def test_what_is_recorded_of_a_visit_is_never_called_nothing(study):
    found = execute(
        study,
        people(*(fact(name, 12, day) for name in ("tender_joints_28",) for day in (-6, 28)), disease="RA"),
        study.endpoint("S-2"),
        LATE,
    )
    assert found.at("D28")[0].reason == "needs swollen, esr, global health"
    assert found.at("D90")[0].reason == "nothing recorded"
    assert (found.why_not, found.detail.startswith("0 of 1 have DAS28-ESR")) == ("nothing recorded", True)


def test_a_baseline_that_is_recorded_is_not_called_missing_before_the_first_visit(study, sledai):
    early = execute(study, people(total(16, -6)), sledai, on(2))
    assert (early.why_not, early.detail) == ("not due for anybody", "1 belong")
    assert (
        execute(study, people(total(16, -6)), sledai, LATE).detail
        == "0 of 1 have SLEDAI-2K after treatment: nothing recorded"
    )


def test_a_response_that_cannot_be_is_not_missing(study):
    """SRI-4 asks for a fall by four points: from two nobody can respond, and nothing is to be obtained."""
    beside = next(one for one in study.outcomes if one.id == "S-4a")
    told = [fact("physician_global_lupus", 1, day) for day in (-6, 28)]
    found = execute(study, people(total(2, -6), total(0, 28), *told), beside, LATE)
    assert (found.at("D28")[0].state, found.statistic("D28", "responders_or_no.of").value) == (State.NOT_APPLICABLE, 0)
    assert found.at("D28")[0].reason == "not applicable: a baseline SLEDAI below 4 cannot fall by 4"


def test_best_and_percent_change(study, sledai):
    trial = people(total(16, -6), total(4, 28), total(8, 90))
    best = execute(study, trial, sledai.model_copy(update={"compare": "best change", "id": "B"}), LATE)
    assert [(one.visit, one.change) for one in best.cells] == [("best", -12)]
    percent = execute(study, trial, sledai.model_copy(update={"compare": "percent change", "id": "C"}), LATE)
    assert percent.at("D28")[0].change == -75
    zero = people(total(0, -6), total(4, 28))
    found = execute(study, zero, sledai.model_copy(update={"compare": "percent change", "id": "D"}), LATE)
    assert (found.at("D28")[0].change, found.at("D28")[0].flags) == (None, ("no percentage of a baseline of 0",))


def test_units_are_one_before_they_are_compared(study):
    crp = study.endpoint("S-12")
    trial = people(fact("crp", 3, -6, "mg/dL"), fact("crp", 5, 28, "mg/L"))
    assert cell(study, crp, trial, "D28").change == -25


@pytest.mark.parametrize(
    ("value", "unit", "why"),
    [
        (Interval(high=Fraction(3, 10), high_open=True), "mg/dL", "only known to be crp <3 mg/L on 2025-03-31"),
        (Interval(high=3, high_open=True), "mg/L", "only known to be crp <3 mg/L on 2025-03-31"),
        (5, "mmol/L", "'mmol/L' cannot be converted to 'mg/L'"),
    ],
)
def test_a_value_below_a_limit_or_in_a_strange_unit_says_why_it_is_none(study, value, unit, why):
    trial = people(fact("crp", 3, -6, "mg/dL"), fact("crp", value, 28, unit))
    found = cell(study, study.endpoint("S-12"), trial, "D28")
    assert (found.state, found.reason) == (State.MISSING, why)


def test_everybody_stands_somewhere_in_the_synthetic_trial(study, trial):
    cutoff = last_day(trial.trial)
    for day in (Day(2025, 6, 1), Day(2025, 12, 1), cutoff):
        then = as_of(trial.trial, day)
        for endpoint in study.endpoints:
            found = execute(study, then, endpoint, day)
            for one in found.statistics:
                of = len(found.at(one.visit, one.group))
                assert one.n + one.missing + one.not_due + one.not_applicable == of
                assert set(one.rests_on) <= {each.id for each in found.cells}
            assert len({each.id for each in found.cells}) == len(found.cells)
            assert set(found.members) | set(found.excluded) == set(then.participants)


def test_populations_of_the_synthetic_trial_say_why(study, trial):
    found = populations(study, trial.trial, last_day(trial.trial))
    sizes = {name: len(one.members) for name, one in found.items()}
    assert sizes["screened"] == len(trial.trial.participants)
    assert sizes["infused"] == len(trial.trial.infused()) == sizes["lymphodepleted"] == sizes["apheresed"]
    assert Counter(len(one.members) + len(one.excluded) for one in found.values()) == {sizes["screened"]: len(found)}
    assert all(all(one.excluded.values()) for one in found.values())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.fractions(-50, 50, max_denominator=16), min_size=2, max_size=20))
def test_estimates_agree_with_another_library(values):
    import statistics

    from scipy import stats

    assert median(values) == statistics.median(values)
    spread = deviation(values)
    assert spread is not None
    assert float(spread) == pytest.approx(float(statistics.stdev(values)), abs=1e-9)
    limits = limits_of_mean(values)
    assert (limits is None) == (len(values) < 5)
    if limits and spread:
        other = stats.t.interval(
            0.95, len(values) - 1, float(statistics.mean(values)), float(spread) / len(values) ** 0.5
        )
        assert [float(one) for one in limits] == pytest.approx(other, abs=1e-9)


def test_a_root_is_exact_where_it_can_be():
    assert root(Fraction(9, 4)) == Fraction(3, 2)
    assert abs(root(Fraction(2)) ** 2 - 2) < Fraction(1, 10**28)
