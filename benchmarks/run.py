"""Run benchmarks: `python -m benchmarks.run [NAME …] [--json] [--check]`.

A benchmark is a module of this folder with `main()`, which yields `Measured` figures or prints its own. `--check` ends
with exit code 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
from collections.abc import Iterable
from contextlib import nullcontext, redirect_stdout
from dataclasses import asdict
from types import ModuleType

import benchmarks
from benchmarks.measure import Measured


def names_of_all() -> list[str]:
    """Every module of this folder that may have a `main`."""
    return [info.name for info in pkgutil.iter_modules(benchmarks.__path__) if info.name not in {"run", "measure"}]


def modules(names: Iterable[str]) -> dict[str, ModuleType]:
    """Those modules that have a `main`; none but those is imported."""
    found = {name: importlib.import_module(f"benchmarks.{name}") for name in names}
    return {name: module for name, module in found.items() if hasattr(module, "main")}


def as_time(seconds: float) -> str:
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def print_table(name: str, rows: Iterable[Measured]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", "time", "of", "ratio", "baseline", "goal", "", title=name, title_justify="left")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f} ×"
        baseline = "" if row.baseline_seconds is None else f"{row.baseline}: {as_time(row.baseline_seconds)}"
        goal = "" if row.goal is None else f"≤ {as_time(row.goal)}" if row.ratio is None else f"≤ {row.goal:g} ×"
        mark = {True: "met", False: "[bold red]missed[/]", None: ""}[row.met]
        table.add_row(row.name, as_time(row.seconds), row.of, ratio, baseline, goal, mark)
    Console(width=None if sys.stdout.isatty() else 150).print(table)


def as_plain(row: Measured) -> dict[str, object]:
    return {**asdict(row), "ratio": row.ratio, "met": row.met}


def main() -> int:
    parser = argparse.ArgumentParser("python -m benchmarks.run", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which benchmarks; all of them if none is named")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a goal is missed")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in names_of_all()]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}. There are: {', '.join(names_of_all())}")
    found = modules(asked.names or names_of_all())
    results: dict[str, list[Measured]] = {}
    for name in asked.names or found:
        # A benchmark may print its own figures and return none; they must not stand in the JSON.
        with redirect_stdout(sys.stderr) if asked.json else nullcontext():
            results[name] = list(found[name].main() or ())
        if results[name] and not asked.json:
            print_table(name, results[name])
    if asked.json:
        print(json.dumps({name: [as_plain(row) for row in rows] for name, rows in results.items()}, indent=2))
    missed = any(row.met is False for rows in results.values() for row in rows)
    return 1 if asked.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
