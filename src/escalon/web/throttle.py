"""Wrong passwords by address: who guesses is stopped where they are, and nobody else is locked out by it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

FEW = 5
"""Wrong passwords for one account from one address before this address waits for this account; our choice."""
MANY = 30
"""Wrong passwords from one address, whatever the accounts, before the address waits; a ward may share one address."""
WAIT = timedelta(minutes=15)
"""How long; as long as an account is locked."""
REMEMBERED = 10_000
"""How many counts are kept; the oldest go first."""


@dataclass
class _Count:
    wrong: int
    last: datetime


@dataclass
class Throttle:
    """Counts of wrong passwords, by address and by account and address. It forgets with the process."""

    _counts: dict[tuple[str, str], _Count] = field(default_factory=dict)
    _one: threading.Lock = field(default_factory=threading.Lock)

    def waits(self, account: str, address: str, now: datetime) -> bool:
        """Whether a try from here must wait."""
        with self._one:
            return any(
                (known := self._counts.get(key)) and known.wrong >= most and now - known.last < WAIT
                for key, most in (((account, address), FEW), (("", address), MANY))
            )

    def note(self, account: str, address: str, now: datetime, *, right: bool) -> None:
        """Count a try; a right password clears its own account's count here, and never the address's."""
        with self._one:
            if right:
                self._counts.pop((account, address), None)
                return
            for key in ((account, address), ("", address)):
                known = self._counts.pop(key, None)
                fresh = known is None or now - known.last >= WAIT
                self._counts[key] = _Count(1 if fresh or known is None else known.wrong + 1, now)
            while len(self._counts) > REMEMBERED:
                self._counts.pop(next(iter(self._counts)))
