"""How much of the processor a question asked from the shell takes, process and all, against importing the command-line
library alone. Processor time, not time on the wall: what else the machine is doing then does not count.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from benchmarks.measure import Measured

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
        took = [[_seconds(words, compiled) for words in commands] for _ in range(10)]
    baseline, *seconds = (min(times) for times in zip(*took, strict=True))
    for name, least in zip(ASKED, seconds, strict=True):
        yield Measured(name, least, "process included", BASELINE, baseline, MOST)


def _seconds(words: list[str], compiled: str) -> float:
    """Seconds of the processor, user and system, that one process took."""
    around = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    around["PYTHONPYCACHEPREFIX"] = compiled
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, env=around, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
