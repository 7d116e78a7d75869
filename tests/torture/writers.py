"""What the torture runs in processes of its own: recording until killed, and acknowledging each entry on a pipe."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from escalon.casebook.canonical import parse
from escalon.casebook.errors import StorageFailed
from escalon.casebook.location import open_casebook
from escalon.history.entry import Author
from escalon.history.events import FactRecorded, Observation

WRITER = Author("writer", "coordinator", "S1", "torture")


def fact(value: str, participant: str = "P-001") -> FactRecorded:
    return FactRecorded(
        participant=participant, fact=Observation(name="alt", value=value, unit="U/L", day="2026-03-02")
    )


def in_child(work: Callable[[int], None]) -> tuple[int, int]:
    """Run `work(pipe)` in a forked process; returns its id and the reading end of its pipe."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child:
        os.close(write_end)
        return child, read_end
    os.close(read_end)
    status = 1
    try:
        work(write_end)
        status = 0
    except BaseException as error:
        os.write(2, f"writer: {error!r}\n".encode())
    finally:
        os._exit(status)


def record_and_acknowledge(folder: Path, first: int) -> Callable[[int], None]:
    """Record facts numbered from `first` without end; after each commit, and only then, write its number to the pipe."""

    def work(pipe: int) -> None:
        book = open_casebook(folder)
        value = first
        with suppress(StorageFailed):  # the server was crashed under it, as some trials do
            while True:
                entry = book.append(WRITER, fact(str(value)))
                os.write(pipe, f"{value} {entry.number} {entry.hash}\n".encode())
                value += 1

    return work


def kill_after(
    child: int, pipe: int, writes: int, then: float, instead: Callable[[], object] | None = None
) -> list[tuple[int, int, str]]:
    """Let a writer acknowledge so many writes and go on a moment, kill it with -9, and return all it acknowledged.

    `instead` is done before the kill, in the middle of its writing.
    """
    said = b""
    while said.count(b"\n") < writes and (part := os.read(pipe, 64)):
        said += part
    time.sleep(then)
    if instead:
        instead()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while part := os.read(pipe, 1 << 16):
        said += part
    os.close(pipe)
    complete = said.decode().rpartition("\n")[0].splitlines()
    return [(int(value), int(number), hashed) for value, number, hashed in (line.split() for line in complete)]


def value_of(body: str) -> str:
    written = parse(body)
    return str(written["new"]["fact"]["value"])  # type: ignore[index,call-overload]
