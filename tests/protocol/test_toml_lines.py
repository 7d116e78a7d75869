"""The locator agrees with `tomllib` on what there is, and with the reader on where it stands."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from escalon.protocol.toml_lines import TomlLines

STUDIES = Path(__file__).parents[2] / "src" / "escalon" / "studies"
TEXT = '''
title = "a # b = c"
[dose]
rule = "x"          # [not.a.table]
  "odd key" = 1
list = [
  "one = 1",        # key = 2
  { id = "q", says = "[x]" },
]
[[dose.level]]
number = 1
says = """
[[fake]]
fake = 1
"""
[[dose.level]]
number = 2
[[dose.level.part]]
n = 1
[[dose.level.part]]
n = 2
[fact."a.b"]
kind.of = "dotted"
'''


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every key of tables and of arrays of tables; inline ones are one value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from paths(inner, (*path, key))
    elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        for number, inner in enumerate(value):
            yield from paths(inner, (*path, number))


def test_every_key_is_found_on_its_line() -> None:
    lines = TomlLines("a.toml", TEXT)
    assert lines.find(("title",)).line == 2
    assert lines.find(("dose", "odd key")).line == 5
    assert lines.find(("dose", "level", 1, "number")).line == 17
    assert lines.find(("dose", "level", 1, "part", 1, "n")).line == 21
    assert lines.find(("fact", "a.b", "kind", "of")).line == 23


def test_text_and_comments_that_look_like_tables_are_not() -> None:
    lines = TomlLines("a.toml", TEXT)
    assert ("fake",) not in lines.spots
    assert ("not", "a", "table") not in lines.spots
    assert lines.text_of(lines.find(("dose", "level", 0, "says")).line) == 'says = """'


def test_a_key_within_an_inline_table_is_found_within_its_value() -> None:
    lines = TomlLines("a.toml", TEXT)
    assert lines.text_of(lines.find(("dose", "list", 1, "says")).line).strip().startswith("{ id")


def test_what_is_not_there_points_to_the_table_around_it() -> None:
    assert TomlLines("a.toml", TEXT).find(("dose", "cap")).line == 3


def test_the_inside_of_a_long_text_has_its_own_lines() -> None:
    lines = TomlLines("a.toml", TEXT)
    assert lines.place_in_value(("dose", "level", 0, "says"), 2, 3) == (14, 2)
    assert lines.place_in_value(("dose", "rule"), 1, 1) == (4, 8)


@pytest.mark.parametrize("path", sorted(STUDIES.rglob("*.toml")), ids=lambda path: path.name)
def test_it_finds_every_key_of_the_bundled_studies(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = TomlLines(path.name, text)
    for key in paths(tomllib.loads(text)):
        spot = lines.find(key)
        written = lines.text_of(spot.line)[spot.column : spot.column + spot.width]
        assert str(key[-1]) in written, (key, spot)


@given(st.text(alphabet="[]{}\"'=#.\n\\ ab1", max_size=80))
def test_any_text_is_scanned_to_its_end(text: str) -> None:
    lines = TomlLines("a.toml", text)
    for spot in lines.spots.values():
        assert 1 <= spot.line <= text.count("\n") + 1
        assert spot.column <= len(lines.text_of(spot.line))


@given(
    st.dictionaries(st.sampled_from(["a", "b", "c", "d e"]), st.one_of(st.integers(), st.text(max_size=12)), min_size=1)
)
def test_every_key_that_tomllib_reads_is_found(table: dict[str, int | str]) -> None:
    text = "".join(f"{json.dumps(key)} = {json.dumps(value, ensure_ascii=True)}\n" for key, value in table.items())
    lines = TomlLines("a.toml", text)
    assume(tomllib_reads(text))
    assert [lines.find((key,)).line for key in table] == list(range(1, len(table) + 1))


def tomllib_reads(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True
