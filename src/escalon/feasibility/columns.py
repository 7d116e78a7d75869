"""The columns of a warehouse: which are there, of what type, and what days and people are in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from escalon.expressions.dialects import Dialect, dialect
from escalon.feasibility.mapping import MappingError, WarehouseMapping
from escalon.feasibility.warehouse import Warehouse, is_fractional, is_text
from escalon.protocol.names import names_in
from escalon.protocol.study import Study

# A year, a month of it or a day of it that the calendar has, whatever time follows.
_LEAP = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29"
_OF_A_MONTH = "(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8])"
_A_DAY = f"^([0-9]{{4}}|[0-9]{{4}}-(0[1-9]|1[0-2])|([0-9]{{4}}-({_OF_A_MONTH})|{_LEAP}).*)$"


@dataclass(frozen=True)
class Columns:
    """A study, a warehouse and where the names of the one stand in the other, for one day asked about."""

    study: Study
    mapping: WarehouseMapping
    warehouse: Warehouse
    by: date

    def used_by(self, name: str) -> tuple[str, ...]:
        """The clauses that read a name, itself or through what stands for it."""
        wholes = {name, *(one.name for one in self.study.vocabulary.values() if name in one.members)}
        return tuple(one.id for one in self.study.criteria if any(wholes & set(names_in(tree)) for tree in one.trees))

    @cached_property
    def _mixed(self) -> bool:
        """Whether people are numbers in one table and text in another."""
        parts = (self.mapping.people, self.mapping.observed, *self.mapping.tables.values())
        kinds = {self._kind(one.person, one.from_) for one in parts if one} - {""}
        return len({is_text(kind) for kind in kinds}) > 1

    def _who(self, text: str, source: str) -> str:
        """The column of people, as text where another table has it so."""
        return f"TRIM({self._text(text, self._kind(text, source))})" if self._mixed else text

    def _kind(self, text: str, source: str) -> str:
        return self.warehouse.columns(f"(SELECT {text} AS kind FROM {source} AS p) AS tried").get("kind", "")

    def _text(self, column: str, kind: str) -> str:
        """A column as text; a whole number that another program kept as 8713.0 as 8713."""
        text = f"CAST({column} AS {self._spelling.text})"
        if not is_fractional(kind):
            return text
        whole = f"CAST(CAST({column} AS BIGINT) AS {self._spelling.text})"
        return f"CASE WHEN ABS({column}) < 1e15 AND {column} = FLOOR({column}) THEN {whole} ELSE {text} END"

    @property
    def _spelling(self) -> Dialect:
        return dialect(self.warehouse.dialect)

    def _check_columns(
        self, path: tuple[str, ...], source: str, columns: Mapping[str, str], concept: str, where: str = ""
    ) -> Mapping[str, str]:
        """The type of each column as it is read; an error names the first that is not there, and who needs it."""
        read = ", ".join(f"{text} AS {name}" for name, text in columns.items() if text)
        limited = f" WHERE {where}" if where else ""
        kinds = self.warehouse.columns(f"(SELECT {read} FROM {source} AS p{limited}) AS tried")
        if kinds:
            return kinds
        users = f"{', '.join(self.used_by(concept)[:3])} ({concept}) " if concept else "every clause "
        there = self.warehouse.columns(f"{source} AS p") or self.warehouse.columns(source)
        place = self.mapping.line(*path)
        if not there:
            known = ", ".join(self.warehouse.tables) or "none"
            hidden = ", or not for this account" if self.warehouse.dialect == "postgres" else ""
            raise MappingError(
                f"{place}: {users}needs the table {source}, which is not there{hidden}. Tables: {known}. "
                f'Write under [{".".join(path)}] from = "…"'
            )
        for name, text in columns.items():
            if text and not self.warehouse.columns(f"(SELECT {text} AS tried FROM {source} AS p) AS tried"):
                raise MappingError(
                    f"{place}: {users}needs the column {text} of {source}, which is not there. Columns: {', '.join(there)}. "
                    f'Write under [{".".join(path)}] {name} = "…"'
                )
        written = f"where = {where!r}" if where else f"{source}"
        raise MappingError(
            f"{place}: {users}needs {source}, and {written} cannot be asked of it. Columns: {', '.join(there)}. "
            f"Write under [{'.'.join(path)}] a condition or a select that the warehouse understands"
        )

    def _check_days(self, path: tuple[str, ...], key: str, text: str, kind: str, source: str) -> None:
        """Raises MappingError for a column of days that holds something else."""
        wrong = not is_text(kind) and not kind.upper().startswith(("DATE", "TIME"))
        if is_text(kind):
            spelling = self._spelling
            shaped = spelling.matched.format(x="tried.day", pattern=_A_DAY)
            column = f"SELECT CAST({text} AS {spelling.text}) AS day FROM {source} AS p"
            none = f"COALESCE({shaped}, '') = '' OR day LIKE '0000%'"
            odd = f"SELECT 1 FROM ({column}) AS tried WHERE day <> '' AND ({none}) LIMIT 1"
            wrong = bool(self.warehouse.rows(odd))
        if wrong:
            raise MappingError(
                f"{self.mapping.line(*path, key)}: {text} of {source} is taken for a day, but holds something else ({kind}), "
                "or a day that no calendar has (2026-02-30). "
                f'Write under [{".".join(path)}] {key} = "…", a column of dates or of text such as 2026-11-29, 2026-11, 2026'
            )

    def _days(self, text: str, kind: str) -> tuple[str, str]:
        """The earliest and the latest day of a column: of text `2019`, `2019-11` or `2019-11-29…` a stretch."""
        if not is_text(kind):
            return (f"CAST({text} AS DATE)",) * 2
        spelling = self._spelling
        first = (
            f"CAST(CASE LENGTH({text}) WHEN 4 THEN {text} || '-01-01' WHEN 7 THEN {text} || '-01' "
            f"ELSE NULLIF(SUBSTR({text}, 1, 10), '') END AS DATE)"
        )
        month = spelling.day_before.format(x=spelling.later.format(x=first, n=1, unit="month"))
        last = f"CASE LENGTH({text}) WHEN 4 THEN CAST({text} || '-12-31' AS DATE) WHEN 7 THEN {month} ELSE {first} END"
        return first, last

    def _lowered(self, column: str, kind: str) -> str:
        return f"LOWER(TRIM({self._text(column, kind)}))"


def as_called(mapping: WarehouseMapping, warehouse: Warehouse) -> WarehouseMapping:
    """The mapping with quotes around each table and column that is there under just that name, and else no name of SQL's."""
    quote, used = dialect(warehouse.dialect).name, {one.table for one in mapping.concepts.values()}

    def called(part: Any) -> Any:
        own = part.from_
        if not warehouse.columns(own) and warehouse.columns(quote(own)):
            own = quote(own)
        texts = {key: text for key in part.spelled if (text := getattr(part, key))}
        if warehouse.columns(f"(SELECT {', '.join(texts.values())} FROM {own} AS p) AS tried"):
            return part if own == part.from_ else part.model_copy(update={"from_": own})

        def is_there(text: str) -> bool:
            return bool(warehouse.columns(f"(SELECT {text} AS tried FROM {own} AS p) AS tried"))

        odd = {key: quote(text) for key, text in texts.items() if not is_there(text) and is_there(quote(text))}
        return part.model_copy(update={"from_": own, **odd})

    tables = {name: called(one) if name in used else one for name, one in mapping.tables.items()}
    others = {name: one and called(one) for name in ("people", "observed") for one in (getattr(mapping, name),)}
    return mapping.model_copy(update={"tables": tables, **others})
