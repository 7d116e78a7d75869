"""The name a signature prints: one that can be read, and that no other person's signature prints."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from escalon.conduct.permit.refusal import refuse
from escalon.history.people import Person

LONGEST = 100


def printed_name(written: str, others: Iterable[Person]) -> str:
    """The name as it will be printed (21 CFR 11.50(a)(1), 11.100(a)); refused if it cannot, or is another's."""
    name = " ".join(part for part in written.split(" ") if part)
    if not any(letter.isalpha() for letter in name) or not name.isprintable() or len(name) > LONGEST:
        raise refuse("account", f"{written!r} is no name that can be printed; write the person's name on one line")
    if mixed := next((word for word in name.split(" ") if len(_scripts(word)) > 1), None):
        raise refuse("account", f"{mixed!r} mixes alphabets, so that one name can look like another; write it in one")
    same = next((one for one in others if _looks(one.printed_name) & _looks(name)), None)
    if same:
        raise refuse(
            "account", f"{same.account} signs as {same.printed_name}; a printed name is one person's, add to it"
        )
    return name


def _looks(name: str) -> set[str]:
    """What two names share that look alike: whatever their case, blanks, marks, order, alphabet, figures and width."""
    plain = unicodedata.normalize("NFKC", name).casefold().translate(ALIKE)
    words = "".join(sign if sign.isalnum() else " " for sign in plain).split()
    return {"".join(words), "".join(sorted(words))}


ALIKE = str.maketrans("01iıавеіјкмнорстухѕһԁԛԝαβεζηικμνορτυχ", "olllabeljkmhopctyxshdqwabezhlkmnoptyx")
"""Figures and letters of Greek and Cyrillic drawn as Latin ones (after Unicode TS 39); i as l, which its capital resembles."""


def _scripts(word: str) -> set[str]:
    return {unicodedata.name(letter, "?").split()[0] for letter in word if letter.isalpha()} - {"MODIFIER", "FULLWIDTH"}
