"""A data folder of many fact rows: CPU to check it and to screen its participants, against polars reading the same CSV as text.

Time is that of the processor, all threads together, because polars reads with several. The memory is the most that a process
of its own ever held. A participant has one visit a month of ten laboratory values, as a long trial's export has.
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from benchmarks.measure import Measured

ROWS = int(os.environ.get("ESCALON_BENCHMARK_ROWS", "1000000"))
MOST = {"checked": 15.0, "screened": 40.0}
MEMORY = 1_000_000_000
OF_ONE = 200
"""Rows of one participant."""
VALUES = (
    ("alt", "U/L", 5, 80, "40"), ("ast", "U/L", 5, 80, "40"), ("creatinine", "umol/L", 50, 110, "106"),
    ("haemoglobin", "g/L", 90, 160, ""), ("platelets", "10^9/L", 100, 400, ""), ("neutrophils", "10^9/L", 1, 8, ""),
    ("esr", "mm/h", 2, 80, ""), ("crp", "mg/L", 1, 90, ""), ("weight", "kg", 45, 90, ""), ("igg", "g/L", 5, 16, ""),
)  # fmt: skip
STEPS = (
    ("disease", "RA", "2024-12-01"), ("sex", "female", "2024-12-01"), ("age", "52", "2024-12-01"),
    ("informed_consent", "2024-12-20", "2024-12-20"), ("screening_visit", "2025-01-01", "2025-01-01"),
)  # fmt: skip
"""What stands once in the record of each, the day of screening among it."""


def main() -> Iterator[Measured]:
    """Each question in a process of its own, and the baseline beside it."""
    with tempfile.TemporaryDirectory(prefix="escalon-benchmark-") as folder:
        write_facts(Path(folder), ROWS)
        baseline, *_ = _measured("read", folder)
        for what, most in MOST.items():
            seconds, memory = _measured(what, folder)
            kept = f"{ROWS:,} fact rows, {memory / 1e9:.2f} GB" + ("" if memory < MEMORY else " (over 1 GB)")
            yield Measured(f"facts {what}", seconds, kept, "polars, as text", baseline, most)


def _measured(what: str, folder: str) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.intake", what, folder]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, memory = said.split()
    return float(seconds), float(memory)


def write_facts(folder: Path, rows: int) -> None:
    """So many rows, the same for the same number."""
    drawn = random.Random(1)
    with (folder / "facts.csv").open("w", encoding="utf-8") as file:
        file.write("participant,fact,value,unit,date,visit,upper,source\n")
        for number in range(rows):
            person, place = divmod(number, OF_ONE)
            if place < len(STEPS):
                name, value, day = STEPS[place]
                file.write(f"P{person:06d},{name},{value},,{day},,,form\n")
                continue
            name, unit, low, high, upper = VALUES[place % 10]
            day = date(2025, 1, 1) + timedelta(days=30 * (place // 10))
            value = round(drawn.uniform(low, high), 1)
            file.write(f"P{person:06d},{name},{value},{unit},{day},M{place // 10},{upper},laboratory\n")


def ask(what: str, folder: Path) -> None:
    """Answer one question once, and print the CPU seconds and the most bytes held."""
    if what == "read":
        import polars as pl

        pl.read_csv(folder / "facts.csv", infer_schema=False)  # once before, as the modules below are loaded before
        start = time.process_time()
        pl.read_csv(folder / "facts.csv", infer_schema=False)
    else:
        from escalon.conduct.judge.cutoff import last_day
        from escalon.conduct.judge.screening import screen
        from escalon.protocol import load_study
        from escalon.sources.folder import take_in

        study = load_study("nct07052565")
        start = time.process_time()
        intake = take_in(study, folder)
        if what == "screened":
            screen(study, intake.trial, last_day(intake.trial))
    seconds = time.process_time() - start
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


if __name__ == "__main__":
    ask(sys.argv[1], Path(sys.argv[2]))
