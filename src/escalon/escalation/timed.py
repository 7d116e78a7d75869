"""Designs that read the clock or the participants still under observation, and so are not functions of counts alone.

They answer in conduct like any rule (`next_dose`); their characteristics are simulated, never swept.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from escalon.escalation.decision import Decision
from escalon.escalation.levels import Levelled
from escalon.escalation.notation import Conduct
from escalon.escalation.rule import Rule

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from escalon.escalation.characteristics import Characteristics

Progress = Callable[[int, int], None]


class TimedDesign(Levelled):
    """A design that decides on participants one by one, pending ones included."""

    window: float
    """The DLT window in days."""
    one_by_one = False
    """Whether only the next participant is placed at a time."""

    size: int | None
    """The most enrolled, if that is limited."""
    cohort = 1
    """Participants come one by one."""

    @property
    def cap(self) -> int | None:
        """The most enrolled, if that is limited."""
        return self.size

    @abstractmethod
    def ask(self, conduct: Conduct, today: date | None) -> Decision:
        """The next decision from what has happened so far, windows still open included."""

    @abstractmethod
    def simulate(
        self, truth: ArrayLike, trials: int, seed: int, *, days_between: float, progress: Progress | None = None
    ) -> Characteristics:
        """Simulated characteristics at a pace of accrual; arrivals exponential, DLT times uniform in the window."""


Design = Rule | TimedDesign
