"""The pages in Chinese: the same pages, with every word there is, and those that nobody has confirmed marked as such."""

from __future__ import annotations

import re

import pytest

from escalon.web.languages import LANGUAGE, Scanner, catalogue, say, say_plain, unconfirmed
from tests.casebook.conftest import clock, sqlite_casebook  # noqa: F401
from tests.web.bench import client, served

pytest.importorskip("httpx2")


def test_text_is_told_from_markup_over_the_expressions_that_stand_in_it():
    scanner = Scanner()
    first = list(scanner.scan('<p class="a'))
    second = list(scanner.scan('" hidden>Two words '))
    third = list(scanner.scan("and</p><code>not this</code>"))
    assert [piece for piece, is_text in (*first, *second, *third) if is_text] == ["Two words", "and"]
    assert "".join(piece for piece, _ in (*first, *second)) == '<p class="a" hidden>Two words '


def test_a_piece_is_said_in_the_reader_s_language_and_dotted_until_confirmed():
    token = LANGUAGE.set("zh-Hans")
    try:
        assert str(say("Participants")) == '<span class="unconfirmed">受试者</span>'
        assert say_plain("Participants") == "受试者"
        assert say("no such words") == "no such words"
    finally:
        LANGUAGE.reset(token)
    assert say("Participants") == "Participants"


def test_the_words_of_the_design_are_in_the_catalogue_and_counted_while_nobody_confirmed_them():
    assert len(catalogue("zh-Hans")) > 200
    assert unconfirmed("zh-Hans") == len(catalogue("zh-Hans"))
    assert catalogue("en") == {}


def test_every_piece_of_the_pages_is_said_in_chinese():
    from tools.words import pieces

    known = catalogue("zh-Hans")
    lacking = [one for one in dict.fromkeys(pieces()) if one not in known]
    assert not lacking, "run make words, and give each a translation"
    assert len(known) > 600


def test_a_reader_chooses_chinese_and_the_page_says_so(sqlite_casebook):  # noqa: F811
    bench, trial = served(sqlite_casebook)
    trial.consent("P-001")
    browser = client(bench, "carla")
    english = browser.get("/participants").text
    browser.post("/choose", data={"language": "zh-Hans", "from": "/participants"})
    chinese = browser.get("/participants").text
    assert '<html lang="zh-Hans">' in chinese
    assert "受试者" in chinese
    assert "受试者" not in english
    assert "未经母语临床医生确认" in browser.get("/study").text


REFUSALS = {
    "P09's eligibility is not signed": "P09 的合格性尚未签名",
    "weight_kg: write something here": "weight_kg：请填写",
    "P1 was infused on 2026-03-02": "P1 已于 2026-03-02 回输",
    "the rule says: wait until 2025-06-19 (1 participant pending at level 2, and the decision depends on the outcome)":
        "规则：等待至 2025-06-19（剂量水平 2 有 1 例待定，决定取决于其结果）",
    "P01 holds place 2 of cohort 1": "P01 持有队列 1 的第 2 个名额",
    "dose prepared: hidden until a second person has found the same": "剂量已配制：在第二人得出相同结果之前隐藏",
}  # fmt: skip


@pytest.mark.parametrize(("english", "chinese"), REFUSALS.items())
def test_a_composed_refusal_is_said_by_the_piece_with_named_parts_that_it_matches(english, chinese):
    token = LANGUAGE.set("zh-Hans")
    try:
        assert say_plain(english) == chinese
        assert str(say(english)).startswith('<span class="unconfirmed">')
    finally:
        LANGUAGE.reset(token)
    assert say_plain(english) == english


def test_a_piece_and_its_translation_name_the_same_parts():

    parts = re.compile(r"\{\w+\}")
    named = {one: said.text for one, said in catalogue("zh-Hans").items() if parts.search(one + said.text)}
    assert len(named) > 40
    assert [one for one, said in named.items() if sorted(parts.findall(one)) != sorted(parts.findall(said))] == []


def test_a_refusal_on_a_chinese_page_is_chinese_with_its_days_as_they_are_written_there(sqlite_casebook):  # noqa: F811
    from tests.web.test_import_pages import act

    bench, trial = served(sqlite_casebook)
    trial.open_cohort(1, 1)
    trial.consent("P1")
    browser = client(bench, "carla")
    browser.post("/choose", data={"language": "zh-Hans", "from": "/"})
    day = trial.today()
    wrong = {"on-d": "1", "on-m": "03", "on-y": "2099"}
    said = act(browser, "ApheresisDone", "/participants", participant="P1", collection="A1",
               **{name.replace("on-", "at-"): text for name, text in wrong.items()}, **{"at-t": "09:00"})  # fmt: skip
    assert "P1 的合格性尚未签名" in said.text
    page = browser.get("/participants/P1").text
    assert f"{day:%Y-%m-%d}" in page
    assert not re.search(r"\d\d-(Jan|Feb|Mar|Apr)-20\d\d", page)


def test_no_piece_is_kept_that_neither_a_template_nor_the_code_says():
    from tools.words import pieces, said_by_code

    written = set(pieces())
    assert [one for one in catalogue("zh-Hans") if one not in written and not said_by_code(one)] == []
    assert said_by_code("{who} left the study")
    assert not said_by_code("The study says nothing of lymphodepletion.")


def test_a_part_of_one_letter_is_a_number_and_nothing_else():
    token = LANGUAGE.set("zh-Hans")
    try:
        assert say_plain("Open 5") == "未决 5"
        assert say_plain("Open cohort 1") == "Open cohort 1"
    finally:
        LANGUAGE.reset(token)
