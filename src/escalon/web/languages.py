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
from functools import cache, lru_cache
from pathlib import Path

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from markupsafe import Markup, escape

from escalon.protocol.own_words import Retold

CATALOGUES = Path(__file__).parent / "catalogue"
LANGUAGE: ContextVar[str] = ContextVar("language", default="en")
WORDS: ContextVar[Retold] = ContextVar("words", default=str)
"""How this study says «infused» and «the infusion»: of a tablet, otherwise."""

_PART, _PARTS = re.compile(r"\{(\w+)\}"), re.compile(r"(\{\w+\})")
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


@cache
def _patterns(language: str) -> tuple[tuple[re.Pattern[str], Translation], ...]:
    """The pieces with named parts (`{who} left the study`), as what they match; the longest words first.

    A part of one letter is a number: `Open {n}` is not «Open cohort 1».
    """
    named = sorted((one for one in catalogue(language) if "{" in one), key=lambda one: -len(_PART.sub("", one)))
    return tuple((re.compile(_PART.sub(_matching, _escaped(one))), catalogue(language)[one]) for one in named)


def _matching(part: re.Match[str]) -> str:
    return rf"(?P<{part[1]}>\d+)" if len(part[1]) == 1 else f"(?P<{part[1]}>.+?)"


def _escaped(text: str) -> str:
    return "".join(part if _PART.fullmatch(part) else re.escape(part) for part in _PARTS.split(text))


def _filled(text: str, named: dict[str, str]) -> str:
    return _PART.sub(lambda at: named[at[1]], text)


@lru_cache(maxsize=4096)
def _found(language: str, text: str) -> Translation | None:
    """A piece as it stands in the catalogue; else by the first pattern it matches, its parts said where they are pieces too."""
    if (whole := catalogue(language).get(text)) is not None or "\n" in text:
        return whole
    for pattern, said in _patterns(language):
        if matched := pattern.fullmatch(text):
            parts = {name: _found(language, part) for name, part in matched.groupdict().items()}
            named = {name: one.text if one else matched[name] for name, one in parts.items()}
            confirmed = said.confirmed and all(one is None or one.confirmed for one in parts.values())
            return Translation(_filled(said.text, named), confirmed)
    return None


def say(text: object) -> Markup | str:
    """A piece in the reader's language, dotted where it is not confirmed."""
    found = _found(LANGUAGE.get(), str(text))
    if found is None:
        return text if isinstance(text, Markup) else WORDS.get()(str(text))
    if found.confirmed:
        return found.text
    return Markup(f'<span class="unconfirmed">{escape(found.text)}</span>')


def say_plain(text: object) -> str:
    """A piece in the reader's language where no mark can stand: in an attribute, a title, a choice."""
    found = _found(LANGUAGE.get(), str(text))
    return found.text if found else WORDS.get()(str(text))


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
