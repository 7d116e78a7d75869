"""How long a question asked from the shell takes, process and all, against importing the command-line library alone."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator

from benchmarks.measure import Measured, least_of_each

BASELINE = 'python -c "import typer, rich"'
ASKED = {
    'escalon dose next "1NNN"': ["dose", "next", "1NNN"],
    "escalon score das28_esr …": ["score", "das28_esr", "tender=4", "swollen=5", "esr=7", "global_health=50 mm"],
    "escalon --help": ["--help"],
}
MOST = 3.5


def main() -> Iterator[Measured]:
    """Each question in turn with the baseline, ten times; the least of each, with compiled modules as after installing."""
    script = ["-c", "from escalon.cli.main import run; run()"]
    commands = [["-c", "import typer, rich"], *([*script, *words] for words in ASKED.values())]
    with tempfile.TemporaryDirectory() as compiled:
        baseline, *seconds = least_of_each(*(_run(words, compiled) for words in commands), runs=10)
    for name, took in zip(ASKED, seconds, strict=True):
        yield Measured(name, took, "process included", BASELINE, baseline, MOST)


def _run(words: list[str], compiled: str) -> Callable[[], object]:
    around = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    around["PYTHONPYCACHEPREFIX"] = compiled
    return lambda: subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, env=around, check=True)
