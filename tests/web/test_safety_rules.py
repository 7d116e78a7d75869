"""The clinical safety rules of the forms, each as a test (design of the pages, §4)."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from escalon import web
from escalon.instruments import catalogue
from escalon.instruments.kit.assessment import assess_with
from escalon.instruments.kit.form import form_of
from escalon.web import told
from escalon.web.words import day, days, unit_shown
from tests.casebook.conftest import casebook, clock, sqlite_casebook  # noqa: F401
from tests.web.bench import client
from tests.web.test_visit_forms import PLACE, bench, fact, sent  # noqa: F401

TEMPLATES = sorted((Path(web.__file__).parent / "templates").glob("*.html"))


def test_a_date_has_its_month_as_a_word_and_is_never_ambiguous():
    assert day(date(2025, 10, 5)) == "05-Oct-2025"
    assert day("2025-02-07") == "07-Feb-2025"
    assert (
        days("lot CAR-2025-02-07 of 1001-02-03 from 2025-02-07") == "lot CAR-2025-02-07 of 1001-02-03 from 07-Feb-2025"
    )


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.name)
def test_no_page_asks_for_a_day_or_time_in_the_browsers_own_control(template):
    text = template.read_text(encoding="utf-8")
    assert not re.search(r'type="(date|time|datetime-local|month|week)"', text)
    assert not re.search(r"\sstyle=|\son\w+=\"|<script(?![^>]*src=)", text)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(24.50, "24.5"), (0.5, "0.5"), (1.0, "1"), (120000, "120\u202f000"), (9999, "9999"), (0.30000000000000004, "0.3")],
)
def test_no_trailing_zero_always_a_leading_one_and_thousands_apart(value, shown):
    assert told.in_words(value) == shown


def test_a_number_and_its_unit_are_never_separated():
    finding = assess_with(
        catalogue()["cockcroft_gault"], {"age": 40, "sex": "female", "weight": "60 kg", "creatinine": "80 umol/L"}
    )
    said = told.in_a_line(catalogue()["cockcroft_gault"], finding)
    assert "\u00a0mL/min" in said
    assert " mL/min" not in said


def test_units_are_printed_as_people_write_them():
    assert unit_shown("10^9/L") == "10⁹/L"
    assert unit_shown("{cells}/kg") == "cells/kg"


def test_where_two_units_are_usual_none_is_chosen_and_the_number_alone_is_refused(bench):  # noqa: F811
    browser = client(bench[0], "carla")
    assert '<option value="">unit?</option>' in browser.get(PLACE).text
    assert sent(browser, global_health="50").status_code == 422


def test_nothing_is_copied_from_the_last_visit(bench):  # noqa: F811
    found, trial = bench
    from tests.casebook.trial import CARLA

    trial.record(CARLA, fact("esr", "45", "mm/h", visit="BL"))
    page = client(found, "carla").get(PLACE + ".json").json()
    assert page["fields"] == {}
    assert "esr" not in page["recorded"]


def test_blank_is_never_no(bench):  # noqa: F811
    found, trial = bench
    browser = client(found, "carla")
    sent(browser, "/participants/P-1/visits/D28/das28_esr", tender="4")
    said = browser.get(PLACE + ".json").json()["finding"]
    assert said["value"] is None
    assert said["missing"] == ["swollen", "esr", "global_health"]
    assert not [one for one in trial.conduct.casebook.entries(participant="P-1", kinds=["FactRecorded"])
                if one.event.fact.value == "no"]  # fmt: skip


def test_every_word_of_a_form_is_for_people():
    for name in catalogue():
        for question in form_of(catalogue()[name]).questions.values():
            assert "_" not in question.label + question.hint, name
