"""What rests on what: the entries a conclusion names as its ground, and every correction of any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256

from escalon.history.entry import Entry


@dataclass
class Support:
    """The entries beneath each conclusion, and the corrections of each entry."""

    beneath: dict[int, tuple[int, ...]] = field(default_factory=dict)
    corrections: dict[int, list[int]] = field(default_factory=dict)

    def note(self, entry: Entry) -> None:
        """Take an entry into account: what it rests on, or which entry it changes."""
        if rests_on := getattr(entry.event, "rests_on", ()):
            self.beneath[entry.number] = rests_on
        if (changed := entry.event.supersedes) is not None:
            self.corrections.setdefault(changed, []).append(entry.number)

    def closure(self, number: int) -> list[int]:
        """An entry, everything it rests on, and every correction of any of them."""
        waiting, seen = [number], set()
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen.add(one)
                waiting.extend(self.beneath.get(one, ()))
                waiting.extend(self.corrections.get(one, ()))
        return sorted(seen)


def digest_of(numbers: Iterable[int], hash_of: Callable[[int], str]) -> str:
    """One hash for several entries: SHA-256 over their hashes, a line each, in the order of their numbers."""
    return sha256("".join(f"{hash_of(number)}\n" for number in sorted(numbers)).encode()).hexdigest()
