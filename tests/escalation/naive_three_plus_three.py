"""An independent 3+3, written from the prose as a recursion over paths; shares no code with the package."""

from __future__ import annotations

from collections.abc import Iterator

Path = tuple[tuple[int, int], ...]  # (level, DLTs among three), in order


def paths(levels: int, variant: str) -> Iterator[tuple[Path, int]]:
    """Every path of cohorts of three with the MTD it ends in (0: none)."""
    yield from _at(1, {}, (), levels, variant, going_down=False)


def _at(
    level: int, seen: dict[int, list[int]], path: Path, levels: int, variant: str, going_down: bool
) -> Iterator[tuple[Path, int]]:
    """Treat three at `level`, then branch on how many had a DLT."""
    for dlts in range(4):
        here = {**seen, level: [*seen.get(level, []), dlts]}
        yield from _after(level, here, (*path, (level, dlts)), levels, variant, going_down)


def _after(
    level: int, seen: dict[int, list[int]], path: Path, levels: int, variant: str, going_down: bool
) -> Iterator[tuple[Path, int]]:
    cohorts, total = len(seen[level]), sum(seen[level])
    if total >= 2:
        yield from _down(level - 1, seen, path, levels, variant)
    elif cohorts == 1 and total == 1:
        yield from _at(level, seen, path, levels, variant, going_down)
    elif going_down:
        yield path, level
    elif level < levels:
        yield from _at(level + 1, seen, path, levels, variant, going_down=False)
    elif variant == "V3" and cohorts == 1:
        yield from _at(level, seen, path, levels, variant, going_down)
    else:
        yield path, level


def _down(level: int, seen: dict[int, list[int]], path: Path, levels: int, variant: str) -> Iterator[tuple[Path, int]]:
    if level == 0:
        yield path, 0
    elif variant == "V1" or len(seen[level]) == 2:
        yield path, level
    else:
        yield from _at(level, seen, path, levels, variant, going_down=True)


def written(path: Path) -> str:
    """The path as `1NNN 2NNT`."""
    return " ".join(f"{level}{'N' * (3 - dlts)}{'T' * dlts}" for level, dlts in path)


def advised(n: list[int], t: list[int], variant: str) -> tuple[str, int]:
    """What to do with any counts of at most six a level, read from the prose: ("treat" or "stop", level or MTD).

    From the lowest level up, each is looked at: it must have been given to three, with one DLT among three to six it is
    given to six, with two it is too toxic. The first that does not pass decides.
    """
    levels = len(n)
    for level in range(levels):
        if t[level] >= 2:
            below = level - 1
            if below < 0:
                return "stop", 0
            return ("treat" if variant != "V1" and n[below] < 6 else "stop"), level
        if n[level] < 3 or (t[level] == 1 and n[level] < 6):
            return "treat", level + 1
    return ("treat" if variant == "V3" and n[-1] < 6 else "stop"), levels
