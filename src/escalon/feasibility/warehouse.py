"""A warehouse to ask: a folder of files or a DuckDB file, a PostgreSQL database, Spark. Everything is only ever read.

folder/                 Parquet, CSV and NDJSON files, read in place by DuckDB: each is a table of its name
hospital.duckdb         a DuckDB file, opened for reading
postgresql://…          a PostgreSQL database, in read-only transactions
spark:folder/           the same folder by Spark on this computer; `spark:` alone is the cluster's own catalogue
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from escalon.expressions.dialects import dialect
from escalon.feasibility.stepwise import StepwiseQuery

_READERS = {
    "parquet": "read_parquet({file})",
    # 03/04/2026 stays text, and is refused: whether it is of March or of April the file does not say. So does a moment with
    # its own zone, of which the day written is meant.
    "csv": "read_csv({file}, dateformat = '%Y-%m-%d', timestampformat = '%Y-%m-%d %H:%M:%S', sample_size = -1, "
    "auto_type_candidates = ['BIGINT', 'DOUBLE', 'DATE', 'TIMESTAMP', 'VARCHAR'])",
    "ndjson": "read_ndjson_objects({file})",
}
# Spark on one computer: as many parts as it has hands, and no program written and compiled for each of many small steps.
_ON_THIS_COMPUTER = {
    "spark.ui.enabled": "false",
    "spark.driver.memory": "1500m",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


class WarehouseError(ValueError):
    """A warehouse that cannot be opened or asked: what is wrong, and what to write instead."""


@dataclass(frozen=True)
class Warehouse:
    """An open connection. `rows` runs a select; `columns` says a table's columns and their types, nothing if it is not there."""

    dialect: str
    rows: Callable[[str], list[tuple[Any, ...]]]
    columns: Callable[[str], dict[str, str]]
    tables: tuple[str, ...]
    close: Callable[[], None] = lambda: None
    keep: Callable[[str, str, bool], None] | None = None
    """Gives a select a name, and computes and keeps its rows where it is read more than once."""
    kept: dict[str, str] = field(default_factory=dict)

    def answer(self, asked: StepwiseQuery) -> list[tuple[Any, ...]]:
        """The rows of a statement in steps; steps that the last statement had as well are not computed again."""
        if self.keep is None:
            return self.rows(self.text(asked))
        asked = asked.apart_from(self.tables)
        current: set[str] = set()
        for name, text, is_shared in asked.parts():
            if self.kept.get(name) != text:
                if name in self.kept:  # whatever rests on it is computed again too
                    for each in self.kept.keys() - current:
                        del self.kept[each]
                self.keep(name, text, is_shared)
                self.kept[name] = text
            current.add(name)
        return self.rows(asked.whole)

    def text(self, asked: StepwiseQuery) -> str:
        """The one statement that would be run."""
        return asked.apart_from(self.tables).text(self.dialect)

    def answers(self, *asked: StepwiseQuery) -> list[list[tuple[Any, ...]]]:
        """The rows of several statements over the same steps; where none can be kept, by one statement, with each step once."""
        if self.keep is not None:
            return [self.answer(one) for one in asked]
        steps = {name: text for one in asked for name, text in one.steps.items()}
        each = (
            f"SELECT {place} AS which, CAST(ROW_TO_JSON(q) AS TEXT) AS found FROM ({one.last}) AS q"
            for place, one in enumerate(asked)
        )
        found: list[list[tuple[Any, ...]]] = [[] for _ in asked]
        for which, row in self.rows(self.text(StepwiseQuery(steps, "\nUNION ALL ".join(each)))):
            found[which].append(tuple(json.loads(row).values()))
        return found


def open_warehouse(url: str, memory: str = "", threads: int = 0) -> Warehouse:
    """Open what a URL names. `memory` (`4GB`) and `threads` bound DuckDB. Raises WarehouseError."""
    if url.startswith(("postgresql://", "postgres://")):
        return _postgres(url)
    if url == "spark" or url.startswith("spark:"):
        return _spark(url.removeprefix("spark").removeprefix(":"))
    path = Path(url.removeprefix("duckdb:///") if url.startswith("duckdb:///") else url)
    if not (path.is_file() or path.is_dir()):
        raise WarehouseError(
            f"{url}: no such folder or file. Write a folder of Parquet, CSV or NDJSON files, a .duckdb file, "
            "postgresql://… or spark:folder"
        )
    return _duckdb(path, memory, threads)


def _duckdb(path: Path, memory: str, threads: int) -> Warehouse:
    import duckdb

    try:
        connection = duckdb.connect() if path.is_dir() else duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise WarehouseError(f"{path}: {error}") from None
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET TimeZone = 'UTC'")  # the day of a moment is not that of this computer
    connection.execute(f"SET temp_directory = '{_escaped(Path(gettempdir()) / 'escalon-spill')}'")
    if memory:
        connection.execute(f"SET memory_limit = '{memory}'")
    if threads:
        connection.execute(f"SET threads = {threads}")
    if path.is_dir():
        for name, (kind, files) in files_of(path).items():
            listed = ", ".join(f"'{_escaped(file)}'" for file in files)
            reader = _READERS[kind].format(file=f"[{listed}]")
            try:
                connection.execute(f"CREATE VIEW {dialect('duckdb').name(name)} AS SELECT * FROM {reader}")
            except duckdb.Error as error:
                said = str(error).partition("\n")[0]
                raise WarehouseError(
                    f"{listed}: this is no table of the kind {kind}. Take it out or save it anew ({said})"
                ) from None

    def rows(text: str) -> list[tuple[Any, ...]]:
        try:
            return connection.execute(text).fetchall()
        except duckdb.Error as error:
            raise WarehouseError(f"the warehouse answered: {error}") from None

    def columns(table: str) -> dict[str, str]:
        with suppress(WarehouseError):
            return {row[0].lower(): row[1] for row in rows(f"DESCRIBE SELECT * FROM {table}")}
        return {}

    def keep(name: str, text: str, is_shared: bool) -> None:
        own = f"table_name = '{name}' AND table_catalog = 'temp'"
        for row in rows(f"SELECT table_type FROM information_schema.tables WHERE {own}"):
            connection.execute(f"DROP {'VIEW' if row[0] == 'VIEW' else 'TABLE'} temp.{name}")
        try:
            connection.execute(f"CREATE TEMPORARY {'TABLE' if is_shared else 'VIEW'} {name} AS {text}")
        except duckdb.Error as error:
            raise WarehouseError(f"the warehouse answered: {error}") from None

    listed = "SELECT table_name FROM information_schema.tables ORDER BY 1"
    named = tuple(row[0] for row in rows(listed))
    if "Medication" not in named and any(one.startswith("Medication") for one in named):  # none names a drug elsewhere
        connection.execute('CREATE TEMPORARY VIEW "Medication" AS SELECT CAST(NULL AS JSON) AS json WHERE FALSE')
    return Warehouse("duckdb", rows, columns, named, connection.close, keep)


def files_of(folder: Path) -> dict[str, tuple[str, list[Path]]]:
    """The tables of a folder: name, format and files. A subfolder of Parquet files is one table."""
    found: dict[str, tuple[str, list[Path]]] = {}
    for file in sorted(folder.iterdir()):
        name, kind = _table_name(file)
        if file.is_dir() and any(file.glob("*.parquet")):
            name, kind, files = file.name, "parquet", sorted(file.glob("*.parquet"))
        elif kind in _READERS and file.is_file():
            files = [file]
        else:
            continue
        before = found.setdefault(name, (kind, []))
        if before[0] != kind:
            raise WarehouseError(
                f"{before[1][0]} and {file} are both the table {name!r}. Take one out, or call it otherwise"
            )
        before[1].extend(files)
    if not found:
        raise WarehouseError(f"{folder} holds no Parquet, CSV or NDJSON file")
    return found


def _table_name(file: Path) -> tuple[str, str]:
    """Name and format; an NDJSON file is named for its resource: `Patient.000`, `2_Observation`."""
    stem, _, kind = file.name.removesuffix(".gz").rpartition(".")
    kind = {"jsonl": "ndjson"}.get(kind.lower(), kind.lower())
    resource = re.fullmatch(r"(?:\d+[._-])?([A-Z][A-Za-z]+)(?:[._-]\d+)*", stem) if kind == "ndjson" else None
    return resource[1] if resource else stem, kind


def _escaped(file: Path) -> str:
    return str(file).replace("'", "''")


def _postgres(url: str) -> Warehouse:
    try:
        import psycopg
    except ImportError:
        raise WarehouseError("PostgreSQL needs psycopg: pip install 'escalon[postgres]'") from None
    try:
        connection = psycopg.connect(url, options="-c default_transaction_read_only=on")
    except psycopg.Error as error:
        raise WarehouseError(f"the database cannot be reached: {error}") from None
    connection.read_only = True

    def rows(text: str) -> list[tuple[Any, ...]]:
        try:
            found = connection.execute(text.encode()).fetchall()
        except psycopg.Error as error:
            connection.rollback()
            raise WarehouseError(f"the warehouse answered: {error}") from None
        connection.rollback()
        return found

    def columns(table: str) -> dict[str, str]:
        with suppress(WarehouseError):
            from psycopg import ClientCursor

            with ClientCursor(connection) as cursor:
                try:
                    cursor.execute(f"SELECT * FROM {table} LIMIT 0".encode())
                    types = [(one.name.lower(), one.type_display) for one in cursor.description or ()]
                    return {name: kind.upper() for name, kind in types}
                except psycopg.Error:
                    return {}
                finally:
                    connection.rollback()
        return {}

    listed = rows(
        "SELECT table_name FROM information_schema.tables "
        "WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
    )
    return Warehouse("postgres", rows, columns, tuple(row[0] for row in listed), connection.close)


def _spark(folder: str) -> Warehouse:
    try:
        from pyspark.errors import AnalysisException, PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise WarehouseError("Spark needs pyspark and Java: pip install 'escalon[spark]'") from None
    builder = SparkSession.builder.appName("escalon").config("spark.sql.session.timeZone", "UTC")
    for name, value in _ON_THIS_COMPUTER.items() if folder else ():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    if folder:
        for name, (kind, files) in files_of(Path(folder)).items():
            if kind == "ndjson":
                raise WarehouseError(f"{name}: NDJSON is read by DuckDB. Leave out «spark:»")
            listed = [str(file) for file in files]
            # As text: Spark would take the year 1990 for the first of January.
            frame = session.read.parquet(*listed) if kind == "parquet" else session.read.csv(listed, header=True)
            frame.createOrReplaceTempView(name)

    @contextmanager
    def answering() -> Iterator[None]:
        try:
            yield
        except PySparkException as error:
            raise WarehouseError(f"the warehouse answered: {error}") from None

    def rows(text: str) -> list[tuple[Any, ...]]:
        with answering():
            return [tuple(row) for row in session.sql(text).collect()]

    def keep(name: str, text: str, is_shared: bool) -> None:
        with answering():
            frame = session.sql(text)
            (frame.localCheckpoint() if is_shared else frame).createOrReplaceTempView(name)

    def columns(table: str) -> dict[str, str]:
        try:
            fields = session.sql(f"SELECT * FROM {table} LIMIT 0").schema
            return {field.name.lower(): field.dataType.simpleString().upper() for field in fields}
        except AnalysisException:
            return {}

    return Warehouse("spark", rows, columns, tuple(row[1] for row in rows("SHOW TABLES")), keep=keep)


def is_text(kind: str) -> bool:
    """Whether a column's type is text."""
    return kind.upper().startswith(("VARCHAR", "TEXT", "STRING", "CHAR", "BPCHAR"))


def is_fractional(kind: str) -> bool:
    """Whether a column's type holds numbers with a fraction."""
    return kind.upper().startswith(("DOUBLE", "FLOAT", "REAL", "DECIMAL", "NUMERIC"))


__all__: Sequence[str] = ("Warehouse", "WarehouseError", "files_of", "is_fractional", "is_text", "open_warehouse")
