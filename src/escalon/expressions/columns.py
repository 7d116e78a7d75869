"""The reading over columns: many visits at once, as generated NumPy on blocks of rows.

A missing number is NaN. A truth is a pair of plain boolean columns, is-true and is-false, each computed only when
something asks for it, so three-valued logic costs what two-valued logic costs. Labels are small integers. Blocks of
8,192 rows keep what lies between inputs and results in the processor's cache.

In exact programs comparisons follow `exactness`, so they decide as the reading for one visit does in rational numbers;
values come back as doubles.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from escalon.expressions.program import Program
from escalon.expressions.rails import names_in_scope, write_block
from escalon.expressions.tree import Input, Kind

BLOCK = 8_192  # rows; 64 kB a column of doubles


@dataclass(frozen=True, slots=True)
class ColumnReading:
    """A compiled program. Called with a column for each input, it returns a column for each root.

    Number and truth columns come back as doubles, NaN where unknown, truths as 1 and 0; label columns as integers, the
    place in `labels`, -1 where unknown (`decode` turns them into text).
    """

    inputs: tuple[Input, ...]
    roots: Mapping[str, Kind | None]
    labels: tuple[str, ...]
    source: str
    block: Callable[..., tuple[Any, ...]]

    def __call__(self, columns: Mapping[str, Any], rows: int | None = None) -> dict[str, np.ndarray[Any, Any]]:
        """Read columns: arrays, lists, Polars or Arrow columns, or None for an input recorded for nobody.

        A label column may hold text, or places in `labels` as 32-bit integers.

        `rows` is needed only when no input has a column. Raises ValueError for a column that is absent, of another
        length, or that holds something other than its input's kind, and for a resulting label outside `labels`.
        """
        codes = {label: code for code, label in enumerate(self.labels)}
        supplied = [_column(node, columns, codes) for node in self.inputs]
        count = _rows(self.inputs, supplied, rows)
        results = _in_blocks(
            self, [_missing(node, count) if c is None else c for node, c in _zip(self, supplied)], count
        )
        for name, kind in self.roots.items():
            if kind is Kind.LABEL:
                self._check(name, results[name], codes)
        return results

    def decode(self, codes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The labels of a coded column as an array of str, None where unknown."""
        decoded: np.ndarray[Any, Any] = np.array([*self.labels, None], dtype=object)[codes]
        return decoded

    def _check(self, name: str, found: np.ndarray[Any, Any], codes: Mapping[str, int]) -> None:
        if len(codes) > len(self.labels) and (found >= len(self.labels)).any():
            strange = ", ".join(
                repr(label) for label, code in codes.items() if code in set(found[found >= len(self.labels)])
            )
            raise ValueError(
                f"{name} would be {strange}. Compile with labels=… naming every label the inputs may carry"
            )


def compile_columns(program: Program, exact: bool, labels: Sequence[str] = ()) -> ColumnReading:
    """Write the program as NumPy and compile it. `labels` are further labels that inputs hand on to results."""
    vocabulary = tuple(sorted({*program.labels, *labels}))
    source = write_block(program, exact, vocabulary)
    scope = names_in_scope()
    exec(compile(source, "<columns>", "exec"), scope)  # our own generated text: no input reaches it
    inputs = tuple(node for number in program.needed if isinstance(node := program.steps[number].node, Input))
    kinds = {name: program.steps[number].kind for name, number in program.roots.items()}
    return ColumnReading(inputs, kinds, vocabulary, source, scope["block"])


def _zip(reading: ColumnReading, supplied: list[Any]) -> list[tuple[Input, Any]]:
    return list(zip(reading.inputs, supplied, strict=True))


def _in_blocks(reading: ColumnReading, columns: list[Any], rows: int) -> dict[str, Any]:
    results = {
        name: np.empty(rows, np.int32 if kind is Kind.LABEL else np.float64) for name, kind in reading.roots.items()
    }
    with np.errstate(all="ignore"):
        for start in range(0, rows, BLOCK):
            here = slice(start, start + BLOCK)
            values = reading.block(*(column[here] for column in columns))
            for result, value in zip(results.values(), values, strict=True):
                result[here] = value
    return results


# ---- columns as supplied


def _column(node: Input, columns: Mapping[str, Any], codes: dict[str, int]) -> Any:
    if node.name not in columns:
        raise ValueError(f"there is no column {node.name!r}. Give one, or None if it was recorded for nobody")
    column = columns[node.name]
    if column is None:
        return None
    if node.kind is Kind.LABEL:
        return _coded(node.name, column, codes)
    return _truths(node.name, column) if node.kind is Kind.TRUTH else _doubles(node.name, column)


def _doubles(name: str, column: Any) -> Any:
    if hasattr(column, "filled"):
        return column.astype(np.float64).filled(np.nan)
    array = column.to_numpy() if hasattr(column, "to_numpy") else column
    try:
        array = np.asarray(array)
        if array.dtype.kind in "US":
            raise TypeError("it holds text")
        return np.ascontiguousarray(array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"column {name!r} must hold numbers: {error}") from None


def _truths(name: str, column: Any) -> Any:
    array = _doubles(name, column)
    for start in range(0, len(array), BLOCK):
        part = array[start : start + BLOCK]
        if np.count_nonzero((part == 1) | (part == 0)) + np.count_nonzero(part != part) != len(part):
            strange = part[(part != 1) & (part != 0) & (part == part)][0]
            raise ValueError(f"column {name!r} must hold true, false, 1 or 0, but holds {strange:g}")
    return array


def _coded(name: str, column: Any, codes: dict[str, int]) -> Any:
    """Labels as their places in the vocabulary, which grows by the labels met; -1 where missing."""
    if getattr(column, "dtype", None) == np.int32:  # already coded, by `labels`
        if len(column) and not -1 <= column.min() <= column.max() < len(codes):
            raise ValueError(f"column {name!r} must hold places of labels, -1 to {len(codes) - 1}")
        return column
    values = column.to_list() if hasattr(column, "to_list") else np.asarray(column, dtype=object).tolist()
    for label in set(values):
        if isinstance(label, str):
            codes.setdefault(label, len(codes))
        elif label is not None and label == label:
            raise ValueError(f"column {name!r} must hold text or None, but holds {label!r}")
    return np.fromiter((codes.get(value, -1) for value in values), np.int32, len(values))


def _rows(inputs: tuple[Input, ...], supplied: list[Any], rows: int | None) -> int:
    lengths = {node.name: len(column) for node, column in zip(inputs, supplied, strict=True) if column is not None}
    if rows is None and not lengths:
        raise ValueError("no input has a column, so say how many rows: reading(columns, rows=…)")
    count = next(iter(lengths.values())) if rows is None else rows
    for name, length in lengths.items():
        if length != count:
            raise ValueError(f"column {name!r} has {length} rows, others have {count}")
    return count


def _missing(node: Input, rows: int) -> Any:
    return np.full(rows, -1, np.int32) if node.kind is Kind.LABEL else np.full(rows, np.nan)
