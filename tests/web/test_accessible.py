"""Every page of the demonstration, in Debian's Chromium: no serious finding of axe at two widths, nothing lost at 320 px."""

from __future__ import annotations

import pytest
from tools.parts import ROOT

from tests.web.live import CHROMIUM, chromium, standing

pytestmark = [pytest.mark.browser, pytest.mark.slow]

from escalon.exchange.synthetic_book import make_book  # noqa: E402
from escalon.exchange.synthetic_trial import simulate  # noqa: E402
from escalon.protocol import load_study  # noqa: E402
from escalon.sources.folder import take_in  # noqa: E402
from escalon.web.registry import PAGES, find_all  # noqa: E402
from escalon.web.workbench import open_workbench  # noqa: E402

find_all()
AXE = (ROOT / "tests" / "web" / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FIND = """rules => axe.run(document, {runOnly: rules})
  .then(found => found.violations.map(one => [one.id, one.impact, one.nodes[0].html]))"""
LOST = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PARTS = {
    "code": "P15",
    "number": "900",
    "finding": "eligibility",
    "visit": "D14",
    "form": "das28_esr",
    "name": "das28_esr",
}
DRAWN_BY_THEMSELVES = ("/report",)
"""Whole documents, which the report's own tests look at."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    study = load_study("nct07052565")
    whole = take_in(study, simulate(study, folder / "data", 1)).trial
    bench = open_workbench(make_book(folder, study, "nct07052565", whole))
    yield bench
    bench.opened.casebook.close()


@pytest.fixture(scope="module")
def browser(bench):
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed: as root, `make system` installs it")
    with standing(bench) as address, chromium() as window:
        yield window, address


def signed_in(browser, name: str, **more):
    window, address = browser
    page = window.new_context(**more).new_page()
    page.goto(f"{address}/sign-in")
    page.click(f"text={name}")
    return page


@pytest.mark.parametrize(("name", "role"), [("Wang Min", "investigator"), ("Ma Rui", "administrator")])
def test_every_page_is_accessible_and_reflows(browser, name, role):
    page = signed_in(browser, name, bypass_csp=True)
    found = []
    for path in sorted(path for path, one in PAGES.items() if role in one.sees and path not in DRAWN_BY_THEMSELVES):
        at = path.format_map(PARTS)
        if page.goto(browser[1] + at).status != 200:
            continue
        for width in (1280, 820):
            page.set_viewport_size({"width": width, "height": 900})
            page.evaluate(AXE)
            found += [(at, width, *one) for one in page.evaluate(FIND, RULES) if one[1] in ("serious", "critical")]
        page.set_viewport_size({"width": 320, "height": 900})
        if page.evaluate(LOST) > 1:
            found.append((at, 320, "is wider than the screen"))
    assert found == []


def test_every_page_is_there_without_any_script(browser):
    page = signed_in(browser, "Li Na", java_script_enabled=False)
    page.goto(browser[1] + "/participants/P15/screening?show=open")
    for name, value, unit in (("creatinine", "70", "umol/L"), ("hiv_antibody", "negative", "")):
        form = page.locator(f"#ask-{name}")
        if unit:
            form.locator("[name='fact.value']").first.fill(value)
            form.locator("[name='fact.unit']").select_option(unit)
        else:
            form.locator("select[name='fact.value']").select_option(value)
        for part, text in (("d", "13"), ("y", "2025")):
            form.locator(f"[name='fact.day-{part}']").fill(text)
        form.locator("[name='fact.day-m']").select_option("06")
        form.locator("button:text-is('Record')").click()
        assert "Recorded" in page.locator("[role=status]").inner_text(), page.locator("main").inner_text()[:400]
    page.goto(browser[1] + "/participants/P15/screening")
    assert "eligible" in page.locator(".head").inner_text()


def test_nothing_is_asked_of_anywhere_else_and_the_console_is_silent(browser):
    page, said, asked = signed_in(browser, "Wang Min"), [], []
    page.on("console", lambda one: said.append(one.text) if one.type in ("error", "warning") else None)
    page.on("pageerror", lambda one: said.append(str(one)))
    page.on("request", lambda one: asked.append(one.url))
    for path in (
        "/",
        "/participants",
        "/participants/P07",
        "/participants/P15/screening",
        "/study",
        "/audit",
        "/instruments/das28_esr",
    ):
        page.goto(browser[1] + path)
    assert said == []
    assert all(one.startswith((browser[1], "data:")) for one in asked)
