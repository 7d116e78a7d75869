"""Facts and findings: value, unit, day and source; Kleene truth; the one place where units convert."""

from escalon.facts.accepted import Asked, ReadError, Reading
from escalon.facts.day import Day, Duration, Moment, read_moment, shift
from escalon.facts.fact import Fact, Facts, Value, in_order, newest_of
from escalon.facts.finding import Finding, Ground, Status, grounds, jsonable
from escalon.facts.interval import Interval
from escalon.facts.number import Number, exact, plain, read_number
from escalon.facts.reading import (
    read_day,
    read_decimal,
    read_elapsed,
    read_truth,
    read_value,
    read_whole,
)
from escalon.facts.together import together
from escalon.facts.truth import Truth, all_known, any_known, at_least_known, negate
from escalon.facts.unit import UnitError, amount, convert, factor, spelled
