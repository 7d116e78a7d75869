"""Every page of the demonstration, in Debian's Chromium: no serious finding of axe at two widths, nothing lost at 320 px."""

from __future__ import annotations

from time import monotonic

import pytest
from tools.parts import ROOT

from escalon.history import Author
from escalon.history.events import QueryRaised
from escalon.web.registry import PAGES, find_all
from tests.casebook.trial import INES, SECRET
from tests.web.bench import with_one_infused
from tests.web.live import IN_CHROMIUM, at, standing

pytestmark = IN_CHROMIUM

find_all()
AXE = (ROOT / "tests" / "web" / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OF_WIDTH = ["target-size", "scrollable-region-focusable"]
"""The rules whose answer changes with the width of the screen."""
FIND = """rules => axe.run(document, {runOnly: rules, resultTypes: ["violations"]})
  .then(found => found.violations.map(one => [one.id, one.impact, one.nodes[0].html]))"""
LOST = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
DRAWN_BY_THEMSELVES = ("/report", "/packet", "/audit/export")
"""Whole documents, which the report's own tests look at, and a file."""


STANDS = {"infused": "infused", "undecided": "undecided"}
"""How the list of participants words the people these tests look for."""
TALLEST = {"investigator": "Wang Min", "administrator": "Ma Rui"}
"""Who looks at a page: the investigator, or the administrator at those the investigator does not see."""


@pytest.fixture(scope="module")
def people(demo):
    """A participant of the demonstration for each way to stand."""
    from tests.web.bench import client

    by_click = client(demo)
    by_click.post("/demo/enter", data={"account": "wang.min"})
    rows = by_click.get("/participants.json").json()["rows"]
    return {name: next(one["code"] for one in rows if one["state"].startswith(start)) for name, start in STANDS.items()}


def signed_in(window, address: str, name: str, **more):
    page = window.new_context(**more).new_page()
    page.goto(f"{address}/sign-in")
    page.click(f"text={name}")
    return page


def findings(page, at: str) -> list[tuple]:
    """What axe finds serious with all that is folded open, and what is wider than the screen at 200 % and at 320 px."""
    page.set_viewport_size({"width": 1280, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.evaluate(AXE)
    found = []
    for width, rules in ((1280, RULES), (820, OF_WIDTH), (640, ()), (320, ())):
        page.set_viewport_size({"width": width, "height": 900})
        serious = [one for one in page.evaluate(FIND, rules) if one[1] in ("serious", "critical")] if rules else []
        found += [(at, width, *one) for one in serious]
        found += [(at, width, "is wider than the screen")] * (page.evaluate(LOST) > 1)
    return found


@pytest.mark.parametrize("role", TALLEST)
def test_every_page_is_accessible_and_reflows(window, demo, demo_address, people, role):
    page = signed_in(window, demo_address, TALLEST[role], bypass_csp=True)
    seen = {path for path, one in PAGES.items() if role in one.sees and path not in DRAWN_BY_THEMSELVES}
    if role != "investigator":
        seen -= {path for path, one in PAGES.items() if "investigator" in one.sees}
    assert seen
    parts = {"code": people["infused"], "number": "900", "finding": "eligibility", "visit": "D14", "name": "das28_esr"}
    by = Author("wang.min", "investigator", "Hefei", "web")
    files = {"facts.csv": b"participant,fact,value,unit,date\nP50,esr,x,mm/h,2025-02-21\n", "other.csv": b"a,b\n1,2\n"}
    parts["key"] = demo.uploads.take("from paper", files, by, demo.now()).key
    found = []
    for path in sorted(seen):
        at = "/figures/das28" if path == "/figures/{name}" else path.format(form="das28_esr", **parts)
        if page.goto(demo_address + at).status == 200:
            found += findings(page, at)
    assert found == []


def test_a_table_wider_than_a_telephone_is_moved_by_the_keyboard_alone(window, demo_address):
    page = signed_in(window, demo_address, "Wang Min", viewport={"width": 320, "height": 700})
    page.goto(f"{demo_address}/study/schedule")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.scrollWidth > document.activeElement.clientWidth + 1"):
            break
    page.keyboard.press("ArrowRight")
    until = monotonic() + 5
    while not (moved := page.evaluate("document.activeElement.scrollLeft > 0")) and monotonic() < until:
        page.wait_for_timeout(50)
    assert moved


def test_every_page_is_there_without_any_script(window, demo_address, people):
    page = signed_in(window, demo_address, "Li Na", java_script_enabled=False)
    here = f"{demo_address}/participants/{people['undecided']}/screening"
    page.goto(f"{here}?show=open")
    for name, value in (("sex", "male"), ("partner_planning_pregnancy", "no")):
        form = page.locator(f"#ask-{name}")
        form.locator("select[name='fact.value']").select_option(value)
        for part, text in (("d", "3"), ("y", "2025")):
            form.locator(f"[name='fact.day-{part}']").fill(text)
        form.locator("[name='fact.day-m']").select_option("05")
        with page.expect_navigation():
            form.locator("button:text-is('Record')").click()
        assert "Recorded" in page.locator("[role=status]").inner_text(), page.locator("main").inner_text()[:400]
    page.goto(here)
    assert "eligible" in page.locator(".head").inner_text()


def test_nothing_is_asked_of_anywhere_else_and_the_console_is_silent(window, demo_address, people):
    page, said, asked = signed_in(window, demo_address, "Wang Min"), [], []
    page.on("console", lambda one: said.append(one.text) if one.type in ("error", "warning") else None)
    page.on("pageerror", lambda one: said.append(str(one)))
    page.on("request", lambda one: asked.append(one.url))
    infused, undecided = people["infused"], people["undecided"]
    for path in ("", "participants", f"participants/{infused}", f"participants/{undecided}/screening", "study", "audit",
                 "instruments/das28_esr"):  # fmt: skip
        assert page.goto(f"{demo_address}/{path}").status == 200
    assert said == []
    assert all(one.startswith((demo_address, "data:")) for one in asked)


def test_what_somebody_wrote_without_a_blank_widens_no_page(window, tmp_path):
    bench, trial = with_one_infused(tmp_path)
    entry = trial.record(INES, QueryRaised(participant="P1", text="x" * 3000, about=trial.casebook.head.number))
    with standing(bench) as address:
        page = at(window, address, "ines", SECRET, width=320)
        for where in (
            "/",
            "/queries",
            f"/entries/{entry.number}",
            f"/entries/{entry.event.about}",
            "/audit",
            "/participants/P1",
        ):
            page.goto(address + where)
            assert page.evaluate(LOST) <= 1, where
