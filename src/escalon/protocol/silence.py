"""What a protocol leaves open: a key of the dose plan whose value is `"silent"` lets nobody be dosed until it is decided."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from escalon.escalation import Conduct, Decision, Treat, Treated, Wait
from escalon.protocol.study import Study

SILENT = "silent"
"""The value of a key on which the protocol says nothing, and for which nothing is assumed."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """A guard of the study: no dose while the protocol is silent on something that doses rest on."""

    keys: tuple[str, ...]
    reads_calendar = False

    def hold(self, intended: Any, conduct: Conduct, open_cohort: tuple[Treated, ...], today: date) -> Decision:
        """A wait in place of a treatment; a stop stays a stop."""
        if not isinstance(intended, Treat):
            decided: Decision = intended
            return decided
        return Wait(f"{self.says}: decide it, sign it and write it into [dose]", None)

    def prose(self) -> str:
        """The hold as a sentence for the protocol."""
        return f"Nobody is dosed while the protocol is silent on {self._named()}."

    @property
    def says(self) -> str:
        """What is left open."""
        return f"the protocol is silent on {self._named()}"

    def _named(self) -> str:
        return ", ".join(key.replace("_", " ") for key in self.keys)


def as_if_decided(study: Study) -> Study:
    """The study without what its protocol leaves open: what the rest of it says by itself."""
    return (
        study.model_copy(update={"dose": study.dose.model_copy(update={"silent": ()})}) if study.dose.silent else study
    )
