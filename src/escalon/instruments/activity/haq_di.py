"""HAQ-DI: self-reported disability in eight categories of daily life, 0 none to 3 complete.

Twenty items; a named aid or device, or help from another person, raises its category's 0 or 1 *to* 2 and never beyond. Six of
eight categories suffice (the owner's rule). The form is part of the result: the twenty items, the eight category scores
alone, and the eight-item MHAQ (no aids, some 0.3–0.4 lower) are three instruments and are never mixed.

Only short labels stand here; the questionnaire's wording belongs to its owners.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escalon.expressions.symbols import (
    any_of,
    case,
    count_known,
    known,
    largest_known,
    maximum,
    negated,
    otherwise,
    sum_known,
    total,
)
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import Item, integer, truth

FEWEST_CATEGORIES = 6  # Bruce & Fries 2003, doi:10.1186/1477-7525-1-20
BANDS = "mild to moderate <= 1 < moderate to severe <= 2 < severe to very severe"


@dataclass(frozen=True, slots=True)
class Category:
    """A category: its items, the aids and devices that count for it, and its help box, each with its SDTM number."""

    about: str
    items: dict[str, list[Any]]
    aids: dict[str, list[Any]]
    help_box: int


CATEGORIES: dict[str, Category] = {
    name: Category(**told)
    for name, told in tomllib.loads(Path(__file__).with_name("haq_di.toml").read_text(encoding="utf-8")).items()
}


def _ticked(about: str, number: int | None = None) -> Item:
    return truth(about, needed=False, also=() if number is None else (f"haq{number:04d}",))


ANSWERS = {
    item: integer(f"{about}: 0 without difficulty, 1 some, 2 much, 3 unable", 0, 3, also=(f"haq{number:04d}",))
    for category in CATEGORIES.values()
    for item, (number, about) in category.items.items()
}
BOXES = {
    box: item
    for name, category in CATEGORIES.items()
    for box, item in {
        **{aid: _ticked(about, number) for aid, (number, about) in category.aids.items()},
        f"help_{name}": _ticked(f"help from another person: {category.about}", category.help_box),
        f"assigned_{name}": _ticked(f"another aid or a note on the form that the site assigns to {category.about}"),
    }.items()
}
ITEMS = ANSWERS | BOXES
SOURCE = "Fries 1980, Arthritis Rheum 23:137–145; scoring Bruce & Fries 2003, doi:10.1186/1477-7525-1-20"


@instrument("HAQ-DI", source=SOURCE, items=ITEMS, bands=BANDS, code="HAQDI", version="HAQ_DI_20")
def haq_di(it: Items) -> Outcome:
    """Disability: the mean of the category scores, each the worst item answered, at least 2 with an aid or help.

    An aid or help box that is not ticked is blank on the form, so what is not recorded counts as not ticked; where none is
    recorded at all the result says so. An aid does not stand in for answers. `alternative` is the index without aids.
    """
    raw = {name: largest_known(*(it[item] for item in category.items)) for name, category in CATEGORIES.items()}
    ticked = {
        name: otherwise(any_of(*(it[box] for box in (*category.aids, f"help_{name}", f"assigned_{name}"))), False)
        for name, category in CATEGORIES.items()
    }
    scores = {name: case(ticked[name], maximum(raw[name], 2), raw[name]) for name in CATEGORIES}
    return Outcome(
        _mean(scores.values()),
        parts={"alternative": _mean(raw.values()), **{f"category_{name}": score for name, score in scores.items()}},
        flags={
            "AIDS_NOT_STATED": (
                negated(any_of(*(known(it[box]) for box in BOXES))),
                "no aid, device or help is recorded either way: taken as none ticked",
            )
        },
    )


@instrument(
    "HAQ-DI from category scores",
    source=SOURCE,
    items={
        name: integer(f"category score {category.about}, aids and help already applied", 0, 3)
        for name, category in CATEGORIES.items()
    },
    bands=BANDS,
    code="HAQDICAT",
    version="HAQ_DI_CATEGORY_ONLY",
)
def haq_di_category_only(it: Items) -> Any:
    """Disability where only the eight category scores were recorded: their mean, if at least six are known."""
    return _mean(it.values())


@instrument(
    "MHAQ",
    source="Pincus 1983, Arthritis Rheum 26:1346–1353",
    items={
        name: integer("0 without difficulty, 1 some, 2 much, 3 unable", 0, 3)
        for name in "dress bed lift_cup walk_outdoors wash_body bend_down faucets car".split()
    },
    code="MHAQ",
    version="MHAQ_8",
    unconfirmed="the paper was not read: its missing-item rule is unknown, so all eight items are required",
)
def mhaq_8(it: Items) -> Any:
    """Modified HAQ: the mean of eight items, without aids; not interchangeable with HAQ-DI."""
    return total(it.values()) / len(it)


def _mean(scores: Iterable[Any]) -> Any:
    scores = tuple(scores)
    answered = count_known(*scores)
    return case(answered >= FEWEST_CATEGORIES, sum_known(*scores) / answered, None)
