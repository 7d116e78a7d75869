"""Which value of a participant is the baseline: by the study's own rule, or by one that an endpoint names."""

from collections.abc import Iterable
from functools import cached_property

from escalon.facts import Day, Fact, Facts, Finding, Interval, Status, exact
from escalon.instruments.kit.baseline import last_before
from escalon.instruments.kit.visits import Earlier, as_known
from escalon.protocol.study import BaselineRule, Study


class Baselines:
    """The baselines of one participant, by measure; a computed score goes before a recorded one of its visit."""

    def __init__(self, study: Study, facts: Facts) -> None:
        self.study, self.facts = study, facts
        self._found: dict[tuple[str, str, Day | None], Finding] = {}

    def of(self, measure: str, named: str | None = None, visit: Day | None = None) -> Finding:
        """The baseline of a fact or score: the study's own, or that of a `[baseline.NAME]`; `visit` is compared with it."""
        key = (measure, named or "", visit)
        if key not in self._found:
            self._found[key] = self._of(measure, None if named is None else self.study.baselines[named], visit)
        return self._found[key]

    def earlier(self, named: str | None = None, visit: Day | None = None) -> Earlier:
        """The same, as instruments that compare visits ask for it."""
        return lambda measure: self.of(measure, named, visit)

    def _of(self, measure: str, rule: BaselineRule | None, visit: Day | None) -> Finding:
        known = [_whole(fact) for fact in one_of_each_visit(self.facts.named(measure))]
        if rule is None:
            day, what = self.start or visit, "treatment"
        elif rule.before is None:
            day, what = visit, "the visit"
        else:
            day, what = first_day(self.facts, self.study.anchors[rule.before].fact), rule.before
        if rule is not None and rule.at:
            known = [fact for fact in known if fact.visit in rule.at]
            day = day or visit
        if day is None:
            reason = f"the day of {what} is not recorded"
            return Finding("baseline", None, Status.MISSING, missing=("baseline",), reasons=(reason,), rule="baseline")
        take = "last" if rule is None else rule.take
        if take == "last":
            return last_before(known, day, what)
        return _other(known, day, what, take)

    @cached_property
    def start(self) -> Day | None:
        """The day before which a value is a baseline by the study's own rule."""
        return baseline_day(self.study, self.facts)


def _whole(fact: Fact) -> Fact:
    """A score of which nothing is missing as the interval it lies in; one with something missing is none to start from."""
    return as_known(fact) if isinstance(fact.behind, Finding) and fact.behind.complete else fact


DIFFERS = "RECORDED_DIFFERS"
"""The flag of a score that was recorded as well, with another value."""


def differs(fact: Fact | None) -> bool:
    """Whether a computed score was recorded as well, with another value."""
    return fact is not None and isinstance(fact.behind, Finding) and DIFFERS in fact.behind.flags


def one_of_each_visit(known: Iterable[Fact]) -> list[Fact]:
    """The facts of a measure without the recorded scores of visits (or days) for which there is a computed one.

    A recorded score that says otherwise stays beside the computed one: neither wins in silence (decision 0006).
    """
    some = list(known)
    computed = [fact for fact in some if fact.behind is not None and fact.value is not None and not differs(fact)]
    at = {fact.visit for fact in computed if fact.visit} | {str(fact.day) for fact in computed}
    return [fact for fact in some if fact.behind is not None or not {fact.visit, str(fact.day)} & at]


def _other(known: Iterable[Fact], day: Day, what: str, take: str) -> Finding:
    """The first, or the lowest, value that lies surely before a day."""
    before = [
        fact for fact in known if fact.day is not None and fact.day.is_before(day) is True and fact.value is not None
    ]
    if take == "lowest":
        before = [fact for fact in before if fact.number is not None]
        chosen = [min(before, key=lambda fact: exact(fact.number or 0))] if before else []
    else:
        earliest = min((fact.day.latest for fact in before if fact.day), default=None)
        chosen = [fact for fact in before if fact.day and earliest is not None and fact.day.earliest <= earliest]
    return last_before(chosen, day, what)


def baseline_day(study: Study, facts: Facts) -> Day | None:
    """The day before which a value is a baseline: the study's first such role that is recorded; None where none is."""
    return next((day for role in study.baseline.before if (day := first_day(facts, study.roles.of(role)))), None)


def infusion_day(study: Study, facts: Facts) -> Day | None:
    """Day 0: the first infusion, where its day is known in full."""
    day = first_day(facts, study.roles.infusion)
    return None if day is None or day.is_partial else day


def first_day(facts: Facts, name: str | None) -> Day | None:
    """The first day on which something happened; None where none is recorded."""
    days = [day for fact in facts.named(name or "") if (day := _day_of(fact)) is not None]
    return min(days, key=lambda day: day.earliest, default=None)


def _day_of(fact: Fact) -> Day | None:
    """The day something happened: the date it holds, else the day it was recorded as so."""
    if isinstance(fact.value, str):
        try:
            return Day.parse(fact.value)
        except ValueError:
            return None
    return None if fact.value is None or fact.value is False or isinstance(fact.value, Interval) else fact.day
