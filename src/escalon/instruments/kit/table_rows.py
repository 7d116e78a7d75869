"""From the columns of a block of rows to value, bands, status, missing items and flags of each row.

`ColumnScorer` follows `assessment.assess_with` step by step, with arrays in place of one visit; a test holds the two
together for every instrument. `VisitScorer` calls it for each different row, for instruments that rewrite their items
first.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from escalon.expressions.program import Program
from escalon.expressions.tree import Kind, Literal
from escalon.facts import Finding, Status, plain
from escalon.facts.words import truth
from escalon.instruments.kit.assessment import UnknownItem, assess_with, chosen_options
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.item import AS_RANGE, BELOW_LIMIT
from escalon.instruments.kit.row_marks import RowMarks, listed
from escalon.instruments.kit.table_cells import NAMED, Array, Cells, read_cells

_STATUSES = tuple(Status)
_ON_THE_GRID = 2**53 / 1e9
"""Up to here a double holds nine decimals exactly enough to be rounded to them."""
Chosen = Mapping[str, tuple[str, str | None]]


@dataclass(frozen=True, slots=True)
class ScoredRows:
    """The result columns of a block, its first problems by row, and how many of its rows are invalid."""

    series: list[pl.Series]
    problems: list[tuple[int, str]]
    invalid: int


def _value_name(instrument: Instrument) -> str:
    """The column of the value; another one where an item has the instrument's own name."""
    taken = {*instrument.items, *instrument.aliases}
    return f"{instrument.name}_score" if instrument.name in taken else instrument.name


def result_names(instrument: Instrument) -> list[str]:
    """The columns that scoring adds to a table."""
    name, program = instrument.name, instrument.program()
    bands = [f"{name}_band"] if "category" in program.roots else []
    bands += [f"{name}_{label}" for label in instrument.bands if label]
    return [_value_name(instrument), *bands, f"{name}_status", f"{name}_missing", f"{name}_flags"]


class ColumnScorer:
    """An instrument compiled for columns, with the options chosen."""

    def __init__(
        self, instrument: Instrument, chosen: Chosen, options: Mapping[str, Any], confirm: str | None = None
    ) -> None:
        from escalon.expressions.columns import compile_columns

        self.instrument, self.chosen, self.confirm = instrument, chosen, confirm
        self.options = chosen_options(instrument, options)
        self.program = instrument.program(**self.options)
        self.roots = {name: number for name, number in self.program.roots.items() if self._is_read(name, number)}
        labels = sorted({choice for item in instrument.items.values() for choice in item.choices})
        self.reading = compile_columns(Program(self.program.steps, self.roots), instrument.is_exact, labels)
        self.codes = {label: code for code, label in enumerate(self.reading.labels)}

    def _is_read(self, root: str, number: int) -> bool:
        """Whether a row's result rests on a root: not on intermediate terms, nor on what always holds."""
        sort, _, label = root.partition(":")
        node = self.program.steps[number].node
        always = isinstance(node, Literal) and node.value is True
        return sort != "part" and (sort != "band" or bool(label)) and not (always and sort in ("applies", "required"))

    def score(self, part: pl.DataFrame) -> ScoredRows:
        """The results of a block of rows."""
        below = self.options.get(BELOW_LIMIT, AS_RANGE)
        cells = {
            name: read_cells(name, self.instrument.items[name], part[header], unit, below, self.codes)
            for name, (header, unit) in self.chosen.items()
        }
        given = {name: cells[name].values if name in cells else None for name in self.instrument.items}
        scored = _Block(self, cells, self.reading(given, rows=part.height), part.height).scored()
        apart = [column.spans for column in cells.values() if column.spans is not None]
        if self.confirm:
            apart.append(part[self.confirm].cast(pl.String).str.strip_chars().fill_null("").ne("").to_numpy())
        return self._with_visits(scored, part, apart) if apart else scored

    def _with_visits(self, scored: ScoredRows, part: pl.DataFrame, apart: Sequence[Array]) -> ScoredRows:
        """The results with those rows of which an interval is known, or a value confirmed, assessed as visits, one by one."""
        rows = sum(apart).nonzero()[0]  # type: ignore[union-attr]
        visits = VisitScorer(self.instrument, self.chosen, self.options, self.confirm).score(part[rows])
        series = [
            column.scatter(rows, one.cast(column.dtype))
            for column, one in zip(scored.series, visits.series, strict=True)
        ]
        here = {int(row) for row in rows}
        problems = [problem for problem in scored.problems if problem[0] not in here]
        problems += [(int(rows[row]), sentence) for row, sentence in visits.problems]
        status = series[[one.name for one in series].index(f"{self.instrument.name}_status")]
        return ScoredRows(series, sorted(problems)[:NAMED], int((status == str(Status.INVALID)).sum()))


class _Block:
    """A block of rows whose cells are read and whose roots are computed."""

    def __init__(
        self, scorer: ColumnScorer, cells: Mapping[str, Cells], results: Mapping[str, Array], rows: int
    ) -> None:
        self.scorer, self.cells, self.results, self.rows = scorer, cells, results, rows
        self.instrument = scorer.instrument
        self.refused = self._any(mask for column in cells.values() for mask in column.refused.values())
        self.contradicted = self._any(self._holds("check")) & ~self.refused
        self.queried = self._any(self._holds("query")) & ~self.refused & ~self.contradicted
        self.invalid = self.refused | self.contradicted

    def scored(self) -> ScoredRows:
        """The result columns and problems."""
        gone = self._gone()
        status = self._status(gone)
        known = status == _STATUSES.index(Status.OK)
        names = result_names(self.instrument)
        labels = [root for root in self.results if root == "category" or root.startswith("band:")]
        made = [self._value(names[0], known), *(self._labels(root, known) for root in labels)]
        made.append(pl.Series(list(map(str, _STATUSES))).gather(status))
        made.append(listed({name: rows & ~self.refused for name, rows in gone.items()}, self.rows))
        made.append(self._flags(known).series())
        series = [one.alias(name) for name, one in zip(names, made, strict=True)]
        return ScoredRows(series, self._problems(), int(np.count_nonzero(self.invalid)))

    def _any(self, masks: Iterable[Array]) -> Array:
        found = np.zeros(self.rows, dtype=bool)
        for mask in masks:
            found |= mask
        return found

    def _holds(self, sort: str) -> Iterator[Array]:
        """Where each condition of one sort holds."""
        return (column == 1 for root, column in self.results.items() if root.startswith(f"{sort}:"))

    def _is_unknown(self, root: str) -> Array:
        column = self.results[root]
        return column < 0 if self.scorer.reading.roots[root] is Kind.LABEL else np.isnan(column)

    # ---- status

    def _gone(self) -> dict[str, Array]:
        """Where each item is missing: not known, asked for, and nothing that may stand in for it known."""
        gone: dict[str, Array] = {}
        for name, item in self.instrument.items.items():
            if not item.needed:
                continue
            missing = self._is_blank(name)
            if missing.any() and f"asked:{name}" in self.results:
                missing &= self.results[f"asked:{name}"] != 0
            if missing.any() and f"item:{name}" in self.results:
                missing &= self._is_unknown(f"item:{name}")
            elif missing.any():
                for other in item.missing_when:
                    missing &= self._is_blank(other)
            if missing.any():
                gone[name] = missing
        return gone

    def _is_blank(self, name: str) -> Array:
        if name not in self.cells:
            return np.ones(self.rows, dtype=bool)
        values = self.cells[name].values
        return values < 0 if self.instrument.items[name].kind is Kind.LABEL else np.isnan(values)

    def _status(self, gone: Mapping[str, Array]) -> Array:
        """The place of each row's status, decided in the order of one visit."""
        place = {one: np.uint8(number) for number, one in enumerate(_STATUSES)}
        status = np.full(self.rows, place[self.instrument.when_missing])
        status[~self._any(gone.values())] = place[Status.INDETERMINATE]
        if "required" in self.results:
            status[self.results["required"] != 1] = place[Status.MISSING]
        status[~self._is_unknown("value")] = place[Status.OK]
        if "applies" in self.results:
            status[np.isnan(self.results["applies"])] = place[Status.INDETERMINATE]
            status[self.results["applies"] == 0] = place[Status.NOT_APPLICABLE]
        status[self.queried] = place[Status.MISSING]
        status[self.invalid] = place[Status.INVALID]
        return status

    # ---- results

    def _value(self, name: str, known: Array) -> pl.Series:
        kind = self.scorer.reading.roots["value"]
        if kind is Kind.LABEL:
            return self._labels("value", known)
        types = {Kind.TRUTH: pl.Boolean, Kind.INTEGER: pl.Int64}
        found = _without_noise(self.results["value"]) if self.instrument.is_exact else self.results["value"]
        shown = pl.Series(name, np.where(known, found, np.nan), nan_to_null=True)
        return shown.cast(types[kind]) if kind in types else shown

    def _labels(self, root: str, known: Array) -> pl.Series:
        labels = self.scorer.reading.labels
        places = np.where(known & ~self._is_unknown(root), self.results[root], len(labels))
        return pl.Series([*labels, None], dtype=pl.String).gather(places)

    def _flags(self, known: Array) -> RowMarks:
        """The flags of each row; of a row that was refused, the kinds of mistake."""
        marks, fine = RowMarks(self.rows), ~self.refused
        marks.mark("CONTRADICTION", self.contradicted)
        marks.mark("QUERY", self.queried)
        for column in self.cells.values():
            for code, rows in column.refused.items():
                marks.mark(code, rows)
        for column in self.cells.values():
            for code, rows in column.flags.items():
                marks.mark(code, rows & fine)
        for root, found in self.results.items():
            if root.startswith("flag:"):
                marks.mark(root.removeprefix("flag:"), (found == 1) & fine)
        for rows in self._near(known):
            marks.mark("NEAR_THRESHOLD", rows)
        if self.instrument.unconfirmed:
            marks.mark("rule_unconfirmed", fine)
        return marks

    def _near(self, known: Array) -> Iterator[Array]:
        if self.instrument.near is not None:
            limits = [
                band.upper for bands in self.instrument.bands.values() for band in bands if band.upper is not None
            ]
            for limit in dict.fromkeys(limits):
                yield known & (np.abs(self.results["value"] - float(limit)) < self.instrument.near)

    def _problems(self) -> list[tuple[int, str]]:
        """The first problems of the block, by row."""
        found = [problem for column in self.cells.values() for problem in column.problems]
        sentences = self.instrument.sentences("check", **self.scorer.options)
        for root, column in self.results.items():
            sort, _, number = root.partition(":")
            if sort == "check":
                rows = ((column == 1) & ~self.refused).nonzero()[0][:NAMED]
                found += [(int(row), sentences[int(number)]) for row in rows]
        return sorted(found)[:NAMED]


def _without_noise(values: Array) -> Array:
    """Sums of decimals as they are on paper: 1 + 1 + 0.7 + 0.1 is 2.8, not the 2.8000000000000003 of doubles.

    A value within a few last bits of one with nine decimals is that one (the grid of `exactness`); any other stays.
    """
    short = np.round(values, 9)
    near = np.abs(values) < _ON_THE_GRID
    return np.where(near & (np.abs(values - short) <= 8 * np.spacing(np.abs(values))), short, values)


class VisitScorer:
    """An instrument that rewrites what is recorded before it reads it: each different row is one visit."""

    def __init__(
        self, instrument: Instrument, chosen: Chosen, options: Mapping[str, Any], confirm: str | None = None
    ) -> None:
        self.instrument, self.chosen = instrument, chosen
        self.headers = [*(header for header, _ in chosen.values()), *([confirm] if confirm else [])]
        self.options = chosen_options(instrument, options)

    def score(self, part: pl.DataFrame) -> ScoredRows:
        """The results of a block of rows."""
        found = self._findings(part)
        problems = [
            (row, reason)
            for row, finding in enumerate(found)
            if finding.status is Status.INVALID
            for reason in finding.reasons
        ]
        invalid = sum(finding.status is Status.INVALID for finding in found)
        return ScoredRows(self._series(found), problems[:NAMED], invalid)

    def _findings(self, part: pl.DataFrame) -> list[Finding]:
        known: dict[str, Finding] = {}
        found = []
        for cells in part.select(self.headers).iter_rows():
            key = repr(cells)
            if key not in known:
                known[key] = self._finding(cells)
            found.append(known[key])
        return found

    def _finding(self, cells: Sequence[Any]) -> Finding:
        try:
            return assess_with(self.instrument, {**self._given(cells), **self.options})
        except UnknownItem as error:  # what a row says was confirmed is no item
            return Finding(self.instrument.name, None, Status.INVALID, flags=("NOT_A_CHOICE",), reasons=(str(error),))

    def _given(self, cells: Sequence[Any]) -> dict[str, Any]:
        given = {
            name: (cell, unit) if unit and cell is not None else cell
            for cell, (name, (_, unit)) in zip(cells, self.chosen.items(), strict=False)
        }
        if len(cells) == len(self.chosen) or not (said := plain(cells[-1]) if cells[-1] is not None else ""):
            return given
        answer = truth(said)
        return given | {"confirm": said if answer is None else self.instrument.items if answer else ()}

    def _series(self, found: Sequence[Finding]) -> list[pl.Series]:
        kinds = {Kind.TRUTH: pl.Boolean, Kind.INTEGER: pl.Int64, Kind.NUMBER: pl.Float64, Kind.LABEL: pl.String}
        program = self.instrument.program(**self.options)
        kind = program.steps[program.roots["value"]].kind or Kind.NUMBER
        column: dict[str, Callable[[Finding], Any]] = {
            "status": lambda one: str(one.status),
            "missing": lambda one: ";".join(one.missing),
            "flags": lambda one: ";".join(one.flags),
            "band": lambda one: one.category,
        }
        first, *others = result_names(self.instrument)
        values = [float(one.value) if kind is Kind.NUMBER and one.value is not None else one.value for one in found]
        made = [pl.Series(first, values, dtype=kinds[kind])]
        for name in others:
            sort = name.removeprefix(f"{self.instrument.name}_")
            show = column.get(sort, lambda one, sort=sort: one.components.get(sort))
            made.append(pl.Series(name, [show(one) for one in found], dtype=pl.String))
        return made
