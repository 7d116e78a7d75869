"""Typst at work: reads fonts and jobs, gives what it has set. Runs by itself as a program, so it imports nothing of ours."""

import pickle
import sys
from collections.abc import Mapping, Sequence
from typing import Any


def typeset(fonts: str, jobs: Sequence[tuple[Mapping[str, bytes], Mapping[str, Any]]]) -> list[bytes]:
    """Each job, which is its files and how they are set, as the bytes of what came of it."""
    import typst

    library: Any = typst
    found = []
    for files, how in jobs:
        made = library.Compiler(input=dict(files), font_paths=[fonts], ignore_system_fonts=True).compile(**how)
        assert isinstance(made, bytes)
        found.append(made)
    return found


if __name__ == "__main__":
    pickle.dump(typeset(*pickle.load(sys.stdin.buffer)), sys.stdout.buffer)
