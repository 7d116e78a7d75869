"""Whether an abnormal value counts as lupus: the assessor says so; between lymphodepletion and recovery nothing is assumed.

Cytopenias and proteinuria in that window are usually due to treatment. Outside it a value counts unless it is said not to
be due to lupus; inside it, one that nobody attributed is unknown, and the finding asks for the attribution.
"""

from typing import Any

from escalon.expressions.symbols import all_of, case, known, negated, otherwise
from escalon.instruments.kit.instrument import Items


def counts(it: Items, name: str) -> Any:
    """Whether an abnormal value of this name counts: yes, no, or not known."""
    return otherwise(it[f"{name}_due_to_sle"], case(otherwise(it.lymphodepletion_window, False), None, True))


def attributed(it: Items, name: str, abnormal: Any) -> Any:
    """The abnormality as it counts; a normal value needs no attribution."""
    return all_of(abnormal, counts(it, name))


def is_asked(it: Items, abnormal: Any) -> Any:
    """Whether the attribution matters: in the window, for a value that is or may be abnormal."""
    return all_of(otherwise(it.lymphodepletion_window, False), otherwise(abnormal, True))


def is_open(it: Items, name: str, abnormal: Any) -> Any:
    """Whether a value is known to be abnormal and its attribution is still asked for."""
    return all_of(abnormal, negated(known(counts(it, name))))
