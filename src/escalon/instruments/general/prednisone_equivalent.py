"""Prednisone equivalents: systemic glucocorticoids per day as milligrams of prednisone.

Oral and intravenous doses count alike. Topical, inhaled, intra-articular and intrathecal doses are not converted, and
fludrocortisone is not a glucocorticoid in this sense. Salts are converted from the label to the base first.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal

from escalon.expressions.symbols import any_of, case, known, one_of, otherwise, sum_known
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import choice, number, truth

SOURCE = (
    "Meikle & Tyler 1977, Am J Med 63:200, doi:10.1016/0002-9343(77)90233-9; "
    "Parente 2017, doi:10.1186/s40360-016-0111-8"
)
# Milligrams equal to 5 mg of prednisone (spec, section 14). A lay table prints 9 for deflazacort; it is not followed.
EQUAL_TO_5_MG: Mapping[str, Fraction] = {
    "prednisone": Fraction(5),
    "prednisolone": Fraction(5),
    "methylprednisolone": Fraction(4),
    "triamcinolone": Fraction(4),
    "hydrocortisone": Fraction(20),
    "cortisone": Fraction(25),
    "dexamethasone": Fraction("0.75"),
    "betamethasone": Fraction("0.75"),
    "deflazacort": Fraction(6),
}
# Tables print 0.75 or 0.6 for betamethasone.
Betamethasone = Literal["0.75", "0.6"]
SYSTEMIC = ("oral", "intravenous", "intramuscular")
LOCAL = ("topical", "inhaled", "intra-articular", "intrathecal")
TABLES_DIFFER = (
    "For betamethasone tables print 0.75 (used) or 0.6 (an option); a lay page prints 9 for deflazacort (not used)."
)
# The floor of the record: a dose that «cannot be reduced to less than 7.5 mg/day»; exactly 7.5 qualifies.
FLOOR = 7.5

PREDNISONE_PER_DAY = number(
    "prednisone equivalent per day", 0, None, "mg/d",
    also=("pred", "prednisolone", "prednisone_equivalent"), fact="prednisone_equivalent", doubtful=(None, 250),
)  # fmt: skip
RESCUE_STEROID = truth("steroid pulse, or steroid for CRS or ICANS, on the day", needed=False, also=("steroid_pulse",))

DRUGS = {
    drug: number(
        f"{drug} per day (5 mg prednisone is {float(mg):g} mg)", 0, None, "mg/d", needed=False, doubtful=(None, 1000)
    )
    for drug, mg in EQUAL_TO_5_MG.items()
}


@instrument(
    "Prednisone equivalent per day", source=SOURCE, items=DRUGS, unit="mg/d", code="PREDEQ", notes=TABLES_DIFFER
)
def prednisone_equivalent(it: Items, *, betamethasone_mg: Betamethasone = "0.75") -> Outcome:
    """The sum over the systemic glucocorticoids taken, in mg of prednisone a day; none taken is written prednisone=0."""
    per_day = sum_known(*(it[drug] * 5 / equal_to_5_mg(drug, betamethasone_mg) for drug in DRUGS))
    return Outcome(
        per_day,
        required=any_of(known(it[drug]) for drug in DRUGS),
        parts={"at_least_7_5": per_day >= FLOOR},
    )


def equal_to_5_mg(drug: str, betamethasone_mg: str = "0.75") -> Fraction:
    """How many milligrams of a drug equal 5 mg of prednisone."""
    return Fraction(betamethasone_mg) if drug == "betamethasone" else EQUAL_TO_5_MG[drug]


Drug = Annotated[str, choice("glucocorticoid", *EQUAL_TO_5_MG)]
Dose = Annotated[float, number("milligrams of the base in one dose", 0, None, "mg", doubtful=(None, 2000))]
EveryDays = Annotated[
    float, number("days from one dose to the next (2: alternate days)", "0.125", 366, "d", needed=False)
]
Route = Annotated[str, choice("route; oral unless said", *SYSTEMIC, *LOCAL, needed=False)]


@instrument("Glucocorticoid dose as prednisone per day", source=SOURCE, unit="mg/d", code="GCDOSE")
def glucocorticoid_dose(
    drug: Drug, dose: Dose, every_days: EveryDays, route: Route, *, betamethasone_mg: Betamethasone = "0.75"
) -> Outcome:
    """One drug as mg of prednisone a day, averaged over its interval: 10 mg on alternate days is 5 mg a day."""
    five = case(drug == "betamethasone", Fraction(betamethasone_mg), _from_table(drug))
    per_day = dose * 5 / five / case(known(every_days), every_days, 1)
    return Outcome(
        per_day,
        unless={"a local route: only systemic doses count": one_of(otherwise(route, "oral"), LOCAL)},
        flags={
            "NOT_SYSTEMIC": (
                one_of(route, LOCAL),
                "topical, inhaled, intra-articular and intrathecal doses do not count",
            ),
        },
    )


def _from_table(drug: Any) -> Any:
    found: Any = None
    for name, mg in EQUAL_TO_5_MG.items():
        found = case(drug == name, mg, found)
    return found
