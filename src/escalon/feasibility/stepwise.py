"""A statement in steps that rest on each other: one `WITH` where the engine computes a step once, else a table for each."""

from collections.abc import Mapping
from dataclasses import dataclass

from escalon.expressions.dialects import dialect


@dataclass(frozen=True)
class StepwiseQuery:
    """A select, and the steps it rests on in the order in which they rest on each other."""

    steps: Mapping[str, str]
    last: str

    def text(self, engine: str) -> str:
        """The whole as one statement, each step computed once."""
        kept = dialect(engine).kept
        steps = ",\n".join(f"{name} AS{kept} (\n{text}\n)" for name, text in self.steps.items())
        return f"WITH {steps}\n{self.last}"
