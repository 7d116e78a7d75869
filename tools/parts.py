"""Fetch the parts of the pages that others wrote, as `web/parts.toml` names them, and check what was fetched (`make parts`)."""

from __future__ import annotations

import base64
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LIST = ROOT / "src" / "escalon" / "web" / "parts.toml"


def parts() -> list[dict[str, Any]]:
    """Every part, as it is listed."""
    found: list[dict[str, Any]] = tomllib.loads(LIST.read_text(encoding="utf-8"))["part"]
    return found


def licence_file(part: dict[str, Any]) -> Path:
    """Where a part's licence is kept: beside it."""
    kept: Path = ROOT / part["file"]
    return kept.with_name(f"{kept.name}.LICENSE")


def fetch(part: dict[str, Any]) -> None:
    """Pack one part with npm, check its integrity, and keep its file and its licence."""
    with tempfile.TemporaryDirectory() as folder:
        name = f"{part['name']}@{part['version']}"
        packed = subprocess.run(
            ["npm", "pack", "--silent", name], cwd=folder, check=True, capture_output=True, text=True
        )
        archive = (Path(folder) / packed.stdout.split()[-1]).read_bytes()
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if found != part["integrity"]:
        sys.exit(f"{name}: the package is not the one listed: {found}")
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        for inside, kept in ((part["take"], ROOT / part["file"]), ("LICENSE", licence_file(part))):
            member = opened.extractfile(f"package/{inside}")
            assert member is not None
            kept.write_bytes(member.read())
    print(part["file"], hashlib.sha256((ROOT / part["file"]).read_bytes()).hexdigest())


if __name__ == "__main__":
    for one in parts():
        fetch(one)
