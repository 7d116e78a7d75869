"""Damage as it happens to files: cells overwritten, rows cut or doubled, characters lost, bytes flipped."""

from collections.abc import Callable
from random import Random

NASTY = (
    "", " ", "nan", "NaN", "inf", "-inf", "1e999", "-1", "0", "9999999999999999999999", "1,5", "1.5.2", "\u200b", "é", "\x00",
    '"', "'", ",", ";", "\n", "=1+1", "NULL", "None", "true", "present", "2025-02-30", "1925-01-01", "0001-01-01", "9999-12-31",
    "2025", "2025-03", "31.12.2025", "P01", "mg/L", "mg/dL", "U/L", "(score)", "10^9/L", "<5", "≥3", "ND", "BLQ",
    "DROP TABLE facts", "../../etc", "💉", "a" * 5000,
)  # fmt: skip


def cell(text: str, random: Random) -> str:
    """One cell gets something else."""
    lines = text.split("\n")
    number = random.randrange(len(lines))
    cells = lines[number].split(",")
    cells[random.randrange(len(cells))] = random.choice(NASTY)
    lines[number] = ",".join(cells)
    return "\n".join(lines)


def cut(text: str, random: Random) -> str:
    """The file ends early."""
    return text[: random.randrange(len(text) + 1)]


def doubled(text: str, random: Random) -> str:
    """A row stands twice."""
    lines = text.split("\n")
    number = random.randrange(len(lines))
    return "\n".join([*lines[: number + 1], *lines[number:]])


def gone(text: str, random: Random) -> str:
    """A row is missing."""
    lines = text.split("\n")
    del lines[random.randrange(len(lines))]
    return "\n".join(lines)


def shuffled(text: str, random: Random) -> str:
    """Two lines have changed places, perhaps the header too."""
    lines = text.split("\n")
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return "\n".join(lines)


def character(text: str, random: Random) -> str:
    """One character is another."""
    if not text:
        return text
    place = random.randrange(len(text))
    return text[:place] + random.choice("\"',;=[]{}#\n\t\x00é0-") + text[place + 1 :]


def span(text: str, random: Random) -> str:
    """A stretch of characters is lost."""
    start = random.randrange(len(text) + 1)
    return text[:start] + text[start + random.randrange(60) :]


MUTATIONS: tuple[Callable[[str, Random], str], ...] = (cell, cell, cell, cut, doubled, gone, shuffled, character, span)


def mutated(text: str, random: Random) -> str:
    """One to three kinds of damage."""
    for _ in range(random.randint(1, 3)):
        text = random.choice(MUTATIONS)(text, random)
    return text
