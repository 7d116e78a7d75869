"""Take every piece of text of the pages' templates into the catalogue of each language (`make words`); nothing is lost.

A new piece stands there without a translation; one that no template has any more goes. Babel reads and writes the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes

from escalon.conduct.permit.act import RULES
from escalon.history.events import spaced
from escalon.web import navigation
from escalon.web.languages import CATALOGUES, Scanner
from escalon.web.pages import today
from escalon.web.pages.overrides import ASKED_OFTEN
from escalon.web.pages.treatment import STEPS

TEMPLATES = Path(__file__).parents[1] / "src" / "escalon" / "web" / "templates"


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
    yield from (*STEPS, *map(spaced, ASKED_OFTEN), *today.DOES.values())
    yield from (
        word for _, word in (*navigation.WORDS, *navigation.MORE, *navigation.OVER_FOLDER, *navigation.OF_ADMINISTRATOR)
    )


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
        consts = [one] if isinstance(one, nodes.Const) else []
        if isinstance(one, nodes.CondExpr):
            yield from _words(part for part in (one.expr1, one.expr2) if part is not None)
        yield from (each.value for each in consts if isinstance(each.value, str) and any(map(str.isalpha, each.value)))


def renew(path: Path) -> tuple[int, int, int]:
    """Renew a catalogue; returns how many pieces there are, are translated, and are confirmed."""
    with path.open("rb") as file:
        known = read_po(file)
    catalog = Catalog(locale=path.stem, project="Escalon", fuzzy=False)
    for piece in dict.fromkeys(pieces()):
        before = known.get(piece)
        catalog.add(piece, before.string if before else "", flags=before.flags if before else ())
    for one in known:
        if one.id and one.id not in catalog and one.string:  # a word that code says, such as a state
            catalog.add(one.id, one.string, flags=one.flags)
    with path.open("wb") as file:
        write_po(file, catalog, width=0, omit_header=True)
    said = [one for one in catalog if one.id and one.string]
    return len(list(dict.fromkeys(pieces()))), len(said), sum(not one.fuzzy for one in said)


if __name__ == "__main__":
    for each in sorted(CATALOGUES.glob("*.po")):
        every, said, confirmed = renew(each)
        print(f"{each.stem}: {every} pieces, {said} translated, {confirmed} confirmed")
