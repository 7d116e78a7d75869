"""Criteria over a population: a select that says of every person what `examine` says of one."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from escalon.criteria.situation import Situation, Stretch
from escalon.expressions.events import How
from escalon.expressions.program import program
from escalon.expressions.sql import sql
from escalon.expressions.tree import Node
from escalon.expressions.widened import widened
from escalon.feasibility.events import Marks, write_denials, write_events
from escalon.feasibility.leaves import Case, DrugTaken, Leaves, Number, Occurred, Stating
from escalon.feasibility.steps import Steps
from escalon.feasibility.treatments import write_treatments
from escalon.feasibility.values import write_values


class Everybody:
    """Trees asked of everybody: what they read, and the selects that answer them.

    The situation says the day of decision and the days of the anchors, which are the same for everybody; its facts are not
    read.
    """

    def __init__(self, trees: Mapping[str, Node], situation: Situation) -> None:
        self.leaves = Leaves(situation)
        self.trees = {name: self.leaves.replaced(tree) for name, tree in trees.items()}

    def floors(self, steps: Steps) -> dict[str, dict[str, date | None]]:
        """Every name read, by relation, and the day before which nothing of it can matter; None where everything may."""
        readings: dict[str, date | None] = {}
        spells: dict[str, date | None] = {}

        def add(name: str, floor: date | None, found: dict[str, date | None] = readings) -> None:
            found[name] = min(floor, found.get(name, floor) or floor) if floor and found.get(name, floor) else None

        for question in self.leaves.asked:
            match question:
                case Number(choice=choice) | Stating(choice=choice):
                    add(choice.name, _floor(choice.period) if choice.how is not How.COUNT else None)
                case Case(numbers=numbers):
                    for one, _ in numbers:
                        add(one.choice.name, _floor(one.choice.period) if one.choice.how is not How.COUNT else None)
                case Occurred(leaf=leaf, period=period):
                    for name in (leaf.name, *steps.members(leaf.name)):
                        add(name, _floor(period), spells)
                case DrugTaken(leaf=leaf):
                    for name in (leaf.name, *steps.members(leaf.name)):
                        add(name, None, spells)
        return {"readings": readings, "spells": spells}

    def write(self, steps: Steps) -> None:
        """Write every step the trees rest on, over `people`, `readings` and `spells`.

        `known` says of everybody what is found out; `patterns` counts together the people of whom the same is.
        """
        marks = Marks(steps)
        write_values(steps, self.leaves)
        write_events(steps, self.leaves, marks)
        write_treatments(steps, self.leaves, marks)
        write_denials(steps)
        marks.write()
        steps.watch()
        read = set(re.findall(r"\w+", " ".join(steps.columns.values())))
        columns = "".join(f", {column}" for step in steps.joined.values() for column in step if column in read)
        joins = "".join(f"\nLEFT JOIN {step} ON p.person = {step}.person" for step in steps.joined)
        steps.texts["known"] = f"SELECT p.person{columns}\nFROM people AS p{joins}"
        group = f" GROUP BY {columns[2:]}" if columns else ""
        steps.texts["patterns"] = (
            f"SELECT ROW_NUMBER() OVER (ORDER BY COUNT(*)) AS pattern, COUNT(*) AS people{columns}\nFROM known{group}"
        )

    def select(
        self,
        steps: Steps,
        names: Iterable[str] | None = None,
        source: str = "known",
        keep: Sequence[str] = ("person",),
    ) -> str:
        """A select of the columns to keep and a truth for each tree named, null where it is not known.

        Of every person, or of every row of `patterns`.
        """
        roots = {name: self.trees[name] for name in (names if names is not None else self.trees)}
        wide = widened(program(roots), self.leaves.numbers())
        found = {node.name: steps.columns[node.name] for node in wide.inputs}
        columns = "".join(f", {text} AS {name}" for name, text in found.items())
        table = f"(SELECT {', '.join(keep)}{columns}\nFROM {source}) AS found"
        return sql(wide, True, steps.dialect_name, table, keep=keep)


def _floor(period: Stretch) -> date | None:
    return period.first.earliest if period.first is not None and period.unplaced is None else None
