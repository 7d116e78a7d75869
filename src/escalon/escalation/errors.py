"""The one error of this layer: an input it cannot work with, and what to write instead."""

from __future__ import annotations


class EscalationError(ValueError):
    """A design, a notation or a risk that cannot be used; the message says what to write instead."""


class TooManyStates(EscalationError):
    """A design with more states than a sweep can hold; it can still be simulated."""
