"""Marks that rows carry, as text: flags by bits, and long lists of names by pattern, without a step for each row."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

_FEW = 10  # codes whose combinations are counted in a table; more are sorted
SEPARATOR = ";"


class RowMarks:
    """Codes that rows carry, a bit each."""

    def __init__(self, rows: int) -> None:
        self.bits = np.zeros(rows, np.uint64)
        self.codes: list[str] = []

    def mark(self, code: str, rows: np.ndarray[Any, Any]) -> None:
        """Give a code to the rows where `rows` is true."""
        if not rows.any():
            return
        if code not in self.codes:
            self.codes.append(code)
        self.bits |= rows.astype("uint64") << self.codes.index(code)

    def series(self) -> pl.Series:
        """The codes of each row, joined by semicolons; empty text where there are none."""
        patterns: Any = range(2 ** len(self.codes))
        places: Any = self.bits
        if len(self.codes) > _FEW:
            patterns, places = np.unique(self.bits, return_inverse=True)
        return pl.Series([self._text(int(pattern)) for pattern in patterns], dtype=pl.String).gather(places)

    def _text(self, pattern: int) -> str:
        return SEPARATOR.join(code for bit, code in enumerate(self.codes) if pattern >> bit & 1)


def listed(names: Mapping[str, np.ndarray[Any, Any]], rows: int) -> pl.Series:
    """For each row the names that are true there, joined by semicolons."""
    if len(names) <= _FEW:
        marks = RowMarks(rows)
        for name, here in names.items():
            marks.mark(name, here)
        return marks.series()
    return _by_pattern(names)


def _by_pattern(names: Mapping[str, np.ndarray[Any, Any]]) -> pl.Series:
    """Many names: text for each different pattern only."""
    packed = np.packbits(np.stack([*names.values()], axis=1), axis=1)
    whole = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, places = np.unique(whole, return_index=True, return_inverse=True)
    patterns = np.unpackbits(packed[first], axis=1, count=len(names)).astype(bool)
    labels = np.array([*names], dtype=object)
    return pl.Series([SEPARATOR.join(labels[pattern]) for pattern in patterns], dtype=pl.String).gather(places)
