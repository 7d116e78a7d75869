"""Designs that read the clock or the participants still under observation, and so are not functions of counts alone.

They answer in conduct like any rule (`next_dose`); their characteristics are simulated, never swept.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from escalon.escalation.decision import Decision
from escalon.escalation.levels import Levelled
from escalon.escalation.notation import Conduct
from escalon.escalation.rule import Rule
from escalon.escalation.tally import Tally

if TYPE_CHECKING:
    from escalon.escalation.characteristics import Characteristics

Progress = Callable[[int, int], None]


class TimedDesign(Levelled, ABC):
    """A design that decides on participants one by one, pending ones included."""

    window: float
    """The DLT window in days."""
    one_by_one = False
    """Whether only the next participant is placed at a time."""

    @property
    @abstractmethod
    def cohort(self) -> int:
        """The usual number of participants in a cohort."""

    @property
    def cap(self) -> int | None:
        """The largest number of participants the design enrols."""
        return None

    @abstractmethod
    def ask(self, conduct: Conduct, today: date | None) -> Decision:
        """The next decision from what has happened so far, windows still open included."""

    @abstractmethod
    def prose(self) -> tuple[str, ...]:
        """The design as sentences for the protocol."""

    @abstractmethod
    def simulate(
        self, truth: ArrayLike, trials: int, seed: int, *, days_between: float, progress: Progress | None = None
    ) -> Characteristics:
        """Simulated characteristics at a pace of accrual; arrivals exponential, DLT times uniform in the window."""

    def remarks(self, tally: Tally) -> tuple[str, ...]:
        """What a reader must know of an answer from these counts."""
        return ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the design lacks that its users rely on."""
        return ()


Design = Rule | TimedDesign
