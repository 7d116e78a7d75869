"""LICATS: local reactions after CAR-T cells in organs that the autoimmune disease had affected before.

They are recorded apart from CRS and ICANS: one event per organ, with onset, duration, severity and treatment. They begin days
to weeks after infusion, during B-cell aplasia, and resolve by themselves, which tells them from a flare of the disease.

Source: Hagen 2025, doi:10.1016/S2665-9913(25)00091-8. From secondary accounts: grade 1 resolves by itself, grade 3 needs a new
or longer stay in hospital, grade 4 intensive care; grade 2, between them, is read as treatment. So `rule_unconfirmed`.
"""

from escalon.expressions.symbols import all_of, case, negated, otherwise
from escalon.facts import Status
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import choice, truth

ORGANS = ("skin", "kidney", "joint", "muscle", "lung", "heart", "gastrointestinal", "other")
CARE = ("observation", "treatment", "hospital", "intensive_care")
ITEMS = {
    "organ": choice("organ of the reaction", *ORGANS),
    "affected_before": truth("the organ was affected by the disease before infusion"),
    "other_cause": truth("infection, drug or another cause explains it"),
    "care": choice("the most that was needed", *CARE),
    "b_cell_aplasia": truth("during B-cell aplasia", needed=False),
    "fatal": truth("death due to it; no if not recorded", needed=False),
}


@instrument(
    "LICATS",
    source="Hagen 2025, doi:10.1016/S2665-9913(25)00091-8",
    items=ITEMS,
    when_missing=Status.INDETERMINATE,
    unconfirmed="grades from secondary accounts of Hagen 2025; grade 2 is inferred",
)
def licats(it: Items) -> Outcome:
    """Severity 1–5 of one local reaction; 0 where the organ was not affected before, or another cause explains it."""
    is_local = all_of(it.affected_before, negated(it.other_cause))
    return Outcome(
        case(
            negated(is_local), 0,
            otherwise(it.fatal, False), 5,
            it.care == "intensive_care", 4,
            it.care == "hospital", 3,
            it.care == "treatment", 2,
            1,
        ),
        flags={
            "outside_b_cell_aplasia": (
                negated(it.b_cell_aplasia),
                "not during B-cell aplasia, where every published event lay: consider a flare of the disease",
            )
        },
    )  # fmt: skip
