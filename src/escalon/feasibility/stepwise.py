"""A statement in steps that rest on each other: one `WITH`, or a table for each step where the engine does better so."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from escalon.expressions.dialects import dialect

SOURCES = ("people", "readings", "spells", "observed", "score_items")
"""The steps that read the tables of a warehouse; in them only what codes mean and computed scores are steps."""
_OF_SOURCES = ("_codes", "_units", "_labels", "_scored", "_bounded")
_PASSED_ON = ("verdicts", "packed", "lists", "summed")
"""Steps after the patterns that are as quickly computed as read."""
_NAMED = re.compile(r"\b(FROM|JOIN) (\w+)\b( AS \w+)?")


@dataclass(frozen=True)
class StepwiseQuery:
    """A select, and the steps it rests on in the order in which they rest on each other.

    A step `people` is called `step_people` in the engine, so that a hospital may have a table of that name.
    """

    steps: Mapping[str, str]
    last: str
    prefix: str = "step_"

    def text(self, engine: str) -> str:
        """The whole as one statement, each step computed once."""
        kept = dialect(engine).kept
        steps = ",\n".join(f"{name} AS{kept} (\n{text}\n)" for name, text, _ in self.parts())
        return f"WITH {steps}\n{self.whole}"

    def parts(self) -> list[tuple[str, str, bool]]:
        """Each step that is read: its name and text in the engine, and whether its rows are worth keeping.

        They are where it is read more than once, and of long expressions from the patterns on, which are few rows.
        """
        readers: Counter[str] = Counter(_steps_in(self.last, self.steps))
        for name, text in reversed(list(self.steps.items())):
            if readers[name]:
                readers.update(_steps_in(text, self._seen_from(name)))
        names = list(self.steps)
        few = {*names[names.index("patterns") :]}.difference(_PASSED_ON) if "patterns" in names else ()
        return [
            (
                f"{self.prefix}{name}",
                self._prefixed(text, self._seen_from(name)),
                readers[name] > 1 or (name in few and name not in _PASSED_ON),
            )
            for name, text in self.steps.items()
            if readers[name]
        ]

    @cached_property
    def whole(self) -> str:
        """The select itself."""
        return self._prefixed(self.last, self.steps)

    def apart_from(self, tables: Iterable[str]) -> "StepwiseQuery":
        """The same, with steps called as none of a hospital's tables is."""
        prefix = self.prefix
        while any(table.lower().startswith(prefix) for table in tables):
            prefix = f"our_{prefix}"
        return replace(self, prefix=prefix)

    def _seen_from(self, name: str) -> Mapping[str, str]:
        if name not in SOURCES:
            return self.steps
        return {step: text for step, text in self.steps.items() if step.endswith(_OF_SOURCES)}

    def _prefixed(self, text: str, steps: Mapping[str, str]) -> str:
        def named(found: re.Match[str]) -> str:
            word, name, also = found.groups()
            return f"{word} {self.prefix}{name}{also or f' AS {name}'}" if name in steps else found[0]

        return _NAMED.sub(named, text)


def _steps_in(text: str, steps: Mapping[str, str]) -> list[str]:
    return [found[2] for found in _NAMED.finditer(text) if found[2] in steps]
