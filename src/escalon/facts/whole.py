"""What is written is whole, or is not there: made beside its place under a name of its own, and put there at the end.

Two commands side by side never write into one file, and one that is killed, or meets a full disk, leaves what stood there.
"""

import errno
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EXDEV, errno.EMLINK, errno.ENOSYS}
"""What a file system without hard links answers, such as a memory stick's."""


@contextmanager
def whole_file(file: Path, *, new: bool = False) -> Iterator[Path]:
    """The name to write a file under; it takes its place when the block ends well. `new`: raises FileExistsError, never over one.

    A device or a pipe is written to as it is.
    """
    if file.exists() and not (file.is_file() or file.is_dir()):  # the path of an open pipe leads nowhere
        yield file
        return
    place = Path(os.path.realpath(file))
    if place.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder. Write the name of a file", str(file))
    place.parent.mkdir(parents=True, exist_ok=True)
    with _apart(place) as apart:
        written = apart / place.name
        yield written
        with written.open("rb+") as kept:
            os.fsync(kept.fileno())
        if new:
            _put_as_new(written, place)
        else:
            if place.is_file():
                shutil.copymode(place, written)
            written.replace(place)


def _put_as_new(written: Path, place: Path) -> None:
    try:
        os.link(written, place)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if place.exists():
            raise FileExistsError(errno.EEXIST, "exists by now", str(place)) from None
        written.rename(place)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """The name to write a folder under, which does not exist yet; it takes its place, whole, when the block ends well.

    Raises FileExistsError where something else stands there by then.
    """
    place = Path(os.path.realpath(folder))
    place.parent.mkdir(parents=True, exist_ok=True)
    with _apart(place) as apart:
        yield apart / place.name
        try:
            (apart / place.name).rename(place)
        except OSError as error:
            if place.exists():
                raise FileExistsError(errno.EEXIST, "exists by now. Write into a new folder", str(folder)) from error
            raise


@contextmanager
def whole_folder(folder: Path, last: str = "", instead_of: Iterable[str] = ()) -> Iterator[Path]:
    """A new folder to write into, whose files take their places in `folder` when the block ends well.

    What stood there under the same names is replaced, what is named in `instead_of` goes, and nothing else is touched.
    The file `last` says that all is there: it goes first and comes last.
    """
    place = Path(os.path.realpath(folder))
    place.parent.mkdir(parents=True, exist_ok=True)
    with _apart(place) as apart:
        written = apart / place.name
        written.mkdir()
        yield written
        with suppress(OSError):  # a folder that is there stays the one it is: who may read it, and who works in it
            if not place.exists():
                written.rename(place)
                return
        with alone_in(place):
            _move(written, place, last, instead_of)


def _move(written: Path, place: Path, last: str, instead_of: Iterable[str]) -> None:
    names = [one.relative_to(written) for one in sorted(written.rglob("*")) if one.is_file()]
    names.sort(key=lambda name: name == Path(last))
    for gone in (last, *instead_of) if last else instead_of:
        (place / gone).unlink(missing_ok=True)
    for name in names:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (written / name).replace(place / name)


@contextmanager
def _apart(place: Path) -> Iterator[Path]:
    """A folder beside a place, on the same disk, that nobody else writes into; gone afterwards with what is left in it."""
    apart = Path(mkdtemp(prefix=f".{place.name[:60]}.", suffix=".writing", dir=place.parent))
    try:
        yield apart
    finally:
        shutil.rmtree(apart, ignore_errors=True)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Held by one at a time, of all programs that hold it for this folder; where a file system has no such lock, by all."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    held = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)
