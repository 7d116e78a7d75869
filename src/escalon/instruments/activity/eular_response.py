"""EULAR response: improvement in DAS28 together with the level reached.

van Gestel 1998 (details unconfirmed); as restated by Fransen & van Riel 2005.
"""

from fractions import Fraction
from typing import Annotated

from escalon.expressions.symbols import all_of, any_of, case, known, negated
from escalon.instruments.kit.instrument import Outcome, instrument
from escalon.instruments.kit.item import choice, named, number

FORMS = ("das28_esr", "das28_esr_3", "das28_crp", "das28_crp_3")
Baseline = Annotated[float, number("DAS28 at baseline", 0, 12, baseline_of="current")]
Current = Annotated[float, number("DAS28 at the visit", 0, 12, of=FORMS)]
_form = choice("form of DAS28 at baseline", *FORMS, needed=False, source_of="baseline")
BaselineForm = Annotated[str, _form]
CurrentForm = Annotated[str, named(_form, "form of DAS28 at the visit", source_of="current")]
# Two computed values differ by binary noise: their difference counts to nine decimals (spec instruments §0.2.4).
HALF_A_STEP = Fraction(5, 10**10)


@instrument(
    "EULAR response",
    source="van Gestel 1998, Arthritis Rheum 41:1845; Fransen & van Riel 2005, Clin Exp Rheumatol 23(Suppl 39):S93",
    code="EULARRSP",
)
def eular_response(
    baseline: Baseline, current: Current, baseline_form: BaselineForm, current_form: CurrentForm
) -> Outcome:
    """Good, moderate or no response in RA, from the fall in DAS28 and the value reached; both of the same form."""
    fall = baseline - current
    large = fall > Fraction("1.2") + HALF_A_STEP
    some = fall > Fraction("0.6") + HALF_A_STEP
    low, at_most_moderate = current <= Fraction("3.2"), current <= Fraction("5.1")
    good = all_of(large, low)
    moderate = any_of(large, all_of(some, at_most_moderate))
    return Outcome(
        case(good, "good", case(moderate, "moderate", "none")),
        parts={"fall": fall},
        flags={
            "FORM_NOT_STATED": (
                negated(all_of(known(baseline_form), known(current_form))),
                "the form of DAS28 is not stated for both values; they must be of the same form",
            )
        },
        contradictions={"baseline and visit are different forms of DAS28": baseline_form != current_form},
    )
