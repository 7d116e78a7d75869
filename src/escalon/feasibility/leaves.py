"""The leaves of a study's criteria, each once: what has to be read of every person before the trees can be answered.

A criterion's tree keeps its connectives, comparisons and arithmetic; each leaf that reads a history is replaced by an input
that the population's SQL fills (`answers`). Two criteria that read the same name in the same days share the input, whatever
words they use for the window.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from escalon.criteria.amounts import in_own_units
from escalon.criteria.situation import Situation, Stretch, placed
from escalon.expressions.events import Exposure, Happened, How, Part, Pick, Span, Stated, Tie, UnitNumber, Window
from escalon.expressions.tree import COMPARISONS, Input, Kind, Literal, Node, Op


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of the recorded values of a name count in a stretch of days."""

    name: str
    period: Stretch
    how: How
    tie: Tie | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A number chosen, or the laboratory's limit beside it."""

    choice: Choice
    part: Part


@dataclass(frozen=True, slots=True)
class Stating:
    """What was last stated: yes or no, or whether it was a certain word."""

    choice: Choice
    word: str | None = None


@dataclass(frozen=True, slots=True)
class Occurred:
    """Whether something happened in a stretch of days, and how long it must have lasted."""

    leaf: Happened
    period: Stretch


@dataclass(frozen=True, slots=True)
class DrugTaken:
    """Whether a drug was taken without a gap up to a day; `held` and `dosed` are the stretches that must be covered."""

    leaf: Exposure
    period: Stretch
    held: Stretch | None
    dosed: Stretch | None


@dataclass(frozen=True, slots=True)
class Case:
    """A comparison of what one choice found, or one that must be tried with every value that may be meant.

    The latter where a span of the values would say too little.
    """

    tree: Node
    numbers: tuple[tuple[Number, str], ...]
    """Each number read, with its name in the tree; where the ends decide, that of its part."""
    each_value: bool


Question = Number | Stating | Occurred | DrugTaken | Case


@dataclass
class Leaves:
    """Trees with their leaves replaced by inputs, and what each input asks."""

    situation: Situation
    asked: dict[Question, str] = field(default_factory=dict)

    def of(self, sort: type) -> Mapping[Question, str]:
        """The inputs of one sort."""
        return {question: name for question, name in self.asked.items() if isinstance(question, sort)}

    def numbers(self) -> tuple[str, ...]:
        """The inputs that hold a number, which may be an interval."""
        return tuple(self.of(Number).values())

    def replaced(self, tree: Node) -> Node:
        """The tree with an input for each leaf."""
        match tree:
            case Op("eq", (Pick() as pick, Literal(str() as word))):
                return self._truth(Stating(self._choice(pick.name, pick.window), word.lower()))
            case Op(name, parts) if name in COMPARISONS:
                return self._compared(name, in_own_units(parts, self.situation.meanings))
            case Op(name, parts):
                return Op(name, tuple(self.replaced(part) for part in parts))
            case Pick():
                return self._number(tree)
            case UnitNumber(value, _):
                return Literal(value)
            case Stated(name, window):
                return self._truth(Stating(self._choice(name, window)))
            case Happened():
                return self._truth(Occurred(tree, placed(tree.window, self.situation)))
            case Exposure():
                return self._truth(self._taken(tree))
        return tree

    def _compared(self, name: str, parts: tuple[Node, ...]) -> Node:
        """Less and more are settled by the least and the most a number may be; equality and a divisor of its own are not."""
        own = Leaves(self.situation)
        tree = Op(name, tuple(own.replaced(part) for part in parts))
        numbers = tuple((one, name) for one, name in own.asked.items() if isinstance(one, Number))
        if not numbers or len(numbers) < len(own.asked):
            return Op(name, tuple(self.replaced(part) for part in parts))
        if name in ("eq", "ne") or any(_divides_by_a_value(part) for part in parts):
            return self._truth(Case(tree, numbers, True))
        if len({one.choice for one, _ in numbers}) == 1:
            by_part = {own: Input(one.part, Kind.NUMBER) for one, own in numbers}
            return self._truth(Case(_renamed(tree, by_part), tuple((one, one.part) for one, _ in numbers), False))
        return Op(name, tuple(self.replaced(part) for part in parts))

    def _number(self, pick: Pick) -> Node:
        choice = Choice(pick.name, placed(pick.window, self.situation), pick.how, pick.tie)
        part = Part.VALUE if pick.how is How.COUNT else pick.part
        return Input(self._name(Number(choice, part), "p"), Kind.NUMBER)

    def _choice(self, name: str, window: Window | None) -> Choice:
        return Choice(name, placed(window, self.situation), How.LATEST)

    def _taken(self, leaf: Exposure) -> DrugTaken:
        def up_to(duration: object) -> Stretch | None:
            return (
                placed(Window(Span.WITHIN, leaf.anchor, duration), self.situation)  # type: ignore[arg-type]
                if duration
                else None
            )

        whole = up_to(leaf.lasting or leaf.dose_lasting)
        assert whole is not None
        return DrugTaken(leaf, whole, up_to(leaf.lasting), up_to(leaf.dose_lasting) if leaf.dose else None)

    def _truth(self, question: Question) -> Node:
        return Input(self._name(question, "t"), Kind.TRUTH)

    def _name(self, question: Question, letter: str) -> str:
        return self.asked.setdefault(question, f"{letter}{len(self.asked)}")


def _renamed(node: Node, inputs: Mapping[str, Input]) -> Node:
    match node:
        case Op(name, parts):
            return Op(name, tuple(_renamed(part, inputs) for part in parts))
        case Input(name):
            return inputs[name]
    return node


def _picks(parts: Iterable[Node]) -> Iterable[Pick]:
    for part in parts:
        if isinstance(part, Pick):
            yield part
        elif isinstance(part, Op):
            yield from _picks(part.parts)


def _divides_by_a_value(node: Node) -> bool:
    if not isinstance(node, Op):
        return False
    by = node.parts[1] if node.name == "div" else None
    own = by is not None and any(pick.part is Part.VALUE for pick in _picks((by,)))
    return own or any(_divides_by_a_value(part) for part in node.parts)
