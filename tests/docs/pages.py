"""The project's Markdown pages, their links, headings and blocks."""

import re
from pathlib import Path

from tools.docs_markdown import anchor

ROOT = Path(__file__).parents[2]
HIDDEN = {".venv", ".git", ".hypothesis", ".pytest_cache", "demo", "out"}


def pages() -> list[Path]:
    """Every Markdown page of the project."""
    return sorted(file for file in ROOT.rglob("*.md") if not HIDDEN & set(file.relative_to(ROOT).parts))


def links(text: str) -> list[str]:
    """The targets of links and pictures, outside blocks of code."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    prose = re.sub(r"`[^`\n]*`", "", prose)
    return re.findall(r"\]\(([^)\s]+)\)", prose)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings."""
    return {anchor(title.strip()) for title in re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)}


def blocks(page: Path, language: str) -> list[tuple[str, str]]:
    """The blocks of code of a language, each with the rest of its opening line and its text."""
    found = re.findall(
        rf"^```{language}[ ]?([^\n]*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    return [(first.strip(), text) for first, text in found]
