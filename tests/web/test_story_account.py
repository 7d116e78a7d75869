"""A story in a real browser: a second factor is set up by scanning, and from then on asked for at every door."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyotp

from tests.casebook.conftest import clock, sqlite_casebook
from tests.casebook.trial import SECRET
from tests.web.bench import served
from tests.web.live import IN_CHROMIUM, at, expect, standing

__all__ = ["clock", "sqlite_casebook"]
pytestmark = IN_CHROMIUM


def test_a_second_factor_is_set_up_on_a_tablet_and_asked_for_at_the_door(window: Any, sqlite_casebook: Any) -> None:
    bench, trial = served(sqlite_casebook)
    with standing(bench) as address:
        page = at(window, address, "ines", SECRET, 820)
        page.click("a:text-is('Account')")
        page.click("a[href*='second_factor=set-up']")
        seed = page.locator("main p code").first.inner_text()
        for name, said in (("password", SECRET), ("new", "one short"), ("again", "one short"), ("new_code", "000000")):
            page.fill(f"[name={name}]", said)
        page.click("form[action='/acts/SecretSet'] button")
        expect(page.locator("[role=alert]")).to_contain_text("not the code")
        for name, said in (("password", SECRET), ("new", "one short"), ("again", "one short")):
            page.fill(f"[name={name}]", said)
        page.fill("[name=new_code]", pyotp.TOTP(seed).at(bench.now()))
        page.click("form[action='/acts/SecretSet'] button")
        page.wait_for_url("**recorded=**")
        trial.clock.move(timedelta(minutes=2))
        door = window.new_context(viewport={"width": 820, "height": 900}).new_page()
        door.goto(f"{address}/sign-in")
        for code in ("", pyotp.TOTP(seed).at(bench.now())):
            door.fill("#account", "ines")
            door.fill("#password", "one short")
            door.fill("#code", code)
            door.click("form[action='/sign-in'] button")
            door.wait_for_load_state()
            assert ("/sign-in" in door.url) is (code == "")
        expect(door.locator("header .who")).to_contain_text("Ines")
