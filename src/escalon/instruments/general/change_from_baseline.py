"""Change from baseline: the value at a visit less the value at baseline, in the measure's own unit and in percent.

A fall is improvement for every measure here except Schirmer's test and salivary flow. Percent is undefined from a baseline
of 0. C-reactive protein is right-skewed, so the logarithm of its ratio is offered too; a value below the laboratory's limit
is any number below it, so the change lies between two numbers; half of the limit only where `below_limit=half` asks for it.
"""

from typing import Annotated, Any

from escalon.expressions.symbols import log
from escalon.instruments.kit.change import change, percent_change
from escalon.instruments.kit.instrument import Outcome, instrument
from escalon.instruments.kit.item import named, number

PROJECT = "project rule (spec, sections 0.5 and 19): negative is a fall; no percentage of a baseline of 0"
_any = number("measure, in any unit that is the same at both times")
_esr = number("erythrocyte sedimentation rate", 0, None, "mm/h", doubtful=(None, 150))
_crp = number(
    "C-reactive protein", 0, None, "mg/L", accepts=("mg/dL",), below_limit=True, doubtful=(None, 300)
)  # fmt: skip
Base = Annotated[float, named(_any, "measure at baseline", also=("base",), baseline_of="now")]
Now = Annotated[float, named(_any, "measure at the visit, in the unit of the baseline", also=("value",))]
EsrBase = Annotated[float, named(_esr, "ESR at baseline", also=("base",), baseline_of="now")]
EsrNow = Annotated[float, named(_esr, "ESR at the visit", also=("value",), fact="esr")]
CrpBase = Annotated[float, named(_crp, "CRP at baseline", also=("base",), baseline_of="now")]
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
