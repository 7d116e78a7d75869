"""A finished document said in the words that fit the study: its heads, notes and cells, and the words drawn in its figures."""

import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from escalon.reporting.document import Ground

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

D = TypeVar("D", bound="DataclassInstance")
_DRAWN = re.compile(r'(?<=>)[^<]+(?=<)|(?<=aria-label=")[^"]+(?=")')
_NAMES = frozenset({"id", "key", "participant", "method", "study", "version", "name", "cutoff", "input", "software"})
"""Parts that are names, not words."""


def in_words_of(part: D, say: Callable[[str], str]) -> D:
    """A document, or a part of one, in other words; names, numbers and what cells rest on stay as they are."""
    old = {one.name: getattr(part, one.name) for one in fields(part) if one.name not in _NAMES}
    new = {name: _said(name, value, say) for name, value in old.items()}
    return replace(part, **{name: value for name, value in new.items() if value is not old[name]})


def drawn_in_words(svg: str, say: Callable[[str], str]) -> str:
    """A drawing whose words are said in other words."""
    return _DRAWN.sub(lambda found: say(found[0]), svg)


def told_in_words(value: Any, say: Callable[[str], str]) -> Any:
    """What is written as JSON, its texts said in other words; its keys stay."""
    if isinstance(value, dict):
        return {key: told_in_words(one, say) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [told_in_words(one, say) for one in value]
    return say(value) if isinstance(value, str) else value


def _said(name: str, value: Any, say: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return drawn_in_words(value, say) if name == "svg" else say(value)
    if isinstance(value, tuple) and not isinstance(value, Ground):
        return tuple(_said(name, one, say) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        return in_words_of(value, say)
    return value
