"""What CTCAE v5.0 laboratory terms measure, and the units that convert into each exactly."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from escalon.instruments.safety.ctcae.grading import Quantity

TABLES: Mapping[str, Any] = tomllib.loads(Path(__file__).with_name("laboratory.toml").read_text(encoding="utf-8"))
"""What is measured and in which units, the limits of the grades, and the names of tests."""


def _quantities() -> dict[tuple[str, str], Quantity]:
    found = {}
    for line in TABLES["quantities"].splitlines():
        name, unit, *more = line.split()
        accepts, substance = tuple(one for one in more[:1] if one != "-"), (more[1] if len(more) > 1 else None)
        found[name, unit] = Quantity(name, unit, accepts, substance)
    return found


QUANTITIES = _quantities()
