"""Data folders that were sent to the server to be looked at: kept until it stops, never part of the record by themselves."""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath

from escalon.conduct.permit.refusal import refuse
from escalon.facts.whole import new_folder
from escalon.history import Author
from escalon.sources.mapping import MAPPING
from escalon.sources.tables import KINDS, WORKBOOK, kind_of

LARGEST_FILE = 64 << 20
LARGEST_BODY = 2 * LARGEST_FILE
"""Bytes of a request; more is refused before anybody reads it."""
MOST_FILES = 40


LONGEST_NAME = 80
"""Letters of a file's name; four bytes each at most, they fit where 255 bytes do."""


@dataclass(frozen=True)
class Upload:
    """A folder as it was sent: its name, its files, who sent it and when; `key` is of what stands in it."""

    key: str
    name: str
    folder: Path
    files: tuple[str, ...]
    by: Author
    at: datetime


@dataclass
class Uploads:
    """The folders sent since the server began, by what stands in them; the same folder sent twice is one."""

    kept: dict[str, Upload] = field(default_factory=dict)
    _place: Path | None = None
    _writing: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def take(self, name: str, files: Mapping[str, bytes], by: Author, at: datetime) -> Upload:
        """Keep a folder. Raises Refused for what is no table of a data folder, and for too much of it."""
        named = _checked(files)
        title = (
            "".join(letter for letter in name.strip() if letter.isalnum() or letter in "-_ .")[:60].strip(" .")
            or "data"
        )
        digests = "".join(f"{one} {sha256(content).hexdigest()}\n" for one, content in sorted(named.items()))
        key = sha256(f"{title}\n{digests}".encode()).hexdigest()[:16]
        with self._writing:
            if key not in self.kept:
                folder = self._root() / key / title
                with new_folder(folder) as made:
                    made.mkdir(mode=0o700)
                    for file, content in named.items():
                        (made / file).write_bytes(content)
                self.kept[key] = Upload(key, title, folder, tuple(sorted(named)), by, at)
            return self.kept[key]

    def _root(self) -> Path:
        if self._place is None:
            self._place = Path(tempfile.mkdtemp(prefix="escalon-uploads-"))
            weakref.finalize(self, shutil.rmtree, self._place, ignore_errors=True)
        return self._place


def _checked(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files by their own names, without the folders a browser puts before them."""
    found: dict[str, bytes] = {}
    for path, content in files.items():
        name = PurePosixPath(path.replace("\\", "/")).name
        if name.startswith(".") or not name.isprintable():
            continue
        if len(name) > LONGEST_NAME:
            raise refuse("form", f"files: {name[:20]}… is a name of {len(name)} letters; write at most {LONGEST_NAME}")
        kind = kind_of(name)[1]
        if kind not in (*KINDS, WORKBOOK, "txt") and name != MAPPING:
            raise refuse("form", f"files: {name} is no table (csv, tsv, parquet, xlsx) and not {MAPPING}; leave it out")
        if name in found:
            raise refuse("form", f"files: {name} stands twice in what was sent; send one folder at a time")
        if len(content) > LARGEST_FILE:
            raise refuse(
                "form", f"files: {name} is larger than 64 MB; import it at the command line: escalon casebook import"
            )
        found[name] = content
    if not found:
        raise refuse("form", "files: choose the tables of the data folder, such as facts.csv")
    if len(found) > MOST_FILES:
        raise refuse("form", f"files: {len(found)} files were sent; a data folder has at most {MOST_FILES}")
    return found
