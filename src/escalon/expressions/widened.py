"""Intervals for engines that have single numbers only: a program whose numbers may be intervals, written as an ordinary one.

An input `crp` that may be an interval becomes four: `crp_low`, `crp_low_open`, `crp_high` and `crp_high_open`; an exact
value stands at both ends, an end that is absent is empty, and a value that is not known has neither. A truth or a label
`rash` that may be any of what it can be has `rash_open` beside it. Each result is still found under its own name: where
every number in the intervals gives the same, that; else unknown. A number also has its ends, `score_low` and so on. What
rests on no interval stays as it was.

The steps say what `possible` says for one visit, and tests hold the two together.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from escalon.expressions.intervals import resting_on
from escalon.expressions.program import Program, Step
from escalon.expressions.span_steps import SpanSteps, SpanWriter
from escalon.expressions.step_writer import StepWriter
from escalon.expressions.tree import COMPARISONS, Input, Kind, Op, TreeError

ENDS = ("low", "low_open", "high", "high_open")
Range: TypeAlias = tuple[Any, ...]


def names_of_ends(name: str) -> tuple[str, str, str, str]:
    """The four names that an interval has: `crp_low`, `crp_low_open`, `crp_high`, `crp_high_open`."""
    low, low_open, high, high_open = (f"{name}_{end}" for end in ENDS)
    return low, low_open, high, high_open


def open_name(name: str) -> str:
    """The name of the truth that says that a truth or a label may be any: `rash_open`."""
    return f"{name}_open"


def widened(
    program: Program, intervals: Collection[str], ranges: Mapping[str, Range] | None = None, *, sure: bool = False
) -> Program:
    """The program with the named inputs as intervals, or as truths and labels that may be any.

    `ranges` says between what an input can lie at all (None: no end), so that a value below a limit is not below 0; of a
    label its words. The ends of a whole number are whole. `sure`: a number that may stay unknown has no ends. Raises
    TreeError for a name that is taken.
    """
    return _Widener(program, frozenset(intervals), ranges or {}, sure).program()


@dataclass(frozen=True, slots=True)
class _Truth:
    """The steps that say whether it may be true, may be false, and may be unknown."""

    true: int
    false: int
    unsure: int


@dataclass(frozen=True, slots=True)
class _Label:
    """The labels it may be, each with the step that says whether it may, and the step that says whether it may be unknown."""

    may_be: dict[int, int]
    unsure: int


_Form: TypeAlias = SpanSteps | _Truth | _Label


class _Widener:
    def __init__(self, program: Program, intervals: frozenset[str], ranges: Mapping[str, Range], sure: bool) -> None:
        self.old, self.intervals, self.ranges, self.sure = program, intervals, ranges, sure
        self.write = StepWriter()
        self.spans = SpanWriter(self.write)
        self.yes, self.no, self.none = self.spans.yes, self.spans.no, self.spans.none
        self.wide = frozenset(resting_on(program, intervals))
        self.copied: dict[int, int] = {}
        self.forms: dict[int, _Form] = {}

    def program(self) -> Program:
        self._check_names()
        for number in self.old.needed:
            step = self.old.steps[number]
            if number in self.wide:
                self.forms[number] = self._form_of(step)
            elif isinstance(step.node, Op):
                self.copied[number] = self.write.op(step.node.name, *(self.copied[part] for part in step.parts))
            else:
                self.copied[number] = self.write.leaf(step.node)
        roots: dict[str, int] = {}
        for name, number in self.old.roots.items():
            roots |= self._results(name, number) if number in self.wide else {name: self.copied[number]}
        return Program(tuple(self.write.steps), roots)

    def _check_names(self) -> None:
        inputs = {node.name: node for node in self.old.inputs}
        for name in sorted(self.intervals & inputs.keys()):
            own = names_of_ends(name) if inputs[name].kind in (Kind.NUMBER, Kind.INTEGER) else (open_name(name),)
            taken = inputs.keys() & own
            if taken:
                raise TreeError(f"{name} cannot be an interval: there is an input {', '.join(sorted(taken))} too")

    # ---- what each step may be

    def _form_of(self, step: Step) -> _Form:
        if isinstance(step.node, Input):
            return self._interval(step.node) if step.kind in (Kind.NUMBER, Kind.INTEGER) else self._any(step.node)
        name = step.node.name if isinstance(step.node, Op) else ""
        if name == "known":
            return self._known(step.parts[0])
        if name == "count_known":
            return self._count_known(step.parts)
        if name in ("case", "otherwise"):
            return self._choice(name, step)
        if name in COMPARISONS:
            return self._compared(name, *step.parts)
        if step.kind is Kind.TRUTH:
            return self._logic(
                name, [self._truth(part) for part in (step.parts[1:] if name == "at_least" else step.parts)], step
            )
        return self.spans.operator(name, [self._span(part) for part in step.parts])

    def _interval(self, node: Input) -> SpanSteps:
        """An input as its two ends: one that is absent is that of what it can be; a whole number has no open ends."""
        write = self.write
        low_name, low_open_name, high_name, high_open_name = names_of_ends(node.name)
        low, high = (write.leaf(Input(name, node.kind)) for name in (low_name, high_name))
        gone = write.no(write.op("or", write.known(low), write.known(high)))
        opens = [write.surely(write.leaf(Input(name, Kind.TRUTH))) for name in (low_open_name, high_open_name)]
        if node.kind is Kind.INTEGER:
            one = write.literal(1)
            low = write.choose(opens[0], write.op("add", low, one), low)
            high = write.choose(opens[1], write.op("sub", high, one), high)
            opens = [self.no, self.no]
        else:
            opens = [write.all(opened, write.known(end)) for opened, end in zip(opens, (low, high), strict=True)]
        least, most = self.ranges.get(node.name, (None, None))
        low, high = self._within(low, least, gone), self._within(high, most, gone)
        return SpanSteps(low, opens[0], high, opens[1], gone, gone)

    def _any(self, node: Input) -> _Truth | _Label:
        """A truth or a label that may be any of what it can be where it is open."""
        write, own = self.write, self.write.leaf(node)
        gone = write.no(write.known(own))
        opened = write.all(gone, write.surely(write.leaf(Input(open_name(node.name), Kind.TRUTH))))
        unsure = write.all(gone, write.no(opened))
        if node.kind is Kind.TRUTH:
            no = write.no(write.perhaps(own))
            return _Truth(write.any(write.surely(own), opened), write.any(no, opened), unsure)
        words = {write.literal(word): opened for word in self.ranges.get(node.name, ())}
        return _Label({own: write.known(own), **words}, unsure)

    def _within(self, end: int, limit: Any, gone: int) -> int:
        if limit is None:
            return end
        return self.write.choose(gone, self.none, self.write.op("otherwise", end, self.write.literal(limit)))

    def _span(self, number: int) -> SpanSteps:
        form = self.forms.get(number)
        if isinstance(form, SpanSteps):
            return form
        return self.spans.plain(self.copied[number])

    def _truth(self, number: int) -> _Truth:
        form = self.forms.get(number)
        if isinstance(form, _Truth):
            return form
        plain, write = self.copied[number], self.write
        if write.constant(plain) is None:
            return _Truth(self.no, self.no, self.yes)
        return _Truth(write.surely(plain), write.no(write.perhaps(plain)), write.no(write.known(plain)))

    def _label(self, number: int) -> _Label:
        form = self.forms.get(number)
        if isinstance(form, _Label):
            return form
        plain, known = self.copied[number], self.write.known(self.copied[number])
        return _Label({} if known == self.no else {plain: known}, self.write.no(known))

    # ---- truths

    def _logic(self, name: str, parts: list[_Truth], step: Step) -> _Truth:
        write = self.write
        match name:
            case "not":
                (part,) = parts
                return _Truth(part.false, part.true, part.unsure)
            case "and":
                settled = write.any(*(self._only(part.false, part.true, part.unsure) for part in parts))
                true, false = write.all(*(part.true for part in parts)), write.any(*(part.false for part in parts))
            case "or":
                settled = write.any(*(self._only(part.true, part.false, part.unsure) for part in parts))
                true, false = write.any(*(part.true for part in parts)), write.all(*(part.false for part in parts))
            case "at_least":
                return self._at_least(int(write.constant(self.copied[step.parts[0]])), parts)
            case _:
                raise TreeError(f"{name} is not written for intervals yet")
        unsure = write.any(*(part.unsure for part in parts))
        return _Truth(true, false, write.all(unsure, write.no(settled)))

    def _only(self, this: int, *others: int) -> int:
        return self.write.all(this, *map(self.write.no, others))

    def _at_least(self, needed: int, parts: list[_Truth]) -> _Truth:
        write = self.write
        sure = [self._only(part.true, part.false, part.unsure) for part in parts]
        not_false = [write.no(self._only(part.false, part.true, part.unsure)) for part in parts]
        short = write.no(self._count_reaches(sure, needed))
        may_fail = self._count_reaches([part.false for part in parts], len(parts) - needed + 1)
        unsure = write.all(
            self._count_reaches(not_false, needed), short, write.any(*(part.unsure for part in parts))
        )  # fmt: skip
        true = self._count_reaches([part.true for part in parts], needed)
        return _Truth(true, write.all(short, may_fail), unsure)

    def _count_reaches(self, truths: list[int], needed: int) -> int:
        return self.write.op("ge", self._count(truths), self.write.literal(needed))

    def _count(self, truths: list[int]) -> int:
        one, nothing = self.write.literal(1), self.write.literal(0)
        return self.write.op("add", *(self.write.choose(truth, one, nothing) for truth in truths))

    def _doubts(self, number: int) -> tuple[int, int]:
        """Whether a step may be unknown, and whether it must be."""
        form = self.forms.get(number)
        if form is None:
            gone = self.write.no(self.write.known(self.copied[number]))
            return gone, gone
        if isinstance(form, SpanSteps):
            return form.unsure, form.gone
        some = (form.true, form.false) if isinstance(form, _Truth) else tuple(form.may_be.values())
        return form.unsure, self.write.no(self.write.any(*some))

    def _known(self, number: int) -> _Truth:
        unsure, gone = self._doubts(number)
        return _Truth(self.write.no(gone), unsure, self.no)

    def _count_known(self, parts: tuple[int, ...]) -> SpanSteps:
        doubts = [self._doubts(part) for part in parts]
        low, high = (self._count([self.write.no(doubt[place]) for doubt in doubts]) for place in (0, 1))
        return SpanSteps(low, self.no, high, self.no, self.no, self.no)

    # ---- comparisons

    def _compared(self, name: str, left: int, right: int) -> _Truth:
        kinds = {self.old.steps[left].kind, self.old.steps[right].kind}
        if name == "ne":
            found = self._compared("eq", left, right)
            return _Truth(found.false, found.true, found.unsure)
        if name in ("gt", "ge"):
            return self._compared({"gt": "lt", "ge": "le"}[name], right, left)
        if Kind.LABEL in kinds:
            return self._same_label(self._label(left), self._label(right))
        if Kind.TRUTH in kinds:
            return self._same_truth(self._truth(left), self._truth(right))
        return self._ordered(name, self._span(left), self._span(right))

    def _ordered(self, name: str, a: SpanSteps, b: SpanSteps) -> _Truth:
        write, spans = self.write, self.spans
        if name == "eq":
            may_hold = write.no(write.any(self._is_below(a, b), self._is_below(b, a)))
            one = write.all(spans.same(a.low, a.high), spans.same(b.low, b.high), spans.same(a.low, b.low))
            may_fail = write.no(one)
        elif name == "lt":
            may_hold = write.perhaps(write.compare("lt", a.low, b.high))
            may_fail = write.no(self._is_below(a, b))
        else:
            may_hold = write.no(self._is_below(b, a))
            may_fail = write.perhaps(write.compare("gt", a.high, b.low))
        there = write.all(write.no(a.gone), write.no(b.gone))
        return _Truth(write.all(there, may_hold), write.all(there, may_fail), write.any(a.unsure, b.unsure))

    def _is_below(self, a: SpanSteps, b: SpanSteps) -> int:
        """Whether every number of one is less than every number of the other."""
        write, spans = self.write, self.spans
        touching = write.all(spans.same(a.high, b.low), write.any(a.high_open, b.low_open))
        return write.any(spans.less(a.high, b.low), touching)

    def _same_truth(self, a: _Truth, b: _Truth) -> _Truth:
        write = self.write
        same = write.any(write.all(a.true, b.true), write.all(a.false, b.false))
        other = write.any(write.all(a.true, b.false), write.all(a.false, b.true))
        return self._if_both(same, other, a.unsure, b.unsure, write.any(a.true, a.false), write.any(b.true, b.false))

    def _same_label(self, a: _Label, b: _Label) -> _Truth:
        write = self.write
        same, other = [], []
        for one, may_be_one in a.may_be.items():
            for two, may_be_two in b.may_be.items():
                equal = write.compare("eq", one, two)
                same.append(write.all(may_be_one, may_be_two, write.surely(equal)))
                other.append(write.all(may_be_one, may_be_two, write.no(write.perhaps(equal))))
        there = (write.any(*form.may_be.values()) for form in (a, b))
        return self._if_both(write.any(*same), write.any(*other), a.unsure, b.unsure, *there)

    def _if_both(self, same: int, other: int, a_unsure: int, b_unsure: int, a: int, b: int) -> _Truth:
        """Where either surely is unknown, so is the comparison."""
        write = self.write
        there = write.all(a, b)
        return _Truth(write.all(there, same), write.all(there, other), write.any(a_unsure, b_unsure))

    # ---- choices

    def _choice(self, name: str, step: Step) -> _Form:
        """`case` by its condition; `otherwise` by whether the first is known."""
        write = self.write
        if name == "case":
            condition = self._truth(step.parts[0])
            use = [(condition.true, step.parts[1]), (condition.false, step.parts[2])]
            doubts = [write.all(where, self._doubts(part)[0]) for where, part in use]
            unsure = write.any(condition.unsure, *doubts)
        else:
            first, second = step.parts
            may_be_unknown, gone = self._doubts(first)
            use = [(write.no(gone), first), (may_be_unknown, second)]
            unsure = write.all(may_be_unknown, self._doubts(second)[0])
        if step.kind is Kind.LABEL:
            return self._chosen_label(use, unsure)
        if step.kind is Kind.TRUTH:
            forms = [(where, self._truth(part)) for where, part in use]
            true = write.any(*(write.all(where, form.true) for where, form in forms))
            false = write.any(*(write.all(where, form.false) for where, form in forms))
            return _Truth(true, false, unsure)
        (use_a, a), (use_b, b) = use
        return self.spans.chosen(use_a, self._span(a), use_b, self._span(b), unsure)

    def _chosen_label(self, use: list[tuple[int, int]], unsure: int) -> _Label:
        may_be: dict[int, int] = {}
        for where, part in use:
            for label, may in self._label(part).may_be.items():
                may_be[label] = self.write.any(may_be.get(label, self.no), self.write.all(where, may))
        return _Label(may_be, unsure)

    # ---- results

    def _results(self, name: str, number: int) -> dict[str, int]:
        """A root under its name where it is decided; of a number also the ends."""
        form, write = self.forms[number], self.write
        if isinstance(form, _Truth):
            true, false = self._only(form.true, form.false, form.unsure), self._only(form.false, form.true, form.unsure)
            return {name: write.choose(true, self.yes, write.choose(false, self.no, self.none))}
        if isinstance(form, _Label):
            return {name: self._one_label(form)}
        if self.old.steps[number].kind is None:
            return {name: self.none}
        one = write.all(write.no(form.unsure), self.spans.same(form.low, form.high))
        none = write.any(form.gone, form.unsure) if self.sure else form.gone
        low, high = (write.choose(none, self.none, end) for end in (form.low, form.high))
        low_open, high_open = write.all(form.low_open, write.known(low)), write.all(form.high_open, write.known(high))
        ends = zip(names_of_ends(name), (low, low_open, high, high_open), strict=True)
        return {name: write.choose(one, form.low, self.none), **dict(ends)}

    def _one_label(self, form: _Label) -> int:
        """The label that is left alone; two steps that say the same label are one."""
        write, found = self.write, self.none
        for label, may in form.may_be.items():
            rivals = [
                write.all(there, write.no(self._equal(label, other)))
                for other, there in form.may_be.items()
                if other != label
            ]
            found = write.choose(self._only(may, form.unsure, *rivals), label, found)
        return found

    def _equal(self, label: int, other: int) -> int:
        return self.write.surely(self.write.compare("eq", label, other))
