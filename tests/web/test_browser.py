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


def test_a_score_appears_as_one_types_and_disappears_when_an_item_is_wrong(browser, address):
    page = browser.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{address}/instruments/das28_esr")
    assert page.inner_text("#score") == "not known yet"
    for name, value in {"tender": "4", "swollen": "5", "esr": "7", "global_health": "50"}.items():
        page.fill(f"#{name}", value)
    assert page.inner_text("#score") == "3.8082 (moderate)"
    for wrong in ("29", "4.5", "four"):
        page.fill("#tender", wrong)
        assert page.inner_text("#score") == "not accepted: tender"
    assert problems == []


def test_a_checklist_scores_only_once_every_item_is_assessed(browser, address):
    page = browser.new_page()
    page.goto(f"{address}/instruments/sledai_2k")
    for name in page.eval_on_selector_all("select[data-kind=truth]", "fields => fields.map(field => field.id)"):
        page.select_option(f"#{name}", "false")
    page.select_option("#arthritis", "true")
    assert page.inner_text("#score").startswith("4")


def test_items_that_contradict_each_other_make_no_score(browser, address):
    page = browser.new_page()
    page.goto(f"{address}/instruments/sledai_2k")
    page.select_option("#plt", "true")
    page.fill("#platelets", "250")
    assert page.inner_text("#score") == "not accepted: two of these contradict each other"
