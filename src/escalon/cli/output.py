"""The one writer of the command line: answers, notes, tables, JSON, files and progress, and how a command ends."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TextIO, TypeVar

import typer
from typer import Option

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from escalon.facts import Finding
    from escalon.reporting.document import Table as DocumentTable

AsJson = Annotated[bool, Option("--json", help="Print JSON for scripts.")]

MANY = 1000
"""Rows from which on a progress bar is worth showing."""
SHOWN_PROBLEMS = 50

Thing = TypeVar("Thing")


def say(text: object = "", *, bold: bool = False) -> None:
    """One line of the answer, on stdout."""
    typer.secho(harmless(text), bold=bold)


def say_if_synthetic(synthetic: bool) -> None:
    """Over every answer about invented people stands that they are."""
    if synthetic:
        say("Synthetic people: invented, not observed.", bold=True)


def note(text: object) -> None:
    """One line beside the answer, on stderr, so that a pipe keeps only the answer."""
    typer.echo(harmless(text), err=True)


def harmless(text: object) -> str:
    """Text in which nothing somebody typed moves the cursor, hides or turns round what stands beside it."""
    lines = str(text).split("\n")
    return "\n".join(line if line.isprintable() else in_one_line(line) for line in lines)


def in_one_line(text: object) -> str:
    """What somebody typed, as part of a line: it cannot make lines of its own, and its invisible marks are seen."""
    from escalon.casebook.verify_alone import in_one_line as escaped

    return escaped(str(text))


def fail(message: object) -> NoReturn:
    """The input is wrong: say what, and what to write instead, and leave with exit code 2."""
    note(f"escalon: {in_words(message)}")
    raise typer.Exit(2)


def end_with(*findings: "Finding") -> None:
    """Leave as the findings say, a score and a grade alike: 0 settled, 1 not settled (missing, a range, not applicable), 2 an
    input is wrong."""
    from escalon.facts import Status

    statuses = {one.status for one in findings}
    if statuses - {Status.OK}:
        raise typer.Exit(2 if Status.INVALID in statuses else 1)


def in_words(message: object) -> object:
    """What went wrong with a file in the system's words, without its number; anything else as it is."""
    if not isinstance(message, OSError):
        return message
    said = (message.strerror or str(message)).lower()
    return f"{message.filename}: {said}" if message.filename else f"a file cannot be read or written: {said}"


def fail_listing(problems: Sequence[object], account: str = "") -> NoReturn:
    """Every problem on a line of its own, then the account of them; exit code 2."""
    note_listing(problems)
    if account:
        note(f"escalon: {account}")
    raise typer.Exit(2)


def note_listing(problems: Sequence[object]) -> None:
    """Problems beside the answer, each on a line of its own, and how many more there are."""
    for problem in problems[:SHOWN_PROBLEMS]:
        note(problem)
    if len(problems) > SHOWN_PROBLEMS:
        note(f"… and {len(problems) - SHOWN_PROBLEMS} more problems")


def json_text(thing: Any) -> str:
    """JSON, the same bytes for the same answer."""
    return json.dumps(thing, ensure_ascii=_is_narrow(sys.stdout), indent=2)


def print_json(thing: Any, words: Callable[[str], str] = str) -> None:
    """JSON on stdout; `words`: how a sentence is said of the study. The names of the fields stay."""
    sys.stdout.write(f"{harmless(json_text(_told(thing, words)))}\n")


def _told(thing: Any, words: Callable[[str], str]) -> Any:
    match thing:
        case str():
            return words(thing)
        case dict():
            return {name: _told(one, words) for name, one in thing.items()}
        case list() | tuple():
            return [_told(one, words) for one in thing]
    return thing


def print_table(
    columns: Sequence[Any],
    rows: Iterable[Sequence[Any]],
    title: str | None = None,
    *,
    numbers: Iterable[str] = (),
    whole: Iterable[str] = (),
    notes: Iterable[str] = (),
    most: int | None = None,
    uncut: bool = False,
    all_by: str = "-o FILE, or --json",
    **look: Any,
) -> None:
    """A table on the screen. `numbers` stand right, `whole` columns never break, `uncut` is as wide as it needs to be.

    Of more than `most` rows the rest is written `all_by` an option of the command.
    """
    from rich.console import Console
    from rich.markup import escape

    rows = list(rows)
    table = grid(columns, title, numbers=numbers, whole=columns if uncut else whole, **look)
    for row in rows[:most]:
        table.add_row(*map(_cell, row))
    Console(width=_needed(table) if uncut else None).print(table)
    for one in notes:
        Console().print(f"  {escape(one)}", style="dim", highlight=False)
    if most is not None and len(rows) > most:
        say(f"… and {len(rows) - most} more rows. Write them all with {all_by}")


def print_document_table(table: "DocumentTable") -> None:
    """A table of a report on the screen, as wide as it needs to be, with what it is about and its notes.

    Numbers stand there without the thin spaces of paper, so that they can be searched for and copied.
    """
    from escalon.reporting.printed import NARROW

    heads_ = [one.head for one in table.columns]
    rows = [[cell.text.replace(NARROW, "") for cell in row.cells] for row in table.rows]
    numbers = [one.head for one in table.columns if one.right]
    notes = (*([table.about] if table.about else []), *table.notes)
    print_table(heads_, rows, table.title, numbers=numbers, notes=notes, uncut=True)


def grid(
    columns: Sequence[Any],
    title: str | None = None,
    *,
    numbers: Iterable[str] = (),
    whole: Iterable[str] = (),
    **look: Any,
) -> "Table":
    """An empty table with its columns, for rows that carry colours or styles."""
    from rich.table import Table

    table = Table(title=title, title_justify="left", **look)
    right, unbroken = set(numbers), set(whole)
    for name in columns:
        table.add_column(
            name.replace("_", " "),
            justify="right" if name in right else "left",
            no_wrap=name in unbroken,
            overflow="fold",
        )
    return table


def print_aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their widest cell, of any width; the first left, numbers right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for first, *others in (head, *rows):
        cells = (f"{one:>{width}}" for one, width in zip(others, widths[1:], strict=True))
        say("  ".join((f"{first:<{widths[0]}}", *cells)).rstrip())


def _needed(table: "Table") -> int:
    """The width at which no cell is cut, and never less than the screen's."""
    from rich.console import Console
    from rich.measure import Measurement

    wide = Console(width=10_000)
    return max(Console().width, Measurement.get(wide, wide.options, table).maximum)


def shown(value: Any) -> str:
    """A value as it stands in a cell: nothing known is an empty one."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None or value is False else "yes" if value is True else str(value)


def _cell(value: Any) -> "Text":
    """A cell in which no sign of the recorded text is taken for a colour; what is styled already stays as it is."""
    from rich.text import Text

    return value if isinstance(value, Text) else Text(harmless(shown(value)))


def write(file: Path, content: str | bytes) -> Path:
    """A file with its folders, in UTF-8, the same bytes on every system; whole, or as it was before."""
    from escalon.facts.whole import whole_file

    with whole_file(file) as written:
        written.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV; an absent value is an empty cell."""
    from escalon.reporting.sheet import csv_text as text

    return text(columns, list(rows))


def give_rows(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], output: Path | None, as_json: bool, what: str
) -> None:
    """Rows as CSV or JSON, to a file that is then named, or on stdout."""
    named = [dict(zip(columns, row, strict=True)) for row in rows] if as_json else []
    text = f"{json_text(named)}\n" if as_json else csv_text(columns, rows)
    if output is None:
        say(text.rstrip("\n"))
    else:
        say(f"{len(rows)} {what}: {write(output, text)}")


@contextmanager
def progress(title: str, total: int | None = None, *, shown: bool = True) -> Iterator[Callable[..., None]]:
    """A bar on stderr for long work, told how much is done (and, where they change, of how much and of what)."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not (shown and console.is_terminal)) as bars:
        bar = bars.add_task(title, total=total or None)
        yield lambda done, of=None, what=None: bars.update(bar, completed=done, total=of, description=what)


def tracked(things: Sequence[Thing], title: str) -> Iterator[Thing]:
    """The things one by one, with a bar when there are many."""
    with progress(title, len(things), shown=len(things) >= MANY) as told:
        for number, thing in enumerate(things, start=1):
            yield thing
            told(number)


def make_streams_safe() -> None:
    """A sign that the terminal's or file's encoding lacks is written as its number (≤ as \\u2264), never a crash."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _is_narrow(stream: TextIO) -> bool:
    """Whether a stream cannot hold every sign; JSON then writes them in its own way."""
    return not (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "").startswith("utf")
