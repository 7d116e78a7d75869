"""Facts and findings: value, unit, day and source; Kleene truth; the one place where units convert."""

from escalon.facts.day import Day, Duration, shift
from escalon.facts.fact import Fact, Facts, Value
from escalon.facts.finding import Finding, Ground, Status, grounds, jsonable
from escalon.facts.interval import Interval
from escalon.facts.number import Number, exact, plain, read_number
from escalon.facts.truth import Truth, all_known, any_known, at_least_known, negate
from escalon.facts.unit import UnitError, amount, convert, factor, spelled

__all__ = [
    "Day",
    "Duration",
    "Fact",
    "Facts",
    "Finding",
    "Ground",
    "Interval",
    "Number",
    "Status",
    "Truth",
    "UnitError",
    "Value",
    "all_known",
    "amount",
    "any_known",
    "at_least_known",
    "convert",
    "exact",
    "factor",
    "grounds",
    "jsonable",
    "negate",
    "plain",
    "read_number",
    "shift",
    "spelled",
]
