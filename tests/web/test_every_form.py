"""Every instrument's page has a control for every item and option, and answers as the command line over every row of the spec."""

from __future__ import annotations

import os
import random
import re

import pytest

from escalon.instruments import catalogue
from escalon.instruments.kit.assessment import assess_with
from escalon.instruments.kit.form import Control, form_of
from escalon.protocol import load_study
from escalon.web.workbench import Workbench
from tests.spec.test_instrument_tables import ROWS, inputs
from tests.web.live import CHROMIUM
from tests.web.test_live_score import asked

pytest.importorskip("httpx2")
DRIVEN = int(os.environ.get("ESCALON_FORM_ROWS", "60"))
"""Rows of the specification typed into pages; `make forms` types 500."""


@pytest.fixture(scope="module")
def browser():
    from fastapi.testclient import TestClient

    from escalon.web.app import create_app

    bench = Workbench(load_study("nct07052565"))
    return TestClient(create_app(bench), base_url="http://localhost", headers={"accept": "text/html"})


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_every_item_and_option_has_a_control_and_nothing_is_chosen_before(browser, name):
    it, page = catalogue()[name], browser.get(f"/instruments/{name}")
    assert page.status_code == 200
    form = page.text[page.text.index("data-form=") : page.text.index("</form>", page.text.index("data-form="))]
    fields = set(re.findall(r'name="([^"]+)"', form))
    for key, question in form_of(it).questions.items():
        assert key in fields
        values = set(re.findall(rf'name="{re.escape(key)}" value="([^"]*)"', form))
        if question.control in (Control.TRUTH, Control.SEGMENTS):
            assert {one.value for one in question.choices} <= values
        if len(question.units) > 1:
            assert f"{key}.unit" in fields
    assert {f"option.{option}" for option in it.options} <= fields
    assert not re.search(r"<input[^>]* checked", form)
    chosen = re.findall(r"<option[^>]* selected", form)
    assert chosen == [], "no unit, no yes or no, no label is chosen before somebody does"
    assert 'type="date"' not in form
    assert 'type="time"' not in form
    assert "style=" not in page.text
    assert not re.search(r"<script(?![^>]*\bsrc=)", page.text)


def test_every_row_of_the_specification_is_answered_by_the_page_as_by_the_command_line(browser):
    for row in ROWS:
        given = inputs(row)
        wanted = assess_with(catalogue()[row.instrument], given)
        found = browser.post(f"/instruments/{row.instrument}/score", json=given).json()
        assert {key: found[key] for key in wanted.as_json()} == wanted.as_json(), str(row)


def test_every_row_as_a_form_says_the_same(browser):
    answered = 0
    for row in ROWS:
        it, options, fields, said = asked(row)
        if it.adapt:
            continue
        sent = {name: one["text"] for name, one in fields.items()}
        sent |= {f"{name}.unit": one["unit"] for name, one in fields.items() if one["unit"]}
        sent |= {f"option.{name}": str(choice) for name, choice in options.items()}
        if "confirm" in inputs(row):
            continue
        found = browser.post(f"/instruments/{row.instrument}/score", json={"fields": sent}).json()
        assert found["says"] == said["says"], (str(row), sent, found["reasons"])
        answered += 1
    assert answered > 600


def test_what_stands_in_the_address_is_scored_without_any_script(browser):
    page = browser.get("/instruments/das28_esr?tender=4&swollen=3&esr=22&global_health=50&global_health.unit=mm").text
    assert '<output class="big" id="score" aria-live="polite">4.4687, moderate</output>' in page
    less = browser.get("/instruments/das28_esr?tender=4&swollen=3&esr=22").text
    assert ">3.76 to 5.17, moderate to high</output>" in less
    all_absent = browser.get("/instruments/sledai_2k?arthritis=yes&attest=findings").text
    assert ">4</output>" in all_absent


def holds(it, fields):
    """Whether the page's controls can say it: what is chosen, and not typed, is one of the choices (`2`, not `2.0`)."""
    questions = form_of(it).questions
    chosen = {
        name: one["text"]
        for name, one in fields.items()
        if questions[name].control in (Control.TRUTH, Control.SEGMENTS)
    }
    return all(text in {one.value for one in questions[name].choices} for name, text in chosen.items())


# One row typed into the page: what the page shows at once, and what stands there when the server has answered.
TYPED = """async fields => {
  const form = document.querySelector("form[data-form]"), score = document.querySelector("#score");
  form.dataset.wait = "0";
  form.reset();
  for (const [name, text] of Object.entries(fields)) {
    const at = form.elements.namedItem(name);
    if (!at && name.endsWith(".unit")) continue;  // there is only one, and it stands beside the field
    if (at instanceof RadioNodeList) { for (const one of at) one.checked = one.value === text; } else at.value = text;
  }
  form.dispatchEvent(new Event("input", {bubbles: true}));
  const shown = score.textContent, by = score.dataset.by;
  for (let turn = 0; turn < 2000 && score.dataset.by !== "server"; turn++) await new Promise(done => setTimeout(done, 5));
  return [by, shown, score.textContent, document.querySelector("#differs").hidden];
}"""


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: `make system`")
def test_rows_typed_in_chromium_show_what_the_command_line_prints(window, study_address):
    by_name: dict[str, list] = {}
    for row in random.Random(10).sample(ROWS, len(ROWS)):
        by_name.setdefault(row.instrument, []).append(row)
    driven = at_once = 0
    page = window.new_page()
    for name, rows in by_name.items():
        if driven >= DRIVEN:
            break
        page.goto(f"{study_address}/instruments/{name}")
        page.wait_for_selector("#score[data-by=server]")
        for row in rows:
            it, options, fields, said = asked(row)
            sent = {key: one["text"] for key, one in fields.items()}
            sent |= {f"{key}.unit": one["unit"] for key, one in fields.items() if one["unit"]}
            sent |= {f"option.{key}": str(choice) for key, choice in options.items()}
            if it.adapt or "confirm" in inputs(row) or said["status"] == "invalid" or not holds(it, fields):
                continue
            _, shown, stands, hidden = page.evaluate(TYPED, sent)
            assert stands == said["says"], (str(row), sent)
            assert hidden, f"{row}: the page showed {shown}"
            at_once += shown == said["says"]
            driven += 1
    assert driven >= DRIVEN
    assert at_once > driven * 0.8, "the others wait for the options' own program"
