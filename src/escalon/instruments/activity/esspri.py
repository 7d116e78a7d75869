"""ESSPRI: symptoms of Sjögren disease as the patient reports them, the mean of three 0–10 scales.

Dryness, fatigue and limb pain over the last two weeks; mental fatigue was dropped and is not part of it.
"""

from typing import Annotated, Any

from escalon.expressions.symbols import all_of, any_of
from escalon.instruments.kit.instrument import Outcome, instrument
from escalon.instruments.kit.item import named, number

_scale = number("0 none to 10 worst, last two weeks", 0, 10, "NRS", accepts=("cm", "mm"))
Dryness = Annotated[float, named(_scale, "dryness, 0 none to 10 worst")]
Fatigue = Annotated[float, named(_scale, "fatigue, 0 none to 10 worst")]
LimbPain = Annotated[
    float, named(_scale, "pain in joints and muscles of the limbs, 0 none to 10 worst", also=("limb_pain",))
]
Before = Annotated[float, number("ESSPRI at baseline", 0, 10, baseline_of="current")]
Now = Annotated[float, number("ESSPRI at the visit", 0, 10, of="esspri")]
SOURCE = "Seror 2011, doi:10.1136/ard.2010.143743"
IMPORTANT = "Seror 2016, Ann Rheum Dis 75:382–389"


@instrument("ESSPRI", source=f"{SOURCE}; acceptable state {IMPORTANT}")
def esspri(dryness: Dryness, fatigue: Fatigue, pain: LimbPain) -> Outcome:
    """The mean of dryness, fatigue and limb pain, 0–10; below 5 is a state patients call acceptable."""
    score = (dryness + fatigue + pain) / 3
    return Outcome(score, parts={"acceptable_state": score < 5})


@instrument("ESSPRI, important improvement", source=IMPORTANT, code="ESSPRIMI")
def esspri_improvement(baseline: Before, current: Now) -> Outcome:
    """Whether ESSPRI fell by at least 1 point or by at least 15 %."""
    points, percent = improved_by(baseline, current)
    return Outcome(any_of(points, percent), parts={"by_points": points, "by_percent": percent})


def improved_by(baseline: Any, current: Any) -> tuple[Any, Any]:
    """A fall of 1 point, and a fall of 15 % of a baseline above 0."""
    return baseline - current >= 1, all_of(baseline > 0, 100 * current <= 85 * baseline)
