"""What the page shows as one types is what the server answers: over every row of every table of the specification."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from escalon.expressions.exactness import TOLERANCE
from escalon.facts import words
from escalon.instruments import catalogue
from escalon.instruments.kit.assessment import assess_with, chosen_options
from escalon.web import told
from tests.spec.test_instrument_tables import ROWS, inputs

SCRIPT = Path(told.__file__).parent / "static" / "escalon.js"
RUN = """
import {readFileSync} from "fs";
const [script, cases] = process.argv.slice(2);
const {preview} = await import("data:text/javascript;base64," + readFileSync(script).toString("base64"));
const {programs, rows} = JSON.parse(readFileSync(cases, "utf8"));
console.log(JSON.stringify(rows.map(([program, given]) => preview(programs[program], given))));
"""


def test_the_script_takes_two_numbers_for_equal_where_the_other_readings_do() -> None:
    assert f"const TOLERANCE = {TOLERANCE!r};" in SCRIPT.read_text(encoding="utf-8")


def fields_of(instrument, given):
    """A row's inputs as the page's controls hold them: an answer and its unit apart."""
    fields = {}
    for key, text in given.items():
        name = instrument.aliases.get(key, key)
        item = instrument.items.get(name)
        boxed = item is not None and instrument.adapt is not None and item.kind == "integer"  # such as drugs by name
        unsaid = words.not_known(text) is not None and words.label(text, item.choices if item else ()) is None
        if item is None or (unsaid and not boxed):
            continue
        unit = next((one for one in sorted(item.units, key=len, reverse=True) if text.endswith(f" {one}")), "")
        text = text.removesuffix(f" {unit}").strip() if unit else text
        if item.kind == "truth" and words.truth(text) is not None:
            text = "yes" if words.truth(text) else "no"
        if item.kind == "label":
            text = words.label(text, item.choices) or text
        fields[name] = {"text": text, "unit": unit}
    return fields


def asked(row):
    """A row's instrument, options, fields, and what the server says of it."""
    instrument, given = catalogue()[row.instrument], inputs(row)
    options = chosen_options(instrument, {key: text for key, text in given.items() if key in instrument.options})
    return (
        instrument,
        options,
        fields_of(instrument, given),
        told.told(instrument, assess_with(instrument, given)),
    )


def previews(cases, folder):
    """What the page's script shows for each case."""
    if not shutil.which("node"):
        pytest.skip("Node is not installed, so the page's script is not run")
    programs, rows = {}, []
    for instrument, options, fields, _ in cases:
        key = f"{instrument.name} {sorted(options.items())}"
        programs.setdefault(key, told.for_the_page(instrument, options))
        rows.append((key, fields))
    written = folder / "cases.json"
    written.write_text(json.dumps({"programs": programs, "rows": rows}))
    (folder / "run.mjs").write_text(RUN)
    done = subprocess.run(
        ["node", str(folder / "run.mjs"), str(SCRIPT), str(written)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_the_preview_says_what_the_server_says_for_every_row_of_the_specification(tmp_path):
    cases = [asked(row) for row in ROWS]
    left_to_the_server, differing = 0, []
    for row, (*_, said), shown in zip(ROWS, cases, previews(cases, tmp_path), strict=True):
        if shown is None:
            left_to_the_server += row.page != "as_people_write"  # words and signs are the server's to read
        elif shown["says"] != said["says"] or (shown["status"] != "invalid" and shown["missing"] != said["missing"]):
            differing.append((str(row), shown, said["says"], said["missing"]))
    assert differing == [], "\n".join(map(str, differing))
    assert left_to_the_server < len(ROWS) / 50, "the preview reads what the page's controls can hold"


def test_the_preview_says_what_the_server_says_while_items_are_missing(tmp_path):
    cases = []
    for row in ROWS:
        instrument, options, fields, _ = asked(row)
        for left_out in list(fields)[:3]:
            fewer = {name: one for name, one in fields.items() if name != left_out}
            texts = {name: f"{one['text']} {one['unit']}".strip() for name, one in fewer.items()}
            finding = assess_with(instrument, {**texts, **options})
            cases.append((instrument, options, fewer, told.told(instrument, finding)))
    open_ones = 0
    for (instrument, _, fields, said), shown in zip(cases, previews(cases, tmp_path), strict=True):
        if shown is not None and shown["status"] != "invalid":
            assert (shown["says"], shown["missing"]) == (said["says"], said["missing"]), (instrument.name, fields)
            open_ones += " to " in said["says"]
    assert open_ones > 100, "most rows with an item left out have bounds"


def test_a_missing_item_leaves_a_range_and_its_bands():
    das28 = catalogue()["das28_esr"]
    finding = assess_with(das28, {"tender": 4, "swollen": 3, "esr": 22})
    assert told.in_a_line(das28, finding) == "3.76 to 5.17, moderate to high"
    assert told.told(das28, finding)["missing_labels"] == [
        "patient's general health or global disease activity, line of 100 mm"
    ]


def test_numbers_have_their_thousands_apart_and_no_trailing_zero():
    assert told.in_words(1234567.50) == "1\u202f234\u202f567.5"
    assert told.in_words(-0.5) == "-0.5"
    assert told.in_words(1500) == "1500"
    assert told.in_words(24.50) == "24.5"


def test_the_script_is_small_and_holds_no_address():
    import gzip

    assert len(gzip.compress(SCRIPT.read_bytes())) <= 12_000
    assert "http" not in SCRIPT.read_text().replace("https://www.w3.org", "")
