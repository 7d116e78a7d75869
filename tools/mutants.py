"""Do the tests notice a fault? `make mutants`: a seeded sample over all layers, each fault tried on the tests of its layer.

A mutant is a copy of the sources with one fault in it. It is killed when a test of its layer's folder, or a table of spec/,
fails; one that lives is shown as a difference: a missing test, a line that does nothing, or a fault without consequence.
The sample is the same for the same seed and sources.
"""

import argparse
import ast
import difflib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.mutations import Mutation, is_python, mutated, mutations

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "src" / "escalon"
ALSO = {"expressions": ["engines"], "criteria": ["engines"], "instruments": ["safety"], "cli": ["stories"]}
"""Folders of tests that belong to a layer besides the one of its name."""
NEAREST = 15
"""So many files of tests are asked about one fault; what they do not notice counts as not noticed."""
NOT_HERE = "not slow and not browser and not postgres"


@dataclass(frozen=True)
class Mutant:
    """A file of a layer with a fault in it."""

    layer: str
    file: Path
    fault: Mutation

    def text(self) -> str:
        """The file with its fault."""
        return mutated(self.file.read_text(encoding="utf-8"), self.fault)

    def difference(self) -> str:
        """The fault as a patch of one line."""
        before, after = self.file.read_text(encoding="utf-8").splitlines(), self.text().splitlines()
        name = self.file.relative_to(ROOT).as_posix()
        return "\n".join(difflib.unified_diff(before, after, name, name, lineterm="", n=1))


def layers() -> list[str]:
    """The layers as the import contract names them, from the top down."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    return [name for line in contract[0]["layers"] for name in re.findall(r"\w+", line)]


def sample(count: int, seed: int, chosen: list[str]) -> list[Mutant]:
    """So many mutants, the layers in turn, so that each has its share; within a layer every line is as likely."""
    drawn = random.Random(seed)
    waiting = {layer: _shuffled(layer, drawn) for layer in chosen}
    found: list[Mutant] = []
    while len(found) < count and waiting:
        for layer in list(waiting):
            mutant = next(waiting[layer], None)
            if mutant is None:
                del waiting[layer]
            elif len(found) < count:
                found.append(mutant)
    return found


_faults = cache(mutations)
"""The faults of a text, looked for once."""


def _shuffled(layer: str, drawn: random.Random) -> Iterator[Mutant]:
    sites: dict[tuple[Path, int], list[Mutation]] = {}
    for file in sorted((SOURCES / layer).rglob("*.py")):
        for fault in _faults(file.read_text(encoding="utf-8")):
            sites.setdefault((file, fault.line), []).append(fault)
    places = list(sites)
    drawn.shuffle(places)
    for place in places:
        mutant = Mutant(layer, place[0], drawn.choice(sites[place]))
        if is_python(mutant.text()):
            yield mutant


def tests_of(mutant: Mutant) -> list[str]:
    """The tests that should notice: the nearest of its layer, which name the function, then the module; then spec/."""
    folders = [ROOT / "tests" / name for name in (mutant.layer, *ALSO.get(mutant.layer, []))]
    files = [file for folder in folders for file in sorted(folder.rglob("test_*.py"))]
    near = sorted(files, key=lambda file: -_nearness(mutant, file.read_text(encoding="utf-8")))[:NEAREST]
    return [str(file.relative_to(ROOT)) for file in (*near, ROOT / "tests" / "spec")]


def _nearness(mutant: Mutant, test: str) -> int:
    """How much of a mutant's place a test names: its functions and classes, its module, its module's last word."""
    module = ".".join(mutant.file.relative_to(ROOT / "src").with_suffix("").parts)
    named = [(name, 4) for name in _around(mutant)] + [(module, 3), (mutant.file.stem, 1)]
    return sum(weight for name, weight in named if re.search(rf"\b{re.escape(name)}\b", test))


def _around(mutant: Mutant) -> list[str]:
    """The names of the functions and classes that hold the faulty line, and of the public ones that call them by name."""
    tree = ast.parse(mutant.file.read_text(encoding="utf-8"))
    named = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.ClassDef)]
    inside = [one.name for one in named if one.lineno <= mutant.fault.line <= (one.end_lineno or one.lineno)]
    calling = [one.name for one in named if _names(one) & set(inside) and not one.name.startswith("_")]
    return sorted({name for name in (*inside, *calling) if not name.startswith("_")})


def _names(tree: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)}


def tried(mutant: Mutant, longest: int) -> tuple[str, float]:
    """What became of a mutant, and after how many seconds: `killed` by a test, or it `LIVES` when all of them pass;
    `UNTRIED` when its tests did not end in so many seconds.
    """
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "src"
        shutil.copytree(ROOT / "src", copy, ignore=shutil.ignore_patterns("__pycache__"))
        (copy / mutant.file.relative_to(ROOT / "src")).write_text(mutant.text(), encoding="utf-8")
        words = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "-m",
            NOT_HERE,
            *tests_of(mutant),
        ]
        around = os.environ | {"PYTHONPATH": f"{copy}{os.pathsep}{ROOT}", "PYTHONPYCACHEPREFIX": place}
        started = time.monotonic()
        try:
            ended = subprocess.run(words, cwd=ROOT, env=around, capture_output=True, timeout=longest, check=False)
            found = "LIVES" if ended.returncode == 0 else "killed"
        except subprocess.TimeoutExpired:
            found = "UNTRIED"
        return found, time.monotonic() - started


def main() -> int:
    """Draw the sample, try each mutant, and report; exit code 1 if fewer than `--least` are killed."""
    parser = argparse.ArgumentParser("python -m tools.mutants", description=__doc__)
    parser.add_argument("--count", type=int, default=60, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another sample")
    parser.add_argument("--layers", default="", help="only these, with commas between")
    parser.add_argument("--at-once", type=int, default=2, help="how many are tried side by side")
    parser.add_argument("--longest", type=int, default=90, help="seconds for the tests of one mutant")
    parser.add_argument("--least", type=int, default=0, help="exit code 1 if fewer are killed")
    parser.add_argument("--list", action="store_true", help="show the sample and try none")
    asked = parser.parse_args()
    chosen = sample(asked.count, asked.seed, asked.layers.split(",") if asked.layers else layers())
    if asked.list:
        print("\n\n".join(f"{one.layer}: {one.fault.kind}\n{one.difference()}" for one in chosen))
        return 0
    alive: list[Mutant] = []
    with ThreadPoolExecutor(asked.at_once) as pool:
        outcomes = pool.map(lambda one: tried(one, asked.longest), chosen)
        for mutant, (found, seconds) in zip(chosen, outcomes, strict=True):
            place = f"{mutant.file.relative_to(SOURCES).as_posix()}:{mutant.fault.line}"
            print(f"{found:7} {seconds:5.0f} s  {place}  {mutant.fault.kind}", flush=True)
            alive += [] if found == "killed" else [mutant]
    for mutant in alive:
        print(f"\n{mutant.layer}: {mutant.fault.kind}\n{mutant.difference()}")
    print(f"\n{len(chosen) - len(alive)} of {len(chosen)} mutants killed (seed {asked.seed})")
    return 1 if len(chosen) - len(alive) < asked.least else 0


if __name__ == "__main__":
    sys.exit(main())
