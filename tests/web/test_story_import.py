"""Stories in a real browser: a folder from paper is looked at, signed for and recorded; a page on paper; a list by keyboard."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.casebook.conftest import clock, sqlite_casebook
from tests.casebook.trial import SECRET
from tests.web.bench import served
from tests.web.live import IN_CHROMIUM, at, expect, pictured, standing
from tests.web.test_import_pages import DOSES, FACTS

__all__ = ["clock", "sqlite_casebook"]
pytestmark = IN_CHROMIUM


def signs(page: Any, address: str, given: int) -> None:
    """Somebody reads an override and signs it."""
    page.goto(f"{address}/overrides")
    page.fill(f"#override-{given} [name=password]", SECRET)
    page.click(f"#override-{given} button.go")
    page.wait_for_url("**recorded=**")


def test_a_folder_from_paper_is_looked_at_signed_for_by_two_and_recorded_in_one_act(
    window: Any, sqlite_casebook: Any, tmp_path: Path
) -> None:
    bench, trial = served(sqlite_casebook)
    files = {"facts.csv": FACTS.replace("banana", "29"), "doses.csv": DOSES}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with standing(bench) as address:
        doctor, member = (at(window, address, name, SECRET, width=820) for name in ("ines", "cora"))
        doctor.click("footer >> text=Import")
        doctor.fill("#name", "from paper")
        doctor.set_input_files("#files", [str(tmp_path / name) for name in files])
        doctor.click("text=Look at it")
        expect(doctor.locator("h1")).to_have_text("Import of from paper")
        expect(doctor.locator("main")).to_contain_text("5 rows read = 5 recorded")
        pictured(doctor, "import")
        here = doctor.url
        doctor.click("text=Record all of it, in one act")
        expect(doctor.locator("#problems")).to_contain_text("would have been held")
        doctor.goto(here)
        doctor.fill("#reason", "conducted on paper")
        doctor.click("text=Ask two people to sign")
        doctor.wait_for_url("**recorded=**")
        given = max(trial.conduct.trial.overrides)
        signs(doctor, address, given)
        signs(member, address, given)
        expect(member.locator(f"#override-{given}")).to_contain_text("signed")
        doctor.goto(here)
        doctor.click("text=Record all of it, in one act")
        doctor.wait_for_url("**recorded=**")
        assert trial.conduct.trial.courses["P50"].infusions
        assert trial.conduct.trial.overrides[given].used_by


def test_a_checklist_is_answered_by_keyboard_alone(window: Any, study_address: str) -> None:
    page = window.new_context(viewport={"width": 820, "height": 1100}).new_page()
    page.goto(f"{study_address}/instruments/sledai_2k")
    first = page.locator("form[data-form] input[type=radio]").first
    first.focus()
    seen = set()
    for _ in range(40):
        name = page.evaluate("document.activeElement.name")
        if name in seen or not name or page.evaluate("document.activeElement.type") != "radio":
            break
        seen.add(name)
        page.keyboard.press("y" if name == "arthritis" else "n")
    page.wait_for_timeout(300)
    assert "arthritis" in seen
    assert len(seen) >= 24, seen
    expect(page.locator("#score")).to_contain_text("4")


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="reading a PDF needs pdftotext (poppler-utils)")
def test_a_page_on_paper_has_its_mark_and_number_on_every_sheet_and_no_button(
    window: Any, demo_address: str, tmp_path: Path
) -> None:
    page = window.new_context().new_page()
    page.goto(f"{demo_address}/sign-in")
    page.click("text=Wang Min")
    page.goto(f"{demo_address}/cohorts")
    page.pdf(path=str(tmp_path / "cohorts.pdf"), format="A4")
    read = subprocess.run(["pdftotext", str(tmp_path / "cohorts.pdf"), "-"], capture_output=True, text=True, check=True)
    sheets = read.stdout.split("\f")[:-1]
    assert len(sheets) >= 2
    for number, sheet in enumerate(sheets, 1):
        assert f"{number}/{len(sheets)}" in sheet.replace(" ", "")
        assert "SYNTHETIC TRIAL" in sheet
    for button in ("Sign out", "Lay the rule's decision", "Ask for an override"):
        assert button not in read.stdout


def test_a_packet_printed_from_the_browser_has_a_letter_for_every_chinese_word_somebody_wrote(
    window: Any, demo_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from escalon.web.pages import folder

    plain = folder.packet_page
    monkeypatch.setattr(folder, "packet_page", lambda *said: plain(*said).replace("Serious events", "严重不良事件", 1))
    page = window.new_context().new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(f"{demo_address}/sign-in")
    page.click("text=Xu Ting")
    page.goto(f"{demo_address}/packet?cutoff=2025-06-01")
    assert page.get_by_text("严重不良事件").count()
    assert b"DroidSansFallback" in page.pdf()  # embedded, so that no box stands for a word, whatever the computer has
    assert refused == []
