"""What rests on what: which entries a conclusion was drawn from, and when any of them was changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256

from escalon.casebook.entry import Entry


@dataclass
class Support:
    """The entries beneath each conclusion. `disturbed` numbers, for each, the last entry that changed its ground."""

    beneath: dict[int, tuple[int, ...]] = field(default_factory=dict)
    corrections: dict[int, list[int]] = field(default_factory=dict)
    disturbed: dict[int, int] = field(default_factory=dict)
    _above: dict[int, set[int]] = field(default_factory=dict)

    def note(self, entry: Entry) -> None:
        """Take an entry into account: what it rests on, or which entry it changes."""
        if rests_on := getattr(entry.event, "rests_on", ()):
            self.beneath[entry.number] = rests_on
            for number in rests_on:
                self._above.setdefault(number, set()).add(entry.number)
        if (changed := entry.event.supersedes) is not None:
            self.corrections.setdefault(changed, []).append(entry.number)
            # A correction of a correction changes what the first one stood for.
            self._above.setdefault(entry.number, set()).add(changed)
            self.disturb(changed, entry.number)

    def disturb(self, number: int, by: int) -> None:
        """An entry's ground was changed, and with it that of everything above it."""
        waiting, seen = [number], set()
        while waiting:
            one = waiting.pop()
            if one in seen or one == by:
                continue
            seen.add(one)
            self.disturbed[one] = max(by, self.disturbed.get(one, 0))
            waiting.extend(self._above.get(one, ()))

    def stands(self, number: int, signed: int) -> bool:
        """Whether a signature made at entry `signed` still covers the entry it signed."""
        return self.disturbed.get(number, 0) < signed

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
