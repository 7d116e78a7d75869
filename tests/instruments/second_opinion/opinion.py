"""What a second opinion is: a name, the items it asks, the numbers at which its answer turns, and a plain function."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Values = dict[str, Any]
Rule = Callable[..., Any]


@dataclass(frozen=True)
class Opinion:
    """`rule` takes the items by name: numbers as fractions, truths, words; it answers the value, or None where there is none."""

    rule: Rule
    asks: tuple[str, ...]
    turns: tuple[Fraction, ...]
    category: Callable[[Any], str] | None = None
    optional: tuple[str, ...] = ()
    """Items that may be left out without the paper's answer becoming unknown: the rule is then given None."""


OPINIONS: dict[str, Opinion] = {}


def opinion(
    name: str, asks: str, turns: str = "", optional: str = "", category: Callable[[Any], str] | None = None
) -> Callable[[Rule], Rule]:
    """Register a rule as the second opinion on an instrument."""

    def keep(rule: Rule) -> Rule:
        numbers = tuple(Fraction(turn) for turn in turns.split())
        OPINIONS[name] = Opinion(rule, (*asks.split(), *optional.split()), numbers, category, tuple(optional.split()))
        return rule

    return keep


def band(*steps: tuple[str, str | None, bool]) -> Callable[[Any], str]:
    """The label of a value: each step is a label, its upper limit, and whether the limit belongs to it."""

    def label(value: Any) -> str:
        for name, limit, belongs in steps:
            if limit is None or value < float(limit) or (belongs and value == Fraction(limit)):
                return name
        raise AssertionError(value)

    return label
