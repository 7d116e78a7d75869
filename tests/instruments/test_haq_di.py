"""HAQ-DI: aids raise to 2, six categories suffice, the alternative index never exceeds the primary."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from escalon.facts import Status
from escalon.instruments import assess, catalogue
from tests.instruments import naive_rheum
from tests.instruments.visits import assessed

HAQ = catalogue()["haq_di"]
ANSWERS = [name for items, _ in naive_rheum.HAQ.values() for name in items]
BOXES = [name for name in HAQ.items if name not in ANSWERS]
answers = st.fixed_dictionaries({name: st.none() | st.integers(0, 3) for name in ANSWERS})
boxes = st.fixed_dictionaries({name: st.none() | st.booleans() for name in BOXES})


@st.composite
def forms(draw):
    """A form as filled in; whole categories are left out often enough to fall below six."""
    visit = draw(answers) | draw(boxes)
    for category in draw(st.sets(st.sampled_from(list(naive_rheum.HAQ)), max_size=4)):
        visit |= dict.fromkeys(naive_rheum.HAQ[category][0])
    return visit


def test_the_form_has_20_items_13_aids_and_8_help_boxes():
    assert len(ANSWERS) == 20
    assert len([name for name in BOXES if not name.startswith(("help_", "assigned_"))]) == 13
    assert len([name for name in BOXES if name.startswith("help_")]) == 8


def test_every_item_has_its_own_code_of_the_standard():
    codes = [code for item in HAQ.items.values() for code in item.also]
    assert len(set(codes)) == len(codes) == 41
    assert all(code.startswith("haq01") for code in codes)


@given(forms())
def test_haq_is_the_mean_of_the_scored_categories(visit):
    finding = assessed(HAQ, visit)
    wanted = naive_rheum.haq_di(visit)
    assert finding.value == wanted
    assert (finding.status is Status.OK) == (wanted is not None)
    assert finding.components["alternative"] == naive_rheum.haq_di(visit, with_aids=False)
    if wanted is not None:
        assert 0 <= finding.components["alternative"] <= finding.value <= 3


@given(forms(), st.sampled_from(BOXES))
def test_ticking_a_box_never_lowers_and_raises_by_two_steps_of_one_category_at_most(visit, box):
    off, on = assessed(HAQ, visit | {box: False}), assessed(HAQ, visit | {box: True})
    if off.value is not None:
        assert 0 <= on.value - off.value <= Fraction(2, 6)


@given(forms(), st.sampled_from(ANSWERS))
def test_a_harder_answer_never_lowers_the_index(visit, item):
    results = [assessed(HAQ, visit | {item: answer}).value for answer in range(4)]
    assert results == sorted(results, key=lambda value: -1 if value is None else value)


@given(st.lists(st.integers(0, 3), min_size=8, max_size=8))
def test_eight_categories_fall_on_eighths(scores):
    entries = dict(zip(naive_rheum.HAQ, scores, strict=True))
    value = assess("haq_di_category_only", **entries).value
    assert value == Fraction(sum(scores), 8)


def test_the_forms_are_different_rules():
    rules = {assess(name).rule for name in ("haq_di", "haq_di_category_only", "mhaq_8")}
    assert rules == {"haq_di/HAQ_DI_20", "haq_di_category_only/HAQ_DI_CATEGORY_ONLY", "mhaq_8/MHAQ_8"}
