"""Every instrument on one page: what it measures, items, rule, bands, missing data, flags, source, disagreements."""

import inspect
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.docs_markdown import block, code, folded, table

if TYPE_CHECKING:
    from escalon.instruments.kit.instrument import Instrument

FAMILIES = {
    "activity": "Disease activity and response",
    "classification": "Classification",
    "general": "General",
    "product": "Cell product",
    "safety": "Safety",
}
SHORT_LIST, SHORT_RULE, LONGEST_RULE = 12, 400, 2500
"""Items and characters up to which a list and a rule stand open; a longer rule than the last is not printed here."""

_ROOT = Path(__file__).resolve().parents[1]
_PAGES_BY_MODULE = {
    "cockcroft_gault": "cell_therapy/creatinine_clearance.md",
    "cell_dose": "cell_therapy/dose.md",
    "vector_copy_number": "cell_therapy/product.md",
}
"""Specification pages whose tables are about an instrument without printing its name."""


def instruments_page() -> str:
    """The page: a list by family, then a section for each instrument."""
    from escalon.instruments import catalogue
    from escalon.instruments.kit.catalogue import family

    every = sorted(catalogue().values(), key=lambda one: (list(FAMILIES).index(family(one)), one.name))
    parts = [
        "# Instruments",
        f"{len(every)} instruments. Each is one function in `src/escalon/instruments/`, from which this page, the entry forms, "
        "range checks, data dictionary, SQL and JavaScript follow. `escalon score NAME --items` shows the same in the "
        "terminal; the tables under `spec/` that the tests run are linked from each. A missing item is never zero: what a "
        "result does without it is stated below.",
    ]
    for key, title in FAMILIES.items():
        parts += [f"**{title}**", _contents([one for one in every if family(one) == key])]
    for key, title in FAMILIES.items():
        parts.append(f"## {title}")
        for one in every:
            if family(one) == key:
                parts += _section(one)
    return "\n\n".join(parts) + "\n"


def _contents(instruments: "list[Instrument]") -> str:
    rows = [(f"[`{one.name}`](#{one.name})", one.title, _first_line(one)) for one in instruments]
    return table(("name", "title", "what it measures"), rows)


def _first_line(one: "Instrument") -> str:
    return one.about.splitlines()[0] if one.about else ""


def _section(one: "Instrument") -> Iterator[str]:
    from escalon.instruments.kit.readings import described

    about = described(one)
    yield f"### {one.name}"
    yield f"**{one.title}.** {' '.join(one.about.split())}"
    if one.unconfirmed:
        yield f"> **Unconfirmed:** {one.unconfirmed}. Results carry the flag `rule_unconfirmed`."
    yield _items(about["items"])
    yield _rule(one)
    yield "\n".join(_facts_about(one, about))


def _items(items: list[dict[str, Any]]) -> str:
    rows = [
        (code(item["name"]), item["about"], item["accepted"], ", ".join(item["units"]), ", ".join(item["also"]))
        for item in items
    ]
    grid = table(("item", "what it is", "accepted", "units", "also called"), rows)
    return grid if len(items) <= SHORT_LIST else folded(f"{len(items)} items", grid)


def _rule(one: "Instrument") -> str:
    text = rule_text(one)
    if len(text) > LONGEST_RULE:
        return f"Rule: a table of {len(one.items)} items; `escalon score {one.name} --show formula` prints it whole."
    shown = block(_in_lines(text))
    return f"Rule:\n\n{shown}" if len(text) <= SHORT_RULE else folded("Rule as a formula", shown)


def rule_text(one: "Instrument") -> str:
    """The rule for the value as one line of plain text, with the default options."""
    from escalon.expressions.text import plain_text

    program = one.program()
    return plain_text(program.steps[program.roots["value"]].node)


def _in_lines(text: str) -> str:
    """A rule with each of its outermost cases on a line of its own."""
    lines, depth = [""], 0
    for word in text.split(" "):
        if word == "else" and depth == 0:
            lines.append("")
        depth += word.count("(") - word.count(")")
        lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(lines)


def _facts_about(one: "Instrument", about: dict[str, Any]) -> Iterator[str]:
    if about["unit"]:
        yield f"* Unit: {about['unit']}"
    for name, bands in about["bands"].items():
        label = "Bands" if name == "category" else f"Bands ({name})"
        yield f"* {label}: " + "; ".join(f"{band} {test}" for band, test in bands)
    yield f"* Missing data: {_when_missing(one)}"
    for name, choices in about["options"].items():
        yield f"* Option `{name}`: `{choices[0]}` unless said otherwise" + "".join(
            f", `{other}`" for other in choices[1:]
        )
    for flag, sentence in about["flags"].items():
        yield f"* Flag `{flag}`: {sentence}"
    if one.notes:
        yield f"* Notes, and sources that disagree: {' '.join(one.notes.split())}"
    if one.name in differing():
        yield f"* Elsewhere it differs: {differing()[one.name]}"
    yield f"* Source: {one.source} (version {one.version} of the rule here; test code `{one.code}`)"
    yield f"* Tables that the tests run: {spec_link(one)}; code: [{_file(one).name}](../{_file(one).as_posix()})"


def _when_missing(one: "Instrument") -> str:
    from escalon.facts import Status

    spared = [name for name, item in one.items.items() if not item.needed]
    if one.when_missing is Status.INDETERMINATE:
        text = "the answer is given where what is missing cannot change it; otherwise it is left open, with its bounds"
    else:
        text = (
            "without an item the rule needs there is no value; what is missing is named, with bounds where they exist"
        )
    if not spared:
        return text
    shown = ", ".join(map(code, spared[:SHORT_LIST])) + (
        f" and {len(spared) - SHORT_LIST} more" if spared[SHORT_LIST:] else ""
    )
    return f"{text}. May be left out: {shown}"


def _file(one: "Instrument") -> Path:
    source = Path(inspect.getsourcefile(one.rule) or "")
    return Path("src") / source.relative_to(source.parents[_depth(one)])


def _depth(one: "Instrument") -> int:
    """How many folders above its file the package `escalon` lies."""
    return one.rule.__module__.count(".")


def spec_link(one: "Instrument") -> str:
    """A link to the page of spec/ about an instrument; a dash where there is none."""
    page = spec_page(one)
    return f"[spec/{page}](../spec/{page})" if page else "–"


def spec_page(one: "Instrument") -> str | None:
    """The page of spec/ about an instrument: by its name in a heading, its name in the text, or its file."""
    pages = _spec_pages()
    headed = (name for name, text in pages.items() if any(f"`{one.name}`" in line for line in _headings(text)))
    named = (name for name, text in pages.items() if re.search(rf"\b{one.name}\b", text))
    stem = one.rule.__module__.rsplit(".", 1)[-1]
    filed = (name for name in pages if name == _PAGES_BY_MODULE.get(stem) or name.endswith(f"/{stem}.md"))
    return next(headed, None) or next(named, None) or next(filed, None)


def _headings(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("#")]


@cache
def differing() -> dict[str, str]:
    """What calculators, packages and reprints do differently, by instrument: docs/disagreements.toml."""
    file = _ROOT / "docs" / "disagreements.toml"
    stated = tomllib.loads(file.read_text(encoding="utf-8"))["elsewhere"] if file.exists() else []
    return {name: " ".join(one["differs"].split()) for one in stated for name in one["instruments"]}


@cache
def _spec_pages() -> dict[str, str]:
    """The pages of spec/, read where the software was cloned; none where only the package is installed."""
    root = _ROOT / "spec"
    files = sorted(root.rglob("*.md"), key=lambda file: (file.stem == "as_people_write", file))  # about many, so last
    return {file.relative_to(root).as_posix(): file.read_text(encoding="utf-8") for file in files}
