"""No instrument is half added: each says where it comes from, what it measures, and has rows that the tests run."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from pathlib import Path

import pytest
from tools.docs_instruments import spec_page

from escalon.instruments import catalogue
from escalon.instruments.kit.catalogue import family
from escalon.instruments.kit.instrument import Instrument

SPEC = Path(__file__).parents[2] / "spec"
every = pytest.mark.parametrize("instrument", catalogue().values(), ids=lambda one: one.name)
YEAR = r"\b(19|20)\d\d\b"
# What an instrument may rest on: a DOI; a journal with volume and page, or an official document, with its year; or a rule
# of this project's own specification that says so.
DOI = re.compile(r"doi:10\.\d{4,}/\S+")
JOURNAL = re.compile(rf"{YEAR}.*\b\d+(\([^)]*\))?:[eS]?\d+", re.DOTALL)
DOCUMENT = re.compile(rf"(CTCAE v5\.0|FDA|US prescribing information|WHO).*{YEAR}", re.DOTALL)
OWN = "project rule (spec"
ROW = re.compile(r"^\|[-:| ]+\|\n\|.+\|$", re.MULTILINE)
# Terms whose rule the page of laboratory limits cannot print as one row; tests/instruments has them case by case.
CASE_BY_CASE = {"ctcae_febrile_neutropenia", "ctcae_fibrinogen_decreased_current"}


@every
def test_it_says_where_it_comes_from(instrument: Instrument) -> None:
    found = DOI.search(instrument.source) or JOURNAL.search(instrument.source) or DOCUMENT.search(instrument.source)
    assert found or instrument.source.startswith(OWN), instrument.source


@every
def test_its_first_sentence_says_what_it_is(instrument: Instrument) -> None:
    first = re.split(r"(?<=[.])\s", " ".join(instrument.about.split()))[0]
    assert 15 <= len(first) <= 300, instrument.about
    assert first.endswith("."), instrument.about


@every
def test_every_item_and_option_is_described(instrument: Instrument) -> None:
    for name, item in instrument.items.items():
        assert item.about.strip(), name
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name), name
        assert item.low is None or item.high is None or item.low < item.high, name
    for name, choices in instrument.options.items():
        assert len(set(map(str, choices))) == len(choices) >= 2, name


@every
def test_it_has_rows_in_the_specification(instrument: Instrument) -> None:
    if instrument.name in CASE_BY_CASE:
        cases = "\n".join(
            file.read_text(encoding="utf-8") for file in (SPEC.parent / "tests" / "instruments").glob("*.py")
        )
        assert f'"{instrument.name}"' in cases
        return
    page = spec_page(instrument)
    assert page, "no page of spec/ is about it"
    assert ROW.search((SPEC / page).read_text(encoding="utf-8")), f"{page} has no table with a row"


@every
def test_its_file_says_what_it_holds(instrument: Instrument) -> None:
    assert inspect.getmodule(instrument.rule).__doc__


def test_no_two_instruments_answer_to_one_name() -> None:
    names = Counter(name for one in catalogue().values() for name in (one.name, *one.also))
    assert [name for name, times in names.items() if times > 1] == []
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in catalogue())


def test_no_two_titles_are_the_same() -> None:
    titles = Counter(one.title for one in catalogue().values() if not one.title.startswith("CTCAE"))
    assert [title for title, times in titles.items() if times > 1] == []


def test_no_two_export_codes_are_the_same() -> None:
    """CTCAE grades are exported as grades of events, not as test codes."""
    codes = Counter(one.code for one in catalogue().values() if not one.name.startswith("ctcae_"))
    assert [code for code, times in codes.items() if times > 1] == []
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]{0,7}", code) for code in codes)


def test_every_instrument_stands_in_one_of_the_families() -> None:
    assert {family(one) for one in catalogue().values()} == {
        "activity",
        "classification",
        "general",
        "product",
        "safety",
    }
