"""Change from baseline: the value at a visit less the value at baseline, in the measure's own unit and in percent.

A fall is improvement for every measure here except Schirmer's test and salivary flow. Percent is undefined from a baseline
of 0. C-reactive protein is right-skewed, so the logarithm of its ratio is offered too; a value below the laboratory's limit
counts as half of it, at baseline and at the visit alike.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from escalon.expressions.symbols import log
from escalon.facts import Day, Fact, Finding, Interval, Status
from escalon.instruments.kit.change import change, percent_change
from escalon.instruments.kit.instrument import Outcome, instrument
from escalon.instruments.kit.item import named, number

PROJECT = "project rule (spec, sections 0.5 and 19): negative is a fall; no percentage of a baseline of 0"
_any = number("measure, in any unit that is the same at both times")
_esr = number("erythrocyte sedimentation rate", 0, None, "mm/h", doubtful=(None, 150))
_crp = number(
    "C-reactive protein", 0, None, "mg/L", accepts=("mg/dL",), below_limit=True, doubtful=(None, 300)
)  # fmt: skip
Base = Annotated[float, named(_any, "measure at baseline", also=("base",))]
Now = Annotated[float, named(_any, "measure at the visit, in the unit of the baseline", also=("value",))]
EsrBase = Annotated[float, named(_esr, "ESR at baseline", also=("base",))]
EsrNow = Annotated[float, named(_esr, "ESR at the visit", also=("value",), fact="esr")]
CrpBase = Annotated[float, named(_crp, "CRP at baseline", also=("base",))]
CrpNow = Annotated[float, named(_crp, "CRP at the visit", also=("value",), fact="crp")]


@instrument("Change from baseline", source=PROJECT, code="CHG")
def change_from_baseline(baseline: Base, now: Now) -> Outcome:
    """The change of any measure from baseline; `pchg` in percent, not defined from 0."""
    return _changed(baseline, now)


@instrument("ESR, change from baseline", source=PROJECT, unit="mm/h", code="ESRCHG")
def esr_change(baseline: EsrBase, now: EsrNow) -> Outcome:
    """The change of the erythrocyte sedimentation rate from baseline."""
    return _changed(baseline, now)


@instrument("CRP, change from baseline", source=PROJECT, unit="mg/L", code="CRPCHG")
def crp_change(baseline: CrpBase, now: CrpNow) -> Outcome:
    """The change of C-reactive protein from baseline in mg/L, whichever unit each value was reported in."""
    return _changed(baseline, now)


@instrument("CRP, logarithm of the ratio to baseline", source=PROJECT, code="CRPLNR")
def crp_ln_ratio(baseline: CrpBase, now: CrpNow) -> Any:
    """ln((now + 1)/(baseline + 1)) with both values in mg/L; defined from a baseline of 0 as well."""
    return log((now + 1) / (baseline + 1))


def _changed(baseline: Any, now: Any) -> Outcome:
    return Outcome(change(baseline, now), parts={"pchg": percent_change(baseline, now)})


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
    lymphodepletion and infusion is kept and not used. An assessment on the very day is not used either: days alone do not
    say which came first. A partial date that could be the last leaves the baseline undecided.
    """
    until = lymphodepletion if rule == "before_lymphodepletion" else infusion
    what = "lymphodepletion" if rule == "before_lymphodepletion" else "infusion"
    known = [fact for fact in assessments if fact.value is not None and fact.day is not None]
    if until is None:
        return _no_baseline(Status.MISSING, f"the day of {what} is not recorded", rule, ())
    before = [fact for fact in known if _day(fact).is_before(until)]
    unsure = [fact for fact in known if _day(fact).is_before(until) is None]
    last = [fact for fact in before if not any(_day(fact).is_before(_day(other)) for other in before)]
    unsure = [fact for fact in unsure if not any(_day(fact).is_before(_day(other)) for other in last)]
    if unsure or len({fact.value for fact in last}) > 1:
        listed = ", ".join(str(fact) for fact in (*last, *unsure))
        return _no_baseline(
            Status.INDETERMINATE, f"which is the last before {what} is not settled: {listed}", rule, known
        )
    if not last:
        return _no_baseline(Status.MISSING, f"nothing is recorded before {what} on {until}", rule, known)
    later = tuple(fact for fact in known if until.is_by(_day(fact)) and _is_up_to(fact, infusion))
    flags = {
        "AFTER_LYMPHODEPLETION_NOT_USED": "an assessment between lymphodepletion and infusion is kept and not used"
    }
    value = last[-1].value
    if isinstance(value, Interval):
        return _no_baseline(Status.INDETERMINATE, f"only known to be {last[-1]}", rule, known)
    return Finding(
        "baseline",
        value,
        unit=last[-1].unit,
        flags=tuple(flags) if later else (),
        reasons=tuple(flags.values()) if later else (),
        rule=f"baseline/{rule}",
        rests_on=(last[-1], *later),
        day=last[-1].day,
    )


def _no_baseline(status: Status, reason: str, rule: str, rests_on: Iterable[Fact]) -> Finding:
    return Finding("baseline", None, status, missing=("baseline",), reasons=(reason,), rule=f"baseline/{rule}",
                   rests_on=tuple(rests_on))  # fmt: skip


def _is_up_to(fact: Fact, infusion: Day | None) -> bool:
    return infusion is not None and _day(fact).is_by(infusion) is not False


def _day(fact: Fact) -> Day:
    assert fact.day is not None
    return fact.day
