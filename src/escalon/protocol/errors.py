"""What is wrong in a study folder, said to the person who wrote it: where, what, and what to write instead."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: file and line, the offending text with the place in it, what is wrong and what to write."""

    file: str
    line: int
    what: str
    text: str = ""
    column: int = 0
    width: int = 1
    where: str = ""
    """What it is in: a criterion's id, a table's name."""

    def __str__(self) -> str:
        lines = [f"{self.file}:{self.line}" + (f"  {self.where}" if self.where else "")]
        if not self.text:
            return f"{lines[0]}\n    {self.what}"
        shown, column = _shortened(self.text.rstrip("\n"), self.column)
        lines.append(f"    {shown}")
        width = max(1, min(self.width, len(shown) - column)) if column < len(shown) else 1
        lines.append(f"    {' ' * column}{'^' * width} {self.what}")
        return "\n".join(lines)


class StudyError(ValueError):
    """A study folder that cannot be read; every problem found, in the order of files and lines."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


def _shortened(text: str, column: int, room: int = 110) -> tuple[str, int]:
    """A long line cut around the place, with the place in what is left."""
    clean = "".join(letter if letter.isprintable() else " " for letter in text)
    if len(clean) <= room:
        return clean, column
    start = max(0, min(column - room // 2, len(clean) - room))
    return f"{'…' if start else ''}{clean[start : start + room]}…", column - start + (1 if start else 0)
