"""The pages that are written from the software say what the software says."""

import pytest
from tools.docs import pages, stale
from tools.docs_commands import every_command
from tools.docs_instruments import differing, rule_text, spec_page

from escalon.instruments import catalogue
from tests.docs.pages import ROOT

DOCS = ROOT / "docs"
WITHOUT_A_TABLE = {"ctcae_febrile_neutropenia", "ctcae_fibrinogen_decreased_current"}
"""Graded, and tested elsewhere, but on no page of spec/ yet. Nothing may be added here."""


@pytest.mark.parametrize("name", sorted(pages(DOCS)))
def test_a_generated_page_is_up_to_date(name):
    assert (DOCS / name).read_text(encoding="utf-8") == pages(DOCS)[name], "run: make docs"


def test_a_page_that_says_something_else_is_stale(tmp_path):
    assert set(stale(tmp_path)) == {"instruments.md", "data-dictionary.md", "commands.md", "study-keys.md", "lint.md"}
    for name, text in stale(tmp_path).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert stale(tmp_path) == {}
    (tmp_path / "commands.md").write_text("# Commands", encoding="utf-8")
    assert set(stale(tmp_path)) == {"commands.md"}


def test_every_command_says_what_it_is_for():
    silent = [" ".join(words) for words, command in every_command() if not (command.help or "").strip()]
    assert silent == []


def test_every_command_and_option_is_on_the_page():
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    for words, command in every_command():
        assert f" escalon {' '.join(words)}\n" in page
        options = [] if getattr(command, "commands", None) else command.params
        assert all(param.opts[0] in page for param in options if param.param_type_name == "option")


def test_every_option_says_what_it_is_for():
    silent = [
        f"{' '.join(words)} {param.opts[0]}"
        for words, command in every_command()
        if not getattr(command, "commands", None)
        for param in command.params
        if param.param_type_name == "option" and not (param.help or "").strip()
    ]
    assert silent == []


def test_every_instrument_names_its_source():
    assert [one.name for one in catalogue().values() if len(one.source) < 10] == []


def test_every_instrument_has_a_page_of_spec():
    assert {one.name for one in catalogue().values() if spec_page(one) is None} <= WITHOUT_A_TABLE


def test_every_instrument_has_its_section_with_items_rule_and_source():
    page = (DOCS / "instruments.md").read_text(encoding="utf-8")
    for name, one in catalogue().items():
        section = page.split(f"\n### {name}\n")[1].split("\n### ")[0]
        assert one.title in section
        assert all(f"| `{item}` |" in section for item in one.items)
        assert one.source in section
        assert "* Missing data: " in section
        assert bool(one.unconfirmed) == ("**Unconfirmed:**" in section)


def test_what_differs_elsewhere_is_said_of_instruments_that_exist():
    assert differing()
    assert set(differing()) - set(catalogue()) == set()


def test_a_rule_is_shown_as_its_formula():
    assert (
        rule_text(catalogue()["das28_esr"]) == "0.56·√tender + 0.28·√swollen + 0.7·ln max(esr, 1) + 0.014·global_health"
    )
