"""The grading of the seven systems whose items are rated 0–4 (spec SLE-3.5 and 3.6).

All items are looked at before a grade is given: a severe item that is improving does not hide another that is new.
"""

from typing import Any

from escalon.expressions.symbols import all_of, any_of, at_least, known
from escalon.instruments.activity.bilag_2004.form import RATED
from escalon.instruments.activity.bilag_2004.grade import System
from escalon.instruments.kit.instrument import Items


def rated_system(it: Items, system: str) -> System:
    """A severe item that is same, worse or new gives A; improving, it counts one grade lower; so do those of grade B."""
    severe, moderate, mild = ([it[one.name] for one in RATED[system] if one.role == role] for role in "ABC")
    return System(
        a=any_of(is_active(x) for x in severe),
        b=any_of(*(is_improving(x) for x in severe), *(is_active(x) for x in moderate)),
        c=any_of(*(is_improving(x) for x in moderate), *(x > 0 for x in mild)),
        assessed=any_of(known(x) for x in (*severe, *moderate, *mild)),
    )


def constitutional(it: Items) -> System:
    """Pyrexia with two of weight loss, nodes and anorexia gives A; either alone gives B; anything less gives C."""
    others = (it.weight_loss, it.lymphadenopathy_splenomegaly, it.anorexia)
    fever, two = is_active(it.pyrexia), at_least(2, *(is_active(x) for x in others))
    return System(
        a=all_of(fever, two),
        b=any_of(fever, two),
        c=any_of(is_improving(it.pyrexia), *(x > 0 for x in others)),
        assessed=any_of(known(x) for x in (it.pyrexia, *others)),
    )


def is_active(rating: Any) -> Any:
    """Same, worse or new."""
    return rating >= 2


def is_improving(rating: Any) -> Any:
    """Improving."""
    return rating == 1
