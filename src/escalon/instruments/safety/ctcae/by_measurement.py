"""CTCAE v5.0 terms that two measurements grade together: hypertension and hypoxia, in adults."""

from typing import Annotated, Any

from escalon.expressions.symbols import any_of, case, known, negated, otherwise
from escalon.instruments.kit.instrument import Items, Outcome
from escalon.instruments.kit.item import number, truth
from escalon.instruments.safety.ctcae.grading import Unlikely, of_term

AtRest = Annotated[
    float,
    number("oxygen saturation at rest, breathing room air", 30, 100, "%", doubtful=(60, 100), missing_when=("pao2",)),
]
Pao2 = Annotated[float, number("arterial oxygen tension at rest", 10, 700, "mmHg", doubtful=(25, 150), needed=False)]
OnEffort = Annotated[float, number("oxygen saturation with exercise", 30, 100, "%", doubtful=(60, 100), needed=False)]


@of_term(
    "Hypertension",
    "Vascular disorders: Hypertension (MedDRA 10020772), adults",
    items={
        "systolic": number("systolic blood pressure", 0, 300, "mmHg", fact="systolic_bp", doubtful=(60, 260)),
        "diastolic": number("diastolic blood pressure", 0, 250, "mmHg", fact="diastolic_bp", doubtful=(30, 160)),
        "one_drug": truth(
            "one drug was started for it, or its treatment was changed; no if not recorded", needed=False
        ),
        "more_drugs": truth(
            "more than one drug, or more intensive treatment than before; no if not recorded", needed=False
        ),
        **{name: truth("no if not recorded", needed=False) for name in ("life_threatening", "fatal")},
    },
    notes="Graded from one reading; the text adds treatment, recurrence and a symptomatic rise. The limits for "
    "adolescents and children are not used here.",
)
def ctcae_hypertension(it: Items) -> Any:
    """Blood pressure from 120/80 mmHg is grade 1, from 140/90 grade 2, from 160/100 grade 3: the worse of the two decides."""
    return case(
        otherwise(it.fatal, False), 5,
        otherwise(it.life_threatening, False), 4,
        any_of(it.systolic >= 160, it.diastolic >= 100, otherwise(it.more_drugs, False)), 3,
        any_of(it.systolic >= 140, it.diastolic >= 90, otherwise(it.one_drug, False)), 2,
        any_of(it.systolic >= 120, it.diastolic >= 80), 1,
        0,
    )  # fmt: skip


@of_term(
    "Hypoxia",
    "Respiratory, thoracic and mediastinal disorders: Hypoxia (MedDRA 10021143)",
    notes="There is no grade 1. CRS has its own grade of hypoxia, by the oxygen needed.",
)
def ctcae_hypoxia(
    spo2: AtRest, pao2: Pao2, spo2_exercise: OnEffort, oxygen: Unlikely, life_threatening: Unlikely, fatal: Unlikely
) -> Outcome:
    """Saturation below 88 % with exercise or intermittent oxygen is grade 2; below 88 % or PaO2 up to 55 mmHg at rest, 3."""
    at_rest = case(known(pao2), any_of(pao2 <= 55, otherwise(spo2 < 88, False)), spo2 < 88)
    return Outcome(
        case(
            otherwise(fatal, False), 5,
            otherwise(life_threatening, False), 4,
            at_rest, 3,
            any_of(otherwise(spo2_exercise < 88, False), otherwise(oxygen, False)), 2,
            0,
        ),
        asked_when={"spo2": negated(known(pao2))},
    )  # fmt: skip
