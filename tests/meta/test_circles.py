"""No file imports another that imports it back, on whatever way round, imports for types and inside functions included."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "src"


def named_in(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{one.name}" for one in node.names)
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names)


@cache
def imports() -> dict[str, set[str]]:
    """What each file imports. A package's face hands names on; what is below it is told of by the layers."""
    files = [file for file in SOURCES.rglob("*.py") if file.name != "__init__.py"]
    modules = {".".join(file.relative_to(SOURCES).with_suffix("").parts): file for file in files}
    return {name: {one for one in named_in(file) if one in modules} - {name} for name, file in modules.items()}


def test_no_file_imports_itself_by_others():
    try:
        TopologicalSorter(imports()).prepare()
    except CycleError as circle:
        pytest.fail(" imports ".join(reversed(circle.args[1])))


def test_a_circle_would_be_seen():
    with pytest.raises(CycleError):
        TopologicalSorter({**imports(), "escalon.facts.day": {"escalon.web.app"}}).prepare()
