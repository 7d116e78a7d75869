"""What others wrote is what is listed, byte for byte, with its licence; and the pages use of it what they may."""

import hashlib
import re

import pytest
from tools.parts import ROOT, licence_file, parts

TEMPLATES = ROOT / "src" / "escalon" / "web" / "templates"


@pytest.mark.parametrize("part", parts(), ids=lambda part: part["name"])
def test_a_part_is_the_one_that_is_listed_and_its_licence_stands_beside_it(part):
    assert hashlib.sha256((ROOT / part["file"]).read_bytes()).hexdigest() == part["sha256"]
    assert len(licence_file(part).read_text(encoding="utf-8")) > 200


def test_pages_hold_no_script_or_style_of_their_own_and_use_no_library():
    for file in TEMPLATES.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\son\w+=|\shx-|\sstyle=|<style|<script(?![^>]*\ssrc=)", text), file.name
    used = set(
        re.findall(r"part\(['\"]([\w.]+\.js)", "".join(one.read_text("utf-8") for one in TEMPLATES.rglob("*.html")))
    )
    assert used == {one.name for one in TEMPLATES.with_name("static").glob("*.js")} == {"escalon.js"}
