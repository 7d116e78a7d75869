"""What giving the treatment is called: cells are infused; a tablet is given, and nobody counts its bags.

Escalon's own sentences say «infused» and «the infusion», as the protocols it was made for do. Of a study that gives no cells
they say «treated» and «the first dose». What the study, its record or a person wrote is left as it was written.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, Protocol

Retold = Callable[[str], str]
"""A sentence in the words that fit."""

_WORDS = (
    (r"(?:the )?end of (?:the )?infusion", "the first dose"),
    (r"(an|one|each|every|later|earlier|second|next|that|this|per|of) infusion", r"\1 dose"),
    (r"infusion day", "day of the first dose"),
    (r"(?:the )?infusions", "doses"),
    (r"(?:the )?infusion", "the first dose"),
    (r"an infused", "a treated"),
    (r"cells infused", "dose given"),
    (r"infused", "treated"),
    (r"infusing", "giving"),
    (r"infuse", "give"),
)
_OURS = re.compile("|".join(rf"(?P<w{number}>\b{word}\b)" for number, (word, _) in enumerate(_WORDS)), re.IGNORECASE)


class GivesSomething(Protocol):
    """A study, as far as its words go: whether what it gives is counted in cells."""

    @property
    def gives_cells(self) -> bool:
        """Whether what is given is counted in cells."""


def in_own_words(study: GivesSomething, others: Iterable[str] = ()) -> Retold:
    """How a sentence of ours is said of this study; `others` are texts that people wrote, left as they are."""
    if study.gives_cells:
        return lambda text: text
    texts = (text for text in (*_written(study), *_terms(), *others) if "infus" in text.lower())
    written = {text for text in texts if " " in text.strip()}  # a word alone is a name of the study's language
    kept = sorted({part for text in written for part in (text, text.partition(" (")[0])}, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, kept)) or r"(?!)", re.IGNORECASE)
    return lru_cache(maxsize=4096)(lambda text: _said(text, pattern))


def _said(text: str, kept: re.Pattern[str]) -> str:
    if "nfus" not in text:
        return text
    found, start = [], 0
    for one in kept.finditer(text):
        found += [_OURS.sub(_exchanged, text[start : one.start()]), one[0]]
        start = one.end()
    return "".join((*found, _OURS.sub(_exchanged, text[start:])))


def _exchanged(found: re.Match[str]) -> str:
    word, other = _WORDS[int(str(found.lastgroup)[1:])] if str(found.lastgroup).startswith("w") else ("", "")
    said = re.sub(word, other, found[0], flags=re.IGNORECASE)
    return said[:1].upper() + said[1:] if found[0][:1].isupper() else said


def _written(value: Any) -> Iterator[str]:
    """Every text of a study folder."""
    if isinstance(value, str):
        yield value
    elif hasattr(value, "pieces"):
        yield from value.pieces
    elif hasattr(type(value), "model_fields"):
        for name in type(value).model_fields:
            yield from _written(getattr(value, name))
    elif hasattr(value, "values"):
        for one in value.values():
            yield from _written(one)
    elif isinstance(value, tuple | list | frozenset):
        for one in value:
            yield from _written(one)


@lru_cache(maxsize=1)
def _terms() -> tuple[str, ...]:
    """The terms of CTCAE that name an infusion."""
    from escalon.instruments.safety.ctcae.terms import terms

    return tuple(name for name in terms() if "infus" in name.lower())
