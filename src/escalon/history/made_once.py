"""What was worked out of a fold as it stands, made once and forgotten when the fold goes on."""

from collections.abc import Callable
from typing import Any, TypeVar

Made = TypeVar("Made")


class MadeOnce:
    """Answers kept by key, each with what else it rests on."""

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: dict[object, tuple[object, Any]] = {}

    def __call__(self, key: object, about: object, make: Callable[[], Made]) -> Made:
        """What `make` says as things stand, made once; `about` is what else it rests on, kept alive beside it."""
        found = self._made.get(key)
        if found is None or found[0] is not about:
            found = self._made[key] = (about, make())
        made: Made = found[1]
        return made

    def forget(self) -> None:
        """Drop every answer: the fold went on."""
        self._made.clear()
