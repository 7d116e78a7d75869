"""What belongs together, by a key."""

from collections.abc import Iterable
from typing import TypeVar

Key = TypeVar("Key")
Thing = TypeVar("Thing")


def together(pairs: Iterable[tuple[Key, Thing]]) -> dict[Key, list[Thing]]:
    """The things under each key; keys and things in the order met.

    >>> together([("a", 1), ("b", 2), ("a", 3)])
    {'a': [1, 3], 'b': [2]}
    """
    found: dict[Key, list[Thing]] = {}
    for key, thing in pairs:
        found.setdefault(key, []).append(thing)
    return found
