"""A story in a real browser, in English and in Chinese: what is unknown is settled and signed, and a correction voids it."""

from __future__ import annotations

from typing import Any

import pytest

from escalon.history.events import FactCorrected, Observation
from tests.casebook.conftest import casebook, clock, postgres
from tests.casebook.trial import CARLA, SECRET, study
from tests.web.bench import served
from tests.web.live import IN_CHROMIUM, at, expect, pictured, standing

__all__ = ["casebook", "clock", "postgres"]
pytestmark = IN_CHROMIUM
SAYS = {"en": ("Screening worksheet", "Sign eligibility"), "zh-Hans": ("受试者", "签名")}
HERE = "/participants/P1/screening"
CROSSED = """text => {
  const draw = said => {
    const at = document.createElement("canvas").getContext("2d");
    at.font = "16px 'Escalon Han'";
    at.fillText(said, 0, 20);
    return at.canvas.toDataURL();
  };
  return document.fonts.load("16px 'Escalon Han'", text).then(() => draw(text) === draw("\\u{10ffff}"));
}"""
"""Whether a character is drawn as the box of a font that lacks it."""


def ask(page: Any, name: str, value: str, day: Any) -> None:
    """Answer one value with its day; a day of its own is the value."""
    form = page.locator(f"#ask-{name}")
    if value:
        form.locator("select[name='fact.value']").select_option(value)
    stem = "fact.day" if value else "fact.value"
    for part, text in (("d", str(day.day)), ("y", str(day.year))):
        form.locator(f"[name='{stem}-{part}']").fill(text)
    form.locator(f"[name='{stem}-m']").select_option(f"{day.month:02}")
    form.locator("button.go").click()
    form.wait_for(state="detached")


ON = [("sqlite", "en"), ("sqlite", "zh-Hans"), pytest.param("postgresql", "en", marks=pytest.mark.postgres)]


@pytest.mark.parametrize(("casebook", "language"), ON, indirect=["casebook"])
def test_unknowns_are_settled_eligibility_is_signed_and_a_correction_voids_it(
    window: Any,
    casebook: Any,
    language: str,
) -> None:
    bench, trial = served(casebook, study(clauses=("I-1b", "E-10d")))
    trial.consent("P1")
    with standing(bench) as address:
        nurse, doctor = (at(window, address, name, SECRET, locale=language) for name in ("carla", "ines"))
        nurse.click("a[href*='screening?show=open']")
        assert nurse.locator("html").get_attribute("lang") == language
        ask(nurse, "sex", "male", trial.today())
        ask(nurse, "screening_visit", "", trial.today())
        ask(nurse, "partner_planning_pregnancy", "no", trial.today())
        nurse.goto(address + HERE)
        nurse.click("form[action='/acts/ParticipantScreened'] button")
        nurse.wait_for_url("**recorded=**")
        doctor.goto(address)
        doctor.click(f"a[href='{HERE}']")
        for word in SAYS[language]:
            expect(doctor.locator("body")).to_contain_text(word)
        pictured(doctor, f"screening-{language}")
        doctor.fill("#password", SECRET)
        doctor.click("form[action='/acts/EligibilitySigned'] button")
        doctor.wait_for_url("**recorded=**")
        signed = trial.conduct.trial.courses["P1"].eligibility_signed
        assert signed is not None
        sex = next(one.number for one in trial.casebook.entries(participant="P1", kinds=["FactRecorded"])
                   if one.event.fact.name == "sex")  # fmt: skip
        changed = Observation(name="sex", value="female", day=str(trial.today()), visit="SCR")
        trial.record(CARLA, FactCorrected(participant="P1", corrects=sex, fact=changed, reason="read from the card"))
        doctor.goto(address)
        assert doctor.locator(f"a[href^='{HERE}']").count(), "what became void waits again"
        doctor.goto(f"{address}/signatures")
        expect(doctor.locator("main .st.void").first).to_be_visible()
        if language != "en":
            assert [one for one in "受试者筛选签名剂量" if doctor.evaluate(CROSSED, one)] == []
