"""Stopping rules of a study as data: `a death`, `second death`, `4 DLTs`.

None is assumed: a rule is in force only where the study writes it. Deaths are no counts of DLTs, so they are read from
the participants (`Treated.died`); the number of DLTs may be a guard on the rule as well (`total_dlts`), and is then part of
the operating characteristics.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from escalon.escalation.decision import Decision, Stop
from escalon.escalation.errors import EscalationError
from escalon.escalation.notation import Conduct, Outcome, Treated
from escalon.escalation.words import plural

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
WRITE = "Write for example: a death, second death, 2 deaths, 4 DLTs, total DLTs >= 4"


@dataclass(frozen=True)
class StopAt:
    """Nobody more is treated once this many participants have died, or have had a DLT."""

    count: int
    of: str
    reads_calendar = False

    def __post_init__(self) -> None:
        if self.of not in ("death", "DLT") or self.count < 1:
            raise EscalationError(
                f"A trial stops at one or more deaths or DLTs, not at {self.count} {self.of}. {WRITE}"
            )

    def hold(self, intended: Decision, conduct: Conduct, open_cohort: tuple[Treated, ...], today: date) -> Decision:
        """A stop once the number is reached, whatever the rule says."""
        seen = sum(one.died if self.of == "death" else one.outcome is Outcome.DLT for one in conduct)
        if seen < self.count:
            return intended
        return Stop(
            None, f"{plural(seen, self.of)} seen: the study stops at {plural(self.count, self.of)}", intended.notes
        )

    def prose(self) -> str:
        """The rule as a sentence."""
        return f"Nobody more is treated once {plural(self.count, self.of)} {'has' if self.count == 1 else 'have'} been seen."


def stopping_rule(text: str) -> StopAt:
    """A stopping rule as a study writes it.

    >>> stopping_rule("second death")
    StopAt(count=2, of='death')
    >>> stopping_rule("4 DLTs in all")
    StopAt(count=4, of='DLT')
    """
    words = re.sub(r"\s+", " ", text.strip().lower())
    words = re.sub(r"(?:total )?(dlts|deaths) >= ([0-9]{1,3})", r"\2 \1", words)
    match = re.fullmatch(r"(?:(?:an?|the|any) )?(?:([0-9]{1,3}|\w+) )??(deaths?|dlts?)(?: in all| in total)?", words)
    how_many = match and (match[1] or "1")
    if match and how_many and how_many.isdecimal():
        return StopAt(int(how_many), "death" if match[2].startswith("death") else "DLT")
    if match and how_many in ORDINALS:
        return StopAt(ORDINALS.index(how_many) + 1, "death" if match[2].startswith("death") else "DLT")
    raise EscalationError(f"“{text}” is not a stopping rule. {WRITE}")
