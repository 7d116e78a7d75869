"""A commented study folder to start from: an example, or the outline of a trial as a few answers give it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

from escalon.facts import Duration
from escalon.facts.whole import new_folder
from escalon.instruments.product.dose import DoseAmount
from escalon.protocol.errors import Problem, StudyError
from escalon.protocol.folder import find_folder, table_in
from escalon.protocol.toml_lines import toml_string

FILES = ("study.toml", "record.txt")
VARIANTS = {
    "V1": "V1: no de-escalation, the level below stands as it is",
    "V2": "V2: the level below a too toxic one is filled to six before it is named",
    "V3": "V3: as V2, and the top level too is filled to six",
}


@dataclass(frozen=True, slots=True)
class Outline:
    """What `escalon study new` asks: identity, whom, what is given, how much, and by which rule it is escalated."""

    title: str = "EXAMPLE: one product, one disease, two dose levels"
    diseases: tuple[str, ...] = ("EX=example disease",)
    """`SLE=systemic lupus erythematosus`, or the short name alone."""
    product: str = "example cells"
    levels: tuple[str, ...] = ("1×10^5 cells/kg", "1×10^6 cells/kg")
    """From the lowest: `25 mg`, or with its number, `-1=25 mg`."""
    rule: str = "three_plus_three"
    variant: str = ""
    """V1, V2 or V3, of a 3+3; V2 when it is not said."""
    cap: int | None = None
    """The most ever enrolled; two cohorts of three at each level when it is not said."""
    start: int | None = None
    by_disease: bool = False
    window: str = "28 days"
    phase: str = "Phase 1"
    zone: str = "UTC"


def write_skeleton(folder: Path, outline: Outline | None = None) -> tuple[Path, ...]:
    """Write a study that loads and lints; refuses a folder that holds anything, and answers no study can be made of.

    The decision table that a rule names is copied in beside it.

    Raises StudyError or ValueError, and leaves nothing behind.
    """
    from escalon.protocol.load import load_study

    outline = outline or Outline()
    named = table_in(outline.rule)
    table = Path(named)
    if table.name in FILES:
        raise ValueError(f"{named}: the new folder has a {table.name} of its own. Give the table another name")
    if table.is_file():
        rule = outline.rule.replace(named, table.name).replace('"', "'")  # as it stands in the TOML of the folder
        outline = replace(outline, rule=rule)
    words = _words(outline)
    with _new(folder) as made:
        for name in FILES:
            text = files("escalon.protocol").joinpath("skeleton_files", name).read_text(encoding="utf-8")
            (made / name).write_text(_rendered(text, words), encoding="utf-8", newline="\n")
        if table.is_file():
            shutil.copyfile(table, made / table.name)
        load_study(made)
    return tuple(folder / name for name in (*FILES, *([table.name] if table.is_file() else [])))


def copy_study(name_or_folder: str | Path, folder: Path) -> tuple[Path, ...]:
    """A copy of a study's folder, to change and to sign. Raises StudyError."""
    with _new(folder) as made:
        copied = [one for one in sorted(find_folder(name_or_folder).iterdir()) if one.is_file()]
        for one in copied:
            shutil.copyfile(one, made / one.name)
    return tuple(folder / one.name for one in copied)


@contextmanager
def _new(folder: Path) -> Iterator[Path]:
    """The folder to write a study into, which stands where it was asked for, whole, or not at all. Raises StudyError."""
    says = "already exists and is not an empty folder. Give another name"
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StudyError([Problem(str(folder), 1, says)])
    try:
        with new_folder(folder) as made:
            made.mkdir()
            yield made
    except FileExistsError:
        raise StudyError([Problem(str(folder), 1, says)]) from None


def _rendered(text: str, words: dict[str, Any]) -> str:
    from jinja2 import Environment, StrictUndefined

    rendering = Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    rendering.filters["q"] = lambda value: toml_string(str(value))
    return rendering.from_string(text).render(words)


def _words(one: Outline) -> dict[str, Any]:
    """What the templates say of an outline. Raises ValueError for a dose or a duration that is none."""
    amounts = [DoseAmount.parse(each.rpartition("=")[2]) for each in one.levels]
    is_cells = amounts[0].is_cells
    is_3_plus_3 = one.rule.lower().startswith(("3+3", "three"))
    window = Duration.parse(one.window)
    day = window.number * {"day": 1, "week": 7}.get(window.unit, 30)
    cap = 6 * len(amounts) if one.cap is None else one.cap
    rule = one.rule.partition(" ")[0]
    name = (
        "3+3"
        if is_3_plus_3
        else rule
        if rule in ("rolling-six", "i3+3", "keyboard", "table")
        else rule.upper().replace("MTPI2", "mTPI-2")
    )
    variant = (one.variant or ("V2" if is_3_plus_3 and "variant" not in one.rule else "")).upper()
    if variant and variant not in VARIANTS:
        raise ValueError(f"there is no variant {one.variant!r} of a 3+3. Write one of: {', '.join(VARIANTS)}")
    named = f"{'an' if name in ('A+B', 'i3+3', 'mTPI-2') else 'a'} {name} rule"
    each = " of each disease" if one.by_disease else ""
    return {
        "tolerance": _tolerance(amounts),
        "title": one.title, "phase": one.phase, "zone": one.zone, "product": one.product, "rule": one.rule, "start": one.start,
        "diseases": [(id.strip(), name.strip() or id.strip()) for id, _, name in (text.partition("=") for text in one.diseases)],
        "by_disease": one.by_disease, "cap": cap, "target": cap * (len(one.diseases) if one.by_disease else 1),
        "variant": variant, "variants": VARIANTS, "rule_name": name, "window": one.window, "day": day,
        "visit": "Month 1" if day == 28 else f"Day {day}: the window closes",
        "escalated": f"The dose is escalated by {named} in up to {cap} participants{each}.",
        "levels": list(_levels(one)), "per_kilogram": amounts[0].per == "kg",
        "given": f"one infusion of {one.product}" if is_cells else one.product,
        "act": "one intravenous infusion" if is_cells else f"{one.product}, first given",
        "is_cells": is_cells,
        "is_car_t": one.product == Outline().product or "CAR-T" in " ".join((one.product, *one.levels)).upper(),
        "infusion_label": "infusion" if is_cells else "first dose",
        "limiting": ("CRS", "CRS", 4) if is_cells else ("non-haematological toxicity", "non_haematological", 3),
    }  # fmt: skip


def _tolerance(amounts: list[DoseAmount]) -> int:
    """The widest customary tolerance, in percent, under which no window of a level reaches into the next."""
    ratios = [Fraction(above.value) / below.value for below, above in pairwise(amounts)]
    return next(
        (each for each in (20, 15, 10, 5, 2) if all(ratio > Fraction(100 + each, 100 - each) for ratio in ratios)), 1
    )


def _levels(one: Outline) -> Iterator[dict[str, Any]]:
    names = {1: ("single",), 2: ("low", "high"), 3: ("low", "medium", "high")}.get(len(one.levels))
    number = 0
    for place, text in enumerate(one.levels):
        said, _, amount = text.rpartition("=")
        number = int(said) if said else number + 1 or 1
        is_example = amount.endswith(" cells/kg") and amount.startswith("1×10^")
        yield {
            "number": number, "name": names[place] if names else f"level {number}",
            "key": "cells_per_kg" if is_example else "amount      ",
            "written": f"1e{amount[5:].split(' ')[0]}" if is_example else amount.strip(),
            "says": f"{'Level' if place == 0 else 'level'} {number} is {amount.strip()}" + "." * (place == len(one.levels) - 1),
        }  # fmt: skip
