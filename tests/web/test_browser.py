"""In a real browser: the form scores as one types, and agrees with the server."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "escalon.cli.main", "serve", "nct07052565", "--port", str(port)])
    place = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(place, timeout=1).close()
                break
            except OSError:
                time.sleep(0.5)
        yield place
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed: as root, `make system` installs it")
    from playwright.sync_api import sync_playwright

    flags = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        window = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield window
        window.close()


def expect(locator):
    from playwright.sync_api import expect as expected

    return expected(locator)


def test_a_score_appears_as_one_types_and_disappears_when_an_item_is_wrong(browser, address):
    page = browser.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{address}/instruments/das28_esr")
    shown, notes = page.locator("#score"), page.locator("#notes")
    expect(shown).to_contain_text("not known yet")
    expect(notes).to_contain_text("missing: tender")
    for name, value in {"tender": "4", "swollen": "5", "esr": "7", "global_health": "50"}.items():
        page.fill(f"#{name}", value)
    page.select_option("[id='global_health.unit']", "mm")
    expect(shown).to_have_text("3.8082 (moderate)")
    for wrong in ("29", "4.5", "four"):
        page.fill("#tender", wrong)
        expect(shown).to_have_text("not accepted")
        expect(notes).to_contain_text("tender")
    assert problems == []


def test_a_number_in_either_of_two_units_asks_for_its_unit_and_says_it_with_the_answer(browser, address):
    page = browser.new_page()
    page.goto(f"{address}/instruments/cockcroft_gault")
    page.select_option("#sex", "female")
    for name, value in {"age": "40", "weight": "60", "creatinine": "0.9"}.items():
        page.fill(f"#{name}", value)
    expect(page.locator("#score")).to_have_text("not accepted")
    expect(page.locator("#notes")).to_contain_text("creatinine 0.9 has no unit")
    page.select_option("[id='creatinine.unit']", "mg/dL")
    expect(page.locator("#score")).to_contain_text("mL/min")


def test_what_was_filled_in_stays_in_the_address_with_the_options(browser, address):
    page = browser.new_page()
    page.goto(f"{address}/instruments/das28_esr")
    page.fill("#tender", "4")
    page.select_option("[id='option.zero_esr']", index=1)
    expect(page.locator("#notes")).to_contain_text("missing: swollen")
    page.reload()
    assert page.input_value("#tender") == "4"
    assert page.eval_on_selector("[id='option.zero_esr']", "field => field.selectedIndex") == 1


def test_a_checklist_scores_only_once_every_item_is_assessed(browser, address):
    page = browser.new_page()
    page.goto(f"{address}/instruments/sledai_2k")
    found = "fields => fields.filter(one => one.options[1].value === 'yes').map(one => one.id)"
    for name in page.eval_on_selector_all("select[data-item]", found):
        page.select_option(f"#{name}", "no")
    page.select_option("#arthritis", "yes")
    expect(page.locator("#score")).to_contain_text("4")


def test_items_that_contradict_each_other_make_no_score(browser, address):
    page = browser.new_page()
    page.goto(f"{address}/instruments/sledai_2k")
    page.select_option("#plt", "yes")
    page.fill("#platelets", "250")
    expect(page.locator("#score")).to_have_text("not accepted")
