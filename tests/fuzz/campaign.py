"""Mutated data folders and study files: each gives a clear error or an answer whose rows add up, never a traceback."""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

from escalon.conduct.judge.cutoff import last_day
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.conduct.judge.screening import screen
from escalon.exchange.synthetic_trial import simulate
from escalon.history.events import MarkedSynthetic, NothingToReport
from escalon.protocol import Study, load_study
from escalon.sources.folder import take_in
from tests.fuzz.mutations import mutated

KEPT = ("P01", "P02", "P04")


class Broken(AssertionError):
    """A mutation that led to a traceback or to rows that do not add up, with what to repeat it."""


def small_folder(study: Study, folder: Path) -> Path:
    """The synthetic trial with three people, so that a case takes milliseconds."""
    simulate(study, folder, seed=3)
    for file in folder.glob("*.csv"):
        lines = file.read_text(encoding="utf-8").splitlines()
        kept = [lines[0], *(line for line in lines[1:] if line.startswith(KEPT))]
        file.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return folder


def data_case(study: Study, folder: Path, number: int) -> str:
    """Damage one table of a copy of the folder, and use it. Returns what came of it."""
    random = Random(number)
    file = random.choice(sorted(folder.glob("*.csv")))
    whole = file.read_text(encoding="utf-8")
    file.write_bytes(_bytes(mutated(whole, random), random))
    try:
        return _used(study, folder)
    except ValueError as error:
        return _clear(error, f"data case {number} ({file.name})")
    except Exception as error:
        raise Broken(f"data case {number} ({file.name}): {type(error).__name__}: {error}") from error
    finally:
        file.write_text(whole, encoding="utf-8")


def _used(study: Study, folder: Path) -> str:
    intake = take_in(study, folder)
    for count in intake.counts:
        if count.read != count.used + count.refused:
            raise Broken(f"{count.file}: {count.read} read, {count.used} used, {count.refused} refused")
    used = sum(count.used for count in intake.counts)
    told = {one.place for one in intake.entries if not isinstance(one.event, MarkedSynthetic | NothingToReport)}
    if len(told) != used:
        raise Broken(f"the history tells of {len(told)} rows, {used} are used")
    records = intake.trial
    cutoff = last_day(records)
    screen(study, records, cutoff)
    decision = decide_next_dose(study, records, cutoff).decision
    if decision.action == "treat" and (decision.level > len(study.dose.levels) or decision.size > study.dose.cap):
        raise Broken(f"treats {decision.size} at level {decision.level}")
    return "answered with rows refused" if intake.refused else "answered"


def study_case(source: Path, folder: Path, number: int) -> str:
    """Damage one file of a copy of the study folder, and load it."""
    random = Random(number)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    file = random.choice(sorted(folder.glob("*.toml")))
    file.write_bytes(_bytes(mutated(file.read_text(encoding="utf-8"), random), random))
    try:
        load_study(str(folder))
        return "answered"
    except ValueError as error:
        return _clear(error, f"study case {number} ({file.name})")
    except Exception as error:
        raise Broken(f"study case {number} ({file.name}): {type(error).__name__}: {error}") from error


def _bytes(text: str, random: Random) -> bytes:
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    if data and random.random() < 0.1:
        data[random.randrange(len(data))] = random.randrange(256)
    return bytes(data)


def _clear(error: ValueError, case: str) -> str:
    if not type(error).__module__.startswith("escalon") or not str(error).strip():
        raise Broken(f"{case}: {type(error).__name__}: {error}") from error
    return "clear error"


def campaign(count: int, workplace: Path, first: int = 0) -> Iterator[tuple[int, Counter[str]]]:
    """Run `count` cases, three of data to one of study files; yields the tally after each."""
    study = load_study("nct07052565")
    data = small_folder(study, workplace / "data")
    tally: Counter[str] = Counter()
    for number in range(first, first + count):
        if number % 4 == 3:
            tally[f"study: {study_case(study.folder, workplace / 'study', number)}"] += 1
        else:
            tally[f"data: {data_case(study, data, number)}"] += 1
        yield number, tally
