"""The pages of docs/ that are written from the software itself: `make docs`, or `python -m tools.docs [--check]`."""

import sys
from collections.abc import Callable
from pathlib import Path

from tools.docs_commands import commands_page
from tools.docs_dictionary import dictionary_page
from tools.docs_instruments import instruments_page
from tools.docs_lint import lint_page
from tools.docs_requirements import SOURCE, requirements_page
from tools.docs_rules import casebook_page
from tools.docs_study_keys import study_keys_page

DOCS = Path(__file__).parents[1] / "docs"
DO_NOT_EDIT = "<!-- Written by `make docs` from the software itself. Do not edit: change what it describes. -->"


def pages(folder: Path = DOCS) -> dict[str, str]:
    """The text of each generated page, by its name in docs/; those partly by hand only where the folder has them."""
    makers: dict[str, Callable[[], str]] = {
        "instruments.md": instruments_page,
        "data-dictionary.md": dictionary_page,
        "commands.md": commands_page,
        "study-keys.md": study_keys_page,
        "lint.md": lint_page,
    }
    by_hand = {"requirements.md": requirements_page, "casebook.md": casebook_page} if (folder / SOURCE).exists() else {}
    return {name: f"{DO_NOT_EDIT}\n\n{make()}" for name, make in makers.items()} | {
        name: make(folder) for name, make in by_hand.items()
    }


def stale(folder: Path = DOCS) -> dict[str, str]:
    """The pages that do not say what the software says, as they should be."""
    return {name: text for name, text in pages(folder).items() if not _is_fresh(folder / name, text)}


def _is_fresh(file: Path, text: str) -> bool:
    return file.exists() and file.read_text(encoding="utf-8") == text


def main() -> None:
    """Write the pages that are stale; with --check only name them, and leave with exit code 1."""
    found = stale()
    if "--check" not in sys.argv[1:]:
        for name, text in found.items():
            (DOCS / name).write_text(text, encoding="utf-8")
    print("\n".join(f"docs/{name} was out of date" for name in found) or "every page is up to date")
    sys.exit(1 if found and "--check" in sys.argv[1:] else 0)


if __name__ == "__main__":
    main()
