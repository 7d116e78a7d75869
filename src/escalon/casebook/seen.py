"""What this computer has seen of a casebook: the last entry, kept outside it, so that a record that lost its end shows it."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from escalon.casebook.canonical import digest


@dataclass
class HighestSeen:
    """The highest entry of one casebook that was recorded or verified on this computer, by this person's account.

    It is kept without waiting for the disk: after a power cut it may lag a little, which makes it say less, never more.
    """

    path: Path
    _file: int | None = None

    def read(self) -> tuple[int, str] | None:
        """Number and hash, or None where nothing was seen yet."""
        with suppress(OSError, ValueError):
            number, hashed = self.path.read_text(encoding="ascii").split()
            return int(number), hashed
        return None

    def raise_to(self, number: int, hashed: str) -> None:
        """Note an entry unless a later one is noted. A computer that cannot keep marks keeps none."""
        with suppress(OSError, ValueError, AttributeError):
            if self._file is None:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            if number > int(os.pread(self._file, 12, 0) or b"0"):
                os.pwrite(self._file, f"{number:>12} {hashed}\n".encode("ascii"), 0)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def mark_of(casebook: str) -> HighestSeen | None:
    """The mark of a casebook by its name, where this account has a place for such things."""
    given = os.environ.get(
        "LOCALAPPDATA" if sys.platform == "win32" else "XDG_STATE_HOME"
    )  # freedesktop base directories
    try:
        folder = Path(given) if given else Path.home() / ".local" / "state"
    except RuntimeError:
        return None
    return HighestSeen(folder / "escalon" / "casebooks" / f"{digest(casebook)[:32]}.seen")
