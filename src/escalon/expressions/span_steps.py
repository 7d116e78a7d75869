"""Arithmetic with intervals as ordinary steps: the same ends as `spans` gives, for engines that have numbers only.

An end that is not known stands for none. `gone` is where there surely is no number, `unsure` where there may be none.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from escalon.expressions.spans import LARGEST_EXPONENT
from escalon.expressions.step_writer import StepWriter
from escalon.facts.number import exact

_End: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class SpanSteps:
    """The steps that hold the two ends of a number, whether each is open, and whether there may, or must, be no number."""

    low: int
    low_open: int
    high: int
    high_open: int
    unsure: int
    gone: int


class SpanWriter:
    """Writes the steps of each operator on numbers."""

    def __init__(self, write: StepWriter) -> None:
        self.write = write
        self.yes, self.no, self.none, self.zero = (write.literal(value) for value in (True, False, None, 0))

    def plain(self, number: int) -> SpanSteps:
        """A number that rests on no interval: both ends are itself."""
        gone = self.write.no(self.write.known(number))
        return SpanSteps(number, self.no, number, self.no, gone, gone)

    def operator(self, name: str, parts: list[SpanSteps]) -> SpanSteps:
        """An operator of the tree on numbers."""
        made: SpanSteps = getattr(self, f"_{name}")(*parts)
        if name in ("max_known", "sum_known", "count_known"):
            return made
        unsure = self.write.any(*(part.unsure for part in parts), made.unsure)
        gone = self.write.any(*(part.gone for part in parts), made.gone)
        return replace(made, unsure=self.write.any(unsure, gone), gone=gone)

    def chosen(self, use_a: int, a: SpanSteps, use_b: int, b: SpanSteps, unsure: int) -> SpanSteps:
        """One of two, each only if it may be: the least interval that holds whichever it is."""
        write = self.write
        use_a, use_b = write.all(use_a, write.no(a.gone)), write.all(use_b, write.no(b.gone))

        def joined(end_a: int, end_b: int, both: int) -> int:
            return write.choose(use_a, write.choose(use_b, both, end_a), end_b)

        low, low_open = self._outer("min", "lt", (a.low, a.low_open), (b.low, b.low_open))
        high, high_open = self._outer("max", "gt", (a.high, a.high_open), (b.high, b.high_open))
        return SpanSteps(
            joined(a.low, b.low, low), joined(a.low_open, b.low_open, low_open),
            joined(a.high, b.high, high), joined(a.high_open, b.high_open, high_open),
            unsure, write.all(write.no(use_a), write.no(use_b)),
        )  # fmt: skip

    def _outer(self, extreme: str, beyond: str, a: _End, b: _End) -> _End:
        write = self.write
        if a[0] == b[0]:
            return a[0], write.all(a[1], b[1])
        a_is, b_is = (write.surely(write.compare(beyond, *ends)) for ends in ((a[0], b[0]), (b[0], a[0])))
        opened = write.choose(a_is, a[1], write.choose(b_is, b[1], write.all(a[1], b[1])))
        return write.op(extreme, a[0], b[0]), opened

    # ---- small questions

    def less(self, a: int, b: int) -> int:
        """Whether a known end is less than another; false where either is none."""
        return self.write.surely(self.write.compare("lt", a, b))

    def same(self, a: int, b: int) -> int:
        """Whether two ends are known and equal."""
        return self.write.known(a) if a == b else self.write.surely(self.write.compare("eq", a, b))

    def missing(self, end: int) -> int:
        """Whether an end is none."""
        return self.write.no(self.write.known(end))

    def _is_positive(self, end: int) -> int:
        return self.less(self.zero, end)

    def _is_negative(self, end: int) -> int:
        return self.less(end, self.zero)

    def _may_be_positive(self, a: SpanSteps) -> int:
        return self.write.any(self.missing(a.high), self._is_positive(a.high))

    def _may_be_negative(self, a: SpanSteps) -> int:
        return self.write.any(self.missing(a.low), self._is_negative(a.low))

    def _holds_zero(self, a: SpanSteps) -> int:
        write = self.write
        at_low = write.all(self.same(a.low, self.zero), write.no(a.low_open))
        at_high = write.all(self.same(a.high, self.zero), write.no(a.high_open))
        return write.all(
            write.any(self._may_be_negative(a), at_low), write.any(self._may_be_positive(a), at_high)
        )  # fmt: skip

    def _least_of(self, ends: list[int]) -> int:
        """The least of those ends that are known."""
        if len(ends) == 1:
            return ends[0]
        return self.write.op("neg", self.write.op("max_known", *(self.write.op("neg", end) for end in ends)))

    def _reached(self, end: int, ends: list[_End]) -> int:
        """Whether one of several ends is this one and belongs to its interval."""
        return self.write.any(
            *(self.write.all(self.same(value, end), self.write.no(opened)) for value, opened in ends)
        )  # fmt: skip

    def _missed(self, end: int, ends: list[_End]) -> int:
        """Whether one of several ends is this one and does not belong to its interval."""
        return self.write.any(*(self.write.all(self.same(value, end), opened) for value, opened in ends))

    # ---- operators

    def _add(self, *parts: SpanSteps) -> SpanSteps:
        write = self.write
        return SpanSteps(
            write.op("add", *(part.low for part in parts)), write.any(*(part.low_open for part in parts)),
            write.op("add", *(part.high for part in parts)), write.any(*(part.high_open for part in parts)),
            self.no, self.no,
        )  # fmt: skip

    def _neg(self, a: SpanSteps) -> SpanSteps:
        low, high = (self.write.op("neg", end) for end in (a.high, a.low))
        return SpanSteps(low, a.high_open, high, a.low_open, self.no, self.no)

    def _sub(self, a: SpanSteps, b: SpanSteps) -> SpanSteps:
        write = self.write
        low, high = write.op("sub", a.low, b.high), write.op("sub", a.high, b.low)
        opens = write.any(a.low_open, b.high_open), write.any(a.high_open, b.low_open)
        return SpanSteps(low, opens[0], high, opens[1], self.no, self.no)

    def _abs(self, a: SpanSteps) -> SpanSteps:
        write = self.write
        inside, low, high = self._holds_zero(a), write.op("abs", a.low), write.op("abs", a.high)
        ends = [(low, a.low_open), (high, a.high_open)]
        least = self._least_of([low, high])
        most, most_open = self._outer("max", "gt", *ends)
        least_open = write.no(self._reached(least, ends))
        return SpanSteps(
            write.choose(inside, self.zero, least), write.choose(inside, self.no, least_open), most, most_open,
            self.no, self.no,
        )  # fmt: skip

    def _min(self, *parts: SpanSteps) -> SpanSteps:
        low = self.write.op("min", *(part.low for part in parts))
        high = self._least_of([part.high for part in parts])
        lows, highs = [(part.low, part.low_open) for part in parts], [(part.high, part.high_open) for part in parts]
        low_open = self.write.no(self._reached(low, lows))
        return SpanSteps(low, low_open, high, self._missed(high, highs), self.no, self.no)

    def _max(self, *parts: SpanSteps) -> SpanSteps:
        return self._neg(self._min(*map(self._neg, parts)))

    def _mul(self, a: SpanSteps, b: SpanSteps) -> SpanSteps:
        write = self.write
        pairs = {(x, y): None for x in _ends(a) for y in _ends(b)}
        products = [self._times(x, y) for x, y in pairs]
        no_low = write.any(
            write.all(self.missing(a.low), self._may_be_positive(b)), write.all(self.missing(a.high), self._may_be_negative(b)),
            write.all(self.missing(b.low), self._may_be_positive(a)), write.all(self.missing(b.high), self._may_be_negative(a)),
        )  # fmt: skip
        no_high = write.any(
            write.all(self.missing(a.high), self._may_be_positive(b)), write.all(self.missing(a.low), self._may_be_negative(b)),
            write.all(self.missing(b.high), self._may_be_positive(a)), write.all(self.missing(b.low), self._may_be_negative(a)),
        )  # fmt: skip
        return self._between(products, no_low, no_high)

    def _between(self, ends: list[_End], no_low: int, no_high: int) -> SpanSteps:
        """From the least to the greatest of several ends, unless there is none on that side."""
        write = self.write
        values = [value for value, _ in ends]
        least = self._least_of(values)
        most = values[0] if len(values) == 1 else write.op("max_known", *values)
        opens = write.no(self._reached(least, ends)), write.no(self._reached(most, ends))
        low, high = write.choose(no_low, self.none, least), write.choose(no_high, self.none, most)
        return SpanSteps(low, opens[0], high, opens[1], self.no, self.no)

    def _times(self, x: _End, y: _End) -> _End:
        """0 × no end is 0: the end is reached, infinity never is."""
        write = self.write
        x_zero, y_zero = self.same(x[0], self.zero), self.same(y[0], self.zero)
        is_zero = write.any(x_zero, y_zero)
        reached = write.any(write.all(x_zero, write.no(x[1])), write.all(y_zero, write.no(y[1])))
        opened = write.choose(is_zero, write.no(reached), write.any(x[1], y[1]))
        return write.choose(is_zero, self.zero, write.op("mul", x[0], y[0])), opened

    def _div(self, a: SpanSteps, b: SpanSteps) -> SpanSteps:
        """A divisor below 0 is turned round together with what it divides."""
        write = self.write
        gone = write.all(self.same(b.low, self.zero), self.same(b.high, self.zero))
        crosses = write.all(self._may_be_negative(b), self._may_be_positive(b))
        turned = self._may_be_negative(b)
        above, below = self._turned(turned, a), self._turned(turned, b)
        at_zero = self.same(below.low, self.zero)
        no_low = write.any(
            crosses, self.missing(above.low), write.all(self._is_negative(above.low), at_zero)
        )  # fmt: skip
        no_high = write.any(
            crosses, self.missing(above.high), write.all(self._is_positive(above.high), at_zero)
        )  # fmt: skip
        pairs = {(x, y): None for x in _ends(above) for y in _ends(below)}
        made = self._between([self._over(x, y) for x, y in pairs], no_low, no_high)
        return replace(made, unsure=self._holds_zero(b), gone=gone)

    def _turned(self, turned: int, a: SpanSteps) -> SpanSteps:
        opposite = self._neg(a)
        choose = self.write.choose
        return SpanSteps(
            choose(turned, opposite.low, a.low), choose(turned, a.high_open, a.low_open),
            choose(turned, opposite.high, a.high), choose(turned, a.low_open, a.high_open), a.unsure, a.gone,
        )  # fmt: skip

    def _over(self, x: _End, y: _End) -> _End:
        write = self.write
        x_zero, endless = self.same(x[0], self.zero), self.missing(y[0])
        ratio = write.choose(write.any(x_zero, endless), self.zero, write.op("div", x[0], y[0]))
        return ratio, write.choose(x_zero, x[1], write.any(endless, x[1], y[1]))

    def _sqrt(self, a: SpanSteps) -> SpanSteps:
        low, low_open = self._from_zero(a, lambda end: self.write.op("sqrt", end))
        unsure = self._may_be_negative(a)
        return SpanSteps(low, low_open, self.write.op("sqrt", a.high), a.high_open, unsure, self._is_below_zero(a))

    def _from_zero(self, a: SpanSteps, rising: Callable[[int], int]) -> _End:
        """The low end of a function that begins at 0 with 0."""
        below = self._may_be_negative(a)
        write = self.write
        return write.choose(below, self.zero, rising(a.low)), write.all(write.no(below), a.low_open)

    def _is_below_zero(self, a: SpanSteps) -> int:
        write = self.write
        return write.any(self._is_negative(a.high), write.all(self.same(a.high, self.zero), a.high_open))

    def _ln(self, a: SpanSteps) -> SpanSteps:
        write = self.write
        gone = write.any(self._is_negative(a.high), self.same(a.high, self.zero))
        leaves = write.any(self._may_be_negative(a), write.all(self.same(a.low, self.zero), write.no(a.low_open)))
        low, high = write.op("ln", a.low), write.op("ln", a.high)
        return SpanSteps(low, a.low_open, high, a.high_open, leaves, gone)

    def _exp(self, a: SpanSteps) -> SpanSteps:
        write = self.write
        limit = write.literal(exact(LARGEST_EXPONENT))
        endless = self.missing(a.low)
        low = write.choose(endless, self.zero, write.op("exp", a.low))
        too_large = write.any(self.missing(a.high), self.less(limit, a.high))
        low_open = write.all(write.no(endless), a.low_open)
        return SpanSteps(low, low_open, write.op("exp", a.high), a.high_open, too_large, self.less(limit, a.low))

    def _power(self, x: SpanSteps, y: SpanSteps) -> SpanSteps:
        write = self.write
        one_exponent = self.same(y.low, y.high)
        rises, one = (
            write.all(one_exponent, self._is_positive(y.low)),
            write.all(one_exponent, self.same(x.low, x.high)),
        )
        low, low_open = self._from_zero(x, lambda end: write.op("power", end, y.low))
        high = write.op("power", x.high, y.low)
        low = write.choose(one, high, write.choose(rises, low, self.zero))
        unsure = write.any(write.no(rises), self._may_be_negative(x), self.missing(high))
        return SpanSteps(
            low, write.all(rises, low_open), write.choose(write.any(one, rises), high, self.none), x.high_open,
            write.all(write.no(one), unsure), write.choose(one, self.missing(high), self._is_below_zero(x)),
        )  # fmt: skip

    def _max_known(self, *parts: SpanSteps) -> SpanSteps:
        write = self.write
        there, sure = [write.no(part.gone) for part in parts], [write.no(part.unsure) for part in parts]
        any_sure, none = write.any(*sure), self.none
        lows = [(write.choose(here, part.low, none), part.low_open) for here, part in zip(there, parts, strict=True)]
        highs = [(write.choose(here, part.high, none), part.high_open) for here, part in zip(there, parts, strict=True)]
        sure_lows = [
            (write.choose(here, part.low, none), part.low_open) for here, part in zip(sure, parts, strict=True)
        ]
        greatest = write.op("max_known", *(low for low, _ in sure_lows))
        least = write.choose(self._endless(there, lows), none, self._least_of([low for low, _ in lows]))
        high = write.choose(self._endless(there, highs), none, write.op("max_known", *(end for end, _ in highs)))
        opened = write.choose(
            any_sure, self._missed(greatest, sure_lows), write.no(self._reached(least, lows))
        )  # fmt: skip
        return SpanSteps(
            write.choose(any_sure, greatest, least), opened, high, write.no(self._reached(high, highs)),
            write.no(any_sure), write.all(*(part.gone for part in parts)),
        )  # fmt: skip

    def _endless(self, there: list[int], ends: list[_End]) -> int:
        pairs = zip(there, ends, strict=True)
        return self.write.any(*(self.write.all(here, self.missing(end)) for here, (end, _) in pairs))

    def _sum_known(self, *parts: SpanSteps) -> SpanSteps:
        write = self.write
        kept = []
        for part in parts:
            nothing = SpanSteps(self.zero, self.no, self.zero, self.no, self.no, self.no)
            kept.append(self.chosen(self.yes, part, part.unsure, nothing, self.no))
        made = self._add(*kept)
        sure = write.any(*(write.no(part.unsure) for part in parts))
        return replace(made, unsure=write.no(sure), gone=write.all(*(part.gone for part in parts)))


def _ends(a: SpanSteps) -> dict[_End, None]:
    return {(a.low, a.low_open): None, (a.high, a.high_open): None}
