"""Stories in a real browser: the second person disagrees, then agrees; a running clock refuses, two people set it aside."""

from typing import Any

from escalon.casebook.casebook import Casebook
from tests.casebook.conftest import clock, sqlite_casebook
from tests.casebook.trial import SECRET
from tests.web.bench import served
from tests.web.live import IN_CHROMIUM, acted, at, pictured, standing

__all__ = ["clock", "sqlite_casebook"]
pytestmark = IN_CHROMIUM
HERE = "/participants/P1/infusion"


def fill_day(page: Any, name: str, day: str, month: str, year: str, within: str = "main") -> None:
    page.fill(f"{within} [name={name}-d]", day)
    page.select_option(f"{within} [name={name}-m]", month)
    page.fill(f"{within} [name={name}-y]", year)


def prepare(page: Any) -> None:
    form = "form[action='/acts/DosePrepared']"
    page.select_option(f"{form} [name=product]", "B-P1")
    fill_day(page, "expires", "1", "03", "2027", form)
    values = {"weight_kg": "72", "million_per_ml": "2.5", "viability": "86", "car_fraction": "41", "bag_ml": "26"}
    for name, value in values.items():
        page.fill(f"{form} [name={name}]", value)
    page.click(f"{form} button")
    page.wait_for_selector("text=8.17 mL")


def check(page: Any, wristband: str, volume: str) -> None:
    form = "form[action='/acts/DoseChecked']"
    page.fill(f"{form} [name=wristband]", wristband)
    fill_day(page, "born", "5", "10", "1982", form)
    page.fill(f"{form} [name=product]", "B-P1")
    fill_day(page, "expires", "1", "03", "2027", form)
    page.fill(f"{form} [name=volume_ml]", volume)
    page.fill(f"{form} [name=password]", SECRET)
    page.click(f"{form} button")


def test_infusion_day_with_a_second_person_who_disagrees_then_agrees(window: Any, sqlite_casebook: Casebook) -> None:
    bench, trial = served(sqlite_casebook)
    trial.open_cohort(1, 1)
    trial.prepare("P1", 1, 1)
    with standing(bench) as address:
        first, second = at(window, address, "carla", SECRET), at(window, address, "lena", SECRET)
        first.goto(address + HERE)
        prepare(first)
        second.goto(address + HERE)
        assert "8.17" not in second.content()
        pictured(second, "infusion-second")
        check(second, "P2", "9.81")
        second.wait_for_selector("text=the two differ")
        assert "participant code: not the participant on this page" in second.inner_text("main")
        assert "8.17" not in second.content()
        pictured(second, "infusion-differs")
        check(second, "P1", "8.17")
        second.wait_for_selector("text=both agree")
        doctor = at(window, address, "ines", SECRET)
        doctor.goto(address + HERE)
        pictured(doctor, "infusion-agreed")
        now = bench.now()
        fill_day(doctor, "at", str(now.day), f"{now.month:02}", str(now.year))
        doctor.fill("[name=at-t]", f"{now:%H:%M}")
        doctor.fill("[name=loaded_ml]", "8.5")
        doctor.fill("[name=left_ml]", "0.3")
        doctor.click("text=Record the infusion")
        doctor.wait_for_selector("text=cells/kg in 8.2 mL")
        pictured(doctor, "infusion-given")


def signs(page: Any) -> None:
    page.fill("[name=password]", SECRET)
    acted(page, "button:has-text('Sign: I agree')")


def test_an_infusion_refused_by_a_running_clock_is_set_aside_by_two(window: Any, sqlite_casebook: Casebook) -> None:
    bench, trial = served(sqlite_casebook)
    trial.open_cohort(1, 1)
    trial.prepare("P0", 1, 1)
    trial.infuse("P0", 1)
    trial.prepare("P1", 1, 1)
    with standing(bench) as address:
        first, second = at(window, address, "carla", SECRET), at(window, address, "lena", SECRET)
        first.goto(address + HERE)
        prepare(first)
        second.goto(address + HERE)
        check(second, "P1", "8.17")
        second.wait_for_selector("text=both agree")
        doctor, member = at(window, address, "ines", SECRET), at(window, address, "cora", SECRET)
        doctor.goto(address + HERE)
        said = doctor.inner_text("main")
        assert "rules not met" in said
        assert "An override needs 2 signatures." in said
        assert "dosing from" in said  # until when the sentinel's clock runs
        pictured(doctor, "infusion-held")
        assert not doctor.query_selector("form[action='/acts/infuse']")
        doctor.click("text=Ask for an override")
        doctor.fill("[name=reason]", "the bed is free until Friday only")
        acted(doctor, "button:has-text('Ask two people to sign')")
        signs(doctor)
        assert "1 of 2 signatures" in doctor.inner_text("main")
        member.goto(address)
        member.click("a:has-text('Read')[aria-label*='sentinel clock']")
        member.wait_for_url("**/overrides**")
        signs(member)
        doctor.goto(address)
        doctor.click("a:has-text('Record it')")
        doctor.wait_for_selector("text=set aside by override")
        pictured(doctor, "infusion-set-aside")
        now = bench.now()
        fill_day(doctor, "at", str(now.day), f"{now.month:02}", str(now.year))
        doctor.fill("[name=at-t]", f"{now:%H:%M}")
        cut = "one => one.scrollWidth > one.clientWidth"
        assert not [name for name in ("at-d", "at-y", "at-t") if doctor.eval_on_selector(f"main [name={name}]", cut)]
        doctor.fill("[name=loaded_ml]", "8.5")
        doctor.fill("[name=left_ml]", "0.3")  # 8.17 mL were planned: what is left is known afterwards
        doctor.click("text=Record the infusion")
        doctor.wait_for_selector("text=cells/kg in 8.2 mL")
