"""Numbers that say whether they are exact or simulated.

One type for both, so that tables, figures and JSON need not know the difference; a simulated number cannot be read
without its standard error: `.exact` refuses it, and printing shows `0.401 ± 0.005`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from escalon.escalation.errors import EscalationError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Estimates:
    """An array of numbers, exact (`standard_error` is None) or simulated (a standard error beside each)."""

    value: Floats
    standard_error: Floats | None = None

    @classmethod
    def of(cls, value: ArrayLike, standard_error: ArrayLike | None = None) -> Estimates:
        """From anything array-like."""
        se = None if standard_error is None else np.asarray(standard_error, dtype=np.float64)
        return cls(np.asarray(value, dtype=np.float64), se)

    @property
    def is_exact(self) -> bool:
        """True if there is no simulation error."""
        return self.standard_error is None

    @property
    def exact(self) -> Floats:
        """The numbers themselves; refused if they are simulated."""
        if self.standard_error is not None:
            raise EscalationError("These numbers are simulated: read .value together with .standard_error")
        return self.value

    def __getitem__(self, where: Any) -> Estimates:
        se = None if self.standard_error is None else np.asarray(self.standard_error[where])
        return Estimates(np.asarray(self.value[where]), se)

    def __iter__(self) -> Iterator[Estimates]:
        return (self[row] for row in range(len(self.value)))

    def __len__(self) -> int:
        return len(self.value)

    def __bool__(self) -> bool:
        return True  # a number that is there, whatever it is: zero is not missing

    def __float__(self) -> float:
        return float(self.exact)

    def __str__(self) -> str:
        return format(self, ".3f")

    def __format__(self, spec: str) -> str:
        spec = spec or ".3f"
        if self.value.ndim:
            return "  ".join(format(one, spec) for one in self)
        shown = format(float(self.value), spec)
        return shown if self.standard_error is None else f"{shown} ± {format(float(self.standard_error), spec)}"

    def as_json(self) -> Any:
        """Numbers with their standard errors; null where exact."""
        se = None if self.standard_error is None else self.standard_error.tolist()
        return {"value": self.value.tolist(), "standard_error": se}
