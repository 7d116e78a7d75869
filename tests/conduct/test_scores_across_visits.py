"""Responses and changes come from what the visits recorded; nobody types a baseline again."""

import pytest

from escalon.conduct.judge.baselines import one_of_each_visit
from escalon.conduct.judge.explaining import NothingToExplain, explain
from escalon.conduct.judge.scores import computed, scored
from escalon.facts import Day, Fact, Facts, Interval, Status
from escalon.instruments import catalogue
from escalon.instruments.kit.visits import compares_visits, with_parts
from escalon.protocol import load_study
from tests.histories import Infusion, history

MEASURES = {
    "tender_joints_28": (20, 4, None), "swollen_joints_28": (12, 3, None), "pain": (60, 15, "mm"),
    "patient_global": (60, 15, "mm"), "physician_global": (60, 15, "mm"), "haq_di": (1.5, 0.25, None),
    "crp": (30, 5, "mg/L"), "esr": (30, 5, "mm/h"),
}  # fmt: skip
DOMAINS = (
    "constitutional lymphadenopathy glandular articular cutaneous pulmonary renal muscular peripheral_nervous_system "
    "central_nervous_system haematological biological"
).split()
BASELINE, LATER, INFUSED = Day(2025, 2, 25), Day(2025, 6, 1), Day(2025, 3, 3)


@pytest.fixture(scope="module")
def study():
    return load_study("nct07052565")


def infusion():
    return Fact("car_t_infusion", str(INFUSED), INFUSED)


def arthritis(**changed):
    """Measures at baseline and at day 90, all of them 70 % better."""
    for name, (before, now, unit) in (MEASURES | changed).items():
        for value, day, visit in ((before, BASELINE, "BL"), (now, LATER, "D90")):
            if value is not None:
                yield Fact(name, value, day, unit, f"{name} {visit}", "P01", visit=visit)


def dryness(before=2, now=0, prior=7, later=4):
    for level, complaint, day, visit in ((before, prior, BASELINE, "BL"), (now, later, LATER, "D90")):
        for name in DOMAINS:
            value = level if name in ("glandular", "articular", "cutaneous") else 0
            yield Fact(f"essdai.{name}", value, day, participant="P01", visit=visit)
        for name in ("dryness", "fatigue", "pain"):
            yield Fact(f"esspri.{name}", complaint, day, "NRS", participant="P01", visit=visit)


def at(study, facts, name, visit="D90"):
    found = [fact for fact in computed(study, Facts(facts)) if fact.name == name and fact.visit == visit]
    return found[0] if found else None


def test_acr70_is_computed_from_two_visits(study):
    found = at(study, [*arthritis(), infusion()], "acr70")
    assert (found.value, str(found.day)) == (True, "2025-06-01")
    assert {str(fact.day) for fact in found.behind.rests_on} == {"2025-02-25", "2025-06-01"}
    assert at(study, [*arthritis(), infusion()], "acr70", "BL") is None


@pytest.mark.parametrize(("name", "now"), [("tender_joints_28", 7), ("swollen_joints_28", 4)])
def test_a_joint_count_that_improved_by_less_is_no_response(study, name, now):
    before, _, unit = MEASURES[name]
    assert at(study, [*arthritis(**{name: (before, now, unit)}), infusion()], "acr70").value is False


def test_star_takes_clinessdai_from_the_domains_of_essdai(study):
    found = at(study, [*dryness(), infusion()], "star")
    assert found.value == "responder"
    parts = found.behind.components
    assert (parts["systemic_points"], parts["patient_reported_points"]) == (3, 3)
    assert at(study, [*dryness(), infusion()], "essdai.change").value == -14
    worse = at(study, [*dryness(now=2, later=7), infusion()], "star.systemic_points")
    assert worse is None or worse.value == 0


def test_without_an_infusion_there_is_no_baseline_and_no_response(study):
    assert at(study, arthritis(), "acr70") is None


def test_a_baseline_lies_before_lymphodepletion_where_it_is_recorded(study):
    early = Fact("lymphodepletion_start", "2025-02-20", Day(2025, 2, 20))
    found = at(study, [*arthritis(), infusion(), early], "acr70")
    assert found is None or found.value is None


def test_two_different_baselines_of_one_day_are_a_question(study):
    other = Fact("tender_joints_28", 5, BASELINE, participant="P01", visit="again")
    found = at(study, [*arthritis(), infusion(), other], "acr70")
    assert found.value is None
    assert any("is not settled: tender_joints_28" in reason for reason in found.behind.reasons)


def test_a_missing_baseline_is_named_and_no_zero(study):
    found = at(study, [*arthritis(tender_joints_28=(None, 4, None)), infusion()], "acr70")
    assert found.behind.status is not Status.OK
    assert "tender_baseline" in found.behind.missing


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [("esr.change", -25, "mm/h"), ("crp.change", -25, "mg/L"), ("haq_di.change", -1.25, None)],
)
def test_what_an_endpoint_compares_with_baseline_has_a_change(study, name, value, unit):
    found = at(study, [*arthritis(), infusion()], name)
    assert (float(found.value), found.unit) == (value, unit)
    assert [str(fact.day) for fact in found.behind.rests_on] == ["2025-06-01", "2025-02-25"]


def test_a_change_is_computed_in_one_unit(study):
    facts = [Fact("crp", "3", BASELINE, "mg/dL", visit="BL"), Fact("crp", "5", LATER, "mg/L", visit="D90")]
    facts = [Fact(one.name, int(one.value), one.day, one.unit, visit=one.visit) for one in facts]
    assert at(study, [*facts, infusion()], "crp.change").value == -25


def test_explain_answers_for_a_response(study):
    facts = tuple(arthritis())
    infused = (Infusion("P01", 1, INFUSED, source="doses.csv:2"),)
    records = history(facts=facts, infusions=infused)
    line = explain(study, records, "P01", "acr70", LATER, "D90")
    assert line.beneath[0].text.startswith("acr70 = yes on 2025-06-01 at D90")
    with pytest.raises(NothingToExplain, match=r"no esr at D999\. Write one of: .*D90"):
        explain(study, records, "P01", "esr", LATER, "D999")
    change = explain(study, records, "P01", "esr.change", LATER)
    assert change.beneath[0].text.startswith("esr.change = -25 on 2025-06-01")
    assert scored(study, records, "P01").named("acr70")


RA_START = (Infusion("P01", 1, INFUSED, source="doses.csv:2"),)


def explained(study, facts, name, infusions=RA_START):
    return str(explain(study, history(facts=tuple(facts), infusions=infusions), "P01", name, LATER))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("acr20", "acr20 = yes on 2025-06-01 at D90"), ("acr50", "acr50 = yes on 2025-06-01 at D90"),
        ("eular_response", "eular_response = good on 2025-06-01 at D90"),
        ("cdai_response", "cdai_response = moderate on 2025-06-01 at D90"),
        ("das28_esr.change", "das28_esr.change = -3.7536 on 2025-06-01 at D90"),
    ],
)  # fmt: skip
def test_explain_answers_for_scores_that_the_study_does_not_ask_for(study, name, said):
    text = explained(study, arthritis(), name)
    assert said in text
    assert ("which nct07052565 does not ask for" in text) is not name.startswith(("das28", "eular"))
    assert "taken together as one visit" not in text


def test_explain_says_why_there_is_no_response(study):
    with pytest.raises(
        NothingToExplain, match=r"no acr20: it compares .* no lymphodepletion_start or car_t_infusion is"
    ):
        explained(study, arthritis(), "acr20", ())
    with pytest.raises(NothingToExplain, match=r"such as esr\.change"):
        explained(study, arthritis(), "change_from_baseline")


@pytest.mark.parametrize(
    ("changed", "name", "said"),
    [
        # DAS28 1.81 to below 2.94 from 6.70: a good response whatever the ESR below 5 is.
        ({"esr": (30, Interval(high=5, high_open=True), "mm/h")}, "eular_response", "eular_response = good"),
        ({"esr": (30, None, "mm/h")}, "eular_response", "eular_response = not known"),
        ({"esr": (30, None, "mm/h")}, "das28_esr.change", "not known between -4.8802 and -0.8876"),
        # CDAI 8.5 to below 10 of 44: 77 to 81 %.
        ({"patient_global": (60, Interval(high=15, high_open=True), "mm")}, "cdai_response", "cdai_response = moderate"),
        ({"patient_global": (Interval(low=55), 15, "mm")}, "cdai_response", "cdai_response = moderate"),
        ({"crp": (30, Interval(high=5, high_open=True), "mg/L")}, "crp.change", "not known between … and -25"),
        ({"tender_joints_28": (20, Interval(10, 11), None)}, "acr50", "acr50 = not known"),
        ({"tender_joints_28": (20, Interval(11, 12), None)}, "acr50", "acr50 = no"),
    ],
)  # fmt: skip
def test_a_score_that_is_open_counts_as_the_interval_it_lies_in(study, changed, name, said):
    assert said in explained(study, arthritis(**changed), name)


def test_a_response_of_which_little_is_recorded_is_open_and_names_what_is_missing(study):
    before, now = (
        [Fact("sledai_2k", value, day, participant="P01", visit=visit)]
        for value, day, visit in ((12, BASELINE, "BL"), (6, LATER, "D90"))
    )
    text = explained(study, [*before, *now], "sri_4")
    assert "sri_4 = not known on 2025-06-01" in text
    assert "sledai fell yes" in text
    assert "pga is not known" in text


def test_every_response_says_what_it_takes_from_the_baseline():
    for name, one in catalogue().items():
        typed = [
            item for item in one.items if item.endswith("_baseline") and item.removesuffix("_baseline") in one.items
        ]
        asked = [item for item in typed if one.items[item].baseline_of is None and one.items[item].source_of is None]
        assert set(asked) <= {"joint_set_baseline", "sledai_variant_baseline"}, name
        assert all(item.baseline_of is None or compares_visits(one) or not item.needed for item in one.items.values())


def test_parts_come_before_what_is_made_of_them():
    found = with_parts(["star", "sri_4", "eular_response"])
    assert {"clinessdai", "esspri", "sledai_2k", "bilag_2004", "das28_esr"} <= set(found)
    assert found.index("clinessdai") < found.index("star")
    assert "tender_joints_28" not in with_parts(["acr70"])


def test_the_form_of_a_das28_goes_with_its_baseline():
    from escalon.instruments.kit.baseline import last_before
    from escalon.instruments.kit.visits import taken

    before = {name: [Fact(name, value, BASELINE)] for name, value in (("das28_esr", 5.2), ("das28_crp", 9.0))}
    here = {"das28_esr": Fact("das28_esr", 3.1, LATER)}
    got = taken(
        catalogue()["eular_response"], here, lambda name: last_before(before.get(name, []), INFUSED, "infusion")
    )
    assert got.given["baseline"].value == 5.2
    assert got.given["current_form"].value == got.given["baseline_form"].value == "das28_esr"


def test_counts_alone_bound_and_may_settle_the_active_joints(study):
    def active(tender, swollen):
        facts = [Fact("tender_joints_28", tender, BASELINE), Fact("swollen_joints_28", swollen, BASELINE)]
        return next(fact for fact in computed(study, Facts(facts)) if fact.name == "active_joints_28")

    assert [active(3, 0).value, active(0, 0).value] == [3, 0]
    between = active(12, 3).behind
    assert (between.value, between.bounds) == (None, (12, 15))


def test_a_recorded_index_that_its_items_contradict_settles_nothing_made_of_it(study):
    """HAQ-DI recorded as 0.25 while its items give 1: neither wins in silence, in the response or in the index itself."""
    items = [name for name, item in catalogue()["haq_di"].items.items() if item.needed]
    written = [Fact(f"haq_di.{name}", 1, LATER, None, name, "P01", visit="D90") for name in items]

    def found(recorded):
        facts = Facts([*arthritis(haq_di=(1.5, recorded, None)), *written, infusion()])
        return facts.with_facts(computed(study, facts))

    agreeing = found(1)
    assert agreeing.named("acr70")[-1].value is True
    assert len(one_of_each_visit(one for one in agreeing.named("haq_di") if one.visit == "D90")) == 1
    differing = found(0.25)
    (response,) = (fact for fact in differing.named("acr70") if fact.visit == "D90")
    assert response.behind.status is Status.INVALID
    assert "haq_di 0.25" in response.behind.reasons[0]
    assert len(one_of_each_visit(one for one in differing.named("haq_di") if one.visit == "D90")) == 2
