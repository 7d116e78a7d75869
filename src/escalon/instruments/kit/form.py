"""A form is sections of questions, derived from an instrument's items: which control each gets, and in which words.

Nothing is registered for a form: a yes or no, a graded level, a label, a number with its unit or a line of 100 mm is what
its `Item` says it is. Where a figure of the body has the instrument's items, or counts one of them, the section is that
figure with the same questions as a list.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from escalon.expressions.tree import Kind
from escalon.facts import together
from escalon.facts.accepted import NO_ENDS, span_text
from escalon.facts.unit import UnitError, convert, spelled
from escalon.instruments.kit.body_map import BodyMap, Layer, VisualLine, figures, lines
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.item import Item, truth

SEGMENTS = 5
"""As many answers lie side by side; more are a list."""
CHECKLIST = 3
"""From so many yes-or-no questions on, one click may say that all the others are absent."""


class Control(StrEnum):
    """What a question is answered with."""

    TRUTH = "truth"
    SEGMENTS = "segments"
    LIST = "list"
    NUMBER = "number"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class Offered:
    """One answer: what is recorded, and what stands on the page."""

    value: str
    says: str


YES_NO = (Offered("yes", "yes"), Offered("no", "no"))


@dataclass(frozen=True, slots=True)
class AskedItem:
    """One thing asked: its name among the answers, its words, its control."""

    name: str
    label: str
    item: Item
    control: Control
    hint: str = ""
    choices: tuple[Offered, ...] = ()
    line: VisualLine | None = None

    @property
    def units(self) -> tuple[str, ...]:
        """The units it may be answered in; with two, one must be chosen."""
        return self.item.units

    @property
    def accepts(self) -> str:
        """What may be answered, in words: `1 to 300 mm/h`, `whole number 0–28`."""
        if self.control not in (Control.NUMBER, Control.LINE):
            return ""
        beside = f" {self.item.unit}" if self.item.unit and spelled(self.item.unit) != "1" else ""
        return f"{self.item.range_text()}{beside}"

    @property
    def usual(self) -> str:
        """Between what a value is usual, where that is stated."""
        return "" if self.item.doubtful == NO_ENDS else span_text(self.item.doubtful)

    @property
    def factors(self) -> Mapping[str, tuple[float, float]]:
        """What to multiply a value in each unit by, and then to add, to have it in the item's own."""
        return {unit: found for unit in self.units if (found := _factor(unit, self.item)) is not None}


@dataclass(frozen=True, slots=True)
class MarkedLayer:
    """A layer of a figure with its questions, place by place; `counted` is the number that they are counted into."""

    layer: Layer
    questions: tuple[AskedItem, ...]
    counted: AskedItem | None = None


@dataclass(frozen=True, slots=True)
class FormSection:
    """Questions that stand together. `absent` is the sentence that says the unmarked ones are absent; empty where none does."""

    id: str
    title: str
    questions: tuple[AskedItem, ...] = ()
    absent: str = ""
    figure: BodyMap | None = None
    marked: tuple[MarkedLayer, ...] = ()

    @property
    def asked(self) -> Iterator[AskedItem]:
        """Every question of the section, those at the places of a figure included."""
        yield from self.questions
        for one in self.marked:
            yield from one.questions
            yield from () if one.counted is None else (one.counted,)


@dataclass(frozen=True, slots=True)
class Form:
    """An instrument as a form; or plain items, such as the laboratory's, which no instrument asks for together."""

    items: Mapping[str, Item]
    sections: tuple[FormSection, ...]

    @property
    def questions(self) -> dict[str, AskedItem]:
        """Every question by name."""
        return {one.name: one for section in self.sections for one in section.asked}

    @property
    def marked(self) -> Iterator[MarkedLayer]:
        """Every layer of a figure."""
        return (one for section in self.sections for one in section.marked)

    def unmarked(self, section: str) -> tuple[AskedItem, ...]:
        """The questions that one click may answer as absent: those of a checklist or a layer, by its id, that are needed."""
        found: tuple[AskedItem, ...] = ()
        for one in self.sections:
            if one.id == section and one.absent:
                found = one.questions
            found = next((marked.questions for marked in one.marked if marked.layer.id == section), found)
        return tuple(question for question in found if question.item.needed)


@lru_cache(maxsize=256)
def form_of(instrument: Instrument) -> Form:
    """The form of an instrument: every item once, in sections in the order in which the items first ask for them."""
    words = _Words(instrument.items)
    shown = [section for figure in figures() if (section := _on_figure(figure, instrument, words)) is not None]
    on_figures = {one.name for section in shown for one in section.asked}
    others = {name: item for name, item in instrument.items.items() if name not in on_figures}
    return Form(instrument.items, (*shown, *_sections(others, words)))


def plain_form(items: Mapping[str, Item]) -> Form:
    """A form of items that stand alone, each under its name in the record."""
    return Form(items, _sections(items, _Words(items)))


def without(form: Form, names: Collection[str]) -> Form:
    """The form without some of its questions, and without sections that are then empty."""
    kept = []
    for one in form.sections:
        asked = tuple(question for question in one.questions if question.name not in names)
        if asked or one.marked:
            kept.append(replace(one, questions=asked))
    return replace(form, sections=tuple(kept))


_TITLES = {
    "lines": "Lines of 100 mm", "numbers": "Measurements", "findings": "Findings", "levels": "Graded findings",
    "lists": "To be chosen", "baseline": "At baseline",
}  # fmt: skip


def _section(id_: str, questions: list[AskedItem]) -> FormSection:
    listed = id_ == "findings" and len(questions) >= CHECKLIST
    absent = "The other {n}: no" if listed else ""
    if id_ == "levels" and len(questions) >= CHECKLIST and all(one.choices[0].value == "0" for one in questions):
        absent = "The other {n} are 0"
    return FormSection(id_, _TITLES[id_], tuple(questions), absent)


def _sections(items: Mapping[str, Item], words: "_Words") -> tuple[FormSection, ...]:
    groups = together((_group(item), words.question(name, item)) for name, item in items.items())
    return tuple(_section(id_, some) for id_, some in groups.items())


def _group(item: Item) -> str:
    if item.baseline_of is not None:
        return "baseline"
    control = _control(item)
    if control is Control.SEGMENTS and item.kind is Kind.INTEGER:
        return "levels"
    by_control = {Control.TRUTH: "findings", Control.NUMBER: "numbers", Control.LINE: "lines"}
    return by_control.get(control, "lists")


def _control(item: Item) -> Control:
    if item.kind is Kind.TRUTH:
        return Control.TRUTH
    if item.kind is Kind.LABEL:
        return Control.SEGMENTS if len(item.choices) <= SEGMENTS else Control.LIST
    if item.kind is Kind.INTEGER and 0 < len(_levels(item)) <= SEGMENTS:
        return Control.SEGMENTS
    return Control.LINE if _is_line(item) else Control.NUMBER


def _levels(item: Item) -> tuple[int, ...]:
    if item.levels or item.low is None or item.high is None or item.high - item.low >= SEGMENTS:
        return item.levels
    return tuple(range(int(item.low), int(item.high) + 1))


def _is_line(item: Item) -> bool:
    """A line of 100 mm: in mm or cm, 0 to its end, and also read from a scale of 0–10."""
    return "NRS" in item.accepts and item.low == 0 and (item.unit, item.high) in (("mm", 100), ("cm", 10))


def _factor(unit: str, item: Item) -> tuple[float, float] | None:
    if unit == item.unit or item.unit is None:
        return (1.0, 0.0)
    try:
        zero, one = (float(convert(value, unit, item.unit, item.substance)) for value in (0, 1))
    except UnitError:
        return None
    return one - zero, zero


def _on_figure(figure: BodyMap, instrument: Instrument, words: "_Words") -> FormSection | None:
    """A figure's section, where the instrument has the items at its places or an item that they are counted into."""
    own = [MarkedLayer(layer, words.at_places(figure, layer)) for layer in figure.of(instrument)]
    counts = {item.fact: name for name, item in instrument.items.items() if item.fact and not item.baseline_of}
    here = {one.layer.id for one in own}
    counted = [
        MarkedLayer(
            layer, words.at_places(figure, layer, f"{layer.recorded}."), words.question(name, instrument.items[name])
        )
        for layer in figure.layers
        if layer.id not in here and (name := counts.get(layer.counts)) is not None
    ]
    own = [replace(one, counted=_stated(one, counts, instrument, words)) for one in own]
    return FormSection(figure.name, figure.title, figure=figure, marked=(*own, *counted)) if own or counted else None


def _stated(one: MarkedLayer, counts: Mapping[str, str], instrument: Instrument, words: "_Words") -> AskedItem | None:
    """The count that an instrument takes where its single places are not recorded."""
    name = counts.get(one.layer.counts)
    return None if name is None else words.question(name, instrument.items[name])


class _Words:
    """The words of an instrument's items: its `about`, without the scale and the weight, told apart where two say the same."""

    def __init__(self, items: Mapping[str, Item]) -> None:
        self.items = items
        self.said = {name: _Said.of(item.about) for name, item in items.items()}
        self.heads = Counter(one.head for one in self.said.values())

    def question(self, name: str, item: Item) -> AskedItem:
        """An item's question."""
        label, hint = self.named(name)
        return AskedItem(
            name, label, item, _control(item), hint, self.choices(name, item), lines().get(item.fact or "")
        )  # fmt: skip

    def named(self, name: str) -> tuple[str, str]:
        """The label and the hint; a head that several items share is no label."""
        said = self.said[name]
        if self.heads[said.head] > 1:
            return name.replace("_", " "), f"{said.head}: {said.tail}" if said.tail else said.head
        is_truth = self.items[name].kind is Kind.TRUTH
        if is_truth and name.isalpha() and len(name) >= _A_WORD and name.lower() not in said.head.lower():
            return name, "; ".join(filter(None, (said.head, said.tail)))
        return said.head, said.tail

    def choices(self, name: str, item: Item) -> tuple[Offered, ...]:
        """The answers, side by side or listed."""
        if item.kind is Kind.TRUTH:
            return YES_NO
        if item.kind is Kind.LABEL:
            return tuple(Offered(one, _label(one)) for one in item.choices)
        scale = self.said[name].scale
        if _control(item) is not Control.SEGMENTS:
            return ()
        return tuple(Offered(str(level), f"{level} {scale.get(level, '')}".strip()) for level in _levels(item))

    def at_places(self, figure: BodyMap, layer: Layer, before: str = "") -> tuple[AskedItem, ...]:
        """The questions at a figure's places; with `before` they are those of another instrument, counted here."""
        return tuple(self._at(place.says, layer, layer.item(place.name), before) for place in figure.places)

    def _at(self, says: str, layer: Layer, name: str, before: str) -> AskedItem:
        item = self.items.get(name) if not before else None
        item = item or truth(f"{says}: {layer.title.lower()}")
        choices = tuple(Offered(str(value), str(value)) for value in layer.values) or YES_NO
        return AskedItem(f"{before}{name}", says, item, _control(item), choices=choices)


def _label(choice: str) -> str:
    """A choice as it is read: `RA_0_100MM` as RA 0–100 mm, `partial_response` as partial response."""
    return _RANGE.sub(lambda found: f"_{found[1]}–{found[2]} {found[3].lower()}", choice).replace("_", " ").strip()


_RANGE = re.compile(r"_(\d+)_(\d+)(MM|CM|)$")
_A_WORD = 5
"""An item's name of so many letters is a word of its own: `proteinuria`, not `plt`."""
_SCALE = re.compile(r":\s*(\d+ [^,:;]+(?:, \d+ [^,:;]+)+)$")
_WEIGHT = re.compile(r"\s*\((\d+)\)$")


@dataclass(frozen=True, slots=True)
class _Said:
    """What an item's `about` says: what is asked, what belongs to it, and what the numbers of its scale mean."""

    head: str
    tail: str
    scale: Mapping[int, str]

    @classmethod
    def of(cls, about: str) -> "_Said":
        about, scale = about.replace("_", " "), dict[int, str]()
        if found := _SCALE.search(about):
            about = about[: found.start()]
            scale = {int(number): word for number, _, word in (one.partition(" ") for one in found[1].split(", "))}
        weight = _WEIGHT.search(about)
        about = about[: weight.start()] if weight else about
        head, _, tail = about.partition("; ")
        if not tail and " " in head.partition(": ")[0] and ": " in head:
            head, _, tail = head.partition(": ")
        return cls(head, "; ".join(filter(None, (tail, f"counts {weight[1]}" if weight else ""))), scale)
