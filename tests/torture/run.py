"""`make torture`: kill, fill, corrupt and crowd the casebook, and print what came of it. Exit code 1 if anything gave way."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests.casebook import test_every_order
from tests.postgres import Cluster, NoPostgres, cluster
from tests.torture import crowd, disks, faults, kills, server_faults, together

Trial = Callable[[], object]


def main() -> int:
    """Run every trial, on every database there is."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--writes", type=int, default=1000, help="writes acknowledged on each database, among kills")
    options.add_argument("--facts", type=int, default=20, help="facts each of the fifty writers records")
    options.add_argument("--faults", type=int, default=1200, help="seeds of the disk that fails at each of its writes")
    options.add_argument(
        "--server-faults", type=int, default=1000, help="faults of the server, at each of its statements"
    )
    options.add_argument("--acts", type=int, default=20_000, help="acts of several processes at once, on each database")
    options.add_argument(
        "--order", type=int, default=3, help="acts of an order, of which all are tried; six take hours"
    )
    options.add_argument("--seed", type=int, default=20260302)
    chosen = options.parse_args()
    print(f"torture of the casebook, seed {chosen.seed}")
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="escalon-torture-")))
        server = start_server(stack)
        given_way = [name for name, trial in trials(work, server, chosen).items() if not held(name, trial)]
    print(f"gave way: {', '.join(given_way)}" if given_way else "everything held")
    return 1 if given_way else 0


def start_server(stack: ExitStack) -> Cluster | None:
    """A PostgreSQL server, unless there is none; where CI promises one, that is a failure."""
    try:
        return stack.enter_context(cluster())
    except NoPostgres as reason:
        if os.environ.get("CI") == "true":
            raise
        print(f"  PostgreSQL left out: {reason}")
        return None


def trials(work: Path, server: Cluster | None, chosen: argparse.Namespace) -> dict[str, Trial]:
    """Everything that is tried, by name."""
    found: dict[str, Trial] = {
        "killed, SQLite": lambda: kills.kill_writers(work / "killed", chosen.writes, chosen.seed),
        "fifty writers, SQLite": lambda: crowd.crowd(work / "crowd", chosen.facts),
        "a disk that fails, SQLite": lambda: faults.run(work / "faults", chosen.faults),
        "at once, SQLite": lambda: at_once(work / "at-once", chosen),
        "full disk, SQLite": lambda: disks.full_disk(work),
        "file-size limit, SQLite": lambda: disks.full_by_limit(work),
        "read-only disk, SQLite": lambda: disks.read_only_disk(work),
        f"orders of {chosen.order} acts": lambda: test_every_order.every_order(work / "orders", chosen.order),
        "clock backwards": lambda: disks.clock_backwards(work),
        "damaged file, SQLite": lambda: disks.damaged_file(work),
        "wrong key": lambda: disks.wrong_key(work),
    }
    if server:
        found |= {
            "killed, PostgreSQL": lambda: kills.kill_writers(work / "killed-pg", chosen.writes, chosen.seed, server),
            "fifty writers, PostgreSQL": lambda: crowd.crowd(work / "crowd-pg", chosen.facts, server),
            "at once, PostgreSQL": lambda: at_once(work / "at-once-pg", chosen, server),
            "a server that fails, PostgreSQL": lambda: server_faults.run(
                work / "faults-pg", server, chosen.server_faults
            ),
            "full disk, PostgreSQL": lambda: disks.full_disk_of_server(work, server),
            "read-only, PostgreSQL": lambda: disks.read_only_server(work, server),
            "server gone, PostgreSQL": lambda: disks.server_gone(work, server),
        }
    return found


def at_once(folder: Path, chosen: argparse.Namespace, server: Cluster | None = None) -> together.Several:
    """Two, four and eight processes at once, with a third of the acts each."""
    ran = (together.run(folder / str(n), chosen.acts // 3, n, chosen.seed, server) for n in (2, 4, 8))
    return together.Several(tuple(ran))


def held(name: str, trial: Trial) -> bool:
    """Run one trial and print its figures."""
    began = time.monotonic()
    try:
        result = trial()
    except Exception as gave_way:
        print(f"  {name:<28} GAVE WAY: {gave_way}")
        traceback.print_exc()
        return False
    good = bool(getattr(result, "is_good", True))
    print(f"  {name:<28} {'held' if good else 'GAVE WAY'}: {result}  [{time.monotonic() - began:.1f} s]", flush=True)
    return good


if __name__ == "__main__":
    sys.exit(main())
