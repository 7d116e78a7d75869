"""The committee's packet and the whole pack of the synthetic trial, and of many of them as one trial of hundreds."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Measured
from escalon.conduct.judge.cutoff import last_day
from escalon.exchange.synthetic_trial import simulate
from escalon.protocol import load_study
from escalon.reporting.pack import Only, write_pack
from escalon.reporting.view import View
from escalon.sources.folder import take_in

STUDY, MANY = "nct07052565", 20


def joined(folder: Path, trials: int) -> Path:
    """Several synthetic trials as the rows of one: their codes begin with the trial's number."""
    study, whole = load_study(STUDY), folder / "whole"
    whole.mkdir()
    for seed in range(1, trials + 1):
        for file in sorted(simulate(study, folder / str(seed), seed).glob("*.csv")):
            with (
                file.open(encoding="utf-8", newline="") as rows,
                (whole / file.name).open("a", encoding="utf-8") as into,
            ):
                read = csv.DictReader(rows)
                written = csv.DictWriter(into, read.fieldnames or [], lineterminator="\n")
                if into.tell() == 0:
                    written.writeheader()
                written.writerows(row | {"participant": f"S{seed:02d}-{row['participant']}"} for row in read)
    (whole / "SYNTHETIC.txt").write_text("Invented.\n", encoding="utf-8")
    return whole


def seconds(data: Path, into: Path, only: Only | None) -> float:
    """The processor time of one whole run, from the rows to the files, with that of the processes it begins."""
    start = sum(os.times()[:4])
    written(data, into, only)
    return sum(os.times()[:4]) - start


def written(data: Path, into: Path, only: Only | None) -> None:
    """Everything from the rows to the files, as the command does it."""
    study = load_study(STUDY)
    intake = take_in(study, data)
    write_pack(View(study, intake, last_day(intake.trial)), into, only)


def main() -> Iterator[Measured]:
    """Processor time, so that a busy computer says the same."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one = simulate(load_study(STUDY), folder / "one", 1)
        yield Measured("packet, one trial", seconds(one, folder / "out", "packet"), "25 people", goal=4)
        yield Measured("whole pack, one trial", seconds(one, folder / "out", None), "25 people", goal=12)
        many = joined(folder, MANY)
        yield Measured("whole pack, many", seconds(many, folder / "many", None), f"{25 * MANY} people", goal=60)
