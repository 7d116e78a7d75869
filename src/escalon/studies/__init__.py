"""The studies that come with Escalon, each a folder beside this file; `default.txt` names the one a command means unless told."""

from pathlib import Path

FOLDER = Path(__file__).parent
DEFAULT = (FOLDER / "default.txt").read_text(encoding="utf-8").strip()
