"""Pieces of Markdown that the generated pages share."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar inside a cell is escaped, a line end becomes a space."""
    lines = [_row(head), "|" + "---|" * len(head), *(_row(row) for row in rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ").strip() for cell in cells) + " |"


def code(text: str) -> str:
    """A name or a value in code style; nothing stays nothing."""
    return f"`{text}`" if text else ""


def block(text: str, language: str = "") -> str:
    """A block of code."""
    return f"```{language}\n{text.strip(chr(10))}\n```"


def folded(summary: str, body: str) -> str:
    """A part that opens when it is clicked on."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def anchor(heading: str) -> str:
    """The anchor that GitHub and most renderers give a heading."""
    kept = "".join(sign for sign in heading.lower() if sign.isalnum() or sign in "-_ ")
    return kept.replace(" ", "-")
