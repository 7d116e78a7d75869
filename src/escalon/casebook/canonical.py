"""The one written form of an entry, the form that is hashed.

It follows RFC 8785 (JSON Canonicalization Scheme, doi:10.17487/RFC8785) on the part of JSON that a casebook uses:

- UTF-8 text, no space between tokens, object keys sorted (our keys are ASCII, where every sorting rule agrees);
- strings as entered, without Unicode normalisation, escaped only where JSON demands it;
- whole numbers as digits; **no** floating-point numbers: a decimal is a string such as ``"0.30"`` and keeps its zeros;
- a time is a string in UTC with six decimals and ``Z``; a date is ``YYYY-MM-DD``.

The hash of an entry is SHA-256 over three lines: its number, the hash of the entry before it, its canonical body.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from hashlib import sha256
from typing import TypeAlias

from escalon.casebook.errors import CasebookError
from escalon.history.events import Observation

Plain: TypeAlias = "bool | int | str | list[Plain] | dict[str, Plain] | None"

LONGEST_BODY = 1 << 20
"""Bytes of an entry at most, so that what is read back can be bounded; a form of a visit has a few thousand."""

NOTHING_BEFORE = "0" * 64
"""The hash that stands before the first entry."""

_NULL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def canonical(value: Plain | Mapping[str, Plain]) -> str:
    """The one way to write `value` down, so that equal content has equal bytes."""
    text = _encode(value)
    if "\\u0000" in text and _NULL.search(text):
        raise CasebookError("the text contains a null character (U+0000); a casebook stores readable text only")
    if len(text) > LONGEST_BODY or len(text.encode()) > LONGEST_BODY:
        raise CasebookError(f"an entry holds at most {LONGEST_BODY:,} bytes; this one has more")
    return text


def parse(text: str) -> dict[str, Plain]:
    """Read a canonical object back; floating-point numbers are refused because two programs print them differently."""
    value = _decode(text)
    if not isinstance(value, dict):
        raise ValueError(f"expected a JSON object, found {type(value).__name__}")
    return value


def is_canonical(text: str) -> bool:
    """Whether a text is an object in its one written form, which every reader, the database's own too, reads alike."""
    if _FACT(text):
        return True
    try:
        return _encode(parse(text)) == text
    except (ValueError, RecursionError):
        return False


_TEXT = r'"[^"\\\x00-\x1f]*+"'
_FIELDS = "".join(
    rf'(?:"{name}":(?:{_TEXT}|true|false|null)(?:,|(?=}})))?+'
    for name in sorted(one.name for one in fields(Observation))
)
_FACT = re.compile(
    rf'{{"at":{_TEXT},"event":"FactRecorded","new":{{"fact":{{(?="){_FIELDS}(?<!,)}}}},"old":null,"origin":{_TEXT},'
    rf'"participant":{_TEXT},"person":{_TEXT},"reason":(?:null|{_TEXT}),"role":{_TEXT},"site":{_TEXT},'
    rf'"software":{_TEXT},"study":{_TEXT},"what":{_TEXT}}}'
).fullmatch
"""Most of a casebook, told at a glance: a fact without a sign that is escaped, each of its fields once and in order."""


def _no_float(text: str) -> Plain:
    raise ValueError(f"{text} is a floating-point number; write a decimal as a string")


_decode = json.JSONDecoder(parse_float=_no_float, parse_constant=_no_float).decode


def entry_hash(number: int, previous: str, body: str) -> str:
    """The SHA-256 that ties an entry to everything before it."""
    return sha256(f"{number}\n{previous}\n{body}".encode()).hexdigest()


def digest(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return sha256(text.encode()).hexdigest()
