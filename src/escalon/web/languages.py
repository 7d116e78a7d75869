"""The pages in another language: each piece of a template's text is looked up in one gettext catalogue.

A template is written in English and marks nothing: `Spoken` takes its text apart when it is compiled, so that no word can be
forgotten, and `tools.words` takes the same pieces into `catalogue/zh_Hans.po`, which any editor of gettext opens. A piece that
no native clinician has confirmed is `fuzzy` there and dotted on the page; a piece without a translation stays English.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from markupsafe import Markup, escape

CATALOGUES = Path(__file__).parent / "catalogue"
LANGUAGE: ContextVar[str] = ContextVar("language", default="en")

_WORD = re.compile(r"[A-Za-z]{2}")
PLAIN_IN = ("title", "option", "textarea", "code", "script", "style")
"""Elements that hold text and no marks."""


@dataclass(frozen=True)
class Translation:
    """A piece in another language, and whether a native clinician has confirmed it."""

    text: str
    confirmed: bool


@cache
def catalogue(language: str) -> dict[str, Translation]:
    """Every piece that is translated; empty for English."""
    path = CATALOGUES / f"{language.replace('-', '_')}.po"
    if not path.is_file():
        return {}
    found = (_entry(block) for block in path.read_text(encoding="utf-8").split("\n\n"))
    return {source: said for source, said in found if source and said.text}


def _entry(block: str) -> tuple[str, Translation]:
    said = {"msgid": "", "msgstr": ""}
    at = ""
    for line in block.splitlines():
        word, _, rest = line.partition(" ")
        at = word if word in said else at
        text = rest if word in said else line
        if at and text.startswith('"'):
            said[at] += ast.literal_eval(text)
    return said["msgid"], Translation(said["msgstr"], "#, fuzzy" not in block)


def say(text: object) -> Markup | str:
    """A piece in the reader's language, dotted where it is not confirmed."""
    found = catalogue(LANGUAGE.get()).get(str(text))
    if found is None:
        return text if isinstance(text, Markup) else str(text)
    if found.confirmed:
        return found.text
    return Markup(f'<span class="unconfirmed">{escape(found.text)}</span>')


def say_plain(text: object) -> str:
    """A piece in the reader's language where no mark can stand: in an attribute, a title, a choice."""
    found = catalogue(LANGUAGE.get()).get(str(text))
    return found.text if found else str(text)


def unconfirmed(language: str) -> int:
    """How many pieces in a language no native clinician has confirmed yet."""
    return sum(not one.confirmed for one in catalogue(language).values())


class Spoken(Extension):
    """Takes a template's text apart into markup and pieces, and says each piece in the reader's language."""

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        """The template's tokens, with each piece of text as an expression."""
        scanner = Scanner()
        for token in stream:
            if token.type != "data":
                yield token
                continue
            for piece, is_text in scanner.scan(str(token.value)):
                if is_text:
                    yield from _said(piece, token.lineno, plain=scanner.inside in PLAIN_IN)
                else:
                    yield Token(token.lineno, "data", piece)


@dataclass
class Scanner:
    """Where in the markup a template's text stands: within a tag or not, and in which element."""

    inside: str = ""
    in_tag: bool = False

    def scan(self, text: str) -> Iterator[tuple[str, bool]]:
        """The pieces of a text: what is markup or blank, and what is said (True)."""
        while text:
            end = text.find(">") + 1 if self.in_tag else text.find("<")
            if end <= 0 and (self.in_tag or end < 0):
                end = len(text)
            piece, text = text[:end], text[end:]
            if self.in_tag:
                self.in_tag = not piece.endswith(">")
                yield piece, False
            elif piece:
                yield from self._text(piece)
            if text and not self.in_tag:
                self._opens(text)

    def _opens(self, text: str) -> None:
        if text.startswith("<"):
            self.in_tag = True
            name = re.match(r"<([a-z0-9]+)", text)
            self.inside = name[1] if name else ""

    def _text(self, piece: str) -> Iterator[tuple[str, bool]]:
        core = piece.strip()
        if self.inside in ("script", "style", "code") or not _WORD.search(core):
            yield piece, False
            return
        before, _, after = piece.partition(core)
        yield from ((before, False), (core, True), (after, False))


def _said(piece: str, line: int, *, plain: bool) -> Iterator[Token]:
    yield Token(line, "variable_begin", "{{")
    yield Token(line, "name", "say_plain" if plain else "say")
    yield Token(line, "lparen", "(")
    yield Token(line, "string", piece)
    yield Token(line, "rparen", ")")
    yield Token(line, "variable_end", "}}")
