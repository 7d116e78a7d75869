"""The baseline of a measure: the last value before lymphodepletion, or before the infusion where none was recorded."""

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Literal

from escalon.facts import Day, Fact, Finding, Interval, Number, Status, UnitError, convert, exact

BaselineRule = Literal["before_lymphodepletion", "before_infusion"]


def baseline_of(
    assessments: Iterable[Fact],
    *,
    lymphodepletion: Day | None,
    infusion: Day | None = None,
    rule: BaselineRule = "before_lymphodepletion",
) -> Finding:
    """The last assessment that is not missing before the first dose of lymphodepletion; by choice, before the infusion.

    Cytotoxic drugs and supportive steroids already move ESR, CRP, counts and joints, so an assessment between
    lymphodepletion and infusion is kept and not used; without lymphodepletion it is the last before the infusion. An
    assessment on the very day is not used either: days alone do not say which came first. A partial date that could be the
    last, and two different values of one day, leave the baseline undecided: `rests_on` lists what it may be.
    """
    before_infusion = rule == "before_infusion" or (lymphodepletion is None and infusion is not None)
    until, what = (infusion, "infusion") if before_infusion else (lymphodepletion, "lymphodepletion")
    rule_name = f"baseline/{rule}"
    if until is None:
        return _none(Status.MISSING, f"the day of {what} is not recorded", rule_name, ())
    found = last_before(assessments, until, what, rule_name)
    later = tuple(fact for fact in _dated(assessments) if until.is_by(_day(fact)) and _is_up_to(fact, infusion))
    if settled(found) is None or not later:
        return found
    why = "an assessment between lymphodepletion and infusion is kept and not used"
    return replace(
        found,
        flags=("AFTER_LYMPHODEPLETION_NOT_USED",),
        reasons=(*found.reasons, why),
        rests_on=(*found.rests_on, *later),
    )


def last_before(assessments: Iterable[Fact], until: Day, what: str, rule: str = "baseline") -> Finding:
    """The last assessment that is not missing before a day, which `what` names; undecided where several could be it.

    Undecided, `rests_on` lists every assessment it may be, and `missing` says that there is none.
    """
    known = _dated(assessments)
    before = [fact for fact in known if _day(fact).is_before(until)]
    unsure = [fact for fact in known if _day(fact).is_before(until) is None]
    last = [fact for fact in before if not any(_day(fact).is_before(_day(other)) for other in before)]
    unsure = [fact for fact in unsure if not any(_day(fact).is_before(_day(other)) for other in last)]
    if unsure or not _agree(last):
        listed = ", ".join(map(str, (*last, *unsure)))
        reason = f"which is the last before {what} is not settled: {listed}"
        return _none(Status.INDETERMINATE, reason, rule, (*last, *unsure))
    if not last:
        return _none(Status.MISSING, f"nothing is recorded before {what} on {until}", rule, known)
    value = last[-1].value
    between = isinstance(value, Interval)
    reasons = (f"only known to be {last[-1]}",) if between else ()
    return Finding(
        "baseline",
        None if isinstance(value, Interval) else value,
        Status.INDETERMINATE if between else Status.OK,
        bounds=value.ends if isinstance(value, Interval) else None,
        unit=last[-1].unit,
        reasons=reasons,
        rule=rule,
        rests_on=(last[-1],),
        day=last[-1].day,
    )


def settled(baseline: Finding) -> Fact | None:
    """The fact that is the baseline, be it a number, a label or an interval; None where it is missing or undecided."""
    first = baseline.rests_on[0] if baseline.rests_on and not baseline.missing else None
    return first if isinstance(first, Fact) else None


def in_unit(fact: Fact, unit: str | None, substance: str | None = None) -> Fact:
    """A recorded number in another unit of the same kind; unchanged where either has none. Raises UnitError."""
    value = fact.value
    if fact.unit is None or unit is None or fact.unit == unit or value is None or isinstance(value, bool | str):
        return fact

    def converted(number: Number) -> Fraction:
        return convert(number, fact.unit or "", unit or "", substance)

    return replace(fact, value=value.mapped(converted) if isinstance(value, Interval) else converted(value), unit=unit)


def _agree(facts: list[Fact]) -> bool:
    """Whether values of one day are one value, whatever unit each was written in."""
    if len(facts) < 2:
        return True
    try:
        alike = [in_unit(fact, facts[0].unit) for fact in facts]
    except UnitError:
        return False
    return len({fact.value if fact.number is None else exact(fact.number) for fact in alike}) == 1


def _dated(assessments: Iterable[Fact]) -> list[Fact]:
    return [fact for fact in assessments if fact.value is not None and fact.day is not None]


def _none(status: Status, reason: str, rule: str, rests_on: Iterable[Fact]) -> Finding:
    return Finding("baseline", None, status, missing=("baseline",), reasons=(reason,), rule=rule,
                   rests_on=tuple(rests_on))  # fmt: skip


def _is_up_to(fact: Fact, infusion: Day | None) -> bool:
    return infusion is not None and _day(fact).is_by(infusion) is not False


def _day(fact: Fact) -> Day:
    assert fact.day is not None
    return fact.day
