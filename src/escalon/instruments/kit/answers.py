"""What a form was answered with: the five states of an answer, and what they give an instrument to score.

A value is known, below or above a limit (`<5`), or there is none: not known, not done, not applicable, each with why. A box
nobody touched is no answer at all; a question that one click answered for many is marked as attested.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from escalon.facts.words import NOT_APPLICABLE, NOT_DONE, NOT_KNOWN, not_known
from escalon.instruments.kit.form import AskedItem, Form, MarkedLayer, form_of
from escalon.instruments.kit.instrument import Instrument

NOTHING = (NOT_KNOWN, NOT_DONE, NOT_APPLICABLE)
"""The states of an answer without a value."""
OPTION = "option."
"""Before the name of an option of the instrument, among the fields of its form."""


@dataclass(frozen=True, slots=True)
class Filled:
    """One question's answer, as it was written."""

    text: str = ""
    unit: str = ""
    nothing: str = ""
    """Why there is no value: not known, not done, not applicable."""
    why: str = ""
    confirmed: str = ""
    """Why a value stands that was asked about."""
    attested: bool = False
    """Whether one click answered it among others that were left unmarked."""

    @property
    def written(self) -> str:
        """The answer as it would be written at the command line; a word that nothing is known has no unit."""
        return self.nothing or (self.text if not_known(self.text) else f"{self.text} {self.unit}".strip())


def answers_of(form: Form, fields: Mapping[str, str], attested: Iterable[str] = ()) -> dict[str, Filled]:
    """The answers among a page's fields; `attested` are the sections of which the unmarked ones are said to be absent."""
    found = {name: answer for name in form.questions if (answer := _answer(name, fields)) is not None}
    for section in attested:
        for question in form.unmarked(section):
            found.setdefault(question.name, Filled(absent(question), attested=True))
    return found


def absent(question: AskedItem) -> str:
    """What «absent» is for a question: no, or 0."""
    return next((one.value for one in question.choices if one.value in ("no", "0")), "no")


def _answer(name: str, fields: Mapping[str, str]) -> Filled | None:
    def of(end: str) -> str:
        return fields.get(f"{name}{end}", "").strip()

    text, nothing = of(""), of(".nothing")
    if text in NOTHING:
        text, nothing = "", text
    if nothing not in NOTHING:
        nothing = ""
    if not text and not nothing:
        return None
    return Filled("" if nothing else text, of(".unit"), nothing, of(".why"), of(".confirmed"), bool(of(".attested")))


def given(instrument: Instrument, answers: Mapping[str, Filled], fields: Mapping[str, str]) -> dict[str, Any]:
    """What the instrument is asked with: items as written, counts of a figure's marks, options, what is confirmed."""
    form = form_of(instrument)
    said: dict[str, Any] = {name: one.written for name, one in answers.items() if name in instrument.items}
    for marked in form.marked:
        counted = marked.counted
        if counted is not None and counted.name not in said and marked.questions[0].name not in instrument.items:
            count = counted_from(marked, answers)
            said |= {counted.name: count} if count else {}
    confirmed = [name for name, one in answers.items() if one.confirmed and name in instrument.items]
    options = {name: fields[key] for name in instrument.options if (key := f"{OPTION}{name}") in fields}
    return said | options | ({"confirm": ",".join(confirmed)} if confirmed else {})


def counted_from(marked: MarkedLayer, answers: Mapping[str, Filled]) -> str:
    """How many places are marked, `3-27` while some are not stated; empty where none is."""
    said = [answers[one.name].text for one in marked.questions if one.name in answers]
    yes, no = said.count("yes"), said.count("no")
    most = len(marked.questions) - no
    return "" if not yes + no else str(yes) if yes == most else f"{yes}-{most}"
