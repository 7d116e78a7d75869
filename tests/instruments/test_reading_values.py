"""How a recorded value becomes an item: unit, range, what is below a limit, what must be confirmed first."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.expressions.symbols import Symbol
from escalon.expressions.tree import Kind
from escalon.facts import Day, Fact, Interval, Status, convert
from escalon.instruments import assess, catalogue
from escalon.instruments.kit.assessment import UnknownItem
from escalon.instruments.kit.catalogue import UnknownInstrument, family
from escalon.instruments.kit.item import integer, level, number, truth
from escalon.instruments.kit.reading import ItemError, read
from escalon.instruments.safety.ctcae.laboratory import grade_laboratory
from escalon.instruments.safety.vasopressors import read_vasopressors

CRP = number("CRP", 0, None, "mg/L", accepts=("mg/dL",), below_limit=True)
LINE = number("line", 0, 100, "mm", accepts=("cm", "NRS"))


@pytest.mark.parametrize(
    "raw", ["0.7 mg/dL", (0.7, "mg/dL"), Fact("crp", 0.7, unit="mg/dL"), {"value": 0.7, "unit": "mg/dL"}]
)
def test_a_value_and_its_unit_may_be_written_in_any_of_these_ways(raw):
    assert read("crp", CRP, raw).value == 7


def test_the_reading_is_kept_as_it_was_recorded():
    entry = read("pain", LINE, "6 NRS")
    assert (entry.value, entry.recorded) == (60, "6 NRS")
    assert (entry.fact.value, entry.fact.unit) == (Decimal(6), "NRS")
    assert read("pain", LINE, "60 mm").recorded is None


def test_a_fact_stays_the_ground_of_what_it_became():
    fact = Fact("crp", 0.7, unit="mg/dL", source="laboratory", participant="P-01")
    assert read("crp", CRP, fact).fact is fact


@pytest.mark.parametrize(("choice", "value"), [("half", 1), ("limit", 2), ("zero", 0)])
def test_below_a_limit_counts_as_the_option_says_and_is_flagged(choice, value):
    entry = read("crp", CRP, "< 2 mg/L", choice)
    assert (entry.value, entry.recorded) == (value, "<2 mg/L")
    assert list(entry.flags) == ["CRP_BELOW_LLOQ"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("< 2 mm", Interval(0, 2, high_open=True)),
        ("≤5 cm", Interval(0, 50)),
        (">9 NRS", Interval(90, 100, low_open=True)),
        ("1-2 cm", Interval(10, 20)),
        ("at least 30 mm", Interval(30, 100)),
        ("低于5 mm", Interval(0, 5, high_open=True)),
    ],
)
def test_what_lies_between_two_ends_is_that_and_nothing_else(text, value):
    assert read("pain", LINE, text).value == value


def test_a_count_below_one_is_none_and_a_range_is_whole_numbers():
    joints = integer("joints", 0, 28)
    assert read("tender", joints, "<1").value == 0
    assert read("tender", joints, ">25").value == Interval(26, 28)
    with pytest.raises(ItemError, match="0–28"):
        read("tender", joints, ">28")


def test_what_must_be_confirmed_is_kept_and_not_scored():
    item = number("creatinine", 0, None, "umol/L", query=(20, 1500))
    entry = read("creatinine", item, 1.4)
    assert entry.value is None
    assert entry.fact.value == Decimal("1.4")
    assert "not scored until" in entry.flags["QUERY"]


def test_what_is_merely_unusual_is_scored_and_flagged():
    entry = read("esr", number("ESR", 0, None, "mm/h", doubtful=(None, 150)), 151)
    assert (entry.value, list(entry.flags)) == (151, ["DOUBTFUL"])


@pytest.mark.parametrize("text", ["not done", "?", "", "not examined", "not evaluable", None, float("nan")])
def test_what_is_not_known_is_never_a_value(text):
    for item in (CRP, LINE, integer("count", 0, 28), truth("sign"), level("domain", 0, 2, 3)):
        assert read("item", item, text).value is None


@pytest.mark.parametrize("value", [1, 4, "2.5", -1])
def test_a_level_that_is_not_offered_is_refused(value):
    with pytest.raises(ItemError, match="one of 0, 2, 3"):
        read("cns", level("domain", 0, 2, 3), value)


def test_an_exact_score_may_be_handed_on_as_a_number_and_no_text_is_divided():
    item = number("ESSPRI", 0, 10)
    assert read("esspri", item, Fraction(20, 3)).value == Fraction(20, 3)
    for text in ("20/3", "8/10", "8 of 10"):
        with pytest.raises(ItemError, match=f"Write {text.split('/')[0].split()[0]}"):
            read("esspri", item, text)


@pytest.mark.parametrize("text", ["7", "7 nmol/L", "7 kg", "7,5 mg/L", "seven mg/L"])
def test_a_wrong_or_missing_unit_or_a_comma_is_refused_with_what_to_write(text):
    with pytest.raises(ItemError) as refusal:
        read("crp", CRP, text)
    assert "mg/L" in str(refusal.value) or "Write the decimal sign as a point: 7.5" in str(refusal.value)


@given(st.decimals(0, 500, places=2, allow_nan=False))
def test_conversion_is_exact_there_and_back(value):
    there = read("crp", CRP, (value, "mg/dL")).value
    assert there == Fraction(value) * 10
    assert convert(there, "mg/L", "mg/dL") == Fraction(value)


def test_an_interval_is_read_in_the_form_it_is_shown_in():
    given = {"tender": 4, "swollen": 5, "global_health": "50 mm"}
    shown = {"low": 0, "low_open": False, "high": 5, "high_open": True}
    said = assess("das28_crp", crp="<5 mg/L", **given)
    assert assess("das28_crp", crp={**shown, "unit": "mg/L"}, **given).bounds == said.bounds
    assert assess("das28_esr", esr={"low": None, "high": None}, **given).missing == ("esr",)
    assert "Write the smaller end first" in str(assess("das28_esr", esr={"low": 9, "high": 5}, **given))


@pytest.mark.parametrize(
    "raw", [{}, {"value": 5, "units": "mm/h"}, {"val": 5}, {"unit": "mm/h"}, {"value": 5, "low": 1}]
)
def test_an_object_with_another_name_in_it_is_refused(raw):
    found = assess("das28_esr", tender=4, swollen=5, global_health="50 mm", esr=raw)
    assert (found.status, found.flags) == (Status.INVALID, ("NOT_A_VALUE",))


@pytest.mark.parametrize("no", [False, "no", "false", 0])
def test_what_is_not_attributable_does_not_count_however_it_is_said(no):
    fever = {"present": "yes", "attributable": no}
    assert assess("sledai_2k", fever=fever).bounds == (0, 104)
    assert assess("sledai_2k", fever={"present": True, "attributable": None}).bounds == (1, 105)


def test_what_is_confirmed_is_named():
    with pytest.raises(UnknownItem, match="Write the name of the item"):
        assess("cockcroft_gault", confirm=True, creatinine="18 umol/L")


def test_an_unknown_item_is_named_with_the_nearest():
    with pytest.raises(UnknownItem, match="Did you mean tender"):
        assess("cdai", tendr=1)


def test_an_unknown_instrument_is_named_with_the_nearest():
    with pytest.raises(UnknownInstrument, match="sdai"):
        assess("sdaii")


def test_an_item_given_under_two_names_is_refused():
    with pytest.raises(UnknownItem, match="given twice"):
        assess("cdai", tender=1, tjc28=2)


def test_an_invalid_entry_leaves_no_number_behind():
    finding = assess("sledai_2k", plt=True, platelets=(150, "10^9/L"))
    assert finding.status is Status.INVALID
    assert "clinical" not in finding.components


RHEUMATOLOGY = [found for found in catalogue().values() if family(found) in ("activity", "classification", "general")]


def test_items_that_share_a_fact_measure_the_same_thing():
    first: dict[str, tuple[str, object]] = {}
    for instrument in RHEUMATOLOGY:
        for item in instrument.items.values():
            if item.fact is not None:
                name, known = first.setdefault(item.fact, (instrument.name, item))
                assert (known.kind, known.unit is None) == (item.kind, item.unit is None), (
                    item.fact,
                    name,
                    instrument.name,
                )
                if item.unit is not None:
                    convert(1, item.unit, known.unit, item.substance)


def test_no_two_instruments_are_exported_under_one_code():
    codes = [found.code for found in RHEUMATOLOGY]
    assert len(set(codes)) == len(codes)
    assert all(0 < len(code) <= 8 and code.isupper() for code in codes)


def test_no_two_items_of_an_instrument_answer_to_one_name():
    for instrument in RHEUMATOLOGY:
        names = [*instrument.items, *(other for item in instrument.items.values() for other in item.also)]
        names += instrument.options
        assert len(set(names)) == len(names), instrument.name


def test_every_number_with_a_choice_of_units_refuses_a_bare_one():
    for instrument in RHEUMATOLOGY:
        for name, item in instrument.items.items():
            if item.accepts and item.kind is not Kind.TRUTH:
                with pytest.raises(ItemError, match="no unit"):
                    read(name, item, 1)


def test_an_option_hides_nothing_that_is_shown_beside_a_result():
    for instrument in RHEUMATOLOGY:
        computed = {name for name, part in instrument.traced().parts.items() if isinstance(part, Symbol)}
        assert not computed & set(instrument.options), instrument.name


VASOPRESSORS = {
    "1-2": (1, 2), "pressors x2": (2, 2), "2": (2, 2), "two agents": (2, 2), "none": (0, 0), "fluids": (0, 0), "no": (0, 0),
    "norepinephrine x 2": (1, 1), "0.1 mcg/kg/min": (1, 9), "1 vasopressor (norepinephrine)": (1, 1), "12": (1, 9),
    "norepinephrine 0.1-0.2 mcg/kg/min": (1, 1), "noradrenaline and adrenaline": (2, 2), ">1": (2, 9), ">= 2": (2, 9),
    "≥2": (2, 9), "2+": (2, 9), "at least two": (2, 9), "more than 1 vasopressor": (2, 9), "<5": (0, 4), "< 1": (0, 0),
    "up to 2": (0, 2), "at most one": (0, 1), "norepinephrine >0.1 mcg/kg/min": (1, 1),
    "norepinephrine up to 0.3 mcg/kg/min": (1, 1),
}  # fmt: skip


@pytest.mark.parametrize(("text", "count"), VASOPRESSORS.items())
def test_vasopressors_are_counted_as_they_are_named_and_a_number_alone_is_never_none(text, count):
    found = read_vasopressors(text)
    assert (found.least, found.most) == count


def test_a_number_that_is_none_is_never_a_value():
    for value, status in ((Decimal("NaN"), "invalid"), (Decimal("sNaN"), "invalid"), (float("nan"), "missing")):
        assert assess("das28_esr", tender=value, swollen=5, esr=20, global_health="40 mm").status == status


def test_a_limit_that_stands_in_for_the_other_keeps_its_name():
    high, low = grade_laboratory("sodium", value="125 mmol/L", lower="135 mmol/L")
    assert (high.value, high.components["lower"], "upper" in high.components) == (0, 135, False)
    assert low.bounds == (2, 3)


@pytest.mark.parametrize(
    ("drug", "milligrams"), [("Prednisolon", 16), ("甲泼尼龙", 20), ("Solu-Medrol", 20), ("地塞米松", 16 / 0.15)]
)
def test_a_glucocorticoid_goes_by_its_name_in_other_languages(drug, milligrams):
    found = assess("glucocorticoid_dose", drug=drug, dose="16 mg", route="po")
    assert float(found.value) == pytest.approx(milligrams)


@pytest.mark.parametrize("text", ["maybe", "possibly"])
def test_a_doubt_that_names_no_drug_may_be_one_and_is_never_none(text):
    found = read_vasopressors(text)
    assert (found.least, found.most, found.strange) == (0, 1, (text,))


@pytest.mark.parametrize("text", ["norepinephrine?", "maybe norepinephrine", "norepinephrine ? dose"])
def test_a_vasopressor_that_is_doubted_is_asked_about(text):
    found = read_vasopressors(text)
    assert found is not None
    assert (found.least, found.most) == (0, 1)


def test_a_question_about_a_recorded_value_names_the_column_that_answers_it():
    recorded = Fact("creatinine", Decimal(18), Day(2025, 2, 7), "umol/L")
    for written, answer in ((recorded, "(confirmed: yes)"), ("18 umol/L", "(confirm=creatinine)")):
        found = assess("cockcroft_gault", sex="female", age=40, weight="40 kg", creatinine=written)
        assert any(said.endswith(answer) for said in found.reasons)
