"""Brings the output that pages show up to date: `python -m tests.docs.refresh`. Read the difference before committing it.

A block that begins with `$ escalon …` is run in a folder where the demo has been made. A shown line that no longer comes out
becomes the line that begins alike; where there is none, or several, the block is named and left to a person.
"""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.docs.pages import ROOT, blocks

SHOWN_IN = (
    "README.md",
    "docs/data.md",
    "docs/feasibility.md",
    "docs/report.md",
    "docs/workbench.md",
    "docs/decisions/0005-a-unit-where-two-are-accepted.md",
)
ALIKE = (13, 5)
"""Characters that must agree for a line to be the new form of another: a row's first cell, or else a word such as `Next:`."""


def output_of(command: str, place: Path) -> list[str]:
    """The lines a command prints, errors included."""
    words = [sys.executable, "-c", "from escalon.cli.main import run; run()", *shlex.split(command)[1:]]
    width = os.environ | {"COLUMNS": "120"}  # as in a pipe; the caller may have a width of its own
    done = subprocess.run(words, cwd=place, env=width, capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return [line.rstrip() for line in (done.stdout + done.stderr).splitlines()]


def renewed(shown: list[str], printed: list[str]) -> list[str]:
    """The shown lines as they come out now."""
    return [line if line in printed else _renewed(line, printed) for line in shown]


def _renewed(line: str, printed: list[str]) -> str:
    """The one printed line that begins like this one; the line itself where there is none, or several."""
    for width in ALIKE:
        alike = [other for other in printed if other[:width] == line[:width]]
        if len(alike) == 1:
            return alike[0]
    return line


def main() -> None:
    """Renew every page, and name what a person has to look at."""
    with tempfile.TemporaryDirectory() as folder:
        output_of("escalon demo --no-open", Path(folder))
        for name in SHOWN_IN:
            page = ROOT / name
            text = page.read_text(encoding="utf-8")
            for _, block in blocks(page, ""):
                command, _, shown = block.partition("\n")
                if command.startswith("$ escalon "):
                    printed = output_of(command[2:], Path(folder))
                    lines = renewed(shown.rstrip("\n").split("\n"), printed)
                    text = text.replace(block, "\n".join([command, *lines]) + "\n")
                    if any(line not in printed for line in lines if line):
                        print(f"{name}: look at {command}")
            page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
