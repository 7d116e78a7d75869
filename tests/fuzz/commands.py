"""Every command with whatever may be typed for its parameters: an answer, or a sentence and exit code 2; never a traceback.

The parameters are those typer knows, so that a new one is tried the day it is added. A call is made in this process, as
the console script makes it, in a folder of its own; a number repeats it.
"""

import contextlib
import io
import os
import re
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tools.docs_commands import every_command

from escalon.cli import main
from escalon.protocol import load_study
from tests.fuzz.campaign import Broken, small_folder

STUDY = "nct07052565"
SECRET = "correct horse battery"
LONGEST = 60
"""Seconds after which a call is said to hang."""
SLOW = {"demo", "report", "simulate", "backup", "restore", "archive", "verify", "export", "import"}
"""Commands that work for seconds: one call in ten of the others' share."""
HOSTILE = (
    "", " ", "-", "--", "½", "0", "-1", "1", "3.5", "nan", "inf", "-inf", "1e400", "1e-400", "9" * 30, "9" * 5000, "0x10", "１２",
    "=", "a=", "=1", "a=b=c", "x" * 300, "é≤ß漢字🩸", "\ud800", "\t\n", "[bold]", "[/]", "{}", "{0}",
    "%s%n", "$(id)", "'", '"', "\\",
    "nothere", "nothere.csv", "nothere.toml", "/dev/null", "/proc/self/mem", ".", "..", "a/b/c.svg", "empty.csv", "binary.csv",
    "2025-13-45", "2025-03-14", "2025-03", "0.05,0.15,0.30", "0.05,,", "5,15,30", "25", "1NNN", "1NNN 2NTT", "9ZZZ",
    "1" + "N" * 400, "true", "yes", "null", "None", "P01", "all", "fact.name=alt", "participant=P-1",
    "sqlite:///x", "postgresql://nobody@127.0.0.1:1/none",
)  # fmt: skip
"""Slips, signs, sizes and files that a parameter may meet."""
INSIDE = re.compile(
    r"__\w+__|Traceback|object at 0x|NoneType|positional argument|keyword argument|unpack|\[Errno|invalid literal"
)
"""What an error of the program's inside looks like."""
FITTING: dict[str, tuple[str, ...]] = {
    "study": (STUDY,),
    "data": ("data",),
    "folder": ("book",),
    "casebook": ("book",),
    "instrument": ("das28_esr", "cdai", "sledai_2k", "crs", "icaht_early"),
    "items": ("tender=4", "swollen=5", "esr=7", "global_health=50 mm", "temp_c=38.5", "3=400", "value=3.4"),
    "test": ("potassium", "alt", "Skin infection"),
    "what": ("1NNN 2NNT", "1NNN", "1NTP"),
    "so_far": ("1NNN 2NNT",),
    "design": ("3+3 V2", "boin target=0.25 size=18", "rolling-six window=28", "crm target=0.25 skeleton=0.05/0.15/0.30 size=18"),
    "designs": ("3+3 V1", "keyboard target=0.25 size=12", "tite-crm target=0.25 skeleton=0.05/0.15/0.30 window=28 size=9"),
    "risk": ("0.05,0.15,0.30", "0.1,0.2,0.3"),
    "random": ("2",),
    "trials": ("20",),
    "levels": ("3", "2"),
    "participant": ("P01", "P02", "P-001"),
    "finding": ("das28_esr", "eligibility", "dlt", "next_dose", "I-3a"),
    "cutoff": ("2025-06-01",),
    "form": ("csv", "parquet", "json", "redcap"),
    "event": ("ParticipantConsented", "FactRecorded", "CellsInfused"),
    "kind": ("EligibilitySigned", "DecisionSigned"),
    "account": ("ada", "ines"),
    "administrator": ("ada",),
    "role": ("investigator@S1", "investigator"),
    "number": ("1", "3"),
    "cohort": ("1",),
    "output": ("out", "out.csv"),
    "table": ("data/samples.csv", "data/doses.csv"),
    "port": ("8123",),
}  # fmt: skip
"""What fits a parameter of this name; where nothing is said, a slip stands in its place."""


def prepared(folder: Path) -> Path:
    """A folder with data of three people, a casebook, and files that are none."""
    small_folder(load_study(STUDY), folder / "data")
    (folder / "empty.csv").write_bytes(b"")
    (folder / "binary.csv").write_bytes(bytes(range(256)) * 4)
    made = ["casebook", "init", "book", STUDY, "--administrator", "ada", "--name", "Ada Min"]
    assert called(made, folder)[0] == 0
    opened = ["user", "add", "book", "ines", "--name", "Ines Vega", "--role", "investigator@S1", "--as", "ada"]
    assert called(opened, folder)[0] == 0
    return folder


def campaign(count: int, folder: Path, first: int = 0) -> Iterator[tuple[int, Counter[str]]]:
    """So many calls, numbered; yields the number and the tally of exit codes. Raises Broken, with the call."""
    source, place = prepared(folder / "source"), folder / "place"
    commands = [(words, command) for words, command in every_command() if not getattr(command, "commands", None)]
    tally: Counter[str] = Counter()
    for number in range(first, first + count):
        drawn = Random(number)
        words, command = drawn.choice(commands)
        if words[0] in SLOW and drawn.random() < 0.9:
            words, command = drawn.choice(commands)
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(source, place)
        line = [*words, *_typed(words, command, drawn)]
        code, said = called(line, place)
        if code not in (0, 1, 2):
            raise Broken(f"call {number}: escalon {line!r}: {said}")
        if code == 2 and (not said.strip() or INSIDE.search(said)):
            raise Broken(f"call {number}: escalon {line!r}: exit code 2, and no sentence for the person: {said!r}")
        tally[f"exit code {code}"] += 1
        yield number, tally


def _typed(words: tuple[str, ...], command: Any, drawn: Random) -> list[str]:
    """Arguments and options as they may be typed: most of them fitting, some a slip."""
    line: list[str] = []
    for param in command.params:
        if "--help" in param.opts:
            continue
        is_argument = param.param_type_name == "argument"
        if not param.required and drawn.random() > (0.6 if is_argument else 0.2):
            continue
        fits = FITTING.get(param.name, HOSTILE)
        many = drawn.randint(1, 4) if getattr(param, "nargs", 1) == -1 else 1
        values = [drawn.choice(HOSTILE if drawn.random() < 0.2 else fits) for _ in range(many)]
        if is_argument:
            line += values
        elif getattr(param, "is_flag", False):
            line.append(param.opts[0])
        else:
            line += [drawn.choice(param.opts), values[0]]
    if words[0] == "demo" and "--no-open" not in line:
        line.append("--no-open")
    return line


def called(line: list[str], place: Path) -> tuple[int, str]:
    """The exit code of a call, with what it printed; -1 for anything but an end with an exit code."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    before = Path.cwd()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        for name, value in _around().items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["escalon", *line])
        patch.setattr("uvicorn.run", lambda *_, **__: None)
        os.chdir(place)
        try:
            with _limited():
                main.run()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        except BaseException as error:  # whatever it is, a person would have seen a traceback
            code, _ = -1, err.write(f"{type(error).__name__}: {error}")
        finally:
            os.chdir(before)
            out.flush(), err.flush()
    return code, (out.buffer.getvalue() + err.buffer.getvalue()).decode("utf-8", "replace")  # type: ignore[attr-defined]


def _around() -> dict[str, str]:
    names = ("ESCALON_PASSWORD", "ESCALON_SECOND_PASSWORD", "ESCALON_NEW_PASSWORD", "ESCALON_BACKUP_PASSPHRASE")
    secrets = dict.fromkeys((*names, "ESCALON_RECOVERY_CODE"), SECRET)
    return secrets | {"COLUMNS": "120", "NO_COLOR": "1"}


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    """A call that does not end is an error of its own."""

    def hangs(*_: object) -> None:
        raise TimeoutError(f"no answer after {LONGEST} s")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(LONGEST)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
