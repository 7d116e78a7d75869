"""What was worked out of a fold as it stands, made once and forgotten when the fold goes on."""

from collections.abc import Callable
from typing import Any, TypeVar

Made = TypeVar("Made")


class MadeOnce:
    """Answers kept by key, each with what else it rests on. One begun before the fold went on is not kept after it."""

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: dict[object, tuple[tuple[object, ...], Any]] = {}

    def __call__(self, key: object, about: object, make: Callable[[], Made]) -> Made:
        """What `make` says as things stand, made once; `about` is what else it rests on (a tuple: each), kept alive beside it."""
        kept, rests = self._made, about if isinstance(about, tuple) else (about,)
        found = kept.get(key)
        if found is None or any(one is not other for one, other in zip(found[0], rests, strict=True)):
            found = kept[key] = (rests, make())
        made: Made = found[1]
        return made

    def forget(self) -> None:
        """Drop every answer: the fold went on."""
        self._made = {}
