"""Reading a file that somebody handed over: an ordinary one, no larger than its kind can be."""

import errno
import stat
from pathlib import Path

TEXT_PEOPLE_WRITE = 4_000_000
"""Bytes of a file that people write and read, such as a protocol, a mapping or a scenario; our choice."""


def bytes_of(file: Path, most: int = TEXT_PEOPLE_WRITE) -> bytes:
    """The bytes of an ordinary file. Raises OSError for a device or a pipe, which never end, and for one too large."""
    known = file.stat()
    if not stat.S_ISREG(known.st_mode):
        raise OSError(errno.EINVAL, "not a file but a device, a pipe or a folder. Put the file itself here")
    if known.st_size > most:
        raise OSError(errno.EFBIG, f"{known.st_size:,} bytes, where at most {most:,} are read")
    return file.read_bytes()


def text_of(file: Path, most: int = TEXT_PEOPLE_WRITE) -> str:
    """The text of an ordinary file in UTF-8, without a mark of byte order. Raises OSError and UnicodeDecodeError."""
    return bytes_of(file, most).decode("utf-8-sig")
