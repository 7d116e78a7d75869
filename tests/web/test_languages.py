"""The pages in Chinese: the same pages, with every word there is, and those that nobody has confirmed marked as such."""

from __future__ import annotations

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
