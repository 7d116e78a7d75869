"""2010 ACR/EULAR classification of rheumatoid arthritis: joints, serology, acute phase, duration; 6 of 10 points.

For people with definite synovitis of a joint that no other disease explains better. Large joints: shoulders, elbows, hips, knees,
ankles. Small joints: metacarpophalangeal, proximal interphalangeal, thumb interphalangeal, second to fifth metatarsophalangeal,
wrists. Not counted: distal interphalangeal, first carpometacarpal, first metatarsophalangeal joints.
"""

from typing import Any, Literal

from escalon.expressions.symbols import all_of, any_of, case, known, largest_known, negated, otherwise, points
from escalon.facts import Status
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import Item, choice, integer, number, truth
from escalon.instruments.kit.points import Points, classified, scored, together

DEFINITE = 6
SIX_WEEKS = 42  # days; «six weeks or more», so exactly 42 counts
_SEROLOGY = ("rf", "rf_positive", "acpa", "acpa_positive")
_ACUTE = ("crp", "esr")
ITEMS: dict[str, Item] = {
    "definite_synovitis": truth("at least one joint with definite clinical synovitis", also=("synovitis",)),
    "better_explained": truth("the synovitis is better explained by another disease"),
    "large_joints": integer("large joints tender or swollen", 0, 10, also=("large",)),
    "small_joints": integer("small joints tender or swollen", 0, 30, also=("small",)),
    "other_joints": integer("temporomandibular, acromioclavicular, sternoclavicular joints", 0, 6, needed=False),
    "serology": choice("RF and ACPA: low above the limit, high above three times", "negative", "low", "high",
                       missing_when=_SEROLOGY),
    "acute_phase": choice("CRP and ESR", "normal", "abnormal", missing_when=_ACUTE),
    "duration": number("duration of symptoms", 0, None, "d", accepts=("wk",), also=("days",)),
    "rf": number("rheumatoid factor", 0, None, "IU/mL", fact="rheumatoid_factor", needed=False),
    "rf_upper_limit": number("upper limit of normal of rheumatoid factor", 0, None, "IU/mL", needed=False),
    "rf_positive": truth("rheumatoid factor positive, no titre reported", needed=False),
    "acpa": number("anti-citrullinated protein antibody", 0, None, "U/mL", fact="acpa", needed=False),
    "acpa_upper_limit": number("upper limit of normal of ACPA", 0, None, "U/mL", needed=False),
    "acpa_positive": truth("ACPA positive, no titre reported", needed=False),
    "crp": number("C-reactive protein", 0, None, "mg/L", accepts=("mg/dL",), fact="crp", needed=False),
    "crp_upper_limit": number("upper limit of normal of CRP", 0, None, "mg/L", accepts=("mg/dL",), needed=False),
    "esr": number("erythrocyte sedimentation rate", 0, None, "mm/h", fact="esr", needed=False),
    "esr_upper_limit": number("upper limit of normal of ESR", 0, None, "mm/h", needed=False),
    "typical_erosions": truth("erosions typical of RA in three or more joints, compatible history", needed=False),
    "previously_met": truth("long-standing disease that met the criteria before", needed=False),
}  # fmt: skip


@instrument(
    "ACR/EULAR 2010, rheumatoid arthritis",
    source="Aletaha 2010, doi:10.1002/art.27584 and doi:10.1136/ard.2010.138461",
    items=ITEMS,
    when_missing=Status.INDETERMINATE,
    code="RA2010",
    notes="High-positive is more than three times the limit, not at least. Serology and acute phase need one result each; six "
    "points without one stay open unless `required_tests=lenient`. Reprints with «normal ESR» scoring 1, or three small joints "
    "scoring 3, are misprints.",
)
def ra_2010(
    it: Items,
    *,
    required_tests: Literal["strict", "lenient"] = "strict",
    positive_without_titre: Literal["low", "low_or_high"] = "low",
) -> Outcome:
    """Whether RA is classified: 6 or more of 10 points, or typical erosions, or disease that met the criteria before."""
    at_least = otherwise(_stated_serology(it), largest_known(*_titres(it, 2)))
    at_most = otherwise(_stated_serology(it), largest_known(*_titres(it, 2 if positive_without_titre == "low" else 3)))
    serology, acute_phase = Points(otherwise(at_least, 0), otherwise(at_most, 3)), _acute_phase(it)
    score = together((scored(_joints(it), 5), serology, scored(acute_phase, 1), scored(_long_enough(it), 1)))
    tested = True if required_tests == "lenient" else all_of(known(at_least), known(acute_phase))
    by_score = case(score.certain >= DEFINITE, case(tested, True, None), score.reach(DEFINITE))
    by_route = otherwise(any_of(it.typical_erosions, it.previously_met), False)
    return Outcome(
        classified(case(by_route, True, by_score)),
        unless={
            why: all_of(negated(by_route), condition)
            for why, condition in {
                "no joint with definite clinical synovitis": negated(it.definite_synovitis),
                "better explained by another disease": it.better_explained,
            }.items()
        },
        parts={
            **score.parts(),
            "joint_points": _joints(it),
            "serology_points": serology.total,
            "acute_phase_points": acute_phase,
            "duration_points": _long_enough(it),
        },
        read_as={"serology": at_least, "acute_phase": acute_phase},
        flags={
            "TITRE_MISSING": (
                any_of(
                    all_of(it.rf_positive, negated(known(it.rf))), all_of(it.acpa_positive, negated(known(it.acpa)))
                ),
                "how a positive serology without a titre counts is our rule: low-positive by default",
            )
        },
        contradictions=_contradictions(it),
    )


def _joints(it: Items) -> Any:
    """The best row of the joint domain; more than ten joints need a small one among them and may include other joints."""
    joints = it.large_joints + it.small_joints + otherwise(it.other_joints, 0)
    many = all_of(joints > 10, it.small_joints >= 1)
    return case(many, 5, case(it.small_joints >= 4, 3, case(it.small_joints >= 1, 2, points(it.large_joints >= 2))))


def _stated_serology(it: Items) -> Any:
    return case(it.serology == "high", 3, points(it.serology == "low", 2))


def _titres(it: Items, positive: int) -> list[Any]:
    """The points of RF and of ACPA; `positive` are those of a positive test without a titre."""
    return [
        otherwise(
            case(it[test] > 3 * it[f"{test}_upper_limit"], 3, points(it[test] > it[f"{test}_upper_limit"], 2)),
            points(it[f"{test}_positive"], positive),
        )
        for test in ("rf", "acpa")
    ]


def _acute_phase(it: Items) -> Any:
    return otherwise(points(it.acute_phase == "abnormal"), largest_known(*_acute_phase_tests(it)))


def _acute_phase_tests(it: Items) -> list[Any]:
    return [points(it.crp > it.crp_upper_limit), points(it.esr > it.esr_upper_limit)]


def _long_enough(it: Items) -> Any:
    return points(it.duration >= SIX_WEEKS)


def _contradictions(it: Items) -> dict[str, Any]:
    return {
        "the serology stated is not what the titres say": _differs(
            _stated_serology(it), _titres(it, 2), _titres(it, 3)
        ),
        "the acute phase stated is not what CRP and ESR say": _differs(
            points(it.acute_phase == "abnormal"), _acute_phase_tests(it), _acute_phase_tests(it)
        ),
        "rheumatoid factor is said to be positive, but its titre is not": all_of(
            it.rf_positive, it.rf <= it.rf_upper_limit
        ),
        "ACPA is said to be positive, but its titre is not": all_of(it.acpa_positive, it.acpa <= it.acpa_upper_limit),
    }


def _differs(stated: Any, at_least: list[Any], at_most: list[Any]) -> Any:
    """Stated below what a test reached, or above what both can have reached."""
    return any_of(stated < largest_known(*at_least), all_of(*(stated > most for most in at_most)))
