"""Designs by name, from plain settings: what a study file or a command line says, turned into a design.

`3+3 V2 size=18`, `boin target=0.25 size=18`, `crm target=0.25 skeleton=0.05/0.15/0.30 size=18`, `rolling-six window=28`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from escalon.escalation.backfill import backfill
from escalon.escalation.errors import EscalationError
from escalon.escalation.guards import (
    Guard,
    at_most,
    enough_and_staying,
    enough_at_current,
    enough_at_next,
    expand_at_mtd,
    no_skipping,
    total_dlts,
)
from escalon.escalation.rule import Rule
from escalon.escalation.settings import Settings
from escalon.escalation.timed import Design
from escalon.escalation.toxicity_guards import coherent, lowest_too_toxic, too_toxic

if TYPE_CHECKING:
    from escalon.escalation.crm import DoseToxicity

MOST_LEVELS = 30  # far beyond any phase I trial


def _a_plus_b(given: Settings) -> Design:
    from escalon.escalation.three_plus_three import a_plus_b
    from escalon.escalation.thresholds import Thresholds

    thresholds = Thresholds(**given.counts("a", "b", "c", "d", "e", "declare"))
    return a_plus_b(given.levels, thresholds, str(given.given["variant"]), **given.where())


def _interval(module: str, name: str) -> Callable[[Settings], Design]:
    """A design driven by a decision table; its module is loaded when it is asked for."""

    def design(given: Settings) -> Design:
        make: Callable[..., Rule] = getattr(import_module(f"escalon.escalation.{module}"), name)
        extra = {name: given.number(name) for name in ("margin", "cutoff", "low", "high") if name in given}
        up_to = {"up_to": given.count("size")} if "size" in given else {}
        return make(given.levels, given.number("target"), **extra, **given.counts("cohort"), **given.where(), **up_to)

    return design


def _user_table(given: Settings) -> Design:
    from escalon.escalation.user_table import user_table

    place = Path(str(given.given["file"]))
    return user_table(given.levels, place, float(given.number("target")), **given.counts("cohort"), **given.where())


def _model(given: Settings) -> DoseToxicity:
    from escalon.escalation.crm import DoseToxicity

    extra = {name: float(given.number(name)) for name in ("prior_variance", "intercept") if name in given}
    return DoseToxicity(given.numbers("skeleton"), given.given.get("model", "power"), **extra)


def _crm(given: Settings) -> Design:
    from escalon.escalation.crm import crm

    model, where = _model(given), given.where()
    return crm(
        model.skeleton, float(given.number("target")), model=model.model, prior_variance=model.prior_variance,
        intercept=model.intercept, **given.counts("cohort"), **where,
    )  # fmt: skip


def _rolling_six(given: Settings) -> Design:
    from escalon.escalation.rolling_six import RollingSix

    return RollingSix(given.levels, float(given.number("window")), **given.counts("size"), **given.where())


def _tite_crm(given: Settings) -> Design:
    from escalon.escalation.tite_crm import TiteCrm

    target = given.number("target")
    cutoff = _cutoff(given)
    return TiteCrm(
        _model(given), float(target), float(given.number("window")), given.count("size"),
        given.given.get("weights", "linear"), **given.where(), is_coherent=given.flag("coherent", True),
        skips=not given.flag("no_skipping", True), safety=None if cutoff is None else too_toxic(target, cutoff),
    )  # fmt: skip


def _cutoff(given: Settings, by_default: bool = True) -> Fraction | None:
    """The cut-off beyond which a level is too toxic: `eliminate=0.95`, `yes` (which is .95) or `no`."""
    said = str(given.given.get("eliminate", by_default)).lower()
    if said in ("no", "false"):
        return None
    return Fraction(95, 100) if said in ("yes", "true") else given.number("eliminate")


@dataclass(frozen=True)
class Catalogued:
    """A design as it is written: how to make it, what it must be told, what it may be told besides, and an example."""

    make: Callable[[Settings], Design]
    needs: frozenset[str]
    may: frozenset[str]
    example: str
    is_model: bool = False
    is_timed: bool = False


WHERE = {"start", "lowest"}
LIMITS = {"size", "no_skipping", "coherent", "eliminate", "stop_if_lowest_toxic", "stop_if_staying_at", "stop_at",
          "stop_if_next_has", "stop_at_dlts", "expand_to", "backfill_to"}  # fmt: skip
A_PLUS_B = {"declare", "a", "b", "c", "d", "e"}
INTERVAL = {"cohort", "cutoff"}
MODEL = {"model", "prior_variance", "intercept"}


def _entry(make: Callable[[Settings], Design], needs: str, may: set[str], example: str, **kind: bool) -> Catalogued:
    limits = {"size"} if kind.get("is_timed") else LIMITS
    return Catalogued(make, frozenset(needs.split()), frozenset(may | WHERE | limits), example, **kind)


DESIGNS: dict[str, Catalogued] = {
    "3+3": _entry(_a_plus_b, "variant", {"declare"}, "3+3 variant=V2"),
    "a+b": _entry(_a_plus_b, "variant a b c d e", A_PLUS_B, "a+b variant=V2 a=3 b=3 c=1 d=1 e=1"),
    "boin": _entry(_interval("boin", "boin"), "target size", INTERVAL | {"low", "high"}, "boin target=0.25 size=18"),
    "keyboard": _entry(
        _interval("keyboard", "keyboard"), "target size", INTERVAL | {"margin"}, "keyboard target=0.25 size=18"
    ),
    "mtpi2": _entry(_interval("keyboard", "mtpi2"), "target size", INTERVAL | {"margin"}, "mtpi2 target=0.25 size=18"),
    "i3+3": _entry(
        _interval("i3_plus_3", "i3_plus_3"), "target size", INTERVAL | {"margin"}, "i3+3 target=0.25 size=18"
    ),
    "table": _entry(_user_table, "file target size", {"cohort"}, "table file=decisions.csv target=0.25 size=18"),
    "crm": _entry(
        _crm,
        "target skeleton size",
        MODEL | {"cohort"},
        "crm target=0.25 skeleton=0.05/0.15/0.30 size=18",
        is_model=True,
    ),
    "rolling-six": _entry(_rolling_six, "window", set(), "rolling-six window=28", is_timed=True),
    "tite-crm": _entry(
        _tite_crm,
        "window target skeleton size",
        MODEL | {"weights", "coherent", "no_skipping", "eliminate"},
        "tite-crm target=0.25 skeleton=0.05/0.15/0.30 window=28 size=18",
        is_model=True,
        is_timed=True,
    ),
}
ALIASES = {
    "three_plus_three": "3+3",
    "rolling_six": "rolling-six",
    "tite_crm": "tite-crm",
    "mtpi-2": "mtpi2",
    "i3plus3": "i3+3",
}
SAME = {"cap": "size", "max": "size", "cohort_size": "cohort"}
EXAMPLES = {name: one.example for name, one in DESIGNS.items()}


def parse_design(
    text: str,
    levels: int | None,
    cohort_size: int | None = None,
    cap: int | None = None,
    window: int | None = None,
    *,
    start: int | None = None,
    lowest: int | None = None,
    folder: Path = Path(),
) -> Design:
    """A design from one line of text: `3+3 V2`, `boin target=0.3 cap=30`, `rolling-six window=28`.

    What a study says elsewhere (how many levels, cohort size, cap on enrolment, DLT window in days, the levels that it starts
    at and that is lowest) goes beside the text, which may repeat it but not contradict it. Raises EscalationError with what
    to write instead. A decision table is looked for in `folder` first.

    >>> parse_design("boin target=0.3 cap=30", levels=4).name
    'BOIN 0.3'
    """
    settings = settings_from(text)
    entry = _entry_of(settings)
    if (folder / str(settings.get("file", ""))).is_file():
        settings["file"] = str(folder / settings["file"])
    beside = {
        "levels": levels, "size": cap, "window": window, "cohort": cohort_size, "start": start, "lowest": lowest,
    }  # fmt: skip
    for name, value in beside.items():
        if value is None or name not in entry.needs | entry.may | {"levels"}:
            continue
        said = "the trial's number of levels is" if name == "levels" else "the study says"
        if str(settings.setdefault(name, value)) != str(value):
            raise EscalationError(f"“{text}”: {name}={settings[name]}, but {said} {value}. Write one of the two")
    if str(settings.get("levels", "")).isdecimal():
        settings["levels"] = int(settings["levels"])
    design = design_from(settings)
    if cohort_size is not None and not entry.is_timed and design.cohort != cohort_size:
        raise EscalationError(
            f"“{text}” treats cohorts of {design.cohort}, but the study says {cohort_size}. "
            f"Write cohort_size = {design.cohort}, or leave it out"
        )
    return design


def words_of(design: str) -> list[str]:
    """The words of a design; what stands between quotation marks is one.

    >>> words_of("table file='our table.csv' target=0.25")
    ['table', 'file=our table.csv', 'target=0.25']
    """
    return [re.sub("[\"']", "", word) for word in re.findall(r"""(?:[^\s"']|"[^"]*"|'[^']*')+""", design)]


def settings_from(text: str) -> dict[str, Any]:
    """`boin target=0.25 size=18` as settings; a word without `=` after a 3+3 is its variant."""
    words = words_of(text)
    if not words:
        raise EscalationError("An empty design. Write one of: " + "; ".join(EXAMPLES.values()))
    settings: dict[str, Any] = {"design": ALIASES.get(words[0].lower(), words[0].lower())}
    for word in words[1:]:
        key, equals, value = word.partition("=")
        if not equals and settings["design"] in ("3+3", "a+b"):
            key, value = "variant", word
        elif not equals:
            raise EscalationError(
                f"“{text}”: “{word}” is not a setting. Write for example: "
                f"{EXAMPLES.get(settings['design'], EXAMPLES['boin'])}"
            )
        key = SAME.get(key.lower(), key.lower())
        if key in settings:
            raise EscalationError(f"“{text}”: {key} is given twice")
        settings[key] = value
    return settings


def _entry_of(settings: Mapping[str, Any]) -> Catalogued:
    design = str(settings.get("design", "")).lower()
    if design not in DESIGNS:
        raise EscalationError(f"Unknown design “{design}”. Write one of: " + "; ".join(EXAMPLES.values()))
    return DESIGNS[design]


def design_from(settings: Mapping[str, Any]) -> Design:
    """A design from plain settings: `design`, `levels`, and what the design needs.

    Limits common to all rules of counts: `size` (at most this many enrolled), `stop_if_staying_at`, `stop_at`,
    `stop_if_next_has` (three readings of enough at one level), `stop_at_dlts`, `expand_to`, `backfill_to`, `no_skipping`,
    `coherent`, `eliminate`, `stop_if_lowest_toxic` (a cut-off such as 0.95, for designs with a target); `start` and `lowest`
    (-1: one level lies below level 1). The CRM and TITE-CRM skip no level, do not go up after a cohort whose DLT rate
    reached the target, and treat nobody at or above a level that is too toxic: `no_skipping=no`, `coherent=no` and
    `eliminate=no` set these aside.

    >>> design_from({"design": "3+3", "levels": 3, "variant": "V2", "size": 18}).name
    '3+3 V2'
    """
    entry, name = _entry_of(settings), str(settings["design"]).lower()
    given = {key: value for key, value in settings.items() if key not in ("design", "levels") and value is not None}
    if name == "3+3" and "variant" not in given:
        raise EscalationError(
            "3+3 needs variant, because the name alone says too little: write variant=V1, V2 or V3, for example: "
            f"{entry.example}"
        )
    missing, unknown = sorted(entry.needs - set(given)), sorted(set(given) - entry.needs - entry.may)
    if missing:
        raise EscalationError(f"{name} needs {', '.join(missing)}. Write for example: {entry.example}")
    if unknown:
        known = ", ".join(sorted(entry.needs | entry.may))
        one_by_one = entry.is_timed and LIMITS.issuperset(unknown)
        instead = f". It treats no cohorts: leave it out, or write one that does, {EXAMPLES['boin']} {unknown[0]}=…"
        raise EscalationError(
            f"{name} does not know {', '.join(unknown)}{instead if one_by_one else ''}. It knows: {known}"
        )
    if "levels" not in settings:
        raise EscalationError(f"{name} needs levels: how many dose levels the trial has")
    if not (isinstance(settings["levels"], int) and 1 <= settings["levels"] <= MOST_LEVELS):
        raise EscalationError(f"{name}: {settings['levels']} levels; write a whole number from 1 to {MOST_LEVELS}")
    try:
        read = Settings(name, given, settings["levels"], entry.example)
        design = entry.make(read)
        return _limited(design, read, entry) if isinstance(design, Rule) else design
    except EscalationError:
        raise
    except (TypeError, ValueError, ArithmeticError, OSError, csv.Error) as error:
        raise EscalationError(f"{name}: {error}. Write for example: {entry.example}") from error


def _limited(rule: Rule, given: Settings, entry: Catalogued) -> Rule:
    """The rule with the limits that are given, and those that a model has by default."""
    if given.flag("no_skipping", entry.is_model):
        rule = rule & no_skipping()
    if given.flag("coherent", entry.is_model):
        rule = rule & coherent(_target(given, "coherent"))
    if (cutoff := _cutoff(given, entry.is_model)) is not None:
        rule = rule & too_toxic(_target(given, "eliminate"), cutoff)
    if "stop_if_lowest_toxic" in given:
        rule = rule & lowest_too_toxic(_target(given, "stop_if_lowest_toxic"), given.number("stop_if_lowest_toxic"))
    for name, guard in BY_COUNT.items():
        if name in given:
            count = given.count(name)
            if count < 1:
                raise given.wrong(name, "1 or more")
            rule = rule & guard(count)
    return rule


BY_COUNT: dict[str, Callable[[int], Guard]] = {
    "stop_if_staying_at": enough_and_staying,
    "stop_at": enough_at_current,
    "stop_if_next_has": enough_at_next,
    "stop_at_dlts": total_dlts,
    "expand_to": expand_at_mtd,
    "backfill_to": backfill,
    "size": at_most,
}


def _target(given: Settings, wanted_by: str) -> Fraction:
    if "target" not in given:
        raise EscalationError(f"{given.design} has no target DLT risk, so it cannot be told {wanted_by}")
    return given.number("target")
