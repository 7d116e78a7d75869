"""A disk that fails on purpose, under Python's own SQLite: a VFS that hands everything on, remembers what was synced, and
errs, fills up or loses power at the write it is told to (www.sqlite.org/vfs.html).

The real file is opened in place and only the table of its methods is exchanged, so that locks and shared memory stay
SQLite's own. What a power cut leaves is what was synced, and of each later write all, nothing, or some of its sectors.
"""

from __future__ import annotations

import ctypes as c
import ctypes.util
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

IOERR_WRITE, IOERR_FSYNC, IOERR_DELETE, FULL, OK = 10 | 3 << 8, 10 | 4 << 8, 10 | 10 << 8, 13, 0
SECTOR = 512
POINTER, INT, I64 = c.c_void_p, c.c_int, c.c_int64
CLOSE = c.CFUNCTYPE(INT, POINTER)
WRITE = c.CFUNCTYPE(INT, POINTER, POINTER, INT, I64)
TRUNCATE = c.CFUNCTYPE(INT, POINTER, I64)
SYNC = c.CFUNCTYPE(INT, POINTER, INT)
OPEN = c.CFUNCTYPE(INT, POINTER, POINTER, POINTER, INT, POINTER)  # SQLite keeps the name it hands over, not a copy
DELETE = c.CFUNCTYPE(INT, POINTER, c.c_char_p, INT)


class Methods(c.Structure):
    """sqlite3_io_methods, version 3."""

    _fields_ = [
        ("version", INT), ("close", POINTER), ("read", POINTER), ("write", POINTER), ("truncate", POINTER),
        ("sync", POINTER), ("rest", POINTER * 13),
    ]  # fmt: skip


class Vfs(c.Structure):
    """sqlite3_vfs, version 3."""

    _fields_ = [
        ("version", INT), ("file_size", INT), ("longest_path", INT), ("next", POINTER), ("name", c.c_char_p),
        ("data", POINTER), ("open", POINTER), ("delete", POINTER), ("rest", POINTER * 14),
    ]  # fmt: skip


@dataclass
class Kept:
    """One file: what is surely on the disk, and what was written since."""

    durable: bytearray
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    """Offset and bytes of a write; a size and None of a cut."""

    def settle(self) -> None:
        for place, written in self.pending:
            put(self.durable, place, written)
        self.pending.clear()

    def after_a_cut(self, chance: random.Random) -> bytes:
        """What a disk without power may hold: any of the later writes, and of each any of its sectors."""
        left = bytearray(self.durable)
        share = chance.choice([0.0, 0.0, 0.5, 0.9, 1.0])
        for place, written in self.pending:
            if chance.random() > share:
                continue
            if written is None or chance.random() < 0.5:
                put(left, place, written)
                continue
            for start in range(0, len(written), SECTOR):
                if chance.random() < 0.5:
                    put(left, place + start, written[start : start + SECTOR])
        return bytes(left)


def put(into: bytearray, place: int, written: bytes | None) -> None:
    if written is None:
        del into[place:]
        return
    into.extend(bytes(max(0, place - len(into))))
    into[place : place + len(written)] = written


@dataclass
class Disk:
    """The failing disk. `fault(operation, number)` says what becomes of each write, sync, cut of a file or deletion."""

    fault: Callable[[str, int], str] = lambda operation, number: "well"
    files: dict[str, Kept] = field(default_factory=dict)
    operations: int = 0
    is_off: bool = False

    def meets(self, operation: str, error: int) -> int | str:
        """An error's number, or how the operation goes."""
        if self.is_off:
            return error
        self.operations += 1
        match self.fault(operation, self.operations):
            case "error":
                return error
            case "full":
                return FULL if operation == "write" else "well"
            case "cut":
                self.is_off = True
                return error
            case other:
                return other

    def leave(self, chance: random.Random) -> None:
        """Put onto the real disk what is left after the power went."""
        for path, kept in self.files.items():
            Path(path).write_bytes(kept.after_a_cut(chance))
            Path(path.removesuffix("-wal") + "-shm").unlink(missing_ok=True)


class FaultyVfs:
    """Registered as SQLite's usual VFS while it is entered; only files under `watched` are its business."""

    def __init__(self) -> None:
        self.sqlite = c.CDLL(ctypes.util.find_library("sqlite3"))
        self.sqlite.sqlite3_vfs_find.restype = POINTER
        self.sqlite.sqlite3_vfs_find.argtypes = [c.c_char_p]
        for name in ("sqlite3_vfs_register", "sqlite3_vfs_unregister"):
            getattr(self.sqlite, name).argtypes = [POINTER, INT][: 2 if name.endswith("_register") else 1]
        self.usual = self.sqlite.sqlite3_vfs_find(None)
        real = Vfs.from_address(self.usual)
        self.real_open, self.real_delete = OPEN(real.open), DELETE(real.delete)
        self.ours = Vfs.from_buffer_copy(real)
        self.ours.name = b"escalon-faulty"
        self.calls = [OPEN(self._open), DELETE(self._delete)]
        self.ours.open, self.ours.delete = (c.cast(call, POINTER).value for call in self.calls)
        self.tables: dict[int, tuple[Methods, Any]] = {}
        self.opened: dict[int, str] = {}
        self.disk, self.watched = Disk(), ""

    def __enter__(self) -> FaultyVfs:
        self.sqlite.sqlite3_vfs_register(c.addressof(self.ours), 1)
        return self

    def __exit__(self, *_: object) -> None:
        self.sqlite.sqlite3_vfs_unregister(c.addressof(self.ours))
        self.sqlite.sqlite3_vfs_register(self.usual, 1)

    def watch(self, folder: Path, disk: Disk) -> Disk:
        self.watched, self.disk, self.opened = str(folder.resolve()), disk, {}
        return disk

    def _open(self, _vfs: Any, name: int | None, file: int, flags: int, out: Any) -> int:
        ended = self.real_open(self.usual, name, file, flags, out)
        path = c.string_at(name).decode() if name else ""
        if ended == OK and self.watched and path.startswith(self.watched) and path.endswith(("sqlite", "-wal")):
            slot = POINTER.from_address(file)
            slot.value = self._table(int(slot.value or 0))
            self.opened[file] = path
            if path not in self.disk.files:
                self.disk.files[path] = Kept(bytearray(Path(path).read_bytes()))
        return ended

    def _delete(self, _vfs: Any, name: bytes, sync: int) -> int:
        kept = self.disk.files.get(name.decode())
        if kept is None:
            return self.real_delete(self.usual, name, sync)
        goes = self.disk.meets("delete", IOERR_DELETE)
        if isinstance(goes, int):
            return goes
        kept.durable, kept.pending = bytearray(), []  # an empty log is no log
        return self.real_delete(self.usual, name, sync)

    def _table(self, real: int) -> int:
        """The methods of a file with ours among them; one table for each that SQLite has."""
        if real in {c.addressof(table) for table, _ in self.tables.values()}:
            return real
        if real not in self.tables:
            usual = Methods.from_address(real)
            table = Methods.from_buffer_copy(usual)
            write, truncate, sync = WRITE(usual.write), TRUNCATE(usual.truncate), SYNC(usual.sync)

            def on_write(file: int, data: int, size: int, place: int) -> int:
                goes = self.disk.meets("write", IOERR_WRITE)
                if isinstance(goes, int):
                    return goes
                self._kept(file).pending.append((place, c.string_at(data, size)))
                return write(file, data, size, place)

            def on_truncate(file: int, size: int) -> int:
                goes = self.disk.meets("truncate", IOERR_WRITE)
                if isinstance(goes, int):
                    return goes
                self._kept(file).pending.append((size, None))
                return truncate(file, size)

            def on_sync(file: int, flags: int) -> int:
                goes = self.disk.meets("sync", IOERR_FSYNC)
                if isinstance(goes, int):
                    return goes
                if goes != "lost":
                    self._kept(file).settle()
                return OK

            calls = WRITE(on_write), TRUNCATE(on_truncate), SYNC(on_sync)
            table.write, table.truncate, table.sync = (c.cast(call, POINTER).value for call in calls)
            self.tables[real] = (table, (calls, write, truncate, sync))
        return c.addressof(self.tables[real][0])

    def _kept(self, file: int) -> Kept:
        return self.disk.files[self.opened[file]]
