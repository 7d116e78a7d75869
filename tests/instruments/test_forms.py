"""Every instrument is a form: each item once, with a control, its units and every answer; figures have every item once."""

import re
from xml.etree import ElementTree

import pytest

from escalon.expressions.tree import Kind
from escalon.instruments import assess, catalogue
from escalon.instruments.kit.answers import Filled, answers_of, counted_from, given
from escalon.instruments.kit.body_map import figures, lines
from escalon.instruments.kit.form import Control, form_of

ALL = sorted(catalogue())
SMALLEST_TARGET = 24  # CSS pixels, WCAG 2.2 SC 2.5.8
NARROWEST = 345  # CSS pixels a figure has on a tablet of 820, beside another


@pytest.mark.parametrize("name", ALL)
def test_every_item_is_asked_once_with_every_answer(name):
    instrument = catalogue()[name]
    form = form_of(instrument)
    asked = [one.name for section in form.sections for one in section.asked]
    assert sorted(one for one in asked if one in instrument.items) == sorted(instrument.items)
    assert len(asked) == len(set(asked))
    for key, item in instrument.items.items():
        question = form.questions[key]
        offered = {one.value for one in question.choices}
        if item.kind is Kind.TRUTH:
            assert offered == {"yes", "no"}
        elif item.kind is Kind.LABEL:
            assert offered == set(item.choices)
        elif question.control is Control.SEGMENTS:
            assert offered == set(map(str, item.levels or range(int(item.low), int(item.high) + 1)))
        else:
            assert set(question.factors) == set(item.units), "every unit converts on the page too"


@pytest.mark.parametrize("name", ALL)
def test_no_two_questions_of_a_section_have_the_same_words(name):
    for section in form_of(catalogue()[name]).sections:
        for some in (section.questions, *(one.questions for one in section.marked)):
            said = [(one.label, one.hint) for one in some]
            assert len(said) == len(set(said))
            assert all(label.strip() and "_" not in label for label, _ in said)


def test_a_score_of_two_forms_of_writing_its_items_gives_one_answer():
    form = form_of(catalogue()["das28_esr"])
    fields = {"esr": "22", "global_health": "7.1", "global_health.unit": "cm"}
    marks = {one.name: "yes" for one in next(form.marked).questions[:4]}
    swollen = {one.name: "yes" for one in list(form.marked)[1].questions[:3]}
    said = answers_of(form, {**fields, **marks, **swollen}, ["tender", "swollen"])
    wanted = {
        "esr": "22",
        "global_health": "7.1 cm",
        "tender": "4",
        "swollen": "3",
    }
    assert given(catalogue()["das28_esr"], said, fields) == wanted
    counted = assess("das28_esr", tender=4, swollen=3, esr=22, global_health="71 mm")
    assert assess("das28_esr", **given(catalogue()["das28_esr"], said, fields)).value == counted.value


def test_marks_that_leave_joints_open_count_as_a_range():
    marked = next(form_of(catalogue()["das28_esr"]).marked)
    names = [one.name for one in marked.questions]
    assert counted_from(marked, {}) == ""
    assert counted_from(marked, {names[0]: Filled("yes")}) == "1-28"
    assert (
        counted_from(marked, {names[0]: Filled("yes"), names[1]: Filled("no"), names[2]: Filled(nothing="not done")})
        == "1-27"
    )


def test_a_box_that_nobody_touched_is_no_answer_and_silence_is_never_no():
    form = form_of(catalogue()["sledai_2k"])
    assert answers_of(form, {}) == {}
    assert answers_of(form, {"seizure": "", "seizure.why": "x"}) == {}
    assert answers_of(form, {"seizure": "not done", "seizure.why": "asleep"}) == {
        "seizure": Filled(nothing="not done", why="asleep")
    }
    everything = answers_of(form, {"arthritis": "yes"}, ["findings"])
    assert everything["arthritis"] == Filled("yes")
    assert everything["seizure"] == Filled("no", attested=True)
    assert all(form.questions[name].item.needed for name, one in everything.items() if one.attested)


@pytest.mark.parametrize("figure", figures(), ids=lambda one: one.name)
def test_a_figure_has_every_place_once_as_a_target_one_can_hit(figure):
    assert len({one.name for one in figure.places}) == len({one.at for one in figure.places}) == len(figure.places)
    users = [one for one in catalogue().values() if figure.of(one)]
    assert users, "no instrument has the items of this figure"
    picture = ElementTree.fromstring(figure.svg)
    assert not re.search("script|onclick|href|style=", figure.svg)
    left, top, width, height = map(float, picture.attrib["viewBox"].split())
    for place in figure.places:
        x, y = place.at
        assert left < x - 8
        assert x + 8 < left + width
        assert top < y < top + height
        near = [abs(x - other.at[0]) ** 2 + abs(y - other.at[1]) ** 2 for other in figure.places if other is not place]
        assert min(near) >= SMALLEST_TARGET**2 * (width / NARROWEST) ** 2 * 0.9
    assert 2 * figure.radius * NARROWEST / width >= SMALLEST_TARGET


@pytest.mark.parametrize("figure", figures(), ids=lambda one: one.name)
def test_the_participants_right_is_on_the_left_of_the_page(figure):
    middle = 230
    for place in figure.places:
        side = place.name.rpartition("_")[2]
        if side in ("right", "left"):
            assert (place.at[0] < middle) == (side == "right")
            assert side in place.says


def test_every_line_has_a_question_and_words_at_its_ends():
    asked = {one.item.fact for name in ALL for one in form_of(catalogue()[name]).questions.values()
             if one.control is Control.LINE and one.item.baseline_of is None}  # fmt: skip
    assert asked - {None} <= set(lines())
