"""Designs by name, from plain settings: what a study file or a command line says, turned into a rule.

`3+3 variant=V2 levels=3 size=18`, `boin target=0.25 size=18`, `crm target=0.25 skeleton=0.05/0.15/0.30 size=18`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from escalon.escalation.backfill import backfill
from escalon.escalation.calendar_guards import CalendarGuard, dlt_window, sentinel, stagger, whole_cohort_first
from escalon.escalation.errors import EscalationError
from escalon.escalation.guards import at_most, enough_and_staying, expand_at_mtd, lowest_too_toxic, no_skipping
from escalon.escalation.rule import Rule
from escalon.escalation.three_plus_three import Thresholds, a_plus_b

if TYPE_CHECKING:
    from escalon.escalation.evaluation import Design

Settings = Mapping[str, Any]

GUARDS = {"size", "stop_if_staying_at", "expand_to", "backfill_to", "no_skipping", "stop_if_lowest_toxic"}
A_PLUS_B = {"variant", "a", "b", "c", "d", "e", "declare"}
INTERVAL = {"target", "cohort", "cutoff", "start"}


def _a_plus_b(settings: Settings, levels: int) -> Rule:
    given = {key: int(settings[key]) for key in ("a", "b", "c", "d", "e", "declare") if key in settings}
    variant = str(settings.get("variant", "")).upper()
    if not variant:
        raise EscalationError(
            "a 3+3 needs a variant, because the name alone says too little: write variant=V1, V2 or V3"
        )
    return a_plus_b(levels, Thresholds(**given), variant)


def _maker(module: str, name: str) -> Callable[..., Any]:
    """What makes a design; its module is loaded only for who asks for that design."""
    made: Callable[..., Any] = getattr(import_module(f"escalon.escalation.{module}"), name)
    return made


def _interval(module: str, name: str) -> Callable[[Settings, int], Rule]:
    def design(settings: Settings, levels: int) -> Rule:
        extra = {key: settings[key] for key in ("margin", "cutoff", "low", "high") if key in settings}
        counts = {key: int(settings[key]) for key in ("cohort", "start") if key in settings}
        up_to = {"up_to": int(settings["size"])} if "size" in settings else {}
        rule: Rule = _maker(module, name)(levels, settings["target"], **extra, **counts, **up_to)
        return rule

    return design


def _user_table(settings: Settings, levels: int) -> Rule:
    from escalon.escalation.user_table import user_table

    counts = {key: int(settings[key]) for key in ("cohort", "start") if key in settings}
    return user_table(levels, Path(settings["file"]), float(settings["target"]), **counts)  # type: ignore[arg-type]


def _crm(settings: Settings, levels: int) -> Rule:
    from escalon.escalation.crm import crm

    skeleton = settings["skeleton"]
    guesses = tuple(float(one) for one in (skeleton.split("/") if isinstance(skeleton, str) else skeleton))
    if len(guesses) != levels:
        raise EscalationError(f"crm: the skeleton has {len(guesses)} risks for {levels} levels; write one per level")
    numbers = {key: float(settings[key]) for key in ("prior_variance", "intercept") if key in settings}
    counts = {key: int(settings[key]) for key in ("cohort", "start") if key in settings}
    return crm(guesses, float(settings["target"]), model=settings.get("model", "power"), **numbers, **counts)  # type: ignore[arg-type]


# design: (how to make it, what it must be told, what it may be told besides the guards)
DESIGNS: dict[str, tuple[Callable[[Settings, int], Rule], set[str], set[str]]] = {
    "3+3": (_a_plus_b, {"variant"}, {"declare"}),
    "a+b": (_a_plus_b, {"variant", "a", "b", "c", "d", "e"}, {"declare"}),
    "boin": (_interval("boin", "boin"), {"target", "size"}, INTERVAL | {"low", "high"}),
    "keyboard": (_interval("keyboard", "keyboard"), {"target", "size"}, INTERVAL | {"margin"}),
    "mtpi2": (_interval("keyboard", "mtpi2"), {"target", "size"}, INTERVAL | {"margin"}),
    "i3+3": (_interval("i3_plus_3", "i3_plus_3"), {"target", "size"}, INTERVAL | {"margin"}),
    "table": (_user_table, {"file", "target", "size"}, {"cohort", "start"}),
    "crm": (_crm, {"target", "skeleton", "size"}, {"model", "prior_variance", "intercept", "cohort", "start"}),
}
EXAMPLES = {
    "3+3": "3+3 variant=V2",
    "a+b": "a+b variant=V2 a=3 b=3 c=1 d=1 e=1",
    "boin": "boin target=0.25 size=18",
    "keyboard": "keyboard target=0.25 size=18",
    "mtpi2": "mtpi2 target=0.25 size=18",
    "i3+3": "i3+3 target=0.25 size=18",
    "table": "table file=decisions.csv target=0.25 size=18",
    "crm": "crm target=0.25 skeleton=0.05/0.15/0.30 size=18",
}


def rule_from(settings: Settings) -> Rule:
    """A rule from plain settings: `design`, `levels`, and what the design needs.

    Guards common to all: `size` (at most this many enrolled), `stop_if_staying_at`, `expand_to`, `backfill_to`, `no_skipping`,
    `stop_if_lowest_toxic` (a cut-off such as 0.95, for designs with a target).

    >>> rule_from({"design": "3+3", "levels": 3, "variant": "V2", "size": 18}).name
    '3+3 V2'
    """
    design = str(settings.get("design", "")).lower()
    if design not in DESIGNS:
        raise EscalationError(f"Unknown design “{design}”. Write one of: " + "; ".join(EXAMPLES.values()))
    make, needed, allowed = DESIGNS[design]
    missing = sorted(needed - set(settings))
    if missing:
        raise EscalationError(f"{design} needs {', '.join(missing)}. Write for example: {EXAMPLES[design]}")
    unknown = sorted(set(settings) - needed - allowed - GUARDS - {"design", "levels"})
    if unknown:
        known = ", ".join(sorted(needed | allowed | GUARDS))
        raise EscalationError(f"{design} does not know {', '.join(unknown)}. It knows: {known}")
    if "levels" not in settings:
        raise EscalationError(f"{design} needs levels: how many dose levels the trial has")
    try:
        return _guarded(make(settings, int(settings["levels"])), settings)
    except EscalationError:
        raise
    except (TypeError, ValueError) as error:
        raise EscalationError(f"{design}: {error}. Write for example: {EXAMPLES[design]}") from error


def _guarded(rule: Rule, settings: Settings) -> Rule:
    if settings.get("no_skipping") in (True, "yes", "true"):
        rule = rule & no_skipping()
    if "stop_if_lowest_toxic" in settings:
        rule = rule & lowest_too_toxic(settings["target"], settings["stop_if_lowest_toxic"])
    if "stop_if_staying_at" in settings:
        rule = rule & enough_and_staying(int(settings["stop_if_staying_at"]))
    if "expand_to" in settings:
        rule = rule & expand_at_mtd(int(settings["expand_to"]))
    if "backfill_to" in settings:
        rule = rule & backfill(int(settings["backfill_to"]))
    return rule & at_most(int(settings["size"])) if "size" in settings else rule


CALENDAR: dict[str, Callable[[int], CalendarGuard]] = {
    "dlt_window": dlt_window,
    "sentinel": sentinel,
    "stagger": stagger,
}


def calendar_guards_from(settings: Settings) -> tuple[CalendarGuard, ...]:
    """Guards that read a calendar, from plain settings in days; pass them to `next_dose` with `today`.

    >>> [guard.prose() for guard in calendar_guards_from({"sentinel": 14})]
    ['The first participant of each cohort is watched for 14 days before the others are dosed.']
    """
    unknown = sorted(set(settings) - set(CALENDAR) - {"whole_cohort_first"})
    if unknown:
        raise EscalationError(
            f"Unknown calendar setting {', '.join(unknown)}. Known, in days: {', '.join(CALENDAR)}; and whole_cohort_first"
        )
    guards = [make(_days(settings[name], name)) for name, make in CALENDAR.items() if settings.get(name)]
    return (
        (*guards, whole_cohort_first())
        if settings.get("whole_cohort_first") in (True, "yes", "true")
        else tuple(guards)
    )


def _days(value: Any, name: str) -> int:
    try:
        days = int(str(value))
    except ValueError as error:
        raise EscalationError(f"{name} = {value} is not a number of days. Write for example {name} = 28") from error
    if days < 1:
        raise EscalationError(f"{name} = {days}: write 1 day or more, or leave it out")
    return days


def settings_from(text: str, levels: int) -> dict[str, Any]:
    """`boin target=0.25 size=18` as settings; a word without `=` after a 3+3 is its variant."""
    words = text.split()
    if not words:
        raise EscalationError("An empty design. Write one of: " + "; ".join(EXAMPLES.values()))
    settings: dict[str, Any] = {"design": words[0].lower(), "levels": levels}
    for word in words[1:]:
        key, equals, value = word.partition("=")
        if not equals and settings["design"] in ("3+3", "a+b"):
            key, value = "variant", word
        elif not equals:
            raise EscalationError(
                f"“{text}”: “{word}” is not a setting. Write for example: {EXAMPLES.get(words[0], EXAMPLES['boin'])}"
            )
        if key in settings:
            raise EscalationError(f"“{text}”: {key} is given twice")
        settings[key] = value
    return settings


def rule_from_text(text: str, levels: int) -> Rule:
    """A rule from one line of text: `3+3 V2`, `boin target=0.25 size=18`."""
    return rule_from(settings_from(text, levels))


TIMED = {
    "rolling-six": ({"window"}, "rolling-six window=28"),
    "tite-crm": (
        {"window", "target", "skeleton", "size"},
        "tite-crm target=0.25 skeleton=0.05/0.15/0.30 window=28 size=18",
    ),
}


def design_from(text: str, levels: int) -> Design:
    """Any design from one line of text, those that read a clock (and are simulated) included."""
    settings = settings_from(text, levels)
    name = settings["design"]
    if name not in TIMED:
        return rule_from(settings)
    needed, example = TIMED[name]
    missing, unknown = sorted(needed - set(settings)), sorted(set(settings) - needed - {"design", "levels", "weights"})
    if missing or unknown:
        what = f"needs {', '.join(missing)}" if missing else f"does not know {', '.join(unknown)}"
        raise EscalationError(f"{name} {what}. Write for example: {example}")
    try:
        return _timed(name, settings, levels)
    except EscalationError:
        raise
    except ValueError as error:
        raise EscalationError(f"{name}: {error}. Write for example: {example}") from error


def _timed(name: str, settings: Settings, levels: int) -> Design:
    if name == "rolling-six":
        from escalon.escalation.rolling_six import RollingSix

        return RollingSix(levels, float(settings["window"]))
    from escalon.escalation.crm import DoseToxicity
    from escalon.escalation.tite_crm import TiteCrm

    guesses = tuple(float(one) for one in str(settings["skeleton"]).split("/"))
    if len(guesses) != levels:
        raise EscalationError(
            f"tite-crm: the skeleton has {len(guesses)} risks for {levels} levels; write one per level"
        )
    return TiteCrm(
        DoseToxicity(guesses),
        target=float(settings["target"]),
        window=float(settings["window"]),
        size=int(settings["size"]),
        weighting=settings.get("weights", "linear"),
    )
