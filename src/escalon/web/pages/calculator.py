"""An instrument as a calculator: a form derived from it, the score of what is typed, nothing recorded."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi.responses import JSONResponse

from escalon.facts import Finding, Status
from escalon.instruments.kit.answers import answers_of, given
from escalon.instruments.kit.assessment import UnknownItem, assess_with, chosen_options
from escalon.instruments.kit.catalogue import UnknownInstrument, catalogue, find
from escalon.instruments.kit.form import Form, form_of
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.readings import json_schema
from escalon.web.desk import Desk, none_such
from escalon.web.registry import EVERYBODY, page, service
from escalon.web.told import for_the_page, scale_of, told
from escalon.web.words import unit_shown

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class InstrumentPage:
    """An instrument, the schema of its items, what stands in the address and its score."""

    name: str
    title: str
    about: str
    source: str
    unconfirmed: str
    options: dict[str, list[Any]]
    schema: dict[str, Any]
    fields: dict[str, str]
    finding: dict[str, Any]
    wrong: dict[str, str]

    @property
    def form(self) -> Form:
        """The form."""
        return form_of(find(self.name))

    @property
    def scale(self) -> dict[str, Any] | None:
        """The bands of the score as a bar."""
        return scale_of(find(self.name))


@page("/instruments/{name}", EVERYBODY, can_be_open=True)
def instrument(desk: Desk, name: str) -> InstrumentPage:
    """An instrument as a calculator: what is typed stays in the address, and nothing is recorded."""
    it = _found(name)
    form = form_of(it)
    attested = desk.asked.get("attest", "").split(",")
    fields = _filled(form, desk.asked, attested)
    finding = scored(it, fields)
    options = {name: list(choices) for name, choices in it.options.items()}
    return InstrumentPage(
        it.name, it.title, it.about, it.source, it.unconfirmed or "", options, json_schema(it),
        fields, told(it, finding), wrong_at(form, finding),
    )  # fmt: skip


def _filled(form: Form, asked: Mapping[str, str], attested: list[str]) -> dict[str, str]:
    """The address's fields, with what one click said of the unmarked ones."""
    said = answers_of(form, asked, attested)
    more = {name: one.text for name, one in said.items() if one.attested}
    return {name: text for name, text in asked.items() if name != "attest"} | more


def scored(it: Instrument, fields: Mapping[str, str]) -> Finding:
    """The finding of a form's fields."""
    return assess_with(it, given(it, answers_of(form_of(it), fields), fields))


def wrong_at(form: Form, finding: Finding) -> dict[str, str]:
    """What is wrong, or asks to be confirmed, by the question it is about."""
    if finding.status is not Status.INVALID and "QUERY" not in finding.flags:
        return {}
    found: dict[str, str] = {}
    for reason in finding.reasons:
        name = reason.split(" ")[0].rstrip(":")
        if name in form.questions and not reason.endswith("is not known"):  # what is missing stands in its own list
            label = form.questions[name].label
            found.setdefault(name, _in_a_box(name, f"{label}{reason[len(name) :]}"))
    return found


STANDS = " (say below why it stands)"
"""What a page asks of a value no body has; the command line writes `confirm=ITEM`."""


def _in_a_box(name: str, reason: str) -> str:
    """A reason as a page says it: what to choose or type in which box, where the command line says what to write."""
    said = reason.replace(f" (confirm={name})", STANDS)
    one = rf"{name}='[^']*'(?: as a part of one)?"
    written = re.compile(rf"Write ({one}(?: or {one})*)")
    return written.sub(lambda found: f"Choose its unit beside it: {_units(found[1])}", said)


def _units(written: str) -> str:
    units = [one.partition(" ")[2] for one in re.findall(r"='([^']*)'", written)]
    return " or ".join("a part of 1" if one == "1" else unit_shown(one) for one in units)


def _found(name: str) -> Instrument:
    try:
        return find(name)
    except UnknownInstrument as error:
        says = str(error).replace(" `escalon score` lists them.", "")
        there = {one: f"/instruments/{one}" for one in catalogue()}
        raise none_such(says, name, there) from None


@service("/instruments/{name}/score", EVERYBODY, can_be_open=True)
def score(desk: Desk, body: dict[str, Any], name: str) -> JSONResponse:
    """Score what was typed; nothing is recorded. `fields` are a form's; else items are named as at the command line."""
    it = _found(name)
    form = form_of(it)
    if isinstance(body.get("fields"), dict):
        fields = {str(key): str(value) for key, value in body["fields"].items()}
        finding = scored(it, fields)
    else:
        for item, value in body.items():
            if value != value:  # JSON has no NaN; Python's reader lets it pass
                raise UnknownItem(f"{item}: NaN is not a number. Leave out what is not known, or write null")
        finding = assess_with(it, body)
    said = told(it, finding) | {"wrong": wrong_at(form, finding)}
    return JSONResponse(said, 422 if finding.status == "invalid" else 200)


@service("/instruments/{name}/preview", EVERYBODY, can_be_open=True)
def preview(desk: Desk, body: dict[str, Any], name: str) -> dict[str, Any]:
    """What the page's script needs to show a score as one types, under the options chosen."""
    it = _found(name)
    return for_the_page(it, chosen_options(it, {str(key): value for key, value in body.items()}))


@service("/instruments/{name}/difference", EVERYBODY, can_be_open=True)
def difference(desk: Desk, body: dict[str, Any], name: str) -> dict[str, Any]:
    """The page showed another score than the server gave: an error of ours, kept in the server's log."""
    shown, said = (str(body.get(key, ""))[:80] for key in ("shown", "said"))
    LOG.error("%s: the page showed %r, the server said %r", _found(name).name, shown, said)
    return {"noted": True}
