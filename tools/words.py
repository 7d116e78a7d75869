"""Take every piece of text of the pages' templates into the catalogue of each language (`make words`); nothing is lost.

A new piece stands there without a translation; one that no template has any more goes. Babel reads and writes the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment

from escalon.web.languages import CATALOGUES, Scanner

TEMPLATES = Path(__file__).parents[1] / "src" / "escalon" / "web" / "templates"


def pieces() -> Iterator[str]:
    """Every piece of text of the templates."""
    environment = Environment(trim_blocks=True, lstrip_blocks=True)
    for file in sorted(TEMPLATES.rglob("*.html")):
        text, scanner = file.read_text(encoding="utf-8"), Scanner()
        for _, kind, value in environment.lex(text):
            if kind == "data":
                yield from (piece for piece, is_text in scanner.scan(value) if is_text)


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
