"""`make fuzz` and `make fuzz-cli`: damaged data and study files, or calls of the commands; with a bar and the tally."""

import argparse
import tempfile
from pathlib import Path

from rich.progress import track

from tests.fuzz import campaign, commands

CAMPAIGNS = {"files": (campaign.campaign, 10_000), "commands": (commands.campaign, 5_000)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=CAMPAIGNS, default="files")
    parser.add_argument("--count", type=int)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    chosen = parser.parse_args()
    cases, usual = CAMPAIGNS[chosen.what]
    count, tally = chosen.count or usual, {}
    with tempfile.TemporaryDirectory() as folder:
        for _, seen in track(cases(count, Path(folder), chosen.first), "fuzzing", total=count):
            tally = dict(seen)
    for what, number in sorted(tally.items()):
        print(f"{number:7d}  {what}")
    print(f"{count:7d}  cases, and no traceback")


if __name__ == "__main__":
    main()
