"""Take every piece of text of the pages' templates into the catalogue of each language (`make words`); nothing is lost.

A new piece stands there without a translation; one that neither a template nor the code says any more goes. Babel reads and
writes the file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes

from escalon.conduct.permit.act import RULES
from escalon.history.events import KINDS, spaced
from escalon.web import navigation
from escalon.web.languages import CATALOGUES, Scanner
from escalon.web.pages import today
from escalon.web.pages.overrides import ASKED_OFTEN
from escalon.web.pages.participants import LEAVING
from escalon.web.pages.treatment import STEPS
from escalon.web.words import first_up

SOURCE = Path(__file__).parents[1] / "src" / "escalon"
TEMPLATES = SOURCE / "web" / "templates"


def pieces() -> Iterator[str]:
    """Every piece of text of the templates."""
    environment = Environment(trim_blocks=True, lstrip_blocks=True)
    for file in sorted(TEMPLATES.rglob("*.html")):
        text, scanner = file.read_text(encoding="utf-8"), Scanner()
        for _, kind, value in environment.lex(text):
            if kind == "data":
                yield from (piece for piece, is_text in scanner.scan(value) if is_text)
        yield from _said(environment.parse(text))
    yield from (word for one in RULES if one.signatures for word in (one.name, one.says.partition("\n")[0]))
    yield from (word for _, *words in LEAVING for word in words)
    yield from (*STEPS, *map(spaced, ASKED_OFTEN), *(word for word, _ in today.DOES.values()))
    yield from (
        word for _, word in (*navigation.WORDS, *navigation.MORE, *navigation.OVER_FOLDER, *navigation.OF_ADMINISTRATOR)
    )


AROUND = " .,:;()"


def said_by_code(piece: str) -> bool:
    """Whether a piece, or each part of one with named parts (`{who} left the study`), is among the words of the program."""
    if "{" not in piece and len(piece) < 25:
        return piece in program_words()
    parts = (one.strip(AROUND) for one in re.split(r"\{\w+\}", piece))
    return all(one in program_words() or any(one in text for text in _sentences()) for one in parts if len(one) > 1)


@cache
def program_words() -> frozenset[str]:
    """Every text that stands in the code, and the kinds of events as they are said; a first letter may be made large."""
    found = {*map(spaced, KINDS)}
    for file in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        found |= {one.value for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    found |= {one.strip(AROUND) for one in found}
    return frozenset(found | {first_up(one) for one in found})


@cache
def _sentences() -> tuple[str, ...]:
    """Those of several words: a piece of some length may be a part of one."""
    return tuple(one for one in program_words() if " " in one)


LABELS = {"text": 1, "choice": 1, "day_fields": 1, "state": 0}
"""The macros that say one of their arguments, and which."""


def _said(tree: nodes.Template) -> Iterator[str]:
    """The words that templates say by a macro's argument or through the filter `say`."""
    for call in tree.find_all(nodes.Call):
        name = getattr(call.node, "attr", getattr(call.node, "name", ""))
        if name in LABELS:
            said = [
                *call.args[LABELS[name] : LABELS[name] + 1],
                *(one.value for one in call.kwargs if one.key == "hint"),
            ]
            yield from _words(said)
    yield from _words(one.node for one in tree.find_all(nodes.Filter) if one.name in ("say", "say_plain") and one.node)


def _words(found: Iterable[nodes.Node]) -> Iterator[str]:
    for one in found:
        if isinstance(one, nodes.CondExpr):
            yield from _words(part for part in (one.expr1, one.expr2) if part is not None)
        text = _text(one)
        if any(map(str.isalpha, re.sub(r"\{\w\}", "", text))):
            yield text


def _text(node: nodes.Node) -> str:
    """What a node says; numbers put in as it is read have a letter for their name: `{n} of {m} signatures`."""
    if not isinstance(node, nodes.Concat):
        return str(node.value) if isinstance(node, nodes.Const) else ""
    names = iter("nmkj")
    return "".join(_text(one) if isinstance(one, nodes.Const) else f"{{{next(names)}}}" for one in node.nodes)


def renew(path: Path) -> tuple[int, int, int]:
    """Renew a catalogue; returns how many pieces there are, are translated, and are confirmed."""
    with path.open("rb") as file:
        known = read_po(file)
    catalog = Catalog(locale=path.stem, project="Escalon", fuzzy=False)
    for piece in dict.fromkeys(pieces()):
        before = known.get(piece)
        catalog.add(piece, before.string if before else "", flags=before.flags if before else ())
    for one in known:
        if one.id and one.id not in catalog and one.string and said_by_code(str(one.id)):
            catalog.add(one.id, one.string, flags=one.flags)
    with path.open("wb") as file:
        write_po(file, catalog, width=0, omit_header=True)
    said = [one for one in catalog if one.id and one.string]
    return len(list(dict.fromkeys(pieces()))), len(said), sum(not one.fuzzy for one in said)


if __name__ == "__main__":
    for each in sorted(CATALOGUES.glob("*.po")):
        every, said, confirmed = renew(each)
        print(f"{each.stem}: {every} pieces, {said} translated, {confirmed} confirmed")
