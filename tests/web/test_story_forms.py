"""Stories of the forms in a real browser: by keyboard alone, on a tablet, with a server that dies, with two editors."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from escalon.conduct.record.accounts import revoke
from escalon.history.events import FactRecorded, Observation
from tests.casebook.conftest import START, clock, sqlite_casebook
from tests.casebook.trial import ADA, CARLA, SECRET
from tests.web.bench import served
from tests.web.live import IN_CHROMIUM, at, expect, pictured, standing

__all__ = ["clock", "sqlite_casebook"]
pytestmark = IN_CHROMIUM
AXE = Path(__file__).parent / "axe.min.js"
D28 = START.date() + timedelta(days=28)
PLACE = "/participants/P1/visits/D28"


@pytest.fixture
def bench(sqlite_casebook: Any) -> Any:
    found, trial = served(sqlite_casebook)
    trial.open_cohort(1, 1)
    trial.prepare("P1", 1, 1)
    trial.infuse("P1", 1)
    trial.days(28)
    disease = Observation(name="disease", value="RA", day=str(D28))
    trial.record(CARLA, FactRecorded(participant="P1", fact=disease))
    return found, trial


def facts(trial: Any) -> dict[str, Observation]:
    entries = trial.conduct.casebook.entries(participant="P1", kinds=["FactRecorded"])
    return {one.event.fact.name: one.event.fact for one in entries}


def test_d28_is_recorded_by_keyboard_alone_and_scores_as_the_command_line(
    bench: Any, window: Any, tmp_path: Path
) -> None:
    found, trial = bench
    with standing(found) as address:
        page = at(window, address, "carla", SECRET)
        page.goto(f"{address}{PLACE}/das28_esr")
        press, write = page.keyboard.press, page.keyboard.type
        page.focus("[name=day-d]")
        write(str(D28.day))
        press("Tab")
        write(f"{D28:%b}")
        press("Tab")
        write(str(D28.year))
        page.focus("[data-layer=tender] [data-mark]")
        for move in (2, 5, 5):
            for _ in range(move):
                press("ArrowRight")
            press("Space")
        expect(page.locator("[data-layer=tender] [data-tally]")).to_have_text("3 marked · 25 not stated")
        press("Tab")
        press("Enter")
        expect(page.locator("[data-layer=tender] [data-tally]")).to_have_text("3 marked")
        page.focus("[data-layer=swollen] [data-mark]")
        press("Space")
        press("Tab")
        press("Enter")
        page.focus("#esr")
        write("22")
        press("Enter")
        assert page.evaluate("document.activeElement.dataset.line") == "global_health", (
            "Enter goes to the next question"
        )
        for _ in range(3):
            press("ArrowRight")
        expect(page.locator("#score[data-by=server]")).to_contain_text("moderate")
        page.evaluate("scrollTo(0, 0)")
        pictured(page, "forms-d28-1280")
        shown = page.inner_text("#score")
        press("Control+Enter")
        page.wait_for_url("**recorded=**")
        assert page.inner_text("#score") == shown
        expect(page.locator("#differs")).to_be_hidden()
    kept = facts(trial)
    assert sum(one.attested for one in kept.values()) == 25 + 27
    said = subprocess.run(
        [sys.executable, "-m", "escalon.cli.main", "score", "das28_esr", "tender=3", "swollen=1", "esr=22",
         f"global_health={kept['patient_global'].value} mm", "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown == f"{round(json.loads(said.stdout)['value'], 4):g}, moderate"


def test_mrss_on_a_tablet_by_touch_and_the_line_in_the_participant_s_hands(bench: Any, window: Any) -> None:
    found, trial = bench
    with standing(found) as address:
        page = window.new_context(viewport={"width": 820, "height": 1180}, has_touch=True).new_page()
        page.goto(f"{address}/sign-in")
        page.fill("#account", "ines")
        page.fill("#password", SECRET)
        page.press("#password", "Enter")
        page.wait_for_url(lambda url: "sign-in" not in url)
        page.goto(f"{address}{PLACE}/mrss")
        page.tap("[data-today]")
        for site, taps in {"face": 2, "hand_right": 4, "fingers_right": 3}.items():
            for _ in range(taps):
                page.tap(f"[data-mark={site}]")
        expect(page.locator("#score")).to_have_text("6 to 48")
        sizes = page.eval_on_selector_all("[data-mark]", SIZES)
        assert len(sizes) == 17
        assert min(sizes) >= 24
        pictured(page, "forms-mrss-820")
        page.tap("[data-attest=face], [data-attest]")
        expect(page.locator("#score")).to_have_text("6")
        page.tap("[data-record]")
        page.wait_for_url("**recorded=**")
        assert facts(trial)["mrss.hand_right"].value == "3"
        assert facts(trial)["mrss.abdomen"].attested
        page.goto(f"{address}{PLACE}/das28_esr")
        page.tap("[data-hand]")
        expect(page.locator(".bar")).to_be_hidden()
        expect(page.locator("#global_health")).to_be_hidden()
        expect(page.locator(".vas")).to_have_class("vas empty")
        pictured(page, "forms-line-820")
        box = page.locator("[data-line]").bounding_box()
        page.touchscreen.tap(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
        page.tap("[data-hand]")
        assert abs(int(page.input_value("#global_health")) - 25) <= 2
        assert page.input_value("[name='global_health.unit']") == "mm"


def test_two_editors_see_both_values_and_choose(bench: Any, window: Any) -> None:
    found, trial = bench
    with standing(found) as address:
        first, second = (at(window, address, name, SECRET, 820) for name in ("carla", "ines"))
        for page, value in ((first, "22"), (second, "25")):
            page.goto(f"{address}{PLACE}/measurements")
            page.click("[data-today]")
            page.fill("#esr", value)
        first.click("[data-record]")
        first.wait_for_url("**recorded=**")
        second.click("[data-record]")
        expect(second.locator(".clash")).to_contain_text("22 mm/h")
        expect(second.locator(".clash")).to_contain_text("25")
        pictured(second, "forms-conflict-820")
        assert facts(trial)["esr"].value == "22"
        second.click(".clash label:has(input[value^=mine])")
        second.fill(".clash [name='esr.because']", "the first was read from last week's sheet")
        second.click("[data-record]")
        second.wait_for_url("**recorded=**")
        expect(second.locator(".held")).to_contain_text("25 mm/h")
    [corrected] = trial.conduct.casebook.entries(participant="P1", kinds=["FactCorrected"])
    assert corrected.event.reason == "the first was read from last week's sheet"


def test_a_pause_covers_the_page_and_the_password_goes_on_where_one_was(bench: Any, window: Any) -> None:
    found, trial = bench
    with standing(found) as address:
        page = at(window, address, "carla", SECRET)
        page.goto(f"{address}{PLACE}/measurements")
        page.fill("#esr", "22")
        expect(page.locator("#saved")).to_contain_text("Kept on the server")
        trial.clock.move(timedelta(minutes=20))
        page.fill("#crp", "7.5")
        expect(page.locator("#unlock")).to_be_visible()
        expect(page.locator("#saved")).to_contain_text("Locked")
        pictured(page, "forms-locked-1280")
        page.keyboard.press("Escape")
        expect(page.locator("#unlock")).to_be_visible()
        for said in ("no such words", SECRET):
            page.fill("#unlock-password", said)
            page.press("#unlock-password", "Enter")
            if said != SECRET:
                expect(page.locator("#unlock .wrong")).to_contain_text("wrong")
        expect(page.locator("#unlock")).to_be_hidden()
        expect(page.locator("#saved")).to_contain_text("Kept on the server")
        assert (page.input_value("#esr"), page.input_value("#crp")) == ("22", "7.5")
        for _ in range(50):
            if page.evaluate(IN_BROWSER, ["drafts", "count"]) == 0:
                break
            page.wait_for_timeout(100)
        assert page.evaluate(IN_BROWSER, ["drafts", "count"]) == 0, "what the server keeps is wiped here"
        assert page.evaluate(IN_BROWSER, ["keys", "seal"]) is False
        page.select_option("[name='crp.unit']", "mg/L")
        page.click("[data-today]")
        page.click("[data-record]")
        page.wait_for_url("**recorded=**")
        assert facts(trial)["esr"].value == "22", "the form that was open before the pause records"
        revoke(trial.conduct, ADA, "carla", "left the hospital")
        page.goto(f"{address}{PLACE}/measurements")
        assert "/sign-in" in page.url, "a revoked account is out with the next click"


@pytest.mark.parametrize("noticed", [True, False], ids=["as one typed", "by the click that records"])
def test_recording_while_no_server_answers_leaves_the_page_and_what_was_typed(
    bench: Any, window: Any, noticed: bool
) -> None:
    found, trial = bench
    with standing(found) as address:
        page = at(window, address, "carla", SECRET)
        page.goto(f"{address}{PLACE}/measurements")
        page.context.set_offline(noticed)
        page.fill("#esr", "22")
        page.click("[data-today]")
        kept = "The server does not answer" if noticed else "Kept on the server"
        expect(page.locator("#saved")).to_contain_text(kept)
        page.context.set_offline(True)
        page.click("[data-record]")
        expect(page.locator("[role=alert].note")).to_contain_text("Nothing was recorded: the server does not answer")
        assert page.input_value("#esr") == "22"
        page.context.set_offline(False)
        expect(page.locator("#saved")).to_contain_text("Kept on the server")
        page.click("[data-record]")
        page.wait_for_url("**recorded=**")
    assert facts(trial)["esr"].value == "22"


def test_no_act_of_any_page_leaves_it_for_a_server_that_is_gone(bench: Any, window: Any) -> None:
    found, trial = bench
    with standing(found) as address:
        page = at(window, address, "carla", SECRET)
        page.goto(f"{address}/queries")
        page.fill("[name=text]", "Which laboratory?")
        page.context.set_offline(True)
        page.click("form[action='/acts/QueryRaised'] button")
        expect(page.locator("[role=alert].note")).to_contain_text("press again when it is back")
        assert page.input_value("[name=text]") == "Which laboratory?"
        page.context.set_offline(False)
        page.click("form[action='/acts/QueryRaised'] button")
        page.wait_for_url("**recorded=**")
    raised = trial.conduct.casebook.entries(kinds=["QueryRaised"])
    assert [one.event.text for one in raised] == ["Which laboratory?"]


def test_a_draft_that_fails_after_a_later_one_was_kept_does_not_keep_anybody_from_recording(
    bench: Any, window: Any
) -> None:
    found, trial = bench
    with standing(found) as address:
        page = at(window, address, "carla", SECRET)
        page.goto(f"{address}{PLACE}/measurements")
        sent: list[Any] = []
        page.route("**/drafts", lambda route: sent.append(route) if not sent else route.continue_())
        page.fill("#esr", "21")
        page.click("[data-today]")
        page.wait_for_timeout(800)
        page.fill("#esr", "22")
        expect(page.locator("#saved")).to_contain_text("Kept on the server")
        sent[0].abort()
        page.wait_for_timeout(300)
        page.click("[data-record]")
        page.wait_for_url("**recorded=**")
    assert facts(trial)["esr"].value == "22"


IN_BROWSER = """([store, act]) => new Promise(done => {
  const asked = indexedDB.open("escalon", 1);
  asked.onsuccess = () => {
    const at = asked.result.transaction(store).objectStore(store), found = act === "count" ? at.count() : at.get(act);
    found.onsuccess = () => done(act === "count" ? found.result : found.result.extractable);
  };
})"""
SIZES = "all => all.map(one => { const at = one.getBoundingClientRect(); return Math.min(at.width, at.height); })"


@pytest.mark.parametrize("width", [320, 820, 1280])
def test_forms_have_no_finding_of_axe_and_reflow(bench: Any, window: Any, width: int) -> None:
    found, _ = bench
    with standing(found) as address:
        page = at(window, address, "carla", SECRET, width)
        for path in ("", "/das28_esr", "/measurements", "/mrss", "/sledai_2k", "/paper?blank=yes"):
            page.goto(f"{address}{PLACE}{path}")
            page.evaluate(AXE.read_text(encoding="utf-8"))
            said = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            serious = [one for one in said["violations"] if one["impact"] in ("serious", "critical")]
            assert [(one["id"], one["nodes"][0]["html"][:200]) for one in serious] == [], path
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 1, f"{path} scrolls sideways at {width}"


def test_with_the_script_off_the_same_form_records(bench: Any, window: Any) -> None:
    found, trial = bench
    with standing(found) as address:
        page = window.new_context(java_script_enabled=False, viewport={"width": 820, "height": 900}).new_page()
        page.goto(f"{address}/sign-in")
        page.fill("#account", "carla")
        page.fill("#password", SECRET)
        page.click("form[action='/sign-in'] button")
        page.goto(f"{address}{PLACE}/das28_esr")
        expect(page.locator(".picture").first).to_be_hidden()
        expect(page.locator(".vas")).to_be_hidden()
        page.fill("[name=day-d]", str(D28.day))
        page.select_option("[name=day-m]", f"{D28.month:02}")
        page.fill("[name=day-y]", str(D28.year))
        page.fill("#tender", "4")
        page.fill("#swollen", "3")
        page.fill("#esr", "22")
        page.fill("#global_health", "50")
        page.select_option("[name='global_health.unit']", "mm")
        page.click("[data-record]")
        expect(page.locator("#score")).to_have_text("4.4687, moderate")
        assert facts(trial)["patient_global"].value == "50"


def test_a_server_killed_while_one_types_or_records_loses_no_keystroke_and_does_no_half_act(
    window: Any, tmp_path: Path
) -> None:
    """One of the hundred that `make kills` does."""
    from tests.web import kills

    found = kills.run(kills.book_of(tmp_path), 1, window)
    assert (found["killed while typing"], found["keystrokes lost"], found["half acts"]) == (1, 0, 0)
