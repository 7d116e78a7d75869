"""`make fuzz`: 10,000 mutated data folders and study files, with a progress bar and the tally."""

import argparse
import tempfile
from pathlib import Path

from rich.progress import track

from tests.fuzz.campaign import campaign


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    chosen = parser.parse_args()
    tally: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        for _, seen in track(campaign(chosen.count, Path(folder), chosen.first), "fuzzing", total=chosen.count):
            tally = dict(seen)
    for what, number in sorted(tally.items()):
        print(f"{number:7d}  {what}")
    print(f"{chosen.count:7d}  cases, no traceback, every row accounted for")


if __name__ == "__main__":
    main()
