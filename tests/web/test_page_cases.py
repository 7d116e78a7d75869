"""The rows of the pages' cases, each over every instrument or page of its kind: one guard, one unit menu, one list of gaps."""

from __future__ import annotations

import html
import re

import pytest

from escalon.instruments import catalogue
from escalon.instruments.kit.form import Control, form_of
from escalon.protocol import load_study
from escalon.web.workbench import Workbench
from tests.web.bench import client

pytest.importorskip("httpx2")
COMMAND_LINE = re.compile(r"\w+='|`escalon|--\w+|FIELD=VALUE")
"""How the command line tells what to write; a page has boxes."""


@pytest.fixture(scope="module")
def browser():
    return client(Workbench(load_study("nct07052565")))


def main(page) -> str:
    """What a page says, without its markup."""
    inner = page.text[page.text.index("<main") : page.text.index("</main>")]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", inner)).split())


def two_units(name: str) -> list[str]:
    return [key for key, one in form_of(catalogue()[name]).questions.items() if len(one.units) > 1]


def likely(name: str, key: str) -> str:
    """A number in the middle of what may be."""
    item = catalogue()[name].items[key]
    low, high = (float(end) if end is not None else None for end in (item.low, item.high))
    return str(round((low + high) / 2, 2)) if low is not None and high is not None else "5"


WITH_UNITS = sorted(name for name in catalogue() if two_units(name))


@pytest.mark.parametrize("name", WITH_UNITS)
def test_a_number_without_its_unit_is_refused_at_its_box_in_the_words_of_a_page(browser, name):
    """Cases PG-01 and PG-02."""
    for key in two_units(name):
        page = browser.get(f"/instruments/{name}", params={key: likely(name, key)})
        said = re.findall(r'<span class="wrong">([^<]+)</span>', page.text)
        asks = any("has no unit. Choose its unit beside it: " in one for one in said)
        assert asks or name.startswith("ctcae_"), (name, key, said)  # of a ratio to a limit the unit is not asked
        assert not COMMAND_LINE.search(html.unescape(" ".join(said))), said


def test_the_two_rows_as_they_were_found(browser):
    """Cases PG-01 and PG-02, to the letter."""
    said = {"age": "40", "sex": "female", "weight": "60", "creatinine": "0.9"}
    assert "6957" not in main(browser.get("/instruments/cockcroft_gault", params=said))
    other = main(browser.get("/instruments/cockcroft_gault", params=said | {"creatinine.unit": "umol/L"}))
    assert "6957" not in other
    assert "20–1500" in other
    assert "78.7" in main(browser.get("/instruments/cockcroft_gault", params=said | {"creatinine.unit": "mg/dL"}))
    bag = {"level": "1", "weight": "60", "cells_per_ml": "1e6", "viability": "0.9", "car_fraction": "0.4"}
    bag |= {"viability.unit": "1", "car_fraction.unit": "1"}
    page = browser.get("/instruments/volume_to_infuse", params=bag)
    assert "not accepted" in main(page)
    assert "1000" in " ".join(re.findall(r'<span class="wrong">([^<]+)</span>', page.text))
    enough = main(browser.get("/instruments/volume_to_infuse", params=bag | {"level": "100000"}))
    assert "16.6667" in enough


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_an_empty_form_names_what_is_missing_and_speaks_no_command_line(browser, name):
    """Cases PG-03 and PG-04: every item that is needed, by its words."""
    page = browser.get(f"/instruments/{name}")
    said = main(page)
    it = catalogue()[name]
    live = said[said.rindex("Still missing") :] if "Still missing" in said else ""
    needed = [form_of(it).questions[key].label for key, item in it.items.items() if item.needed]
    assert live or not needed or "not applicable" in said, name
    shown = [label for label in needed if label.casefold() in live.casefold()]
    assert shown or not live or not needed or "more" in live or len(it.items) > 12, (name, needed, live[:200])
    assert not COMMAND_LINE.search(live), live


@pytest.mark.parametrize("path", ["/instruments/nosuch", "/instruments/DAS28-ERS", "/instruments/sledai", "/studies"])
def test_where_nothing_is_a_page_says_so_and_offers_names(browser, path):
    """Case PG-16."""
    page = browser.get(path)
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert not COMMAND_LINE.search(main(page))
    if path != "/studies":
        assert re.findall(r'<li><a href="/instruments/(\w+)"', page.text)


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        ("participant,fact,value\nP01,esr\n", "facts.csv"),
        ('participant,fact,value\nP01,esr,"30\n', "facts.csv:2"),
        ("", "facts.csv"),
        ("participant;value\n", "facts.csv"),
        ("\x00\x01", "facts.csv"),
    ],
)
def test_a_folder_that_cannot_be_read_is_a_page_that_names_file_and_line(tmp_path, broken, place):
    """Case PG-17."""
    (tmp_path / "facts.csv").write_text(broken)
    reader = client(Workbench(load_study("nct07052565"), folder=tmp_path))
    for path in ("/screening", "/participants", "/feasibility", "/figures"):
        page = reader.get(path)
        assert page.status_code in (200, 422), (path, page.status_code)
        if page.status_code == 422:
            assert place in main(page)


def test_levels_are_printed_as_everywhere(browser):
    """Case PG-07: no dose is rounded to one digit, and none stands in the notation of a programming language."""
    said = main(browser.get("/study"))
    assert not re.search(r"\d[eE][+-]?\d", said)
    for level in load_study("nct07052565").dose.levels:
        assert str(level.amount) in said


def test_what_is_chosen_among_options_is_on_the_page_and_stays_in_the_address(browser):
    """Cases PG-05 and PG-06."""
    with_options = [it for it in catalogue().values() if it.options]
    assert len(with_options) > 50
    for it in with_options:
        option, choices = next(iter(it.options.items()))
        chosen = str(list(choices)[-1])
        page = browser.get(f"/instruments/{it.name}", params={f"option.{option}": chosen}).text
        assert re.search(rf'value="{re.escape(chosen)}"[^>]*(checked|selected)', page), (it.name, option, chosen)
    kept = browser.get("/instruments/das28_esr", params={"tender": "4", "esr": "22"}).text
    assert 'value="4"' in kept
    assert 'value="22"' in kept


def test_only_controls_of_a_form_ask(browser):
    """Of all instruments: a control is one of the grammar's."""
    kinds = {question.control for it in catalogue().values() for question in form_of(it).questions.values()}
    assert kinds <= set(Control)
    assert Control.NUMBER in kinds
