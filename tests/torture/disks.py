"""A full disk, a read-only disk, a damaged file, a wrong key, a clock gone backwards: a clean stop and a clear message."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.postgres import Cluster
from tests.torture.writers import WRITER, fact, in_child

from escalon.casebook.casebook import Casebook
from escalon.casebook.chain import verify
from escalon.casebook.clock import SetClock
from escalon.casebook.errors import CasebookError, ClockJumped, StorageDamaged, StorageFailed, WrongKey
from escalon.casebook.keys import SIGNING_KEY, make_keys
from escalon.casebook.location import create_casebook, open_casebook

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


class CannotMount(Exception):
    """This account may not mount a small disk."""


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk in memory of a given size."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        folder.rmdir()
        raise CannotMount(mounted.stderr.strip())
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def must_stop(act: Callable[[], object], kind: type[CasebookError], says: str) -> str:
    """The act must end in this error with these words; returns the message."""
    try:
        act()
    except kind as stopped:
        if says not in str(stopped):
            raise AssertionError(f"said «{stopped}», not «{says}»") from stopped
        return str(stopped)
    raise AssertionError(f"nothing stopped it; expected {kind.__name__}")


def fill(book: Casebook) -> None:
    for number in range(1_000_000):
        book.append(WRITER, fact(str(number) * 50))


def still_whole(folder: Path, before: int) -> int:
    """The casebook is whole and holds at least what was acknowledged."""
    book = open_casebook(folder)
    found = verify(book)
    book.close()
    assert found.is_whole, found.problem
    assert found.entries >= before
    return found.entries


def full_disk(work: Path) -> str:
    """Write until the disk is full; then make room and go on."""
    try:
        with small_disk(work / "small", "3m") as disk:
            book = create_casebook(disk / "book", study="torture", study_version="1")
            says = must_stop(lambda: fill(book), StorageFailed, "the disk is full. Nothing of this act was recorded")
            must_stop(lambda: book.append(WRITER, fact("1" * 5000)), StorageFailed, "full")
            acknowledged = book.head.number
            book.close()
            subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
            kept = still_whole(disk / "book", acknowledged)
            book = open_casebook(disk / "book")
            book.append(WRITER, fact("there is room again"))
            book.close()
            assert still_whole(disk / "book", kept + 1) == kept + 1
            return f"«{says.split(': ')[-1]}»; {kept} entries kept, goes on after room is made"
    except CannotMount as reason:
        return f"{full_by_limit(work)} (no disk could be mounted: {reason})"


def full_by_limit(work: Path) -> str:
    """Where nothing can be mounted, a limit on the size of files stands in for a full disk."""
    folder = work / "limited"
    create_casebook(folder, study="torture", study_version="1").close()

    def limited(pipe: int) -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
        book = open_casebook(folder)
        try:
            fill(book)
        except StorageFailed as stopped:
            os.write(pipe, str(stopped).encode())

    child, pipe = in_child(limited)
    said = os.read(pipe, 1 << 16).decode()
    os.close(pipe)
    assert os.waitpid(child, 0)[1] == 0
    assert said, "it did not stop with a message"
    return f"«{said.split(': ', 1)[-1]}»; {still_whole(folder, 2)} entries kept"


def full_disk_of_server(work: Path, server: Cluster) -> str:
    """PostgreSQL's entries on a small disk of their own."""
    try:
        with small_disk(work / "space", "3m") as disk:
            os.chmod(work, 0o755)  # noqa: PTH101
            shutil.chown(disk, "postgres", "postgres")
            server.sql(f"CREATE TABLESPACE small LOCATION '{disk}'")
            app, owner = server.casebook_database()
            folder = work / "on-small-space"
            book = create_casebook(folder, study="torture", study_version="1", database=app, owner=owner)
            server.sql("ALTER TABLE entries SET TABLESPACE small", app.rpartition("/")[2])
            says = must_stop(lambda: fill(book), StorageFailed, "the disk is full")
            kept = book.head.number
            book.close()
            assert still_whole(folder, kept) == kept
            server.sql(f"DROP DATABASE {app.rpartition('/')[2]} WITH (FORCE)")
            server.sql("DROP TABLESPACE small")
            return f"«{says.split(': ')[-1]}»; {kept} entries kept"
    except CannotMount as reason:
        return f"not done: {reason}"


def read_only_disk(work: Path) -> str:
    """Recording stops with a message; reading and verifying go on."""
    try:
        with small_disk(work / "fixed", "20m") as disk:
            book = create_casebook(disk / "book", study="torture", study_version="1")
            for number in range(50):
                book.append(WRITER, fact(str(number)))
            kept = book.head.number
            book.close()
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
            reading = open_casebook(disk / "book", read_only=True)
            found = verify(reading)
            reading.close()
            assert (found.is_whole, found.entries) == (True, kept), found
            says = must_stop(lambda: _append_one(disk / "book"), StorageFailed, "read-only")
            subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
            return f"«{says.split(': ', 1)[-1]}»; {kept} entries read and verified meanwhile"
    except CannotMount as reason:
        return f"not done: {reason}"


def _append_one(folder: Path) -> None:
    book = open_casebook(folder)
    try:
        book.append(WRITER, fact("1"))
    finally:
        book.close()


def read_only_server(work: Path, server: Cluster) -> str:
    """PostgreSQL in read-only mode, as a standby is."""
    app, owner = server.casebook_database()
    book = create_casebook(work / "standby", study="torture", study_version="1", database=app, owner=owner)
    book.close()
    server.sql(f"ALTER DATABASE {app.rpartition('/')[2]} SET default_transaction_read_only = on")
    book = open_casebook(work / "standby")
    assert verify(book).is_whole
    says = must_stop(lambda: book.append(WRITER, fact("1")), StorageFailed, "read-only")
    book.close()
    return f"«{says.split(': ', 1)[-1]}»"


def server_gone(work: Path, server: Cluster) -> str:
    """The server is stopped while a casebook is open; recording goes on when it is back."""
    app, owner = server.casebook_database()
    book = create_casebook(work / "gone", study="torture", study_version="1", database=app, owner=owner)
    book.append(WRITER, fact("1"))
    server.control("-m", "immediate", "stop")
    says = must_stop(lambda: book.append(WRITER, fact("2")), StorageFailed, "cannot be reached")
    server.start()
    book.append(WRITER, fact("3"))
    assert verify(book).is_whole
    book.close()
    return f"«{says.split(': ', 1)[-1][:60]}…»; goes on when it is back"


def clock_backwards(work: Path) -> str:
    """The clock of the computer is set back by a day."""
    clock = SetClock(NOW)
    book = create_casebook(work / "clock", study="torture", study_version="1", clock=clock)
    book.append(WRITER, fact("1"))
    clock.move(timedelta(days=-1))
    says = must_stop(lambda: book.append(WRITER, fact("2")), ClockJumped, "Set the clock right; nothing was recorded")
    clock.move(timedelta(days=1))
    book.append(WRITER, fact("3"))
    assert verify(book).is_whole
    book.close()
    return f"«{says}»"


def damaged_file(work: Path, times: int = 200) -> str:
    """Bytes overwritten anywhere in the file: always a message, never a traceback; what is read back is never wrong."""
    import random

    chance = random.Random(20260302)
    folder = work / "damaged"
    book = create_casebook(folder, study="torture", study_version="1")
    for number in range(300):
        book.append(WRITER, fact(str(number)))
    bodies = {entry.number: entry.body for entry in book.entries()}
    book.close()
    path = folder / "casebook.sqlite"
    sound = path.read_bytes()
    named = untouched = unreadable = 0
    for _ in range(times):
        broken = bytearray(sound)
        start = chance.randrange(len(broken) - 64)
        broken[start : start + 64] = chance.randbytes(64)
        path.write_bytes(broken)
        try:
            opened = open_casebook(folder, read_only=True)
            found = verify(opened)
            opened.close()
        except CasebookError:
            unreadable += 1
            continue
        if found.problem:
            named += 1
            continue
        untouched += 1
        _same_content(folder, bodies)
    path.write_bytes(b"not a database at all" * 100)
    says = must_stop(lambda: open_casebook(folder, read_only=True), StorageDamaged, "restore the last backup")
    return (
        f"{times} damaged copies: {named} named the bad entry, {unreadable} said the file is damaged, {untouched} were "
        f"damaged beside the entries, which all read as recorded; «{says.split(': ', 1)[-1]}»"
    )


def _same_content(folder: Path, bodies: dict[int, str]) -> None:
    from escalon.casebook.chain import stored_rows

    opened = open_casebook(folder, read_only=True)
    assert {number: body for number, _, _, body in stored_rows(opened)} == bodies
    opened.close()


def wrong_key(work: Path) -> str:
    """Another casebook's signing key lies in the folder."""
    folder = work / "keys"
    create_casebook(folder, study="torture", study_version="1").close()
    make_keys(work / "other-keys")
    shutil.copy(work / "other-keys" / SIGNING_KEY, folder / "keys" / SIGNING_KEY)
    book = open_casebook(folder)
    says = must_stop(lambda: book.append(WRITER, fact("1")), WrongKey, "the signing key is not this casebook's")
    assert verify(book).is_whole
    book.close()
    return f"«{says.split(': ', 1)[-1][:50]}…»"
