"""Three-valued (Kleene) logic: true, false, and not known.

`None` is *not known*. It never passes for false: a conjunction with an unknown part is unknown unless another part
is already false, and a disjunction is unknown unless another part is already true.

Source: Kleene 1938, doi:10.2307/2267778 (strong three-valued connectives).
"""

from collections.abc import Iterable
from typing import TypeAlias

Truth: TypeAlias = bool | None


def negate(truth: Truth) -> Truth:
    """Not: unknown stays unknown."""
    return None if truth is None else not truth


def all_known(truths: Iterable[Truth]) -> Truth:
    """And: false if any part is false, else unknown if any is unknown, else true."""
    parts = tuple(truths)
    return False if False in parts else None if None in parts else True


def any_known(truths: Iterable[Truth]) -> Truth:
    """Or: true if any part is true, else unknown if any is unknown, else false."""
    parts = tuple(truths)
    return True if True in parts else None if None in parts else False


def at_least_known(number: int, truths: Iterable[Truth]) -> Truth:
    """At least `number` of the parts: true once reached, false once out of reach, else unknown."""
    parts = tuple(truths)
    yes, unknown = parts.count(True), parts.count(None)
    return True if yes >= number else False if yes + unknown < number else None
